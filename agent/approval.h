/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One approval in force on one card: from the login that opened it to its end, with what is left of it, its receipt and
 * the standing connection by which custodians end it. Belongs to the card's thread.
 */
#ifndef AGENT_APPROVAL_H
#define AGENT_APPROVAL_H

#include "agent/budget.h"
#include "agent/keys.h"
#include "agent/peer.h"
#include "agent/view.h"
#include "base/conf.h"
#include "base/secret.h"
#include "sc-hsm/card.h"

struct agent_rules {                    /* the same for all approvals of this agent; constant */
	const struct conf *conf;
	struct pka_limits limits;               /* [agent] limits, and the manifest's hash */
	const struct pka_manifest *manifest;  /* NULL: none */
	const char *receipt;                    /* path for the one receipt of "quorum11 run"; NULL: [agent] receipts */
};
struct agent_held {                     /* the card that is held */
	struct hsm_card *hsm;                   /* NULL: none, or it is gone */
	struct agent_keys keys;
};
struct agent_ask {                      /* a login that begins */
	const struct agent_rules *rules;
	struct agent_peer by;
	const struct secret *pin;               /* NULL: none */
	const char *limits;                     /* lower ones, as text; NULL: none */
	void (*progress)(void *ctx, const char *text);
	void *ctx;
};

struct agent_approval;
/*
 * Open the card and begin; it stays the caller's, and has to be there until the approval ends. Blocks as login_open
 * does. On failure the card is closed, nothing is left, and why says it for people. ERR_ARG, ERR_POLICY: the limits
 * asked for are none, or not ours; ERR_IO: no receipt; login_open's errors.
 */
MUST enum err agent_approval_begin(struct agent_held *card, const struct agent_ask *ask, struct agent_approval **out,
				   char *why, size_t cap, struct deadline *dl);
/*
 * May this peer ride on it? A card that was opened with a PIN wants the same one from everybody; the card is not asked.
 * ERR_POLICY: not for him; ERR_PIN_WRONG, ERR_ARG (no PIN).
 */
MUST enum err agent_approval_join(struct agent_approval *a, const struct agent_peer *p, const struct secret *pin,
				  char *why, size_t cap);
/*
 * The card has changed its PIN: the data field of that command, the old PIN and the new one. Who joins later has to
 * know the new one. ERR_FORMAT: it does not begin with the PIN that opened the card; ERR_NOMEM; then the approval has
 * to end.
 */
MUST enum err agent_approval_new_pin(struct agent_approval *a, struct rd both);
/* So many wrong PINs were tried on it that it has to end. */
bool agent_approval_is_attacked(const struct agent_approval *a);
struct agent_command {                  /* one that uses a private key */
	const struct apdu *apdu;
	struct rd bytes;                        /* the same, as it is sent */
	const struct agent_peer *by;
};
/*
 * One of them: counted, done, put into the receipt, and only then the answer is appended to rsp.
 * ERR_ALLOWANCE: over the limits, the card was not asked; ERR_AUTH: the card has lost the login; ERR_IO: no receipt, so
 * no answer; after these two the approval has to end.
 */
MUST enum err agent_approval_use(struct agent_approval *a, const struct agent_command *cmd, struct wr *rsp, char *why,
				 size_t cap);
/* Boot time. UINT64_MAX: no end by time. */
uint64_t agent_approval_ends_ms(const struct agent_approval *a);
/* Readable: agent_approval_watch has something to do. -1: nobody is watched for. */
int agent_approval_fd(const struct agent_approval *a);
/*
 * Never waits. true: a custodian has ended it; why says who. A watch that was lost is opened again here, after a pause.
 */
MUST bool agent_approval_watch(struct agent_approval *a, char *why, size_t cap);
void agent_approval_facts(const struct agent_approval *a, struct agent_facts *out);
/* What changes of them with each use. */
void agent_approval_used(const struct agent_approval *a, uint32_t *digests, uint64_t *uses);
/* Close the card, if it is still there, finish the receipt. NULL-safe. */
void agent_approval_end(struct agent_approval **a, const char *why);

#endif
