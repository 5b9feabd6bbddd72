/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crypto_rsa.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto_int.h"
#include "base/tlv.h"

#define MODULUS_MAX 1024                /* bytes: twice what a card makes; larger ones only cost time */
#define EXPONENT_MAX 8                  /* bytes */
#define DIGEST_INFO_MAX (DIGEST_MAX + 32)

/* By numbers and not by libcrypto's signatures, for the reason that stands in crypto_ec.c. RFC 8017 5.2.2. */
static enum err open_block(struct rd n, struct rd e, struct rd sig, struct wr *block)
{
	BIGNUM *bn_n = crypto_bn(n), *bn_e = crypto_bn(e), *s = crypto_bn(sig), *m = BN_new();
	BN_CTX *ctx = BN_CTX_new_ex(crypto_ctx());
	enum err result = ERR_CRYPTO;

	if (bn_n && bn_e && s && m && ctx) {
		if (BN_cmp(s, bn_n) >= 0)
			result = ERR_SIGNATURE;
		else if (BN_mod_exp(m, s, bn_e, bn_n, ctx) == 1)
			result = crypto_put_bn(m, n.n, block);
	}
	BN_CTX_free(ctx);
	BN_free(m);
	BN_free(s);
	BN_free(bn_e);
	BN_free(bn_n);
	return result;
}

/* An even modulus or exponent, or an exponent of one, is no key. */
static bool is_key(struct rd n, struct rd e)
{
	return n.n && n.n <= MODULUS_MAX && n.p[0] && n.p[n.n - 1] & 1 && e.n && e.n <= EXPONENT_MAX &&
	       e.p[e.n - 1] & 1 && !(e.n == 1 && e.p[0] == 1);
}

enum err rsa_open(struct rd n, struct rd e, struct rd sig, struct wr *block)
{
	enum err result;

	if (!crypto_ctx())
		return ERR_CRYPTO;
	if (!is_key(n, e))
		return ERR_FORMAT;
	if (sig.n != n.n)
		return ERR_SIGNATURE;
	crypto_begin();
	result = open_block(n, e, sig, block);
	crypto_end();
	return result;
}

/* RFC 8017 8.2.2: encode what should have been signed, and compare. */
enum err rsa_verify_raw(struct rd n, struct rd e, struct rd block, struct rd sig)
{
	uint8_t bytes[MODULUS_MAX];
	enum err result;
	struct wr w;

	WR_ARR(&w, bytes);
	result = rsa_open(n, e, sig, &w);
	if (!result && !rd_eq(wr_view(&w), block))
		result = ERR_SIGNATURE;
	return result;
}

enum err rsa_verify_pkcs1(struct rd n, struct rd e, enum digest_alg a, struct rd hash, struct rd sig)
{
	uint8_t encoded[MODULUS_MAX], info[DIGEST_INFO_MAX];
	struct wr block, t;
	enum err result;

	if (!crypto_ctx())
		return ERR_CRYPTO;
	WR_ARR(&block, encoded);
	WR_ARR(&t, info);
	if (a != DIGEST_NONE) {
		result = digest_info(a, hash, &t);
		if (result)
			return result;
		hash = wr_view(&t);
	}
	if (!is_key(n, e))
		return ERR_FORMAT;
	/* 8.2.2 step 3: too short a modulus for what was to be signed is a bad signature, too. */
	if (rsa_pad_pkcs1(hash, n.n, &block))
		return ERR_SIGNATURE;
	return rsa_verify_raw(n, e, wr_view(&block), sig);
}

enum err rsa_verify_pss_as(struct rd n, struct rd e, const struct rsa_pss *p, struct rd hash, struct rd sig)
{
	uint8_t bytes[MODULUS_MAX];
	unsigned bits;
	struct wr w;
	enum err result;

	if (!digest_size(p->hash) || hash.n != digest_size(p->hash))
		return ERR_ARG;
	WR_ARR(&w, bytes);
	result = rsa_open(n, e, sig, &w);
	if (result)
		return result;
	bits = (unsigned)n.n * 8;
	for (unsigned top = n.p[0]; !(top & 0x80); top <<= 1)
		bits--;
	return rsa_check_pss(p, hash, bits, bytes, w.n);
}

enum err rsa_verify_pss(struct rd n, struct rd e, enum digest_alg a, struct rd hash, struct rd sig)
{
	return rsa_verify_pss_as(n, e, &(struct rsa_pss){ .hash = a, .mgf = a, .salt = digest_size(a) }, hash, sig);
}

struct rsa_key {
	EVP_PKEY *pkey;
};

static enum err wrap(EVP_PKEY *pkey, struct rsa_key **out)
{
	struct rsa_key *k = calloc(1, sizeof(*k));

	if (!k) {
		EVP_PKEY_free(pkey);
		return ERR_NOMEM;
	}
	k->pkey = pkey;
	*out = k;
	return ERR_OK;
}

