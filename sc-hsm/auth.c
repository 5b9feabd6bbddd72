/* SPDX-License-Identifier: Apache-2.0 */
#include "sc-hsm/auth.h"

#include "sc-hsm/card_int.h"
#include "sc-hsm/file.h"

static enum err read_status(struct hsm_card *c, enum hsm_op op, struct wr *cmd, struct hsm_pka *out,
			    struct deadline *dl)
{
	uint8_t bytes[APDU_LE_SHORT_MAX];
	struct wr data;
	enum err e;

	WR_ARR(&data, bytes);
	e = hsm_card_send(c, op, cmd, &data, dl);
	if (!e)
		e = hsm_dec_pka(wr_view(&data), out);
	return e;
}

enum err hsm_pka_status(struct hsm_card *c, struct hsm_pka *out, struct deadline *dl)
{
	struct wr cmd;

	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_pka_status(&cmd);
	return read_status(c, HSM_PKA_STATUS, &cmd, out, dl);
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

/*
 * For what one APDU cannot hold: the card takes it from EF 2F10. Left there, the next status query would register it
 * again.
 */
static enum err register_from_file(struct hsm_card *c, struct rd content, struct hsm_pka *out, struct deadline *dl)
{
	struct wr cmd;
	enum err e, gone;

	e = hsm_file_write(c, HSM_EF_BUFFER, content, dl);
	if (!e) {
		wr_init_heap(&cmd, APDU_CMD_MAX);
		hsm_enc_pka_status(&cmd);
		e = read_status(c, HSM_PKA_REGISTER, &cmd, out, dl);
	}
	gone = hsm_file_delete(c, HSM_EF_BUFFER, dl);
	return e ? e : gone == ERR_NOT_FOUND ? ERR_OK : gone;
}

/* Open firmware has no chain to verify and takes the request alone: issuer is NULL then. */
static enum err prepare(struct hsm_card *c, const struct cvc *issuer, const struct cvc *device,
			const struct cvc_request *request, struct deadline *dl)
{
	enum err e = issuer ? make_known(c, issuer, dl) : ERR_OK;

	if (!e && issuer)
		e = make_known(c, device, dl);
	if (!e && issuer)
		e = select_verify_key(c, request->outer_car, dl);
	return e;
}

enum err hsm_pka_replace(struct hsm_card *c, uint8_t index, const struct cvc *issuer, const struct cvc *device,
			 const struct cvc_request *request, struct hsm_pka *out, struct deadline *dl)
{
	struct wr cmd;
	enum err e = prepare(c, issuer, device, request, dl);

	if (e)
		return e;
	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_pka_replace(&cmd, index, request->content);
	if (cmd.n > hsm_card_cmd_max(c)) {
		wr_free(&cmd);
		return hsm_card_refuse(c, ERR_LIMIT);
	}
	return read_status(c, HSM_PKA_REGISTER, &cmd, out, dl);
}

enum err hsm_pka_register(struct hsm_card *c, const struct cvc *issuer, const struct cvc *device,
			  const struct cvc_request *request, struct hsm_pka *out, struct deadline *dl)
{
	struct wr cmd;
	enum err e = prepare(c, issuer, device, request, dl);

	if (e)
		return e;

	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_pka_register(&cmd, request->content);
	if (cmd.n > hsm_card_cmd_max(c) || wr_done(&cmd) == ERR_LIMIT) {
		wr_free(&cmd);
		return register_from_file(c, request->content, out, dl);
	}
	return read_status(c, HSM_PKA_REGISTER, &cmd, out, dl);
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
