/* SPDX-License-Identifier: Apache-2.0 */
/* SIGN; APDU reference 3.13. */
#include <string.h>

#include "test/vcard/card.h"

#define RSA_MAX 512

/* The whole RSA block; what is padded; what is hashed (BLOCK: the hash itself, of ECDSA); a hash for PSS; a message. */
enum input {
	BLOCK,
	PADDED,
	HASHED,
	PSS,
	PSS_HASHED
};

struct algorithm {
	uint8_t id;
	bool is_rsa;
	enum input input;
	enum digest_alg digest;
};

static const struct algorithm algorithms[] = {
	{ 0x20, true,  BLOCK,  DIGEST_NONE },
	{ 0x30, true,  PADDED, DIGEST_NONE },
	{ 0x31, true,  HASHED, DIGEST_SHA1 },
	{ 0x32, true,  HASHED, DIGEST_SHA224 },
	{ 0x33, true,  HASHED, DIGEST_SHA256 },
	{ 0x34, true,  HASHED, DIGEST_SHA384 },
	{ 0x35, true,  HASHED, DIGEST_SHA512 },
	{ 0x40, true,  PSS, DIGEST_NONE },
	{ 0x41, true,  PSS_HASHED, DIGEST_SHA1 },
	{ 0x42, true,  PSS_HASHED, DIGEST_SHA224 },
	{ 0x43, true,  PSS_HASHED, DIGEST_SHA256 },
	{ 0x44, true,  PSS_HASHED, DIGEST_SHA384 },
	{ 0x45, true,  PSS_HASHED, DIGEST_SHA512 },
	{ 0x70, false, BLOCK,  DIGEST_NONE },
	{ 0x71, false, HASHED, DIGEST_SHA1 },
	{ 0x72, false, HASHED, DIGEST_SHA224 },
	{ 0x73, false, HASHED, DIGEST_SHA256 },
	{ 0x74, false, HASHED, DIGEST_SHA384 },
	{ 0x75, false, HASHED, DIGEST_SHA512 },
};

static const struct algorithm *algorithm_find(uint8_t id)
{
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(*algorithms); i++)
		if (algorithms[i].id == id)
			return &algorithms[i];
	return NULL;
}

/* Reference 3.13: by its size, and 15.17. Only open firmware has SHA-224. */
static enum err pad_pss(const struct rsa_key *k, enum digest_alg a, bool sha224, struct rd hash, struct wr *block)
{
	struct rsa_pss pss = { .hash = a, .salt = hash.n };

	for (enum digest_alg of = DIGEST_SHA1; pss.hash == DIGEST_NONE && of <= DIGEST_SHA512; of++)
		if (digest_size(of) == hash.n && (of != DIGEST_SHA224 || sha224))
			pss.hash = of;
	pss.mgf = pss.hash;
	return rsa_pad_pss(&pss, hash, rsa_key_bits(k), block);
}

static enum err sign_rsa(const struct rsa_key *k, const struct algorithm *a, bool sha224, struct rd input,
			 struct wr *out)
{
	uint8_t info_bytes[128], block_bytes[RSA_MAX];
	size_t size = (rsa_key_bits(k) + 7) / 8;
	struct wr info, block;
	enum err e = ERR_OK;

	WR_ARR(&info, info_bytes);
	WR_ARR(&block, block_bytes);
	if (a->input == BLOCK)
		return input.n == size ? rsa_key_raw(k, input, out) : ERR_ARG;
	if (a->input == HASHED) {
		e = digest_info(a->digest, input, &info);
		input = wr_view(&info);
	}
	if (!e && (a->input == PSS || a->input == PSS_HASHED))
		e = pad_pss(k, a->digest, sha224, input, &block);
	else if (!e)
		e = rsa_pad_pkcs1(input, size, &block);
	if (!e)
		e = rsa_key_raw(k, wr_view(&block), out);
	return e;
}

static enum err sign_ec(const struct ec_key *k, struct rd hash, struct wr *out)
{
	uint8_t plain[VCARD_POINT_MAX];
	struct wr sig;
	enum err e;

	WR_ARR(&sig, plain);
	e = ec_key_sign(k, hash, &sig);
	return e ? e : ec_sig_to_der(wr_view(&sig), out);
}

static enum err sign(const struct vcard_private *k, const struct algorithm *a, bool sha224, struct rd input,
		     struct wr *out)
{
	uint8_t hash_bytes[DIGEST_MAX];
	struct wr hash;
	enum err e;

	WR_ARR(&hash, hash_bytes);
	if (a->input == HASHED || a->input == PSS_HASHED) {
		e = digest_once(a->digest, input, &hash);
		if (e)
			return e;
		input = wr_view(&hash);
	}
	return a->is_rsa ? sign_rsa(k->rsa, a, sha224, input, out) : sign_ec(k->ec, input, out);
}

uint16_t vcard_sign(struct vcard *v, const struct vcard_command *c, struct wr *out)
{
	const struct vcard_profile *p = v->state->profile;
	const struct algorithm *a = algorithm_find(c->p2);
	struct vcard_key *k = vcard_state_key(v->state, c->p1);
	uint16_t sw;
	enum err e;

	if (!k)
		return p->sw_key_absent;
	if (!a || a->is_rsa != !!k->secret.rsa || (a->is_rsa && a->digest == DIGEST_SHA224 && !p->sha224))
		return SW_FUNCTION;
	sw = vcard_key_may(v, k, c->p2);
	if (sw != SW_OK)
		return sw;
	e = sign(&k->secret, a, p->sha224, c->data, out);
	if (e == ERR_ARG)
		return SW_DATA;
	if (e)
		return vcard_sw(e);
	vcard_key_used(v, k);
	return SW_OK;
}
