/* SPDX-License-Identifier: Apache-2.0 */
#include "server/ceremony/remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pka/file.h"
#include "pka/message.h"
#include "pka/remote.h"
#include "pka/result.h"

struct remote {
	struct remote *next;
	char cookie[SRV_COOKIE_SIZE];
	char request[SRV_ID_SIZE];
	char from[SRV_FROM_SIZE];
	struct srv_session session;
	struct srv_call *held;
	struct srv_target *target;      /* a reference */
	struct pka_remote_key *keys;    /* its custodians' */
	struct pka_remote *card;
	struct pka_batch batch;
	const char *done;               /* what became of the approval, in words; NULL: not sent, or facts' why */
	enum err result;                /* ... with what this is told, if done */
	char told[RAM_MESSAGE_MAX + 1]; /* what the client was told last while it waits */
};
struct srv_remotes {
	struct srv_desk *desk;
	uint64_t poll_ms;
	struct remote *list;
	unsigned n;
};

static const struct pka_answers no_answers;

enum err srv_remotes_new(struct srv_desk *desk, uint64_t poll_ms, struct srv_remotes **out)
{
	struct srv_remotes *r = calloc(1, sizeof(*r));

	*out = r;
	if (!r)
		return ERR_NOMEM;
	r->desk = desk;
	r->poll_ms = poll_ms;
	return ERR_OK;
}

static void remote_free(struct remote *it)
{
	pka_remote_free(&it->card);
	pka_batch_fini(&it->batch);
	srv_target_unref(&it->target);
	free(it->keys);
	wipe(it->cookie, sizeof(it->cookie));
	free(it);
}

/* Its client has no more to say. */
static void forget(struct srv_remotes *r, struct remote *gone)
{
	struct remote **at = &r->list;

	while (*at != gone)
		at = &(*at)->next;
	*at = gone->next;
	r->n--;
	remote_free(gone);
}

void srv_remotes_free(struct srv_remotes **r)
{
	if (!*r)
		return;
	while ((*r)->list)
		forget(*r, (*r)->list);
	free(*r);
	*r = NULL;
}

/* Which card holds each registered key, as its PKA file says, which was checked at the enrolment. */
static enum err keys_take(struct remote *it)
{
	struct pka_file file;
	size_t i;

	it->keys = calloc(it->target->m, sizeof(*it->keys));
	if (!it->keys)
		return ERR_NOMEM;
	for (i = 0; i < it->target->m; i++) {
		it->keys[i].custodian = &it->target->custodians[i];
		if (!pka_file_read(it->target->pka_files[i], &file))
			it->keys[i].device = file.device.whole;
	}
	return ERR_OK;
}

static enum err remote_new(const struct srv_ceremony *c, const char *from, size_t answer_max, struct remote **out)
{
	struct remote *it = calloc(1, sizeof(*it));
	enum err e;

	*out = NULL;
	if (!it)
		return ERR_NOMEM;
	it->session.state = SRV_CLOSED;
	it->target = srv_target_ref(c->target);
	pka_batch_init(&it->batch);
	(void)snprintf(it->request, sizeof(it->request), "%s", c->id);
	(void)snprintf(it->from, sizeof(it->from), "%s", from);
	e = keys_take(it);
	if (!e)
		e = pka_remote_new(it->keys, it->target->m, answer_max, &it->card);
	if (!e)
		e = srv_random_hex(SRV_COOKIE_BYTES, it->cookie);
	if (e)
		remote_free(it);
	else
		*out = it;
	return e;
}

/* ---- the request ---- */

/* M, if the card has a challenge that is for this custodian. */
static bool message_make(const struct remote *it, const struct srv_ceremony *c, struct wr *m)
{
	const struct pka_facts *f = srv_ceremony_facts(c);

	return f->challenge.n && (f->mode == PKA_SHARED || f->turn == pka_remote_facts(it->card)->who) &&
	       !pka_message(rd_str(it->target->device_id), f->challenge, m);
}

