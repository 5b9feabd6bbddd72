/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's side of an n-of-m login over a card that it holds: helper process, RAMOverHTTP session, filter,
 * witness, proofs; believes only the card. Used by pkcs11/login/ and by the command. docs/ARCHITECTURE.md, "A C_Login
 * with n of m". Blocks; no lock of its own; dl.cancel_fd gives up.
 */
#ifndef LOGIN_LOGIN_H
#define LOGIN_LOGIN_H

#include "base/conf.h"
#include "pka/limits.h"
#include "pka/witness.h"
#include "sc-hsm/card.h"

struct login_evidence {             /* views, for as long as opened() runs */
	struct rd login_id, host_json;
	const struct pka_consent *consents;
	size_t consents_n;          /* 0 where statements = no */
	struct pka_limits limits;   /* in force: what was asked, lowered by each statement */
};
struct login_params {
	const struct conf *conf;    /* [module] helper, [login] */
	const char *program;        /* who asks, as claimed */
	struct rd device_id;        /* from the card's own certificate */
	struct hsm_status status;   /* of the card before */
	/* PKA and PIN: the card opens only with the VERIFY that follows; the count of keys is what must be reached. */
	bool expect_closed_after;
	const char *reason;         /* of who asks; NULL: [login] reason */
	const char *user;           /* who asks; NULL: whose process this is */
	/*
	 * What is asked for, and kept by the caller; NULL: the caller keeps no limits, says so in the request, and a
	 * statement that limits the approval fails the login (ERR_POLICY). Where statements = no, what custodians lower
	 * is not heard of: then the request says the same, too.
	 */
	const struct pka_limits *limits;
	/* Called last, before ERR_OK: what was proven. Its error fails the login. May be NULL. */
	enum err (*opened)(void *ctx, const struct login_evidence *ev);
	/* Progress for people: "code K7QF-2MXA; the server says: 1 of 2". May be NULL. */
	void (*progress)(void *ctx, const char *text);
	void *ctx;
};
struct login_result {
	enum err e;
	char why[512];              /* for people: which card, which URL, why, what to do; safe to show */
	char code[16];
};
/*
 * A server that dies while people are asked is asked again, for a new request, until dl is over; one that is not there
 * at the beginning is not. On ERR_OK the card said that n keys are authenticated and (unless statements = no) n
 * statements were proven. On any other result the caller closes the card; this function has already SELECTed the
 * applet where the card still answers. ERR_DENIED, ERR_EXPIRED, ERR_CANCELLED, ERR_NOT_ENROLLED, ERR_ATTESTATION,
 * ERR_POLICY, ERR_CONNECT, ERR_TLS, ERR_HTTP, ERR_PROTOCOL, ERR_SERVER, ERR_REFUSED, ERR_SIGNATURE, ERR_REMOVED,
 * ERR_RESET, ERR_TIMEOUT, ERR_CONFIG.
 */
MUST enum err login_run(struct hsm_card *card, const struct login_params *p, struct login_result *out,
			struct deadline *dl);

#endif
