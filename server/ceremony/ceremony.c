/* SPDX-License-Identifier: Apache-2.0 */
#include "server/ceremony/ceremony_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rand.h"
#include "pka/result.h"
#include "server/base/quote.h"
#include "server/ceremony/keep.h"
#include "server/ceremony/past.h"

static bool is_asking(const struct pka_facts *f)
{
	return f->state == PKA_COLLECT || f->state == PKA_TURN || f->state == PKA_SUBMIT;
}

static enum err host_take(struct srv_ceremony *c, const struct srv_host *host)
{
	enum err e = ERR_OK;

	if (host->login_id.n == sizeof(c->login_id))
		memcpy(c->login_id, host->login_id.p, sizeof(c->login_id));
	else
		e = host->login_id.n ? ERR_ARG : rand_bytes(c->login_id, sizeof(c->login_id));
	wr_put(&c->host_json, host->json);
	if (!e)
		e = wr_done(&c->host_json);
	return e ? e : pka_activation_host(c->activation, RD_ARR(c->login_id), wr_view(&c->host_json));
}

enum err srv_ceremony_new(const struct srv_ceremony_env *env, const struct srv_host *host, struct srv_ceremony **out)
{
	struct srv_ceremony *c = calloc(1, sizeof(*c));
	struct pka_policy policy = { .anchors = env->anchors,
				     .chip_auth = env->chip_auth,
				     .answer_max = host->answer_max,
				     .deadline_ms = host->deadline_ms ? host->deadline_ms : env->deadline_ms,
				     .lease_ms = env->lease_ms };
	enum err e;

	*out = NULL;
	if (!c)
		return ERR_NOMEM;
	c->env = env;
	c->deadline_ms = policy.deadline_ms;
	c->created = policy.now = clock_wall_s();
	c->session.state = SRV_CLOSED;
	pka_batch_init(&c->batch);
	pka_batch_init(&c->answers);
	wr_init_heap(&c->host_json, host->json.n);      /* it never grows */
	(void)snprintf(c->from, sizeof(c->from), "%s", host->from);
	(void)snprintf(c->host, sizeof(c->host), "%s", host->name);
	c->hold = host->is_held ? SRV_HOLD_IDLE : SRV_HOLD_NOT;
	e = pka_activation_new(&policy, &c->activation);
	if (!e)
		e = host_take(c, host);
	if (!e)
		e = srv_random_hex(SRV_ID_BYTES, c->id);
	if (!e)
		e = srv_random_text(c->link);
	if (!e)
		e = srv_random_hex(SRV_COOKIE_BYTES, c->cookie);
	if (e)
		goto out;
	*out = c;
	c = NULL;
out:
	srv_ceremony_free(&c);
	return e;
}

void srv_ceremony_join(struct srv_ceremony *c, const struct srv_ceremony *old)
{
	memcpy(c->id, old->id, sizeof(c->id));
	memcpy(c->link, old->link, sizeof(c->link));
	c->created = old->created;
	if (old->target)
		memcpy(c->only, old->target->device_id, sizeof(c->only));
	else
		memcpy(c->only, old->only, sizeof(c->only));
}

void srv_ceremony_join_past(struct srv_ceremony *c, const struct srv_past *old)
{
	memcpy(c->id, old->id, sizeof(c->id));
	memcpy(c->only, old->device_id, sizeof(c->only));
	c->created = old->created;
}

void srv_ceremony_free(struct srv_ceremony **c)
{
	struct srv_ceremony *it = *c;

	*c = NULL;
	if (!it)
		return;
	pka_activation_free(&it->activation);
	srv_target_unref(&it->target);
	srv_rules_free(&it->rules);
	pka_batch_fini(&it->batch);
	pka_batch_fini(&it->answers);
	wr_free(&it->host_json);
	wipe(it->cookie, sizeof(it->cookie));
	wipe(it->link, sizeof(it->link));
	free(it);
}

static enum err tell_opened(const struct srv_ceremony *c, const struct pka_facts *f)
{
	struct srv_event ev;

	srv_ceremony_event(c, "open", &ev);
	srv_event_word(&ev, "from", c->from);
	srv_event_number(&ev, "n", f->n);
	srv_event_number(&ev, "m", f->m);
	srv_event_number(&ev, "keys", (int64_t)f->keys_n);
	srv_event_word(&ev, "unverified", f->unverified ? "yes" : "no");
	return srv_keep_open(c, &ev);
}

