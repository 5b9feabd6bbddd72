/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/approve/offline.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/approve/decision.h"
#include "cli/approve/journal.h"
#include "cli/inbox/inbox.h"
#include "cli/inbox/travel.h"
#include "cli/line/get.h"
#include "cli/line/put.h"
#include "cli/line/say.h"

#define SETTLE_S  10
#define OUTCOME_S 60

/* "2026-01-31 14:05:06", this machine's time of day. */
static const char *time_text(int64_t t, char buf[32])
{
	time_t s = (time_t)t;
	struct tm tm;

	if (!localtime_r(&s, &tm) || !strftime(buf, 32, "%Y-%m-%d %H:%M:%S", &tm))
		(void)snprintf(buf, 32, "(no date)");
	return buf;
}

/* ---- --save-request ---- */

/* Per-key mode: the turn of him who has the file, which is from now on waited for by the others. */
static enum err take_turn(struct cli *cli, const struct cli_ref *ref, const struct cli_request *r,
			  struct cli_travel_request *t)
{
	const char *chr = cli->args->key;
	struct wr challenge;

	if (!cli_request_is_per_key(r))
		return ERR_OK;
	if (!chr || !cvc_reference_is_valid(rd_str(chr)))
		return cli_refuse(ERR_ARG, "this card takes a challenge for each custodian: say whose turn to take, by "
				  "--key and the name of his key");
	WR_ARR(&challenge, t->challenge);
	memcpy(t->turn, chr, strlen(chr) + 1);
	return cli_inbox_turn(cli, ref, chr, NULL, r->seconds_left, &challenge);
}

/* What the server says now, after the turn: that goes into the file, with how long it counts. */
static enum err save(struct cli *cli, struct cli_ref *ref, struct cli_travel_request *t)
{
	const char *path = cli->args->save_request;
	json_t *o = NULL;
	int64_t left, turn;
	char until[32];
	struct wr w;
	enum err e;

	wr_init_heap(&w, TRAVEL_MAX);
	e = cli_inbox_fetch_json(cli, ref, &o);
	if (!e && cli_api_number(o, "seconds_left", 0, INT32_MAX, &left))
		e = cli_refuse(ERR_PROTOCOL, "%s: a request without its time", cli_api_url(ref->api));
	if (!e && *t->turn && cli_api_number(o, "turn_seconds", 0, left, &turn) == ERR_OK)
		left = turn;
	if (!e) {
		t->until = clock_wall_s() + left;
		(void)snprintf(t->server, sizeof(t->server), "%s", cli_api_url(ref->api));
		e = cli_fail(cli_travel_request_write(t, o, &w), "%s", path);
	}
	if (!e)
		e = cli_put_file(cli, path, 0600, wr_view(&w));
	if (!e)
		printf("%s: request %s, valid until %s%s\nnext, where the card is: quorum11 approve --request-file %s "
		       "--out FILE\n", path, ref->id, time_text(t->until, until),
		       *t->turn ? ", the end of the turn; until then the others wait" : "", path);
	json_decref(o);
	wr_free(&w);
	return e;
}

enum err cli_approve_save(struct cli *cli)
{
	struct cli_travel_request t = { .request = NULL };
	struct cli_servers servers = { .n = 0 };
	struct cli_custodians *mine = NULL;
	struct cli_where where;
	struct cli_ref ref;
	enum err e;

	e = cli_where_read((const char *const *)cli->args->v, cli->args->n, "approve", &where);
	if (!e && !*where.id && !*where.link)
		e = cli_refuse(ERR_ARG, "which request? Name it by its link, https://SERVER/r/...: the operator and "
			       "the server's message have it");
	if (!e)
		e = cli_put_check(cli->args->save_request, cli->args->force, CLI_PUT_FORCE);
	if (!e)
		e = cli_where_open(cli, &where, &servers, &ref, &mine);
	if (!e)
		e = cli_inbox_fetch(cli, &ref, SETTLE_S, &t.request);
	if (!e)
		e = take_turn(cli, &ref, t.request, &t);
	if (!e)
		e = save(cli, &ref, &t);
	cli_travel_request_free(&t);
	cli_servers_close(&servers);
	cli_custodians_free(&mine);
	return e;
}

/* ---- --request-file ---- */

