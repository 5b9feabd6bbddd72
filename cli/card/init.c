/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/log.h"
#include "cli/card/card.h"
#include "cli/card/pin.h"
#include "cli/line/say.h"
#include "sc-hsm/init.h"

/* Does the card get a PIN? */
static bool has_pin(const struct cli_args *a)
{
	return !a->custodians || a->with_pin || a->or_pin;
}

static uint16_t option_bits(const struct cli_args *a)
{
	const struct {
		bool on;
		uint16_t bit;
	} bits[] = {
		{ has_pin(a) && !a->no_pin_reset, HSM_OPT_RESET_RETRY }, { a->transport_pin, HSM_OPT_TRANSPORT_PIN },
		{ a->session_pin, HSM_OPT_SESSION_PIN },                 { a->replaceable, HSM_OPT_REPLACE_PKA },
		{ a->with_pin, HSM_OPT_COMBINED },                       { a->reset_only, HSM_OPT_RESET_ONLY },
	};
	unsigned options = 0;

	for (size_t i = 0; i < sizeof(bits) / sizeof(*bits); i++)
		options |= bits[i].on ? bits[i].bit : 0u;
	return (uint16_t)options;
}

/* What the options mean together; ERR_ARG is said. */
static enum err read_options(const struct cli_args *a, struct hsm_init *i)
{
	bool pka = a->custodians || a->required;

	if (a->with_pin && a->or_pin)
		return cli_refuse(ERR_ARG, "--with-pin and --or-pin exclude each other");
	if (a->no_pin_reset && a->reset_only)
		return cli_refuse(ERR_ARG, "--no-pin-reset and --reset-only exclude each other");
	if (!pka && (a->with_pin || a->or_pin || a->replaceable))
		return cli_refuse(ERR_ARG, "--with-pin, --or-pin and --replaceable go with --custodians and "
				  "--required");
	if (pka && (!a->custodians || !a->required))
		return cli_refuse(ERR_ARG, "--custodians and --required go together");
	if ((a->transport_pin || a->session_pin || a->reset_only) && !has_pin(a))
		return cli_refuse(ERR_ARG, "--transport-pin, --session-pin and --reset-only are about a PIN, which a "
				  "card of custodians has with --with-pin or --or-pin");
	if (a->or_pin && !a->force)
		return cli_refuse(ERR_REFUSED, "a PIN beside public key authentication opens the card alone: "
				  "--with-pin asks for both, --force insists");
	if (a->required > a->custodians)
		return cli_refuse(ERR_ARG, "%u of %u custodians can never agree", a->required, a->custodians);
	if (a->domains && a->dkek_shares != ARGS_NO_FD)
		return cli_refuse(ERR_ARG, "--dkek-shares and --domains exclude each other");
	*i = (struct hsm_init){
		.dkek_shares = a->dkek_shares == ARGS_NO_FD ? -1 : (int)a->dkek_shares,
		.domains = a->domains,
		.total = a->custodians,
		.required = a->required,
		.label = rd_str(a->label),
		.options = option_bits(a),
	};
	return cli_label_check(a->label);
}

/* Before anybody types a PIN. */
static enum err check_firmware(const struct cli_card *c, const struct hsm_init *i)
{
	const struct hsm_version *v = &c->status.version;
	const char *lacks = hsm_mode_lacks(v, i->options);
	uint16_t told;
	enum err e = ERR_OK;

	if (i->total)
		e = cli_card_can(c, HSM_CAN_PKA);
	if (!e && i->domains)
		e = cli_card_can(c, HSM_CAN_DOMAINS);
	if (!e && lacks)
		e = cli_card_lacks(c, lacks);
	if (e)
		return e;
	e = hsm_mode_options(v, i->options, &told);
	if (!e)
		return ERR_OK;
	return cli_refuse(e, "card %s in %s has open firmware, on which a transport PIN could never be changed, there "
			  "are no session PINs, and an SO-PIN that resets the tries sets a PIN, too", c->id, c->reader);
}

