/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/approve_text.h"
#include "cli/budget.h"
#include "cli/inbox.h"
#include "cli/inbox_token.h"
#include "cli/say.h"
#include "cli/trust.h"

#define TEXT_MAX     (256 * 1024)
#define SETTLE_S     10         /* a request that is just being made */
#define OUTCOME_S    60         /* from the last approval to the card's answer: seconds of work, not of people */
#define ANSWER_MAX   512        /* a signature */
#define ROUNDS_MAX   3          /* a card's mode is changed at most once in each direction (pka/activation.h) */

struct approve {
	struct cli *cli;
	struct cli_api *api;
	struct cli_custodians *mine;
	struct cli_inbox_token *token;
	struct cli_custodian *me;       /* one of mine */
	struct cli_request *request, *first;    /* first: what was decided before we were asked again, or NULL */
	struct pka_approval *approval;  /* our own judgement of it */
	bool lowers;                    /* --limits, to an approval */
	struct pka_limits low;          /* if it does: what is left of what the host asks for */
	struct wr limits;               /* for the statement */
};

/* Which of our keys decides: one that the request names and that has not decided yet. */
static enum err choose_key(struct approve *a)
{
	bool decided = false;
	size_t n = 0;

	for (size_t i = 0; i < a->mine->n; i++)
		for (size_t k = 0; k < a->request->custodians_n; k++) {
			if (strcmp(a->mine->v[i].chr, a->request->custodians[k].chr))
				continue;
			if (a->request->custodians[k].decision != DECISION_NONE) {
				decided = true;
				continue;
			}
			a->me = &a->mine->v[i];
			n++;
		}
	if (n == 1)
		return ERR_OK;
	if (n == 0)
		return cli_refuse(decided ? ERR_CONDITIONS : ERR_NOT_FOUND, "request %s: %s", a->request->id,
				  decided ? "you have decided already"
					  : "no key on the cards at hand is one of its custodians");
	log_tell("several keys at hand could decide: name the card by --device or --reader");
	for (size_t i = 0; i < a->mine->n; i++)
		log_tell("  %s  on card %s", a->mine->v[i].chr, a->mine->v[i].device);
	return ERR_REFUSED;
}

/* Everything the server says is checked here again; what does not pass is refused, whatever the custodian wants. */
static enum err judge(struct approve *a)
{
	return cli_trust_request(a->cli, a->request, &a->approval);
}

/* A no may say anything; with a yes stands only what the host can read, keeps, and would not have to raise. */
static enum err check_limits(struct approve *a)
{
	const char *text = a->cli->args->limits;

	wr_reset(&a->limits);
	a->lowers = text && *text && !a->cli->args->deny;
	if (a->lowers)
		return cli_budget_lower(wr_view(&a->request->host_json), text, &a->low, &a->limits);
	wr_text(&a->limits, text ? text : "");
	return cli_fail(wr_done(&a->limits), "--limits");
}

static enum err show(const struct approve *a)
{
	struct wr w;
	enum err e;

	wr_init_heap(&w, TEXT_MAX);
	cli_approve_text(a->request, pka_approval_facts(a->approval), a->me->chr, a->lowers ? &a->low : NULL,
			 &w);
	e = wr_done(&w);
	if (!e)
		fputs(wr_cstr(&w), stdout);
	wr_free(&w);
	return cli_fail(e, "showing the request");
}

static enum err check_code(const struct approve *a)
{
	const char *want = a->cli->args->expect_code, *code = pka_approval_facts(a->approval)->code;

	if (!want || !*code || strcasecmp(want, code) == 0)
		return ERR_OK;
	return cli_refuse(ERR_REFUSED, "request %s has the code %s, not the expected one: refused", a->request->id,
			  code);
}

static enum err ask(const struct approve *a, const char *question)
{
	if (cli_ask(question, a->cli->args->yes))
		return ERR_OK;
	return cli_refuse(ERR_CANCELLED, "nothing was signed or sent");
}

/*
 * The question, and in per-key mode two: only with the turn comes the challenge, and with it the code that the
 * custodian has to compare before he agrees.
 */
static enum err decide(struct approve *a)
{
	uint8_t buf[PKA_CHALLENGE_SIZE];
	struct wr challenge;
	enum err e;

	if (a->cli->args->deny)
		return ask(a, "Deny this request, for everybody?");
	if (*pka_approval_facts(a->approval)->code) {
		e = check_code(a);
		return e ? e : ask(a, "Approve?");
	}
	e = ask(a, "Take your turn?");
	WR_ARR(&challenge, buf);
	if (!e)
		e = cli_inbox_turn(a->cli, a->api, a->request->id, a->me->chr, a->request->seconds_left, &challenge);
	if (!e)
		e = cli_fail(pka_approval_challenge(a->approval, wr_view(&challenge)), "the challenge of your turn");
	if (!e)
		e = check_code(a);
	if (e)
		return e;
	printf("  CODE           %s   call the person who signs: he must read you the same one\n",
	       pka_approval_facts(a->approval)->code);
	return ask(a, "Approve?");
}

static enum err send_batch(struct approve *a, const struct pka_batch *batch, struct wr *answers, struct pka_answers *in)
{
	return cli_custodian_sign(a->cli, a->me, batch, answers, in);
}

