/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/mech.h"

#include "base/crypto_rsa.h"
#include "pkcs11/rv.h"

/*
 * Cards from version 3 on take RSA to 4096 bits and curves to 521, older ones RSA to 2048 and curves to 320
 * (reference 3.11).
 */
#define LARGE_KEYS_VERSION 3

static size_t size_of(CK_ULONG bits)
{
	return ((size_t)bits + 7) / 8;
}

static size_t order_size(const struct p11_object *key)
{
	const struct ec_domain *d = key->curve != EC_NONE ? ec_domain_get(key->curve) : NULL;

	return d ? d->n.n : size_of(key->bits);
}

size_t p11_mech_sig_size(const struct p11_object *key)
{
	return key->type == CKK_RSA ? size_of(key->bits) : 2 * order_size(key);
}

/* ---- how much ---- */

static size_t max_pkcs1(const struct p11_object *key)
{
	return size_of(key->bits) - 11;         /* RFC 8017 9.2 */
}

static size_t max_raw(const struct p11_object *key)
{
	return size_of(key->bits);
}

static size_t max_ecdsa(const struct p11_object *key)
{
	(void)key;
	return P11_ECDSA_DATA_MAX;
}

/* ---- before the card ---- */

static enum err pad_on_host(const struct p11_object *key, struct rd t, enum hsm_alg *alg, struct wr *out)
{
	*alg = HSM_RSA_RAW;
	return rsa_pad_pkcs1(t, size_of(key->bits), out);
}

/* A DigestInfo goes as it is, so that the command shows its digest; the card would not pad anything else. */
static enum err before_pkcs1(const struct p11_mech *m, const struct p11_object *key, struct rd data, enum hsm_alg *alg,
			     struct wr *out)
{
	enum digest_alg a;
	struct rd hash;

	(void)m;
	if (digest_info_parse(data, &a, &hash))
		return pad_on_host(key, data, alg, out);
	*alg = HSM_RSA_PKCS1;
	wr_put(out, data);
	return wr_done(out);
}

static enum err before_pkcs1_hash(const struct p11_mech *m, const struct p11_object *key, struct rd data,
				  enum hsm_alg *alg, struct wr *out)
{
	(void)key;
	*alg = HSM_RSA_PKCS1;
	return digest_info(m->hash, data, out);
}

/* Leading zeros, as PKCS#11 2.40 mechanisms 2.1.9 says. */
static enum err before_raw(const struct p11_mech *m, const struct p11_object *key, struct rd data, enum hsm_alg *alg,
			   struct wr *out)
{
	(void)m;
	*alg = HSM_RSA_RAW;
	wr_zeros(out, size_of(key->bits) - data.n);
	wr_put(out, data);
	return wr_done(out);
}

static enum err before_ecdsa(const struct p11_mech *m, const struct p11_object *key, struct rd data, enum hsm_alg *alg,
			     struct wr *out)
{
	(void)m;
	(void)key;
	*alg = HSM_ECDSA;
	wr_put(out, data);
	return wr_done(out);
}

/* ---- after the card ---- */

static enum err after_rsa(const struct p11_object *key, struct rd answer, struct wr *sig)
{
	if (answer.n != size_of(key->bits))
		return ERR_FORMAT;
	wr_put(sig, answer);
	return wr_done(sig);
}

static enum err after_ecdsa(const struct p11_object *key, struct rd answer, struct wr *sig)
{
	return ec_sig_from_der(answer, order_size(key), sig);
}

/* ---- verifying ---- */

static enum err verify_rsa(const struct p11_mech *m, const struct p11_object *key, struct rd data, struct rd sig)
{
	return rsa_verify_pkcs1(key->modulus, key->exponent, m->hash, data, sig);
}

static enum err verify_raw(const struct p11_mech *m, const struct p11_object *key, struct rd data, struct rd sig)
{
	uint8_t block[P11_BLOCK_MAX];
	enum hsm_alg alg;
	struct wr w;
	enum err e;

	WR_ARR(&w, block);
	e = before_raw(m, key, data, &alg, &w);
	return e ? e : rsa_verify_raw(key->modulus, key->exponent, wr_view(&w), sig);
}

static enum err verify_ecdsa(const struct p11_mech *m, const struct p11_object *key, struct rd data, struct rd sig)
{
	(void)m;
	return ec_verify(key->curve, key->q, data, sig);
}

#define RSA_BITS CKK_RSA, 1024, 4096
#define EC_BITS CKK_EC, 192, 521
#define EC_CAPS (CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS)
#define SIGNS (CKF_HW | CKF_SIGN | CKF_VERIFY)

