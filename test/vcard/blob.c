/* SPDX-License-Identifier: Apache-2.0 */
#include "test/vcard/blob.h"

#include <string.h>

#include "base/crypto_aes.h"
#include "base/crypto_rsa_parts.h"
#include "base/tlv.h"
#include "test/vcard/mint.h"

#define NONCE_SIZE 8
#define BLOB_MAX   8192

enum type { RSA = 5, RSA_PRIMES = 6, EC = 12, AES = 15 };

static const uint8_t oid_aes[] = { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01 };

enum err vcard_kek_check(const uint8_t kek[VCARD_KEK_SIZE], uint8_t kcv[VCARD_KCV_SIZE])
{
	uint8_t hash[SHA256_SIZE];
	enum err e = sha256(rd_of(kek, VCARD_KEK_SIZE), hash);

	if (!e)
		memcpy(kcv, hash, VCARD_KCV_SIZE);
	wipe(hash, sizeof(hash));
	return e;
}

/* use 1: the key of the cipher; 2: that of the MAC. */
static enum err derive(const uint8_t kek[VCARD_KEK_SIZE], uint8_t use, uint8_t out[SHA256_SIZE])
{
	const uint8_t counter[] = { 0, 0, 0, use };
	const struct rd parts[] = { rd_of(kek, VCARD_KEK_SIZE), RD_ARR(counter) };

	return sha256_parts(parts, 2, out);
}

static enum err mac(const uint8_t kek[VCARD_KEK_SIZE], struct rd bytes, uint8_t out[AES_BLOCK])
{
	uint8_t key[SHA256_SIZE];
	enum err e = derive(kek, 2, key);

	if (!e)
		e = aes_cmac(RD_ARR(key), bytes, out);
	wipe(key, sizeof(key));
	return e;
}

typedef enum err cipher(struct rd key, const uint8_t iv[AES_BLOCK], struct rd bytes, struct wr *out);

static enum err crypt(cipher *run, const uint8_t kek[VCARD_KEK_SIZE], struct rd bytes, struct wr *out)
{
	static const uint8_t iv[AES_BLOCK];
	uint8_t key[SHA256_SIZE];
	enum err e = derive(kek, 1, key);

	if (!e)
		e = run(RD_ARR(key), iv, bytes, out);
	wipe(key, sizeof(key));
	return e;
}

/* ---- writing ---- */

static void put_field(struct wr *w, struct rd v)
{
	wr_u16(w, (uint16_t)v.n);
	wr_put(w, v);
}

/* From RSAPrivateKey, RFC 8017 A.1.2: version, n, e, d. */
static void put_rsa(struct wr *w, const struct rsa_key *k)
{
	struct rd r, body, v, number[3] = { RD_NONE, RD_NONE, RD_NONE };
	struct wr der;
	enum err e;

	wr_init_heap(&der, BLOB_MAX);
	e = rsa_key_export(k, &der);
	r = wr_view(&der);
	if (!e && (!rd_tlv(&r, 0x30, &body) || !rd_tlv(&body, 0x02, &v)))
		e = ERR_BUG;
	for (size_t i = 0; !e && i < 3; i++)
		if (!rd_tlv(&body, 0x02, &v) || !rd_der_uint(v, &number[i]))
			e = ERR_BUG;
	if (e)
		wr_fail(w, e);
	wr_u16(w, (uint16_t)rsa_key_bits(k));
	put_field(w, number[2]);
	put_field(w, number[0]);
	put_field(w, number[1]);
	wr_free(&der);
}

static void put_ec(struct wr *w, const struct ec_key *k)
{
	const struct ec_domain *d = ec_domain_get(ec_key_curve(k));
	struct wr secret, q;
	enum err e;

	wr_init_heap(&secret, VCARD_POINT_MAX);
	wr_init_heap(&q, VCARD_POINT_MAX);
	e = ec_key_export(k, &secret);
	if (!e)
		e = ec_key_public(k, &q);
	if (e)
		wr_fail(w, e);
	wr_u16(w, (uint16_t)d->bits);
	put_field(w, d->a);
	put_field(w, d->b);
	put_field(w, d->p);
	put_field(w, d->n);
	put_field(w, d->g);
	put_field(w, wr_view(&secret));
	put_field(w, wr_view(&q));
	wr_free(&q);
	wr_free(&secret);
}

static void put_padding(struct wr *w)
{
	if (w->n % AES_BLOCK == 0)
		return;
	wr_u8(w, 0x80);
	if (w->n % AES_BLOCK)
		wr_zeros(w, AES_BLOCK - w->n % AES_BLOCK);
}

/* The size is in bytes here. */
static void put_aes(struct wr *w, const struct vcard_private *k)
{
	wr_u16(w, (uint16_t)k->aes_n);
	wr_put(w, rd_of(k->aes, k->aes_n));
}

static void put_key(struct wr *w, const struct vcard_private *k)
{
	if (k->rsa)
		put_rsa(w, k->rsa);
	else if (k->ec)
		put_ec(w, k->ec);
	else
		put_aes(w, k);
}

static void put_head(struct wr *w, const struct vcard_blob *b)
{
	wr_u8(w, b->secret.rsa ? RSA : b->secret.ec ? EC : AES);
	put_field(w, b->secret.rsa ? vcard_oid_rsa : b->secret.ec ? vcard_oid_ecdsa : RD_ARR(oid_aes));
	put_field(w, b->algs);
	put_field(w, RD_NONE);          /* access conditions and key OID: not used */
	put_field(w, RD_NONE);
}

