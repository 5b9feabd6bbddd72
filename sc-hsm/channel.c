/* SPDX-License-Identifier: Apache-2.0 */
#include "sc-hsm/channel.h"

#include "sc-hsm/card_int.h"
#include "sc-hsm/sm.h"

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

static enum err authenticate(struct hsm_card *c, struct chip_auth *auth, struct hsm_sm **out, struct deadline *dl)
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
		e = hsm_sm_new(suite, enc, mac, out);
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
	hsm_sm_free(&c->sm);
	e = chip_auth_new(curve, device_point, &auth);
	if (!e)
		e = authenticate(c, auth, &c->sm, dl);
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

	if (c->sm && keep) {
		wr_init_heap(&cmd, APDU_CMD_MAX);
		e = apdu_encode(&a, &cmd);
		if (!e)
			e = hsm_card_ask(c, HSM_KEEP_LOGIN, &cmd, NULL, &sw, dl);
		else
			wr_free(&cmd);
		if (!e)
			e = hsm_sw_err(row, sw, &c->detail);
	}
	hsm_sm_free(&c->sm);
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

	if (!c->sm)
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