/* after: the request as it is with our decision in it. */
static enum err sign_and_send(struct approve *a, struct cli_request **after)
{
	struct rd sig, statement, statement_sig;
	struct pka_answers in = { .n = 0 };
	struct pka_batch batch;
	struct wr answers;
	bool approve = !a->cli->args->deny;
	enum err e;

	pka_batch_init(&batch);
	wr_init_heap(&answers, PKA_BATCH_MAX * ANSWER_MAX);
	e = pka_approval_decide(a->approval, approve ? PKA_APPROVE : PKA_DENY, wr_view(&a->limits),
				rd_str(a->me->chr), a->me->key, &batch);
	cli_fail(e, "making the statement (--limits: short printable text)");
	if (!e)
		e = send_batch(a, &batch, &answers, &in);
	if (!e)
		e = cli_fail(pka_approval_finish(a->approval, &in, a->me->curve, cli_custodian_point(a->me), &sig,
						 &statement, &statement_sig), "the card's signatures");
	if (!e)
		e = cli_inbox_send(a->cli, a->api, a->request->id, a->me->chr, sig, statement, statement_sig, after);
	if (!e && approve)
		printf("approved: %u of %u, request %s for card %s\n", (*after)->approvals, (*after)->n, (*after)->id,
		       a->request->device_id);
	else if (!e)
		printf("denied: request %s for card %s\n", (*after)->id, a->request->device_id);
	wr_free(&answers);
	pka_batch_fini(&batch);
	return e;
}

/*
 * Whoever gave the last approval that was needed sees what the card makes of it. A card that wants a challenge for each
 * key takes only the first, and asks the others again: *again if that is us.
 */
static enum err follow(struct approve *a, struct cli_request **after, bool *again)
{
	char id[REQUEST_ID_SIZE + 1];
	enum err e;

	*again = false;
	memcpy(id, (*after)->id, sizeof(id));
	e = cli_inbox_outcome(a->cli, a->api, id, OUTCOME_S, after);
	if (e)
		return e;
	if (!cli_request_is_waiting(*after)) {
		printf("open: the card has accepted %u approvals\n", (*after)->n);
		return ERR_OK;
	}
	for (size_t i = 0; i < (*after)->custodians_n; i++)
		if (strcmp((*after)->custodians[i].chr, a->me->chr) == 0)
			*again = (*after)->custodians[i].decision == DECISION_NONE;
	printf("the card takes one signature for each challenge: %s asked again\n", *again ? "you are" : "others are");
	return ERR_OK;
}

/* Asked again means again: the same login on the same card, or a yes would count for what nobody was shown. */
static enum err check_same(const struct approve *a)
{
	const struct cli_request *was = a->first, *is = a->request;

	if (!was || (strcmp(was->device_id, is->device_id) == 0 &&
		     rd_eq(wr_view(&was->login_id), wr_view(&is->login_id)) &&
		     rd_eq(wr_view(&was->host_json), wr_view(&is->host_json))))
		return ERR_OK;
	return cli_refuse(ERR_REFUSED, "request %s is refused: it is another one than before, under the same name",
			  is->id);
}

/* From fetching to the answer, once. */
static enum err handle(struct approve *a, const char *id, bool *again)
{
	struct cli_request *after = NULL;
	enum err e;

	*again = false;
	e = cli_inbox_fetch(a->cli, a->api, id, SETTLE_S, &a->request);
	if (!e)
		e = check_same(a);
	if (!e)
		e = choose_key(a);
	if (!e)
		e = judge(a);
	if (!e)
		e = check_limits(a);
	if (!e)
		e = show(a);
	if (!e)
		e = decide(a);
	if (!e)
		e = sign_and_send(a, &after);
	if (!e && !a->cli->args->deny && after->approvals >= after->n)
		e = follow(a, &after, again);
	cli_request_free(&after);
	pka_approval_free(&a->approval);
	if (!a->first) {
		a->first = a->request;
		a->request = NULL;
	}
	cli_request_free(&a->request);
	return e;
}

enum err verb_approve(struct cli *cli)
{
	struct approve a = { .cli = cli };
	const char *url = NULL, *wanted = NULL;
	char id[REQUEST_ID_SIZE + 1];
	bool again = true;
	enum err e;

	wr_init_heap(&a.limits, STATEMENT_MAX);
	e = cli_api_operands(cli->args, "approve", &url, &wanted);
	if (!e)
		e = cli_api_open(cli, url, &a.api);
	if (!e)
		e = cli_custodians_find(cli, cli->args->reader, cli->args->device, &a.mine);
	if (!e && a.mine->n == 0)
		e = cli_refuse(ERR_NOT_FOUND, "no custodian's key on the cards at hand: is your card in the reader? "
						"quorum11 list shows what is there");
	if (!e)
		e = cli_inbox_token_use(a.api, a.mine, &a.token);
	if (!e && wanted)
		memcpy(id, wanted, sizeof(id));
	else if (!e)
		e = cli_inbox_find(cli, a.api, a.mine, cli->args->wait, id);
	for (unsigned i = 0; !e && again; i++)
		e = i < ROUNDS_MAX ? handle(&a, id, &again)
				   : cli_refuse(ERR_PROTOCOL, "request %s: the server asks again and again", id);
	wr_free(&a.limits);
	cli_request_free(&a.first);
	cli_inbox_token_free(&a.token);
	cli_custodians_free(&a.mine);
	cli_api_close(&a.api);
	return e;
}
