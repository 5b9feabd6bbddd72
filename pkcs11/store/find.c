/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/store/find.h"

#include <stdlib.h>

#include "base/limits.h"
#include "pkcs11/ck/rv.h"
#include "pkcs11/module/module.h"
#include "pkcs11/object/attr.h"
#include "pkcs11/store/data.h"
#include "sc-hsm/key.h"
#include "sc-hsm/wrap.h"

bool p11_find_is_visible(const struct p11_token *t, const struct p11_object *o)
{
	return !o->gone && (!o->is_private || t->login == P11_OPEN);
}

CK_RV p11_find_object(struct p11_call *c, CK_OBJECT_HANDLE h, struct p11_object **out)
{
	struct p11_object *o = p11_objects_get(&c->token->objects, h);
	enum err e;

	if (!o || !p11_find_is_visible(c->token, o))
		return CKR_OBJECT_HANDLE_INVALID;
	e = p11_token_confirm(c->token, o);
	if (e)
		return e == ERR_NOT_FOUND ? CKR_OBJECT_HANDLE_INVALID : p11_rv(e);
	*out = o;
	return CKR_OK;
}

static bool names(const CK_ATTRIBUTE *t, CK_ULONG n, CK_ATTRIBUTE_TYPE type)
{
	for (CK_ULONG i = 0; i < n; i++)
		if (t[i].type == type)
			return true;
	return false;
}

/* Programs that look for certificates expect X.509: others are only found by who names their type. */
static bool is_asked_for(const struct p11_object *o, const CK_ATTRIBUTE *t, CK_ULONG n)
{
	return !p11_object_is_cvc(o) || names(t, n, CKA_CERTIFICATE_TYPE);
}

CK_RV p11_find_begin(struct p11_call *c, const CK_ATTRIBUTE *t, CK_ULONG n)
{
	struct p11_find *f = &c->session->find;
	const struct p11_objects *o = &c->token->objects;
	enum err e;

	if (f->active)
		return CKR_OPERATION_ACTIVE;
	if (!t && n)
		return CKR_ARGUMENTS_BAD;
	e = p11_token_check(c->token);
	if (!e)
		e = p11_token_load(c->token);
	/* Whatever they say of the reader now: the card of this session is gone. */
	if (!p11_session_is_alive(c->session))
		e = ERR_REMOVED;
	if (e)
		return p11_rv(e);
	f->v = malloc((o->n ? o->n : 1) * sizeof(f->v[0]));
	if (!f->v)
		return CKR_HOST_MEMORY;
	for (size_t i = 0; i < o->n; i++)
		if (p11_find_is_visible(c->token, o->v[i]) && is_asked_for(o->v[i], t, n) &&
		    p11_attr_match(o->v[i], t, n))
			f->v[f->n++] = o->v[i]->handle;
	f->active = true;
	return CKR_OK;
}

CK_RV p11_find_next(struct p11_call *c, CK_OBJECT_HANDLE *out, CK_ULONG max, CK_ULONG *n)
{
	struct p11_find *f = &c->session->find;
	const struct p11_object *o;

	if (!f->active)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (!n || (!out && max))
		return CKR_ARGUMENTS_BAD;
	*n = 0;
	while (f->next < f->n && *n < max) {
		/* Destroyed, or hidden by a logout, since the search began. */
		o = p11_objects_get(&c->token->objects, f->v[f->next]);
		if (o && p11_find_is_visible(c->token, o))
			out[(*n)++] = o->handle;
		f->next++;
	}
	return CKR_OK;
}

CK_RV p11_find_end(struct p11_call *c)
{
	if (!c->session->find.active)
		return CKR_OPERATION_NOT_INITIALIZED;
	p11_find_free(&c->session->find);
	return CKR_OK;
}

/* Not kept in memory: the card tells it to who has logged in, each time. */
static CK_RV private_data(struct p11_call *c, const struct p11_object *o, CK_ATTRIBUTE *t, CK_ULONG n)
{
	struct p11_object with_value = *o;
	struct wr value;
	CK_RV rv;

	wr_init_heap(&value, FILE_SIZE_MAX);
	rv = p11_rv(p11_data_read(c->token, o, &value));
	with_value.value = wr_view(&value);
	if (!rv)
		rv = p11_attr_get(&with_value, t, n);
	wr_free(&value);
	return rv;
}

