/* SPDX-License-Identifier: Apache-2.0 */
#include "sc-hsm/sm.h"

#include <stdlib.h>
#include <string.h>

#include "apdu/apdu.h"
#include "base/crypto_des.h"
#include "base/secret.h"
#include "base/tlv.h"

#define CLA_SM   0x0C
#define MAC_SIZE 8

struct hsm_sm {
	enum chip_suite suite;
	size_t block;                   /* of its cipher; the counter has as many bytes */
	uint8_t enc[CHIP_KEY_SIZE], mac[CHIP_KEY_SIZE];
	uint8_t counter[AES_BLOCK];     /* before each command and each answer one more */
	bool odd;                       /* instruction of the command on its way */
};

enum err hsm_sm_new(enum chip_suite suite, const uint8_t enc[CHIP_KEY_SIZE], const uint8_t mac[CHIP_KEY_SIZE],
		       struct hsm_sm **out)
{
	struct hsm_sm *sm = calloc(1, sizeof(*sm));

	if (!sm)
		return ERR_NOMEM;
	sm->suite = suite;
	sm->block = suite == CHIP_3DES ? DES_BLOCK : AES_BLOCK;
	memcpy(sm->enc, enc, sizeof(sm->enc));
	memcpy(sm->mac, mac, sizeof(sm->mac));
	*out = sm;
	return ERR_OK;
}

void hsm_sm_free(struct hsm_sm **sm)
{
	if (!*sm)
		return;
	wipe(*sm, sizeof(**sm));
	free(*sm);
	*sm = NULL;
}

static void step(struct hsm_sm *sm)
{
	size_t i = sm->block;

	while (i-- && ++sm->counter[i] == 0)
		;
}

static struct rd counter(const struct hsm_sm *sm)
{
	return rd_of(sm->counter, sm->block);
}

/* Method 2: 80, then zeros to a whole block (ISO 7816-4 10.2.3.1). */
static void put_padded(const struct hsm_sm *sm, struct wr *w, struct rd bytes)
{
	wr_put(w, bytes);
	wr_u8(w, 0x80);
	wr_zeros(w, (sm->block - (bytes.n + 1) % sm->block) % sm->block);
}

/* CBC: of AES the IV is the counter, encrypted; of 3DES there is none. */
static enum err cipher(const struct hsm_sm *sm, bool encrypt, struct rd bytes, struct wr *out)
{
	static const uint8_t zeros[AES_BLOCK];
	uint8_t iv[AES_BLOCK];
	struct wr w;
	enum err e;

	if (sm->suite == CHIP_3DES)
		return encrypt ? des_cbc_encrypt(sm->enc, bytes, out) : des_cbc_decrypt(sm->enc, bytes, out);
	WR_ARR(&w, iv);
	e = aes_cbc_encrypt(RD_ARR(sm->enc), zeros, counter(sm), &w);
	if (e)
		return e;
	return encrypt ? aes_cbc_encrypt(RD_ARR(sm->enc), iv, bytes, out)
		       : aes_cbc_decrypt(RD_ARR(sm->enc), iv, bytes, out);
}

/* Of the counter, the command's header (empty in an answer) and the data objects. */
static enum err make_mac(const struct hsm_sm *sm, struct rd header, struct rd objects, uint8_t mac[AES_BLOCK])
{
	struct wr text;
	enum err e;

	wr_init_heap(&text, APDU_RSP_MAX + 4 * AES_BLOCK);
	wr_put(&text, counter(sm));
	if (header.n)
		put_padded(sm, &text, header);
	if (objects.n)
		put_padded(sm, &text, objects);
	e = wr_done(&text);
	if (!e)
		e = sm->suite == CHIP_3DES ? des_mac(sm->mac, wr_view(&text), mac)
					   : aes_cmac(RD_ARR(sm->mac), wr_view(&text), mac);
	wr_free(&text);
	return e;
}

/* DO 87 with the indicator of the padding, or of an odd instruction 85 without. */
static enum err put_data(const struct hsm_sm *sm, struct rd data, struct wr *objects)
{
	struct wr text, hidden;
	enum err e;

	wr_init_heap(&text, APDU_DATA_MAX + AES_BLOCK);
	wr_init_heap(&hidden, APDU_DATA_MAX + AES_BLOCK + 1);
	put_padded(sm, &text, data);
	if (!sm->odd)
		wr_u8(&hidden, 0x01);
	e = wr_done(&text);
	if (!e)
		e = cipher(sm, true, wr_view(&text), &hidden);
	if (!e)
		wr_tlv(objects, sm->odd ? 0x85 : 0x87, wr_view(&hidden));
	wr_free(&hidden);
	wr_free(&text);
	return e;
}

