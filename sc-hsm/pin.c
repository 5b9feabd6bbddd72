/* SPDX-License-Identifier: Apache-2.0 */
#include "sc-hsm/pin.h"

#include "base/text.h"
#include "sc-hsm/card_int.h"

#define PAD_SECONDS 30          /* for each key */

/* Reference 3.1 and 3.2: 6 to 16 bytes of any value; the SO-PIN exactly 8. */
bool hsm_pin_size_is_valid(enum hsm_ref ref, const struct secret *pin)
{
	size_t n = secret_size(pin);

	return ref == HSM_REF_SO ? n == SO_PIN_SIZE : n >= PIN_MIN && n <= PIN_MAX;
}

enum err hsm_pin_verify(struct hsm_card *c, enum hsm_ref ref, const struct secret *pin, struct deadline *dl)
{
	struct wr cmd;

	if (!hsm_pin_size_is_valid(ref, pin))
		return hsm_card_refuse(c, ERR_PIN_LENGTH);
	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_verify(&cmd, ref, secret_view(pin));
	return hsm_card_send(c, HSM_VERIFY, &cmd, NULL, dl);
}

bool hsm_pin_has_pad(const struct hsm_card *c)
{
	return apdu_link_has_pad(c->link);
}

/* PC/SC part 10, 2.5.2: the reader's own answers. The card has heard nothing of these. */
static const struct {
	uint16_t sw;
	enum err e;
} pad_answers[] = {
	{ PINPAD_SW_TIMEOUT, ERR_TIMEOUT }, { PINPAD_SW_CANCELLED, ERR_CANCELLED },
	{ PINPAD_SW_DIFFERENT, ERR_REFUSED }, { PINPAD_SW_LENGTH, ERR_PIN_LENGTH },
	{ PINPAD_SW_CANNOT, ERR_UNSUPPORTED },
};

struct pad_entry {
	enum hsm_op op;
	uint8_t p1;
	enum hsm_ref ref;
	unsigned min, max;              /* digits */
	bool changes;
	struct rd old;                  /* as in struct pinpad_ask */
};

/* Reference 3.1: what has more digits than a PIN is the SO-PIN's 8 bytes in hex. */
static enum err on_pad(struct hsm_card *c, const struct pad_entry *entry, struct deadline *dl)
{
	const struct hsm_cmd *row = hsm_cmd_get(entry->op);
	const struct pinpad_ask ask = {
		.cla = row->cla, .ins = row->ins, .p1 = entry->p1, .p2 = entry->ref,
		.min = (uint8_t)entry->min, .max = (uint8_t)entry->max, .seconds = PAD_SECONDS,
		.packed = entry->max == HSM_PAD_SO_HEX, .old = entry->old,
	};
	uint8_t bytes[8];
	struct rd data;
	struct wr rsp;
	uint16_t sw;
	enum err e;

	WR_ARR(&rsp, bytes);
	e = entry->changes ? apdu_link_pad_change(c->link, &ask, &rsp, dl)
			   : apdu_link_pad_verify(c->link, &ask, &rsp, dl);
	if (!e)
		e = apdu_answer(wr_view(&rsp), &data, &sw);
	for (size_t i = 0; !e && i < sizeof(pad_answers) / sizeof(pad_answers[0]); i++)
		if (sw == pad_answers[i].sw)
			e = pad_answers[i].e;
	return e ? hsm_card_refuse(c, e) : hsm_sw_err(row, sw, &c->detail);
}

enum err hsm_pin_verify_on_pad(struct hsm_card *c, struct deadline *dl)
{
	const struct pad_entry entry = { .op = HSM_VERIFY, .ref = HSM_REF_USER, .min = PIN_MIN,
					 .max = HSM_PAD_PIN_MAX };

	return on_pad(c, &entry, dl);
}

bool hsm_pin_has_pad_change(const struct hsm_card *c)
{
	return apdu_link_has_pad_change(c->link);
}

enum err hsm_pin_change_on_pad(struct hsm_card *c, unsigned digits, struct deadline *dl)
{
	const struct pad_entry entry = { .op = HSM_CHANGE_PIN, .ref = HSM_REF_USER, .min = digits, .max = digits,
					 .changes = true };

