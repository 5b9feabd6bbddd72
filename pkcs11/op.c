/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/op.h"

#include <string.h>

#include "pkcs11/module.h"
#include "pkcs11/rv.h"
#include "sc-hsm/key.h"

void p11_op_end(struct p11_op *op)
{
	digest_free(&op->hash);
	wipe(op->data, op->n);
	op->mech = NULL;
	op->key = NULL;
	op->in_parts = false;
	op->n = 0;
}

static CK_RV begin(struct p11_op *op, const CK_MECHANISM *m, CK_FLAGS flag)
{
	const struct p11_mech *mech;
	enum err e = ERR_OK;

	if (op->mech)
		return CKR_OPERATION_ACTIVE;
	if (!m)
		return CKR_ARGUMENTS_BAD;
	mech = p11_mech_get(m->mechanism, flag);
	if (!mech)
		return CKR_MECHANISM_INVALID;
	if (m->pParameter || m->ulParameterLen)
		return CKR_MECHANISM_PARAM_INVALID;
	if (mech->hash != DIGEST_NONE)
		e = digest_new(mech->hash, &op->hash);
	if (!e)
		op->mech = mech;
	return p11_rv(e);
}

/* Is this key for this mechanism, on this card? */
static CK_RV check_key(const struct p11_mech *m, const struct p11_object *key, const struct hsm_version *v)
{
	if (key->type != m->key)
		return CKR_KEY_TYPE_INCONSISTENT;
	if (key->bits < m->min || key->bits > p11_mech_max(m, v) || p11_mech_sig_size(key) > P11_BLOCK_MAX)
		return CKR_KEY_SIZE_RANGE;
	return CKR_OK;
}

/* What is to be signed or verified so far, more of it. */
static CK_RV absorb(struct p11_op *op, struct rd data)
{
	size_t max;

	if (!data.p && data.n)
		return CKR_ARGUMENTS_BAD;
	if (op->hash)
		return p11_rv(digest_update(op->hash, data));
	max = op->mech->data_max(op->key);
	if (data.n > max - op->n)
		return CKR_DATA_LEN_RANGE;
	if (data.n)
		memcpy(op->data + op->n, data.p, data.n);
	op->n += data.n;
	return CKR_OK;
}

/* The hash, written to room, or the collected data. */
static enum err result(struct p11_op *op, struct wr *room, struct rd *out)
{
	enum err e = ERR_OK;

	*out = rd_of(op->data, op->n);
	if (op->hash) {
		e = digest_final(op->hash, room);
		*out = wr_view(room);
	}
	return e;
}

/* An Update that fails ends the operation. */
static CK_RV part(struct p11_op *op, struct rd data)
{
	CK_RV rv;

	if (!op->mech)
		return CKR_OPERATION_NOT_INITIALIZED;
	op->in_parts = true;
	rv = absorb(op, data);
	if (rv)
		p11_op_end(op);
	return rv;
}

/*
 * May a call finish this operation: once as a whole, or after parts? If not, there is none of its kind, and the one in
 * parts goes on (PKCS#11 2.40 5.11: C_Sign cannot end it).
 */
static CK_RV check_active(const struct p11_op *op, bool once)
{
	if (!op->mech)
		return CKR_OPERATION_NOT_INITIALIZED;
	return once && op->in_parts ? CKR_OPERATION_NOT_INITIALIZED : CKR_OK;
}

/* ---- signing ---- */

