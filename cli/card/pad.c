/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/card/pad.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "cli/card/pin.h"
#include "cli/line/say.h"
#include "sc-hsm/pin.h"

#define QUESTION_MAX 512

static const char *name_of(const struct cli_card *c)
{
	return *c->id ? c->id : c->reader;
}

bool cli_pin_is_on_pad(const struct cli *cli, const struct cli_card *c)
{
	return !cli_pin_is_given(cli) && hsm_pin_has_pad(c->hsm);
}

enum err cli_pin_login_on_pad(struct cli *cli, struct cli_card *c)
{
	char left[CLI_TRIES_MAX];
	enum err e = cli_pin_check(cli, c, false, left, sizeof(left));

	if (!e)
		e = cli_card_begin(cli, c);
	if (e)
		return e;
	log_tell("PIN of %s%s: type it on the reader %s, and end with its enter key", c->id, left, c->reader);
	e = cli_card_fail(c, hsm_pin_verify_on_pad(c->hsm, &cli->dl), "PIN on the reader's pad");
	if (e)
		cli_card_end(cli, c);
	return e;
}

bool cli_pin_change_is_on_pad(const struct cli *cli, const struct cli_card *c)
{
	return !cli_pin_is_given(cli) && !cli_new_pin_is_given(cli) && hsm_pin_has_pad_change(c->hsm);
}

/* Readers put the new PIN at a fixed place behind the old one, so they must know how long that is. */
static enum err ask_digits(const char *left, const struct cli_card *c, unsigned *digits)
{
	char question[QUESTION_MAX], answer[3], *end;
	unsigned long n;

	(void)snprintf(question, sizeof(question),
		       "Digits of the %s PIN of %s%s (%u to %u; the new one has as many):",
		       c->status.pin_transport ? "transport" : "old", name_of(c), left, PIN_MIN,
		       HSM_PAD_PIN_MAX);
	if (!cli_ask_line(question, answer, sizeof(answer)))
		return cli_refuse(ERR_REFUSED, "a number of digits is needed, at a terminal (without one: --pin-file "
				  "and --new-pin-file)");
	n = strtoul(answer, &end, 10);
	if (*end || n < PIN_MIN || n > HSM_PAD_PIN_MAX)
		return cli_refuse(ERR_ARG, "%u to %u digits can be typed on a reader; for others --pin-file and "
				  "--new-pin-file", PIN_MIN, HSM_PAD_PIN_MAX);
	*digits = (unsigned)n;
	return ERR_OK;
}

static enum err told(const struct cli_card *c, enum err e, const char *what)
{
	if (e == ERR_REFUSED)
		return cli_refuse(e, "the two new ones are not the same; card %s is as before", name_of(c));
	if (e == ERR_UNSUPPORTED)
		return cli_refuse(e, "%s: the pad of %s does not do this, and card %s has not been asked; it goes by "
				  "the keyboard", what, c->reader, name_of(c));
	return cli_card_fail(c, e, what);
}

enum err cli_pin_change_on_pad(struct cli *cli, struct cli_card *c)
{
	unsigned digits = 0;
	char left[CLI_TRIES_MAX];
	enum err e = cli_pin_check(cli, c, true, left, sizeof(left));

	if (!e)
		e = ask_digits(left, c, &digits);
	if (!e)
		e = cli_card_begin(cli, c);
	if (e)
		return e;
	log_tell("type on the reader %s: the old PIN, the new one, and the new one once more, each with its enter key",
		 c->reader);
	return told(c, hsm_pin_change_on_pad(c->hsm, digits, &cli->dl), "PIN on the reader's pad");
}

/* What a person says, of min and max; *n 0: nothing, which means the keyboard. */
static enum err ask_number(const char *question, unsigned min, unsigned max, unsigned *n)
{
	char answer[8], *end;
	unsigned long v;

	*n = 0;
	if (!cli_ask_line(question, answer, sizeof(answer)))
		return ERR_OK;
	v = strtoul(answer, &end, 10);
	if (*end || v < min || v > max)
		return cli_refuse(ERR_ARG, "\"%s\" is none of these numbers of digits; nothing was done", answer);
	*n = (unsigned)v;
	return ERR_OK;
}

/*
 * A pad sends digits' characters, or two digits in a byte (HSM_PAD_SO_*), and has no keys for the letters that most hex
 * SO-PINs have. So the person says which his is. *digits 0: by the keyboard.
 */
static enum err ask_so_digits(const struct cli *cli, const struct cli_card *c, unsigned *digits)
{
	char question[QUESTION_MAX], left[CLI_TRIES_MAX];
	enum err e = cli_so_pin_check(cli, c, left, sizeof(left));

