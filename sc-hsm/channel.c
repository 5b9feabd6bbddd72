/* SPDX-License-Identifier: Apache-2.0 */
#include "sc-hsm/channel.h"

#include <stdlib.h>
#include <string.h>

#include "base/crypto_des.h"
#include "base/secret.h"
#include "sc-hsm/card_int.h"

#define CLA_SM   0x0C
#define MAC_SIZE 8

struct hsm_channel {
	enum chip_suite suite;
	size_t block;                   /* of its cipher; the counter has as many bytes */
	uint8_t enc[CHIP_KEY_SIZE], mac[CHIP_KEY_SIZE];
	uint8_t counter[AES_BLOCK];     /* before each command and each answer one more */
	bool odd;                       /* instruction of the command on its way */
};

enum err hsm_channel_new(enum chip_suite suite, const uint8_t enc[CHIP_KEY_SIZE], const uint8_t mac[CHIP_KEY_SIZE],
			 struct hsm_channel **out)
{
	struct hsm_channel *ch = calloc(1, sizeof(*ch));

	if (!ch)
		return ERR_NOMEM;
	ch->suite = suite;
	ch->block = suite == CHIP_3DES ? DES_BLOCK : AES_BLOCK;
	memcpy(ch->enc, enc, sizeof(ch->enc));
	memcpy(ch->mac, mac, sizeof(ch->mac));
	*out = ch;
	return ERR_OK;
}

void hsm_channel_free(struct hsm_channel **ch)
{
	if (!*ch)
		return;
	wipe(*ch, sizeof(**ch));
	free(*ch);
	*ch = NULL;
}

static void step(struct hsm_channel *ch)
{
	size_t i = ch->block;

	while (i-- && ++ch->counter[i] == 0)
		;
}

static struct rd counter(const struct hsm_channel *ch)
{
	return rd_of(ch->counter, ch->block);
}

/* Method 2: 80, then zeros to a whole block (ISO 7816-4 10.2.3.1). */
static void put_padded(const struct hsm_channel *ch, struct wr *w, struct rd bytes)
{
	wr_put(w, bytes);
	wr_u8(w, 0x80);
	wr_zeros(w, (ch->block - (bytes.n + 1) % ch->block) % ch->block);
}

/* CBC: of AES the IV is the counter, encrypted; of 3DES there is none. */
static enum err cipher(const struct hsm_channel *ch, bool encrypt, struct rd bytes, struct wr *out)
{
	static const uint8_t zeros[AES_BLOCK];
	uint8_t iv[AES_BLOCK];
	struct wr w;
	enum err e;

	if (ch->suite == CHIP_3DES)
		return encrypt ? des_cbc_encrypt(ch->enc, bytes, out) : des_cbc_decrypt(ch->enc, bytes, out);
	WR_ARR(&w, iv);
	e = aes_cbc_encrypt(RD_ARR(ch->enc), zeros, counter(ch), &w);
	if (e)
		return e;
	return encrypt ? aes_cbc_encrypt(RD_ARR(ch->enc), iv, bytes, out)
		       : aes_cbc_decrypt(RD_ARR(ch->enc), iv, bytes, out);
}

/* Of the counter, the command's header (empty in an answer) and the data objects. */
static enum err make_mac(const struct hsm_channel *ch, struct rd header, struct rd objects, uint8_t mac[AES_BLOCK])
{
	struct wr text;
	enum err e;

	wr_init_heap(&text, APDU_RSP_MAX + 4 * AES_BLOCK);
	wr_put(&text, counter(ch));
	if (header.n)
		put_padded(ch, &text, header);
	if (objects.n)
		put_padded(ch, &text, objects);
	e = wr_done(&text);
	if (!e)
		e = ch->suite == CHIP_3DES ? des_mac(ch->mac, wr_view(&text), mac)
					   : aes_cmac(RD_ARR(ch->mac), wr_view(&text), mac);
	wr_free(&text);
	return e;
}

