/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/crypto/sign.h"

#include "pkcs11/ck/rv.h"
#include "pkcs11/crypto/aes.h"
#include "pkcs11/module/call.h"
#include "sc-hsm/key.h"

CK_RV p11_sign_begin(struct p11_call *c, const CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
	return p11_op_begin_key(c->token, &c->session->sign, m, key, CKO_PRIVATE_KEY, CKF_SIGN);
}

/* The one exchange. */
static enum err ask_card(struct p11_token *t, uint8_t key, enum hsm_alg alg, struct rd block, struct wr *answer)
{
	struct deadline dl = deadline_never();
	enum err e = p11_token_begin_user(t);

	if (e)
		return e;
	e = hsm_key_sign(t->card, key, alg, block, answer, &dl);
	return p11_token_end(t, e);
}

static CK_RV make_mac(struct p11_token *t, struct p11_op *op, struct wr *mac)
{
	uint8_t value[AES_BLOCK];
	struct rd data;
	enum err e = p11_op_result(op, NULL, &data);
	CK_RV rv = e ? p11_rv(e) : p11_aes_mac(t, op->use.key, data, value);

	if (!rv)
		wr_put(mac, RD_ARR(value));
	return rv ? rv : p11_rv(wr_done(mac));
}

static enum err make_signature(struct p11_token *t, struct p11_op *op, struct wr *sig)
{
	uint8_t hash[DIGEST_MAX], block[P11_BLOCK_MAX], answer[P11_BLOCK_MAX + 64];
	const struct p11_mech_sign *how = op->use.mech->sign;
	struct wr hw, bw, aw;
	enum hsm_alg alg;
	struct rd data;
	enum err e;

	WR_ARR(&hw, hash);
	WR_ARR(&bw, block);
	WR_ARR(&aw, answer);
	e = p11_op_result(op, &hw, &data);
	if (!e)
		e = how->before(&op->use, data, &alg, &bw);
	if (!e)
		e = ask_card(t, op->use.key->key, alg, wr_view(&bw), &aw);
	if (!e)
		e = how->after(&op->use, wr_view(&aw), sig);
	wr_free(&aw);
	wr_free(&bw);
	wr_free(&hw);
	return e;
}

static size_t size(const struct p11_op *op)
{
	return p11_mech_sig_size(op->use.key);
}

static size_t data_max(const struct p11_op *op)
{
	return op->use.mech->hash ? 0 : op->use.mech->sign->data_max(&op->use);
}

static CK_RV make(struct p11_token *t, struct p11_op *op, struct wr *sig)
{
	enum err e;

	if (!op->use.mech->hash && op->use.mech->sign->exact && op->n != data_max(op))
		return CKR_DATA_LEN_RANGE;
	if (op->use.mech->key == CKK_AES)
		return make_mac(t, op, sig);
	e = make_signature(t, op, sig);
	/* Somebody deleted the key. */
	return e == ERR_NOT_FOUND ? CKR_KEY_HANDLE_INVALID : p11_rv(e);
}

static const struct p11_op_output output = { size, data_max, make };

CK_RV p11_sign_once(struct p11_call *c, struct rd data, CK_BYTE *sig, CK_ULONG *n)
{
	return p11_op_finish(c->token, &c->session->sign, &output, &data, sig, n);
}

CK_RV p11_sign_part(struct p11_call *c, struct rd data)
{
	const struct p11_mech *m = c->session->sign.use.mech;

	return p11_op_part(c->token, &c->session->sign, data, m ? m->sign->data_max : NULL);
}

CK_RV p11_sign_end(struct p11_call *c, CK_BYTE *sig, CK_ULONG *n)
{
	return p11_op_finish(c->token, &c->session->sign, &output, NULL, sig, n);
}
