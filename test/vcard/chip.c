/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GENERAL AUTHENTICATE: chip authentication; APDU reference 4.1, TR-03110 part 3, A.4.2. The card proves
 * that it has the private key of its device certificate. The keys are for secure messaging, which starts with the
 * next command if that is protected.
 */
#include <string.h>

#include "base/rand.h"
#include "base/tlv.h"
#include "test/vcard/card.h"
#include "test/vcard/mint.h"

#define NONCE 8
#define TOKEN 8
#define SHA1_SIZE 20

/* The first 16 bytes of SHA-1(secret || nonce || counter). */
static enum err derive(struct rd secret, struct rd nonce, uint8_t counter, uint8_t key[AES_BLOCK])
{
	uint8_t text[VCARD_POINT_MAX], hash[SHA1_SIZE];
	struct wr in, out;
	enum err e;

	WR_ARR(&in, text);
	WR_ARR(&out, hash);
	wr_put(&in, secret);
	wr_put(&in, nonce);
	wr_u32(&in, counter);
	e = wr_done(&in);
	if (!e)
		e = digest_once(DIGEST_SHA1, wr_view(&in), &out);
	if (!e)
		e = wr_done(&out);
	if (!e)
		memcpy(key, hash, AES_BLOCK);
	wr_free(&out);
	wr_free(&in);
	return e;
}

/* The retail MAC wants whole blocks: which way they are filled is the profile's. */
static enum err token_mac(const struct vcard_profile *p, const struct vcard_channel *keys, struct wr *text,
			  uint8_t mac[AES_BLOCK])
{
	enum err e;

	if (keys->is_3des) {
		wr_u8(text, p->token_zeros ? 0x00 : 0x80);
		while (text->n % DES_BLOCK)
			wr_u8(text, 0);
	}
	e = wr_done(text);
	if (e)
		return e;
	return keys->is_3des ? des_mac(keys->k_mac, wr_view(text), mac)
			     : aes_cmac(RD_ARR(keys->k_mac), wr_view(text), mac);
}

enum err vcard_chip_keys(const struct vcard_state *s, struct rd peer, struct rd nonce, struct vcard_channel *keys,
			 uint8_t token[TOKEN])
{
	uint8_t shared[VCARD_POINT_MAX], text[VCARD_POINT_MAX + 24], mac[AES_BLOCK];
	struct wr x, t;
	enum err e;
	size_t m;

	WR_ARR(&x, shared);
	WR_ARR(&t, text);
	e = ec_key_agree(s->device, peer, &x);
	if (!e)
		e = derive(wr_view(&x), nonce, 1, keys->k_enc);
	if (!e)
		e = derive(wr_view(&x), nonce, 2, keys->k_mac);
	m = wr_tlv_open(&t, 0x7F49);
	wr_tlv(&t, 0x06, keys->is_3des ? vcard_oid_chip_3des : vcard_oid_chip);
	wr_tlv(&t, 0x86, peer);
	wr_tlv_close(&t, m);
	if (!e)
		e = token_mac(s->profile, keys, &t, mac);
	if (!e)
		memcpy(token, mac, TOKEN);
	wr_free(&x);
	return e;
}

uint16_t vcard_general_authenticate(struct vcard *v, const struct vcard_command *c, struct wr *out)
{
	struct vcard_session *s = &v->session;
	struct rd r = c->data, in, peer;
	uint8_t nonce[NONCE], token[TOKEN];
	enum err e;
	size_t m;

	/* A channel inside a channel is none that the reference knows. */
	if (!s->chip || s->channel)
		return SW_CONDITIONS;
	if (!rd_tlv(&r, 0x7C, &in) || !rd_end(&r) || !rd_tlv(&in, 0x80, &peer) || !rd_end(&in))
		return SW_DATA;
	s->keys.is_3des = s->chip_3des;
	e = rand_bytes(nonce, sizeof(nonce));
	if (!e)
		e = vcard_chip_keys(v->state, peer, RD_ARR(nonce), &s->keys, token);
	if (e)
		return e == ERR_FORMAT ? SW_DATA : SW_FAILURE;
	s->channel = true;
	m = wr_tlv_open(out, 0x7C);
	wr_tlv(out, 0x81, RD_ARR(nonce));
	wr_tlv(out, 0x82, RD_ARR(token));
	wr_tlv_close(out, m);
	return SW_OK;
}
