/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the host saw of a ceremony on its own card: every command that passed the filter and every answer. It computes
 * the code, and judges afterwards whether the statements prove what the card accepted. Bytes only.
 */
#ifndef PKA_WITNESS_H
#define PKA_WITNESS_H

#include "pka/limits.h"
#include "pka/message.h"
#include "pka/statement.h"
#include "sc-hsm/cmd.h"

struct pka_witness;
/* All copied. */
MUST enum err pka_witness_new(struct rd device_id, struct rd login_id, struct rd host_json, struct pka_witness **out);
void pka_witness_free(struct pka_witness **w);
/* One exchange of the card. fresh_code: this answer was a challenge, pka_witness_code is new. */
MUST enum err pka_witness_see(struct pka_witness *w, struct rd cmd, struct rd rsp, bool *fresh_code);
const char *pka_witness_code(const struct pka_witness *w);     /* "" before the first challenge */
unsigned pka_witness_accepted(const struct pka_witness *w);    /* EXTERNAL AUTHENTICATEs answered 9000, distinct keys */

struct pka_proof {              /* one custodian's part as the server gave it afterwards */
	struct rd pka_file, statement, statement_sig;
};
/* What one custodian's part proves, as views into the proof and the witness. */
struct pka_consent {
	struct rd pka_file, statement, statement_sig;
	struct rd challenge, sig;       /* what the card took from him */
};
struct pka_consents {
	size_t n;
	struct pka_consent v[PKA_CUSTODIANS_MAX];
};
/*
 * A PKA file's key is the registered one exactly if an EXTERNAL AUTHENTICATE signature that was seen verifies under it
 * over its M and the card answered 9000; then its statement must verify and hold our hashes and say approve, and its
 * limits must be readable. ERR_OK if at least required distinct keys are proven this way: out has all that are, in the
 * order of proofs, each once. limits, what was asked, is lowered by each of their statements. ERR_SIGNATURE: fewer.
 * ERR_POLICY: enough, but limits is NULL, nobody keeps any, and a statement has some; or they contradict each other or
 * what was asked. Then out is empty and limits unchanged; why, safe to show, says what is wrong.
 */
MUST enum err pka_witness_judge(const struct pka_witness *w, const struct pka_proof *proofs, size_t n,
				unsigned required, struct pka_limits *limits, struct pka_consents *out, char *why,
				size_t cap);

#endif
