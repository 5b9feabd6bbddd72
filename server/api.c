/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api.h"

#include <string.h>

#include "base/clock.h"
#include "server/api_json.h"
#include "server/enrol.h"
#include "server/found.h"
#include "server/history.h"
#include "server/store/policy.h"

#define LIST_S (60 * 60)        /* how long what has ended is in the list of requests; then it is history */
#define LIST_MAX 200

void srv_api_answer(struct srv_call *call, int status, json_t *j)
{
	srv_json_write(j, &call->reply.body);
	srv_call_answer(call, status, SRV_JSON);
}

void srv_api_refuse_store(struct srv *s, struct srv_call *call, enum err e)
{
	srv_call_refuse_store(call, e, srv_events_why(s->events));
}

static void answer_request(struct srv *s, struct srv_call *call, const struct srv_found *f, uint64_t now_ms)
{
	srv_api_answer(call, 200, srv_found_json(s, f, &call->who, SRV_IN_FULL, now_ms));
}

/* What happened to it is in the store now, if it is over. */
static void answer_changed(struct srv *s, struct srv_call *call, const char *id, uint64_t now_ms)
{
	struct srv_found f;
	enum err e = srv_find(s, id, &f);

	if (e)
		srv_api_refuse_store(s, call, e);
	else
		answer_request(s, call, &f, now_ms);
	srv_found_free(&f);
}

/* The request with this id; false: the call is refused. */
static bool request_find(struct srv *s, struct srv_call *call, const char *id, struct srv_found *f)
{
	enum err e = srv_find(s, id, f);

	if (e)
		srv_api_refuse_store(s, call, e);
	else if (!srv_is_found(f))
		srv_call_refuse(call, 404, "not_found", "no request with this id");
	return !e && srv_is_found(f);
}

/* The same, for who asks: of another's it is not even said that it is there. */
static bool request_see(struct srv *s, struct srv_call *call, const char *id, struct srv_found *f)
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
static bool link_find(struct srv *s, struct srv_call *call, const char *link, struct srv_found *f, uint64_t now_ms)
{
	enum err e = srv_find_link(s, link, f);

	if (e)
		srv_api_refuse_store(s, call, e);
	else if (!srv_is_found(f) && srv_who_admit_rate(s->who, call, SRV_RATE_GUESS, now_ms))
		srv_call_refuse(call, 404, "not_found", "no request with this link");
	return !e && srv_is_found(f);
}

static void refuse_ended(struct srv_call *call)
{
	srv_call_refuse(call, 409, "ended", "the request has ended");
}

json_t *srv_api_body(struct srv_call *call)
{
	char why[200];
	json_t *j = srv_json_parse(call->request.body, why, sizeof(why));

	if (!j)
		srv_call_refuse(call, 400, "bad_request", "%s", why);
	return j;
}

/* ---- operator ---- */

struct enrolment {
	struct srv_target *target;      /* NULL: it was no enrolment */
	bool replace;
	const struct srv_policy *policy;        /* NULL: as it was */
};

static void refuse_enrolment(struct srv_call *call, const struct srv_enrol_report *r)
{
	call->reply.refused = "refused";
	srv_api_answer(call, 422, json_pack("{s:s, s:o, s:o}", "error", "refused", "message", srv_json_text(r->why),
					    "verdict", srv_json_verdict(&r->verdict)));
}

static enum err target_write(void *ctx, const struct srv_store *store)
{
	const struct enrolment *en = ctx;

	enum err e = store->ops->put(store->ctx, en->target, en->replace);

	return e || !en->policy ? e : srv_store_policy_put(store, en->target->device_id, en->policy);
}

/* Kept, and told: or neither. A refusal is told. */
static enum err enrolment_keep(struct srv *s, const struct srv_call *call, struct enrolment *en, enum err e)
{
	struct srv_event ev;