static void tell_plan(const struct cli_card *c, const struct cli_args *a)
{
	char pka[80];

	(void)snprintf(pka, sizeof(pka), "%u of %u custodians%s", a->required, a->custodians,
		       a->with_pin ? " and its PIN" : a->or_pin ? ", or its PIN alone" : "");
	printf("card %s in %s, label \"%s\"\n", *c->id ? c->id : "(without id)", c->reader, c->label);
	printf("will be opened by %s\n", a->custodians ? pka : "its PIN");
	if (a->dkek_shares == ARGS_NO_FD && !a->domains)
		printf("note: no key will ever leave it, not even wrapped for a backup (--dkek-shares)\n");
	if (a->transport_pin)
		printf("note: its PIN opens nothing until it is changed, by whoever it is for\n");
	if (has_pin(a) && (a->no_pin_reset || a->reset_only))
		printf("note: a forgotten PIN cannot be replaced; the card can only be initialised again\n");
	if (a->replaceable)
		printf("note: any %u of them can put others in the place of those who are missing\n", a->required);
	else if (a->custodians)
		printf("note: the list of custodians will be final: a lost card cannot be replaced without erasing "
		       "this one (--replaceable)\n");
	if (a->custodians && (a->required == 1 || a->required == a->custodians))
		printf("note: with %u of %u, %s\n", a->required, a->custodians,
		       a->required == 1 ? "one custodian alone opens it" : "one lost card closes it for good");
}

/* A card stays closed until its custodians open it, or its PIN is changed, so nobody can write its label yet. */
static void tell_result(const struct cli_args *a)
{
	if (a->label && (!has_pin(a) || a->transport_pin))
		log_tell("the label is not written yet: it needs the card open; give it as --token-label to keygen%s",
			 a->custodians ? " or register --prove" : "");
	printf("initialised\n");
	if (a->transport_pin)
		printf("next: quorum11 pin change, by whoever the card is for\n");
	if (a->dkek_shares != ARGS_NO_FD && a->dkek_shares)
		printf("next: quorum11 dkek import, with each of %u shares; until then it makes no keys\n",
		       a->dkek_shares);
	if (a->custodians)
		printf("next: quorum11 register, with the PKA files of all %u custodians\n", a->custodians);
}

/* Its refusal does not say how many tries are left, its status does. */
static enum err wrong_so_pin(struct cli *cli, struct cli_card *c)
{
	const struct hsm_version version = c->status.version;
	struct hsm_status s;

	if (hsm_card_status(c->hsm, &version, &s, &cli->dl) || s.so_tries < 0)
		return cli_card_fail(c, ERR_PIN_WRONG, "SO-PIN");
	return cli_refuse(ERR_PIN_WRONG, "card %s in %s: this is not its SO-PIN, nothing was changed; %d %s left, and "
			  "then it can never be initialised again", cli_card_id(c), c->reader, s.so_tries,
			  s.so_tries == 1 ? "try is" : "tries are");
}

/* What goes wrong after the card is erased says that it is. */
static enum err initialise(struct cli *cli, struct cli_card *c, struct hsm_init *i)
{
	struct rd label = i->label;
	enum err e;

	i->label = RD_NONE;
	e = hsm_card_initialize(c->hsm, i, cli->args->force, &cli->dl);
	if (e == ERR_CONDITIONS)
		return cli_refuse(e, "card %s in %s is initialised, but its firmware has skipped the custodians: %s "
				  "opens it (quorum11 status)", cli_card_id(c), c->reader,
				  i->pin ? "its PIN alone" : "nobody");
	if (e == ERR_PIN_WRONG)
		return wrong_so_pin(cli, c);
	if (e == ERR_PIN_BLOCKED)
		return cli_card_fail(c, e, "SO-PIN");
	if (e)
		return cli_card_fail(c, e, "initialising");
	i->label = label;
	return cli_card_fail(c, hsm_init_label(c->hsm, i, &cli->dl),
			     "it is initialised, but not named: writing the label");
}

enum err verb_init(struct cli *cli)
{
	const struct cli_args *a = cli->args;
	struct secret *pin = NULL, *so_pin = NULL;
	char reader[READER_NAME_MAX];
	struct cli_card card;
	struct hsm_init init;
	enum err e;

	e = read_options(a, &init);
	if (!e)
		e = cli_card_pick(cli, reader);
	if (!e)
		e = cli_card_open(cli, reader, PCSC_SHARED, &card);
	if (e)
		return e;
	e = check_firmware(&card, &init);
	if (e)
		goto out;
	tell_plan(&card, a);
	if (!cli_ask("This erases every key, certificate and file on the card. Go on?", a->yes)) {
		e = cli_refuse(ERR_CANCELLED, "nothing was changed");
		goto out;
	}
	e = cli_so_pin_get(cli, &card, card.status.so_unset, &so_pin);
	if (!e && has_pin(a))
		e = cli_pin_get_new(cli, true, &pin);
	if (!e)
		e = cli_card_begin(cli, &card);
	if (e)
		goto out;
	init.so_pin = so_pin;
	init.pin = pin;
	e = initialise(cli, &card, &init);
	if (!e)
		tell_result(a);
out:
	secret_free(&pin);
	secret_free(&so_pin);
	cli_card_close(cli, &card, true);
	return e;
}
