/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/approve/decision.h"
#include "cli/approve/text.h"
#include "cli/inbox/inbox.h"
#include "cli/line/say.h"
#include "cli/trust/trust.h"

#define TEXT_MAX (64 * 1024)

struct end {
	struct cli *cli;
	struct cli_servers servers;
	struct cli_ref ref;
	struct cli_custodians *mine;
	struct cli_custodian *me;       /* one of mine */
	struct cli_book *devices, *people;
	struct cli_request *request;
	struct pka_approval *approval;  /* our own judgement of it */
	const char *name;               /* the card's, of the address book; NULL: not there, or with another key */
};

/* Any of our keys that is registered in this card will do, whether it has approved or not. */
static enum err choose_key(struct end *x)
{
	for (size_t i = 0; i < x->mine->n; i++)
		for (size_t k = 0; k < x->request->custodians_n; k++)
			if (strcmp(x->mine->v[i].chr, x->request->custodians[k].chr) == 0) {
				x->me = &x->mine->v[i];
				return ERR_OK;
			}
	return cli_refuse(ERR_NOT_FOUND, "request %s: no key on the cards at hand is one of its custodians",
			  x->request->id);
}

static void write_text(const struct end *x, struct wr *w)
{
	const struct cli_request *r = x->request;

	cli_card_text(r->id, pka_approval_facts(x->approval), x->name, w);
	wr_text(w, "  approved by    ");
	cli_approvers_text(r, x->people, w);
	wr_printf(w, " (the server's word)\n  your key       %s\n", x->me->chr);
	cli_claims_text(wr_view(&r->host_json), w);
	wr_text(w, "Ending takes this approval back, for everybody: the host's agent closes the card as soon as it\n"
		   "hears of it. What was signed until then stays signed.\n");
}

static enum err judge(struct end *x)
{
	enum cli_book_device is;
	enum err e = cli_decision_books(true, &x->devices, &x->people);

	if (!e)
		e = cli_trust_request(x->cli, x->request, &x->approval);
	if (!e)
		x->name = cli_decision_name(x->devices, x->approval, &is);
	return e;
}

static enum err show(const struct end *x)
{
	struct wr w;
	enum err e;

	wr_init_heap(&w, TEXT_MAX);
	write_text(x, &w);
	e = wr_done(&w);
	if (!e)
		fputs(wr_cstr(&w), stdout);
	wr_free(&w);
	return cli_fail(e, "showing the request");
}

static enum err sign_and_send(struct end *x)
{
	struct rd none, statement, statement_sig;
	struct pka_answers in = { .n = 0 };
	struct pka_batch batch;
	struct wr answers;
	enum err e;

	pka_batch_init(&batch);
	wr_init_heap(&answers, PKA_BATCH_MAX * CUSTODIAN_ANSWER_MAX);
	e = cli_fail(pka_approval_decide(x->approval, PKA_END, RD_NONE, rd_str(x->me->chr), x->me->key, &batch),
		     "making the statement");
	if (!e)
		e = cli_custodian_sign(x->cli, x->me, &batch, &answers, &in);
	if (!e)
		e = cli_fail(pka_approval_finish(x->approval, &in, x->me->curve, cli_custodian_point(x->me), &none,
						 &statement, &statement_sig), "the card's signature");
	if (!e)
		e = cli_inbox_send_end(x->cli, x->ref.api, x->request->id, x->me->chr, statement, statement_sig);
	if (!e)
		printf("ended: request %s; the host closes card %s as soon as it hears of it\n", x->request->id,
		       x->request->device_id);
	wr_free(&answers);
	pka_batch_fini(&batch);
	return e;
}

enum err verb_end(struct cli *cli)
{
	struct end x = { .cli = cli };
	struct cli_where where;
	enum err e;

	e = cli_where_read((const char *const *)cli->args->v, cli->args->n, "end", &where);
	if (!e && !*where.id && !*where.link)
		e = cli_refuse(ERR_ARG, "end needs the request: its link, or 32 hex digits, as approve has shown them");
	if (!e)
		e = cli_servers_open(cli, &where, &x.servers);
	if (!e)
		e = cli_where_ref(&where, &x.servers, &x.ref);
	if (!e)
		e = cli_custodians_find(cli, cli->args->reader, cli->args->device, &x.mine);
	if (!e && x.mine->n == 0)
		e = cli_refuse(ERR_NOT_FOUND, "no custodian's key on the cards at hand: is your card in the reader? "
					      "quorum11 list shows what is there");
	if (!e)
		e = cli_servers_inbox(&x.servers, x.mine);
	if (!e)
		e = cli_inbox_fetch_open(cli, &x.ref, &x.request);
	if (!e)
		e = choose_key(&x);
	if (!e)
		e = judge(&x);
	if (!e)
		e = show(&x);
	if (!e && !cli_ask("End this approval, for everybody?", cli->args->yes))
		e = cli_refuse(ERR_CANCELLED, "nothing was signed or sent");
	if (!e)
		e = sign_and_send(&x);
	pka_approval_free(&x.approval);
	cli_request_free(&x.request);
	cli_servers_close(&x.servers);
	cli_custodians_free(&x.mine);
	free(x.people);
	free(x.devices);
	return e;
}
