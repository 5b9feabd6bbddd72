/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/approve/decision.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "cli/approve/budget.h"
#include "cli/approve/text.h"
#include "cli/line/say.h"
#include "cli/trust/trust.h"

#define TEXT_MAX (256 * 1024)

enum err cli_decision_books(bool may_fail, struct cli_book **devices, struct cli_book **people)
{
	enum err e = cli_book_load(BOOK_DEVICES, devices), other = cli_book_load(BOOK_PEOPLE, people);

	return may_fail ? ERR_OK : e ? e : other;
}

enum err cli_decision_begin(struct cli *cli, struct cli_case *d)
{
	enum err e;

	*d = (struct cli_case){ .cli = cli, .deny = cli->args->deny };
	wr_init_heap(&d->limits, STATEMENT_MAX);
	e = cli_decision_books(d->deny, &d->devices, &d->people);
	if (!e)
		e = cli_custodians_find(cli, cli->args->reader, cli->args->device, &d->mine);
	if (!e && d->mine->n == 0)
		e = cli_refuse(ERR_NOT_FOUND, "no custodian's key on the cards at hand: is your card in the reader? "
						"quorum11 list shows what is there");
	return e;
}

void cli_decision_end(struct cli_case *d)
{
	cli_decision_drop(d);
	wr_free(&d->limits);
	cli_custodians_free(&d->mine);
	free(d->people);
	free(d->devices);
}

void cli_decision_drop(struct cli_case *d)
{
	pka_approval_free(&d->approval);
	cli_request_free(&d->request);
	d->name = NULL;
}

/* Which of our keys decides: one that the request names and that has not decided yet. */
static enum err choose_key(struct cli_case *d)
{
	const struct cli_request *r = d->request;
	bool decided = false;
	size_t n = 0;

	for (size_t i = 0; i < d->mine->n; i++)
		for (size_t k = 0; k < r->custodians_n; k++) {
			if (strcmp(d->mine->v[i].chr, r->custodians[k].chr))
				continue;
			if (r->custodians[k].decision != DECISION_NONE) {
				decided = true;
				continue;
			}
			d->me = &d->mine->v[i];
			n++;
		}
	if (n == 1)
		return ERR_OK;
	if (n == 0)
		return cli_refuse(decided ? ERR_CONDITIONS : ERR_NOT_FOUND, "request %s: %s", r->id,
				  decided ? "you have decided already"
					  : "no key on the cards at hand is one of its custodians");
	log_tell("several keys at hand could decide: name the card by --device or --reader");
	for (size_t i = 0; i < d->mine->n; i++)
		log_tell("  %s  on card %s", d->mine->v[i].chr, d->mine->v[i].device);
	return ERR_REFUSED;
}

const char *cli_decision_name(const struct cli_book *devices, const struct pka_approval *p, enum cli_book_device *is)
{
	const struct pka_approval_facts *f = pka_approval_facts(p);
	const struct cli_book_entry *e;

	*is = cli_book_device(devices, f->device_id, f->device_key, &e);
	if (*is == BOOK_OTHER_KEY)
		log_tell("WARNING: card %s is \"%s\" in your address book, but THIS ONE HAS ANOTHER KEY. It is another "
			 "card under the same name, or that card was made anew. Call whoever keeps the card, by a "
			 "number that you know", e->id, e->name);
	return *is == BOOK_KNOWN ? e->name : NULL;
}

/* A yes is for a card that he has added himself, by its key. */
static enum err look_up(struct cli_case *d)
{
	enum cli_book_device is;

	d->name = cli_decision_name(d->devices, d->approval, &is);
	if (d->name || d->deny)
		return ERR_OK;
	if (is == BOOK_OTHER_KEY)
		return cli_refuse(ERR_REFUSED, "request %s is refused; quorum11 approve --deny says no to it",
				  d->request->id);
	cli_refuse(ERR_REFUSED, "request %s is refused: its card %s is not in your address book", d->request->id,
		   d->request->device_id);
	log_tell("if you are a custodian of this card, add it, once, by a name of yours: quorum11 devices add \"NAME\" "
		 "%s", d->source);
	return ERR_REFUSED;
}

