/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/card/work.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/card/pin.h"
#include "cli/line/cancel.h"
#include "cli/line/say.h"
#include "login/login.h"
#include "sc-hsm/pin.h"

enum err cli_work_settings(struct cli *cli, const char *url)
{
	struct conf *conf = cli->conf;
	enum err e;

	/* What the custodians are shown about this login: the command knows no other way. */
	conf->login.exclusive = true;
	conf->login.reuse = false;
	e = conf_set_text(&conf->login.url, url ? url : cli->args->url);
	if (!e)
		e = conf_set_text(&conf->login.ca, cli->args->ca);
	if (!e)
		e = conf_set_text(&conf->login.reason, cli->args->reason);
	return cli_fail(e, "settings");
}

static void show_progress(void *ctx, const char *text)
{
	(void)ctx;
	log_tell("%s", text);
}

static enum err run_ceremony(struct cli *cli, struct cli_card *c)
{
	struct login_params p = {
		.conf = cli->conf, .program = "quorum11", .device_id = hsm_device_id(&c->device), .status = c->status,
		.expect_closed_after = c->status.mode == HSM_MODE_PKA_AND_PIN, .progress = show_progress,
	};
	struct deadline dl = deadline_in((uint64_t)cli->conf->login.timeout * 1000);
	struct login_result result = { .e = ERR_OK };
	enum err e;

	if (!cli->conf->login.url)
		return cli_refuse(ERR_CONFIG,
				  "card %s opens when its custodians agree: give the server by --url or [login] url",
				  c->id);
	dl.cancel_fd = cli_cancel_begin();
	e = login_run(c->hsm, &p, &result, &dl);
	cli_cancel_end();
	if (e)
		cli_refuse(e, "%s", *result.why ? result.why : err_text(e));
	return e;
}

static enum err is_open(struct cli *cli, struct cli_card *c, bool *open)
{
	struct hsm_version v = c->status.version;
	enum err e;

	e = cli_card_fail(c, hsm_card_status(c->hsm, &v, &c->status, &cli->dl), "asking for the login state");
	*open = !e && c->status.open;
	return e;
}

/*
 * PIN first, so that a wrong one fails before anybody is asked; the ceremony's SELECT forgets it, so it is verified
 * again after it.
 */
static enum err log_in(struct cli *cli, struct cli_card *c, const struct secret *pin)
{
	bool open;
	enum err e;

	e = pin ? cli_pin_login(cli, c, pin) : cli_card_begin(cli, c);
	if (!e)
		e = is_open(cli, c, &open);
	if (!e && !open && hsm_mode_needs_pka(c->status.mode)) {
		e = run_ceremony(cli, c);
		if (!e && pin)
			e = cli_card_fail(c, hsm_pin_verify(c->hsm, HSM_REF_USER, pin, &cli->dl),
					  "PIN after the ceremony");
		if (!e)
			e = is_open(cli, c, &open);
	}
	if (!e && !open)
		e = cli_refuse(ERR_AUTH, "card %s in %s stays closed (%s)", c->id, c->reader,
			       hsm_mode_text(c->status.mode));
	return e;
}

enum err cli_work_check(const struct cli_card *c)
{
	const struct hsm_status *s = &c->status;

	if (s->has_pka && s->pka.missing && s->mode != HSM_MODE_PIN)
		return cli_refuse(ERR_CONDITIONS,
				  "card %s: %u of %u custodians are not registered yet: quorum11 register",
				  cli_card_id(c), s->pka.missing, s->pka.total);
	if (s->mode == HSM_MODE_UNSET)
		return cli_refuse(ERR_CONDITIONS, "card %s in %s is not initialised: quorum11 init", cli_card_id(c),
				  c->reader);
	return ERR_OK;
}

/* The card to work with, which can be opened by somebody; reader gets where it is. */
static enum err open_shared(struct cli *cli, char reader[READER_NAME_MAX], struct cli_card *out)
{
	enum err e;

	*out = (struct cli_card){ .hsm = NULL };
	e = cli_card_pick(cli, reader);
	if (!e)
		e = cli_card_open(cli, reader, PCSC_SHARED, out);
	return e ? e : cli_work_check(out);
}

/* Exclusive from here on: if this program dies while the card is open, the card is reset. */
static enum err open_exclusive(struct cli *cli, const char *reader, struct cli_card *c)
{
	cli_card_close(cli, c, false);
	return cli_card_open(cli, reader, PCSC_EXCLUSIVE, c);
}

enum err cli_work_open(struct cli *cli, struct cli_card *out)
{
	char reader[READER_NAME_MAX];
	struct secret *pin = NULL;
	enum err e = open_shared(cli, reader, out);

	if (!e && out->status.mode == HSM_MODE_PKA && cli_pin_is_given(cli))
		log_tell("card %s opens by its custodians alone: the PIN is not used", out->id);
	else if (!e && (hsm_mode_needs_pin(out->status.mode) || cli_pin_is_given(cli)))
		e = cli_pin_get(cli, out, NULL, &pin);
	if (!e && hsm_mode_needs_pka(out->status.mode))
		e = open_exclusive(cli, reader, out);
	if (!e)
		e = log_in(cli, out, pin);
	secret_free(&pin);
	if (e)
		cli_card_close(cli, out, true);
	return e;
}

enum err cli_work_ceremony(struct cli *cli, struct cli_card *out)
{
	char reader[READER_NAME_MAX];
	enum err e = open_shared(cli, reader, out);

	if (!e && !hsm_mode_needs_pka(out->status.mode))
		e = cli_refuse(ERR_CONDITIONS, "card %s opens by its PIN; there is nobody to ask", out->id);
	if (!e)
		e = open_exclusive(cli, reader, out);
	if (!e)
		e = cli_card_begin(cli, out);
	if (!e)
		e = run_ceremony(cli, out);
	if (e)
		cli_card_close(cli, out, true);
	return e;
}

enum err cli_work_begin(struct cli *cli, struct cli_card *out)
{
	enum err e = cli_work_settings(cli, NULL);

	return e ? e : cli_work_open(cli, out);
}
