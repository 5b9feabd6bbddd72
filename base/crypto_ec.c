/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crypto_ec.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto_int.h"
#include "base/rand.h"
#include "base/tlv.h"

/* Each draw of a private key is below the order with a probability of a half at least. */
#define DRAWS_MAX 128

bool ec_point_is_valid(enum ec_curve c, struct rd q)
{
	const struct ec_domain *d = ec_domain_get(c);
	const EC_GROUP *group = crypto_ec_group(c);
	EC_POINT *point;
	bool valid;

	if (!d || q.n != d->g.n || q.p[0] != 0x04)
		return false;
	crypto_begin();
	point = EC_POINT_new(group);
	/* All curves here have cofactor 1: a point on the curve is in the group. oct2point checks the equation. */
	valid = point && EC_POINT_oct2point(group, point, q.p, q.n, NULL) == 1 &&
		EC_POINT_is_at_infinity(group, point) == 0;
	EC_POINT_free(point);
	crypto_end();
	return valid;
}

/* ---- keys ---- */

struct ec_key {
	enum ec_curve curve;
	size_t q_size;
	uint8_t q[EC_POINT_MAX];
	BIGNUM *d;
};

enum err ec_key_import(enum ec_curve c, struct rd d, struct ec_key **out)
{
	const struct ec_domain *domain = ec_domain_get(c);
	const EC_GROUP *group = crypto_ec_group(c);
	EC_POINT *point = NULL;
	struct ec_key *k = NULL;
	enum err e = ERR_NOMEM;

	if (!domain)
		return ERR_UNSUPPORTED;
	crypto_begin();
	k = calloc(1, sizeof(*k));
	if (!k)
		goto out;
	k->curve = c;
	k->q_size = domain->g.n;
	k->d = BN_secure_new();
	if (!k->d || d.n > INT32_MAX || !BN_bin2bn(d.p, (int)d.n, k->d))
		goto out;
	BN_set_flags(k->d, BN_FLG_CONSTTIME);
	e = ERR_FORMAT;
	if (BN_is_zero(k->d) || BN_cmp(k->d, EC_GROUP_get0_order(group)) >= 0)
		goto out;
	e = ERR_CRYPTO;
	point = EC_POINT_new(group);
	if (point && EC_POINT_mul(group, point, k->d, NULL, NULL, NULL) == 1 &&
	    EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, k->q, k->q_size, NULL) == k->q_size)
		e = ERR_OK;
out:
	EC_POINT_free(point);
	crypto_end();
	if (e)
		ec_key_free(&k);
	else
		*out = k;
	return e;
}

/*
 * FIPS 186-4 B.4.2, by testing candidates of base/rand: neither a random generator that the host put into libcrypto
 * nor a test's need for known keys asks for anything more.
 */
enum err ec_key_generate(enum ec_curve c, struct ec_key **out)
{
	const struct ec_domain *d = ec_domain_get(c);
	enum err e = ERR_FORMAT;
	uint8_t buf[EC_FIELD_MAX];

	if (!d)
		return ERR_UNSUPPORTED;
	for (int i = 0; i < DRAWS_MAX && e == ERR_FORMAT; i++) {
		uint8_t top = d->n.p[0], mask = 0xff;

		e = rand_bytes(buf, d->n.n);
		if (e)
			break;
		while (mask >> 1 >= top)
			mask >>= 1;
		buf[0] &= mask;
		e = ec_key_import(c, rd_of(buf, d->n.n), out);
	}
	wipe(buf, sizeof(buf));
	return e == ERR_FORMAT ? ERR_CRYPTO : e;
}

enum err ec_key_export(const struct ec_key *k, struct wr *d)
{
	return crypto_put_bn(k->d, ec_domain_get(k->curve)->n.n, d);
}

enum err ec_key_public(const struct ec_key *k, struct wr *q)
{
	wr_put(q, rd_of(k->q, k->q_size));
	return wr_done(q);
}

enum ec_curve ec_key_curve(const struct ec_key *k)
{
	return k->curve;
}

void ec_key_free(struct ec_key **k)
{
	if (!k || !*k)
		return;
	BN_clear_free((*k)->d);
	free(*k);
	*k = NULL;
}

/*
 * Private number times peer; the multiplication is libcrypto's ladder in constant time. y NULL: x alone, otherwise both
 * with 04 before them.
 */
static enum err multiply(const struct ec_key *k, struct rd peer, BIGNUM *x, BIGNUM *y, struct wr *out)
{
	const EC_GROUP *group = crypto_ec_group(k->curve);
	EC_POINT *q = EC_POINT_new(group), *shared = EC_POINT_new(group);
	size_t size = ec_domain_get(k->curve)->size;
	enum err e = ERR_CRYPTO;

