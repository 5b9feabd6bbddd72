/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/store/cert.h"

#include <string.h>

#include "base/crypto_x509.h"
#include "base/log.h"
#include "pkcs11/ck/rv.h"
#include "pkcs11/module/call.h"
#include "pkcs11/object/keep.h"
#include "pkcs11/object/pubkey.h"
#include "pkcs11/object/template.h"

#define CATEGORY_USER 1                 /* CK_CERTIFICATE_CATEGORY_TOKEN_USER */
#define CATEGORY_MAX 3                  /* CK_CERTIFICATE_CATEGORY_OTHER_ENTITY */

CK_RV p11_cert_check_writable(const struct p11_call *c)
{
	if (!c->session->rw)
		return CKR_SESSION_READ_ONLY;
	return c->token->login == P11_OPEN ? CKR_OK : CKR_USER_NOT_LOGGED_IN;
}

/* Has it a public key that can be this one's, of which nothing is known but the description? */
static bool can_be_of(const struct p11_object *priv, struct rd der)
{
	struct p11_object like = { .key = 0 };
	bool yes = !p11_pubkey_read(der, &like.own, &like) && like.type == priv->type &&
		   (!priv->bits || (like.bits + 7) / 8 == (priv->bits + 7) / 8);

	p11_keep_clear(&like.own);
	return yes;
}

/*
 * Which key is it for: the one with its public key; or, if nothing is known of a key's public part, the one with its
 * CKA_ID. 0: none. A CKA_ID of a key that is another one is refused: the pair would be broken.
 */
static CK_RV find_key(const struct p11_objects *o, const struct p11_template *t, uint8_t *key)
{
	struct x509 x;

	if (x509_parse(t->value, &x) != ERR_OK)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	*key = p11_objects_key_of_spki(o, x.spki);
	for (size_t i = 0; !*key && t->id.n && i < o->n; i++) {
		const struct p11_object *priv = o->v[i];

		if (priv->class != CKO_PRIVATE_KEY || priv->gone || !rd_eq(priv->id, t->id))
			continue;
		if (priv->spki.n || !can_be_of(priv, t->value))
			return CKR_TEMPLATE_INCONSISTENT;
		*key = priv->key;
	}
	return CKR_OK;
}

static enum err write_one(struct p11_token *t, uint16_t fid, struct rd content)
{
	struct deadline dl = deadline_never();
	enum err e = p11_token_begin_user(t);

	return e ? e : p11_token_end(t, hsm_file_write(t->card, fid, content, &dl));
}

static enum err delete_each(struct p11_token *t, const uint16_t *fids, size_t n)
{
	struct deadline dl = deadline_never();
	enum err e = p11_token_begin_user(t);

	if (e)
		return e;
	p11_token_changed(t);
	for (size_t i = 0; !e && i < n; i++) {
		e = hsm_file_delete(t->card, fids[i], &dl);
		if (e == ERR_NOT_FOUND)
			e = ERR_OK;
	}
	return p11_token_end(t, e);
}

static enum err write_for_key(struct p11_token *t, uint8_t key, struct rd der)
{
	const struct p11_object *priv = p11_objects_of_key(&t->objects, key, CKO_PRIVATE_KEY);
	enum err e = priv ? p11_token_confirm(t, priv, P11_COMPARED) : ERR_BUG;

	if (!e)
		e = write_one(t, HSM_FID(HSM_FID_EE, key), der);
	p11_token_changed(t);
	if (!e)
		log_line(LOG_P11, LOG_WARN, "card %s: the certificate took the place of key %u's attestation",
			 t->device_id, key);
	return e ? e : p11_objects_add_cert(&t->objects, key, der);
}

/* The caller has begun a sequence. */
static enum err write_pair(struct p11_token *t, struct p15_cert *about, struct rd der, struct wr *cd,
			   struct deadline *dl)
{
	static const uint8_t kinds[] = { HSM_FID_CA, HSM_FID_CD };
	uint8_t low = 0, default_id[2];
	enum err e = hsm_file_free_number(t->card, RD_ARR(kinds), 0, &low, dl);

	default_id[0] = HSM_FID_CA;
	default_id[1] = low;
	if (!about->id.n)
		about->id = RD_ARR(default_id);
	about->fid = HSM_FID(HSM_FID_CA, low);
	if (!e)
		e = p15_cert_write(about, cd);
	if (!e)
		e = hsm_file_write_both(t->card, about->fid, der, HSM_FID(HSM_FID_CD, low), wr_view(cd), dl);
	about->id = RD_NONE;
	return e;
}

static enum err write_other(struct p11_token *t, const struct p11_template *tp, uint16_t *fid)
{
	struct p15_cert about = { .label = tp->label, .id = tp->id, .authority = tp->category != CATEGORY_USER };
	struct deadline dl = deadline_never();
	enum err e = p11_token_begin_user(t);
	struct wr cd;

