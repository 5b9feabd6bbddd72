/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/module/op.h"

#include <string.h>

#include "pkcs11/ck/rv.h"
#include "pkcs11/module/token.h"

void p11_op_end(struct p11_op *op)
{
	bool hashes = op->use.mech && op->use.mech->hash;
	struct digest *hash;

	digest_end(&op->hash);
	hash = op->hash;
	wr_free(&op->more);
	wipe(op, hashes ? offsetof(struct p11_op, data) : sizeof(*op));
	op->hash = hash;
}

void p11_op_free(struct p11_op *op)
{
	p11_op_end(op);
	digest_free(&op->hash);
}

static bool is_key(const struct p11_object *o)
{
	return o->class == CKO_PRIVATE_KEY || o->class == CKO_PUBLIC_KEY || o->class == CKO_SECRET_KEY;
}

CK_RV p11_op_key(struct p11_token *t, CK_OBJECT_HANDLE h, const struct p11_object **out)
{
	const struct p11_object *o = p11_objects_get(&t->objects, h);

	if (!o || !is_key(o))
		return CKR_KEY_HANDLE_INVALID;
	if (o->is_private && t->login != P11_OPEN)
		return CKR_USER_NOT_LOGGED_IN;
	*out = o;
	return CKR_OK;
}

CK_RV p11_op_confirm(struct p11_token *t, const struct p11_object *o)
{
	enum err e = p11_token_confirm(t, o, o->class == CKO_PUBLIC_KEY ? P11_READ : P11_COMPARED);

	return e == ERR_NOT_FOUND ? CKR_KEY_HANDLE_INVALID : p11_rv(e);
}

CK_RV p11_op_begin(struct p11_token *t, struct p11_op *op, const CK_MECHANISM *m, CK_FLAGS flag,
		   const struct p11_object *key)
{
	const struct p11_mech *mech;
	struct p11_params params;
	enum err e = ERR_OK;
	CK_RV rv;

	if (!m && op->use.mech) {
		p11_op_end(op);
		return CKR_OK;
	}
	if (!m)
		return CKR_ARGUMENTS_BAD;
	if (op->use.mech)
		return CKR_OPERATION_ACTIVE;
	mech = p11_mech_get(m->mechanism, flag);
	if (!mech)
		return CKR_MECHANISM_INVALID;
	rv = p11_param_read(mech->param, mech->hash, m, &params);
	if (rv)
		return rv;
	if (mech->hash)
		e = op->hash ? digest_again(op->hash, mech->hash) : digest_new(mech->hash, &op->hash);
	if (e)
		return p11_rv(e);
	op->use = (struct p11_use){ .mech = mech, .key = key, .params = params, .card = t->status.version };
	if (!key)
		return CKR_OK;
	op->handle = key->handle;
	op->is_private = key->is_private;
	rv = p11_mech_check(&op->use);
	if (rv)
		p11_op_end(op);
	return rv;
}

/* The halves of a pair have all flags of both. */
static bool may(const struct p11_object *o, CK_OBJECT_CLASS class, CK_FLAGS flag)
{
	const struct {
		CK_FLAGS flag;
		CK_BBOOL yes;
	} uses[] = {
		{ CKF_SIGN, o->sign }, { CKF_VERIFY, o->verify }, { CKF_ENCRYPT, o->encrypt },
		{ CKF_DECRYPT, o->decrypt }, { CKF_DERIVE, o->derive },
	};

	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++)
		if (uses[i].flag == flag)
			return uses[i].yes && o->class == class;
	return false;
}

CK_RV p11_op_may(const struct p11_mech *mech, const struct p11_object *o, CK_OBJECT_CLASS class, CK_FLAGS flag)
{
	/* The type comes first (PKCS#11 2.40 5.1.6). */
	if (o->type != mech->key)
		return CKR_KEY_TYPE_INCONSISTENT;
	return may(o, mech->key == CKK_AES ? CKO_SECRET_KEY : class, flag) ? CKR_OK : CKR_KEY_FUNCTION_NOT_PERMITTED;
}

CK_RV p11_op_begin_key(struct p11_token *t, struct p11_op *op, const CK_MECHANISM *m, CK_OBJECT_HANDLE key,
		       CK_OBJECT_CLASS class, CK_FLAGS flag)
{
	const struct p11_mech *mech = m && !op->use.mech ? p11_mech_get(m->mechanism, flag) : NULL;
	const struct p11_object *o = NULL;
	CK_RV rv;

	if (!mech)
		return p11_op_begin(t, op, m, flag, NULL);
	rv = p11_op_key(t, key, &o);
	if (!rv)
		rv = p11_op_may(mech, o, class, flag);
	if (!rv)
		rv = p11_op_confirm(t, o);
	return rv ? rv : p11_op_begin(t, op, m, flag, o);
}

/* It may have been destroyed, or the card has turned out to have another one in its place. */
static CK_RV check_key(struct p11_token *t, struct p11_op *op)
{
	bool hidden = op->is_private && t->login != P11_OPEN;

	if (!op->handle)
		return CKR_OK;
	op->use.key = p11_objects_get(&t->objects, op->handle);
	if (op->use.key)
		return CKR_OK;
	p11_op_end(op);
	return hidden ? CKR_USER_NOT_LOGGED_IN : CKR_KEY_HANDLE_INVALID;
}

CK_RV p11_op_check(struct p11_token *t, struct p11_op *op, bool once)
{
	if (!op->use.mech || (once && op->in_parts))
		return CKR_OPERATION_NOT_INITIALIZED;
	return check_key(t, op);
}

CK_RV p11_op_absorb(struct p11_op *op, struct rd data, size_t max)
{
	if (!data.p && data.n)
		return CKR_ARGUMENTS_BAD;
	if (op->use.mech->hash)
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

CK_RV p11_op_part(struct p11_token *t, struct p11_op *op, struct rd data, size_t (*max)(const struct p11_use *u))
{
	CK_RV rv = p11_op_check(t, op, false);

	if (rv || op->done)
		return rv ? rv : CKR_OPERATION_NOT_INITIALIZED;
	op->in_parts = true;
	rv = p11_op_absorb(op, data, max ? max(&op->use) : 0);
	if (rv)
		p11_op_end(op);
	return rv;
}

CK_RV p11_op_finish(struct p11_token *t, struct p11_op *op, const struct p11_op_output *how, const struct rd *data,
		    CK_BYTE *out, CK_ULONG *n)
{
	CK_RV rv = p11_op_check(t, op, data != NULL);
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
		rv = how->make(t, op, &w);
	}
	p11_op_end(op);
	return rv;
}

enum err p11_op_result(struct p11_op *op, struct wr *room, struct rd *out)
{
	enum err e = ERR_OK;

	*out = op->more.heap ? wr_view(&op->more) : rd_of(op->data, op->n);
	if (op->use.mech->hash) {
		e = digest_final(op->hash, room);
		*out = wr_view(room);
	}
	return e;
}