/* DO 87 with the indicator of the padding, or of an odd instruction 85 without. */
static enum err put_data(const struct hsm_channel *ch, struct rd data, struct wr *objects)
{
	struct wr text, hidden;
	enum err e;

	wr_init_heap(&text, APDU_DATA_MAX + AES_BLOCK);
	wr_init_heap(&hidden, APDU_DATA_MAX + AES_BLOCK + 1);
	put_padded(ch, &text, data);
	if (!ch->odd)
		wr_u8(&hidden, 0x01);
	e = wr_done(&text);
	if (!e)
		e = cipher(ch, true, wr_view(&text), &hidden);
	if (!e)
		wr_tlv(objects, ch->odd ? 0x85 : 0x87, wr_view(&hidden));
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

enum err hsm_channel_wrap(struct hsm_channel *ch, struct rd cmd, struct wr *out)
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
	ch->odd = a.ins & 1;
	step(ch);
	wr_init_heap(&objects, APDU_DATA_MAX);
	if (a.data.n)
		e = put_data(ch, a.data, &objects);
	if (a.ne)
		put_le(&a, &objects);
	a.cla |= CLA_SM;
	if (!e)
		e = wr_done(&objects);
	if (!e)
		e = make_mac(ch, RD_ARR(((const uint8_t[]){ a.cla, a.ins, a.p1, a.p2 })), wr_view(&objects), mac);
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

static enum err get_data(const struct hsm_channel *ch, bool indicator, struct rd hidden, struct wr *data)
{
	struct rd text;
	uint8_t one;
	struct wr w;
	enum err e;

	if ((indicator && (!rd_u8(&hidden, &one) || one != 0x01)) || !hidden.n)
		return ERR_FORMAT;
	wr_init_heap(&w, APDU_RSP_MAX);
	e = cipher(ch, false, hidden, &w);
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
enum err hsm_channel_unwrap(struct hsm_channel *ch, struct rd rsp, struct wr *data, uint16_t *sw)
{
	uint8_t mac[AES_BLOCK];
	struct rd body, all, hidden = RD_NONE, status, given, before;
	bool indicator;
	enum err e = apdu_answer(rsp, &body, sw);

	if (e)
		return e;
	step(ch);
	all = body;
	indicator = rd_tlv(&body, 0x87, &hidden);
	if (!indicator && !rd_tlv(&body, 0x85, &hidden))
		hidden = RD_NONE;
	if (!rd_tlv(&body, 0x99, &status))
		return ERR_FORMAT;
	before = rd_of(all.p, all.n - body.n);
	if (!rd_tlv(&body, 0x8E, &given) || !rd_end(&body) || given.n != MAC_SIZE)
		return ERR_FORMAT;
	e = make_mac(ch, RD_NONE, before, mac);
	if (!e && !rd_eq_secret(given, rd_of(mac, MAC_SIZE)))
		e = ERR_SIGNATURE;
	if (!e && (!rd_u16(&status, sw) || !rd_end(&status)))
		e = ERR_FORMAT;
	if (!e && hidden.p)
		e = get_data(ch, indicator, hidden, data);
	return e;
}

/* ---- with a card ---- */

/* The first that the card knows: what it does not know is 6A80 (reference 4.1). */
static enum err choose(struct hsm_card *c, enum chip_suite *suite, struct deadline *dl)
{
	static const enum chip_suite suites[] = { CHIP_AES128, CHIP_3DES };
	enum err e = ERR_DATA;
	struct wr cmd;

