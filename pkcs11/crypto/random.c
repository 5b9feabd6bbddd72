/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/crypto/random.h"

#include "pkcs11/ck/rv.h"
#include "pkcs11/module/call.h"

/* Others wait no longer than this takes: a card makes some kilobytes a second. */
#define SEQUENCE_MAX 16384

static enum err get(struct p11_token *t, struct wr *out, size_t n)
{
	struct deadline dl = deadline_never();
	/* Refused while a ceremony runs: GET CHALLENGE would void the approvals. */
	enum err e = p11_token_begin(t);

	return e ? e : p11_token_end(t, hsm_card_random(t->card, n, out, &dl));
}

CK_RV p11_random(struct p11_call *c, CK_BYTE *out, CK_ULONG n)
{
	enum err e = ERR_OK;
	struct wr w;

	if (!out && n)
		return CKR_ARGUMENTS_BAD;
	wr_init(&w, out, n);
	while (!e && w.n < n)
		e = get(c->token, &w, n - w.n < SEQUENCE_MAX ? n - w.n : SEQUENCE_MAX);
	return p11_rv(e);
}
