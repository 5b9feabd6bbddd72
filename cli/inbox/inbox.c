/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/inbox/inbox.h"

#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/line/say.h"

#define PATH_SIZE    256
#define POLL_FIRST   250        /* ms; then longer each time */
#define POLL_LAST    5000
#define BUSY_MS      10000      /* a card is at work on one signature for a second */

/* Wait before the next look; ERR_TIMEOUT when the time is over. */
static enum err pause_for(const struct deadline *until, uint64_t *ms)
{
	struct deadline next = deadline_within(until, *ms);
	enum err e;

	if (deadline_check(until))
		return ERR_TIMEOUT;
	e = deadline_wait(&next, -1);
	*ms = *ms * 3 / 2 < POLL_LAST ? *ms * 3 / 2 : POLL_LAST;
	return e == ERR_TIMEOUT ? ERR_OK : e;
}

/* RFC 3986 2.1: everything but the unreserved characters is escaped; a holder reference may hold any printable one. */
static void put_escaped(struct wr *w, const char *text)
{
	for (; *text; text++)
		if ((*text >= 'A' && *text <= 'Z') || (*text >= 'a' && *text <= 'z') ||
		    (*text >= '0' && *text <= '9') || strchr("-._~", *text))
			wr_u8(w, (uint8_t)*text);
		else
			wr_printf(w, "%%%02X", (unsigned char)*text);
}

static void add(struct cli_inbox *f, struct cli_api *api, const char *id)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->v[i].api == api && strcmp(f->v[i].id, id) == 0)
			return;
	if (f->n == INBOX_MAX)
		return;
	f->v[f->n] = (struct cli_ref){ .api = api };
	memcpy(f->v[f->n++].id, id, sizeof(f->v[0].id));
}

static enum err ask_for(struct cli *cli, struct cli_api *api, const char *chr, int *status, json_t **answer)
{
	uint8_t buf[PATH_SIZE];
	struct wr path;

	WR_ARR(&path, buf);
	wr_text(&path, "/api/v1/waiting/");
	put_escaped(&path, chr);
	return cli_api_call(cli, api, wr_cstr(&path), NULL, status, answer);
}

static enum err take_list(struct cli_api *api, int status, const json_t *answer, struct cli_inbox *out)
{
	enum err e = cli_api_fail(api, status, answer, "looking for requests");
	const json_t *one;
	size_t i;

	if (!e && !json_is_array(json_object_get(answer, "requests")))
		e = cli_refuse(ERR_PROTOCOL, "%s: no list of requests", cli_api_url(api));
	json_array_foreach(json_object_get(answer, "requests"), i, one) {
		const char *id = json_string_value(one);

		if (e)
			break;
		if (!id || !cli_api_is_id(id)) {
			e = cli_refuse(ERR_PROTOCOL, "%s: malformed list of requests", cli_api_url(api));
			break;
		}
		add(out, api, id);
	}
	return e;
}

enum err cli_inbox_look(struct cli *cli, struct cli_api *api, const struct cli_custodians *mine, struct cli_inbox *out)
{
	json_t *answer, *hidden = NULL;
	int status = 0, hidden_status = 0;
	bool is_shown = false;
	enum err e = ERR_OK;

	for (size_t i = 0; i < mine->n && !e; i++) {
		e = ask_for(cli, api, mine->v[i].chr, &status, &answer);
		if (!e && (status == 401 || status == 403)) {
			json_decref(hidden);
			hidden = answer;
			hidden_status = status;
			continue;
		}
		if (!e)
			e = take_list(api, status, answer, out);
		is_shown |= !e;
		json_decref(answer);
	}
	if (!e && !is_shown && hidden)
		e = take_list(api, hidden_status, hidden, out);
	json_decref(hidden);
	return e;
}

/* Each server once. */
static enum err look_around(struct cli *cli, const struct cli_servers *servers, const struct cli_custodians *mine,
			    struct cli_inbox *out)
{
	enum err e, last = ERR_OK;
	size_t answered = 0;

	for (size_t s = 0; s < servers->n; s++) {
		e = cli_inbox_look(cli, servers->v[s], mine, out);
		answered += !e;
		if (e)
			last = e;
	}
	return answered ? ERR_OK : last;
}

enum err cli_inbox_find(struct cli *cli, const struct cli_servers *servers, const struct cli_custodians *mine,
			unsigned wait_s, struct cli_inbox *out)
{
	struct deadline until = deadline_in((uint64_t)wait_s * 1000);
	uint64_t ms = POLL_FIRST;
	enum err e;

	out->n = 0;
	for (;;) {
		e = look_around(cli, servers, mine, out);
		if (e || out->n)
			return e;
		e = pause_for(&until, &ms);
		if (e == ERR_TIMEOUT)
			return cli_refuse(ERR_NOT_FOUND, "%s%s: no request waits for a key on the cards at hand "
					  "(--wait SECONDS waits for one)",
					  cli_api_url(servers->v[0]), servers->n > 1 ? " and others" : "");
		if (e)
			return cli_fail(e, "waiting for requests");
	}
}

