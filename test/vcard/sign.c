/* SPDX-License-Identifier: Apache-2.0 */
/* SIGN; APDU reference 3.13. */
#include <string.h>

#include "test/vcard/card.h"

#define RSA_MAX 512

enum input {
	BLOCK,
	PADDED,
	HASHED
}; /* the whole RSA block; what is padded; what is hashed (ECDSA with BLOCK: the hash itself) */

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
	{ 0x33, true,  HASHED, DIGEST_SHA256 },
	{ 0x34, true,  HASHED, DIGEST_SHA384 },
	{ 0x35, true,  HASHED, DIGEST_SHA512 },
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

/* A Nitrokey HSM 2: RSA-2048 0.6 s, P-256 0.17 s. Others by the cube of their size, as both grow. */
static unsigned duration_ms(const struct vcard_private *k)
{
	double base = k->rsa ? 600 : 170;
	double ratio = k->rsa ? rsa_key_bits(k->rsa) / 2048.0 : ec_domain_get(ec_key_curve(k->ec))->bits / 256.0;

	return (unsigned)(base * ratio * ratio * ratio + 0.5);
}

static enum err sign_rsa(const struct rsa_key *k, const struct algorithm *a, struct rd input, struct wr *out)
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
	if (!e)
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

static enum err sign(const struct vcard_private *k, const struct algorithm *a, struct rd input, struct wr *out)
{
	uint8_t hash_bytes[DIGEST_MAX];
	struct wr hash;
	enum err e;

	WR_ARR(&hash, hash_bytes);
	if (a->input == HASHED) {
		e = digest_once(a->digest, input, &hash);
		if (e)
			return e;
		input = wr_view(&hash);
	}
	return a->is_rsa ? sign_rsa(k->rsa, a, input, out) : sign_ec(k->ec, input, out);
}

uint16_t vcard_sign(struct vcard *v, const struct vcard_command *c, struct wr *out)
{
	const struct vcard_profile *p = v->state->profile;
	const struct algorithm *a = algorithm_find(c->p2);
	struct vcard_key *k = vcard_state_key(v->state, c->p1);
	enum err e;

	if (!k)
		return p->sw_key_absent;
	if (!a || a->is_rsa != !!k->secret.rsa)
		return SW_FUNCTION;
	if (k->listed && !memchr(k->algs, c->p2, k->algs_n))
		return p->sw_key_algorithm;
	if (k->counted && k->uses == 0)
		return p->sw_key_uses;
	if (!vcard_keys(v))
		return SW_NO_PIN_FOR_KEY;
	e = sign(&k->secret, a, c->data, out);
	if (e == ERR_ARG)
		return SW_DATA;
	if (e)
		return vcard_sw(e);
	v->delay_ms = duration_ms(&k->secret);
	if (k->counted) {
		k->uses--;
		v->state->dirty = true;
	}
	return SW_OK;
}