CK_RV p11_sign_begin(struct p11_call *c, const CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
	const struct p11_object *o = p11_objects_get(&c->token->objects, key);
	struct p11_op *op = &c->session->sign;
	CK_RV rv;

	if (op->mech)
		return CKR_OPERATION_ACTIVE;
	if (!o || o->class != CKO_PRIVATE_KEY)
		return CKR_KEY_HANDLE_INVALID;
	if (c->token->login != P11_OPEN)
		return CKR_USER_NOT_LOGGED_IN;
	rv = begin(op, m, CKF_SIGN);
	if (rv)
		return rv;
	op->key = o;
	rv = check_key(op->mech, o, &c->token->status.version);
	if (!rv && !o->sign)
		rv = CKR_KEY_FUNCTION_NOT_PERMITTED;
	if (rv)
		p11_op_end(op);
	return rv;
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

static enum err sign(struct p11_token *t, struct p11_op *op, struct wr *sig)
{
	uint8_t hash[DIGEST_MAX], block[P11_BLOCK_MAX], answer[P11_BLOCK_MAX + 64];
	struct wr hw, bw, aw;
	enum hsm_alg alg;
	struct rd data;
	enum err e;

	WR_ARR(&hw, hash);
	WR_ARR(&bw, block);
	WR_ARR(&aw, answer);
	e = result(op, &hw, &data);
	if (!e)
		e = op->mech->before(op->mech, op->key, data, &alg, &bw);
	if (!e)
		e = ask_card(t, op->key->key, alg, wr_view(&bw), &aw);
	if (!e)
		e = op->mech->after(op->key, wr_view(&aw), sig);
	wr_free(&aw);
	wr_free(&bw);
	wr_free(&hw);
	return e;
}

static CK_RV sign_out(struct p11_call *c, const struct rd *data, CK_BYTE *sig, CK_ULONG *n)
{
	struct p11_op *op = &c->session->sign;
	CK_RV rv = check_active(op, data != NULL);
	struct wr w;
	enum err e;

	if (rv)
		return rv;
	if (!n)
		rv = CKR_ARGUMENTS_BAD;
	else if (!p11_out(p11_mech_sig_size(op->key), sig, n, &rv))
		return rv;
	if (!rv && data)
		rv = absorb(op, *data);
	if (!rv) {
		wr_init(&w, sig, *n);
		e = sign(c->token, op, &w);
		/* Somebody deleted the key. */
		rv = e == ERR_NOT_FOUND ? CKR_KEY_HANDLE_INVALID : p11_rv(e);
	}
	p11_op_end(op);
	return rv;
}

CK_RV p11_sign_once(struct p11_call *c, struct rd data, CK_BYTE *sig, CK_ULONG *n)
{
	return sign_out(c, &data, sig, n);
}

CK_RV p11_sign_part(struct p11_call *c, struct rd data)
{
	return part(&c->session->sign, data);
}

CK_RV p11_sign_end(struct p11_call *c, CK_BYTE *sig, CK_ULONG *n)
{
	return sign_out(c, NULL, sig, n);
}

/* ---- verifying: by the host alone ---- */

CK_RV p11_verify_begin(struct p11_call *c, const CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
	const struct p11_object *o = p11_objects_get(&c->token->objects, key);
	struct p11_op *op = &c->session->verify;
	CK_RV rv;

	if (op->mech)
		return CKR_OPERATION_ACTIVE;
	if (!o || o->class != CKO_PUBLIC_KEY)
		return CKR_KEY_HANDLE_INVALID;
	rv = begin(op, m, CKF_VERIFY);
	if (rv)
		return rv;
	op->key = o;
	rv = check_key(op->mech, o, &c->token->status.version);
	if (rv)
		p11_op_end(op);
	return rv;
}

static CK_RV verify(struct p11_op *op, const struct rd *more, struct rd sig)
{
	uint8_t hash[DIGEST_MAX];
	struct wr w;
	struct rd data;
	enum err e;
	CK_RV rv = check_active(op, more != NULL);

	if (rv)
		return rv;
	WR_ARR(&w, hash);
	if (!sig.p)
		rv = CKR_ARGUMENTS_BAD;
	if (!rv && more)
		rv = absorb(op, *more);
	if (!rv && sig.n != p11_mech_sig_size(op->key))
		rv = CKR_SIGNATURE_LEN_RANGE;
	if (!rv) {
		e = result(op, &w, &data);
		if (!e)
			e = op->mech->verify(op->mech, op->key, data, sig);
		rv = e == ERR_SIGNATURE ? CKR_SIGNATURE_INVALID : p11_rv(e);
	}
	p11_op_end(op);
	return rv;
}

CK_RV p11_verify_once(struct p11_call *c, struct rd data, struct rd sig)
{
	return verify(&c->session->verify, &data, sig);
}

CK_RV p11_verify_part(struct p11_call *c, struct rd data)
{
	return part(&c->session->verify, data);
}

CK_RV p11_verify_end(struct p11_call *c, struct rd sig)
{
	return verify(&c->session->verify, NULL, sig);
}

/* ---- hashing: by the host alone ---- */

CK_RV p11_digest_begin(struct p11_call *c, const CK_MECHANISM *m)
{
	return begin(&c->session->digest, m, CKF_DIGEST);
}

static CK_RV digest_out(struct p11_op *op, const struct rd *data, CK_BYTE *hash, CK_ULONG *n)
{
	struct wr w;
	CK_RV rv = check_active(op, data != NULL);

	if (rv)
		return rv;
	if (!n)
		rv = CKR_ARGUMENTS_BAD;
	else if (!p11_out(digest_size(op->mech->hash), hash, n, &rv))
		return rv;
	if (!rv && data)
		rv = absorb(op, *data);
	if (!rv) {
		wr_init(&w, hash, *n);
		rv = p11_rv(digest_final(op->hash, &w));
	}
	p11_op_end(op);
	return rv;
}

CK_RV p11_digest_once(struct p11_call *c, struct rd data, CK_BYTE *hash, CK_ULONG *n)
{
	return digest_out(&c->session->digest, &data, hash, n);
}

CK_RV p11_digest_part(struct p11_call *c, struct rd data)
{
	return part(&c->session->digest, data);
}

CK_RV p11_digest_end(struct p11_call *c, CK_BYTE *hash, CK_ULONG *n)
{
	return digest_out(&c->session->digest, NULL, hash, n);
}
