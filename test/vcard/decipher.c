/* SPDX-License-Identifier: Apache-2.0 */
/* DECIPHER: RSA decryption and key agreement; APDU reference 3.14. */
#include "test/vcard/card.h"

#define RSA_MAX 512

enum output {
	RAW,            /* the block with its padding */
	PKCS1,
	OAEP,           /* SHA-256 for label and mask */
	POINT           /* ECDH */
};

static const struct algorithm {
	uint8_t id;
	bool is_rsa;
	enum output output;
} algorithms[] = {
	{ 0x21, true, RAW }, { 0x22, true, PKCS1 }, { 0x23, true, OAEP }, { 0x80, false, POINT },
};

static const struct algorithm *algorithm_find(uint8_t id)
{
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(*algorithms); i++)
		if (algorithms[i].id == id)
			return &algorithms[i];
	return NULL;
}

static enum err decrypt(const struct rsa_key *k, enum output output, struct rd input, struct wr *out)
{
	struct rsa_oaep oaep = { .hash = DIGEST_SHA256, .mgf = DIGEST_SHA256 };
	uint8_t bytes[RSA_MAX];
	struct wr block;
	enum err e;

	WR_ARR(&block, bytes);
	e = rsa_key_raw(k, input, &block);
	if (e)
		return e;
	switch (output) {
	case PKCS1:
		return rsa_unpad_crypt(wr_view(&block), out);
	case OAEP:
		e = sha256(RD_NONE, oaep.label);
		return e ? e : rsa_unpad_oaep(&oaep, wr_view(&block), out);
	case RAW:
	case POINT:
		break;
	}
	wr_put(out, wr_view(&block));
	return wr_done(out);
}

static enum err agree(const struct ec_key *k, bool x_only, struct rd input, struct wr *out)
{
	enum err e = ec_key_shared_point(k, input, out);

	if (!e && x_only)
		wr_cut(out, 1 + (out->n - 1) / 2);
	return e;
}

uint16_t vcard_decipher(struct vcard *v, const struct vcard_command *c, struct wr *out)
{
	const struct vcard_profile *p = v->state->profile;
	const struct algorithm *a = algorithm_find(c->p2);
	struct vcard_key *k = vcard_state_key(v->state, c->p1);
	uint16_t sw;
	enum err e;

	if (!k)
		return p->sw_key_absent;
	if (!a || a->is_rsa != !!k->secret.rsa || (!a->is_rsa && !k->secret.ec))
		return SW_FUNCTION;
	sw = vcard_key_may(v, k, c->p2);
	if (sw != SW_OK)
		return sw;
	e = a->is_rsa ? decrypt(k->secret.rsa, a->output, c->data, out) :
			agree(k->secret.ec, p->agree_x_only, c->data, out);
	if (e == ERR_ARG || e == ERR_DATA || e == ERR_FORMAT)
		return SW_DATA;
	if (e)
		return vcard_sw(e);
	vcard_key_used(v, k);
	return SW_OK;
}
