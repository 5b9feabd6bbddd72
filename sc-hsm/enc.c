/* SPDX-License-Identifier: Apache-2.0 */
/* One encoder per command, reference 3. What a row fixes comes from the row. */
#include "sc-hsm/cmd.h"

#include "base/tlv.h"

/* p1 and p2 fill what the row leaves open. */
static void put(struct wr *w, enum hsm_op op, uint8_t p1, uint8_t p2, struct rd data, size_t ne)
{
	const struct hsm_cmd *r = hsm_cmd_get(op);
	const struct apdu a = {
		.cla = r->cla, .ins = r->ins, .p1 = r->p1 | p1, .p2 = r->p2 | p2, .data = data, .ne = ne,
		/* 256 in one byte is 00, which open firmware takes for nothing (reference 12, GET CHALLENGE). */
		.extended = op == HSM_CHALLENGE && ne == APDU_LE_SHORT_MAX,
	};
	enum err e = apdu_encode(&a, w);

	if (e)
		wr_fail(w, e);
}

/* The same, with data that is made here; wiped. */
static void put_made(struct wr *w, enum hsm_op op, uint8_t p1, uint8_t p2, struct wr *data, size_t ne)
{
	enum err e = wr_done(data);

	if (e)
		wr_fail(w, e);
	else
		put(w, op, p1, p2, wr_view(data), ne);
	wr_free(data);
}

/* Two PINs, one after the other: the card knows the length of the stored one (reference 3.2). */
static void put_pins(struct wr *w, enum hsm_op op, uint8_t p1, uint8_t p2, struct rd first, struct rd second)
{
	uint8_t bytes[2 * PIN_MAX];
	struct wr data;

	WR_ARR(&data, bytes);
	wr_put(&data, first);
	wr_put(&data, second);
	put_made(w, op, p1, p2, &data, 0);
}

static void put_tlv(struct wr *w, enum hsm_op op, uint32_t tag, struct rd value)
{
	struct wr data;

	wr_init_heap(&data, APDU_DATA_MAX);
	wr_tlv(&data, tag, value);
	put_made(w, op, 0, 0, &data, 0);
}

static uint8_t high(uint16_t fid)
{
	return (uint8_t)(fid >> 8);
}

static uint8_t low(uint16_t fid)
{
	return (uint8_t)fid;
}

void hsm_enc_select(struct wr *w)
{
	put(w, HSM_SELECT, 0, 0, hsm_aid, APDU_LE_SHORT_MAX);
}

void hsm_enc_select_file(struct wr *w, uint16_t fid)
{
	const uint8_t data[2] = { high(fid), low(fid) };

	put(w, HSM_SELECT_FILE, 0, 0, RD_ARR(data), APDU_LE_SHORT_MAX);
}

void hsm_enc_verify(struct wr *w, enum hsm_ref ref, struct rd pin)
{
	put(w, HSM_VERIFY, 0, (uint8_t)ref, pin, 0);
}

void hsm_enc_verify_status(struct wr *w, enum hsm_ref ref)
{
	put(w, HSM_VERIFY_STATUS, 0, (uint8_t)ref, RD_NONE, 0);
}

void hsm_enc_change_pin(struct wr *w, enum hsm_ref ref, struct rd old, struct rd fresh)
{
	put_pins(w, HSM_CHANGE_PIN, 0, (uint8_t)ref, old, fresh);
}

void hsm_enc_reset_retry(struct wr *w, struct rd so_pin, struct rd fresh)
{
	put_pins(w, HSM_RESET_RETRY, fresh.n ? HSM_RESET_SET : HSM_RESET_KEEP, 0, so_pin, fresh);
}

void hsm_enc_initialize(struct wr *w, struct rd tlvs)
{
	put(w, HSM_INITIALIZE, 0, 0, tlvs, 0);
}

void hsm_enc_device_info(struct wr *w)
{
	put(w, HSM_DEVICE_INFO, 0, 0, RD_NONE, APDU_LE_SHORT_MAX);
}

void hsm_enc_challenge(struct wr *w, size_t n)
{
	if (n < 1 || n > HSM_CHALLENGE_MAX)
		wr_fail(w, ERR_ARG);
	put(w, HSM_CHALLENGE, 0, 0, RD_NONE, n);
}

void hsm_enc_read(struct wr *w, uint16_t fid, uint16_t offset, size_t ne)
{
	const uint8_t at[2] = { high(offset), low(offset) };
	uint8_t bytes[4];
	struct wr data;

	WR_ARR(&data, bytes);
	wr_tlv(&data, 0x54, RD_ARR(at));
	put_made(w, HSM_READ, high(fid), low(fid), &data, ne);
}

void hsm_enc_update(struct wr *w, uint16_t fid, uint16_t offset, struct rd data)
{
	const uint8_t at[2] = { high(offset), low(offset) };
	struct wr body;

	wr_init_heap(&body, APDU_DATA_MAX);
	wr_tlv(&body, 0x54, RD_ARR(at));
	wr_tlv(&body, 0x53, data);
	put_made(w, HSM_UPDATE, high(fid), low(fid), &body, 0);
}

void hsm_enc_delete(struct wr *w, uint16_t fid)
{
	const uint8_t data[2] = { high(fid), low(fid) };

	put(w, HSM_DELETE, 0, 0, RD_ARR(data), 0);
}

void hsm_enc_enumerate(struct wr *w)
{
	put(w, HSM_ENUMERATE, 0, 0, RD_NONE, APDU_LE_MAX);
}

