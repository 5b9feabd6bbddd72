/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/store/copy.h"

#include <string.h>

#include "pkcs11/ck/rv.h"
#include "pkcs11/module/call.h"
#include "pkcs11/object/attr.h"
#include "pkcs11/object/keep.h"
#include "pkcs11/object/template.h"
#include "pkcs11/store/create.h"
#include "pkcs11/store/data.h"
#include "pkcs11/store/find.h"

/* How much a copy may differ from what it is made of (PKCS#11 2.40 4.1.2 to 4.1.4). */
static const struct row {
	CK_ATTRIBUTE_TYPE type;
	enum { ANY, ONLY_UP, ONLY_DOWN } how;   /* UP: from false to true */
} rows[] = {
	{ CKA_LABEL, ANY },
	{ CKA_ID, ANY },
	{ CKA_TOKEN, ANY },
	{ CKA_PRIVATE, ANY },
	{ CKA_SENSITIVE, ONLY_UP },
	{ CKA_EXTRACTABLE, ONLY_DOWN },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* What an object of the class is made of anew. */
static const CK_ATTRIBUTE_TYPE of_data[] = { CKA_CLASS, CKA_TOKEN, CKA_PRIVATE, CKA_LABEL, CKA_APPLICATION,
					     CKA_OBJECT_ID, CKA_VALUE };
static const CK_ATTRIBUTE_TYPE of_public[] = { CKA_CLASS, CKA_TOKEN, CKA_PRIVATE, CKA_KEY_TYPE, CKA_LABEL, CKA_ID,
					       CKA_SUBJECT, CKA_VERIFY, CKA_ENCRYPT, CKA_MODULUS, CKA_PUBLIC_EXPONENT,
					       CKA_EC_PARAMS, CKA_EC_POINT };
#define PARTS_MAX 13

static CK_RV check_one(const struct p11_object *o, const CK_ATTRIBUTE *a)
{
	CK_BBOOL old = CK_FALSE, fresh;
	CK_ATTRIBUTE now = { a->type, &old, sizeof(old) };
	const struct row *r = NULL;

	for (size_t i = 0; i < ROWS && !r; i++)
		if (rows[i].type == a->type)
			r = &rows[i];
	if (!p11_attr_has(o, a->type))
		return CKR_ATTRIBUTE_TYPE_INVALID;
	if (!r)
		return CKR_ATTRIBUTE_READ_ONLY;
	if (!a->pValue && a->ulValueLen)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (a->type == CKA_LABEL || a->type == CKA_ID)
		return CKR_OK;
	if (a->ulValueLen != sizeof(fresh))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	memcpy(&fresh, a->pValue, sizeof(fresh));
	if (p11_attr_get(o, &now, 1))
		return CKR_GENERAL_ERROR;
	if ((r->how == ONLY_UP && old && !fresh) || (r->how == ONLY_DOWN && !old && fresh))
		return CKR_ATTRIBUTE_READ_ONLY;
	return CKR_OK;
}

static const CK_ATTRIBUTE *named(const CK_ATTRIBUTE *t, CK_ULONG n, CK_ATTRIBUTE_TYPE type)
{
	for (CK_ULONG i = 0; i < n; i++)
		if (t[i].type == type)
			return &t[i];
	return NULL;
}

static void take_bool(const CK_ATTRIBUTE *t, CK_ULONG n, CK_ATTRIBUTE_TYPE type, CK_BBOOL *field)
{
	const CK_ATTRIBUTE *a = named(t, n, type);
	CK_BBOOL flag;

	if (!a)
		return;
	memcpy(&flag, a->pValue, sizeof(flag));
	*field = flag ? CK_TRUE : CK_FALSE;
}

static enum err take_bytes(const CK_ATTRIBUTE *t, CK_ULONG n, CK_ATTRIBUTE_TYPE type, struct rd old,
			   struct p11_object *like, struct rd *field)
{
	const CK_ATTRIBUTE *a = named(t, n, type);

	return p11_keep(&like->own, a ? rd_of(a->pValue, a->ulValueLen) : old, field);
}

/* A derived key: of a session, as this one is. */
static CK_RV copy_secret(struct p11_call *c, const struct p11_object *o, const CK_ATTRIBUTE *t, CK_ULONG n,
			 CK_OBJECT_HANDLE *out)
{
	struct p11_object like = *o;
	const struct p11_object *copy;
	CK_BBOOL token = CK_FALSE;
	enum err e;

	take_bool(t, n, CKA_TOKEN, &token);
	take_bool(t, n, CKA_PRIVATE, &like.is_private);
	take_bool(t, n, CKA_SENSITIVE, &like.sensitive);
	take_bool(t, n, CKA_EXTRACTABLE, &like.extractable);
	if (token)
		return CKR_TEMPLATE_INCONSISTENT;
	if (like.is_private && c->token->login != P11_OPEN)
		return CKR_USER_NOT_LOGGED_IN;
	like.session = c->session->handle;
	like.own = NULL;
	like.secret = NULL;
	e = take_bytes(t, n, CKA_LABEL, o->label, &like, &like.label);
	if (!e)
		e = take_bytes(t, n, CKA_ID, o->id, &like, &like.id);
	if (!e)
		e = p11_keep(&like.own, o->check, &like.check);
	if (!e)
		e = secret_new(secret_view(o->secret), &like.secret);
	if (e) {
		p11_keep_clear(&like.own);
		return p11_rv(e);
	}
	e = p11_objects_add_session(&c->token->objects, &like, &copy);
	if (!e)
		*out = copy->handle;
	return p11_rv(e);
}

/*
 * The template of which o would be made, with what the copy shall have instead; into parts, which get views of the
 * object. value: of data that the card keeps to itself.
 */
static CK_ULONG compose(const struct p11_object *o, struct rd value, const CK_ATTRIBUTE *t, CK_ULONG n,
			CK_ATTRIBUTE parts[PARTS_MAX])
{
	const CK_ATTRIBUTE_TYPE *types = o->class == CKO_DATA ? of_data : of_public;
	size_t count = o->class == CKO_DATA ? sizeof(of_data) / sizeof(of_data[0]) :
					      sizeof(of_public) / sizeof(of_public[0]);
	struct p11_object with_value = *o;
	const CK_ATTRIBUTE *a;
	CK_ULONG used = 0;
	struct rd view;

	with_value.value = value;
	for (size_t i = 0; i < count; i++) {
		a = named(t, n, types[i]);
		if (a) {
			parts[used++] = *a;
		} else if (p11_attr_view(types[i] == CKA_VALUE ? &with_value : o, types[i], &view) == CKR_OK) {
			/* Only read; a template's values are not const. */
			memcpy(&parts[used].pValue, &view.p, sizeof(view.p));
			parts[used].ulValueLen = view.n;
			parts[used++].type = types[i];
		}
	}
	return used;
}

static CK_RV copy_made_anew(struct p11_call *c, const struct p11_object *o, const CK_ATTRIBUTE *t, CK_ULONG n,
			    CK_OBJECT_HANDLE *out)
{
	CK_ATTRIBUTE parts[PARTS_MAX];
	struct rd kept = o->value;
	struct wr value;
	CK_RV rv = CKR_OK;

	wr_init_heap(&value, FILE_SIZE_MAX);
	if (o->class == CKO_DATA && o->is_private) {
		rv = p11_rv(p11_data_read(c->token, o, &value));
		kept = wr_view(&value);
	}
	if (!rv)
		rv = p11_create(c, parts, compose(o, kept, t, n, parts), out);
	wr_free(&value);
	return rv;
}

CK_RV p11_copy(struct p11_call *c, CK_OBJECT_HANDLE h, const CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *out)
{
	struct p11_object *o;
	CK_RV rv;

	if (!out || (!t && n))
		return CKR_ARGUMENTS_BAD;
	rv = p11_find_object(c, h, &o);
	if (!rv && !o->copyable)
		rv = CKR_ACTION_PROHIBITED;
	for (CK_ULONG i = 0; !rv && i < n; i++)
		rv = check_one(o, &t[i]);
	if (!rv && p11_template_contradicts(t, n))
		rv = CKR_TEMPLATE_INCONSISTENT;
	if (rv)
		return rv;
	return o->class == CKO_SECRET_KEY ? copy_secret(c, o, t, n, out) : copy_made_anew(c, o, t, n, out);
}
