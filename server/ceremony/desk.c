/* SPDX-License-Identifier: Apache-2.0 */
#include "server/ceremony/desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "server/ceremony/end.h"

#define COOKIE_PLACE 8          /* characters of a cookie that say where it stands; they are no secret, the rest is */
#define COOKIE_PLACES 4096

struct srv_desk {
	struct srv_ceremony_env env;
	struct srv_ceremony *list;      /* the newest first */
	struct srv_ceremony *cookies[COOKIE_PLACES];
	struct srv_ends *ends;
	unsigned sessions;
	bool is_stopping;
};

/* A card that is asked for counts until its request ends, however long its host takes for the next POST. */
static struct srv_ceremony *holder(void *ctx, const struct srv_ceremony *c)
{
	const struct srv_desk *d = ctx;
	struct srv_ceremony *it;

	for (it = d->list; it; it = it->next)
		if (it != c && it->is_admitted && !it->ended_ms && !strcmp(it->target->device_id, c->target->device_id))
			return it;
	return NULL;
}

enum err srv_desk_new(const struct srv_desk_config *config, struct srv_desk **out)
{
	const struct srv_ends_config ends = { .store = config->store, .events = config->events,
					      .instance = config->instance, .poll_ms = config->poll_ms };
	struct srv_desk *d = calloc(1, sizeof(*d));
	enum err e;

	*out = NULL;
	if (!d)
		return ERR_NOMEM;
	e = srv_ends_new(&ends, &d->ends);
	if (e) {
		srv_desk_free(&d);
		return e;
	}
	d->env = (struct srv_ceremony_env){ .anchors = config->anchors,
					    .store = config->store,
					    .events = config->events,
					    .instance = config->instance,
					    .url = config->url,
					    .deadline_ms = config->deadline_ms,
					    .lease_ms = config->lease_ms,
					    .poll_ms = config->poll_ms,
					    .hold_ms = config->hold_ms,
					    .chip_auth = config->chip_auth,
					    .holder = holder,
					    .ctx = d };
	d->sessions = config->sessions;
	*out = d;
	return ERR_OK;
}

void srv_desk_free(struct srv_desk **d)
{
	struct srv_ceremony *it;

	if (!*d)
		return;
	while ((it = (*d)->list)) {
		(*d)->list = it->next;
		srv_ceremony_free(&it);
	}
	srv_ends_free(&(*d)->ends);
	free(*d);
	*d = NULL;
}

/* By the first characters; other ones than hex digits are in no cookie, whatever place they lead to. */
static size_t cookie_place(const void *cookie)
{
	const uint8_t *c = cookie;
	size_t place = 0, i;

	for (i = 0; i < COOKIE_PLACE; i++)
		place = place * 31 + c[i];
	return place % COOKIE_PLACES;
}

/*
 * Those of one place are compared in constant time: time may tell the first 32 bits of a cookie to somebody who tries
 * for long, and nothing about the other 224.
 */
static struct srv_ceremony *find_cookie(const struct srv_desk *d, struct rd cookie)
{
	struct srv_ceremony *it, *found = NULL;

	for (it = cookie.n < COOKIE_PLACE ? NULL : d->cookies[cookie_place(cookie.p)]; it; it = it->next_cookie)
		if (rd_eq_secret(cookie, rd_of(it->cookie, sizeof(it->cookie) - 1)))
			found = it;
	return found;
}

static void add(struct srv_desk *d, struct srv_ceremony *c)
{
	struct srv_ceremony **place = &d->cookies[cookie_place(c->cookie)];

	c->next = d->list;
	d->list = c;
	c->next_cookie = *place;
	*place = c;
}

static bool is_full(const struct srv_desk *d, const char *from)
{
	const struct srv_ceremony *it;
	size_t all = 0, unproved_here = 0;

	for (it = d->list; it; it = it->next) {
		if (it->session.state == SRV_CLOSED)
			continue;
		all++;
		unproved_here += !it->is_open && !strcmp(it->from, from);
	}
	return all >= d->sessions || unproved_here >= SRV_PER_ADDRESS_MAX;
}

static struct srv_ceremony *find_any(const struct srv_desk *d, struct rd login_id)
{
	struct srv_ceremony *it = d->list;

	while (it && !rd_eq(login_id, RD_ARR(it->login_id)))
		it = it->next;
	return it;
}

/* It asked the same before, and was neither answered nor has it given up: its connection broke. */
static bool is_again(const struct srv_ceremony *old, const struct srv_host *host)
{
	return !strcmp(old->from, host->from) && !strcmp(old->host, host->name) &&
	       rd_eq(wr_view(&old->host_json), host->json) &&
	       (!old->ended_ms || srv_ceremony_facts(old)->result == ERR_REMOVED);
}

static void refuse(struct srv_call *call, int status)
{
	srv_call_answer(call, status, NULL);
}