/* Not kept either: the counter goes down with each use, and only who asks pays for the exchange. */
static const CK_ATTRIBUTE_TYPE card_tells[] = { CKA_ALLOWED_MECHANISMS, P11_CKA_USE_COUNTER, P11_CKA_ALGORITHMS,
						P11_CKA_KEY_DOMAIN, CKA_EXTRACTABLE, CKA_NEVER_EXTRACTABLE };

/* Who asks for these takes the key or the certificate with him; the others only tell which it is. */
static const CK_ATTRIBUTE_TYPE content[] = { CKA_VALUE, CKA_MODULUS, CKA_PUBLIC_EXPONENT, CKA_EC_POINT,
					     CKA_PUBLIC_KEY_INFO, P11_CKA_ATTESTATION, P11_CKA_UNIQUE_ID };

static bool names_one(const CK_ATTRIBUTE *t, CK_ULONG n, const CK_ATTRIBUTE_TYPE *types, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (names(t, n, types[i]))
			return true;
	return false;
}

/* may_leave: can it be wrapped now, so is it extractable? */
static enum err ask_card(struct p11_token *t, uint8_t key, struct hsm_key_attributes *a, bool *may_leave)
{
	struct deadline dl = deadline_never();
	enum err e = p11_token_begin(t);

	if (e)
		return e;
	e = hsm_key_attributes(t->card, key, a, &dl);
	if (!e)
		e = hsm_key_may_leave(t->card, a->domain, rd_of(a->algorithms, a->n), may_leave, &dl);
	return p11_token_end(t, e);
}

static CK_RV with_facts(struct p11_call *c, const struct p11_object *o, CK_ATTRIBUTE *t, CK_ULONG n)
{
	bool on_card = o->is_token && (o->class == CKO_PRIVATE_KEY || o->class == CKO_SECRET_KEY);
	struct hsm_key_attributes a = { .n = 0 };
	bool may_leave = false;
	enum err e = on_card ? ask_card(c->token, o->key, &a, &may_leave) : ERR_OK;
	CK_MECHANISM_TYPE mechanisms[P11_MECHS_MAX];
	struct p11_object full = *o;
	CK_ULONG left = a.counter;

	if (e)
		return e == ERR_NOT_FOUND ? CKR_OBJECT_HANDLE_INVALID : p11_rv(e);
	if (a.has_counter)
		full.counter = rd_of(&left, sizeof(left));
	full.algorithms = rd_of(a.algorithms, a.n);
	if (on_card)
		full.domain = rd_of(&a.domain, sizeof(a.domain));
	if (on_card && may_leave) {
		full.extractable = CK_TRUE;
		full.never_extractable = CK_FALSE;
	}
	full.mechanisms = rd_of(mechanisms, p11_mech_allowed(o, full.algorithms, mechanisms) * sizeof(mechanisms[0]));
	return p11_attr_get(&full, t, n);
}

CK_RV p11_find_attributes(struct p11_call *c, CK_OBJECT_HANDLE h, CK_ATTRIBUTE *t, CK_ULONG n)
{
	struct p11_object *o = p11_objects_get(&c->token->objects, h);
	CK_RV rv;

	if (!t && n)
		return CKR_ARGUMENTS_BAD;
	if (!o || !p11_find_is_visible(c->token, o))
		return CKR_OBJECT_HANDLE_INVALID;
	rv = names_one(t, n, content, sizeof(content) / sizeof(content[0])) ? p11_find_object(c, h, &o) : CKR_OK;
	if (rv)
		return rv;
	if (o->class == CKO_DATA && o->is_private && names(t, n, CKA_VALUE))
		return private_data(c, o, t, n);
	if (names_one(t, n, card_tells, sizeof(card_tells) / sizeof(card_tells[0])))
		return with_facts(c, o, t, n);
	return p11_attr_get(o, t, n);
}

CK_RV p11_find_size(struct p11_call *c, CK_OBJECT_HANDLE h, CK_ULONG *size)
{
	const struct p11_object *o = p11_objects_get(&c->token->objects, h);

	if (!size)
		return CKR_ARGUMENTS_BAD;
	if (!o || !p11_find_is_visible(c->token, o))
		return CKR_OBJECT_HANDLE_INVALID;
	*size = p11_attr_size(o);
	return CKR_OK;
}