/* A no may say anything; with a yes stands only what the host can read, keeps, and would not have to raise. */
static enum err check_limits(struct cli_case *d)
{
	const char *text = d->cli->args->limits;

	wr_reset(&d->limits);
	d->lowers = text && *text && !d->deny;
	if (d->lowers)
		return cli_budget_lower(wr_view(&d->request->host_json), text, &d->low, &d->limits);
	wr_text(&d->limits, text ? text : "");
	return cli_fail(wr_done(&d->limits), "--limits");
}

enum err cli_decision_request(struct cli_case *d, struct cli_request *r, const char *source)
{
	enum err e;

	cli_decision_drop(d);
	d->request = r;
	d->source = source;
	e = choose_key(d);
	/* Everything the server says is checked here again; what does not pass is refused, whatever he wants. */
	if (!e)
		e = cli_trust_request(d->cli, r, &d->approval);
	if (!e)
		e = look_up(d);
	if (!e)
		e = check_limits(d);
	return e;
}

enum err cli_decision_show(const struct cli_case *d)
{
	struct cli_approve_view view = {
		.request = d->request, .facts = pka_approval_facts(d->approval), .own_chr = d->me->chr,
		.low = d->lowers ? &d->low : NULL, .name = d->name, .people = d->people,
	};
	struct wr w;
	enum err e;

	wr_init_heap(&w, TEXT_MAX);
	cli_approve_text(&view, &w);
	e = wr_done(&w);
	if (!e)
		fputs(wr_cstr(&w), stdout);
	wr_free(&w);
	return cli_fail(e, "showing the request");
}

static enum err check_code(const struct cli_case *d)
{
	const char *want = d->cli->args->expect_code, *code = pka_approval_facts(d->approval)->code;

	if (!want || !*code || strcasecmp(want, code) == 0)
		return ERR_OK;
	return cli_refuse(ERR_REFUSED, "request %s has the code %s, not the expected one: refused", d->request->id,
			  code);
}

static enum err ask(const struct cli_case *d, const char *question)
{
	if (cli_ask(question, d->cli->args->yes))
		return ERR_OK;
	return cli_refuse(ERR_CANCELLED, "nothing was signed or sent");
}

enum err cli_decision_ask(const struct cli_case *d)
{
	enum err e;

	if (d->deny)
		return ask(d, "Deny this request, for everybody?");
	e = check_code(d);
	return e ? e : ask(d, "Approve?");
}

enum err cli_decision_challenge(struct cli_case *d, struct rd challenge)
{
	enum err e = cli_fail(pka_approval_challenge(d->approval, challenge), "the challenge of your turn");

	if (!e)
		e = check_code(d);
	if (e)
		return e;
	printf("  CODE           %s   of your turn: the person who signs must read you the same one\n",
	       pka_approval_facts(d->approval)->code);
	return d->cli->args->expect_code ? cli_flush(ERR_OK) : ask(d, "Is it the same code?");
}

enum err cli_decision_sign(struct cli_case *d, struct cli_signed *out)
{
	struct pka_answers in = { .n = 0 };
	struct pka_batch batch;
	struct wr answers;
	enum err e;

	pka_batch_init(&batch);
	wr_init_heap(&answers, PKA_BATCH_MAX * CUSTODIAN_ANSWER_MAX);
	e = pka_approval_decide(d->approval, d->deny ? PKA_DENY : PKA_APPROVE, wr_view(&d->limits), rd_str(d->me->chr),
				d->me->key, &batch);
	cli_fail(e, "making the statement (--limits: short printable text)");
	if (!e)
		e = cli_custodian_sign(d->cli, d->me, &batch, &answers, &in);
	if (!e)
		e = cli_fail(pka_approval_finish(d->approval, &in, d->me->curve, cli_custodian_point(d->me), &out->sig,
						 &out->statement, &out->statement_sig), "the card's signatures");
	wr_free(&answers);
	pka_batch_fini(&batch);
	return e;
}
