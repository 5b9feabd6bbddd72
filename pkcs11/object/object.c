/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/object/object.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "pkcs11/object/keep.h"
#include "pkcs11/object/pubkey.h"

#define CATEGORY_USER 1         /* CK_CERTIFICATE_CATEGORY_TOKEN_USER */
#define CATEGORY_AUTHORITY 2    /* CK_CERTIFICATE_CATEGORY_AUTHORITY */
#define USE_SIGN (P15_USE_SIGN | P15_USE_SIGN_RECOVER | P15_USE_NON_REPUDIATION)

static void object_free(struct p11_object *o)
{
	secret_free(&o->secret);
	p11_keep_clear(&o->own);
	free(o);
}

void p11_objects_clear(struct p11_objects *o)
{
	for (size_t i = 0; i < o->n; i++)
		object_free(o->v[i]);
	o->n = 0;
	o->loaded = false;
	p11_keep_clear(&o->kept);
}

struct p11_object *p11_objects_get(const struct p11_objects *o, CK_OBJECT_HANDLE h)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->v[i]->handle == h)
			return o->v[i]->gone ? NULL : o->v[i];
	return NULL;
}

struct p11_object *p11_objects_of_key(const struct p11_objects *o, uint8_t key, CK_OBJECT_CLASS class)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->v[i]->key == key && o->v[i]->class == class && !o->v[i]->gone)
			return o->v[i];
	return NULL;
}

struct p11_object *p11_objects_cert_of_fid(const struct p11_objects *o, uint16_t fid)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->v[i]->class == CKO_CERTIFICATE && o->v[i]->fid == fid && !o->v[i]->gone)
			return o->v[i];
	return NULL;
}

void p11_objects_renew_private(struct p11_objects *o)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->v[i]->is_private)
			o->v[i]->handle = ++o->last;
}

void p11_objects_forget_key(struct p11_objects *o, uint8_t key)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->v[i]->key == key)
			o->v[i]->gone = true;
}

uint8_t p11_objects_key_of_spki(const struct p11_objects *o, struct rd spki)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->v[i]->class == CKO_PUBLIC_KEY && o->v[i]->key && !o->v[i]->gone && rd_eq(o->v[i]->spki, spki))
			return o->v[i]->key;
	return 0;
}

static enum err add(struct p11_objects *o, const struct p11_object *like, CK_OBJECT_CLASS class)
{
	struct p11_object *obj;

	if (o->n == P11_OBJECTS_MAX)
		return ERR_LIMIT;
	obj = malloc(sizeof(*obj));
	if (!obj)
		return ERR_NOMEM;
	*obj = *like;
	obj->class = class;
	obj->is_private = like->is_private || class == CKO_PRIVATE_KEY;
	obj->is_token = CK_TRUE;
	/* The public key is the attestation or certificate of the private one: it goes with it. */
	obj->destroyable = class != CKO_PUBLIC_KEY;
	obj->handle = ++o->last;
	o->v[o->n++] = obj;
	return ERR_OK;
}

enum err p11_objects_add_session(struct p11_objects *o, struct p11_object *like, const struct p11_object **out)
{
	struct p11_object *obj = o->n < P11_OBJECTS_MAX ? malloc(sizeof(*obj)) : NULL;

	if (!obj) {
		secret_free(&like->secret);
		p11_keep_clear(&like->own);
		return o->n < P11_OBJECTS_MAX ? ERR_NOMEM : ERR_LIMIT;
	}
	*obj = *like;
	obj->is_token = CK_FALSE;
	obj->destroyable = CK_TRUE;
	obj->handle = ++o->last;
	o->v[o->n++] = obj;
	*out = obj;
	return ERR_OK;
}

static void end_if(struct p11_objects *o, bool (*is_it)(const struct p11_object *obj, CK_ULONG what), CK_ULONG what)
{
	size_t kept = 0;

	for (size_t i = 0; i < o->n; i++) {
		if (!o->v[i]->is_token && is_it(o->v[i], what))
			object_free(o->v[i]);
		else
			o->v[kept++] = o->v[i];
	}
	o->n = kept;
}