static void forget(struct srv_desk *d, struct srv_ceremony **at)
{
	struct srv_ceremony *c = *at, **place = &d->cookies[cookie_place(c->cookie)];

	*at = c->next;
	while (*place != c)
		place = &(*place)->next_cookie;
	*place = c->next_cookie;
	srv_ceremony_free(&c);
}

/* Its request goes on without it. */
static void retire(struct srv_desk *d, struct srv_ceremony *old, uint64_t now_ms)
{
	struct srv_ceremony **at = &d->list;

	srv_ceremony_end(old, ERR_REMOVED, "the host asked again", now_ms);
	srv_ceremony_gone(old, now_ms);
	while (*at != old)
		at = &(*at)->next;
	forget(d, at);
}

static void tell_refused(const struct srv_desk *d, const struct srv_call *call, const char *why)
{
	struct srv_event ev;

	srv_event_init(&ev, "refused", NULL, NULL);
	ev.level = LOG_WARN;
	srv_event_word(&ev, "from", call->request.from);
	srv_event_text(&ev, "why", why);
	srv_event_emit(d->env.events, &ev);
}

/* The login that a host names, if it has been here before; NULL for both: it has not. */
struct before {
	struct srv_ceremony *live;
	struct srv_past *past;
};

static enum err before_find(const struct srv_desk *d, struct rd login_id, struct before *out)
{
	const struct srv_kept_filter f = { .login_id = login_id };
	enum err e;

	*out = (struct before){ .live = login_id.n ? find_any(d, login_id) : NULL };
	if (!login_id.n || out->live)
		return ERR_OK;
	e = srv_past_find(d->env.store, &f, &out->past);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static bool is_again_past(const struct srv_past *old, const struct srv_host *host)
{
	struct wr json;
	bool is_same;

	wr_init_heap(&json, REQUEST_JSON_MAX);
	is_same = old->may_return && !strcmp(old->from, host->from) && !strcmp(old->host, host->name) &&
		  !srv_past_host_json(old, &json) && rd_eq(wr_view(&json), host->json);
	wr_free(&json);
	return is_same;
}

/*
 * Time does not begin anew for a request that goes on. 0: it is over, or another one. After a restart the time of day
 * counts; what that says is bounded by what all have.
 */
static uint64_t time_left(const struct srv_desk *d, const struct before *b, const struct srv_host *host,
			  uint64_t now_ms)
{
	uint64_t ends_ms, left_ms;

	if (b->live) {
		ends_ms = srv_ceremony_facts(b->live)->ends_ms;
		return !is_again(b->live, host) ? 0 : !ends_ms ? b->live->deadline_ms :
		       ends_ms > now_ms ? ends_ms - now_ms : 0;
	}
	if (!is_again_past(b->past, host) || b->past->due <= clock_wall_s())
		return 0;
	left_ms = (uint64_t)(b->past->due - clock_wall_s()) * 1000;
	return left_ms < d->env.deadline_ms ? left_ms : d->env.deadline_ms;
}

static void begin(struct srv_desk *d, const struct srv_post *p, const struct ram_initiation *i, struct srv_call *call,
		  uint64_t now_ms)
{
	struct srv_host host = p->host;
	struct srv_ceremony *c = NULL;
	struct before old;
	enum err e = before_find(d, host.login_id, &old);

	host.from = call->request.from;
	host.name = call->who.name;
	host.answer_max = i->max_rsp;
	if (old.live || old.past)
		host.deadline_ms = time_left(d, &old, &host, now_ms);
	if (e || d->is_stopping || is_full(d, host.from)) {
		tell_refused(d, call, e ? "the store cannot be read" : d->is_stopping ? "the server stops" :
			     "too many sessions");
		refuse(call, 503);
	} else if ((old.live || old.past) && !host.deadline_ms) {
		tell_refused(d, call, "a login of this id is another one, or over");
		refuse(call, 409);
	} else if (srv_ceremony_new(&d->env, &host, &c)) {
		refuse(call, 503);
	} else {
		if (old.live) {
			srv_ceremony_join(c, old.live);
			retire(d, old.live, now_ms);
		} else if (old.past) {
			srv_ceremony_join_past(c, old.past);
		}
		add(d, c);
		(void)snprintf(call->reply.cookie, sizeof(call->reply.cookie), "HSMSESSION=%s; Path=%s; HttpOnly%s",
			       c->cookie, p->path, p->secure ? "; Secure" : "");
		srv_ceremony_begin(c, call, now_ms);
		if (call->reply.status != 200)
			call->reply.cookie[0] = '\0';
	}
	srv_past_free(&old.past);
}

void srv_desk_post(struct srv_desk *d, const struct srv_post *p, struct srv_call *call, uint64_t now_ms)
{
	struct srv_ceremony *old = p->cookie.n ? find_cookie(d, p->cookie) : NULL;
	struct ram_initiation i;

	if (!ram_read_initiation(call->request.body, &i)) {
		if (old && !(p->host.login_id.n && rd_eq(p->host.login_id, RD_ARR(old->login_id)))) {
			srv_ceremony_end(old, ERR_CANCELLED, "the host began anew", now_ms);
			srv_ceremony_gone(old, now_ms);
		}
		begin(d, p, &i, call, now_ms);
	} else if (old) {
		srv_ceremony_post(old, call, now_ms);
	} else {
		refuse(call, p->cookie.n ? 404 : 400);
	}
}

void srv_desk_gone(struct srv_desk *d, struct srv_call *call, uint64_t now_ms)
{
	struct srv_ceremony *it;

	if (srv_end_gone(d->ends, call))
		return;
	for (it = d->list; it && it->held != call;)
		it = it->next;
	if (it)
		srv_ceremony_gone(it, now_ms);
}

struct srv_ceremony *srv_desk_find(struct srv_desk *d, const char *id)
{
	struct srv_ceremony *it;