	srv_event_init(&ev, "enrol", NULL, en->target ? en->target->device_id : "-");
	srv_event_word(&ev, "from", call->request.from);
	srv_event_word(&ev, "replace", en->replace ? "yes" : "no");
	srv_event_word(&ev, "unverified", en->target && en->target->unverified ? "yes" : "no");
	if (!e) {
		struct srv_event done = ev;

		srv_event_text(&done, "result", "enrolled");
		e = srv_event_commit(s->events, &done, target_write, en);
		if (!e)
			s->store.ops->adopt(s->store.ctx, en->target);
	}
	if (e) {
		srv_event_text(&ev, "result", err_text(e));
		srv_event_emit(s->events, &ev);
	}
	return e;
}

void srv_api_enrol(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	struct srv_enrol_report r;
	struct srv_target *t = NULL;
	enum err e = srv_enrol(s->anchors, call->request.body, clock_wall_s(), &t, &r);

	(void)arg;
	if (!e && r.has_policy)
		e = srv_api_policy_fits(s, &r.policy, r.why, sizeof(r.why));
	e = enrolment_keep(s, call, &(struct enrolment){ t, r.replace, r.has_policy ? &r.policy : NULL }, e);
	if (!e) {
		/* Approvals that were asked for under other names or numbers must not count. */
		srv_desk_end_device(s->desk, t->device_id, ERR_POLICY, "the device was enrolled anew", now_ms);
		srv_api_answer(call, 201, json_pack("{s:o, s:i, s:i, s:o, s:b}", "device_id",
						    srv_json_text(t->device_id), "n", t->n, "m", t->m, "path",
						    srv_json_text(t->path), "unverified", t->unverified));
	} else if (e == ERR_FORMAT) {
		srv_call_refuse(call, 400, "bad_request", "%s", r.why);
	} else if (e == ERR_ATTESTATION || e == ERR_REFUSED) {
		refuse_enrolment(call, &r);
	} else if (e == ERR_CONDITIONS) {
		srv_call_refuse(call, 409, "exists", "device %s is enrolled; replace it explicitly", t->device_id);
	} else {
		srv_api_refuse_store(s, call, e);
	}
	srv_target_unref(&t);
}

void srv_api_targets(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	const struct srv_target *t = NULL;
	json_t *list = json_array();

	(void)arg;
	while ((t = s->store.ops->next(s->store.ctx, t)))
		srv_json_append(&list, srv_json_target(s, t, now_ms));
	srv_api_answer(call, 200, json_pack("{s:o}", "targets", list));
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
	json_t *j = request_find(s, call, arg, &f) ? srv_api_body(call) : NULL;

	if (j && json_object_size(j))
		srv_call_refuse(call, 400, "bad_request", "the body has no members");
	else if (j && (!c || !srv_ceremony_cancel(c, call, now_ms)))
		refuse_ended(call);
	else if (j)
		answer_changed(s, call, arg, now_ms);
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

/* ---- custodian ---- */

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

	if (!request_see(s, call, arg, &f))
		return;
	answer_request(s, call, &f, now_ms);
	srv_found_free(&f);
}

void srv_api_link(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	struct srv_found f;

	if (link_find(s, call, arg, &f, now_ms))
		answer_request(s, call, &f, now_ms);
	srv_found_free(&f);
}

/* Why a decision, or a turn, is not possible now, where the machine said so by e. */
static void refuse_conditions(struct srv_call *call, const struct srv_ceremony *c, const char *chr)
{
	if (c->ended_ms)
		refuse_ended(call);
	else if (srv_ceremony_record(c, chr))
		srv_call_refuse(call, 409, "decided", "this key has decided already");
	else
		srv_call_refuse(call, 409, "not_now", "the card is not ready for a decision; ask again in a second");
}

static void answer_turn(struct srv_call *call, const struct srv_ceremony *c, const char *chr)
{
	const struct pka_facts *f = srv_ceremony_facts(c);

	if (f->challenge.n && (f->mode == PKA_SHARED || (f->turn && !strcmp(f->turn->chr, chr))))
		srv_api_answer(call, 200, json_pack("{s:o}", "challenge", srv_json_bytes(f->challenge)));
	else
		srv_api_answer(call, 202, json_pack("{s:s}", "wait", "asking the card"));
}

