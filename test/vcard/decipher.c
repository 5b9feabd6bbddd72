/* SPDX-License-Identifier: Apache-2.0 */
/* DECIPHER: RSA decryption and key agreement; APDU reference 3.14. */
#include "test/vcard/card.h"

#define RSA_MAX 512

/* The block with its padding. */
static enum err raw(const struct vcard_use *u, struct rd cipher, struct wr *out)
{
	return rsa_key_raw(u->key->rsa, cipher, out);
}

static enum err pkcs1(const struct vcard_use *u, struct rd cipher, struct wr *out)
{
	uint8_t bytes[RSA_MAX];
	struct wr block;
	enum err e;

	WR_ARR(&block, bytes);
	e = raw(u, cipher, &block);
	return e ? e : rsa_unpad_crypt(wr_view(&block), out);
}

/* SHA-256 for label and mask. */
static enum err oaep(const struct vcard_use *u, struct rd cipher, struct wr *out)
{
	struct rsa_oaep how = { .hash = DIGEST_SHA256, .mgf = DIGEST_SHA256 };
	uint8_t bytes[RSA_MAX];
	struct wr block;
	enum err e;

	WR_ARR(&block, bytes);
	e = raw(u, cipher, &block);
	if (!e)
		e = sha256(RD_NONE, how.label);
	return e ? e : rsa_unpad_oaep(&how, wr_view(&block), out);
}

enum err vcard_agree(const struct vcard_profile *p, const struct ec_key *k, struct rd peer, struct wr *out)
{
	enum err e = ec_key_shared_point(k, peer, out);

	if (!e && p->agree_x_only)
		wr_cut(out, 1 + (out->n - 1) / 2);
	return e;
}

static enum err agree(const struct vcard_use *u, struct rd peer, struct wr *out)
{
	return vcard_agree(u->profile, u->key->ec, peer, out);
}

static const struct vcard_algorithm algorithms[] = {
	{ 0x21, VCARD_RSA, raw, DIGEST_NONE },
	{ 0x22, VCARD_RSA, pkcs1, DIGEST_NONE },
	{ 0x23, VCARD_RSA, oaep, DIGEST_NONE },
	{ 0x80, VCARD_EC, agree, DIGEST_NONE },
};

uint16_t vcard_decipher(struct vcard *v, const struct vcard_command *c, struct wr *out)
{
	if (c->p2 == VCARD_AGREE_XKEK || (c->p2 == VCARD_AGREE_SIGNED && v->state->profile->agree_signed))
		return vcard_xkek_agree(v, c, out);
	if (!c->data.n)
		return SW_LENGTH;
	return vcard_key_use(v, c, VCARD_ALGORITHMS(algorithms), out);
}