static void tell_ended(const struct srv_ceremony *c, const struct pka_facts *f)
{
	struct srv_event ev;

	srv_ceremony_event(c, "end", &ev);
	srv_event_word(&ev, "from", c->from);
	srv_event_word(&ev, "result", f->state == PKA_OPEN ? "open" : "failed");
	srv_event_number(&ev, "approvals", f->approvals);
	srv_event_text(&ev, "why", f->state == PKA_OPEN ? "" : f->why);
	if (c->target && c->hold != SRV_HOLD_IDLE)
		srv_keep_end(c, &ev);
	else
		srv_event_emit(c->env->events, &ev);    /* never an enrolled card's: only for the log */
}

/* Its host has something to answer now, if it is there: the POST that waits is answered before its time. */
static void nudge(struct srv_ceremony *c, uint64_t now_ms)
{
	if (c->session.state != SRV_READY || !c->held)
		return;
	c->session.until_ms = now_ms;
	srv_ceremony_advance(c, &srv_no_answers, now_ms);
}

/* It is at work with its card, or has said something since it was nudged. */
static bool is_alive(const struct srv_ceremony *c, uint64_t since_ms)
{
	return (c->session.state == SRV_BUSY && c->session.due) || c->heard_ms > since_ms;
}

/*
 * One request a card. A host whose network broke, or that was switched off, cannot say so: its request would stand in
 * the way of its own next one until it is believed to be lost. So an older one's host is made to speak, and has
 * SRV_NUDGE_MS for it. The card itself has just been proved to be here.
 */
static void admit_second(struct srv_ceremony *c, struct srv_ceremony *old, uint64_t now_ms)
{
	if (!c->waits_ms) {
		c->waits_ms = now_ms + SRV_NUDGE_MS;
		c->nudged_ms = now_ms;
		nudge(old, now_ms);
	}
	if (is_alive(old, c->nudged_ms)) {
		srv_ceremony_fail(c, ERR_POLICY,
		     "card %s already waits for approvals, asked for by another program or host; only one "
		     "request a card: let it end, or have it cancelled",
		     c->target->device_id);
	} else if (now_ms >= c->waits_ms) {
		srv_ceremony_end(old, ERR_REMOVED, "the host was lost: its card was asked for again", now_ms);
		srv_ceremony_gone(old, now_ms);
		c->is_admitted = true;
	}
}

/* People could be asked: may they be? Before the card is asked for anything on their behalf. */
static void admit(struct srv_ceremony *c, uint64_t now_ms)
{
	struct srv_policy_facts pf = srv_ceremony_policy_facts(c);
	char why[SHOWN_MAX + 1];
	enum err e = c->waits_ms ? ERR_OK : srv_rules_before_people(&c->rules, &pf, why, sizeof(why));
	struct srv_ceremony *old = e ? NULL : c->env->holder(c->env->ctx, c);

	if (e)
		srv_ceremony_fail(c, e, "%s", why);
	else if (old)
		admit_second(c, old, now_ms);
	else
		c->is_admitted = true;
	if (c->is_admitted)
		c->waits_ms = 0;
}

/* People are asked from now on; if that cannot be kept, they are not. */
static void open_to_people(struct srv_ceremony *c, const struct pka_facts *f)
{
	if (tell_opened(c, f))
		srv_ceremony_fail(c, ERR_SERVER, "the server's store cannot be used now: %s; ask again later",
		     srv_events_why(c->env->events));
	else
		c->is_open = true;
}

/* What is new since the last look: people are being asked, or it is over. */
static void observe(struct srv_ceremony *c, uint64_t now_ms)
{
	const struct pka_facts *f = srv_ceremony_facts(c);

	if (!c->is_admitted && is_asking(f))
		admit(c, now_ms);
	/* Where one challenge serves all, people are asked when it is there: what they are told holds its code. */
	if (c->is_admitted && !c->is_open && is_asking(f) && (f->mode == PKA_PER_KEY || f->challenge.n))
		open_to_people(c, f);
	srv_ceremony_learn(c);
	if (srv_ceremony_is_over(f) && !c->ended_ms) {
		c->ended_ms = now_ms;
		tell_ended(c, f);
		srv_hold_opened(c, f, now_ms);
	}
}

