/* SPDX-License-Identifier: Apache-2.0 */
/* Requests: to find, to list, to look at, to ask for and to cancel. */
#include "server/api/request.h"

#include "base/clock.h"
#include "server/api/answer.h"
#include "server/api/api.h"
#include "server/srv/history.h"

#define LIST_S (60 * 60)        /* how long what has ended is in the list of requests; then it is history */
#define LIST_MAX 200

void srv_api_answer_request(struct srv *s, struct srv_call *call, const struct srv_found *f, uint64_t now_ms)
{
	srv_api_answer(call, 200, srv_found_json(s, f, &call->who, SRV_IN_FULL, now_ms));
}

/* What happened to it is in the store now, if it is over. */
void srv_api_answer_changed(struct srv *s, struct srv_call *call, const char *id, uint64_t now_ms)
{
	struct srv_found f;
	enum err e = srv_find(s, id, &f);

	if (e)
		srv_api_refuse_store(s, call, e);
	else
		srv_api_answer_request(s, call, &f, now_ms);
	srv_found_free(&f);
}

/* The request with this id; false: the call is refused. */
bool srv_api_find(struct srv *s, struct srv_call *call, const char *id, struct srv_found *f)
{
	enum err e = srv_find(s, id, f);

	if (e)
		srv_api_refuse_store(s, call, e);
	else if (!srv_is_found(f))
		srv_call_refuse(call, 404, "not_found", "no request with this id");
	return !e && srv_is_found(f);
}

/* The same, for who asks: of another's it is not even said that it is there. */
bool srv_api_see(struct srv *s, struct srv_call *call, const char *id, struct srv_found *f)
{
	enum err e = srv_find(s, id, f);

	if (!e && srv_found_is_seen_by(f, &call->who))
		return true;
	if (e)
		srv_api_refuse_store(s, call, e);
	else
		srv_call_refuse(call, 404, "not_found", "no request with this id, or not one of yours");
	srv_found_free(f);
	return false;
}

/* The request with this link; false: the call is refused. */
bool srv_api_find_link(struct srv *s, struct srv_call *call, const char *link, struct srv_found *f, uint64_t now_ms)
{
	enum err e = srv_find_link(s, link, f);

	if (e)
		srv_api_refuse_store(s, call, e);
	else if (!srv_is_found(f) && srv_who_admit_rate(s->who, call, SRV_RATE_GUESS, now_ms))
		srv_call_refuse(call, 404, "not_found", "no request with this link");
	return !e && srv_is_found(f);
}

void srv_api_refuse_ended(struct srv_call *call)
{
	srv_call_refuse(call, 409, "ended", "the request has ended");
}

/* Lists of requests, each the newest first, into one. */
static json_t *merge(json_t *a, json_t *b)
{
	size_t i = 0, k = 0;
	json_t *out = json_array(), *ja, *jb;
	bool first;

	while (a && b && (i < json_array_size(a) || k < json_array_size(b))) {
		ja = json_array_get(a, i);
		jb = json_array_get(b, k);
		first = ja && (!jb || json_integer_value(json_object_get(ja, "created")) >=
					      json_integer_value(json_object_get(jb, "created")));
		i += first;
		k += !first;
		srv_json_append(&out, json_incref(first ? ja : jb));
	}
	if (!a || !b) {
		json_decref(out);
		out = NULL;
	}
	json_decref(a);
	json_decref(b);
	return out;
}

static json_t *list_live(struct srv *s, const struct srv_call *call, uint64_t now_ms)
{
	struct srv_found f = { .live = NULL };
	json_t *list = json_array();

	while ((f.live = srv_desk_next(s->desk, f.live)))
		if (!f.live->ended_ms && srv_ceremony_is_seen_by(f.live, &call->who))
			srv_json_append(&list, srv_found_json(s, &f, &call->who, SRV_IN_LIST, now_ms));
	return list;
}

/* Those that go on, and those that ended in the last hour. */
void srv_api_requests(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	struct srv_kept_filter over = { .ended_from = clock_wall_s() - LIST_S };
	json_t *ended;
	enum err e = srv_history_list(s, &call->who, &over, LIST_MAX, &ended, NULL);

	(void)arg;
	if (e)
		srv_api_refuse_store(s, call, e);
	else
		srv_api_answer(call, 200, json_pack("{s:o}", "requests", merge(list_live(s, call, now_ms), ended)));
}

void srv_api_cancel(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	struct srv_ceremony *c = srv_desk_find(s->desk, arg);   /* of a card that is held open, too */
	struct srv_found f;
	json_t *j = srv_api_find(s, call, arg, &f) ? srv_api_body(call) : NULL;

	if (j && json_object_size(j))
		srv_call_refuse(call, 400, "bad_request", "the body has no members");
	else if (j && (!c || !srv_ceremony_cancel(c, call, now_ms)))
		srv_api_refuse_ended(call);
	else if (j)
		srv_api_answer_changed(s, call, arg, now_ms);
	json_decref(j);
	srv_found_free(&f);
}

/* A card that is held idle: people are asked. */
void srv_api_ask(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	struct srv_found f = { .live = srv_desk_held(s->desk, arg) };
	json_t *j = srv_api_body(call);

	if (j && json_object_size(j))
		srv_call_refuse(call, 400, "bad_request", "the body has no members");
	else if (j && !f.live)
		srv_call_refuse(call, 404, "not_found", "nobody holds this card connected here");
	else if (j && srv_ceremony_ask(f.live, call, now_ms))
		srv_call_refuse(call, 409, "asked", "people were asked already, or the card is open");
	else if (j)
		srv_api_answer(call, 202, srv_found_json(s, &f, &call->who, SRV_IN_FULL, now_ms));
	json_decref(j);
}

void srv_api_waiting(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	const struct srv_ceremony *c = NULL;
	json_t *list;

	(void)now_ms;
	if (!srv_who_is_key(call, arg))
		return;
	list = json_array();
	while ((c = srv_desk_next(s->desk, c)))
		if (srv_ceremony_waits_for(c, arg))
			srv_json_append(&list, json_string(c->id));
	srv_api_answer(call, 200, json_pack("{s:o}", "requests", list));
}

void srv_api_request(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	struct srv_found f;

	if (!srv_api_see(s, call, arg, &f))
		return;
	srv_api_answer_request(s, call, &f, now_ms);
	srv_found_free(&f);
}

void srv_api_link(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	struct srv_found f;

	if (srv_api_find_link(s, call, arg, &f, now_ms))
		srv_api_answer_request(s, call, &f, now_ms);
	srv_found_free(&f);
}