static void put_le(const struct apdu *a, struct wr *objects)
{
	const uint8_t le[2] = { (uint8_t)(a->ne >> 8), (uint8_t)a->ne };

	if (a->ne > APDU_LE_SHORT_MAX || a->extended)
		wr_tlv(objects, 0x97, RD_ARR(le));
	else if (a->ne)
		wr_tlv_u8(objects, 0x97, le[1]);
}

enum err hsm_sm_wrap(struct hsm_sm *sm, struct rd cmd, struct wr *out)
{
	uint8_t mac[AES_BLOCK] = { 0 };
	struct wr objects;
	struct apdu a;
	enum err e = apdu_decode(cmd, &a);

	if (e)
		return e;
	/* The card's accelerator takes no protected command without data and Le (reference 3.1). */
	if (!a.data.n && !a.ne)
		a.ne = APDU_LE_SHORT_MAX;
	sm->odd = a.ins & 1;
	step(sm);
	wr_init_heap(&objects, APDU_DATA_MAX);
	if (a.data.n)
		e = put_data(sm, a.data, &objects);
	if (a.ne)
		put_le(&a, &objects);
	a.cla |= CLA_SM;
	if (!e)
		e = wr_done(&objects);
	if (!e)
		e = make_mac(sm, RD_ARR(((const uint8_t[]){ a.cla, a.ins, a.p1, a.p2 })), wr_view(&objects), mac);
	wr_tlv(&objects, 0x8E, rd_of(mac, MAC_SIZE));
	if (!e)
		e = wr_done(&objects);
	a.data = wr_view(&objects);
	/* The frame has Le in the form that the plain command had. */
	a.extended = a.extended || a.ne > APDU_LE_SHORT_MAX;
	a.ne = a.extended ? APDU_LE_MAX : APDU_LE_SHORT_MAX;
	if (!e)
		e = apdu_encode(&a, out);
	wr_free(&objects);
	return e;
}

/* ---- answers ---- */

static enum err get_data(const struct hsm_sm *sm, bool indicator, struct rd hidden, struct wr *data)
{
	struct rd text;
	uint8_t one;
	struct wr w;
	enum err e;

	if ((indicator && (!rd_u8(&hidden, &one) || one != 0x01)) || !hidden.n)
		return ERR_FORMAT;
	wr_init_heap(&w, APDU_RSP_MAX);
	e = cipher(sm, false, hidden, &w);
	text = wr_view(&w);
	while (text.n && !text.p[text.n - 1])
		text.n--;
	if (!e && (!text.n || text.p[text.n - 1] != 0x80))
		e = ERR_FORMAT;
	if (!e) {
		wr_put(data, rd_of(text.p, text.n - 1));
		e = wr_done(data);
	}
	wr_free(&w);
	return e == ERR_ARG ? ERR_FORMAT : e;
}

/* Cards of odd instructions send 85 or 87 (reference 4.2). */
enum err hsm_sm_unwrap(struct hsm_sm *sm, struct rd rsp, struct wr *data, uint16_t *sw)
{
	uint8_t mac[AES_BLOCK];
	struct rd body, all, hidden = RD_NONE, status, given, before;
	bool indicator;
	enum err e = apdu_answer(rsp, &body, sw);

	if (e)
		return e;
	step(sm);
	all = body;
	indicator = rd_tlv(&body, 0x87, &hidden);
	if (!indicator && !rd_tlv(&body, 0x85, &hidden))
		hidden = RD_NONE;
	if (!rd_tlv(&body, 0x99, &status))
		return ERR_FORMAT;
	before = rd_of(all.p, all.n - body.n);
	if (!rd_tlv(&body, 0x8E, &given) || !rd_end(&body) || given.n != MAC_SIZE)
		return ERR_FORMAT;
	e = make_mac(sm, RD_NONE, before, mac);
	if (!e && !rd_eq_secret(given, rd_of(mac, MAC_SIZE)))
		e = ERR_SIGNATURE;
	if (!e && (!rd_u16(&status, sw) || !rd_end(&status)))
		e = ERR_FORMAT;
	if (!e && hidden.p)
		e = get_data(sm, indicator, hidden, data);
	return e;
}
