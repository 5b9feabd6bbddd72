/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/card/pin.h"
#include "cli/custodian/prove.h"
#include "cli/line/say.h"
#include "cli/trust/pkafiles.h"
#include "sc-hsm/auth.h"
#include "sc-hsm/pin.h"

/*
 * Which of the files are registered already (a run that was interrupted goes on); a key on the card that is in none
 * of them is not ours to build on.
 */
static enum err read_registered(struct cli *cli, struct cli_card *c, const struct cli_pkafiles *files,
				bool done[PKA_CUSTODIANS_MAX])
{
	const struct hsm_pka *pka = &c->status.pka;
	enum err e = ERR_OK;

	memset(done, 0, PKA_CUSTODIANS_MAX);
	for (unsigned i = 0; i < pka->total && i < PKA_CUSTODIANS_MAX && !e; i++) {
		const struct cli_pkafile *f;
		uint8_t buf[CHR_MAX + 1];
		bool authenticated;
		struct wr chr;

		WR_ARR(&chr, buf);
		e = hsm_pka_key(c->hsm, (uint8_t)i, &chr, &authenticated, &cli->dl);
		if (e == ERR_NOT_FOUND) {
			e = ERR_OK;
			continue;
		}
		if (e)
			return cli_card_fail(c, e, "reading the registered keys");
		f = cli_pkafiles_get(files, wr_view(&chr));
		if (!f) {
			char shown[SHOWN_MAX + 1];

			return cli_refuse(ERR_REFUSED, "card %s: %s is registered and in none of the files", c->id,
					  text_shown(wr_view(&chr), shown, sizeof(shown)));
		}
		done[f - files->v] = true;
	}
	return e;
}

static enum err check_target(const struct cli_card *c, size_t files)
{
	const struct hsm_pka *pka = &c->status.pka;

	if (!c->status.has_pka)
		return cli_refuse(
			ERR_REFUSED,
			"card %s is not initialised for custodians: quorum11 init --custodians M --required N",
			c->id);
	if (files != pka->total)
		return cli_refuse(ERR_REFUSED,
				  "card %s takes exactly %u custodians' keys, not %zu: the list is final, so all are "
				  "registered at once",
				  c->id, pka->total, files);
	return ERR_OK;
}

static enum err check_genuine(const struct cli *cli, const struct att_anchors *anchors, const struct cli_card *c,
			      struct att_chain *chain)
{
	struct att_verdict v = { .n = 0 };

	if (cli_trust_chain(cli, anchors, wr_view(&c->devaut), chain, &v) == ERR_OK)
		return ERR_OK;
	cli_verdict_tell(cli_card_id(c), &v);
	return cli_refuse(ERR_ATTESTATION, "card %s in %s is not proved genuine; " CLI_TRUST_HELP, cli_card_id(c),
			  c->reader);
}

static void tell_plan(const struct cli_card *c, const struct att_chain *chain, const struct cli_pkafiles *files,
		      const bool *done)
{
	printf("card %s (%s) in %s will be opened by %u of these %u custodians:\n", c->id,
	       chain->is_genuine ? chain->path : "UNVERIFIED", c->reader, c->status.pka.required, c->status.pka.total);
	for (size_t i = 0; i < files->n; i++)
		printf("  %s  of card %s  %s%s\n", files->v[i].chr, files->v[i].device,
		       files->v[i].genuine ? "genuine" : "UNVERIFIED", done[i] ? ", registered already" : "");
}

/*
 * The vendor's firmware registers without a login while keys are missing; open firmware wants the PIN, or the
 * SO-PIN where there is none (public-key-authentication 4.3, 11).
 */
static enum err log_in(struct cli *cli, struct cli_card *c)
{
	enum hsm_mode mode = c->status.mode;
	struct secret *pin = NULL;
	enum err e = ERR_OK;

	if (mode == HSM_MODE_PIN || mode == HSM_MODE_PKA_AND_PIN || mode == HSM_MODE_PKA_OR_PIN ||
	    cli_pin_is_given(cli)) {
		e = cli_pin_get(cli, c, NULL, &pin);
		if (!e)
			e = cli_pin_login(cli, c, pin);
	} else if (cli_so_pin_is_given(cli)) {
		e = cli_so_pin_get(cli, c, false, &pin);
		if (!e)
			e = cli_card_begin(cli, c);
		if (!e)
			e = cli_card_fail(c, hsm_pin_verify(c->hsm, HSM_REF_SO, pin, &cli->dl), "SO-PIN");
	} else {
		e = cli_card_begin(cli, c);
	}
	secret_free(&pin);
	return e;
}