static bool has_handle(const struct p11_object *obj, CK_ULONG h)
{
	return obj->handle == h;
}

static bool is_of_session(const struct p11_object *obj, CK_ULONG session)
{
	return !session || obj->session == session;
}

void p11_objects_end_object(struct p11_objects *o, CK_OBJECT_HANDLE h)
{
	end_if(o, has_handle, h);
}

void p11_objects_end_session(struct p11_objects *o, CK_SESSION_HANDLE session)
{
	end_if(o, is_of_session, session);
}

static bool is_private(const struct p11_object *obj, CK_ULONG what)
{
	(void)what;
	return obj->is_private;
}

void p11_objects_end_private(struct p11_objects *o)
{
	end_if(o, is_private, 0);
}

static void describe(const struct p15_key *k, struct p11_object *o)
{
	o->label = k->label;
	o->id = k->id;
	o->type = k->type == P15_RSA ? CKK_RSA : CKK_EC;
	o->bits = k->bits;
	o->sign = (k->usage & USE_SIGN) != 0;
	o->decrypt = k->type == P15_RSA && (k->usage & P15_USE_DECRYPT) != 0;
	o->derive = k->type == P15_EC && (k->usage & P15_USE_DERIVE) != 0;
	o->encrypt = k->type == P15_RSA;
	o->sensitive = CK_TRUE;
}

/*
 * The first element of a file: what follows can be the tail of an older, longer one, since the card never truncates
 * (reference 3.8). A file that does not begin with an element stays as it is.
 */
static struct rd first_element(struct rd file)
{
	struct rd r = file, whole, val;
	uint32_t tag;

	return rd_tlv_any(&r, &tag, &whole, &val) ? whole : file;
}

enum err p11_objects_add_key(struct p11_objects *o, uint8_t key, struct rd prkd, struct rd ee)
{
	struct p11_object proto = { .key = key, .fid = HSM_FID(HSM_FID_EE, key), .category = CATEGORY_USER,
				    .about = HSM_FID(HSM_FID_PRKD, key) };
	struct p15_key k;
	bool has_public;
	enum err e = p11_keep(&o->kept, prkd, &prkd);

	if (!e)
		e = p15_key_read(prkd, &k);
	if (!e && k.type != P15_RSA && k.type != P15_EC)
		e = ERR_UNSUPPORTED;
	if (!e)
		e = p11_keep(&o->kept, first_element(ee), &ee);
	if (e)
		return e;
	describe(&k, &proto);
	e = ee.n ? p11_pubkey_read(ee, &o->kept, &proto) : ERR_NOT_FOUND;
	if (e == ERR_NOMEM)
		return e;
	has_public = !e;
	if (e)
		log_line(LOG_P11, LOG_WARN, "key %u has no public key that can be read: %s", key, err_text(e));
	proto.verify = CK_TRUE;
	/* True of a key that the card attests to have made itself; of others nobody knows. */
	proto.always_sensitive = proto.never_extractable = proto.local;
	proto.made_by = !proto.local ? CK_UNAVAILABLE_INFORMATION :
			proto.type == CKK_RSA ? CKM_RSA_PKCS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN;
	if (has_public && P11_EE_IS_X509(ee)) {
		e = p11_pubkey_certificate(ee, &o->kept, &proto);
		if (!e)
			e = add(o, &proto, CKO_CERTIFICATE);
		if (e)
			return e;
	}
	e = add(o, &proto, CKO_PRIVATE_KEY);
	if (!e && has_public)
		e = add(o, &proto, CKO_PUBLIC_KEY);
	return e;
}

