/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may log in how, and is the card open? The one place for what cards answer differently, and what is not known
 * for certain (public-key-authentication 7 and 11):
 *
 *   question                               vendor's firmware               open firmware (platform byte FF)
 *   VERIFY status, PKA set up and closed   6300; with a PIN that opens     63Cx, or 6A88 without a PIN
 *                                          it perhaps 63Cx (inferred)
 *   VERIFY status, opened by keys          9000 (one source)               unchanged; 9000 only after the PIN
 *   does the PIN alone open it?            disputed; not with option 0010  no: 6982
 *   do the keys alone open it?             yes; not with option 0010       yes, but keys cannot be used before
 *                                                                          the PIN is given, too: 6400
 *   usable while keys are missing?         no                              as soon as n keys authenticate
 *   option 0010 (keys and PIN)             honoured                        ignored
 *   GET CHALLENGE after opening            not known                       count falls to 0, stays open
 *   option 0002, transport PIN             until it is changed             for ever: so none is made
 *   option 0004, session PIN               honoured                        ignored: so none is made
 *   option 0020, SO-PIN resets tries       ... and sets no PIN             ... too: without it, it sets a PIN only
 *
 * Two rules follow for what is uncertain. A mode that asks people for more wins: where the answer is 6300 and nothing
 * says that there is a PIN, a card counts as PKA, and a PIN given for it is not sent. And "open" needs proof: what
 * cannot be proved open counts as closed.
 */
#include "sc-hsm/mode.h"

#include "sc-hsm/ability.h"
#include "sc-hsm/auth.h"
#include "sc-hsm/card_int.h"

static bool is_open_firmware(const struct hsm_version *v)
{
	return v->platform == HSM_PLATFORM_OPEN;
}

/* What VERIFY status says about the PIN itself. */
enum pin_state { PIN_UNKNOWN, PIN_NONE, PIN_CLOSED, PIN_GOOD };

static enum pin_state pin_state(const struct hsm_status *s)
{
	if ((s->pin_sw & 0xfff0) == 0x63c0)
		return PIN_CLOSED;
	switch (s->pin_sw) {
	case APDU_SW_OK:
		return PIN_GOOD;
	case 0x6983:
		return PIN_CLOSED;
	case 0x6a88:
		return PIN_NONE;
	case 0x6984:
		/*
		 * Never initialised: version 1 says so always, later ones by an SO-PIN that is not there either
		 * (3.1).
		 */
		return !hsm_can(&s->version, HSM_CAN_TRANSPORT_PIN) || s->so_sw == 0x6a88 ? PIN_NONE : PIN_CLOSED;
	default:
		return PIN_UNKNOWN;
	}
}

static enum hsm_mode mode_of(const struct hsm_status *s, enum pin_state pin, bool keys_opened)
{
	bool has_pin = pin == PIN_CLOSED || pin == PIN_GOOD;
	bool both = is_open_firmware(&s->version) ? has_pin : s->version.options & HSM_OPT_COMBINED;

	if (!s->has_pka)
		return has_pin ? HSM_MODE_PIN : HSM_MODE_UNSET;
	if (both)
		return HSM_MODE_PKA_AND_PIN;
	if (s->pka.missing)
		return has_pin ? HSM_MODE_PIN : HSM_MODE_UNSET;
	/* 9000 after the keys opened it does not tell whether there is a PIN; 9000 without them does. */
	if (pin == PIN_CLOSED || (pin == PIN_GOOD && !keys_opened))
		return HSM_MODE_PKA_OR_PIN;
	return HSM_MODE_PKA;
}

void hsm_mode_judge(struct hsm_status *s)
{
	enum pin_state pin = pin_state(s);
	bool keys_opened = s->has_pka && s->pka.missing == 0 && s->pka.required &&
			   s->pka.authenticated >= s->pka.required;

	s->mode = mode_of(s, pin, keys_opened);
	/* Version 1 has no query for the SO-PIN, and says 6984 of the PIN until both are set (3.1). */
	s->so_unset = s->so_sw == 0x6a88 || (s->pin_sw == 0x6984 && !hsm_can(&s->version, HSM_CAN_TRANSPORT_PIN));
	s->pin_blocked = s->pin_sw == 0x6983 || s->pin_sw == 0x63c0;
	s->pin_transport = s->pin_sw == 0x6984 && pin == PIN_CLOSED;
	s->pin_verified = pin == PIN_GOOD && s->mode != HSM_MODE_PKA;
	s->open = hsm_mode_needs_pin(s->mode) ? pin == PIN_GOOD && (s->mode == HSM_MODE_PIN || keys_opened)
					      : pin == PIN_GOOD || keys_opened;
}