static enum err register_all(struct cli *cli, struct cli_card *c, const struct cli_pkafiles *files, bool *done)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < files->n && !e; i++) {
		const struct hsm_proof key = pka_file_proof(&files->v[i].file, c->has_issuer);

		if (done[i])
			continue;
		e = hsm_pka_register(c->hsm, &key, &c->status.pka, &cli->dl);
		if (e == ERR_AUTH)
			cli_refuse(e, "card %s registers only after a login: give its SO-PIN by --so-pin-file", c->id);
		else if (e)
			cli_card_fail(c, e, files->v[i].path);
		else
			printf("registered %s, %u missing\n", files->v[i].chr, c->status.pka.missing);
	}
	if (e && c->status.pka.missing < c->status.pka.total)
		log_tell("%u of %u are registered; the same command goes on from there",
			 c->status.pka.total - c->status.pka.missing, c->status.pka.total);
	return e;
}

/* What the card says afterwards counts, not what we sent. */
static enum err check_names(struct cli *cli, struct cli_card *c, const struct cli_pkafiles *files)
{
	bool done[PKA_CUSTODIANS_MAX];
	enum err e;

	e = cli_card_fail(c, hsm_pka_status(c->hsm, &c->status.pka, &cli->dl), "asking for the custodians");
	if (!e && c->status.pka.missing)
		e = cli_refuse(ERR_CARD, "card %s still says that %u keys are missing", c->id, c->status.pka.missing);
	if (!e)
		e = read_registered(cli, c, files, done);
	for (size_t i = 0; i < files->n && !e; i++)
		if (!done[i])
			e = cli_refuse(ERR_CARD, "card %s does not name %s among its custodians", c->id,
				       files->v[i].chr);
	return e;
}

enum err verb_register(struct cli *cli)
{
	struct cli_pkafiles *files = NULL;
	struct att_anchors *anchors = NULL;
	struct cli_card card = { .hsm = NULL };
	struct att_chain chain;
	bool done[PKA_CUSTODIANS_MAX];
	char reader[READER_NAME_MAX];
	enum err e;

	e = cli_label_check(cli->args->token_label);
	if (!e)
		e = cli_trust_load(cli, &anchors);
	if (!e)
		e = cli_card_pick(cli, reader);
	if (!e)
		e = cli_card_open(cli, reader, PCSC_SHARED, &card);
	if (!e)
		e = check_genuine(cli, anchors, &card, &chain);
	if (!e)
		e = cli_pkafiles_read(cli, anchors, cli->args->v, cli->args->n, card.id, &files);
	if (!e)
		e = check_target(&card, files->n);
	if (!e)
		e = cli_card_hold(cli, &card);
	if (!e) {
		e = read_registered(cli, &card, files, done);
		cli_card_release(&card);
	}
	if (e)
		goto out;
	tell_plan(&card, &chain, files, done);
	if (card.status.pka.missing) {
		if (!cli_ask("This list cannot be changed without erasing the card. Register them?", cli->args->yes)) {
			e = cli_refuse(ERR_CANCELLED, "nothing was changed");
			goto out;
		}
		e = log_in(cli, &card);
		if (!e)
			e = register_all(cli, &card, files, done);
	} else {
		e = cli_card_begin(cli, &card);
	}
	if (!e)
		e = check_names(cli, &card, files);
	cli_card_end(cli, &card);
	if (!e)
		printf("all %u custodians are registered; %u of them open card %s\n", card.status.pka.total,
		       card.status.pka.required, card.id);
	cli_card_close(cli, &card, true);
	if (!e && cli->args->prove)
		e = cli_prove(cli, reader, files);
	else if (!e)
		printf("not proved: with the custodians' cards at hand, --prove shows that %u open it, and fewer do "
		       "not\n", card.status.pka.required);
out:
	cli_card_close(cli, &card, true);
	cli_pkafiles_free(&files);
	att_anchors_free(&anchors);
	return e;
}
