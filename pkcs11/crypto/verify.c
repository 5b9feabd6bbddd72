/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/crypto/verify.h"

#include "pkcs11/ck/rv.h"
#include "pkcs11/crypto/aes.h"
#include "pkcs11/module/call.h"

CK_RV p11_verify_begin(struct p11_call *c, const CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
	return p11_op_begin_key(c->token, &c->session->verify, m, key, CKO_PUBLIC_KEY, CKF_VERIFY);
}

/* Only the card can make it again. */
static CK_RV judge_mac(struct p11_token *t, struct p11_op *op, struct rd mac)
{
	uint8_t value[AES_BLOCK];
	struct rd data;
	enum err e = p11_op_result(op, NULL, &data);
	CK_RV rv = e ? p11_rv(e) : p11_aes_mac(t, op->use.key, data, value);

	return !rv && !rd_eq_secret(mac, RD_ARR(value)) ? CKR_SIGNATURE_INVALID : rv;
}

static CK_RV judge(struct p11_op *op, struct rd sig)
{
	const struct p11_mech_sign *how = op->use.mech->sign;
	uint8_t hash[DIGEST_MAX];
	struct rd data;
	struct wr w;
	enum err e;

	if (!op->use.mech->hash && how->exact && op->n != how->data_max(&op->use))
		return CKR_DATA_LEN_RANGE;
	WR_ARR(&w, hash);
	e = p11_op_result(op, &w, &data);
	if (!e)
		e = how->verify(&op->use, data, sig);
	return e == ERR_SIGNATURE ? CKR_SIGNATURE_INVALID : p11_rv(e);
}

static CK_RV finish(struct p11_call *c, const struct rd *more, struct rd sig)
{
	struct p11_op *op = &c->session->verify;
	CK_RV rv = p11_op_check(c->token, op, more != NULL);

	if (rv)
		return rv;
	if (!sig.p)
		rv = CKR_ARGUMENTS_BAD;
	if (!rv && more)
		rv = p11_op_absorb(op, *more, op->use.mech->hash ? 0 : op->use.mech->sign->data_max(&op->use));
	if (!rv && sig.n != p11_mech_sig_size(op->use.key))
		rv = CKR_SIGNATURE_LEN_RANGE;
	if (!rv)
		rv = op->use.mech->key == CKK_AES ? judge_mac(c->token, op, sig) : judge(op, sig);
	p11_op_end(op);
	return rv;
}

CK_RV p11_verify_once(struct p11_call *c, struct rd data, struct rd sig)
{
	return finish(c, &data, sig);
}

CK_RV p11_verify_part(struct p11_call *c, struct rd data)
{
	const struct p11_mech *m = c->session->verify.use.mech;

	return p11_op_part(c->token, &c->session->verify, data, m ? m->sign->data_max : NULL);
}

CK_RV p11_verify_end(struct p11_call *c, struct rd sig)
{
	return finish(c, NULL, sig);
}