	for (size_t i = 0; i < sizeof(suites) / sizeof(*suites) && e == ERR_DATA; i++) {
		*suite = suites[i];
		wr_init_heap(&cmd, APDU_CMD_MAX);
		hsm_enc_mse_chip(&cmd, *suite == CHIP_3DES ? chip_oid_3des : chip_oid_aes128);
		e = hsm_card_send(c, HSM_MSE_CHIP, &cmd, NULL, dl);
	}
	return e;
}

static enum err authenticate(struct hsm_card *c, struct chip_auth *auth, struct hsm_channel **out, struct deadline *dl)
{
	uint8_t enc[CHIP_KEY_SIZE] = { 0 }, mac[CHIP_KEY_SIZE] = { 0 };
	struct wr cmd, point, answer;
	enum chip_suite suite;
	enum err e;

	wr_init_heap(&point, EC_POINT_MAX);
	wr_init_heap(&answer, APDU_RSP_MAX);
	e = choose(c, &suite, dl);
	chip_auth_use(auth, suite);
	if (!e)
		e = chip_auth_point(auth, &point);
	if (!e) {
		wr_init_heap(&cmd, APDU_CMD_MAX);
		hsm_enc_general_auth(&cmd, wr_view(&point));
		e = hsm_card_send(c, HSM_GENERAL_AUTH, &cmd, &answer, dl);
	}
	if (!e)
		e = chip_auth_check(auth, wr_view(&answer));
	if (!e)
		e = chip_auth_keys(auth, wr_view(&answer), enc, mac);
	if (!e)
		e = hsm_channel_new(suite, enc, mac, out);
	wipe(enc, sizeof(enc));
	wipe(mac, sizeof(mac));
	wr_free(&answer);
	wr_free(&point);
	return e;
}

enum err hsm_channel_open(struct hsm_card *c, enum ec_curve curve, struct rd device_point, struct deadline *dl)
{
	struct chip_auth *auth = NULL;
	enum err e;

	/* The command that begins a new one is plain, and ends the old. */
	hsm_channel_free(&c->channel);
	e = chip_auth_new(curve, device_point, &auth);
	if (!e)
		e = authenticate(c, auth, &c->channel, dl);
	chip_auth_free(&auth);
	return e;
}

enum err hsm_channel_close(struct hsm_card *c, bool keep, struct deadline *dl)
{
	const struct hsm_cmd *row = hsm_cmd_get(HSM_KEEP_LOGIN);
	const struct apdu a = { .cla = row->cla, .ins = row->ins, .p1 = row->p1, .p2 = row->p2 };
	uint16_t sw;
	struct wr cmd;
	enum err e = ERR_OK;

	if (c->channel && keep) {
		wr_init_heap(&cmd, APDU_CMD_MAX);
		e = apdu_encode(&a, &cmd);
		if (!e)
			e = hsm_card_ask(c, HSM_KEEP_LOGIN, &cmd, NULL, &sw, dl);
		else
			wr_free(&cmd);
		if (!e)
			e = hsm_sw_err(row, sw, &c->detail);
	}
	hsm_channel_free(&c->channel);
	return e;
}

enum err hsm_channel_session_pin(struct hsm_card *c, struct secret **out, struct deadline *dl)
{
	const struct hsm_cmd *row = hsm_cmd_get(HSM_SESSION_PIN);
	const struct apdu a = {
		.cla = row->cla, .ins = row->ins, .p1 = row->p1, .p2 = row->p2, .ne = APDU_LE_SHORT_MAX,
	};
	struct wr cmd, pin;
	enum err e;

	if (!c->channel)
		return hsm_card_refuse(c, ERR_CONDITIONS);
	wr_init_heap(&cmd, APDU_CMD_MAX);
	wr_init_heap(&pin, APDU_RSP_MAX);
	e = apdu_encode(&a, &cmd);
	if (e)
		wr_fail(&cmd, e);
	e = hsm_card_send(c, HSM_SESSION_PIN, &cmd, &pin, dl);
	/* How long it is, is not known (15.7, no source): what it is later presented as must be a PIN. */
	if (!e && (pin.n < PIN_MIN || pin.n > PIN_MAX))
		e = ERR_FORMAT;
	if (!e)
		e = secret_new(wr_view(&pin), out);
	wr_free(&pin);
	return e;
}
