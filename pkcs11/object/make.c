/* SPDX-License-Identifier: Apache-2.0 */
/* What the card's files become. */
#include "pkcs11/object/object.h"

#include "base/cvc.h"
#include "base/log.h"
#include "pkcs11/object/keep.h"
#include "pkcs11/object/pubkey.h"

#define CATEGORY_USER 1         /* CK_CERTIFICATE_CATEGORY_TOKEN_USER */
#define CATEGORY_AUTHORITY 2    /* CK_CERTIFICATE_CATEGORY_AUTHORITY */
#define USE_SIGN (P15_USE_SIGN | P15_USE_SIGN_RECOVER | P15_USE_NON_REPUDIATION)

static void describe(const struct p15_key *k, struct p11_object *o)
{
	o->label = k->label;
	o->id = k->id;
	o->type = k->type == P15_RSA ? CKK_RSA : k->type == P15_EC ? CKK_EC : CKK_AES;
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
struct rd p11_object_content(struct rd file)
{
	struct rd r = file, whole, val;
	uint32_t tag;

	return rd_tlv_any(&r, &tag, &whole, &val) ? whole : file;
}

/* A certificate, with or without a key, of either kind; an attestation is none. like gets what the key has of it. */
static enum err add_certificate(struct p11_objects *o, struct rd file, struct p11_object *like)
{
	struct p11_object cvc = *like;
	enum err e;

	if (P11_EE_IS_X509(file)) {
		e = p11_pubkey_certificate(file, &o->kept, like);
		return e ? e : p11_objects_add(o, like, CKO_CERTIFICATE);
	}
	e = p11_pubkey_cvc(file, &o->kept, &cvc);
	if (e)
		return e == ERR_NOMEM || !like->attestation.n ? e : ERR_OK;
	return p11_objects_add(o, &cvc, CKO_CERTIFICATE);
}

/*
 * The card attests to no such key. Its description is all that says what it is for; which algorithms it really has, the
 * card says, when it is asked.
 */
static enum err add_secret(struct p11_objects *o, const struct p15_key *k, struct p11_object *proto)
{
	proto->is_private = CK_TRUE;
	proto->secret_size = k->bits / 8;
	proto->encrypt = (k->usage & P15_USE_ENCRYPT) != 0;
	proto->decrypt = (k->usage & P15_USE_DECRYPT) != 0;
	proto->verify = proto->sign || k->usage & P15_USE_VERIFY;
	proto->derive = (k->usage & P15_USE_DERIVE) != 0;
	proto->made_by = CK_UNAVAILABLE_INFORMATION;
	return p11_objects_add(o, proto, CKO_SECRET_KEY);
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
	if (!e)
		e = p11_keep(&o->kept, p11_object_content(ee), &ee);
	if (e)
		return e;
	proto.about_file = prkd;
	proto.file = ee;
	describe(&k, &proto);
	if (k.type == P15_AES)
		return add_secret(o, &k, &proto);
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
	e = has_public ? add_certificate(o, ee, &proto) : ERR_OK;
	if (!e)
		e = p11_objects_add(o, &proto, CKO_PRIVATE_KEY);
	if (!e && has_public)
		e = p11_objects_add(o, &proto, CKO_PUBLIC_KEY);
	return e;
}

enum err p11_objects_add_ca(struct p11_objects *o, uint16_t fid, struct rd cd, struct rd der)
{
	struct p11_object proto = { .fid = fid, .about = HSM_FID(HSM_FID_CD, fid & 0xff) };
	struct p15_cert c;
	enum err e = p11_keep(&o->kept, cd, &cd);

	if (!e)
		e = p15_cert_read(cd, &c);
	if (!e)
		e = p11_keep(&o->kept, p11_object_content(der), &der);
	if (e)
		return e;
	proto.about_file = cd;
	proto.file = der;
	proto.label = c.label;
	proto.id = c.id;
	proto.category = c.authority ? CATEGORY_AUTHORITY : CATEGORY_USER;
	return add_certificate(o, der, &proto);
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
	proto.about_file = dcod;
	proto.file = proto.value;
	proto.label = d.label;
	proto.application = d.application;
	proto.object_id = element;
	proto.fid = d.fid;
	proto.is_private = d.fid >> 8 == HSM_FID_DATA_PRIVATE;
	if (!e)
		e = p11_objects_add(o, &proto, CKO_DATA);
	if (!e && out)
		*out = o->v[o->n - 1];
	return e;
}

/* What a key has of its certificate. */
static void take_public(struct p11_object *o, const struct p11_object *from)
{
	o->bits = from->bits;
	o->curve = from->curve;
	o->modulus = from->modulus;
	o->exponent = from->exponent;
	o->ec_params = from->ec_params;
	o->ec_point = from->ec_point;
	o->q = from->q;
	o->spki = from->spki;
	o->subject = from->subject;
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
		e = p11_objects_add(o, &proto, CKO_CERTIFICATE);
	if (!e && !p11_objects_of_key(o, key, CKO_PUBLIC_KEY))
		e = p11_objects_add(o, &proto, CKO_PUBLIC_KEY);
	if (!e && old)
		old->gone = true;
	/* It stood where the certificate stands now. */
	for (size_t i = 0; !e && i < o->n; i++)
		if (o->v[i]->key == key) {
			take_public(o->v[i], &proto);
			o->v[i]->attestation = RD_NONE;
			o->v[i]->file = der;
		}
	return e;
}

static enum err add_device(struct p11_objects *o, const struct cvc *c, CK_ULONG category)
{
	struct p11_object proto = { .fid = HSM_EF_DEVAUT, .category = category };
	enum err e;

	proto.label = c->chr;
	e = p11_pubkey_cvc(c->whole, &o->kept, &proto);
	return e ? e : p11_objects_add(o, &proto, CKO_CERTIFICATE);
}

enum err p11_objects_add_device(struct p11_objects *o, struct rd devaut)
{
	/* Nobody has to log in to read a certificate: NSS asks for a PIN, or for people, first where it is not told. */
	const struct p11_object profile = { .profile = P11_CKP_PUBLIC_CERTIFICATES };
	struct cvc device, issuer;
	bool has_issuer;
	enum err e = p11_keep(&o->kept, devaut, &o->device);

	if (!e)
		e = cvc_devaut_read(o->device, &device, &issuer, &has_issuer);
	if (!e)
		e = add_device(o, &device, CATEGORY_USER);
	if (!e && has_issuer)
		e = add_device(o, &issuer, CATEGORY_AUTHORITY);
	return e ? e : p11_objects_add(o, &profile, P11_CKO_PROFILE);
}
