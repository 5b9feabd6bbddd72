/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/crypto/derive.h"

#include "base/tlv.h"
#include "pkcs11/ck/rv.h"
#include "pkcs11/crypto/aes.h"
#include "pkcs11/crypto/derive_ec.h"
#include "pkcs11/module/call.h"
#include "pkcs11/object/keep.h"
#include "pkcs11/object/template.h"
#include "sc-hsm/key.h"

#define CHECK_SIZE 3
#define SECRET_MAX 512                  /* bytes that a key derivation function is asked for */

/* The public key, uncompressed; many callers wrap it as CKA_EC_POINT does (PKCS#11 2.40 mechanisms, 2.3.3). */
static bool read_peer(const struct p11_use *u, struct rd *peer)
{
	struct rd r = u->params.ecdh.peer, inner;

	*peer = r;
	if (ec_point_is_valid(u->key->curve, r))
		return true;
	if (!rd_tlv(&r, 0x04, &inner) || !rd_end(&r) || !ec_point_is_valid(u->key->curve, inner))
		return false;
	*peer = inner;
	return true;
}

/* How long the key becomes; available: bytes of the shared secret. */
static CK_RV size_of(const struct p11_use *u, const struct p11_template *t, size_t available, size_t *size)
{
	enum digest_alg kdf = u->params.ecdh.kdf;

	*size = t->size ? t->size : kdf == DIGEST_NONE ? available : digest_size(kdf);
	if (t->key_type == CKK_AES) {
		if (!t->size)
			return CKR_TEMPLATE_INCOMPLETE;
		if (*size != 16 && *size != 24 && *size != 32)
			return CKR_ATTRIBUTE_VALUE_INVALID;
	} else if (t->key_type != CKK_GENERIC_SECRET) {
		return CKR_TEMPLATE_INCONSISTENT;
	}
	return *size <= (kdf == DIGEST_NONE ? available : SECRET_MAX) ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID;
}

/* ANSI X9.63: hashes of the secret, a counter and the shared data, one after the other. */
static enum err stretch(enum digest_alg a, struct rd z, struct rd shared, size_t size, struct wr *out)
{
	enum err e = ERR_OK;

	for (uint8_t i = 1; !e && out->n < size; i++) {
		const uint8_t counter[4] = { 0, 0, 0, i };
		struct digest *d = NULL;

		e = digest_new(a, &d);
		if (!e)
			e = digest_update(d, z);
		if (!e)
			e = digest_update(d, RD_ARR(counter));
		if (!e)
			e = digest_update(d, shared);
		if (!e)
			e = digest_final(d, out);
		digest_free(&d);
	}
	if (!e)
		wr_cut(out, size);
	return e;
}

static enum err agree(struct p11_token *t, uint8_t key, struct rd peer, struct wr *z)
{
	struct deadline dl = deadline_never();
	enum err e = p11_token_begin_user(t);

	if (e)
		return e;
	e = hsm_key_agree(t->card, key, peer, z, &dl);
	return p11_token_end(t, e);
}

static enum err make_secret(struct p11_token *t, const struct p11_use *u, struct rd peer, size_t size,
			    struct secret **out)
{
	uint8_t z_bytes[EC_FIELD_MAX], key_bytes[SECRET_MAX + DIGEST_MAX];
	struct wr z, key;
	enum err e;

	WR_ARR(&z, z_bytes);
	WR_ARR(&key, key_bytes);
	e = agree(t, u->key->key, peer, &z);
	if (!e && u->params.ecdh.kdf != DIGEST_NONE)
		e = stretch(u->params.ecdh.kdf, wr_view(&z), u->params.ecdh.shared, size, &key);
	else if (!e)
		/* Too much is taken from the front (PKCS#11 2.40 mechanisms, 2.3.9). */
		wr_put(&key, rd_of(z.p + z.n - size, size));
	if (!e)
		e = wr_done(&key);
	if (!e)
		e = secret_new(wr_view(&key), out);
	wr_free(&z);
	wr_free(&key);
	return e;
}

/*
 * CKA_CHECK_VALUE, from the value (PKCS#11 2.40 4.10.2; mechanisms 2.8.2, 2.15.2): who says it must be right, and who
 * says that it is empty wants none.
 */
static CK_RV make_check(const struct p11_template *t, const struct secret *secret, struct p11_object *like)
{
	static const uint8_t zeros[AES_BLOCK];
	uint8_t bytes[DIGEST_MAX];
	struct wr w;
	enum err e;

	if (t->check.p && !t->check.n)
		return CKR_OK;
	WR_ARR(&w, bytes);
	/* One block from an IV of zeros is the block cipher alone. */
	if (like->type == CKK_AES)
		e = aes_cbc_encrypt(secret_view(secret), zeros, RD_ARR(zeros), &w);
	else
		e = digest_once(DIGEST_SHA1, secret_view(secret), &w);
	if (!e && t->check.n && !rd_eq(t->check, rd_of(bytes, CHECK_SIZE)))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	return p11_rv(e ? e : p11_keep(&like->own, rd_of(bytes, CHECK_SIZE), &like->check));
}

