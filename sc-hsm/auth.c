/* SPDX-License-Identifier: Apache-2.0 */
#include "sc-hsm/auth.h"

#include "sc-hsm/card_int.h"

static enum err read_status(struct hsm_card *c, enum hsm_op op, struct wr *cmd, struct rd by_file,
			    struct hsm_pka *out, struct deadline *dl)
{
	uint8_t bytes[APDU_LE_SHORT_MAX];
	struct wr data;
	enum err e;

	WR_ARR(&data, bytes);
	e = by_file.n ? hsm_card_send_by_file(c, op, cmd, by_file, &data, dl) : hsm_card_send(c, op, cmd, &data, dl);
	if (!e)
		e = hsm_dec_pka(wr_view(&data), out);
	return e;
}

enum err hsm_pka_status(struct hsm_card *c, struct hsm_pka *out, struct deadline *dl)
{
	struct wr cmd;

	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_pka_status(&cmd);
	return read_status(c, HSM_PKA_STATUS, &cmd, RD_NONE, out, dl);
}

enum err hsm_pka_key(struct hsm_card *c, uint8_t i, struct wr *chr, bool *authenticated, struct deadline *dl)
{
	uint16_t sw = 0;
	struct wr cmd;
	enum err e;

	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_pka_key(&cmd, i);
	e = hsm_card_ask(c, HSM_PKA_KEY, &cmd, chr, &sw, dl);
	if (!e)
		e = hsm_sw_err(hsm_cmd_get(HSM_PKA_KEY), sw, &c->detail);
	if (!e)
		*authenticated = sw == HSM_SW_AUTHENTICATED;
	return e;
}

static enum err select_verify_key(struct hsm_card *c, struct rd chr, struct deadline *dl)
{
	struct wr cmd;

	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_mse_verify(&cmd, chr);
	return hsm_card_send(c, HSM_MSE_VERIFY, &cmd, NULL, dl);
}

/* public-key-authentication 4.2: what the card knows already is not sent. */
static enum err make_known(struct hsm_card *c, const struct cvc *cert, struct deadline *dl)
{
	struct rd whole = cert->whole, content;
	struct wr cmd;
	enum err e;

	e = select_verify_key(c, cert->chr, dl);
	if (e != ERR_NOT_FOUND)
		return e;
	if (!rd_tlv(&whole, 0x7F21, &content))
		return hsm_card_refuse(c, ERR_FORMAT);
	e = select_verify_key(c, cert->car, dl);
	if (e)
		return e;
	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_pso_verify(&cmd, content);
	e = hsm_card_send(c, HSM_PSO_VERIFY, &cmd, NULL, dl);
	if (e)
		return e;
	return select_verify_key(c, cert->chr, dl);
}

enum err hsm_auth_choose(struct hsm_card *c, const struct hsm_proof *key, struct deadline *dl)
{
	enum err e;

	if (!key->issuer)
		return ERR_OK;
	e = make_known(c, key->issuer, dl);
	if (!e)
		e = make_known(c, key->device, dl);
	return e ? e : select_verify_key(c, key->request->outer_car, dl);
}

enum err hsm_pka_replace(struct hsm_card *c, uint8_t index, const struct hsm_proof *key, struct hsm_pka *out,
			 struct deadline *dl)
{
	struct wr cmd;
	enum err e = hsm_auth_choose(c, key, dl);

	if (e)
		return e;
	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_pka_replace(&cmd, index, key->request->content);
	if (hsm_card_fits(c, &cmd))
		return read_status(c, HSM_PKA_REGISTER, &cmd, RD_NONE, out, dl);
	wr_free(&cmd);
	return hsm_card_refuse(c, ERR_LIMIT);
}

enum err hsm_pka_register(struct hsm_card *c, const struct hsm_proof *key, struct hsm_pka *out, struct deadline *dl)
{
	struct wr cmd;
	enum err e = hsm_auth_choose(c, key, dl);

	if (e)
		return e;
	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_pka_register(&cmd, key->request->content);
	if (hsm_card_fits(c, &cmd))
		return read_status(c, HSM_PKA_REGISTER, &cmd, RD_NONE, out, dl);
	/* The command without data is the status query; with something in the file it registers that. */
	wr_reset(&cmd);
	hsm_enc_pka_status(&cmd);
	return read_status(c, HSM_PKA_REGISTER, &cmd, key->request->content, out, dl);
}

enum err hsm_pka_challenge(struct hsm_card *c, uint8_t challenge[PKA_CHALLENGE_SIZE], struct deadline *dl)
{
	struct wr out;

	wr_init(&out, challenge, PKA_CHALLENGE_SIZE);
	return hsm_card_random(c, PKA_CHALLENGE_SIZE, &out, dl);
}

enum err hsm_pka_authenticate(struct hsm_card *c, struct rd chr, struct rd sig, struct deadline *dl)
{
	struct wr cmd;
	enum err e;

	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_mse_auth(&cmd, chr);
	e = hsm_card_send(c, HSM_MSE_AUTH, &cmd, NULL, dl);
	if (e)
		return e;
	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_external_auth(&cmd, sig);
	return hsm_card_send(c, HSM_EXTERNAL_AUTH, &cmd, NULL, dl);
}