	if (digits < PIN_MIN || digits > HSM_PAD_PIN_MAX)
		return hsm_card_refuse(c, ERR_PIN_LENGTH);
	return on_pad(c, &entry, dl);
}

static bool is_so_digits(unsigned digits)
{
	return digits == HSM_PAD_SO_TEXT || digits == HSM_PAD_SO_HEX;
}

enum err hsm_so_pin_change_on_pad(struct hsm_card *c, unsigned digits, struct deadline *dl)
{
	const struct pad_entry entry = { .op = HSM_CHANGE_PIN, .ref = HSM_REF_SO, .min = digits, .max = digits,
					 .changes = true };

	return is_so_digits(digits) ? on_pad(c, &entry, dl) : hsm_card_refuse(c, ERR_PIN_LENGTH);
}

enum err hsm_pin_unblock_on_pad(struct hsm_card *c, unsigned digits, struct deadline *dl)
{
	const struct pad_entry entry = { .op = HSM_RESET_RETRY, .p1 = HSM_RESET_KEEP, .ref = HSM_REF_USER,
					 .min = digits, .max = digits };

	return is_so_digits(digits) ? on_pad(c, &entry, dl) : hsm_card_refuse(c, ERR_PIN_LENGTH);
}

enum err hsm_pin_set_on_pad(struct hsm_card *c, const struct secret *so_pin, unsigned digits, struct deadline *dl)
{
	const struct pad_entry entry = { .op = HSM_RESET_RETRY, .p1 = HSM_RESET_SET, .ref = HSM_REF_USER, .min = digits,
					 .max = digits, .changes = true,
					 .old = so_pin ? secret_view(so_pin) : RD_NONE };

	if (so_pin ? !hsm_pin_size_is_valid(HSM_REF_SO, so_pin) || digits < PIN_MIN || digits > HSM_PAD_PIN_MAX :
		     digits != HSM_PAD_SO_TEXT)
		return hsm_card_refuse(c, ERR_PIN_LENGTH);
	return on_pad(c, &entry, dl);
}

enum err hsm_pin_change(struct hsm_card *c, enum hsm_ref ref, const struct secret *old, const struct secret *fresh,
			struct deadline *dl)
{
	struct wr cmd;

	if (!hsm_pin_size_is_valid(ref, old) || !hsm_pin_size_is_valid(ref, fresh))
		return hsm_card_refuse(c, ERR_PIN_LENGTH);
	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_change_pin(&cmd, ref, secret_view(old), secret_view(fresh));
	return hsm_card_send(c, HSM_CHANGE_PIN, &cmd, NULL, dl);
}

enum err hsm_pin_reset(struct hsm_card *c, const struct secret *so_pin, const struct secret *fresh, struct deadline *dl)
{
	struct wr cmd;

	if (!hsm_pin_size_is_valid(HSM_REF_SO, so_pin) || (fresh && !hsm_pin_size_is_valid(HSM_REF_USER, fresh)))
		return hsm_card_refuse(c, ERR_PIN_LENGTH);
	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_reset_retry(&cmd, secret_view(so_pin), fresh ? secret_view(fresh) : RD_NONE);
	return hsm_card_send(c, HSM_RESET_RETRY, &cmd, NULL, dl);
}

enum err hsm_so_pin_parse(const struct secret *typed, struct secret **so_pin)
{
	uint8_t bytes[SO_PIN_SIZE];
	struct wr w;
	enum err e;

	if (secret_size(typed) == SO_PIN_SIZE)
		return secret_new(secret_view(typed), so_pin);
	if (secret_size(typed) != 2 * SO_PIN_SIZE)
		return ERR_PIN_LENGTH;
	WR_ARR(&w, bytes);
	e = text_unhex(secret_view(typed), &w);
	if (!e)
		e = secret_new(wr_view(&w), so_pin);
	wr_free(&w);
	return e;
}

unsigned hsm_pin_tries_max(size_t pin_size)
{
	return pin_size <= 6 ? 3 : pin_size == 7 ? 5 : 10;
}