/* His card is there: it signs as soon as the request has something to sign. */
static void ask_for_turn(struct srv_remotes *r, struct remote *it, uint64_t now_ms)
{
	const struct pka_custodian *who = pka_remote_facts(it->card)->who;
	struct srv_ceremony *c = srv_desk_find(r->desk, it->request);
	uint8_t bytes[PKA_MESSAGE_MAX];
	struct wr m;
	enum err e;

	WR_ARR(&m, bytes);
	if (!c || c->ended_ms) {
		pka_remote_end(it->card, ERR_CANCELLED, "the request has ended");
		return;
	}
	e = srv_ceremony_turn(c, who->chr, now_ms);
	if (e == ERR_CONDITIONS && srv_ceremony_record(c, who->chr))
		pka_remote_end(it->card, ERR_CANCELLED, "this key has decided already");
	else if (e && e != ERR_SHARING && e != ERR_CONDITIONS)
		pka_remote_end(it->card, e, err_text(e));
	else if (!e && message_make(it, c, &m) && pka_remote_sign(it->card, wr_view(&m)))
		pka_remote_end(it->card, ERR_SERVER, "the server failed");
}

static void decide(struct srv_remotes *r, struct remote *it, uint64_t now_ms)
{
	const struct pka_remote_facts *f = pka_remote_facts(it->card);
	const struct srv_decision d = { .chr = f->who->chr, .from = it->from, .decision = PKA_APPROVE, .sig = f->sig,
					.is_bare = true };
	struct srv_ceremony *c = srv_desk_find(r->desk, it->request);
	enum err e = c ? srv_ceremony_decide(c, &d, now_ms) : ERR_CANCELLED;

	it->result = e;
	it->done = !e ? "approved" : e == ERR_EXPIRED || e == ERR_CONDITIONS
		   ? "too late: the request has ended, or the card has another challenge now"
		   : e == ERR_IO ? "the server's store cannot be used now; try again" : "the approval is refused";
}

static bool is_over(const struct remote *it)
{
	return it->done || pka_remote_facts(it->card)->state == PKA_REMOTE_FAILED;
}

/* ---- the client ---- */

static void answer(struct remote *it, int status)
{
	struct srv_call *call = it->held;

	it->held = NULL;
	srv_call_answer(call, status, status == 200 ? RAM_TYPE_RESPONSE : NULL);
}

/* What he waits for; "" if his card is at work. */
static void wait_text(const struct srv_remotes *r, const struct remote *it, char *text, size_t cap)
{
	const struct srv_ceremony *c = srv_desk_find(r->desk, it->request);
	const struct pka_facts *f = c ? srv_ceremony_facts(c) : NULL;

	text[0] = '\0';
	if (f && pka_remote_facts(it->card)->state == PKA_REMOTE_READY)
		(void)snprintf(text, cap, "%s%s", f->turn ? "waiting, it is the turn of " : "waiting for the card",
			       f->turn ? f->turn->chr : "");
	else if (f && pka_remote_facts(it->card)->state == PKA_REMOTE_SIGN)
		(void)snprintf(text, cap, "your card approves the request for %s", it->target->device_id);
}

static void reply(struct srv_remotes *r, struct remote *it, uint64_t now_ms)
{
	const struct pka_remote_facts *f = pka_remote_facts(it->card);
	char text[RAM_MESSAGE_MAX + 1];
	struct srv_note n;
	bool has_note;
	enum err e;

	if (!it->held)
		return;
	if (is_over(it)) {
		n = (struct srv_note){ .id = pka_result_id(it->done ? it->result : f->result),
				       .text = it->done ? it->done : f->why };
		e = srv_session_last(&it->session, &n, now_ms, &it->held->reply.body);
	} else {
		wait_text(r, it, text, sizeof(text));
		has_note = text[0] && strcmp(text, it->told);
		if (!has_note && !it->batch.n && now_ms < it->session.until_ms)
			return;
		n = (struct srv_note){ .id = 1, .text = text };
		e = srv_session_send(&it->session, &it->batch, has_note ? &n : NULL, now_ms, &it->held->reply.body);
		memcpy(it->told, text, sizeof(it->told));
	}
	if (e)
		srv_session_close(&it->session);
	answer(it, e ? 500 : 200);
}

static void advance(struct srv_remotes *r, struct remote *it, const struct pka_answers *answers, uint64_t now_ms)
{
	enum err e = is_over(it) ? ERR_OK : pka_remote_step(it->card, answers, &it->batch);

	if (!e && pka_remote_facts(it->card)->state == PKA_REMOTE_READY) {
		ask_for_turn(r, it, now_ms);
		e = pka_remote_step(it->card, &no_answers, &it->batch);
	}
	if (e)
		pka_remote_end(it->card, ERR_SERVER, "the server failed");
	if (!is_over(it) && pka_remote_facts(it->card)->state == PKA_REMOTE_SIGNED)
		decide(r, it, now_ms);
	reply(r, it, now_ms);
}