bool hsm_mode_needs_pin(enum hsm_mode m)
{
	return m == HSM_MODE_PIN || m == HSM_MODE_PKA_AND_PIN;
}

bool hsm_mode_needs_pka(enum hsm_mode m)
{
	return m == HSM_MODE_PKA || m == HSM_MODE_PKA_OR_PIN || m == HSM_MODE_PKA_AND_PIN;
}

/* ---- options ---- */

bool hsm_mode_so_sets_pin(const struct hsm_version *v)
{
	return !v->has_options || (v->options & HSM_OPT_RESET_RETRY &&
				   (is_open_firmware(v) || !(v->options & HSM_OPT_RESET_ONLY)));
}

bool hsm_mode_so_resets_tries(const struct hsm_version *v)
{
	return !v->has_options || (v->options & HSM_OPT_RESET_RETRY &&
				   (!is_open_firmware(v) || v->options & HSM_OPT_RESET_ONLY));
}

/* What an option takes that not every version has. */
static const struct {
	uint16_t bit;
	enum hsm_ability ability;
} takes[] = {
	{ HSM_OPT_TRANSPORT_PIN, HSM_CAN_TRANSPORT_PIN }, { HSM_OPT_SESSION_PIN, HSM_CAN_SESSION_PIN },
	{ HSM_OPT_REPLACE_PKA, HSM_CAN_PKA },             { HSM_OPT_COMBINED, HSM_CAN_PKA },
};

const char *hsm_mode_lacks(const struct hsm_version *v, uint16_t wanted)
{
	for (size_t i = 0; i < sizeof(takes) / sizeof(takes[0]); i++)
		if (wanted & takes[i].bit && !hsm_can(v, takes[i].ability))
			return hsm_ability_text(takes[i].ability);
	return NULL;
}

enum err hsm_mode_options(const struct hsm_version *v, uint16_t wanted, uint16_t *told)
{
	*told = wanted;
	if (hsm_mode_lacks(v, wanted))
		return ERR_UNSUPPORTED;
	if (!is_open_firmware(v))
		return ERR_OK;
	if (wanted & (HSM_OPT_TRANSPORT_PIN | HSM_OPT_SESSION_PIN | HSM_OPT_RESET_ONLY))
		return ERR_UNSUPPORTED;
	if (wanted & HSM_OPT_RESET_RETRY)
		*told |= HSM_OPT_RESET_ONLY;
	return ERR_OK;
}

const char *hsm_mode_text(enum hsm_mode m)
{
	static const char *const texts[] = {
		[HSM_MODE_UNSET] = "not set up",
		[HSM_MODE_PIN] = "PIN",
		[HSM_MODE_PKA] = "public key authentication",
		[HSM_MODE_PKA_OR_PIN] = "public key authentication or PIN",
		[HSM_MODE_PKA_AND_PIN] = "public key authentication and PIN",
	};

	return texts[m];
}

static enum err ask_pin(struct hsm_card *c, enum hsm_ref ref, uint16_t *sw, int *tries, struct deadline *dl)
{
	struct wr cmd;
	enum err e;

	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_verify_status(&cmd, ref);
	e = hsm_card_ask(c, HSM_VERIFY_STATUS, &cmd, NULL, sw, dl);
	*tries = c->detail.tries;
	return e;
}

enum err hsm_card_status(struct hsm_card *c, const struct hsm_version *v, struct hsm_status *out, struct deadline *dl)
{
	struct hsm_status s = { .version = *v };
	enum err e;

	e = ask_pin(c, HSM_REF_USER, &s.pin_sw, &s.pin_tries, dl);
	/* Not the applet's answer: somebody reset the card or selected something else. */
	if (!e && hsm_sw_err(hsm_cmd_get(HSM_VERIFY_STATUS), s.pin_sw, NULL) == ERR_INS)
		return ERR_INS;
	if (!e)
		e = ask_pin(c, HSM_REF_SO, &s.so_sw, &s.so_tries, dl);
	if (e)
		return e;

	e = hsm_pka_status(c, &s.pka, dl);
	s.has_pka = !e && s.pka.total;
	if (e == ERR_INS || e == ERR_UNSUPPORTED)
		e = ERR_OK;
	if (e)
		return e;
	hsm_mode_judge(&s);
	*out = s;
	return ERR_OK;
}