	if (q && shared && EC_POINT_oct2point(group, q, peer.p, peer.n, NULL) == 1 &&
	    EC_POINT_mul(group, shared, NULL, q, k->d, NULL) == 1 && !EC_POINT_is_at_infinity(group, shared) &&
	    EC_POINT_get_affine_coordinates(group, shared, x, y, NULL) == 1) {
		if (y)
			wr_u8(out, 0x04);
		e = crypto_put_bn(x, size, out);
		if (!e && y)
			e = crypto_put_bn(y, size, out);
	}
	EC_POINT_clear_free(shared);
	EC_POINT_free(q);
	return e;
}

static enum err agree(const struct ec_key *k, struct rd peer, bool whole, struct wr *out)
{
	BIGNUM *x, *y;
	enum err e = ERR_CRYPTO;

	if (!ec_point_is_valid(k->curve, peer))
		return ERR_FORMAT;
	crypto_begin();
	x = BN_secure_new();
	y = BN_secure_new();
	if (x && y)
		e = multiply(k, peer, x, whole ? y : NULL, out);
	BN_clear_free(x);
	BN_clear_free(y);
	crypto_end();
	return e;
}

enum err ec_key_agree(const struct ec_key *k, struct rd peer, struct wr *x)
{
	return agree(k, peer, false, x);
}

enum err ec_key_shared_point(const struct ec_key *k, struct rd peer, struct wr *point)
{
	return agree(k, peer, true, point);
}

/* ---- signatures ---- */

/* The leftmost bits of a hash as a number, as many as the order has: FIPS 186-4 6.4. */
static bool hash_number(struct rd hash, const BIGNUM *n, BIGNUM *z)
{
	int bits = BN_num_bits(n), bytes = (bits + 7) / 8, surplus;

	if (hash.n > (size_t)bytes)
		hash.n = (size_t)bytes;
	surplus = (int)hash.n * 8 - bits;
	return BN_bin2bn(hash.p, (int)hash.n, z) && (surplus <= 0 || BN_rshift(z, z, surplus) == 1);
}

/*
 * FIPS 186-4 6.4.2 by points and numbers, and not by libcrypto's signatures: those ask the engines of the process
 * first, whatever the library context, and the module may live where one made itself the default for all keys. All
 * numbers here are public.
 */
static enum err verify(const EC_GROUP *group, const EC_POINT *q, struct rd hash, struct rd sig, BN_CTX *ctx)
{
	const BIGNUM *n = EC_GROUP_get0_order(group);
	BIGNUM *r, *s, *z, *u1, *u2, *v;
	EC_POINT *point = EC_POINT_new(group);
	enum err e = ERR_CRYPTO;

	BN_CTX_start(ctx);
	r = BN_CTX_get(ctx);
	s = BN_CTX_get(ctx);
	z = BN_CTX_get(ctx);
	u1 = BN_CTX_get(ctx);
	u2 = BN_CTX_get(ctx);
	v = BN_CTX_get(ctx);
	if (!v || !point || !BN_bin2bn(sig.p, (int)(sig.n / 2), r) ||
	    !BN_bin2bn(sig.p + sig.n / 2, (int)(sig.n / 2), s) || !hash_number(hash, n, z))
		goto out;
	e = ERR_SIGNATURE;
	if (BN_is_zero(r) || BN_is_zero(s) || BN_cmp(r, n) >= 0 || BN_cmp(s, n) >= 0)
		goto out;
	e = ERR_CRYPTO;
	if (!BN_mod_inverse(s, s, n, ctx) || BN_mod_mul(u1, z, s, n, ctx) != 1 || BN_mod_mul(u2, r, s, n, ctx) != 1 ||
	    EC_POINT_mul(group, point, u1, q, u2, ctx) != 1)
		goto out;
	e = ERR_SIGNATURE;
	if (EC_POINT_is_at_infinity(group, point))
		goto out;
	e = ERR_CRYPTO;
	if (EC_POINT_get_affine_coordinates(group, point, v, NULL, ctx) == 1 && BN_nnmod(v, v, n, ctx) == 1)
		e = BN_cmp(v, r) == 0 ? ERR_OK : ERR_SIGNATURE;
out:
	BN_CTX_end(ctx);
	EC_POINT_free(point);
	return e;
}

enum err ec_verify(enum ec_curve c, struct rd q, struct rd hash, struct rd sig)
{
	const struct ec_domain *d = ec_domain_get(c);
	const EC_GROUP *group = crypto_ec_group(c);
	enum err e = ERR_CRYPTO;
	EC_POINT *point;
	BN_CTX *ctx;