static void refuse_busy(struct srv_call *call, const struct srv_ceremony *c, uint64_t now_ms)
{
	const struct pka_facts *f = srv_ceremony_facts(c);
	uint64_t left = f->turn_ends_ms > now_ms ? (f->turn_ends_ms - now_ms + 999) / 1000 : 0;

	call->reply.refused = "busy";
	srv_api_answer(call, 409,
		       json_pack("{s:s, s:s, s:o, s:I}", "error", "busy", "message", "it is another custodian's turn",
				 "turn", f->turn ? srv_json_text(f->turn->chr) : json_null(), "seconds",
				 (json_int_t)left));
}

/* has_link: then the turn may be anybody's who is registered. c NULL: it is over. */
static void turn(struct srv_call *call, struct srv_ceremony *c, bool has_link, uint64_t now_ms)
{
	json_t *j = srv_api_body(call);
	json_error_t at;
	const char *chr;

	if (!j)
		return;
	if (json_unpack_ex(j, &at, 0, "{s:s !}", "chr", &chr)) {
		srv_call_refuse(call, 400, "bad_request", "%s", at.text);
		goto out;
	}
	if (!has_link && !srv_who_is_key(call, chr))
		goto out;
	if (!c) {
		refuse_ended(call);
		goto out;
	}
	switch (srv_ceremony_turn(c, chr, now_ms)) {
	case ERR_OK:
		if (c->ended_ms)
			refuse_conditions(call, c, chr);
		else
			answer_turn(call, c, chr);
		break;
	case ERR_SHARING:
		refuse_busy(call, c, now_ms);
		break;
	case ERR_NOT_FOUND:
		srv_call_refuse(call, 404, "not_found", "no key of this name is registered");
		break;
	case ERR_CONDITIONS:
		if (c->is_open && !c->ended_ms && !srv_ceremony_record(c, chr))
			srv_api_answer(call, 202, json_pack("{s:s}", "wait", "asking the card"));
		else
			refuse_conditions(call, c, chr);
		break;
	default:
		srv_call_refuse(call, 500, "server", "the server failed");
	}
out:
	json_decref(j);
}

void srv_api_turn(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	struct srv_found f;

	if (!request_see(s, call, arg, &f))
		return;
	turn(call, f.live, false, now_ms);
	srv_found_free(&f);
}

void srv_api_link_turn(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	struct srv_found f;

	if (link_find(s, call, arg, &f, now_ms))
		turn(call, f.live, true, now_ms);
	srv_found_free(&f);
}

/* The members of a decision, decoded into the writers. ERR_FORMAT: the call is refused. */
static enum err decision_read(struct srv_call *call, json_t *j, struct srv_decision *d, struct wr w[3])
{
	json_t *part[3] = { NULL };
	json_error_t at;
	struct rd *const view[3] = { &d->statement, &d->statement_sig, &d->sig };
	size_t i;
	int bad;

	if (d->decision == PKA_APPROVE)
		bad = json_unpack_ex(j, &at, 0, "{s:s, s:o, s:o, s:o !}", "chr", &d->chr, "statement", &part[0],
				     "statement_signature", &part[1], "signature", &part[2]);
	else
		bad = json_unpack_ex(j, &at, 0, "{s:s, s:o, s:o !}", "chr", &d->chr, "statement", &part[0],
				     "statement_signature", &part[1]);
	if (bad) {
		srv_call_refuse(call, 400, "bad_request", "%s", at.text);
		return ERR_FORMAT;
	}
	for (i = 0; i < 3; i++) {
		if (part[i] && srv_json_read_bytes(part[i], &w[i])) {
			srv_call_refuse(call, 400, "bad_request",
					"a signature or the statement is too long or not base64url");
			return ERR_FORMAT;
		}
		*view[i] = wr_view(&w[i]);
	}
	return ERR_OK;
}

