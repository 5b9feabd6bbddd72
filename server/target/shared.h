/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that many keep alike and nobody changes are kept once: a custodian's PKA file is that of each card with which
 * his key is registered. Aligned as malloc's. Counted; one owner thread.
 */
#ifndef SERVER_TARGET_SHARED_H
#define SERVER_TARGET_SHARED_H

#include "base/buf.h"

/* A view of a copy that lives until srv_shared_drop of the view. ERR_NOMEM. */
MUST enum err srv_shared_keep(struct rd bytes, struct rd *out);
/* Once for each keep; empty afterwards. Nothing for an empty view. */
void srv_shared_drop(struct rd *bytes);

#endif
