/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/card/card.h"

#include <stdio.h>
#include <string.h>

#include "apdu/local.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/line/say.h"
#include "sc-hsm/auth.h"
#include "sc-hsm/file.h"
#include "sc-hsm/p15.h"

#define LABEL_MAX 32            /* CK_TOKEN_INFO.label */

const char *cli_mode_word(enum hsm_mode m)
{
	static const char *const words[] = {
		[HSM_MODE_UNSET] = "unset", [HSM_MODE_PIN] = "pin", [HSM_MODE_PKA] = "pka",
		[HSM_MODE_PKA_OR_PIN] = "pka-or-pin", [HSM_MODE_PKA_AND_PIN] = "pka-and-pin",
	};

	return words[m];
}

enum err cli_readers(const struct cli *cli, const char *name, struct apdu_readers *out)
{
	bool exact = false;
	size_t n = 0;
	enum err e;

	e = local_list(cli->conf, out);
	if (e)
		return cli_fail(e, "readers");
	for (size_t i = 0; i < out->n && name; i++)
		exact |= local_is_named(&out->v[i], name);
	for (size_t i = 0; i < out->n; i++) {
		const struct apdu_reader *r = &out->v[i];

		if (!local_is_admitted(r, &cli->conf->module.readers))
			continue;
		if (name && !(exact ? local_is_named(r, name) : strstr(r->name, name) != NULL))
			continue;
		if (n != i)
			out->v[n] = *r;
		n++;
	}
	out->n = n;
	return ERR_OK;
}

void cli_chr_copy(char out[CHR_MAX + 1], struct rd chr)
{
	size_t n = chr.n < CHR_MAX ? chr.n : CHR_MAX;

	memcpy(out, chr.p, n);
	out[n] = 0;
}

/* The device certificate, if there is one: a blank card with open firmware has none (public-key-authentication 11). */
static enum err read_identity(struct cli *cli, struct cli_card *c)
{
	enum err e;

	wr_reset(&c->devaut);
	c->id[0] = 0;
	e = hsm_file_devaut(c->hsm, &c->devaut, &cli->dl);
	if (e == ERR_NOT_FOUND || (!e && wr_view(&c->devaut).n == 0)) {
		wr_reset(&c->devaut);
		return ERR_OK;
	}
	if (!e)
		e = cvc_devaut_read(wr_view(&c->devaut), &c->device, &c->issuer, &c->has_issuer);
	if (!e)
		cli_chr_copy(c->id, hsm_device_id(&c->device));
	return e;
}

static enum err read_label(struct cli *cli, struct cli_card *c)
{
	struct p15_token token;
	struct wr w;
	enum err e;

	wr_init_heap(&w, FILE_SIZE_MAX);
	e = hsm_file_read(c->hsm, HSM_EF_TOKENINFO, &w, &cli->dl);
	if (!e && p15_token_read(wr_view(&w), &token) == ERR_OK)
		(void)text_shown(token.label, c->label, sizeof(c->label));
	wr_free(&w);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/*
 * Asked before SELECT: 9000, or keys authenticated, is somebody's login. Any other answer, also of another applet,
 * is nobody's.
 */
static bool is_in_use(struct cli *cli, struct cli_card *c)
{
	struct hsm_pka pka;
	struct wr cmd;
	uint8_t buf[APDU_CMD_MAX];

	WR_ARR(&cmd, buf);
	hsm_enc_verify_status(&cmd, HSM_REF_USER);
	if (wr_done(&cmd) == ERR_OK &&
	    hsm_card_exchange(c->hsm, HSM_VERIFY_STATUS, wr_view(&cmd), NULL, &cli->dl) == ERR_OK)
		return true;
	return hsm_pka_status(c->hsm, &pka, &cli->dl) == ERR_OK && pka.authenticated > 0;
}

static enum err begin(struct cli *cli, struct cli_card *c)
{
	enum err e = apdu_link_begin(hsm_card_link(c->hsm), &cli->dl);

	if (e == ERR_RESET)     /* we were not logged in: nothing of ours is lost */
		e = apdu_link_begin(hsm_card_link(c->hsm), &cli->dl);
	c->held = !e;
	return e;
}

static enum err open_card(struct cli *cli, const char *reader, enum pcsc_share share, bool disturb,
			  struct cli_card *out)
{
	struct apdu_link *link = NULL;
	enum err e;

