/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/crypto/wrap.h"

#include <string.h>

#include "pkcs11/ck/rv.h"
#include "pkcs11/crypto/keygen.h"
#include "pkcs11/module/call.h"
#include "pkcs11/object/template.h"
#include "sc-hsm/key.h"
#include "sc-hsm/wrap.h"

/*
 * Longer than any wrapped key: one of RSA with 4096 bits and its primes has less than 1900 bytes. The size is not known
 * before the card has been asked, and asking is a use of the key that an agent counts.
 */
#define WRAPPED_MAX 2048

static CK_RV check(const struct p11_call *c, const CK_MECHANISM *m, CK_FLAGS flag)
{
	const struct p11_mech *row = p11_mech_get(m->mechanism, flag);
	struct p11_params unused;

	if (!row)
		return CKR_MECHANISM_INVALID;
	if (c->token->login != P11_OPEN)
		return CKR_USER_NOT_LOGGED_IN;
	return p11_param_read(row->param, row->hash, m, &unused);
}

/*
 * A domain's key is no object, so CK_INVALID_HANDLE stands for it. Programs that must name a key (pkcs11-tool) name the
 * one that is wrapped, by either half, and for unwrapping any one of the card: the wrapped key says which domain it is.
 */
static bool is_named(struct p11_call *c, CK_OBJECT_HANDLE h, const struct p11_object **o)
{
	return p11_op_key(c->token, h, o) == CKR_OK && (*o)->is_token;
}

static enum err wrap(struct p11_token *t, uint8_t key, struct wr *blob)
{
	struct deadline dl = deadline_never();
	enum err e = p11_token_begin_user(t);

	return e ? e : p11_token_end(t, hsm_key_wrap(t->card, key, blob, &dl));
}

static CK_RV wrap_rv(enum err e)
{
	switch (e) {
	case ERR_ALGORITHM:             /* its list forbids it */
	case ERR_UNSUPPORTED:           /* the card has no domains */
	case ERR_NOT_FOUND:             /* its domain has no key */
		return CKR_KEY_UNEXTRACTABLE;
	default:
		return p11_rv(e);
	}
}

CK_RV p11_wrap(struct p11_call *c, const CK_MECHANISM *m, CK_OBJECT_HANDLE with, CK_OBJECT_HANDLE key, CK_BYTE *out,
	       CK_ULONG *n)
{
	const struct p11_object *o, *named;
	struct wr blob;
	enum err e;
	CK_RV rv;

	if (!m || !n)
		return CKR_ARGUMENTS_BAD;
	rv = check(c, m, CKF_WRAP);
	if (rv)
		return rv;
	rv = p11_op_key(c->token, key, &o);
	if (!rv && o->class == CKO_PUBLIC_KEY)
		rv = CKR_KEY_HANDLE_INVALID;
	if (!rv && !o->is_token)
		rv = CKR_KEY_NOT_WRAPPABLE;
	if (!rv && with != CK_INVALID_HANDLE && (!is_named(c, with, &named) || named->key != o->key))
		rv = CKR_WRAPPING_KEY_HANDLE_INVALID;
	if (!rv)
		rv = p11_op_confirm(c->token, o);
	if (rv)
		return rv;
	if (!out) {
		*n = WRAPPED_MAX;
		return CKR_OK;
	}
	wr_init_heap(&blob, APDU_RSP_MAX);
	e = wrap(c->token, o->key, &blob);
	rv = wrap_rv(e);
	if (!e && blob.n > *n)
		rv = CKR_BUFFER_TOO_SMALL;
	else if (!e)
		memcpy(out, blob.p, blob.n);
	if (!e)
		*n = blob.n;
	wr_free(&blob);
	return rv;
}

/* ---- and back ---- */

static const struct kind {
	enum p15_type is;
	CK_KEY_TYPE type;
	CK_OBJECT_CLASS class;
	enum p11_made how;
	unsigned usage;
} kinds[] = {
	{ P15_RSA, CKK_RSA, CKO_PRIVATE_KEY, P11_UNWRAPPED_PRIVATE,
	  P15_USE_DECRYPT | P15_USE_SIGN | P15_USE_SIGN_RECOVER | P15_USE_UNWRAP },
	{ P15_EC, CKK_EC, CKO_PRIVATE_KEY, P11_UNWRAPPED_PRIVATE, P15_USE_SIGN | P15_USE_DERIVE },
	{ P15_AES, CKK_AES, CKO_SECRET_KEY, P11_UNWRAPPED_SECRET,
	  P15_USE_ENCRYPT | P15_USE_DECRYPT | P15_USE_SIGN | P15_USE_VERIFY | P15_USE_DERIVE },
};

struct plan {
	struct hsm_wrapped wrapped;
	const struct kind *kind;
	struct p15_key about;
	uint8_t key;
};

static const struct kind *find_kind(enum p15_type is)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].is == is)
			return &kinds[i];
	return NULL;
}

