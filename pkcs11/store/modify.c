/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/store/modify.h"

#include "pkcs11/ck/rv.h"
#include "pkcs11/module/call.h"
#include "pkcs11/object/attr.h"
#include "pkcs11/object/keep.h"
#include "pkcs11/object/template.h"
#include "pkcs11/store/cert.h"
#include "pkcs11/store/find.h"

struct names {
	struct rd label, id;            /* p NULL: stays as it is */
};

static CK_RV read_names(const struct p11_object *o, const CK_ATTRIBUTE *t, CK_ULONG n, struct names *out)
{
	struct rd *to;

	*out = (struct names){ RD_NONE, RD_NONE };
	for (CK_ULONG i = 0; i < n; i++) {
		if (!p11_attr_has(o, t[i].type))
			return CKR_ATTRIBUTE_TYPE_INVALID;
		if (t[i].type != CKA_LABEL && t[i].type != CKA_ID)
			return CKR_ATTRIBUTE_READ_ONLY;
		if (!t[i].pValue && t[i].ulValueLen)
			return CKR_ATTRIBUTE_VALUE_INVALID;
		to = t[i].type == CKA_LABEL ? &out->label : &out->id;
		*to = rd_of(t[i].pValue ? t[i].pValue : "", t[i].ulValueLen);
	}
	return p11_template_contradicts(t, n) ? CKR_TEMPLATE_INCONSISTENT : CKR_OK;
}

static void put_names(const struct names *n, struct rd *label, struct rd *id)
{
	if (n->label.p)
		*label = n->label;
	if (n->id.p && id)
		*id = n->id;
}

static enum err rewrite_key(const struct names *n, struct rd old, struct wr *fresh)
{
	struct p15_key k;
	enum err e = p15_key_read(old, &k);

	if (e)
		return e;
	put_names(n, &k.label, &k.id);
	return p15_key_write(&k, fresh);
}

static enum err rewrite_cert(const struct names *n, struct rd old, struct wr *fresh)
{
	struct p15_cert c;
	enum err e = p15_cert_read(old, &c);

	if (e)
		return e;
	put_names(n, &c.label, &c.id);
	return p15_cert_write(&c, fresh);
}

static enum err rewrite_data(const struct names *n, struct rd old, struct wr *fresh)
{
	struct p15_data d;
	enum err e = p15_data_read(old, &d);

	if (e)
		return e;
	put_names(n, &d.label, NULL);
	return p15_data_write(&d, d.fid >> 8 == HSM_FID_DATA_PRIVATE, fresh);
}

/* Everything else in the description stays; fresh is what it is then. The caller has begun a sequence. */
static enum err rewrite(struct hsm_card *card, const struct p11_object *o, const struct names *n, struct wr *fresh)
{
	enum err (*const how)(const struct names *n, struct rd old, struct wr *fresh) =
		o->class == CKO_DATA ? rewrite_data : o->key ? rewrite_key : rewrite_cert;
	struct deadline dl = deadline_never();
	struct wr old;
	enum err e;

	wr_init_heap(&old, FILE_SIZE_MAX);
	e = hsm_file_read(card, o->about, &old, &dl);
	if (!e)
		e = how(n, wr_view(&old), fresh);
	if (!e)
		e = hsm_file_write(card, o->about, wr_view(fresh), &dl);
	wr_free(&old);
	return e;
}

static CK_RV rename_session(struct p11_object *o, const struct names *n)
{
	enum err e = n->label.p ? p11_keep(&o->own, n->label, &o->label) : ERR_OK;

	if (!e && n->id.p)
		e = p11_keep(&o->own, n->id, &o->id);
	return p11_rv(e);
}

CK_RV p11_modify(struct p11_call *c, CK_OBJECT_HANDLE h, const CK_ATTRIBUTE *t, CK_ULONG n)
{
	struct p11_token *token = c->token;
	struct p11_object *o;
	struct names names;
	struct wr fresh;
	enum err e;
	CK_RV rv;

	if (!t && n)
		return CKR_ARGUMENTS_BAD;
	rv = p11_find_object(c, h, &o);
	if (rv)
		return rv;
	if (!o->modifiable)
		return CKR_ACTION_PROHIBITED;
	rv = read_names(o, t, n, &names);
	if (!rv && o->is_token)
		rv = p11_cert_check_writable(c);
	if (rv || !n)
		return rv;
	if (!o->is_token)
		return rename_session(o, &names);
	wr_init_heap(&fresh, FILE_SIZE_MAX);
	e = p11_token_begin_user(token);
	if (!e)
		e = p11_token_end(token, rewrite(token->card, o, &names, &fresh));
	p11_token_changed(token);
	if (!e)
		e = p11_objects_rename(&token->objects, o->about, names.label, names.id, wr_view(&fresh));
	wr_free(&fresh);
	return p11_rv(e);
}
