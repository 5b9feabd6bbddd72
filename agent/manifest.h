/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The exact digests that an approval covers: a text file as sha256sum and its like write it, a line for each: 40, 56,
 * 64, 96 or 128 hex digits, and after a blank whatever the user likes. Empty lines and those that begin with # count
 * for nothing.
 */
#ifndef AGENT_MANIFEST_H
#define AGENT_MANIFEST_H

#include "base/crypto_digest.h"

struct agent_manifest;
/* ERR_FORMAT, ERR_LIMIT, ERR_IO, ERR_NOT_FOUND; said with path and line. */
MUST enum err agent_manifest_load(const char *path, struct agent_manifest **out);
void agent_manifest_free(struct agent_manifest **m);            /* NULL-safe */
bool agent_manifest_has(const struct agent_manifest *m, struct rd digest);
size_t agent_manifest_count(const struct agent_manifest *m);
/* SHA-256 of the file: what the request names and custodians see. */
const uint8_t *agent_manifest_hash(const struct agent_manifest *m);

#endif