	for (it = d->list; it; it = it->next)
		if (!strcmp(it->id, id))
			return it;
	return NULL;
}

/* As find_cookie: the time tells nothing about any link. */
struct srv_ceremony *srv_desk_find_link(struct srv_desk *d, const char *link)
{
	struct srv_ceremony *it, *found = NULL;

	for (it = d->list; it; it = it->next)
		if (rd_eq_secret(rd_str(link), rd_of(it->link, sizeof(it->link) - 1)))
			found = it;
	return found;
}

enum err srv_desk_say_end(struct srv_desk *d, const struct srv_past *p, const struct srv_decision *decision,
			  uint64_t now_ms)
{
	struct srv_ceremony *held = srv_desk_find(d, p->id);
	enum err e = srv_end_say(d->ends, p, decision);
	char why[CHR_MAX + 20];

	(void)snprintf(why, sizeof(why), "%s has ended it", decision->chr);
	if (!e && held)
		(void)srv_ceremony_release(held, why, now_ms);
	return e;
}

void srv_desk_wait_end(struct srv_desk *d, struct rd login_id, struct srv_call *call, uint64_t now_ms)
{
	if (d->is_stopping)
		srv_call_refuse(call, 503, "stopping", "the server stops");
	else
		srv_end_wait(d->ends, login_id, call, now_ms);
}

struct srv_ceremony *srv_desk_next(struct srv_desk *d, const struct srv_ceremony *last)
{
	struct srv_ceremony *it = last ? last->next : d->list;

	while (it && (!it->target || it->hold == SRV_HOLD_IDLE))
		it = it->next;
	return it;
}

struct srv_ceremony *srv_desk_held(const struct srv_desk *d, const char *device_id)
{
	struct srv_ceremony *it;

	for (it = d->list; it; it = it->next)
		if (it->hold != SRV_HOLD_NOT && it->hold != SRV_HOLD_CLOSED && it->session.state != SRV_CLOSED &&
		    (!it->ended_ms || it->hold >= SRV_HOLD_OPEN) && it->target &&
		    !strcmp(it->target->device_id, device_id))
			return it;
	return NULL;
}

void srv_desk_end_device(struct srv_desk *d, const char *device_id, enum err result, const char *why, uint64_t now_ms)
{
	struct srv_ceremony *it;

	for (it = d->list; it; it = it->next)
		if (it->target && !strcmp(it->target->device_id, device_id))
			srv_ceremony_end(it, result, why, now_ms);
}

/* Those that are over are in the store. They go one round later: whoever looks for changes has seen that they ended. */
static void tidy(struct srv_desk *d)
{
	struct srv_ceremony **at = &d->list, *c;

	while ((c = *at)) {
		if (c->session.state == SRV_CLOSED && c->ended_ms && c->is_last_round) {
			forget(d, at);
			continue;
		}
		c->is_last_round = c->session.state == SRV_CLOSED && c->ended_ms;
		at = &c->next;
	}
}

uint64_t srv_desk_tick(struct srv_desk *d, uint64_t now_ms)
{
	struct srv_ceremony *it;
	uint64_t next = UINT64_MAX, due;

	for (it = d->list; it; it = it->next) {
		due = srv_ceremony_tick(it, now_ms);
		if (due < next)
			next = due;
	}
	tidy(d);
	due = srv_ends_tick(d->ends, now_ms);
	return due < next ? due : next;
}

void srv_desk_stop(struct srv_desk *d, uint64_t now_ms)
{
	struct srv_ceremony *it;

	d->is_stopping = true;
	for (it = d->list; it; it = it->next)
		srv_ceremony_end(it, ERR_SERVER, "the server stops", now_ms);
	srv_ends_stop(d->ends);
}

bool srv_desk_is_stopping(const struct srv_desk *d)
{
	return d->is_stopping;
}

bool srv_desk_is_quiet(const struct srv_desk *d)
{
	const struct srv_ceremony *it;

	for (it = d->list; it; it = it->next)
		if (it->session.state == SRV_READY || it->session.state == SRV_BUSY)
			return false;
	return true;
}
