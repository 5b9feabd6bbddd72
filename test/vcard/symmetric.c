/* SPDX-License-Identifier: Apache-2.0 */
/* GENERATE SYMMETRIC KEY, and what AES keys do; APDU reference 3.12, 3.15. */
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "test/vcard/card.h"

#define AES_FIRST 0xB0          /* P2: AES-128, then AES-192 and AES-256 */
#define DERIVED 32              /* bytes that the vendor's card derives */

static const uint8_t zero_iv[AES_BLOCK];

static struct rd value_of(const struct vcard_use *u)
{
	return rd_of(u->key->aes, u->key->aes_n);
}

/* ---- use ---- */

static enum err encrypt(const struct vcard_use *u, struct rd data, struct wr *out)
{
	return aes_cbc_encrypt(value_of(u), zero_iv, data, out);
}

static enum err decrypt(const struct vcard_use *u, struct rd data, struct wr *out)
{
	return aes_cbc_decrypt(value_of(u), zero_iv, data, out);
}

static enum err mac(const struct vcard_use *u, struct rd data, struct wr *out)
{
	uint8_t value[AES_BLOCK];
	enum err e = aes_cmac(value_of(u), data, value);

	if (!e)
		wr_put(out, RD_ARR(value));
	return e ? e : wr_done(out);
}

/*
 * SP 800-56C, "extraction then expansion", with AES-CMAC for both: the key that is expanded is the CMAC of the key
 * value under zeros, and the counter of 32 bits is in front of the parameter (SP 800-108 4.1). Of the vendor's card one
 * source says the name and the 32 bytes, none more (reference 3.15, 15.9): so what the bytes are is our own choice, and
 * no host computes them.
 */
static enum err derive_cmac(struct rd value, struct rd parameter, struct wr *out)
{
	static const uint8_t salt[AES_BLOCK];
	uint8_t key[AES_BLOCK], part[AES_BLOCK];
	struct wr text;
	enum err e = aes_cmac(RD_ARR(salt), value, key);

	wr_init_heap(&text, APDU_DATA_MAX + 4);
	for (uint32_t i = 1; !e && i <= DERIVED / AES_BLOCK; i++) {
		wr_reset(&text);
		wr_u32(&text, i);
		wr_put(&text, parameter);
		e = wr_done(&text);
		if (!e)
			e = aes_cmac(RD_ARR(key), wr_view(&text), part);
		if (!e)
			wr_put(out, RD_ARR(part));
	}
	wr_free(&text);
	return e ? e : wr_done(out);
}

/* Open firmware: HKDF (RFC 5869) with SHA-256, no salt, as many bytes as the parameter has (reference 3.15). */
static enum err derive_hkdf(struct rd value, struct rd parameter, struct wr *out)
{
	uint8_t key[SHA256_SIZE], part[SHA256_SIZE];
	size_t before = out->n;
	struct wr text;
	enum err e = hmac_sha256(RD_NONE, value, key);

	wr_init_heap(&text, SHA256_SIZE + APDU_DATA_MAX + 1);
	for (unsigned i = 1; !e && out->n - before < parameter.n; i++) {
		wr_put(&text, parameter);
		wr_u8(&text, (uint8_t)i);
		e = i > UINT8_MAX ? ERR_ARG : wr_done(&text);
		if (!e)
			e = hmac_sha256(RD_ARR(key), wr_view(&text), part);
		wr_reset(&text);
		wr_put(&text, RD_ARR(part));
		if (!e)
			wr_put(out, RD_ARR(part));
		if (!e)
			e = wr_done(out);
	}
	if (!e)
		wr_cut(out, before + parameter.n);
	wr_free(&text);
	return e;
}

static enum err derive(const struct vcard_use *u, struct rd parameter, struct wr *out)
{
	return (u->profile->derive_hkdf ? derive_hkdf : derive_cmac)(value_of(u), parameter, out);
}

static const struct vcard_algorithm algorithms[] = {
	{ 0x10, VCARD_AES, encrypt, DIGEST_NONE },
	{ 0x11, VCARD_AES, decrypt, DIGEST_NONE },
	{ 0x18, VCARD_AES, mac, DIGEST_NONE },
	{ 0x99, VCARD_AES, derive, DIGEST_NONE },
};

uint16_t vcard_cipher(struct vcard *v, const struct vcard_command *c, struct wr *out)
{
	uint16_t sw = vcard_key_use(v, c, VCARD_ALGORITHMS(algorithms), out);

	return sw == SW_DATA ? v->state->profile->sw_cipher_length : sw;
}

/* ---- generation ---- */

uint16_t vcard_generate_symmetric(struct vcard *v, const struct vcard_command *c, struct wr *out)
{
	struct vcard_attributes a;
	struct vcard_key *k;
	uint16_t sw;
	enum err e;

	(void)out;
	if (!vcard_attributes_read(c->data, true, &a))
		return SW_DATA;
	sw = vcard_key_can_be(v, c->p1, a.domain);
	if (sw != SW_OK)
		return sw;
	k = calloc(1, sizeof(*k));
	if (!k)
		return SW_FAILURE;
	k->id = c->p1;
	vcard_attributes_apply(&a, k);
	k->secret.aes_n = 16 + 8 * (size_t)(c->p2 - AES_FIRST);
	e = rand_bytes(k->secret.aes, k->secret.aes_n);
	if (!e)
		e = vcard_key_keep(v, &k);
	vcard_key_free(&k);
	return vcard_sw(e);
}