void hsm_enc_generate_pair(struct wr *w, uint8_t key, struct rd template)
{
	/* P2 00: the outer signature is the device key's, the only one since firmware 3.0 (reference 3.11). */
	put(w, HSM_GENERATE_PAIR, key, 0, template, APDU_LE_MAX);
}

void hsm_enc_sign(struct wr *w, uint8_t key, enum hsm_alg alg, struct rd data)
{
	/* An RSA signature may have 256 bytes and more; one of ECDSA never (reference 3.13). */
	put(w, HSM_SIGN, key, (uint8_t)alg, data, alg >= HSM_ECDSA ? APDU_LE_SHORT_MAX : APDU_LE_MAX);
}

void hsm_enc_decipher(struct wr *w, uint8_t key, enum hsm_decipher alg, struct rd data)
{
	size_t ne = alg == HSM_RSA_DECRYPT ? APDU_LE_MAX : alg == HSM_ECDH_DOMAIN ? 0 : APDU_LE_SHORT_MAX;

	put(w, data.n ? HSM_DECIPHER : HSM_DECIPHER_FILE, key, (uint8_t)alg, data, ne);
}

void hsm_enc_generate_aes(struct wr *w, uint8_t key, unsigned bits, struct rd attributes)
{
	if (bits != 128 && bits != 192 && bits != 256)
		wr_fail(w, ERR_ARG);
	/* B0, B1, B2: reference 3.12. */
	put(w, HSM_GENERATE_AES, key, (uint8_t)(0xB0 + (bits - 128) / 64), attributes, 0);
}

void hsm_enc_cipher(struct wr *w, uint8_t key, enum hsm_cipher alg, struct rd data)
{
	/* As many bytes as went in, or a MAC, or a derived value of 32. */
	put(w, HSM_CIPHER, key, (uint8_t)alg, data, data.n > APDU_LE_SHORT_MAX ? APDU_LE_MAX : APDU_LE_SHORT_MAX);
}

void hsm_enc_derive_ec(struct wr *w, uint8_t from, uint8_t to, struct rd parameter)
{
	struct wr data;

	wr_init_heap(&data, APDU_DATA_MAX);
	wr_u8(&data, HSM_EC_DERIVE);
	wr_put(&data, parameter);
	put_made(w, HSM_DERIVE_EC, from, to, &data, APDU_LE_MAX);
}

void hsm_enc_wrap(struct wr *w, uint8_t key)
{
	put(w, HSM_WRAP, key, 0, RD_NONE, APDU_LE_MAX);
}

void hsm_enc_unwrap(struct wr *w, uint8_t key, struct rd blob)
{
	put(w, blob.n ? HSM_UNWRAP : HSM_UNWRAP_FILE, key, 0, blob, 0);
}

void hsm_enc_domain(struct wr *w, enum hsm_domain_use use, uint8_t domain, struct rd data)
{
	put(w, data.n ? HSM_KEY_DOMAIN : HSM_DOMAIN_JOIN_FILE, (uint8_t)use, domain, data, APDU_LE_SHORT_MAX);
}

void hsm_enc_domain_status(struct wr *w, uint8_t domain)
{
	put(w, HSM_DOMAIN_STATUS, 0, domain, RD_NONE, APDU_LE_SHORT_MAX);
}

void hsm_enc_domain_delete(struct wr *w, uint8_t domain)
{
	put(w, HSM_DOMAIN_DELETE, 0, domain, RD_NONE, 0);
}

void hsm_enc_domain_forget(struct wr *w, uint8_t domain)
{
	put(w, HSM_DOMAIN_FORGET, 0, domain, RD_NONE, APDU_LE_SHORT_MAX);
}

void hsm_enc_pka_status(struct wr *w)
{
	put(w, HSM_PKA_STATUS, 0, 0, RD_NONE, APDU_LE_SHORT_MAX);
}

void hsm_enc_pka_key(struct wr *w, uint8_t index)
{
	put(w, HSM_PKA_KEY, 0, index, RD_NONE, APDU_LE_SHORT_MAX);
}

void hsm_enc_pka_register(struct wr *w, struct rd body)
{
	put(w, HSM_PKA_REGISTER, 0, 0, body, APDU_LE_SHORT_MAX);
}

void hsm_enc_pka_replace(struct wr *w, uint8_t index, struct rd body)
{
	put(w, HSM_PKA_REGISTER, 1, index, body, APDU_LE_SHORT_MAX);
}

void hsm_enc_mse_chip(struct wr *w, struct rd oid)
{
	put_tlv(w, HSM_MSE_CHIP, 0x80, oid);
}

void hsm_enc_mse_verify(struct wr *w, struct rd chr)
{
	put_tlv(w, HSM_MSE_VERIFY, 0x83, chr);
}

void hsm_enc_mse_auth(struct wr *w, struct rd chr)
{
	put_tlv(w, HSM_MSE_AUTH, 0x83, chr);
}

void hsm_enc_pso_verify(struct wr *w, struct rd cert_content)
{
	put(w, HSM_PSO_VERIFY, 0, 0, cert_content, 0);
}

void hsm_enc_external_auth(struct wr *w, struct rd sig)
{
	put(w, HSM_EXTERNAL_AUTH, 0, 0, sig, 0);
}

void hsm_enc_general_auth(struct wr *w, struct rd point)
{
	struct wr data;
	size_t mark;

	wr_init_heap(&data, APDU_DATA_MAX);
	mark = wr_tlv_open(&data, 0x7C);
	wr_tlv(&data, 0x80, point);
	wr_tlv_close(&data, mark);
	put_made(w, HSM_GENERAL_AUTH, 0, 0, &data, APDU_LE_SHORT_MAX);
}