	if (e)
		return e;
	(void)snprintf(question, sizeof(question),
		       "Digits of the SO-PIN of %s%s (%u or %u: typed on the reader; Enter, also if it has letters: "
		       "typed here):", name_of(c), left, HSM_PAD_SO_TEXT, HSM_PAD_SO_HEX);
	e = ask_number(question, HSM_PAD_SO_TEXT, HSM_PAD_SO_HEX, digits);
	if (!e && *digits && *digits != HSM_PAD_SO_TEXT && *digits != HSM_PAD_SO_HEX)
		e = cli_refuse(ERR_ARG, "an SO-PIN has %u or %u digits; nothing was done", HSM_PAD_SO_TEXT,
			       HSM_PAD_SO_HEX);
	return e;
}

/* The card begun for an SO-PIN that is typed on the reader; *digits 0: by the keyboard. */
static enum err begin_by_so_pin(struct cli *cli, struct cli_card *c, unsigned *digits)
{
	enum err e = ask_so_digits(cli, c, digits);

	return e || !*digits ? e : cli_card_begin(cli, c);
}

enum err cli_so_pin_change_on_pad(struct cli *cli, struct cli_card *c, bool *done)
{
	unsigned digits;
	enum err e;

	*done = false;
	if (cli_so_pin_is_given(cli) || cli_new_so_pin_is_given(cli))
		return ERR_OK;
	if (!hsm_pin_has_pad_change(c->hsm)) {
		cli_pin_tell_keyboard(c, false, CLI_PAD_NO_CHANGE);
		return ERR_OK;
	}
	e = begin_by_so_pin(cli, c, &digits);
	*done = !e && digits;
	if (!*done)
		return e;
	log_tell("type on the reader %s: the old SO-PIN, the new one of %u digits, and that once more, each with its "
		 "enter key", c->reader, digits);
	return told(c, hsm_so_pin_change_on_pad(c->hsm, digits, &cli->dl), "SO-PIN on the reader's pad");
}

enum err cli_pin_unblock_on_pad(struct cli *cli, struct cli_card *c, bool *done)
{
	unsigned digits;
	enum err e;

	*done = false;
	if (cli_so_pin_is_given(cli) || !hsm_pin_has_pad(c->hsm))
		return ERR_OK;
	e = begin_by_so_pin(cli, c, &digits);
	*done = !e && digits;
	if (!*done)
		return e;
	log_tell("type on the reader %s: the SO-PIN, and end with its enter key", c->reader);
	return told(c, hsm_pin_unblock_on_pad(c->hsm, digits, &cli->dl), "SO-PIN on the reader's pad");
}

/*
 * SO-PIN and new PIN are one command, and a reader makes both of one form. So both are typed there only where both are
 * of HSM_PAD_SO_TEXT digits; otherwise the SO-PIN comes from its source or the keyboard, and the new PIN from the pad.
 */
static enum err ask_what_is_set(const struct cli *cli, const struct cli_card *c, bool *both, unsigned *digits)
{
	char question[QUESTION_MAX], left[CLI_TRIES_MAX];
	enum err e = cli_so_pin_check(cli, c, left, sizeof(left));

	*both = false;
	if (!e && !cli_so_pin_is_given(cli)) {
		(void)snprintf(question, sizeof(question),
			       "Digits of the SO-PIN of %s%s (%u: typed on the reader, with a new PIN of %u digits; "
			       "Enter: typed here):", name_of(c), left, HSM_PAD_SO_TEXT, HSM_PAD_SO_TEXT);
		e = ask_number(question, HSM_PAD_SO_TEXT, HSM_PAD_SO_TEXT, digits);
		*both = !e && *digits;
	}
	if (e || *both)
		return e;
	(void)snprintf(question, sizeof(question),
		       "Digits of the new PIN of %s (%u to %u: typed on the reader; Enter: typed here):", name_of(c),
		       PIN_MIN, HSM_PAD_PIN_MAX);
	return ask_number(question, PIN_MIN, HSM_PAD_PIN_MAX, digits);
}

enum err cli_pin_set_on_pad(struct cli *cli, struct cli_card *c, bool *done)
{
	struct secret *so_pin = NULL;
	unsigned digits;
	bool both;
	enum err e;

	*done = false;
	if (cli_new_pin_is_given(cli))
		return ERR_OK;
	if (!hsm_pin_has_pad_change(c->hsm)) {
		cli_pin_tell_keyboard(c, false, CLI_PAD_NO_CHANGE);
		return ERR_OK;
	}
	e = ask_what_is_set(cli, c, &both, &digits);
	if (e || !digits)
		return e;
	*done = true;
	if (!both)
		e = cli_so_pin_get(cli, c, false, &so_pin);
	if (!e)
		e = cli_card_begin(cli, c);
	if (!e) {
		log_tell("type on the reader %s: %sthe new PIN of %u digits, and it once more, each with its enter key",
			 c->reader, both ? "the SO-PIN, " : "", digits);
		e = told(c, hsm_pin_set_on_pad(c->hsm, so_pin, digits, &cli->dl), "PIN on the reader's pad");
	}
	secret_free(&so_pin);
	return e;
}

void cli_pin_tell_keyboard(const struct cli_card *c, bool given, const char *why)
{
	if (!given && hsm_pin_has_pad(c->hsm))
		log_tell("on this keyboard, not on the pad of %s: %s", c->reader, why);
}