static CK_RV add(struct p11_call *c, const struct p11_use *u, const struct p11_template *t, struct secret *secret,
		 CK_OBJECT_HANDLE *out)
{
	struct p11_object like = {
		.class = CKO_SECRET_KEY, .is_private = t->is_private, .session = c->session->handle,
		.type = t->key_type, .sign = t->sign, .verify = t->verify, .encrypt = t->encrypt,
		.decrypt = t->decrypt, .derive = t->derive, .sensitive = t->sensitive, .extractable = t->extractable,
		.always_sensitive = u->key->always_sensitive && t->sensitive,
		.never_extractable = u->key->never_extractable && !t->extractable,
		.made_by = CK_UNAVAILABLE_INFORMATION, .secret = secret, .secret_size = secret_size(secret),
	};
	const struct p11_object *o;
	CK_RV rv = make_check(t, secret, &like);
	enum err e = p11_keep(&like.own, t->label, &like.label);

	if (!e)
		e = p11_keep(&like.own, t->id, &like.id);
	if (rv || e) {
		secret_free(&like.secret);
		p11_keep_clear(&like.own);
		return rv ? rv : p11_rv(e);
	}
	e = p11_objects_add_session(&c->token->objects, &like, &o);
	if (!e)
		*out = o->handle;
	return p11_rv(e);
}

static CK_RV plan(struct p11_call *c, const CK_MECHANISM *m, CK_OBJECT_HANDLE base, struct p11_use *u)
{
	CK_RV rv;

	u->mech = p11_mech_get(m->mechanism, CKF_DERIVE);
	u->card = c->token->status.version;
	if (!u->mech)
		return CKR_MECHANISM_INVALID;
	rv = p11_op_key(c->token, base, &u->key);
	if (!rv)
		rv = p11_op_may(u->mech, u->key, CKO_PRIVATE_KEY, CKF_DERIVE);
	if (!rv)
		rv = p11_param_read(u->mech->param, u->mech->hash, m, &u->params);
	if (!rv)
		rv = p11_mech_check(u);
	return rv ? rv : p11_op_confirm(c->token, u->key);
}

/* Of an AES key on the card; one of a session is derived from by nobody. */
static CK_RV derive_of_aes(struct p11_call *c, const struct p11_use *u, const struct p11_template *t,
			   CK_OBJECT_HANDLE *out)
{
	struct secret *secret = NULL;
	struct wr w;
	size_t size;
	CK_RV rv;

	if (u->key->secret)
		return CKR_KEY_FUNCTION_NOT_PERMITTED;
	wr_init_heap(&w, APDU_DATA_MAX);
	rv = p11_aes_derive(c->token, u->key, u->params.bytes, &w);
	if (!rv)
		rv = size_of(u, t, w.n, &size);
	if (!rv)
		rv = p11_rv(secret_new(rd_of(w.p, size), &secret));
	wr_free(&w);
	return rv ? rv : add(c, u, t, secret, out);
}

CK_RV p11_derive(struct p11_call *c, const CK_MECHANISM *m, CK_OBJECT_HANDLE base, const CK_ATTRIBUTE *t, CK_ULONG n,
		 CK_OBJECT_HANDLE *out)
{
	struct p11_template tp = { .key_type = CKK_GENERIC_SECRET, .is_private = CK_TRUE, .extractable = CK_TRUE };
	struct p11_use u = { .mech = NULL };
	struct secret *secret = NULL;
	struct rd peer;
	size_t size;
	enum err e;
	CK_RV rv;

	if (!m || !out || (!t && n))
		return CKR_ARGUMENTS_BAD;
	rv = plan(c, m, base, &u);
	if (!rv && u.mech->type == P11_CKM_EC_DERIVE)
		return p11_derive_ec(c, &u, t, n, out);
	if (!rv)
		rv = p11_template_read(t, n, P11_DERIVED_SECRET, &tp);
	if (!rv && tp.token)
		rv = CKR_TEMPLATE_INCONSISTENT;
	if (!rv && u.mech->key == CKK_AES)
		return derive_of_aes(c, &u, &tp, out);
	if (!rv && !read_peer(&u, &peer))
		rv = CKR_MECHANISM_PARAM_INVALID;
	if (!rv)
		rv = size_of(&u, &tp, (peer.n - 1) / 2, &size);
	if (rv)
		return rv;
	e = make_secret(c->token, &u, peer, size, &secret);
	if (e == ERR_NOT_FOUND)
		return CKR_KEY_HANDLE_INVALID;
	return e ? p11_rv(e) : add(c, &u, &tp, secret, out);
}