/* A line about how far it is, if it has changed since the host was told. */
static bool progress(struct srv_ceremony *c, const struct pka_facts *f, char *text, size_t cap)
{
	struct srv_progress now = { .is_told = true, .approvals = f->approvals, .turn = f->turn,
				    .changed_mode = f->changed_mode };

	if (!c->is_open || (c->told.is_told && now.approvals == c->told.approvals && now.turn == c->told.turn &&
			    now.changed_mode == c->told.changed_mode))
		return false;
	(void)snprintf(text, cap, "%u of %u%s%s%s", f->approvals, f->n, f->turn ? ", turn of " : "",
		       f->turn ? f->turn->chr : "", f->changed_mode ? "; the card wants a challenge for each key" : "");
	c->told = now;
	return true;
}

void srv_ceremony_answer(struct srv_ceremony *c, int status, const char *type)
{
	struct srv_call *call = c->held;

	c->held = NULL;
	srv_call_answer(call, status, type);
}

static enum err commands_send(struct srv_ceremony *c, const struct srv_note *note, uint64_t now_ms)
{
	struct wr *body = &c->held->reply.body;
	struct pka_batch one;
	enum err e;

	if (!srv_ceremony_is_stock(c) || c->batch.n < 2)
		return srv_session_send(&c->session, &c->batch, note, now_ms, body);
	pka_batch_init(&one);
	wr_put(&one.bytes, pka_batch_cmd(&c->batch, c->answers.n));
	pka_batch_close(&one);
	e = wr_done(&one.bytes);
	if (!e)
		e = srv_session_send(&c->session, &one, note, now_ms, body);
	pka_batch_fini(&one);
	return e;
}

/* false: there are more commands of the batch to be sent; true: in has all answers. */
static bool answers_take(struct srv_ceremony *c, struct pka_answers *in)
{
	struct pka_batch *all = &c->answers;
	size_t i;

	if (!srv_ceremony_is_stock(c) || c->batch.n < 2 || !in->n)
		return true;
	wr_put(&all->bytes, in->v[0]);
	pka_batch_close(all);
	if (all->n < c->batch.n)
		return false;
	for (i = 0; i < all->n; i++)
		in->v[i] = pka_batch_cmd(all, i);
	in->n = all->n;
	return true;
}

/* Answer the waiting POST if there is something to say, or if it has waited long enough. Follows a step. */
static void reply(struct srv_ceremony *c, uint64_t now_ms)
{
	const struct pka_facts *f = srv_ceremony_facts(c);
	char text[RAM_MESSAGE_MAX + 1];
	struct srv_note n;
	bool has_note;
	enum err e;

	if (!c->held)
		return;
	if (c->hold >= SRV_HOLD_OPEN) {
		e = srv_hold_reply(c, now_ms);
		if (e == ERR_TIMEOUT)
			return;
	} else if (srv_ceremony_is_over(f)) {
		n = (struct srv_note){ .id = f->state == PKA_OPEN ? 0 : pka_result_id(f->result),
				       .text = f->state == PKA_OPEN ? "open" : f->why };
		e = srv_session_last(&c->session, &n, now_ms, &c->held->reply.body);
	} else if (c->waits_ms) {
		/* The card is asked for nothing meanwhile. */
		if (now_ms < c->session.until_ms)
			return;
		e = srv_session_send(&c->session, NULL, NULL, now_ms, &c->held->reply.body);
	} else {
		has_note = progress(c, f, text, sizeof(text));
		n = (struct srv_note){ .id = (int32_t)f->approvals + 1, .text = text };
		if (!has_note && !c->batch.n && now_ms < c->session.until_ms)
			return;
		e = commands_send(c, has_note ? &n : NULL, now_ms);
	}
	if (!e) {
		srv_ceremony_answer(c, 200, RAM_TYPE_RESPONSE);
		return;
	}
	srv_session_close(&c->session);
	srv_ceremony_answer(c, 500, NULL);
	srv_ceremony_end(c, ERR_SERVER, err_text(e), now_ms);
}

void srv_ceremony_advance(struct srv_ceremony *c, const struct pka_answers *answers, uint64_t now_ms)
{
	if (c->held && !srv_ceremony_is_over(srv_ceremony_facts(c)) && !c->waits_ms)
		srv_ceremony_step(c, answers, now_ms);
	observe(c, now_ms);
	reply(c, now_ms);
}

static void refuse(struct srv_call *call, int status)
{
	wr_reset(&call->reply.body);
	srv_call_answer(call, status, NULL);
}