	if (!d)
		return ERR_UNSUPPORTED;
	if (!ec_point_is_valid(c, q))
		return ERR_FORMAT;
	if (sig.n != 2 * d->n.n)
		return ERR_SIGNATURE;
	crypto_begin();
	point = EC_POINT_new(group);
	ctx = BN_CTX_new_ex(crypto_ctx());
	if (point && ctx && EC_POINT_oct2point(group, point, q.p, q.n, ctx) == 1)
		e = verify(group, point, hash, sig, ctx);
	BN_CTX_free(ctx);
	EC_POINT_free(point);
	crypto_end();
	return e;
}

/* For libcrypto's signing. */
static EVP_PKEY *make_pkey(const struct ec_key *k)
{
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	const char *group = OBJ_nid2sn(EC_GROUP_get_curve_name(crypto_ec_group(k->curve)));
	OSSL_PARAM *params = NULL;
	EVP_PKEY_CTX *pc = NULL;
	EVP_PKEY *pkey = NULL;

	if (b && OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, k->q, k->q_size) == 1 &&
	    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_PRIV_KEY, k->d) == 1)
		params = OSSL_PARAM_BLD_to_param(b);
	if (params)
		pc = EVP_PKEY_CTX_new_from_name(crypto_ctx(), "EC", NULL);
	if (pc && EVP_PKEY_fromdata_init(pc) == 1 && EVP_PKEY_fromdata(pc, &pkey, EVP_PKEY_KEYPAIR, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(pc);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(b);
	return pkey;
}

enum err ec_key_sign(const struct ec_key *k, struct rd hash, struct wr *sig)
{
	uint8_t der[2 * EC_FIELD_MAX + 16];
	EVP_PKEY *pkey = make_pkey(k);
	EVP_PKEY_CTX *pc = pkey ? EVP_PKEY_CTX_new_from_pkey(crypto_ctx(), pkey, NULL) : NULL;
	size_t n = sizeof(der);
	enum err e = ERR_CRYPTO;

	if (pc && EVP_PKEY_sign_init(pc) == 1 && EVP_PKEY_sign(pc, der, &n, hash.p, hash.n) == 1)
		e = ec_sig_from_der(rd_of(der, n), ec_domain_get(k->curve)->n.n, sig);
	EVP_PKEY_CTX_free(pc);
	EVP_PKEY_free(pkey);
	return e;
}

/* ---- encodings ---- */

enum err ec_sig_to_der(struct rd sig, struct wr *der)
{
	size_t half = sig.n / 2, mark;

	if (sig.n == 0 || sig.n % 2)
		return ERR_FORMAT;
	mark = wr_tlv_open(der, 0x30);
	wr_der_uint(der, rd_of(sig.p, half));
	wr_der_uint(der, rd_of(sig.p + half, half));
	wr_tlv_close(der, mark);
	return wr_done(der);
}

enum err ec_sig_from_der(struct rd der, size_t size, struct wr *sig)
{
	struct rd both, number[2];

	if (!rd_tlv(&der, 0x30, &both) || !rd_end(&der) || !rd_tlv(&both, 0x02, &number[0]) ||
	    !rd_tlv(&both, 0x02, &number[1]) || !rd_end(&both))
		return ERR_FORMAT;
	for (int i = 0; i < 2; i++) {
		struct rd n = rd_magnitude(number[i]);

		if (number[i].n == 0 || number[i].p[0] & 0x80 || n.n > size)
			return ERR_FORMAT;
		wr_zeros(sig, size - n.n);
		wr_put(sig, n);
	}
	return wr_done(sig);
}

enum err ec_spki(enum ec_curve c, struct rd q, struct wr *der)
{
	const struct ec_domain *d = ec_domain_get(c);
	size_t spki, alg, bits;

	if (!d)
		return ERR_UNSUPPORTED;
	if (!ec_point_is_valid(c, q))
		return ERR_FORMAT;
	spki = wr_tlv_open(der, 0x30);
	alg = wr_tlv_open(der, 0x30);
	wr_tlv(der, 0x06, RD_LIT("\x2a\x86\x48\xce\x3d\x02\x01"));      /* id-ecPublicKey, RFC 5480 2.1.1 */
	wr_tlv(der, 0x06, d->oid);
	wr_tlv_close(der, alg);
	bits = wr_tlv_open(der, 0x03);
	wr_u8(der, 0);                                                  /* no unused bits */
	wr_put(der, q);
	wr_tlv_close(der, bits);
	wr_tlv_close(der, spki);
	return wr_done(der);
}