enum err p11_objects_add_ca(struct p11_objects *o, uint16_t fid, struct rd cd, struct rd der)
{
	struct p11_object proto = { .fid = fid, .about = HSM_FID(HSM_FID_CD, fid & 0xff) };
	struct p15_cert c;
	enum err e = p11_keep(&o->kept, cd, &cd);

	if (!e)
		e = p15_cert_read(cd, &c);
	if (!e && !P11_EE_IS_X509(der))
		e = ERR_UNSUPPORTED;
	if (!e)
		e = p11_keep(&o->kept, first_element(der), &der);
	if (!e)
		e = p11_pubkey_certificate(der, &o->kept, &proto);
	if (e)
		return e;
	proto.label = c.label;
	proto.id = c.id;
	proto.category = c.authority ? CATEGORY_AUTHORITY : CATEGORY_USER;
	return add(o, &proto, CKO_CERTIFICATE);
}

enum err p11_objects_add_data(struct p11_objects *o, uint8_t low, struct rd dcod, struct rd value,
			      const struct p11_object **out)
{
	struct p11_object proto = { .about = HSM_FID(HSM_FID_DCOD, low) };
	struct rd element = RD_NONE;
	struct p15_data d;
	uint8_t oid[64];
	struct wr w;
	enum err e = p11_keep(&o->kept, dcod, &dcod);

	if (!e)
		e = p15_data_read(dcod, &d);
	if (!e)
		e = p11_keep(&o->kept, value, &proto.value);
	if (e)
		return e;
	WR_ARR(&w, oid);
	if (d.oid.n)
		wr_tlv(&w, 0x06, d.oid);
	e = wr_done(&w);
	if (!e)
		e = p11_keep(&o->kept, wr_view(&w), &element);
	proto.label = d.label;
	proto.application = d.application;
	proto.object_id = element;
	proto.fid = d.fid;
	proto.is_private = d.fid >> 8 == HSM_FID_DATA_PRIVATE;
	if (!e)
		e = add(o, &proto, CKO_DATA);
	if (!e && out)
		*out = o->v[o->n - 1];
	return e;
}

enum err p11_objects_rename(struct p11_objects *o, uint16_t about, struct rd label, struct rd id)
{
	bool has_label = label.p, has_id = id.p;
	enum err e = p11_keep(&o->kept, label, &label);

	if (!e)
		e = p11_keep(&o->kept, id, &id);
	for (size_t i = 0; !e && i < o->n; i++) {
		if (!o->v[i]->is_token || o->v[i]->about != about)
			continue;
		if (has_label)
			o->v[i]->label = label;
		if (has_id)
			o->v[i]->id = id;
	}
	return e;
}

enum err p11_objects_add_cert(struct p11_objects *o, uint8_t key, struct rd der)
{
	struct p11_object *priv = p11_objects_of_key(o, key, CKO_PRIVATE_KEY),
			  *old = p11_objects_of_key(o, key, CKO_CERTIFICATE);
	struct p11_object proto;
	enum err e;

	if (!priv)
		return ERR_BUG;
	proto = *priv;
	proto.is_private = CK_FALSE;
	proto.category = CATEGORY_USER;
	e = p11_keep(&o->kept, der, &der);
	if (!e)
		e = p11_pubkey_read(der, &o->kept, &proto);
	if (!e)
		e = p11_pubkey_certificate(der, &o->kept, &proto);
	if (!e)
		e = add(o, &proto, CKO_CERTIFICATE);
	if (!e && !p11_objects_of_key(o, key, CKO_PUBLIC_KEY))
		e = add(o, &proto, CKO_PUBLIC_KEY);
	if (!e && old)
		old->gone = true;
	return e;
}

/* Failures that concern one object, not the way to the card. */
static bool is_of_one(enum err e)
{
	return e == ERR_NOT_FOUND || e == ERR_AUTH || e == ERR_LIMIT || e == ERR_FORMAT || e == ERR_UNSUPPORTED;
}

struct pair {                   /* a description and what it describes; kept from key to key for their memory */
	struct wr about, thing;
};