	*out = (struct cli_card){ .hsm = NULL };
	(void)text_shown(rd_str(reader), out->reader, sizeof(out->reader));
	wr_init_heap(&out->devaut, FILE_SIZE_MAX);
	e = local_open(cli->conf, reader, share, &link);
	if (!e)
		e = hsm_card_new(link, &out->hsm);
	if (e)
		return e;
	e = begin(cli, out);
	if (e)
		return e;
	out->busy = !disturb && is_in_use(cli, out);
	if (!out->busy)
		e = hsm_card_select(out->hsm, &out->status.version, &cli->dl);
	if (!e)
		e = read_identity(cli, out);
	if (!e)
		e = read_label(cli, out);
	if (!e) {
		struct hsm_version v = out->status.version;

		e = hsm_card_status(out->hsm, &v, &out->status, &cli->dl);
	}
	cli_card_release(out);
	return e;
}

enum err cli_card_look(struct cli *cli, const char *reader, struct cli_card *out)
{
	enum err e = open_card(cli, reader, PCSC_SHARED, false, out);

	if (e)
		cli_card_close(cli, out, false);
	return e;
}

enum err cli_card_open(struct cli *cli, const char *reader, enum pcsc_share share, struct cli_card *out)
{
	enum err e = open_card(cli, reader, share, true, out);

	if (e) {
		cli_card_fail(out, e, "opening the card");
		cli_card_close(cli, out, false);
	}
	return e;
}

static enum err found_none(const struct cli_args *a, const struct apdu_readers *readers, size_t cards, enum err why)
{
	char shown[SHOWN_MAX + 1];

	if (!readers->n && a->reader)
		return cli_refuse(ERR_NO_READER, "no reader is called %s; quorum11 list shows the readers", a->reader);
	if (!readers->n)
		return cli_refuse(ERR_NO_READER, "no reader found: plug one in; quorum11 doctor looks for the reason");
	if (!cards && readers->n == 1)
		return cli_refuse(ERR_NO_CARD, "no card in %s: put it in",
				  text_shown(rd_str(readers->v[0].name), shown, sizeof(shown)));
	if (!cards)
		return cli_refuse(ERR_NO_CARD, "no card in any of %zu readers%s%s: put it in", readers->n,
				  a->reader ? " called " : "", a->reader ? a->reader : "");
	if (why != ERR_NO_CARD)
		return cli_fail(why, "%s%s", a->device ? "looking for card " : "looking at the cards",
				a->device ? a->device : "");
	if (a->device)
		return cli_refuse(ERR_NO_CARD, "card %s is in no reader%s%s; quorum11 list shows the cards", a->device,
				  a->reader ? " called " : "", a->reader ? a->reader : "");
	return cli_refuse(ERR_NO_CARD, "no SmartCard-HSM among the cards that are there; quorum11 list shows them");
}

/* Cards among the readers, with their ids; several cards or a --device make it necessary to look at each. */
enum err cli_card_pick(struct cli *cli, char reader[READER_NAME_MAX])
{
	const char *device = cli->args->device;
	struct apdu_readers readers;
	size_t found = 0, cards = 0;
	enum err e, last = ERR_NO_CARD;
	struct { char id[CHR_MAX + 1]; } ids[APDU_READERS_MAX];
	size_t at[APDU_READERS_MAX];

	e = cli_readers(cli, cli->args->reader, &readers);
	if (e)
		return e;
	for (size_t i = 0; i < readers.n; i++)
		cards += readers.v[i].has_card;
	for (size_t i = 0; i < readers.n; i++) {
		struct cli_card c;

		if (!readers.v[i].has_card)
			continue;
		ids[i].id[0] = 0;
		if (cards > 1 || device) {
			e = cli_card_look(cli, readers.v[i].name, &c);
			if (!e) {
				memcpy(ids[i].id, c.id, sizeof(c.id));
				cli_card_close(cli, &c, false);
			} else if (e == ERR_NO_CARD) {
				continue;       /* not a SmartCard-HSM: not meant */
			} else {
				last = e;
			}
			/* A card that cannot be asked for its id may still be the one meant by its reader. */
			if (device && strcmp(device, ids[i].id))
				continue;
		}
		at[found++] = i;
	}
	if (found == 1) {
		memcpy(reader, readers.v[at[0]].name, READER_NAME_MAX);
		return ERR_OK;
	}
	if (found == 0)
		return found_none(cli->args, &readers, cards, last);
	log_tell("several cards are there: name one by --device or --reader");
	for (size_t i = 0; i < found; i++) {
		char shown[SHOWN_MAX + 1];

		log_tell("  %-20s in %s", *ids[at[i]].id ? ids[at[i]].id : "(cannot be read)",
			 text_shown(rd_str(readers.v[at[i]].name), shown, sizeof(shown)));
	}
	return ERR_REFUSED;
}

enum err cli_card_choose(struct cli *cli, struct cli_card *out)
{
	char reader[READER_NAME_MAX];
	enum err e;

