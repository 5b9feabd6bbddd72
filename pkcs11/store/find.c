/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/store/find.h"

#include <stdlib.h>

#include "base/limits.h"
#include "pkcs11/ck/rv.h"
#include "pkcs11/module/call.h"
#include "pkcs11/object/attr.h"
#include "pkcs11/store/data.h"
#include "sc-hsm/key.h"
#include "sc-hsm/wrap.h"

bool p11_find_is_visible(const struct p11_token *t, const struct p11_object *o)
{
	return !o->gone && (!o->is_private || t->login == P11_OPEN);
}

static CK_RV find(struct p11_call *c, CK_OBJECT_HANDLE h, enum p11_trust need, struct p11_object **out)
{
	struct p11_object *o = p11_objects_get(&c->token->objects, h);
	enum err e;

	if (!o || !p11_find_is_visible(c->token, o))
		return CKR_OBJECT_HANDLE_INVALID;
	e = p11_token_confirm(c->token, o, need);
	if (e)
		return e == ERR_NOT_FOUND ? CKR_OBJECT_HANDLE_INVALID : p11_rv(e);
	*out = o;
	return CKR_OK;
}

CK_RV p11_find_object(struct p11_call *c, CK_OBJECT_HANDLE h, struct p11_object **out)
{
	return find(c, h, P11_COMPARED, out);
}

static bool names(const CK_ATTRIBUTE *t, CK_ULONG n, CK_ATTRIBUTE_TYPE type)
{
	for (CK_ULONG i = 0; i < n; i++)
		if (t[i].type == type)
			return true;
	return false;
}

/*
 * Programs that look for certificates expect X.509, and those of 2.40 know no profiles: these are only found by who
 * names their type or class.
 */
static bool is_asked_for(const struct p11_object *o, const CK_ATTRIBUTE *t, CK_ULONG n)
{
	if (o->class == P11_CKO_PROFILE)
		return names(t, n, CKA_CLASS);
	return !p11_object_is_cvc(o) || names(t, n, CKA_CERTIFICATE_TYPE);
}

/* Not kept: the counter goes down with each use, and only who asks pays for the exchange. */
static const CK_ATTRIBUTE_TYPE card_tells[] = { CKA_ALLOWED_MECHANISMS, P11_CKA_USE_COUNTER, P11_CKA_ALGORITHMS,
						P11_CKA_KEY_DOMAIN, CKA_EXTRACTABLE, CKA_NEVER_EXTRACTABLE };

static bool names_one(const CK_ATTRIBUTE *t, CK_ULONG n, const CK_ATTRIBUTE_TYPE *types, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (names(t, n, types[i]))
			return true;
	return false;
}

static bool asks_card(const CK_ATTRIBUTE *t, CK_ULONG n)
{
	return names_one(t, n, card_tells, sizeof(card_tells) / sizeof(card_tells[0]));
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

struct facts {                          /* an object with what the card says of it now */
	struct p11_object full;
	struct hsm_key_attributes a;
	CK_ULONG left;
	CK_MECHANISM_TYPE mechanisms[P11_MECHS_MAX];
};

static enum err learn(struct p11_token *t, const struct p11_object *o, struct facts *f)
{
	bool on_card = o->is_token && (o->class == CKO_PRIVATE_KEY || o->class == CKO_SECRET_KEY), may_leave = false;
	struct p11_object *full = &f->full;
	enum err e;

	*full = *o;
	f->a = (struct hsm_key_attributes){ .n = 0 };
	e = on_card ? ask_card(t, o->key, &f->a, &may_leave) : ERR_OK;
	if (e)
		return e;
	f->left = f->a.counter;
	if (f->a.has_counter)
		full->counter = rd_of(&f->left, sizeof(f->left));
	full->algorithms = rd_of(f->a.algorithms, f->a.n);
	if (on_card)
		full->domain = rd_of(&f->a.domain, sizeof(f->a.domain));
	if (on_card && may_leave) {
		full->extractable = CK_TRUE;
		full->never_extractable = CK_FALSE;
	}
	full->mechanisms = rd_of(f->mechanisms, p11_mech_allowed(o, full->algorithms, f->mechanisms) *
						 sizeof(f->mechanisms[0]));
	return ERR_OK;
}

/* Not kept in memory: the card tells it to who has logged in, each time. */
static bool asks_private_data(const struct p11_object *o, const CK_ATTRIBUTE *t, CK_ULONG n)
{
	return o->class == CKO_DATA && o->is_private && names(t, n, CKA_VALUE);
}

static enum err match_private_data(struct p11_token *t, const struct p11_object *o, const CK_ATTRIBUTE *a, CK_ULONG n,
				   bool *yes)
{
	struct p11_object with_value = *o;
	struct wr value;
	enum err e;

	wr_init_heap(&value, FILE_SIZE_MAX);
	e = p11_data_read(t, o, &value);
	with_value.value = wr_view(&value);
	*yes = !e && p11_attr_match(&with_value, a, n);
	wr_free(&value);
	return e;
}

/* The card is asked of those alone that match otherwise. What was deleted meanwhile is no match. */
static enum err match(struct p11_token *t, const struct p11_object *o, const CK_ATTRIBUTE *a, CK_ULONG n, bool *yes)
{
	struct facts f;
	enum err e;

	*yes = p11_find_is_visible(t, o) && is_asked_for(o, a, n);
	for (CK_ULONG i = 0; *yes && i < n; i++)
		*yes = asks_card(&a[i], 1) || asks_private_data(o, &a[i], 1) || p11_attr_match(o, &a[i], 1);
	if (!*yes)
		return ERR_OK;
	if (asks_private_data(o, a, n)) {
		e = match_private_data(t, o, a, n, yes);
	} else if (asks_card(a, n)) {
		e = learn(t, o, &f);
		*yes = !e && p11_attr_match(&f.full, a, n);
	} else {
		return ERR_OK;
	}
	return e == ERR_NOT_FOUND ? ERR_OK : e;
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
	for (size_t i = 0; !e && i < o->n; i++) {
		bool yes;

		e = match(c->token, o->v[i], t, n, &yes);
		if (yes)
			f->v[f->n++] = o->v[i]->handle;
	}
	if (e)
		p11_find_free(f);
	else
		f->active = true;
	return p11_rv(e);
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

/* Who asks for these takes the key or the certificate with him; the others only tell which it is. */
static const CK_ATTRIBUTE_TYPE content[] = { CKA_VALUE, CKA_MODULUS, CKA_PUBLIC_EXPONENT, CKA_EC_POINT,
					     CKA_PUBLIC_KEY_INFO, P11_CKA_ATTESTATION, P11_CKA_UNIQUE_ID };

CK_RV p11_find_attributes(struct p11_call *c, CK_OBJECT_HANDLE h, CK_ATTRIBUTE *t, CK_ULONG n)
{
	enum p11_trust need = P11_DOUBTED;
	struct p11_object *o = NULL;
	struct facts f;
	enum err e;
	CK_RV rv;

	if (!t && n)
		return CKR_ARGUMENTS_BAD;
	if (names_one(t, n, content, sizeof(content) / sizeof(content[0])))
		need = P11_READ;
	rv = find(c, h, need, &o);
	if (rv)
		return rv;
	if (asks_private_data(o, t, n))
		return private_data(c, o, t, n);
	if (!asks_card(t, n))
		return p11_attr_get(o, t, n);
	e = learn(c->token, o, &f);
	if (e)
		return e == ERR_NOT_FOUND ? CKR_OBJECT_HANDLE_INVALID : p11_rv(e);
	return p11_attr_get(&f.full, t, n);
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