static enum err say_end(struct srv *s, const struct srv_found *f, const struct srv_decision *d, uint64_t now_ms)
{
	return f->past ? srv_desk_say_end(s->desk, f->past, d, now_ms) : ERR_CONDITIONS;
}

static void refuse_decision(struct srv *s, struct srv_call *call, const struct srv_found *f,
			    const struct srv_decision *d, enum err e)
{
	switch (e) {
	case ERR_SIGNATURE:
	case ERR_FORMAT:
	case ERR_NOT_FOUND:     /* whose key it is not is nobody */
		srv_call_refuse(call, 401, "bad_signature",
				"statement and signatures are not those of a registered key for this request");
		break;
	case ERR_EXPIRED:
		srv_call_refuse(call, 409, "dead_challenge",
				"the card has another challenge now; fetch the request again");
		break;
	case ERR_CONDITIONS:
		if (!f->live)
			refuse_ended(call);
		else if (d->decision == PKA_END && !f->live->ended_ms)
			srv_call_refuse(call, 409, "not_open", "the card is not open yet: deny the request instead");
		else
			refuse_conditions(call, f->live, d->chr);
		break;
	case ERR_IO:
		srv_api_refuse_store(s, call, e);
		break;
	default:
		srv_call_refuse(call, 500, "server", "the server failed");
	}
}

static enum err decision_take(struct srv *s, const struct srv_found *f, const struct srv_decision *d, uint64_t now_ms)
{
	if (d->decision == PKA_END)
		return say_end(s, f, d, now_ms);
	return f->live ? srv_ceremony_decide(f->live, d, now_ms) : ERR_CONDITIONS;
}

static void decide(struct srv *s, struct srv_call *call, const char *id, enum pka_decision decision,
		   uint64_t now_ms)
{
	struct srv_decision d = { .from = call->request.from, .decision = decision };
	struct srv_found f;
	json_t *j = request_find(s, call, id, &f) ? srv_api_body(call) : NULL;
	struct wr w[3];
	enum err e;
	size_t i;

	for (i = 0; i < 3; i++)
		wr_init_heap(&w[i], STATEMENT_MAX);
	if (j && !decision_read(call, j, &d, w)) {
		e = decision_take(s, &f, &d, now_ms);
		if (e)
			refuse_decision(s, call, &f, &d, e);
		else
			answer_changed(s, call, id, now_ms);
	}
	for (i = 0; i < 3; i++)
		wr_free(&w[i]);
	json_decref(j);
	srv_found_free(&f);
}

void srv_api_approve(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	decide(s, call, arg, PKA_APPROVE, now_ms);
}

void srv_api_deny(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	decide(s, call, arg, PKA_DENY, now_ms);
}

void srv_api_end(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	decide(s, call, arg, PKA_END, now_ms);
}

/* ---- host, operation ---- */

/* Empty: the path names no login_id, and so no login. */
static struct rd login_read(const char *arg, uint8_t login_id[LOGIN_ID_SIZE])
{
	struct wr w;

	wr_init(&w, login_id, LOGIN_ID_SIZE);
	return text_unhex(rd_str(arg), &w) || w.n != LOGIN_ID_SIZE ? RD_NONE : wr_view(&w);
}

void srv_api_wait_end(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	uint8_t login_id[LOGIN_ID_SIZE];

	srv_desk_wait_end(s->desk, login_read(arg, login_id), call, now_ms);
}

void srv_api_proofs(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	uint8_t login_id[LOGIN_ID_SIZE];
	struct srv_past *p;
	enum err e = srv_past_find_opened(&s->store, login_read(arg, login_id), call->who.name, &p);

	(void)now_ms;
	if (!e)
		srv_api_answer(call, 200, srv_past_proofs(&s->store, p));
	else if (e == ERR_NOT_FOUND)
		srv_call_refuse(call, 404, "not_found", "no login with this id has opened a card");
	else
		srv_api_refuse_store(s, call, e);
	srv_past_free(&p);
}
