/* SPDX-License-Identifier: Apache-2.0 */
#include "sc-hsm/chip.h"

#include <stdlib.h>
#include <string.h>

#include "base/crypto_des.h"
#include "base/crypto_digest.h"
#include "base/secret.h"
#include "base/tlv.h"

#define KEY_SIZE   CHIP_KEY_SIZE
#define NONCE_SIZE 8
#define TOKEN_SIZE 8
/* TR-03110 part 3, A.2.3.2: counters of the keys for encryption and for MACs */
#define KDF_ENC    1
#define KDF_MAC    2

static const uint8_t oid_aes128[] = { 0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x03, 0x02, 0x02 };
static const uint8_t oid_3des[] = { 0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x03, 0x02, 0x01 };
const struct rd chip_oid_aes128 = { oid_aes128, sizeof(oid_aes128) };
const struct rd chip_oid_3des = { oid_3des, sizeof(oid_3des) };

struct chip_auth {
	enum chip_suite suite;
	struct secret *shared;          /* x coordinate of the agreed point */
	uint8_t point[EC_POINT_MAX];
	size_t point_size;
};

enum err chip_auth_new_with(struct ec_key *ephemeral, struct rd device_point, struct chip_auth **out)
{
	struct chip_auth *a = calloc(1, sizeof(*a));
	uint8_t x[EC_POINT_MAX];
	struct wr w, shared;
	enum err e = ERR_NOMEM;

	WR_ARR(&shared, x);
	if (!a)
		goto out;
	WR_ARR(&w, a->point);
	e = ec_key_public(ephemeral, &w);
	if (e)
		goto out;
	a->point_size = w.n;
	e = ec_key_agree(ephemeral, device_point, &shared);
	if (!e)
		e = secret_new(wr_view(&shared), &a->shared);
	if (e)
		goto out;
	*out = a;
	a = NULL;
out:
	wr_free(&shared);
	chip_auth_free(&a);
	ec_key_free(&ephemeral);
	return e;
}

enum err chip_auth_new(enum ec_curve curve, struct rd device_point, struct chip_auth **out)
{
	struct ec_key *ephemeral = NULL;
	enum err e = ec_key_generate(curve, &ephemeral);

	return e ? e : chip_auth_new_with(ephemeral, device_point, out);
}

void chip_auth_free(struct chip_auth **a)
{
	if (!a || !*a)
		return;
	secret_free(&(*a)->shared);
	free(*a);
	*a = NULL;
}

void chip_auth_use(struct chip_auth *a, enum chip_suite suite)
{
	a->suite = suite;
}

enum err chip_auth_point(const struct chip_auth *a, struct wr *point)
{
	wr_put(point, rd_of(a->point, a->point_size));
	return wr_done(point);
}

/* Reference 4.1 step 5: the first 16 bytes of SHA-1(K || nonce || counter). */
static enum err derive(const struct chip_auth *a, struct rd nonce, uint32_t counter, uint8_t key[KEY_SIZE])
{
	uint8_t text[EC_POINT_MAX + NONCE_SIZE + 4], hash[DIGEST_MAX];
	struct wr in, out;
	enum err e;

	WR_ARR(&in, text);
	WR_ARR(&out, hash);
	wr_put(&in, secret_view(a->shared));
	wr_put(&in, nonce);
	wr_u32(&in, counter);
	e = wr_done(&in);
	if (!e)
		e = digest_once(DIGEST_SHA1, wr_view(&in), &out);
	if (!e)
		memcpy(key, hash, KEY_SIZE);
	wr_free(&in);
	wr_free(&out);
	return e;
}

/* The retail MAC of whole blocks: filled with zeros, or 80 and zeros. */
static enum err des_token(const uint8_t key[KEY_SIZE], struct rd text, uint8_t first, uint8_t mac[AES_BLOCK])
{
	uint8_t bytes[EC_POINT_MAX + 32 + DES_BLOCK];
	struct wr t;
	enum err e;

	WR_ARR(&t, bytes);
	wr_put(&t, text);
	if (first || t.n % DES_BLOCK)
		wr_u8(&t, first);
	wr_zeros(&t, (DES_BLOCK - t.n % DES_BLOCK) % DES_BLOCK);
	e = wr_done(&t);
	return e ? e : des_mac(key, wr_view(&t), mac);
}

/*
 * Step 6: what the token is a MAC of is our own ephemeral key, which only we and the device's private key can have
 * met. How its text is filled up under 3DES sources do not tell, so both ways are good.
 */
static enum err check_token(const struct chip_auth *a, const uint8_t key[KEY_SIZE], struct rd token)
{
	uint8_t bytes[EC_POINT_MAX + 32], mac[AES_BLOCK];
	bool is_des = a->suite == CHIP_3DES;
	struct wr t;
	size_t mark;
	enum err e;

	WR_ARR(&t, bytes);
	mark = wr_tlv_open(&t, 0x7F49);
	wr_tlv(&t, 0x06, is_des ? chip_oid_3des : chip_oid_aes128);
	wr_tlv(&t, 0x86, rd_of(a->point, a->point_size));
	wr_tlv_close(&t, mark);
	e = wr_done(&t);
	if (!e)
		e = is_des ? des_token(key, wr_view(&t), 0x80, mac) : aes_cmac(rd_of(key, KEY_SIZE), wr_view(&t), mac);
	if (!e && is_des && !rd_eq_secret(token, rd_of(mac, TOKEN_SIZE)))
		e = des_token(key, wr_view(&t), 0x00, mac);
	if (!e && !rd_eq_secret(token, rd_of(mac, TOKEN_SIZE)))
		e = ERR_SIGNATURE;
	wipe(mac, sizeof(mac));
	return e;
}

static bool read_answer(struct rd answer, struct rd *nonce, struct rd *token)
{
	struct rd body;

	return rd_tlv(&answer, 0x7C, &body) && rd_end(&answer) && rd_tlv(&body, 0x81, nonce) &&
	       rd_tlv(&body, 0x82, token) && rd_end(&body) && nonce->n == NONCE_SIZE && token->n == TOKEN_SIZE;
}

enum err chip_auth_keys(const struct chip_auth *a, struct rd answer, uint8_t enc[KEY_SIZE], uint8_t mac[KEY_SIZE])
{
	struct rd nonce, token;
	enum err e = read_answer(answer, &nonce, &token) ? ERR_OK : ERR_FORMAT;

	if (!e)
		e = derive(a, nonce, KDF_ENC, enc);
	return e ? e : derive(a, nonce, KDF_MAC, mac);
}

enum err chip_auth_check(struct chip_auth *a, struct rd answer)
{
	uint8_t key[KEY_SIZE];
	struct rd nonce, token;
	enum err e;

	if (!read_answer(answer, &nonce, &token))
		return ERR_FORMAT;
	e = derive(a, nonce, KDF_MAC, key);
	if (!e)
		e = check_token(a, key, token);
	wipe(key, sizeof(key));
	return e;
}
