/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/module/op.h"

#include <string.h>

#include "pkcs11/ck/rv.h"
#include "pkcs11/module/module.h"

void p11_op_end(struct p11_op *op)
{
	digest_free(&op->hash);
	wr_free(&op->more);
	wipe(op, sizeof(*op));
}

CK_RV p11_op_key(struct p11_call *c, const struct p11_op *op, CK_OBJECT_HANDLE h, CK_OBJECT_CLASS class,
		 const struct p11_object **out)
{
	const struct p11_object *o = p11_objects_get(&c->token->objects, h);
	enum err e;

	if (op->use.mech)
		return CKR_OPERATION_ACTIVE;
	if (!o || o->class != class)
		return CKR_KEY_HANDLE_INVALID;
	if (o->is_private && c->token->login != P11_OPEN)
		return CKR_USER_NOT_LOGGED_IN;
	e = p11_token_confirm(c->token, o);
	if (e)
		return e == ERR_NOT_FOUND ? CKR_KEY_HANDLE_INVALID : p11_rv(e);
	*out = o;
	return CKR_OK;
}

CK_RV p11_op_begin(struct p11_call *c, struct p11_op *op, const CK_MECHANISM *m, CK_FLAGS flag,
		   const struct p11_object *key)
{
	const struct p11_mech *mech;
	struct p11_params params;
	enum err e = ERR_OK;
	CK_RV rv;

	if (op->use.mech)
		return CKR_OPERATION_ACTIVE;
	if (!m)
		return CKR_ARGUMENTS_BAD;
	mech = p11_mech_get(m->mechanism, flag);
	if (!mech)
		return CKR_MECHANISM_INVALID;
	rv = p11_param_read(mech->param, mech->hash, m, &params);
	if (rv)
		return rv;
	if (mech->hash != DIGEST_NONE)
		e = digest_new(mech->hash, &op->hash);
	if (e)
		return p11_rv(e);
	op->use = (struct p11_use){ .mech = mech, .key = key, .params = params, .card = c->token->status.version };
	if (!key)
		return CKR_OK;
	op->handle = key->handle;
	op->of_session = !key->is_token;
	rv = p11_mech_check(&op->use);
	if (rv)
		p11_op_end(op);
	return rv;
}

static bool may(const struct p11_object *o, CK_FLAGS flag)
{
	switch (flag) {
	case CKF_SIGN:    return o->sign;
	case CKF_VERIFY:  return o->verify;
	case CKF_ENCRYPT: return o->encrypt;
	case CKF_DECRYPT: return o->decrypt;
	default:          return false;
	}
}

CK_RV p11_op_begin_key(struct p11_call *c, struct p11_op *op, const CK_MECHANISM *m, CK_OBJECT_HANDLE key,
		       CK_OBJECT_CLASS class, CK_FLAGS flag)
{
	const struct p11_mech *mech = m ? p11_mech_get(m->mechanism, flag) : NULL;
	const struct p11_object *o = NULL;
	CK_RV rv = p11_op_key(c, op, key, mech && mech->key == CKK_AES ? CKO_SECRET_KEY : class, &o);

	if (!rv)
		rv = p11_op_begin(c, op, m, flag, o);
	if (!rv && !may(o, flag)) {
		p11_op_end(op);
		rv = CKR_KEY_FUNCTION_NOT_PERMITTED;
	}
	return rv;
}

/*
 * Token objects stay where they are as long as the session is valid, also when the card turned out to have another one
 * in their place; a session object may have been destroyed.
 */
static CK_RV check_key(struct p11_call *c, struct p11_op *op)
{
	if (!op->of_session && !(op->use.key && op->use.key->gone))
		return CKR_OK;
	op->use.key = p11_objects_get(&c->token->objects, op->handle);
	if (op->use.key)
		return CKR_OK;
	p11_op_end(op);
	return CKR_KEY_HANDLE_INVALID;
}

CK_RV p11_op_check(struct p11_call *c, struct p11_op *op, bool once)
{
	if (!op->use.mech || (once && op->in_parts))
		return CKR_OPERATION_NOT_INITIALIZED;
	return check_key(c, op);
}

CK_RV p11_op_absorb(struct p11_op *op, struct rd data, size_t max)
{
	if (!data.p && data.n)
		return CKR_ARGUMENTS_BAD;
	if (op->hash)
		return p11_rv(digest_update(op->hash, data));
	if (max > sizeof(op->data)) {
		if (!op->more.heap)
			wr_init_heap(&op->more, max);
		wr_put(&op->more, data);
		return wr_done(&op->more) == ERR_BUFFER ? CKR_DATA_LEN_RANGE : p11_rv(wr_done(&op->more));
	}
	if (op->n > max || data.n > max - op->n)
		return CKR_DATA_LEN_RANGE;
	if (data.n)
		memcpy(op->data + op->n, data.p, data.n);
	op->n += data.n;
	return CKR_OK;
}

CK_RV p11_op_part(struct p11_call *c, struct p11_op *op, struct rd data, size_t (*max)(const struct p11_use *u))
{
	CK_RV rv = p11_op_check(c, op, false);

	if (rv || op->done)
		return rv ? rv : CKR_OPERATION_NOT_INITIALIZED;
	op->in_parts = true;
	rv = p11_op_absorb(op, data, max ? max(&op->use) : 0);
	if (rv)
		p11_op_end(op);
	return rv;
}

CK_RV p11_op_finish(struct p11_call *c, struct p11_op *op, const struct p11_op_output *how, const struct rd *data,
		    CK_BYTE *out, CK_ULONG *n)
{
	CK_RV rv = p11_op_check(c, op, data != NULL);
	struct wr w;

	if (rv)
		return rv;
	if (!n)
		rv = CKR_ARGUMENTS_BAD;
	else if (!p11_out(how->size(op), out, n, &rv))
		return rv;
	if (!rv && data)
		rv = p11_op_absorb(op, *data, how->data_max(op));
	if (!rv) {
		wr_init(&w, out, *n);
		rv = how->make(c, op, &w);
	}
	p11_op_end(op);
	return rv;
}

enum err p11_op_result(struct p11_op *op, struct wr *room, struct rd *out)
{
	enum err e = ERR_OK;

	*out = op->more.heap ? wr_view(&op->more) : rd_of(op->data, op->n);
	if (op->hash) {
		e = digest_final(op->hash, room);
		*out = wr_view(room);
	}
	return e;
}
