/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit: every event becomes an entry of a chain (pka/chain.h) in the store. Checkpoints are signed by the key in
 * STATE/audit.key, which is made with the first server and never leaves the folder.
 */
#ifndef SERVER_EVENT_AUDIT_H
#define SERVER_EVENT_AUDIT_H

#include "pka/chain.h"
#include "server/store/store.h"

struct srv_audit;
/* To look: no key is needed nor made, and checkpoints are not. ERR_IO, ERR_REFUSED (the file's mode): said. */
MUST enum err srv_audit_open(const char *state, enum srv_store_use use, const struct srv_store *store,
			     struct srv_audit **out);
void srv_audit_close(struct srv_audit **a);     /* NULL-safe */
/* Append an entry, in the caller's transaction of the store. */
MUST enum err srv_audit_add(struct srv_audit *a, int64_t when, struct rd event);
/* A checkpoint, unless the last entry is one, or there is none. */
MUST enum err srv_audit_checkpoint(struct srv_audit *a, int64_t when);
/* The public key as PEM (SubjectPublicKeyInfo). ERR_NOT_FOUND: no server has made it yet. */
MUST enum err srv_audit_key_pem(const char *state, struct wr *out);

#endif