static struct remote *find(const struct srv_remotes *r, struct rd cookie)
{
	struct remote *it, *found = NULL;

	for (it = r->list; it; it = it->next)
		if (rd_eq_secret(cookie, rd_of(it->cookie, sizeof(it->cookie) - 1)))
			found = it;
	return found;
}

static void begin(struct srv_remotes *r, const struct srv_remote_post *p, struct srv_call *call, size_t answer_max,
		  uint64_t now_ms)
{
	struct remote *it;

	if (!p->c || !p->c->is_open || p->c->ended_ms) {
		srv_call_answer(call, 404, NULL);
		return;
	}
	if (srv_desk_is_stopping(r->desk) || r->n == SRV_REMOTES_MAX ||
	    remote_new(p->c, call->request.from, answer_max, &it)) {
		srv_call_answer(call, 503, NULL);
		return;
	}
	if (srv_session_begin(&it->session, call->request.body, now_ms, r->poll_ms)) {
		remote_free(it);
		srv_call_answer(call, 400, NULL);
		return;
	}
	it->next = r->list;
	r->list = it;
	r->n++;
	it->held = call;
	(void)snprintf(call->reply.cookie, sizeof(call->reply.cookie), "HSMSESSION=%s; Path=%s; HttpOnly%s",
		       it->cookie, p->path, p->secure ? "; Secure" : "");
	if (!srv_ceremony_is_stock(p->c))
		pka_remote_end(it->card, ERR_POLICY, "this host asks for statements: approve by quorum11 approve");
	advance(r, it, &no_answers, now_ms);
}

void srv_remotes_post(struct srv_remotes *r, const struct srv_remote_post *p, struct srv_call *call, uint64_t now_ms)
{
	struct remote *it = p->cookie.n ? find(r, p->cookie) : NULL;
	struct pka_answers answers;
	struct ram_initiation i;
	struct rd reason;
	enum err e;

	if (!ram_read_initiation(call->request.body, &i)) {
		begin(r, p, call, i.max_rsp, now_ms);
		return;
	}
	if (!it) {
		srv_call_answer(call, p->cookie.n ? 404 : 400, NULL);
		return;
	}
	e = srv_session_results(&it->session, call->request.body, now_ms, r->poll_ms, &answers, &reason);
	if (!e) {
		it->held = call;
		advance(r, it, &answers, now_ms);
		return;
	}
	srv_call_answer(call, e == ERR_EXPIRED || e == ERR_CANCELLED ? 204 : e == ERR_CONDITIONS ? 409 :
			e == ERR_NOT_FOUND ? 404 : 400, NULL);
	if (e != ERR_CONDITIONS)
		forget(r, it);
}

bool srv_remotes_gone(struct srv_remotes *r, struct srv_call *call)
{
	struct remote *it = r->list;

	while (it && it->held != call)
		it = it->next;
	if (!it)
		return false;
	answer(it, 404);
	forget(r, it);
	return true;
}

uint64_t srv_remotes_tick(struct srv_remotes *r, uint64_t now_ms)
{
	struct remote *it, *next;
	uint64_t due = UINT64_MAX;

	for (it = r->list; it; it = next) {
		next = it->next;
		if (it->held)
			advance(r, it, &no_answers, now_ms);
		else if (it->session.until_ms <= now_ms)
			srv_session_close(&it->session);
		if (it->session.state == SRV_CLOSED)
			forget(r, it);
		else if (it->session.until_ms < due)
			due = it->session.until_ms;
	}
	return due;
}

void srv_remotes_stop(struct srv_remotes *r, uint64_t now_ms)
{
	struct remote *it;

	for (it = r->list; it; it = it->next) {
		pka_remote_end(it->card, ERR_SERVER, "the server stops");
		if (it->held)
			advance(r, it, &no_answers, now_ms);
	}
}

bool srv_remotes_are_quiet(const struct srv_remotes *r)
{
	const struct remote *it;

	for (it = r->list; it; it = it->next)
		if (it->session.state == SRV_READY || it->session.state == SRV_BUSY)
			return false;
	return true;
}
