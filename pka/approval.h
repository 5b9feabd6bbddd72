/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The custodian's side: checks a request by itself, shows facts it checked, builds what is signed itself, and says
 * which two SIGN commands his card gets. A pure step machine: no I/O. Reference public-key-authentication 8.
 */
#ifndef PKA_APPROVAL_H
#define PKA_APPROVAL_H

#include "attest/keyatt.h"
#include "pka/activation.h"
#include "pka/message.h"
#include "pka/statement.h"

struct pka_request {            /* as fetched from the server: claims until checked; everything borrowed */
	struct rd login_id;
	struct rd host_json;
	struct rd devaut;
	const char *device_id;  /* as the server says: must be the certificate's */
	unsigned n, m;
	size_t keys_n;
	const struct pka_key_facts *keys;   /* is_attested is checked: the server's word can only take it away */
	struct rd challenge;    /* empty: none yet (per-key mode before the turn) */
};

struct pka_approval;
/*
 * Checks chain, id and every key's attestation. ERR_OK: may be shown (look at facts' unverified!); ERR_ATTESTATION,
 * ERR_FORMAT: refuse, verdict tells. unverified: device ids the custodian accepts without a chain. Copies what it
 * needs; facts' keys carry no attestation.
 */
MUST enum err pka_approval_new(const struct pka_request *r, const struct att_anchors *anchors,
			       const char *const *unverified, size_t unverified_n, int64_t now,
			       struct pka_approval **out, struct att_verdict *v);
void pka_approval_free(struct pka_approval **a);
struct pka_approval_facts {     /* checked here, safe to show */
	const char *device_id, *path;
	uint8_t device_key[SHA256_SIZE];        /* att_chain_fingerprint */
	bool unverified;
	char code[PKA_CODE_SIZE];       /* "" without a challenge */
	size_t attested_n, unattested_n;
	const struct pka_key_facts *keys;
	size_t keys_n;
};
const struct pka_approval_facts *pka_approval_facts(const struct pka_approval *a);
/* Per-key mode: the challenge of the turn. Only once, 8 bytes. */
MUST enum err pka_approval_challenge(struct pka_approval *a, struct rd challenge);
/*
 * Decide, once, with the registered key chr, which is key number key on the custodian's card: the batch holds the SIGN
 * commands (M and statement; a denial or an end: the statement only). approve without a challenge, or a second time:
 * ERR_CONDITIONS; limits or chr that a statement cannot hold: ERR_ARG, ERR_LIMIT.
 */
MUST enum err pka_approval_decide(struct pka_approval *a, enum pka_decision decision, struct rd limits, struct rd chr,
				  uint8_t key, struct pka_batch *out);
/*
 * The card's answers; then sig (empty unless approved), statement and its signature as plain r||s of the curve's size,
 * verified here with q. Views live as long as the approval. The card's errors; ERR_SIGNATURE: signed by another key.
 */
MUST enum err pka_approval_finish(struct pka_approval *a, const struct pka_answers *in, enum ec_curve curve,
				  struct rd q, struct rd *sig, struct rd *statement, struct rd *statement_sig);

#endif