void srv_ceremony_begin(struct srv_ceremony *c, struct srv_call *call, uint64_t now_ms)
{
	if (srv_session_begin(&c->session, call->request.body, now_ms, c->env->poll_ms)) {
		srv_ceremony_end(c, ERR_PROTOCOL, "the host's first message could not be read", now_ms);
		refuse(call, 400);
		return;
	}
	c->held = call;
	srv_ceremony_advance(c, &srv_no_answers, now_ms);
}

void srv_ceremony_post(struct srv_ceremony *c, struct srv_call *call, uint64_t now_ms)
{
	struct pka_answers answers;
	struct rd reason;
	struct srv_quoted shown;
	char why[SHOWN_MAX];

	c->heard_ms = now_ms;
	switch (srv_session_results(&c->session, call->request.body, now_ms, c->env->poll_ms, &answers, &reason)) {
	case ERR_OK:
		c->held = call;
		if (answers_take(c, &answers))
			srv_ceremony_advance(c, &answers, now_ms);
		else
			reply(c, now_ms);
		return;
	case ERR_EXPIRED:
		refuse(call, 204);
		return;
	case ERR_CANCELLED:
		srv_hold_lost(c, "its client gave up");
		(void)snprintf(why, sizeof(why), "the host gave up: %s",
			       text_shown(reason, shown.text, sizeof(shown.text)));
		srv_ceremony_end(c, ERR_CANCELLED, why, now_ms);
		refuse(call, 204);
		return;
	case ERR_CONDITIONS:
		refuse(call, 409);
		return;
	case ERR_NOT_FOUND:
		refuse(call, 404);
		return;
	default:
		srv_hold_lost(c, "its client breaks the protocol");
		srv_ceremony_end(c, ERR_PROTOCOL, "the host's answers do not fit the commands", now_ms);
		refuse(call, 400);
		return;
	}
}

void srv_ceremony_gone(struct srv_ceremony *c, uint64_t now_ms)
{
	if (c->held)
		srv_ceremony_answer(c, 404, NULL);
	srv_session_close(&c->session);
	srv_hold_lost(c, "its client hung up");
	srv_ceremony_end(c, ERR_REMOVED, "the host hung up", now_ms);
}

bool srv_ceremony_release(struct srv_ceremony *c, const char *why, uint64_t now_ms)
{
	if (!srv_hold_close(c, why))
		return false;
	srv_ceremony_advance(c, &srv_no_answers, now_ms);
	return true;
}

void srv_ceremony_end(struct srv_ceremony *c, enum err result, const char *why, uint64_t now_ms)
{
	if (srv_ceremony_release(c, why, now_ms) || srv_ceremony_is_over(srv_ceremony_facts(c)))
		return;
	srv_ceremony_fail(c, result, "%s", why);
	srv_ceremony_advance(c, &srv_no_answers, now_ms);
}

static bool is_due(uint64_t at_ms, uint64_t now_ms)
{
	return at_ms && at_ms <= now_ms;
}

uint64_t srv_ceremony_tick(struct srv_ceremony *c, uint64_t now_ms)
{
	const struct pka_facts *f = srv_ceremony_facts(c);
	const struct srv_session *s = &c->session;
	uint64_t next;

	if (c->hold == SRV_HOLD_OPEN && is_due(c->hold_until_ms, now_ms))
		(void)srv_ceremony_release(c, "its time is over", now_ms);
	if (c->waits_ms && c->held)
		srv_ceremony_advance(c, &srv_no_answers, now_ms);
	if (s->state == SRV_READY && c->held) {
		if (is_due(s->until_ms, now_ms) || is_due(f->ends_ms, now_ms) || is_due(f->turn_ends_ms, now_ms))
			srv_ceremony_advance(c, &srv_no_answers, now_ms);
	} else if (s->state != SRV_CLOSED && is_due(s->until_ms, now_ms)) {
		srv_session_close(&c->session);
		srv_hold_lost(c, "its client was lost");
		srv_ceremony_end(c, ERR_REMOVED, "the host was lost: no word from it after the last commands", now_ms);
	}
	if (s->state == SRV_CLOSED)
		return UINT64_MAX;
	next = s->until_ms;
	if (c->waits_ms && c->held && c->waits_ms < next)
		next = c->waits_ms;
	if (c->hold == SRV_HOLD_OPEN && c->hold_until_ms < next)
		next = c->hold_until_ms;
	if (s->state == SRV_READY && f->ends_ms > now_ms && f->ends_ms < next)
		next = f->ends_ms;
	if (s->state == SRV_READY && f->turn_ends_ms > now_ms && f->turn_ends_ms < next)
		next = f->turn_ends_ms;
	return next;
}
