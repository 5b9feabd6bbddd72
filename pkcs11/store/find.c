/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/store/find.h"

#include <stdlib.h>

#include "base/limits.h"
#include "pkcs11/ck/rv.h"
#include "pkcs11/module/module.h"
#include "pkcs11/object/attr.h"
#include "pkcs11/store/data.h"

bool p11_find_is_visible(const struct p11_token *t, const struct p11_object *o)
{
	return !o->gone && (!o->is_private || t->login == P11_OPEN);
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
		if (p11_find_is_visible(c->token, o->v[i]) && p11_attr_match(o->v[i], t, n))
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

static bool wants_value(const CK_ATTRIBUTE *t, CK_ULONG n)
{
	for (CK_ULONG i = 0; i < n; i++)
		if (t[i].type == CKA_VALUE)
			return true;
	return false;
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

CK_RV p11_find_attributes(struct p11_call *c, CK_OBJECT_HANDLE h, CK_ATTRIBUTE *t, CK_ULONG n)
{
	const struct p11_object *o = p11_objects_get(&c->token->objects, h);

	if (!t && n)
		return CKR_ARGUMENTS_BAD;
	if (!o || !p11_find_is_visible(c->token, o))
		return CKR_OBJECT_HANDLE_INVALID;
	if (o->class != CKO_DATA || !o->is_private || !wants_value(t, n))
		return p11_attr_get(o, t, n);
	return private_data(c, o, t, n);
}