	*out = (struct cli_card){ .hsm = NULL };
	e = cli_card_pick(cli, reader);
	return e ? e : cli_fail(cli_card_look(cli, reader, out), "card in %s", out->reader);
}

enum err cli_card_hold(struct cli *cli, struct cli_card *c)
{
	return cli_card_fail(c, begin(cli, c), "using the card");
}

enum err cli_card_choose_held(struct cli *cli, struct cli_card *out)
{
	enum err e = cli_card_choose(cli, out);

	return e ? e : cli_card_hold(cli, out);
}

void cli_card_release(struct cli_card *c)
{
	if (c->held)
		apdu_link_end(hsm_card_link(c->hsm));
	c->held = false;
}

enum err cli_card_begin(struct cli *cli, struct cli_card *c)
{
	enum err e = cli_card_hold(cli, c);

	if (!e)
		e = cli_card_fail(c, hsm_card_select(c->hsm, &c->status.version, &cli->dl), "selecting the applet");
	if (e)
		cli_card_release(c);
	return e;
}

void cli_card_end(struct cli *cli, struct cli_card *c)
{
	struct hsm_version v;

	/* If it fails the card is gone or will be reset: closed either way. */
	if (c->held && hsm_card_select(c->hsm, &v, &cli->dl) != ERR_OK)
		log_line(LOG_CARD, LOG_WARN, "%s: logout by SELECT failed", c->reader);
	cli_card_release(c);
}

void cli_card_close(struct cli *cli, struct cli_card *c, bool reset_card)
{
	if (!c->hsm)
		goto out;
	if (reset_card)
		cli_card_end(cli, c);
	else
		cli_card_release(c);
	hsm_card_free(&c->hsm, reset_card);
out:
	wr_free(&c->devaut);
}

enum err cli_card_set_label(struct cli *cli, struct cli_card *c, const char *label)
{
	struct p15_token token = { .label = rd_str(label) };
	struct wr w;
	enum err e;

	if (!label)
		return ERR_OK;
	wr_init_heap(&w, FILE_SIZE_MAX);
	e = p15_token_write(&token, &w);
	if (!e)
		e = hsm_file_write(c->hsm, HSM_EF_TOKENINFO, wr_view(&w), &cli->dl);
	wr_free(&w);
	return cli_card_fail(c, e, "writing the card's label");
}

enum err cli_label_check(const char *label)
{
	if (label && strlen(label) > LABEL_MAX)
		return cli_refuse(ERR_ARG, "a card's label has at most %d bytes", LABEL_MAX);
	return ERR_OK;
}

const char *cli_card_id(const struct cli_card *c)
{
	return *c->id ? c->id : "without id";
}

enum err cli_card_lacks(const struct cli_card *c, const char *what)
{
	const struct hsm_version *v = &c->status.version;

	return cli_refuse(ERR_UNSUPPORTED, "card %s in %s is of version %u.%u, which has no %s", cli_card_id(c),
			  c->reader, v->major, v->minor, what);
}

enum err cli_card_can(const struct cli_card *c, enum hsm_ability a)
{
	return hsm_can(&c->status.version, a) ? ERR_OK : cli_card_lacks(c, hsm_ability_text(a));
}

enum err cli_card_fail(const struct cli_card *c, enum err e, const char *what)
{
	const struct err_detail *d = c->hsm ? hsm_card_detail(c->hsm) : NULL;
	const char *hint = cli_hint(e);
	char sw[64] = "", tries[40] = "";

	if (e == ERR_OK)
		return e;
	if (d && e == ERR_CARD && d->sw)
		(void)snprintf(sw, sizeof(sw), " (status word %04X)", d->sw);
	if (d && e == ERR_PIN_WRONG && d->tries >= 0)
		(void)snprintf(tries, sizeof(tries), ", %d %s left", d->tries, d->tries == 1 ? "try" : "tries");
	log_tell("%s, card %s in %s: %s%s%s%s%s", what, cli_card_id(c), c->reader, err_text(e), tries,
		 sw, hint ? "; " : "", hint ? hint : "");
	return e;
}
