/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A custodian's card behind a RAMOverHTTP client of another maker (reference public-key-authentication 9.4): a pure
 * step machine, as pka/activation.h. He has verified his PIN at his own machine, and lends the card: the registered key
 * in it is found, and signs M, once. No SELECT (it would drop the PIN), no PIN, no other command. Such a client signs
 * whatever it is sent and shows nothing: that he has called for this request is all that says yes.
 *
 *   PIN -> DEVICE -> LIST -> KEYS -> READY -> SIGN -> SIGNED;  any -> FAILED
 */
#ifndef PKA_REMOTE_H
#define PKA_REMOTE_H

#include "pka/activation.h"

enum pka_remote_state {
	PKA_REMOTE_PIN,                 /* was it verified? */
	PKA_REMOTE_DEVICE,              /* whose card is it? */
	PKA_REMOTE_LIST, PKA_REMOTE_KEYS,       /* where in it is his key? */
	PKA_REMOTE_READY,               /* the caller must give M: pka_remote_sign */
	PKA_REMOTE_SIGN,
	PKA_REMOTE_SIGNED, PKA_REMOTE_FAILED    /* the end */
};
struct pka_remote_key {                 /* a registered key that may sign; borrowed */
	const struct pka_custodian *custodian;
	struct rd device;               /* certificate of the card that holds it, as enrolled */
};
struct pka_remote_facts {
	enum pka_remote_state state;
	enum err result;                /* of FAILED */
	char why[200];                  /* of FAILED, for people */
	const struct pka_custodian *who;        /* from READY on */
	struct rd sig;                  /* of SIGNED: r || s over M, verified with the registered key */
};
struct pka_remote;

/* keys must outlive it. answer_max: as struct pka_policy. ERR_NOMEM. */
MUST enum err pka_remote_new(const struct pka_remote_key *keys, size_t n, size_t answer_max, struct pka_remote **out);
void pka_remote_free(struct pka_remote **r);    /* NULL-safe */
/* As pka_activation_step: answers in, next commands out; a failure of the card is no error of this call. */
MUST enum err pka_remote_step(struct pka_remote *r, const struct pka_answers *in, struct pka_batch *out);
/* In READY, else ERR_CONDITIONS: have this signed with the next step. Copied; ERR_ARG: longer than M ever is. */
MUST enum err pka_remote_sign(struct pka_remote *r, struct rd message);
/* End it, unless it is over; why for people. */
void pka_remote_end(struct pka_remote *r, enum err result, const char *why);
const struct pka_remote_facts *pka_remote_facts(const struct pka_remote *r);

#endif
