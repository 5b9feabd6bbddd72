/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/random.h"

#include "pkcs11/module.h"
#include "pkcs11/rv.h"

/* Enough for any use; a card makes some kilobytes a second. */
#define RANDOM_MAX 65536

CK_RV p11_random(struct p11_call *c, CK_BYTE *out, CK_ULONG n)
{
	struct deadline dl = deadline_never();
	struct wr w;
	enum err e;

	if (!out && n)
		return CKR_ARGUMENTS_BAD;
	if (n > RANDOM_MAX)
		return CKR_DATA_LEN_RANGE;
	if (n == 0)
		return CKR_OK;
	/* Refused while a ceremony runs: GET CHALLENGE would void the approvals. */
	e = p11_token_begin(c->token);
	if (e)
		return p11_rv(e);
	wr_init(&w, out, n);
	e = hsm_card_random(c->token->card, n, &w, &dl);
	return p11_rv(p11_token_end(c->token, e));
}
