/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/approve/decision.h"
#include "cli/approve/notice.h"
#include "cli/approve/offline.h"
#include "cli/inbox/inbox.h"
#include "cli/inbox/token.h"
#include "cli/line/say.h"

#define SETTLE_S     10         /* a request that is just being made */
#define OUTCOME_S    60         /* from the last approval to the card's answer: seconds of work, not of people */
#define ROUNDS_MAX   3          /* a card's mode is changed at most once in each direction (pka/activation.h) */
#define SOURCE_MAX   (API_URL_MAX + 64)
#define ROW_MAX      1024

struct approve {
	struct cli_case d;
	struct cli_servers servers;
	struct cli_ref ref;             /* of the request at hand */
	struct cli_request *first;      /* what was decided before we were asked again, or NULL */
	bool guided;                    /* nothing was named: he is led through what waits */
};

/*
 * The turn, after the yes: until then nobody waits for this custodian, and what is signed is younger than his yes. The
 * PIN comes before the turn, so that nobody waits for somebody who types.
 */
static enum err take_turn(struct approve *a)
{
	struct cli_case *d = &a->d;
	uint8_t buf[PKA_CHALLENGE_SIZE];
	struct wr challenge;
	enum err e;

	WR_ARR(&challenge, buf);
	e = cli_custodian_try_pin(d->cli, d->me);
	if (!e)
		e = cli_inbox_turn(d->cli, &a->ref, d->me->chr, d->people, d->request->seconds_left, &challenge);
	return e ? e : cli_decision_challenge(d, wr_view(&challenge));
}

/* Led through, a no is one of two things: not now, or not at all. */
static enum err ask(struct approve *a)
{
	enum err e = cli_decision_ask(&a->d);

	if (e != ERR_CANCELLED || !a->guided || a->d.deny || !cli_has_terminal())
		return e;
	a->d.deny = true;
	return cli_decision_ask(&a->d);
}

/* after: the request as it is with our decision in it. */
static enum err sign_and_send(struct approve *a, struct cli_request **after)
{
	const struct cli_case *d = &a->d;
	struct cli_signed s;
	enum err e;

	e = cli_decision_sign(&a->d, &s);
	if (!e)
		e = cli_inbox_send(d->cli, a->ref.api, d->request->id, d->me->chr, s.sig, s.statement,
				   s.statement_sig, after);
	if (!e && !d->deny)
		printf("approved: %u of %u, request %s for card %s\n", (*after)->approvals, (*after)->n, (*after)->id,
		       d->request->device_id);
	else if (!e)
		printf("denied: request %s for card %s\n", (*after)->id, d->request->device_id);
	return e;
}

/*
 * Whoever gave the last approval that was needed sees what the card makes of it. A card that wants a challenge for each
 * key takes only the first, and asks the others again: *again if that is us.
 */
static enum err follow(struct approve *a, struct cli_request **after, bool *again)
{
	enum err e = cli_inbox_outcome(a->d.cli, &a->ref, OUTCOME_S, after);

	*again = false;
	if (e)
		return e;
	if (!cli_request_is_waiting(*after)) {
		printf("open: the card has accepted %u approvals\n", (*after)->n);
		return ERR_OK;
	}
	for (size_t i = 0; i < (*after)->custodians_n; i++)
		if (strcmp((*after)->custodians[i].chr, a->d.me->chr) == 0)
			*again = (*after)->custodians[i].decision == DECISION_NONE;
	printf("the card takes one signature for each challenge: %s asked again\n", *again ? "you are" : "others are");
	return ERR_OK;
}

/* Asked again means again: the same login on the same card, or a yes would count for what nobody was shown. */
static enum err check_same(const struct cli_request *was, const struct cli_request *is)
{
	if (!was || (strcmp(was->device_id, is->device_id) == 0 &&
		     rd_eq(wr_view(&was->login_id), wr_view(&is->login_id)) &&
		     rd_eq(wr_view(&was->host_json), wr_view(&is->host_json))))
		return ERR_OK;
	return cli_refuse(ERR_REFUSED, "request %s is refused: it is another one than before, under the same name",
			  is->id);
}

/* From fetching to the answer, once. */
static enum err handle(struct approve *a, bool *again)
{
	struct cli_request *r = NULL, *after = NULL;
	struct cli_case *d = &a->d;
	char source[SOURCE_MAX];
	enum err e;

	*again = false;
	e = cli_inbox_fetch(d->cli, &a->ref, SETTLE_S, &r);
	if (!e)
		e = check_same(a->first, r);
	if (e) {
		cli_request_free(&r);
		return e;
	}
	(void)snprintf(source, sizeof(source), "%s%s%s", cli_api_url(a->ref.api), *a->ref.link ? "/r/" : " ",
		       *a->ref.link ? a->ref.link : a->ref.id);
	e = cli_decision_request(d, r, source);
	if (!e)
		e = cli_decision_show(d);
	if (!e)
		e = ask(a);
	if (!e && !d->deny && !*pka_approval_facts(d->approval)->code)
		e = take_turn(a);
	if (!e)
		e = sign_and_send(a, &after);
	if (!e && !d->deny && after->approvals >= after->n)
		e = follow(a, &after, again);
	cli_request_free(&after);
	if (!a->first) {
		a->first = d->request;
		d->request = NULL;
	}
	cli_decision_drop(d);
	return e;
}