static const struct p11_mech rows[] = {
	{ CKM_RSA_PKCS_KEY_PAIR_GEN, RSA_BITS, CKF_HW | CKF_GENERATE_KEY_PAIR, DIGEST_NONE, NULL, NULL, NULL, NULL },
	{ CKM_RSA_PKCS, RSA_BITS, SIGNS, DIGEST_NONE, max_pkcs1, before_pkcs1, after_rsa, verify_rsa },
	{ CKM_RSA_X_509, RSA_BITS, SIGNS, DIGEST_NONE, max_raw, before_raw, after_rsa, verify_raw },
	{ CKM_SHA1_RSA_PKCS, RSA_BITS, SIGNS, DIGEST_SHA1, NULL, before_pkcs1_hash, after_rsa, verify_rsa },
	{ CKM_SHA224_RSA_PKCS, RSA_BITS, SIGNS, DIGEST_SHA224, NULL, before_pkcs1_hash, after_rsa, verify_rsa },
	{ CKM_SHA256_RSA_PKCS, RSA_BITS, SIGNS, DIGEST_SHA256, NULL, before_pkcs1_hash, after_rsa, verify_rsa },
	{ CKM_SHA384_RSA_PKCS, RSA_BITS, SIGNS, DIGEST_SHA384, NULL, before_pkcs1_hash, after_rsa, verify_rsa },
	{ CKM_SHA512_RSA_PKCS, RSA_BITS, SIGNS, DIGEST_SHA512, NULL, before_pkcs1_hash, after_rsa, verify_rsa },

	{ CKM_EC_KEY_PAIR_GEN, EC_BITS, CKF_HW | CKF_GENERATE_KEY_PAIR | EC_CAPS, DIGEST_NONE, NULL, NULL, NULL, NULL },
	{ CKM_ECDSA, EC_BITS, SIGNS | EC_CAPS, DIGEST_NONE, max_ecdsa, before_ecdsa, after_ecdsa, verify_ecdsa },
	{ CKM_ECDSA_SHA1, EC_BITS, SIGNS | EC_CAPS, DIGEST_SHA1, NULL, before_ecdsa, after_ecdsa, verify_ecdsa },
	{ CKM_ECDSA_SHA224, EC_BITS, SIGNS | EC_CAPS, DIGEST_SHA224, NULL, before_ecdsa, after_ecdsa, verify_ecdsa },
	{ CKM_ECDSA_SHA256, EC_BITS, SIGNS | EC_CAPS, DIGEST_SHA256, NULL, before_ecdsa, after_ecdsa, verify_ecdsa },
	{ CKM_ECDSA_SHA384, EC_BITS, SIGNS | EC_CAPS, DIGEST_SHA384, NULL, before_ecdsa, after_ecdsa, verify_ecdsa },
	{ CKM_ECDSA_SHA512, EC_BITS, SIGNS | EC_CAPS, DIGEST_SHA512, NULL, before_ecdsa, after_ecdsa, verify_ecdsa },

	{ CKM_SHA_1, P11_ANY_KEY, 0, 0, CKF_DIGEST, DIGEST_SHA1, NULL, NULL, NULL, NULL },
	{ CKM_SHA224, P11_ANY_KEY, 0, 0, CKF_DIGEST, DIGEST_SHA224, NULL, NULL, NULL, NULL },
	{ CKM_SHA256, P11_ANY_KEY, 0, 0, CKF_DIGEST, DIGEST_SHA256, NULL, NULL, NULL, NULL },
	{ CKM_SHA384, P11_ANY_KEY, 0, 0, CKF_DIGEST, DIGEST_SHA384, NULL, NULL, NULL, NULL },
	{ CKM_SHA512, P11_ANY_KEY, 0, 0, CKF_DIGEST, DIGEST_SHA512, NULL, NULL, NULL, NULL },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

const struct p11_mech *p11_mech_get(CK_MECHANISM_TYPE type, CK_FLAGS flag)
{
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].type == type)
			return rows[i].flags & flag ? &rows[i] : NULL;
	return NULL;
}

CK_ULONG p11_mech_max(const struct p11_mech *m, const struct hsm_version *v)
{
	CK_ULONG card = m->key == CKK_RSA ? 2048 : 320;

	/* Version 0: not known, because another program was logged in and the card is of before 2.4. */
	return v->major >= LARGE_KEYS_VERSION || v->major == 0 || m->max < card ? m->max : card;
}

CK_RV p11_mech_list(CK_MECHANISM_TYPE *list, CK_ULONG *n)
{
	CK_RV rv;

	if (!n)
		return CKR_ARGUMENTS_BAD;
	if (p11_out(ROWS, list, n, &rv))
		for (size_t i = 0; i < ROWS; i++)
			list[i] = rows[i].type;
	return rv;
}

CK_RV p11_mech_info(CK_MECHANISM_TYPE type, const struct hsm_version *v, CK_MECHANISM_INFO *out)
{
	const struct p11_mech *m = p11_mech_get(type, (CK_FLAGS)-1);

	if (!out)
		return CKR_ARGUMENTS_BAD;
	if (!m)
		return CKR_MECHANISM_INVALID;
	out->ulMinKeySize = m->min;
	out->ulMaxKeySize = p11_mech_max(m, v);
	out->flags = m->flags;
	return CKR_OK;
}
