/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of a card to read-only public commands, by the command's bytes. What is asked the same way gets the same
 * answer, until something changes the card. No lock.
 */
#ifndef AGENT_CACHE_H
#define AGENT_CACHE_H

#include "base/buf.h"

struct agent_cache;
MUST enum err agent_cache_new(struct agent_cache **out);
void agent_cache_free(struct agent_cache **c);                  /* NULL-safe */
void agent_cache_clear(struct agent_cache *c);
/* The answer with status word; false: not known. Valid until the next put or clear. */
MUST bool agent_cache_get(const struct agent_cache *c, struct rd cmd, struct rd *rsp);
/* Copies. What does not fit (memory, AGENT_CACHE_MAX) is not kept; the card is asked again then. */
void agent_cache_put(struct agent_cache *c, struct rd cmd, struct rd rsp);

#endif
