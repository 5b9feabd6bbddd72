/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the host saw of a ceremony on its own card: every command that passed the filter and every answer. It computes
 * the code, and judges afterwards whether the statements prove what the card accepted. Bytes only.
 */
#ifndef PKA_WITNESS_H
#define PKA_WITNESS_H

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
/*
 * A PKA file's key is the registered one exactly if an EXTERNAL AUTHENTICATE signature that was seen verifies under it
 * over its M and the card answered 9000; then its statement must verify and hold our hashes and say approve. ERR_OK if
 * at least required distinct keys are proven this way; ERR_SIGNATURE otherwise, why says what is missing.
 */
MUST enum err pka_witness_judge(const struct pka_witness *w, const struct pka_proof *proofs, size_t n,
				unsigned required, char *why, size_t cap);

#endif
