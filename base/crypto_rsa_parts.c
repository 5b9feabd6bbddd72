/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crypto_rsa_parts.h"

#include <openssl/bn.h>

#include "base/crypto_int.h"
#include "base/tlv.h"

#define TRIES 100               /* each finds the primes with a chance of one half */
#define DER_MAX 8192

static void put_number(struct wr *w, const BIGNUM *n)
{
	struct wr bytes;
	enum err e;

	wr_init_heap(&bytes, DER_MAX);
	e = crypto_put_bn(n, (size_t)BN_num_bytes(n), &bytes);
	if (e)
		wr_fail(w, e);
	wr_der_uint(w, wr_view(&bytes));
	wr_free(&bytes);
}

/* RSAPrivateKey, RFC 8017 A.1.2. */
static enum err import(const BIGNUM *const number[8], struct rsa_key **out)
{
	struct wr der;
	size_t m;
	enum err e;

	wr_init_heap(&der, DER_MAX);
	m = wr_tlv_open(&der, 0x30);
	wr_tlv_u8(&der, 0x02, 0);
	for (size_t i = 0; i < 8; i++)
		put_number(&der, number[i]);
	wr_tlv_close(&der, m);
	e = wr_done(&der);
	if (!e)
		e = rsa_key_import(wr_view(&der), out);
	wr_free(&der);
	return e;
}

/* d to the least common multiple of p - 1 and q - 1 would do as well; this is the product, as RFC 8017 3.2 allows. */
static enum err from_primes(const BIGNUM *p, const BIGNUM *q, const BIGNUM *e, BN_CTX *ctx, struct rsa_key **out)
{
	enum err result = ERR_CRYPTO;
	BIGNUM *n, *d, *p1, *q1, *phi, *dp, *dq, *qinv;

	BN_CTX_start(ctx);
	n = BN_CTX_get(ctx);
	d = BN_CTX_get(ctx);
	p1 = BN_CTX_get(ctx);
	q1 = BN_CTX_get(ctx);
	phi = BN_CTX_get(ctx);
	dp = BN_CTX_get(ctx);
	dq = BN_CTX_get(ctx);
	qinv = BN_CTX_get(ctx);
	if (!qinv || !BN_mul(n, p, q, ctx) || !BN_sub(p1, p, BN_value_one()) || !BN_sub(q1, q, BN_value_one()) ||
	    !BN_mul(phi, p1, q1, ctx))
		goto out;
	result = ERR_FORMAT;
	if (BN_is_zero(p1) || BN_is_zero(q1) || !BN_mod_inverse(d, e, phi, ctx) || !BN_mod_inverse(qinv, q, p, ctx))
		goto out;
	result = ERR_CRYPTO;
	if (BN_mod(dp, d, p1, ctx) && BN_mod(dq, d, q1, ctx))
		result = import((const BIGNUM *[]){ n, e, d, p, q, dp, dq, qinv }, out);
out:
	BN_CTX_end(ctx);
	return result;
}

/*
 * e * d - 1 is a multiple of the order of every g modulo n; it is 2^t * r with r odd. Squaring g^r again and again ends
 * at 1, and with a chance of one half the number before that is a root of 1 other than 1 and -1, which has a prime in
 * common with n (NIST SP 800-56B C.1). *p is one of them. ERR_FORMAT: there is none.
 */
static enum err find_prime(const BIGNUM *n, const BIGNUM *e, const BIGNUM *d, BN_CTX *ctx, BIGNUM *p)
{
	BIGNUM *r = BN_CTX_get(ctx), *g = BN_CTX_get(ctx), *y = BN_CTX_get(ctx), *x = BN_CTX_get(ctx);
	BIGNUM *minus = BN_CTX_get(ctx);
	int t = 0;

	if (!minus || !BN_mul(r, e, d, ctx) || !BN_sub_word(r, 1) || !BN_sub(minus, n, BN_value_one()))
		return ERR_CRYPTO;
	if (BN_is_zero(r) || BN_is_odd(r))
		return ERR_FORMAT;
	while (!BN_is_bit_set(r, t))
		t++;
	if (!BN_rshift(r, r, t))
		return ERR_CRYPTO;
	for (unsigned i = 0; i < TRIES; i++) {
		if (!BN_set_word(g, 2 + i) || !BN_mod_exp(y, g, r, n, ctx))
			return ERR_CRYPTO;
		for (int j = 0; j < t && !BN_is_one(y) && BN_cmp(y, minus) != 0; j++) {
			if (!BN_mod_sqr(x, y, n, ctx))
				return ERR_CRYPTO;
			if (BN_is_one(x))
				return BN_sub_word(y, 1) && BN_gcd(p, y, n, ctx) ? ERR_OK : ERR_CRYPTO;
			if (!BN_copy(y, x))
				return ERR_CRYPTO;
		}
	}
	return ERR_FORMAT;
}

static enum err from_exponent(const BIGNUM *n, const BIGNUM *e, const BIGNUM *d, BN_CTX *ctx, struct rsa_key **out)
{
	enum err result = ERR_CRYPTO;
	BIGNUM *p, *q, *rest;

	BN_CTX_start(ctx);
	p = BN_CTX_get(ctx);
	q = BN_CTX_get(ctx);
	rest = BN_CTX_get(ctx);
	if (rest)
		result = find_prime(n, e, d, ctx, p);
	if (!result && !BN_div(q, rest, n, p, ctx))
		result = ERR_CRYPTO;
	if (!result && (BN_is_one(p) || BN_is_one(q) || !BN_is_zero(rest)))
		result = ERR_FORMAT;
	if (!result)
		result = from_primes(p, q, e, ctx, out);
	BN_CTX_end(ctx);
	return result;
}

typedef enum err maker(const BIGNUM *a, const BIGNUM *b, const BIGNUM *c, BN_CTX *ctx, struct rsa_key **out);

static enum err make(maker *from, struct rd a, struct rd b, struct rd c, struct rsa_key **out)
{
	BN_CTX *ctx = crypto_ctx() ? BN_CTX_secure_new_ex(crypto_ctx()) : NULL;
	BIGNUM *x = crypto_bn(a), *y = crypto_bn(b), *z = crypto_bn(c);
	enum err e = ERR_CRYPTO;

	crypto_begin();
	if (ctx && x && y && z)
		e = BN_is_zero(x) || BN_is_zero(y) || BN_is_zero(z) ? ERR_FORMAT : from(x, y, z, ctx, out);
	crypto_end();
	BN_clear_free(z);
	BN_clear_free(y);
	BN_clear_free(x);
	BN_CTX_free(ctx);
	return e;
}

enum err rsa_key_from_exponent(struct rd n, struct rd e, struct rd d, struct rsa_key **out)
{
	/* Odd, or the search has no end. */
	return n.n && n.p[n.n - 1] & 1 ? make(from_exponent, n, e, d, out) : ERR_FORMAT;
}

enum err rsa_key_from_primes(struct rd p, struct rd q, struct rd e, struct rsa_key **out)
{
	return make(from_primes, p, q, e, out);
}
