/* SPDX-License-Identifier: Apache-2.0 */
#include "login/proof.h"

#include "base/tlv.h"
#include "login/frame.h"

bool login_proof_read(struct rd *all, struct pka_proof *out)
{
	struct rd one;

	return rd_tlv(all, LOGIN_PROOF, &one) && rd_tlv(&one, LOGIN_PROOF_FILE, &out->pka_file) &&
	       rd_tlv(&one, LOGIN_PROOF_STATEMENT, &out->statement) &&
	       rd_tlv(&one, LOGIN_PROOF_SIG, &out->statement_sig) && rd_end(&one);
}