/* AES keys of 192 and 256 bits are of one length in their wrapping: of these the template must say which it is. */
static CK_RV plan_size(const struct p11_template *t, struct plan *p)
{
	CK_ULONG size = p->wrapped.bits / 8;

	p->about.bits = p->wrapped.bits;
	if (p->wrapped.type != P15_AES)
		return CKR_OK;
	if (!size && !t->size)
		return CKR_TEMPLATE_INCOMPLETE;
	if (t->size && (size ? t->size != size : t->size != 24 && t->size != 32))
		return CKR_TEMPLATE_INCONSISTENT;
	if (!size)
		p->about.bits = (unsigned)t->size * 8;
	return CKR_OK;
}

static unsigned plan_usage(const struct p11_template *t, unsigned usage)
{
	const struct {
		CK_BBOOL wanted;
		unsigned use;
	} uses[] = {
		{ t->sign, P15_USE_SIGN | P15_USE_SIGN_RECOVER }, { t->verify, P15_USE_VERIFY },
		{ t->encrypt, P15_USE_ENCRYPT }, { t->decrypt, P15_USE_DECRYPT | P15_USE_UNWRAP },
		{ t->derive, P15_USE_DERIVE },
	};

	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++)
		if (!uses[i].wanted)
			usage &= ~uses[i].use;
	return usage;
}

static CK_RV make_plan(const struct p11_unwrap_request *r, struct plan *p)
{
	struct p11_template t = { .sign = CK_TRUE, .verify = CK_TRUE, .encrypt = CK_TRUE, .decrypt = CK_TRUE,
				  .derive = CK_TRUE };
	CK_RV rv;

	if (hsm_wrapped_read(rd_of(r->wrapped, r->wrapped_n), &p->wrapped))
		return CKR_WRAPPED_KEY_INVALID;
	p->kind = find_kind(p->wrapped.type);
	if (!p->kind)
		return CKR_WRAPPED_KEY_INVALID;
	t.key_type = p->kind->type;
	rv = p11_template_read(r->t, r->n, p->kind->how, &t);
	if (rv)
		return rv;
	/* On the card it stays there: who wants less must say so, and cannot have it. */
	if (!t.token)
		return CKR_TEMPLATE_INCONSISTENT;
	p->about = (struct p15_key){
		.type = p->kind->is, .label = t.label, .id = t.id, .usage = plan_usage(&t, p->kind->usage),
		.is_imported = true,
	};
	rv = plan_size(&t, p);
	return rv || p->about.usage ? rv : CKR_TEMPLATE_INCONSISTENT;
}

/* The card makes the key alone; without a description it would be nobody's. */
static enum err put_key(struct p11_token *t, struct plan *p, struct rd blob, struct wr *prkd, struct deadline *dl)
{
	enum err e = hsm_key_free_number(t->card, &p->key, dl);

	if (e)
		return e;
	if (!p->about.id.n)
		p->about.id = rd_of(&p->key, 1);
	e = p15_key_write(&p->about, prkd);
	if (!e)
		e = hsm_key_unwrap(t->card, p->key, blob, dl);
	return e ? e : p11_keygen_describe(t, p->key, wr_view(prkd), dl);
}

static CK_RV unwrap_rv(enum err e)
{
	switch (e) {
	case ERR_DATA:                  /* of another key encryption key, or changed */
	case ERR_NOT_FOUND:
	case ERR_UNSUPPORTED:
		return CKR_WRAPPED_KEY_INVALID;
	default:
		return p11_rv(e);
	}
}

CK_RV p11_unwrap(struct p11_call *c, const struct p11_unwrap_request *r, CK_OBJECT_HANDLE *key)
{
	struct p11_token *t = c->token;
	struct deadline dl = deadline_never();
	const struct p11_object *o;
	struct plan p = { .key = 0 };
	struct wr prkd;
	enum err e;
	CK_RV rv;

	if (!r->mech || !key || (!r->wrapped && r->wrapped_n) || (!r->t && r->n))
		return CKR_ARGUMENTS_BAD;
	if (!c->session->rw)
		return CKR_SESSION_READ_ONLY;
	rv = check(c, r->mech, CKF_UNWRAP);
	if (!rv && r->with != CK_INVALID_HANDLE && (!is_named(c, r->with, &o) || o->class == CKO_PUBLIC_KEY))
		rv = CKR_UNWRAPPING_KEY_HANDLE_INVALID;
	if (!rv)
		rv = make_plan(r, &p);
	if (rv)
		return rv;
	wr_init_heap(&prkd, FILE_SIZE_MAX);
	e = p11_token_load(t);
	if (!e)
		e = p11_token_begin_user(t);
	if (!e)
		e = p11_token_end(t, put_key(t, &p, rd_of(r->wrapped, r->wrapped_n), &prkd, &dl));
	if (e) {
		rv = unwrap_rv(e);
	} else {
		rv = p11_rv(p11_objects_add_key(&t->objects, p.key, wr_view(&prkd), RD_NONE));
		o = rv ? NULL : p11_objects_of_key(&t->objects, p.key, p.kind->class);
		if (o)
			*key = o->handle;
		else if (!rv)
			rv = CKR_DEVICE_ERROR;
	}
	wr_free(&prkd);
	return rv;
}
