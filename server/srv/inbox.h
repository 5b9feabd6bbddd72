/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inbox tokens: a custodian proves a registered key by a signature over a nonce (pka/inbox.h). Nonces are not kept:
 * each holds its time and a hash with a secret of this process. Only those that were used are, so that strangers cannot
 * fill or empty anything.
 */
#ifndef SERVER_SRV_INBOX_H
#define SERVER_SRV_INBOX_H

#include "pka/inbox.h"
#include "server/store/store.h"

#define SRV_NONCE_S 120         /* how long one holds */
#define SRV_INBOX_DAYS 30       /* how long a token does */

struct srv_inbox;
MUST enum err srv_inbox_new(struct srv_inbox **out);
void srv_inbox_free(struct srv_inbox **x);      /* NULL-safe */
MUST enum err srv_inbox_nonce(const struct srv_inbox *x, const char *chr, uint64_t now_ms,
			      uint8_t out[PKA_INBOX_NONCE_SIZE]);
struct srv_inbox_proof {
	const char *chr;
	struct rd statement, sig;
	const char *server;             /* what we are called, in one form */
};
/*
 * ERR_FORMAT: no such statement; ERR_POLICY: for another server; ERR_EXPIRED: the nonce is old, used or none of ours;
 * ERR_SIGNATURE: not by the one key that is registered under this name.
 */
MUST enum err srv_inbox_redeem(struct srv_inbox *x, const struct srv_store *store, const struct srv_inbox_proof *p,
			       uint64_t now_ms);

#endif