enum err vcard_blob_write(const struct vcard_blob *b, const uint8_t kek[VCARD_KEK_SIZE], const uint8_t nonce[8],
			  struct wr *out)
{
	uint8_t kcv[VCARD_KCV_SIZE], tag[AES_BLOCK];
	size_t start = out->n;
	struct wr plain;
	enum err e;

	wr_init_heap(&plain, BLOB_MAX);
	wr_put(&plain, rd_of(nonce, NONCE_SIZE));
	put_key(&plain, &b->secret);
	put_padding(&plain);
	e = wr_done(&plain);
	if (!e)
		e = vcard_kek_check(kek, kcv);
	if (!e) {
		wr_put(out, RD_ARR(kcv));
		put_head(out, b);
		e = crypt(aes_cbc_encrypt, kek, wr_view(&plain), out);
	}
	if (!e)
		e = wr_done(out);
	if (!e)
		e = mac(kek, rd_of(out->p + start, out->n - start), tag);
	if (!e) {
		wr_put(out, RD_ARR(tag));
		e = wr_done(out);
	}
	wr_free(&plain);
	return e;
}

/* ---- reading ---- */

static bool take_field(struct rd *r, struct rd *out)
{
	uint16_t n;

	return rd_u16(r, &n) && rd_take(r, n, out);
}

static bool take_fields(struct rd *r, struct rd *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!take_field(r, &out[i]))
			return false;
	return true;
}

static enum err read_rsa(struct rd *r, struct rsa_key **out)
{
	struct rd f[3];

	return take_fields(r, f, 3) ? rsa_key_from_exponent(f[1], f[2], f[0], out) : ERR_FORMAT;
}

/* dP, dQ, p, 1/q, q, n, e: what is not needed follows from the rest. */
static enum err read_primes(struct rd *r, struct rsa_key **out)
{
	struct rd f[7];

	return take_fields(r, f, 7) ? rsa_key_from_primes(f[2], f[4], f[6], out) : ERR_FORMAT;
}

static enum err read_ec(struct rd *r, struct ec_key **out)
{
	const struct ec_domain *d;
	uint8_t point[VCARD_POINT_MAX];
	struct rd f[7];
	struct wr q;
	enum err e;

	if (!take_fields(r, f, 7))
		return ERR_FORMAT;
	d = ec_domain_find(f[2], f[0], f[1], f[4], f[3], RD_LIT("\x01"));
	if (!d)
		return ERR_UNSUPPORTED;
	e = ec_key_import(d->curve, f[5], out);
	if (e)
		return e;
	WR_ARR(&q, point);
	e = ec_key_public(*out, &q);
	return !e && !rd_eq(wr_view(&q), f[6]) ? ERR_FORMAT : e;
}

static enum err read_aes(struct rd *r, uint16_t size, struct vcard_private *out)
{
	struct rd key;

	if ((size != 16 && size != 24 && size != 32) || !rd_take(r, size, &key))
		return ERR_FORMAT;
	memcpy(out->aes, key.p, size);
	out->aes_n = size;
	return ERR_OK;
}

static enum err read_plain(uint8_t type, struct rd plain, struct vcard_private *out)
{
	struct rd skipped;
	uint16_t size;
	enum err e;

	if (!rd_take(&plain, NONCE_SIZE, &skipped) || !rd_u16(&plain, &size))
		return ERR_FORMAT;
	switch (type) {
	case RSA:
		e = read_rsa(&plain, &out->rsa);
		break;
	case RSA_PRIMES:
		e = read_primes(&plain, &out->rsa);
		break;
	case EC:
		e = read_ec(&plain, &out->ec);
		break;
	case AES:
		e = read_aes(&plain, size, out);
		break;
	default:
		e = ERR_UNSUPPORTED;
	}
	/* What is left is the padding, whose content nobody looks at. */
	return !e && plain.n >= AES_BLOCK ? ERR_FORMAT : e;
}

bool vcard_blob_check_value(struct rd bytes, struct rd *kcv)
{
	return rd_take(&bytes, VCARD_KCV_SIZE, kcv);
}

bool vcard_blob_has_primes(struct rd bytes)
{
	return bytes.n > VCARD_KCV_SIZE && bytes.p[VCARD_KCV_SIZE] == RSA_PRIMES;
}

enum err vcard_blob_read(struct rd bytes, const uint8_t kek[VCARD_KEK_SIZE], struct vcard_blob *out)
{
	struct rd r = bytes, covered, kcv, oid, unused[2];
	struct vcard_blob b = { 0 };
	uint8_t check[VCARD_KCV_SIZE], tag[AES_BLOCK], type;
	struct wr plain;
	enum err e;

	if (bytes.n < AES_BLOCK || !rd_take(&r, bytes.n - AES_BLOCK, &covered))
		return ERR_FORMAT;
	e = mac(kek, covered, tag);
	if (!e)
		e = vcard_kek_check(kek, check);
	if (e)
		return e;
	if (!rd_take(&covered, VCARD_KCV_SIZE, &kcv))
		return ERR_FORMAT;
	if (!rd_eq_secret(r, RD_ARR(tag)) || !rd_eq(kcv, RD_ARR(check)))
		return ERR_SIGNATURE;
	if (!rd_u8(&covered, &type) || !take_field(&covered, &oid) || !take_field(&covered, &b.algs) ||
	    !take_fields(&covered, unused, 2) || b.algs.n > VCARD_ALGS_MAX || covered.n % AES_BLOCK)
		return ERR_FORMAT;
	wr_init_heap(&plain, BLOB_MAX);
	e = crypt(aes_cbc_decrypt, kek, covered, &plain);
	if (!e)
		e = read_plain(type, wr_view(&plain), &b.secret);
	wr_free(&plain);
	if (e)
		vcard_private_free(&b.secret);
	else
		*out = b;
	return e;
}