	if (e)
		return e;
	wr_init_heap(&cd, FILE_SIZE_MAX);
	e = p11_token_end(t, write_pair(t, &about, tp->value, &cd, &dl));
	if (!e)
		e = p11_objects_add_ca(&t->objects, about.fid, wr_view(&cd), tp->value);
	*fid = about.fid;
	wr_free(&cd);
	return e;
}

static bool is_or_unsaid(struct rd said, struct rd is)
{
	return !said.n || rd_eq(said, is);
}

/* Some give the INTEGER of a serial number, some what is in it. */
static bool is_serial(struct rd said, struct rd is)
{
	struct rd inner;

	return is_or_unsaid(said, is) || (rd_tlv(&is, 0x02, &inner) && rd_eq(said, inner));
}

/* A certificate speaks for itself; who says something else of it would find another one than he wrote. */
static CK_RV check_said(const struct p11_template *tp)
{
	struct p11_object is = { .key = 0 };
	CK_RV rv = CKR_OK;

	if (!P11_EE_IS_X509(tp->value))
		return CKR_OK;
	if (p11_pubkey_certificate(tp->value, &is.own, &is))
		rv = CKR_ATTRIBUTE_VALUE_INVALID;
	else if (!is_or_unsaid(tp->check, is.check))
		rv = CKR_ATTRIBUTE_VALUE_INVALID;
	else if (!is_or_unsaid(tp->subject, is.subject) || !is_or_unsaid(tp->issuer, is.issuer) ||
		 !is_serial(tp->serial, is.serial) || !is_or_unsaid(tp->spki, is.spki) ||
		 !is_or_unsaid(tp->from, is.from) ||
		 !is_or_unsaid(tp->to, is.to))
		rv = CKR_TEMPLATE_INCONSISTENT;
	p11_keep_clear(&is.own);
	return rv;
}

CK_RV p11_cert_create(struct p11_call *c, const CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *out)
{
	struct p11_template tp = { .key_type = CKC_X_509, .name_hash = CKM_SHA_1 };
	struct p11_token *token = c->token;
	uint16_t fid = 0;
	uint8_t key = 0;
	enum err e;
	CK_RV rv;

	rv = p11_cert_check_writable(c);
	if (!rv)
		rv = p11_template_read(t, n, P11_GIVEN_CERT, &tp);
	if (!rv && !tp.token)
		rv = CKR_TEMPLATE_INCONSISTENT;
	if (!rv && tp.category > CATEGORY_MAX)
		rv = CKR_ATTRIBUTE_VALUE_INVALID;
	if (!rv && !tp.value.n)
		rv = CKR_TEMPLATE_INCOMPLETE;
	if (!rv)
		rv = check_said(&tp);
	if (!rv)
		rv = find_key(&token->objects, &tp, &key);
	if (rv)
		return rv;
	if (key) {
		fid = HSM_FID(HSM_FID_EE, key);
		e = write_for_key(token, key, tp.value);
	} else {
		e = write_other(token, &tp, &fid);
	}
	if (e)
		return p11_rv(e);
	*out = p11_objects_cert_of_fid(&token->objects, fid)->handle;
	return CKR_OK;
}

CK_RV p11_cert_destroy(struct p11_call *c, CK_OBJECT_HANDLE h)
{
	struct p11_token *t = c->token;
	struct p11_object *o = p11_objects_get(&t->objects, h);
	bool is_key;
	uint8_t low;
	enum err e;
	CK_RV rv = p11_cert_check_writable(c);

	if (rv)
		return rv;
	if (!o)
		return CKR_OBJECT_HANDLE_INVALID;
	/* It is part of the key's attestation or certificate. */
	if (!o->destroyable)
		return CKR_ACTION_PROHIBITED;
	is_key = o->class == CKO_PRIVATE_KEY || o->class == CKO_SECRET_KEY;
	low = is_key ? o->key : (uint8_t)(o->fid & 0xff);
	if (is_key) {
		const uint16_t fids[] = { HSM_FID(HSM_FID_KEY, low), HSM_FID(HSM_FID_PRKD, low),
					  HSM_FID(HSM_FID_EE, low) };

		e = delete_each(t, fids, sizeof(fids) / sizeof(fids[0]));
		if (!e)
			p11_objects_forget_key(&t->objects, low);
	} else if (o->key) {
		struct p11_object *pub = p11_objects_of_key(&t->objects, low, CKO_PUBLIC_KEY);
		const uint16_t fid = o->fid;

		/* The key's public part goes with its certificate: the card has it nowhere else. */
		e = delete_each(t, &fid, 1);
		if (!e) {
			o->gone = true;
			if (pub)
				pub->gone = true;
			p11_objects_forget_file(&t->objects, fid);
		}
	} else {
		const uint16_t fids[] = { o->about, o->fid };

		e = delete_each(t, fids, sizeof(fids) / sizeof(fids[0]));
		if (!e)
			o->gone = true;
	}
	return p11_rv(e);
}
