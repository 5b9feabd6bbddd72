/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/custodian/custodian.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/card/pad.h"
#include "cli/line/say.h"

#define CUSTODIAN_BITS 256

bool cli_custodian_key_is(const struct cli_key *k)
{
	const struct ec_domain *d =
		k->kind == CE_REQUEST && k->has_public && !k->pub.is_rsa ? ec_domain_get(k->pub.curve) : NULL;

	return d && d->bits == CUSTODIAN_BITS && *k->chr;
}

static void take(const struct cli *cli, struct cli_custodians *list, const char *reader, const struct cli_card *card,
		 const struct cli_key *k)
{
	struct cli_custodian *c = &list->v[list->n];

	if (list->n == PKA_CUSTODIANS_MAX || k->pub.q.n > sizeof(c->q))
		return;
	list->n++;
	memcpy(c->reader, reader, sizeof(c->reader));
	memcpy(c->device, card->id, sizeof(c->device));
	memcpy(c->chr, k->chr, sizeof(c->chr));
	c->on_pad = cli_pin_is_on_pad(cli, card);
	c->key = k->number;
	c->curve = k->pub.curve;
	memcpy(c->q, k->pub.q.p, k->pub.q.n);
	c->q_size = k->pub.q.n;
}

static enum err find_on_card(struct cli *cli, const char *reader, const char *device, struct cli_custodians *list)
{
	struct cli_keys *keys = NULL;
	struct cli_card card;
	enum err e;

	e = cli_card_look(cli, reader, &card);
	if (e == ERR_NO_CARD)
		return ERR_OK;          /* not a SmartCard-HSM */
	if (e) {
		log_line(LOG_CARD, LOG_WARN, "%s: %s", card.reader, err_text(e));
		return e;
	}
	if (!device || strcmp(device, card.id) == 0) {
		e = cli_card_hold(cli, &card);
		if (!e)
			e = cli_keys_read(cli, &card, &keys);
		for (size_t i = 0; !e && i < keys->n; i++)
			if (cli_custodian_key_is(&keys->v[i]))
				take(cli, list, reader, &card, &keys->v[i]);
	}
	cli_keys_free(&keys);
	cli_card_close(cli, &card, false);
	return e;
}

enum err cli_custodians_find(struct cli *cli, const char *reader, const char *device, struct cli_custodians **out)
{
	struct cli_custodians *list = calloc(1, sizeof(*list));
	struct apdu_readers readers;
	enum err e, last = ERR_OK;

	if (!list)
		return cli_fail(ERR_NOMEM, "looking for custodians' keys");
	e = cli_readers(cli, reader, &readers);
	if (e) {
		free(list);
		return e;
	}
	/* One card that somebody else uses must not hide the others. */
	for (size_t i = 0; i < readers.n; i++)
		if (readers.v[i].has_card) {
			e = find_on_card(cli, readers.v[i].name, device, list);
			if (e)
				last = e;
		}
	if (!list->n && last) {
		free(list);
		return cli_fail(last, "no custodian's key at hand, and not every card could be read");
	}
	*out = list;
	return ERR_OK;
}

void cli_custodians_free(struct cli_custodians **c)
{
	if (!*c)
		return;
	for (size_t i = 0; i < (*c)->n; i++)
		secret_free(&(*c)->v[i].pin);
	free(*c);
	*c = NULL;
}

struct rd cli_custodian_point(const struct cli_custodian *c)
{
	return rd_of(c->q, c->q_size);
}

/* Only what was typed is asked for again: a file says the same each time, and each time is a try. */
static enum err log_in(struct cli *cli, struct cli_custodian *c, const char *pin_file, struct cli_card *card)
{
	bool typed = !c->pin && !pin_file && !cli_pin_is_given(cli);
	enum err e;

	do {
		if (c->on_pad && !pin_file) {
			e = cli_pin_login_on_pad(cli, card);
		} else {
			e = c->pin ? ERR_OK : cli_pin_get(cli, card, pin_file, &c->pin);
			if (!e)
				e = cli_pin_login(cli, card, c->pin);
		}
		if (e)
			secret_free(&c->pin);
		if (e == ERR_PIN_WRONG && typed)
			card->status.pin_tries--;
	} while (e == ERR_PIN_WRONG && typed && card->status.pin_tries > 0);
	return e;
}

enum err cli_custodian_open(struct cli *cli, struct cli_custodian *c, const char *pin_file, struct cli_card *out)
{
	enum err e;

	e = cli_card_open(cli, c->reader, PCSC_SHARED, out);
	if (e)
		return e;
	if (strcmp(out->id, c->device))
		e = cli_refuse(ERR_REMOVED, "%s holds another card now: %s, not %s", out->reader, out->id, c->device);
	else if (hsm_mode_needs_pka(out->status.mode))
		e = cli_refuse(ERR_UNSUPPORTED,
			       "card %s opens by custodians of its own; a custodian's card opens by its PIN",
			       out->id);
	if (!e)
		e = log_in(cli, c, pin_file, out);
	if (e)
		cli_card_close(cli, out, true);
	return e;
}

enum err cli_custodian_try_pin(struct cli *cli, struct cli_custodian *c)
{
	struct cli_card card = { .hsm = NULL };
	enum err e = c->pin || c->on_pad ? ERR_OK : cli_custodian_open(cli, c, NULL, &card);

	if (!e && card.hsm)
		cli_card_close(cli, &card, true);
	return e;
}

enum err cli_custodian_sign(struct cli *cli, struct cli_custodian *c, const struct pka_batch *batch,
			    struct wr *answers, struct pka_answers *in)
{
	size_t end[PKA_BATCH_MAX];
	struct cli_card card;
	enum err e;

	e = cli_custodian_open(cli, c, NULL, &card);
	if (e)
		return e;
	for (size_t i = 0; i < batch->n && !e; i++) {
		e = hsm_card_exchange(card.hsm, HSM_SIGN, pka_batch_cmd(batch, i), answers, &cli->dl);
		wr_u16(answers, APDU_SW_OK);        /* what an exchange without error has answered */
		end[i] = wr_view(answers).n;
	}
	cli_card_fail(&card, e, "signing");
	cli_card_close(cli, &card, true);
	if (!e)
		e = cli_fail(wr_done(answers), "the card's signatures");
	in->n = batch->n;
	for (size_t i = 0; i < batch->n && !e; i++)
		in->v[i] = rd_of(answers->p + (i ? end[i - 1] : 0), end[i] - (i ? end[i - 1] : 0));
	return e;
}