enum err rsa_key_generate(unsigned bits, struct rd e, struct rsa_key **out)
{
	BIGNUM *exponent = crypto_bn(e);
	EVP_PKEY_CTX *pc = crypto_ctx() ? EVP_PKEY_CTX_new_from_name(crypto_ctx(), "RSA", NULL) : NULL;
	EVP_PKEY *pkey = NULL;
	enum err result = ERR_CRYPTO;

	if (pc && exponent && EVP_PKEY_keygen_init(pc) == 1 && EVP_PKEY_CTX_set_rsa_keygen_bits(pc, (int)bits) == 1 &&
	    EVP_PKEY_CTX_set1_rsa_keygen_pubexp(pc, exponent) == 1 && EVP_PKEY_keygen(pc, &pkey) == 1)
		result = wrap(pkey, out);
	EVP_PKEY_CTX_free(pc);
	BN_free(exponent);
	return result;
}

enum err rsa_key_import(struct rd der, struct rsa_key **out)
{
	const uint8_t *p = der.p;
	EVP_PKEY *pkey;

	if (!crypto_ctx())
		return ERR_CRYPTO;
	if (der.n == 0 || der.n > INT32_MAX)
		return ERR_FORMAT;
	crypto_begin();
	pkey = d2i_PrivateKey_ex(EVP_PKEY_RSA, NULL, &p, (long)der.n, crypto_ctx(), NULL);
	crypto_end();
	if (!pkey)
		return ERR_FORMAT;
	if (p != der.p + der.n || !EVP_PKEY_is_a(pkey, "RSA")) {
		EVP_PKEY_free(pkey);
		return ERR_FORMAT;
	}
	return wrap(pkey, out);
}

enum err rsa_key_export(const struct rsa_key *k, struct wr *der)
{
	unsigned char *p = NULL;
	int n = i2d_PrivateKey(k->pkey, &p);

	if (n <= 0)
		return ERR_CRYPTO;
	wr_put(der, rd_of(p, (size_t)n));
	OPENSSL_clear_free(p, (size_t)n);
	return wr_done(der);
}

static enum err put_param(const struct rsa_key *k, const char *name, struct wr *out)
{
	BIGNUM *number = NULL;
	enum err e;

	if (EVP_PKEY_get_bn_param(k->pkey, name, &number) != 1)
		return ERR_CRYPTO;
	e = crypto_put_bn(number, (size_t)BN_num_bytes(number), out);
	BN_free(number);
	return e;
}

enum err rsa_key_public(const struct rsa_key *k, struct wr *n, struct wr *e)
{
	enum err result = put_param(k, OSSL_PKEY_PARAM_RSA_N, n);

	return result ? result : put_param(k, OSSL_PKEY_PARAM_RSA_E, e);
}

unsigned rsa_key_bits(const struct rsa_key *k)
{
	return (unsigned)EVP_PKEY_get_bits(k->pkey);
}

enum err rsa_key_raw(const struct rsa_key *k, struct rd block, struct wr *out)
{
	size_t size = (size_t)EVP_PKEY_get_size(k->pkey), n = size;
	BIGNUM *modulus = NULL, *number = crypto_bn(block);
	EVP_PKEY_CTX *pc = NULL;
	enum err e = ERR_CRYPTO;
	uint8_t *p;

	if (!number || EVP_PKEY_get_bn_param(k->pkey, OSSL_PKEY_PARAM_RSA_N, &modulus) != 1)
		goto out;
	if (block.n != size || BN_cmp(number, modulus) >= 0) {
		e = ERR_ARG;
		goto out;
	}
	p = wr_space(out, size);
	if (!p) {
		e = wr_done(out);
		goto out;
	}
	pc = EVP_PKEY_CTX_new_from_pkey(crypto_ctx(), k->pkey, NULL);
	if (pc && EVP_PKEY_sign_init(pc) == 1 && EVP_PKEY_CTX_set_rsa_padding(pc, RSA_NO_PADDING) == 1 &&
	    EVP_PKEY_sign(pc, p, &n, block.p, block.n) == 1 && n == size)
		e = ERR_OK;
out:
	EVP_PKEY_CTX_free(pc);
	BN_free(modulus);
	BN_clear_free(number);
	return e;
}

void rsa_key_free(struct rsa_key **k)
{
	if (!k || !*k)
		return;
	EVP_PKEY_free((*k)->pkey);
	free(*k);
	*k = NULL;
}

enum err rsa_spki(struct rd n, struct rd e, struct wr *der)
{
	size_t spki, alg, bits, key;

	if (n.n == 0 || e.n == 0)
		return ERR_FORMAT;
	spki = wr_tlv_open(der, 0x30);
	alg = wr_tlv_open(der, 0x30);
	wr_tlv(der, 0x06, RD_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"));      /* rsaEncryption */
	wr_tlv(der, 0x05, RD_NONE);
	wr_tlv_close(der, alg);
	bits = wr_tlv_open(der, 0x03);
	wr_u8(der, 0);                                                          /* no unused bits */
	key = wr_tlv_open(der, 0x30);
	wr_der_uint(der, n);
	wr_der_uint(der, e);
	wr_tlv_close(der, key);
	wr_tlv_close(der, bits);
	wr_tlv_close(der, spki);
	return wr_done(der);
}
