/* SPDX-License-Identifier: Apache-2.0 */
/* SIGN; APDU reference 3.13. */
#include "test/vcard/card.h"

#define RSA_MAX 512

static enum err hash(const struct vcard_use *u, struct rd message, struct wr *out)
{
	return digest_once(u->algorithm->digest, message, out);
}

/* ---- RSA ---- */

static size_t modulus_size(const struct vcard_use *u)
{
	return (rsa_key_bits(u->key->rsa) + 7) / 8;
}

static enum err rsa_block(const struct vcard_use *u, struct rd block, struct wr *out)
{
	return block.n == modulus_size(u) ? rsa_key_raw(u->key->rsa, block, out) : ERR_ARG;
}

static enum err rsa_padded(const struct vcard_use *u, struct rd info, struct wr *out)
{
	uint8_t bytes[RSA_MAX];
	struct wr block;
	enum err e;

	WR_ARR(&block, bytes);
	e = rsa_pad_pkcs1(info, modulus_size(u), &block);
	return e ? e : rsa_key_raw(u->key->rsa, wr_view(&block), out);
}

static enum err rsa_message(const struct vcard_use *u, struct rd message, struct wr *out)
{
	uint8_t hash_bytes[DIGEST_MAX], info_bytes[128];
	struct wr digest, info;
	enum err e;

	WR_ARR(&digest, hash_bytes);
	WR_ARR(&info, info_bytes);
	e = hash(u, message, &digest);
	if (!e)
		e = digest_info(u->algorithm->digest, wr_view(&digest), &info);
	return e ? e : rsa_padded(u, wr_view(&info), out);
}

/* Salt and mask go by the hash, and that by its size (reference 3.13, and 15.17). Only open firmware has SHA-224. */
static enum err pss_hash(const struct vcard_use *u, struct rd value, struct wr *out)
{
	struct rsa_pss pss = { .hash = u->algorithm->digest, .salt = value.n };
	uint8_t bytes[RSA_MAX];
	struct wr block;
	enum err e;

	for (enum digest_alg of = DIGEST_SHA1; pss.hash == DIGEST_NONE && of <= DIGEST_SHA512; of++)
		if (digest_size(of) == value.n && (of != DIGEST_SHA224 || u->profile->sha224))
			pss.hash = of;
	pss.mgf = pss.hash;
	WR_ARR(&block, bytes);
	e = rsa_pad_pss(&pss, value, rsa_key_bits(u->key->rsa), &block);
	return e ? e : rsa_key_raw(u->key->rsa, wr_view(&block), out);
}

static enum err pss_message(const struct vcard_use *u, struct rd message, struct wr *out)
{
	uint8_t bytes[DIGEST_MAX];
	struct wr digest;
	enum err e;

	WR_ARR(&digest, bytes);
	e = hash(u, message, &digest);
	return e ? e : pss_hash(u, wr_view(&digest), out);
}

/* ---- EC ---- */

static enum err ec_hash(const struct vcard_use *u, struct rd value, struct wr *out)
{
	uint8_t plain[VCARD_POINT_MAX];
	struct wr sig;
	enum err e;

	WR_ARR(&sig, plain);
	e = ec_key_sign(u->key->ec, value, &sig);
	return e ? e : ec_sig_to_der(wr_view(&sig), out);
}

static enum err ec_message(const struct vcard_use *u, struct rd message, struct wr *out)
{
	uint8_t bytes[DIGEST_MAX];
	struct wr digest;
	enum err e;

	WR_ARR(&digest, bytes);
	e = hash(u, message, &digest);
	return e ? e : ec_hash(u, wr_view(&digest), out);
}

static const struct vcard_algorithm algorithms[] = {
	{ 0x20, VCARD_RSA, rsa_block, DIGEST_NONE },
	{ 0x30, VCARD_RSA, rsa_padded, DIGEST_NONE },
	{ 0x31, VCARD_RSA, rsa_message, DIGEST_SHA1 },
	{ 0x32, VCARD_RSA, rsa_message, DIGEST_SHA224 },
	{ 0x33, VCARD_RSA, rsa_message, DIGEST_SHA256 },
	{ 0x34, VCARD_RSA, rsa_message, DIGEST_SHA384 },
	{ 0x35, VCARD_RSA, rsa_message, DIGEST_SHA512 },
	{ 0x40, VCARD_RSA, pss_hash, DIGEST_NONE },
	{ 0x41, VCARD_RSA, pss_message, DIGEST_SHA1 },
	{ 0x42, VCARD_RSA, pss_message, DIGEST_SHA224 },
	{ 0x43, VCARD_RSA, pss_message, DIGEST_SHA256 },
	{ 0x44, VCARD_RSA, pss_message, DIGEST_SHA384 },
	{ 0x45, VCARD_RSA, pss_message, DIGEST_SHA512 },
	{ 0x70, VCARD_EC, ec_hash, DIGEST_NONE },
	{ 0x71, VCARD_EC, ec_message, DIGEST_SHA1 },
	{ 0x72, VCARD_EC, ec_message, DIGEST_SHA224 },
	{ 0x73, VCARD_EC, ec_message, DIGEST_SHA256 },
	{ 0x74, VCARD_EC, ec_message, DIGEST_SHA384 },
	{ 0x75, VCARD_EC, ec_message, DIGEST_SHA512 },
};

uint16_t vcard_sign(struct vcard *v, const struct vcard_command *c, struct wr *out)
{
	return vcard_key_use(v, c, VCARD_ALGORITHMS(algorithms), out);
}