static enum err read_request(const struct cli_api *api, const json_t *answer, struct cli_request **out)
{
	const char *bad;
	enum err e = cli_request_read(answer, out, &bad);

	if (e == ERR_PROTOCOL)
		return cli_refuse(e, "%s: the request's member \"%s\" is missing or malformed", cli_api_url(api), bad);
	return cli_fail(e, "reading the request");
}

enum err cli_inbox_fetch_json(struct cli *cli, struct cli_ref *ref, json_t **out)
{
	uint8_t buf[PATH_SIZE];
	struct wr path;
	int status = 0;
	enum err e;

	WR_ARR(&path, buf);
	if (*ref->link)
		wr_printf(&path, "/api/v1/links/%s", ref->link);
	else
		wr_printf(&path, "/api/v1/requests/%s", ref->id);
	e = cli_api_call(cli, ref->api, wr_cstr(&path), NULL, &status, out);
	return e ? e : cli_api_fail(ref->api, status, *out, "fetching the request");
}

static enum err fetch_once(struct cli *cli, struct cli_ref *ref, struct cli_request **out)
{
	json_t *answer = NULL;
	enum err e = cli_inbox_fetch_json(cli, ref, &answer);

	if (!e)
		e = read_request(ref->api, answer, out);
	if (!e && *ref->id && strcmp((*out)->id, ref->id))
		e = cli_refuse(ERR_PROTOCOL, "%s: another request than the one asked for", cli_api_url(ref->api));
	else if (!e)
		memcpy(ref->id, (*out)->id, sizeof(ref->id));
	json_decref(answer);
	return e;
}

/*
 * Nothing to decide yet: the server still checks the card, or fetches a challenge, or the card is at work on an
 * approval, which need not be the last one: with a challenge for each key it looks at every single one.
 */
static bool is_coming(const struct cli_request *r)
{
	if (cli_request_is_waiting(r))
		return !cli_request_is_per_key(r) && wr_view(&r->challenge).n == 0;
	return strcmp(r->state, "checking") == 0 || strcmp(r->state, "opening") == 0;
}

static enum err fail_state(const struct cli_request *r, const char *what)
{
	return cli_refuse(ERR_CONDITIONS, "request %s %s: %s%s%s%s%s", r->id, what, r->state, *r->result ? ", " : "",
			  r->result, *r->why ? ": " : "", r->why);
}

enum err cli_inbox_fetch(struct cli *cli, struct cli_ref *ref, unsigned wait_s, struct cli_request **out)
{
	struct deadline until = deadline_in((uint64_t)wait_s * 1000);
	uint64_t ms = POLL_FIRST;
	enum err e;

	for (;;) {
		e = fetch_once(cli, ref, out);
		if (e || !is_coming(*out) || pause_for(&until, &ms))
			break;
		cli_request_free(out);
	}
	if (!e && !cli_request_is_waiting(*out))
		e = fail_state(*out, "is not waiting for decisions");
	if (e)
		cli_request_free(out);
	return e;
}

enum err cli_inbox_fetch_open(struct cli *cli, struct cli_ref *ref, struct cli_request **out)
{
	enum err e = fetch_once(cli, ref, out);

	if (!e && !cli_request_is_open(*out))
		e = strcmp((*out)->state, "failed")
			    ? cli_refuse(ERR_CONDITIONS, "request %s has not opened its card yet: quorum11 approve "
							 "--deny ends it", ref->id)
			    : fail_state(*out, "has opened no card");
	if (e)
		cli_request_free(out);
	return e;
}

enum err cli_inbox_outcome(struct cli *cli, struct cli_ref *ref, unsigned wait_s, struct cli_request **out)
{
	struct deadline until = deadline_in((uint64_t)wait_s * 1000);
	uint64_t ms = POLL_FIRST;
	enum err e;

	for (;;) {
		cli_request_free(out);
		e = fetch_once(cli, ref, out);
		if (e || cli_request_is_open(*out))
			return e;
		if (strcmp((*out)->state, "failed") == 0)
			return fail_state(*out, "has failed");
		if (cli_request_is_waiting(*out) && (*out)->approvals < (*out)->n)
			return ERR_OK;
		e = pause_for(&until, &ms);
		if (e)
			return cli_fail(e, "request %s: waiting for the card", ref->id);
	}
}

/* The card is at work for somebody else; the interface says: ask again in a second. */
static bool is_not_now(int status, const json_t *answer)
{
	const char *word;

	return status == 409 && !cli_api_text(answer, "error", &word) && strcmp(word, "not_now") == 0;
}