static enum err read_pair(struct hsm_card *card, uint16_t about, uint16_t thing, struct pair *p, struct deadline *dl)
{
	enum err e;

	wr_reset(&p->about);
	wr_reset(&p->thing);
	e = hsm_file_read(card, about, &p->about, dl);
	if (e)
		return e;
	e = hsm_file_read(card, thing, &p->thing, dl);
	/* open firmware does not list these files, so that only reading tells (reference 3.10) */
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err load_key(struct p11_objects *o, struct hsm_card *card, uint8_t key, struct pair *p, struct deadline *dl)
{
	enum err e = read_pair(card, HSM_FID(HSM_FID_PRKD, key), HSM_FID(HSM_FID_EE, key), p, dl);

	return e ? e : p11_objects_add_key(o, key, wr_view(&p->about), wr_view(&p->thing));
}

static enum err load_ca(struct p11_objects *o, struct hsm_card *card, uint8_t low, struct pair *p, struct deadline *dl)
{
	uint16_t fid = HSM_FID(HSM_FID_CA, low);
	enum err e = read_pair(card, HSM_FID(HSM_FID_CD, low), fid, p, dl);

	return e ? e : p11_objects_add_ca(o, fid, wr_view(&p->about), wr_view(&p->thing));
}

/* The path in the description leads to the data, whatever its number. That of a private object is not read here. */
static enum err load_data(struct p11_objects *o, struct hsm_card *card, uint8_t low, struct pair *p,
			  struct deadline *dl)
{
	struct p15_data d;
	enum err e;

	wr_reset(&p->about);
	wr_reset(&p->thing);
	e = hsm_file_read(card, HSM_FID(HSM_FID_DCOD, low), &p->about, dl);
	if (!e)
		e = p15_data_read(wr_view(&p->about), &d);
	if (!e && d.fid >> 8 == HSM_FID_DATA)
		e = hsm_file_read(card, d.fid, &p->thing, dl);
	else if (!e && d.fid >> 8 != HSM_FID_DATA_PRIVATE)
		e = ERR_FORMAT;
	return e ? e : p11_objects_add_data(o, low, wr_view(&p->about), wr_view(&p->thing), NULL);
}

static enum err left_out(enum err e, const char *what, unsigned low)
{
	if (!is_of_one(e))
		return e;
	log_line(LOG_P11, LOG_WARN, "%s%02X is left out: %s", what, low, err_text(e));
	return ERR_OK;
}

enum err p11_objects_load(struct p11_objects *o, struct hsm_card *card, struct deadline *dl)
{
	struct hsm_fids fids;
	struct pair p;
	enum err e;

	wr_init_heap(&p.about, FILE_SIZE_MAX);
	wr_init_heap(&p.thing, FILE_SIZE_MAX);
	p11_objects_clear(o);
	e = hsm_file_list(card, &fids, dl);
	for (unsigned low = 0; !e && low <= 0xff; low++) {
		/* CC00 is the device key. A key without description is nobody's (reference 7.2). */
		if (low && hsm_fids_has(&fids, HSM_FID(HSM_FID_KEY, low)) &&
		    hsm_fids_has(&fids, HSM_FID(HSM_FID_PRKD, low)))
			e = load_key(o, card, (uint8_t)low, &p, dl);
		e = left_out(e, "key CC", low);
		if (!e && hsm_fids_has(&fids, HSM_FID(HSM_FID_CD, low)))
			e = load_ca(o, card, (uint8_t)low, &p, dl);
		e = left_out(e, "certificate CA", low);
		if (!e && hsm_fids_has(&fids, HSM_FID(HSM_FID_DCOD, low)))
			e = load_data(o, card, (uint8_t)low, &p, dl);
		e = left_out(e, "data C9", low);
	}
	wr_free(&p.about);
	wr_free(&p.thing);
	if (e)
		p11_objects_clear(o);
	else
		o->loaded = true;
	return e;
}
