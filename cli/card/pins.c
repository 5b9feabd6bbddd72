/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs that change PINs. A try of the PIN or SO-PIN is spent only when nothing speaks against the rest. */
#include <stdio.h>

#include "cli/card/pad.h"
#include "cli/card/pin.h"
#include "cli/line/say.h"
#include "sc-hsm/pin.h"

static enum err open_card(struct cli *cli, struct cli_card *card)
{
	char reader[READER_NAME_MAX];
	enum err e;

	*card = (struct cli_card){ .hsm = NULL };
	e = cli_card_pick(cli, reader);
	return e ? e : cli_card_open(cli, reader, PCSC_SHARED, card);
}

static enum err check_has_pin(const struct cli_card *c)
{
	const struct hsm_status *s = &c->status;

	if (s->mode == HSM_MODE_PKA)
		return cli_refuse(ERR_PIN_UNSET, "card %s opens when its custodians agree; it has no PIN", c->id);
	if (s->mode == HSM_MODE_UNSET && !s->pin_transport && s->pin_tries < 0)
		return cli_card_fail(c, ERR_PIN_UNSET, "PIN");
	return ERR_OK;
}

/* What init allowed the SO-PIN to do; the card would say no, too, but in a word of its own. */
static enum err check_resettable(const struct cli_card *c, bool set)
{
	const struct hsm_version *v = &c->status.version;

	if (set ? hsm_mode_so_sets_pin(v) : hsm_mode_so_resets_tries(v))
		return ERR_OK;
	if (set && hsm_mode_so_resets_tries(v))
		return cli_refuse(ERR_CONDITIONS, "card %s was initialised so that the SO-PIN sets no PIN "
				  "(--reset-only); quorum11 pin unblock gives the old one its tries back", c->id);
	if (!set && hsm_mode_so_sets_pin(v))
		return cli_refuse(ERR_CONDITIONS, "card %s was initialised so that the SO-PIN only sets a new PIN: "
				  "quorum11 pin set", c->id);
	return cli_refuse(ERR_CONDITIONS,
			  "card %s was initialised so that the SO-PIN has no power over its PIN (--no-pin-reset)",
			  c->id);
}

/* so: the SO-PIN. */
static enum err change_by_keyboard(struct cli *cli, struct cli_card *c, bool so)
{
	struct secret *old = NULL, *fresh = NULL;
	enum err e = so ? cli_so_pin_get(cli, c, false, &old) : cli_pin_get_old(cli, c, &old);

	if (!e)
		e = so ? cli_so_pin_get_new(cli, c, &fresh) : cli_pin_get_new(cli, false, &fresh);
	if (!e)
		e = cli_card_begin(cli, c);
	if (!e)
		e = cli_card_fail(c, hsm_pin_change(c->hsm, so ? HSM_REF_SO : HSM_REF_USER, old, fresh, &cli->dl),
				  so ? "SO-PIN" : "PIN");
	secret_free(&fresh);
	secret_free(&old);
	return e;
}

static void tell_keyboard(const struct cli *cli, const struct cli_card *c)
{
	cli_pin_tell_keyboard(c, cli_pin_is_given(cli) && cli_new_pin_is_given(cli), hsm_pin_has_pad_change(c->hsm) ?
			      "an option says where one of them comes from" : CLI_PAD_NO_CHANGE);
}

enum err verb_pin_change(struct cli *cli)
{
	struct cli_card card;
	bool on_pad = false;
	enum err e = open_card(cli, &card);

	if (!e)
		e = check_has_pin(&card);
	if (!e)
		on_pad = cli_pin_change_is_on_pad(cli, &card);
	if (!e && !on_pad)
		tell_keyboard(cli, &card);
	if (!e)
		e = on_pad ? cli_pin_change_on_pad(cli, &card) : change_by_keyboard(cli, &card, false);
	if (!e)
		printf("card %s has a new PIN\n", card.id);
	cli_card_close(cli, &card, true);
	return e;
}

static enum err reset_by_keyboard(struct cli *cli, struct cli_card *c, bool set)
{
	struct secret *so_pin = NULL, *fresh = NULL;
	enum err e = cli_so_pin_get(cli, c, false, &so_pin);

	if (!e && set)
		e = cli_pin_get_new(cli, false, &fresh);
	if (!e)
		e = cli_card_begin(cli, c);
	if (!e)
		e = cli_card_fail(c, hsm_pin_reset(c->hsm, so_pin, fresh, &cli->dl), "SO-PIN");
	secret_free(&fresh);
	secret_free(&so_pin);
	return e;
}

/* By the SO-PIN. set: a new PIN; otherwise the old one gets its tries back. */
static enum err reset(struct cli *cli, bool set)
{
	struct cli_card card;
	bool done = false;
	enum err e = open_card(cli, &card);

	if (!e)
		e = check_has_pin(&card);
	if (!e)
		e = check_resettable(&card, set);
	if (!e)
		e = set ? cli_pin_set_on_pad(cli, &card, &done) : cli_pin_unblock_on_pad(cli, &card, &done);
	if (!e && !done)
		e = reset_by_keyboard(cli, &card, set);
	if (!e)
		printf("card %s %s\n", card.id, set ? "has a new PIN" : "takes its PIN again, with all tries");
	cli_card_close(cli, &card, true);
	return e;
}

enum err verb_pin_unblock(struct cli *cli)
{
	return reset(cli, false);
}

enum err verb_pin_set(struct cli *cli)
{
	return reset(cli, true);
}

enum err verb_so_pin_change(struct cli *cli)
{
	struct cli_card card;
	bool done = false;
	enum err e = open_card(cli, &card);

	if (!e && card.status.so_unset)
		e = cli_refuse(ERR_PIN_UNSET, "card %s has no SO-PIN yet: quorum11 init sets it", card.id);
	if (!e)
		e = cli_so_pin_change_on_pad(cli, &card, &done);
	if (!e && !done)
		e = change_by_keyboard(cli, &card, true);
	if (!e)
		printf("card %s has a new SO-PIN\n", card.id);
	cli_card_close(cli, &card, true);
	return e;
}