static enum err read_request(const struct cli *cli, struct cli_travel_request *t)
{
	const char *path = cli->args->request_file, *bad;
	const int64_t now = clock_wall_s();
	char until[32];
	struct wr w;
	enum err e;

	wr_init_heap(&w, TRAVEL_MAX);
	e = cli_get_file(path, TRAVEL_MAX, &w);
	if (!e) {
		e = cli_travel_request_parse(wr_view(&w), t, &bad);
		if (e == ERR_PROTOCOL)
			cli_refuse(e, "%s: not a saved request: member \"%s\" is missing or malformed", path, bad);
		else
			cli_fail(e, "%s", path);
	}
	wr_free(&w);
	if (!e && now > t->until && !cli->args->force)
		e = cli_refuse(ERR_REFUSED, "%s was valid until %s, by the clock of this machine that is over; --force "
			       "if the clock is wrong", path, time_text(t->until, until));
	/* What the server said was left is of when it was saved. */
	if (!e && now + t->request->seconds_left > t->until)
		t->request->seconds_left = now < t->until ? (unsigned)(t->until - now) : 0;
	return e;
}

/* In per-key mode the file must be of this custodian's turn. */
static enum err check_turn(const struct cli_case *d, const struct cli_travel_request *t)
{
	if (!cli_request_is_per_key(d->request) || d->deny || strcmp(t->turn, d->me->chr) == 0)
		return ERR_OK;
	return cli_refuse(ERR_REFUSED, "%s has no challenge for your key: save it again, with --key %s",
			  d->cli->args->request_file, d->me->chr);
}

static struct rd challenge_of(const struct cli_case *d, const struct cli_travel_request *t)
{
	return *t->turn ? RD_ARR(t->challenge) : wr_view(&d->request->challenge);
}

static enum err check_journal(const struct cli_case *d, const struct cli_travel_request *t)
{
	int64_t when = 0;
	char text[32];
	enum err e = cli_journal_find(d->request->id, challenge_of(d, t), &when);

	if (!e && when && !d->cli->args->force)
		e = cli_refuse(ERR_REFUSED, "request %s: you have decided already, on this machine, at %s",
			       d->request->id, time_text(when, text));
	return e;
}

static enum err decide(struct cli_case *d, const struct cli_travel_request *t, struct cli_signed *s)
{
	char until[32];
	enum err e = cli_decision_show(d);

	if (e)
		return e;
	printf("Without a network: what you decide counts if it reaches the server before %s.\n",
	       time_text(t->until, until));
	e = cli_decision_ask(d);
	if (!e && !d->deny && *t->turn)
		e = cli_decision_challenge(d, RD_ARR(t->challenge));
	return e ? e : cli_decision_sign(d, s);
}

/*
 * The file before the list: if the machine dies between them there is a decision, and the server takes one of each key,
 * however many he then makes. The other way round he would have decided already, and have nothing to send.
 */
static enum err keep(const struct cli_case *d, const struct cli_travel_request *t, const struct cli_signed *s)
{
	struct cli_travel_decision out = { .until = t->until };
	const char *path = d->cli->args->out, *what = d->deny ? "your denial" : "your approval";
	struct wr w;
	enum err e;

	memcpy(out.server, t->server, sizeof(out.server));
	memcpy(out.id, d->request->id, sizeof(out.id));
	memcpy(out.chr, d->me->chr, sizeof(out.chr));
	wr_init_heap(&out.sig, EC_SIG_MAX);
	wr_init_heap(&out.statement, STATEMENT_MAX);
	wr_init_heap(&out.statement_sig, EC_SIG_MAX);
	wr_put(&out.sig, s->sig);
	wr_put(&out.statement, s->statement);
	wr_put(&out.statement_sig, s->statement_sig);
	wr_init_heap(&w, TRAVEL_MAX);
	e = cli_fail(cli_travel_decision_write(&out, &w), "%s", path);
	if (!e)
		e = cli_put_file(d->cli, path, 0600, wr_view(&w));
	if (!e) {
		e = cli_journal_add(out.id, challenge_of(d, t), clock_wall_s());
		printf("%s: %s of request %s\nnext, where the network is: quorum11 approve --send %s\n", path, what,
		       out.id, path);
		if (e)
			log_tell("%s is %s all the same: send it, and do not decide again", path, what);
	}
	wr_free(&w);
	cli_travel_decision_free(&out);
	return e;
}

