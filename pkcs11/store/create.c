/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/store/create.h"

#include <string.h>

#include "base/tlv.h"
#include "pkcs11/ck/rv.h"
#include "pkcs11/module/call.h"
#include "pkcs11/object/keep.h"
#include "pkcs11/object/pubkey.h"
#include "pkcs11/object/template.h"
#include "pkcs11/store/cert.h"
#include "pkcs11/store/data.h"
#include "pkcs11/store/find.h"
#include "pkcs11/store/modify.h"

#define SPKI_MAX 2048

static CK_RV spki_rsa(const struct p11_template *t, struct wr *spki)
{
	if (!t->modulus.n || !t->exponent.n)
		return CKR_TEMPLATE_INCOMPLETE;
	return rsa_spki(rd_magnitude(t->modulus), rd_magnitude(t->exponent), spki) ? CKR_ATTRIBUTE_VALUE_INVALID :
		CKR_OK;
}

/* CKA_EC_POINT is a DER OCTET STRING; some callers give the point itself. */
static CK_RV spki_ec(const struct p11_template *t, struct wr *spki)
{
	struct rd params = t->ec_params, point = t->ec_point, oid, inner;
	const struct ec_domain *d;

	if (!params.n || !point.n)
		return CKR_TEMPLATE_INCOMPLETE;
	if (!rd_tlv(&params, 0x06, &oid) || !rd_end(&params))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	d = ec_domain_by_oid(oid);
	if (!d)
		return CKR_CURVE_NOT_SUPPORTED;
	if (!ec_point_is_valid(d->curve, point)) {
		if (!rd_tlv(&point, 0x04, &inner) || !rd_end(&point) || !ec_point_is_valid(d->curve, inner))
			return CKR_ATTRIBUTE_VALUE_INVALID;
		point = inner;
	}
	return ec_spki(d->curve, point, spki) ? CKR_ATTRIBUTE_VALUE_INVALID : CKR_OK;
}

static enum err fill_public(const struct p11_template *t, struct rd spki, struct p11_object *like)
{
	enum err e = p11_keep(&like->own, spki, &spki);

	if (!e)
		e = p11_pubkey_of_spki(spki, &like->own, like);
	if (!e)
		e = p11_keep(&like->own, t->label, &like->label);
	if (!e)
		e = p11_keep(&like->own, t->id, &like->id);
	if (!e)
		e = p11_keep(&like->own, t->subject, &like->subject);
	return e;
}

static CK_RV add_public(struct p11_call *c, const struct p11_template *t, struct rd spki, CK_OBJECT_HANDLE *out)
{
	struct p11_object like = {
		.class = CKO_PUBLIC_KEY, .session = c->session->handle, .verify = t->verify,
		.encrypt = t->encrypt && t->key_type == CKK_RSA, .made_by = CK_UNAVAILABLE_INFORMATION,
	};
	const struct p11_object *o;
	enum err e = fill_public(t, spki, &like);

	if (e) {
		p11_keep_clear(&like.own);
		return e == ERR_NOMEM ? CKR_HOST_MEMORY : CKR_ATTRIBUTE_VALUE_INVALID;
	}
	e = p11_objects_add_session(&c->token->objects, &like, &o);
	if (!e)
		*out = o->handle;
	return p11_rv(e);
}

/* Of the session: on the card public keys come with private ones. */
static CK_RV create_public(struct p11_call *c, const CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *out)
{
	struct p11_template tp = {
		.key_type = CK_UNAVAILABLE_INFORMATION, .verify = CK_TRUE, .encrypt = CK_TRUE,
	};
	struct wr spki;
	CK_RV rv = p11_template_read(t, n, P11_GIVEN_PUBLIC, &tp);

	if (rv)
		return rv;
	if (tp.token)
		return CKR_TEMPLATE_INCONSISTENT;
	if (tp.key_type == CK_UNAVAILABLE_INFORMATION)
		return CKR_TEMPLATE_INCOMPLETE;
	wr_init_heap(&spki, SPKI_MAX);
	rv = tp.key_type == CKK_RSA ? spki_rsa(&tp, &spki) : tp.key_type == CKK_EC ? spki_ec(&tp, &spki) :
	     CKR_ATTRIBUTE_VALUE_INVALID;
	if (!rv && tp.spki.n && !rd_eq(tp.spki, wr_view(&spki)))
		rv = CKR_TEMPLATE_INCONSISTENT;
	if (!rv)
		rv = add_public(c, &tp, wr_view(&spki), out);
	wr_free(&spki);
	return rv;
}

/*
 * A key's certificate has the names of its key. One without a label, as NSS makes it, takes that of the certificate, to
 * which alone a program may have given one.
 */
static CK_RV create_certificate(struct p11_call *c, const CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *out)
{
	CK_RV rv = p11_cert_create(c, t, n, out);
	const struct p11_object *o = rv ? NULL : p11_objects_get(&c->token->objects, *out);

	if (!o || !o->key || !o->modifiable || o->label.n)
		return rv;
	for (CK_ULONG i = 0; i < n; i++)
		if (t[i].type == CKA_LABEL && t[i].ulValueLen)
			return p11_modify(c, *out, &t[i], 1);
	return CKR_OK;
}

static const struct {
	CK_OBJECT_CLASS class;
	CK_RV (*create)(struct p11_call *c, const CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *out);
} classes[] = {
	{ CKO_CERTIFICATE, create_certificate },
	{ CKO_DATA, p11_data_create },
	{ CKO_PUBLIC_KEY, create_public },
};

static CK_RV read_class(const CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_CLASS *class)
{
	for (CK_ULONG i = 0; i < n; i++) {
		if (t[i].type != CKA_CLASS)
			continue;
		if (!t[i].pValue || t[i].ulValueLen != sizeof(*class))
			return CKR_ATTRIBUTE_VALUE_INVALID;
		memcpy(class, t[i].pValue, sizeof(*class));
		return CKR_OK;
	}
	return CKR_TEMPLATE_INCOMPLETE;
}

CK_RV p11_create(struct p11_call *c, const CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *out)
{
	CK_OBJECT_CLASS class = 0;
	enum err e;
	CK_RV rv;

	if (!out || (!t && n))
		return CKR_ARGUMENTS_BAD;
	rv = read_class(t, n, &class);
	if (rv)
		return rv;
	e = p11_token_load(c->token);
	if (e)
		return p11_rv(e);
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (classes[i].class == class)
			return classes[i].create(c, t, n, out);
	/* Keys are made on the card or come wrapped. */
	return CKR_TEMPLATE_INCONSISTENT;
}

CK_RV p11_destroy(struct p11_call *c, CK_OBJECT_HANDLE h)
{
	struct p11_object *o;
	CK_RV rv = p11_find_object(c, h, &o);

	if (rv)
		return rv;
	if (o->is_token)
		return p11_cert_destroy(c, h);
	p11_objects_end_object(&c->token->objects, h);
	return CKR_OK;
}