/* Whose turn it is, when that changes. */
static void tell_turn(const json_t *answer, const struct cli_book *people, char last[CHR_MAX + 1])
{
	uint8_t buf[2 * SHOWN_MAX];
	const char *chr;
	int64_t seconds;
	struct wr who;

	if (cli_api_text(answer, "turn", &chr) || !cvc_reference_is_valid(rd_str(chr)) || strcmp(last, chr) == 0)
		return;
	memcpy(last, chr, strlen(chr) + 1);
	WR_ARR(&who, buf);
	cli_book_wr_person(&who, people, chr);
	if (cli_api_number(answer, "seconds", 0, INT32_MAX, &seconds) == ERR_OK)
		log_tell("it is the turn of %s, for at most %lld s; waiting", wr_cstr(&who), (long long)seconds);
	else
		log_tell("it is the turn of %s; waiting", wr_cstr(&who));
}

enum err cli_inbox_turn(struct cli *cli, const struct cli_ref *ref, const char *chr, const struct cli_book *people,
			unsigned limit_s, struct wr *challenge)
{
	struct deadline until = deadline_in((uint64_t)limit_s * 1000);
	uint64_t ms = POLL_FIRST;
	char last[CHR_MAX + 1] = "", path[PATH_SIZE];
	struct wr w;
	enum err e;

	WR_ARR(&w, path);
	if (*ref->link)
		wr_printf(&w, "/api/v1/links/%s/turn", ref->link);
	else
		wr_printf(&w, "/api/v1/requests/%s/turn", ref->id);
	for (;;) {
		const char *word;
		json_t *answer = NULL;
		int status = 0;

		e = cli_api_call(cli, ref->api, wr_cstr(&w), json_pack("{s:s}", "chr", chr), &status, &answer);
		if (!e && status == 200) {
			e = cli_api_bytes(answer, "challenge", challenge);
			if (e || wr_view(challenge).n != PKA_CHALLENGE_SIZE)
				e = cli_refuse(ERR_PROTOCOL, "%s: a turn without a challenge of 8 bytes",
					       cli_api_url(ref->api));
			json_decref(answer);
			return e;
		}
		if (cli_api_text(answer, "error", &word))
			word = "";
		/* The card is at work for somebody else (busy, not_now), or for us (202): asked again. */
		if (!e && status == 409 && strcmp(word, "busy") == 0)
			tell_turn(answer, people, last);
		else if (!e && status != 202 && !is_not_now(status, answer))
			e = cli_api_fail(ref->api, status, answer, "taking the turn");
		json_decref(answer);
		if (!e)
			e = pause_for(&until, &ms);
		if (e == ERR_TIMEOUT)
			cli_refuse(e, "request %s: your turn did not come in time", ref->id);
		if (e)
			return e;
	}
}

static json_t *decision_body(const char *chr, struct rd sig, struct rd statement, struct rd statement_sig)
{
	json_t *body = json_pack("{s:s, s:o, s:o}", "chr", chr, "statement", cli_api_from_bytes(statement),
				 "statement_signature", cli_api_from_bytes(statement_sig));

	if (body && sig.n && json_object_set_new(body, "signature", cli_api_from_bytes(sig))) {
		json_decref(body);
		body = NULL;
	}
	return body;
}

/* verb: of the interface; sig: for an approval only. out may be NULL. */
static enum err send(struct cli *cli, struct cli_api *api, const char *id, const char *verb, const char *chr,
		     struct rd sig, struct rd statement, struct rd statement_sig, struct cli_request **out)
{
	struct deadline until = deadline_in(BUSY_MS);
	uint64_t ms = POLL_FIRST;
	uint8_t buf[PATH_SIZE];
	json_t *answer = NULL, *body;
	struct wr path;
	int status = 0;
	enum err e;

	WR_ARR(&path, buf);
	wr_printf(&path, "/api/v1/requests/%s/%s", id, verb);
	for (;;) {
		body = decision_body(chr, sig, statement, statement_sig);
		if (!body)
			return cli_fail(ERR_NOMEM, "sending what was signed");
		e = cli_api_call(cli, api, wr_cstr(&path), body, &status, &answer);
		if (e || !is_not_now(status, answer) || pause_for(&until, &ms))
			break;
		json_decref(answer);
		answer = NULL;
	}
	if (!e)
		e = cli_api_fail(api, status, answer, verb);
	if (!e && out)
		e = read_request(api, answer, out);
	json_decref(answer);
	return e;
}

enum err cli_inbox_send(struct cli *cli, struct cli_api *api, const char *id, const char *chr, struct rd sig,
			struct rd statement, struct rd statement_sig, struct cli_request **out)
{
	return send(cli, api, id, sig.n ? "approve" : "deny", chr, sig, statement, statement_sig, out);
}

enum err cli_inbox_send_end(struct cli *cli, struct cli_api *api, const char *id, const char *chr,
			    struct rd statement, struct rd statement_sig)
{
	return send(cli, api, id, "end", chr, RD_NONE, statement, statement_sig, NULL);
}