enum err cli_approve_file(struct cli *cli)
{
	struct cli_travel_request t = { .request = NULL };
	struct cli_signed s;
	struct cli_case d = { .cli = cli };
	enum err e;

	if (!cli->args->out)
		return cli_refuse(ERR_ARG, "--request-file needs --out, the file for what you decide");
	e = cli_put_check(cli->args->out, cli->args->force, CLI_PUT_FORCE);
	if (!e)
		e = read_request(cli, &t);
	if (!e)
		e = cli_decision_begin(cli, &d);
	if (!e) {
		struct cli_request *r = t.request;

		t.request = NULL;       /* moved */
		e = cli_decision_request(&d, r, cli->args->request_file);
	}
	if (!e)
		e = check_turn(&d, &t);
	if (!e)
		e = check_journal(&d, &t);
	if (!e)
		e = decide(&d, &t, &s);
	if (!e)
		e = keep(&d, &t, &s);
	cli_decision_end(&d);
	cli_travel_request_free(&t);
	return e;
}

/* ---- --send ---- */

/* A file does not choose whom this machine talks to: its server must be one of the settings, or be named here. */
static enum err choose_server(const struct cli_servers *servers, const struct cli_where *where,
			      const struct cli_travel_decision *t, struct cli_ref *ref)
{
	char shown[SHOWN_MAX + 1];

	*ref = (struct cli_ref){ .api = *where->url ? servers->v[0] : NULL };
	memcpy(ref->id, t->id, sizeof(ref->id));
	for (size_t i = 0; i < servers->n && !ref->api; i++)
		if (strcmp(cli_api_url(servers->v[i]), t->server) == 0)
			ref->api = servers->v[i];
	if (ref->api)
		return ERR_OK;
	return cli_refuse(ERR_REFUSED,
			  "the file is for %s, which is no server of your settings: name it if you know it",
			  text_shown(rd_str(t->server), shown, sizeof(shown)));
}

static enum err send(struct cli *cli, struct cli_ref *ref, const struct cli_travel_decision *t)
{
	struct cli_request *after = NULL;
	enum err e = cli_inbox_send(cli, ref->api, t->id, t->chr, wr_view(&t->sig), wr_view(&t->statement),
				    wr_view(&t->statement_sig), &after);
	bool approve = wr_view(&t->sig).n > 0;

	if (!e && approve)
		printf("approved: %u of %u, request %s\n", after->approvals, after->n, after->id);
	else if (!e)
		printf("denied: request %s\n", after->id);
	if (!e && approve && after->approvals >= after->n) {
		e = cli_inbox_outcome(cli, ref, OUTCOME_S, &after);
		if (!e && cli_request_is_waiting(after))
			printf("the card takes one signature for each challenge: some are asked again\n");
		else if (!e)
			printf("open: the card has accepted %u approvals\n", after->n);
	}
	cli_request_free(&after);
	return e;
}

enum err cli_approve_send(struct cli *cli)
{
	const char *path = cli->args->send, *bad;
	struct cli_travel_decision t = { .server = "" };
	struct cli_servers servers = { .n = 0 };
	struct cli_where where;
	struct cli_ref ref;
	struct wr w;
	enum err e;

	wr_init_heap(&w, TRAVEL_MAX);
	e = cli_where_read((const char *const *)cli->args->v, cli->args->n, "approve", &where);
	if (!e)
		e = cli_get_file(path, TRAVEL_MAX, &w);
	if (!e) {
		e = cli_travel_decision_parse(wr_view(&w), &t, &bad);
		if (e == ERR_PROTOCOL)
			cli_refuse(e, "%s: not a decision: member \"%s\" is missing or malformed", path, bad);
		else
			cli_fail(e, "%s", path);
	}
	if (!e)
		e = cli_servers_open(cli, &where, &servers);
	if (!e)
		e = choose_server(&servers, &where, &t, &ref);
	if (!e)
		e = send(cli, &ref, &t);
	cli_servers_close(&servers);
	cli_travel_decision_free(&t);
	wr_free(&w);
	return e;
}