/* One request to its end, however often its card asks. */
static enum err handle_all(struct approve *a)
{
	bool again = true;
	enum err e = ERR_OK;

	for (unsigned i = 0; !e && again; i++)
		e = i < ROUNDS_MAX ? handle(a, &again)
				   : cli_refuse(ERR_PROTOCOL, "request %s: the server asks again and again", a->ref.id);
	cli_request_free(&a->first);
	return e;
}

/* What a custodian sees of a request among several. */
static void write_line(struct approve *a, struct cli_ref *ref, struct wr *w)
{
	struct cli_notice n = { .server = "" };
	struct cli_request *r = NULL;

	if (cli_inbox_fetch(a->d.cli, ref, 0, &r)) {
		wr_text(w, "cannot be read");
	} else {
		n.request = r;
		cli_notice_judge(a->d.cli, a->d.devices, &n);
		cli_notice_write(&n, w);
	}
	cli_request_free(&r);
}

/* Which of several? ERR_CANCELLED: none; ERR_REFUSED: nobody to ask. Said. */
static enum err choose(struct approve *a, struct cli_inbox *found)
{
	char answer[8], question[64];
	unsigned long n;
	char *end;

	fflush(stdout);
	log_tell("%s", a->guided && cli_has_terminal() && !a->d.cli->args->yes
			       ? "several requests wait for you:"
			       : "several requests wait: name one");
	for (size_t i = 0; i < found->n; i++) {
		uint8_t buf[ROW_MAX];
		struct wr w;

		WR_ARR(&w, buf);
		write_line(a, &found->v[i], &w);
		log_tell("  %zu  %s  %s", i + 1, found->v[i].id, wr_cstr(&w));
	}
	if (!a->guided || !cli_has_terminal() || a->d.cli->args->yes)
		return ERR_REFUSED;
	(void)snprintf(question, sizeof(question), "Which one? [1-%zu, Enter: none]", found->n);
	if (!cli_ask_line(question, answer, sizeof(answer)))
		return ERR_CANCELLED;
	n = strtoul(answer, &end, 10);
	if (answer[0] < '0' || answer[0] > '9' || *end || n < 1 || n > found->n)
		return cli_refuse(ERR_CANCELLED, "not one of them; nothing was signed or sent");
	a->ref = found->v[n - 1];
	return ERR_OK;
}

static enum err find(struct approve *a, unsigned wait_s, size_t *n)
{
	struct cli_inbox found;
	enum err e = cli_inbox_find(a->d.cli, &a->servers, a->d.mine, wait_s, &found);

	*n = found.n;
	if (e)
		return e;
	if (found.n > 1)
		return choose(a, &found);
	a->ref = found.v[0];
	return ERR_OK;
}

/* Led through: after one request the next, as long as others wait and he goes on. */
static enum err lead(struct approve *a)
{
	bool more = true;
	size_t n;
	enum err e = ERR_OK;

	for (unsigned wait_s = a->d.cli->args->wait; !e && more; wait_s = 0) {
		e = find(a, wait_s, &n);
		if (!e)
			e = handle_all(a);
		a->d.deny = a->d.cli->args->deny;
		more = n > 1 && a->guided && !a->d.cli->args->yes;
	}
	return e;
}

/* The files: each is a way of its own. */
static enum err by_file(struct cli *cli, bool *done)
{
	const struct cli_args *a = cli->args;

	*done = true;
	if (!!a->save_request + !!a->request_file + !!a->send > 1)
		return cli_refuse(ERR_ARG, "--save-request, --request-file and --send are three steps, each by itself");
	if (a->save_request)
		return cli_approve_save(cli);
	if (a->request_file)
		return a->n ? cli_refuse(ERR_ARG, "--request-file says which request") : cli_approve_file(cli);
	if (a->send)
		return cli_approve_send(cli);
	*done = false;
	return ERR_OK;
}

enum err verb_approve(struct cli *cli)
{
	struct approve a = { .guided = cli->args->n == 0 };
	struct cli_where where;
	bool done;
	enum err e;

	e = by_file(cli, &done);
	if (e || done)
		return e;
	e = cli_where_read((const char *const *)cli->args->v, cli->args->n, "approve", &where);
	if (!e)
		e = cli_servers_open(cli, &where, &a.servers);
	if (e)
		return e;
	e = cli_decision_begin(cli, &a.d);
	if (!e)
		e = cli_servers_inbox(&a.servers, a.d.mine);
	if (!e && (*where.id || *where.link)) {
		e = cli_where_ref(&where, &a.servers, &a.ref);
		if (!e)
			e = handle_all(&a);
	} else if (!e) {
		e = lead(&a);
	}
	cli_servers_close(&a.servers);
	cli_decision_end(&a.d);
	return e;
}
