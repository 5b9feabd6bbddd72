/* SPDX-License-Identifier: Apache-2.0 */
#include "server/event/event.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "server/base/quote.h"
#include "server/event/audit.h"

/* ---- one event ---- */

static void copy(char *out, size_t cap, const char *text)
{
	(void)snprintf(out, cap, "%s", text ? text : "");
}

void srv_event_init(struct srv_event *ev, const char *name, const char *request, const char *device)
{
	*ev = (struct srv_event){ .level = LOG_INFO, .when = clock_wall_s() };
	copy(ev->name, sizeof(ev->name), name);
	copy(ev->request, sizeof(ev->request), request);
	copy(ev->device, sizeof(ev->device), device);
}

static void field_add(struct srv_event *ev, const char *key, enum srv_field_kind kind, const char *value)
{
	size_t room = sizeof(ev->text) - ev->used;

	if (ev->n == SRV_EVENT_FIELDS || !room)
		return;
	ev->field[ev->n++] = (struct srv_field){ key, kind, ev->used };
	copy(ev->text + ev->used, room, value);
	ev->used += strlen(ev->text + ev->used) + 1;
}

void srv_event_word(struct srv_event *ev, const char *key, const char *word)
{
	field_add(ev, key, SRV_WORD, word);
}

void srv_event_text(struct srv_event *ev, const char *key, const char *text)
{
	struct srv_quoted q;

	field_add(ev, key, SRV_TEXT, srv_quote(text ? text : "", &q));
}

void srv_event_number(struct srv_event *ev, const char *key, int64_t v)
{
	char digits[24];

	(void)snprintf(digits, sizeof(digits), "%lld", (long long)v);
	field_add(ev, key, SRV_NUMBER, digits);
}

const char *srv_event_get(const struct srv_event *ev, const char *key)
{
	size_t i;

	for (i = 0; i < ev->n; i++)
		if (!strcmp(ev->field[i].key, key))
			return ev->text + ev->field[i].at;
	return "";
}

void srv_event_json(const struct srv_event *ev, struct wr *out)
{
	size_t i;

	wr_json_open(out);
	wr_json_text(out, "event", rd_str(ev->name));
	if (ev->request[0])
		wr_json_text(out, "request", rd_str(ev->request));
	if (ev->device[0])
		wr_json_text(out, "device", rd_str(ev->device));
	for (i = 0; i < ev->n; i++) {
		const char *value = ev->text + ev->field[i].at;

		if (ev->field[i].kind == SRV_NUMBER)
			wr_json_number(out, ev->field[i].key, strtoll(value, NULL, 10));
		else
			wr_json_text(out, ev->field[i].key, rd_str(value));
	}
	wr_json_close(out);
}

static void log_it(const struct srv_event *ev)
{
	struct srv_quoted q;
	struct wr w;
	size_t i;

	if (!log_wants(LOG_SRV, ev->level))
		return;
	wr_init_heap(&w, 2 * SRV_EVENT_TEXT);
	wr_printf(&w, "event=%s", ev->name);
	if (ev->request[0])
		wr_printf(&w, " request=%s", ev->request);
	if (ev->device[0])
		wr_printf(&w, " device=\"%s\"", srv_quote(ev->device, &q));
	for (i = 0; i < ev->n; i++)
		wr_printf(&w, ev->field[i].kind == SRV_TEXT ? " %s=\"%s\"" : " %s=%s", ev->field[i].key,
			  ev->text + ev->field[i].at);
	log_line(LOG_SRV, ev->level, "%s", wr_cstr(&w));
	wr_free(&w);
}

/* ---- the bus ---- */

#define PENDING_MAX 1000
#define RETRY_MS 1000
#define ROUNDS 4                /* of events that answer events, before others have their turn */

struct pending {
	struct pending *next;
	struct srv_event event;
	srv_event_write *write;         /* what changes with it; NULL: nothing */
	srv_event_drop *drop;
	void *ctx;
};
struct srv_events {
	struct srv_store *store;
	struct srv_audit *audit;
	struct srv_listener *listeners;
	struct pending *first, **end;   /* in the log, not in the audit yet */
	size_t waiting, lost;
	bool is_failing;                /* said; for the log line when it is over */
	bool is_unsigned;               /* entries came since the last checkpoint */
	uint64_t checkpoint_ms;         /* when the next is due; 0: not known yet */
};

enum err srv_events_new(struct srv_store *store, struct srv_audit *audit, struct srv_events **out)
{
	struct srv_events *b = calloc(1, sizeof(*b));

	*out = b;
	if (!b)
		return ERR_NOMEM;
	b->store = store;
	b->audit = audit;
	b->end = &b->first;
	return ERR_OK;
}

void srv_events_listen(struct srv_events *b, struct srv_listener *l)
{
	l->next = b->listeners;
	b->listeners = l;
}

void srv_events_leave(struct srv_events *b, struct srv_listener *l)
{
	struct srv_listener **at = &b->listeners;

	while (*at && *at != l)
		at = &(*at)->next;
	if (*at)
		*at = l->next;
}

static void tell(struct srv_events *b, const struct srv_event *ev)
{
	struct srv_listener *it, *next;

	for (it = b->listeners; it; it = next) {
		next = it->next;        /* who hears may leave */
		it->hear(it->ctx, ev);
	}
}

const char *srv_events_why(const struct srv_events *b)
{
	return b->store->ops->why(b->store->ctx);
}

static void pending_free(struct pending *it)
{
	if (it->drop)
		it->drop(it->ctx);
	free(it);
}

static void drop(struct srv_events *b)
{
	struct pending *it = b->first;

	b->first = it->next;
	if (!b->first)
		b->end = &b->first;
	b->waiting--;
	pending_free(it);
}

/* ctx is the entry's from now on. */
static void wait(struct srv_events *b, const struct srv_event *ev, srv_event_write *write, void *ctx,
		 srv_event_drop *drop_ctx)
{
	struct pending *p = calloc(1, sizeof(*p));

	log_it(ev);
	if (!p) {
		if (drop_ctx)
			drop_ctx(ctx);
		b->lost++;
		return;
	}
	*p = (struct pending){ .event = *ev, .write = write, .drop = drop_ctx, .ctx = ctx };
	*b->end = p;
	b->end = &p->next;
	if (++b->waiting > PENDING_MAX) {
		drop(b);
		b->lost++;
	}
}

void srv_event_emit(struct srv_events *b, const struct srv_event *ev)
{
	wait(b, ev, NULL, NULL, NULL);
}

static enum err entry_write(struct srv_events *b, const struct srv_event *ev)
{
	struct wr json;
	enum err e;

	wr_init_heap(&json, CHAIN_LINE_MAX);
	srv_event_json(ev, &json);
	e = wr_done(&json);
	if (!e)
		e = srv_audit_add(b->audit, ev->when, wr_view(&json));
	wr_free(&json);
	return e;
}

/* All that waits, within a transaction; that entries are missing is an entry itself. */
static enum err pending_write(struct srv_events *b)
{
	const struct pending *it;
	struct srv_event gap;
	enum err e = ERR_OK;

	if (b->lost) {
		srv_event_init(&gap, "gap", NULL, NULL);
		srv_event_number(&gap, "lost", (int64_t)b->lost);
		e = entry_write(b, &gap);
	}
	for (it = b->first; it && !e; it = it->next) {
		if (it->write)
			e = it->write(it->ctx, b->store);
		if (!e)
			e = entry_write(b, &it->event);
	}
	return e;
}

/* They are kept: whoever listens may know. What listeners make of it comes behind. */
static void pending_tell(struct srv_events *b)
{
	struct pending *it = b->first, *next;

	b->first = NULL;
	b->end = &b->first;
	b->waiting = b->lost = 0;
	b->is_unsigned = true;
	for (; it; it = next) {
		next = it->next;
		tell(b, &it->event);
		pending_free(it);
	}
}

static void say(struct srv_events *b, enum err e)
{
	if (e && !b->is_failing)
		log_line(LOG_SRV, LOG_ERROR, "event=store result=\"%s\"", srv_events_why(b));
	else if (!e && b->is_failing)
		log_line(LOG_SRV, LOG_INFO, "event=store result=\"written again\"");
	b->is_failing = e != ERR_OK;
}

enum err srv_event_commit(struct srv_events *b, const struct srv_event *ev, srv_event_write *write, void *ctx)
{
	const struct srv_store *s = b->store;
	bool is_store = true;
	enum err e = s->ops->begin(s->ctx);

	if (!e) {
		e = pending_write(b);
		if (!e && write) {
			e = write(ctx, s);
			/* There already, or not there: the caller's matter. */
			is_store = e != ERR_CONDITIONS && e != ERR_NOT_FOUND;
		}
		if (!e)
			e = entry_write(b, ev);
		e = s->ops->end(s->ctx, e);
	}
	if (is_store)
		say(b, e);
	if (e)
		return e;
	pending_tell(b);
	log_it(ev);
	tell(b, ev);
	return ERR_OK;
}

static enum err flush(struct srv_events *b)
{
	const struct srv_store *s = b->store;
	enum err e;

	if (!b->first && !b->lost)
		return ERR_OK;
	e = s->ops->begin(s->ctx);
	if (!e)
		e = s->ops->end(s->ctx, pending_write(b));
	say(b, e);
	if (!e)
		pending_tell(b);
	return e;
}

bool srv_event_keep(struct srv_events *b, const struct srv_event *ev, srv_event_write *write, void *ctx,
		    srv_event_drop *drop_ctx)
{
	wait(b, ev, write, ctx, drop_ctx);
	return !flush(b);
}

enum err srv_events_checkpoint(struct srv_events *b)
{
	const struct srv_store *s = b->store;
	enum err e = flush(b);

	if (!e)
		e = s->ops->begin(s->ctx);
	if (!e)
		e = s->ops->end(s->ctx, srv_audit_checkpoint(b->audit, clock_wall_s()));
	if (!e)
		b->is_unsigned = false;
	return e;
}

uint64_t srv_events_flush(struct srv_events *b, uint64_t now_ms)
{
	unsigned round;

	/* What those who hear say to it belongs to the same round. */
	for (round = 0; !round || (b->first && round < ROUNDS); round++)
		if (flush(b))
			return now_ms + RETRY_MS;
	if (b->first)
		return now_ms;
	if (!b->is_unsigned) {
		b->checkpoint_ms = 0;
		return UINT64_MAX;
	}
	if (!b->checkpoint_ms)
		b->checkpoint_ms = now_ms + SRV_CHECKPOINT_MS;
	if (b->checkpoint_ms > now_ms)
		return b->checkpoint_ms;
	b->checkpoint_ms = 0;
	return srv_events_checkpoint(b) ? now_ms + RETRY_MS : UINT64_MAX;
}

void srv_events_free(struct srv_events **b)
{
	struct srv_events *it = *b;

	if (!it)
		return;
	if (srv_events_checkpoint(it))
		log_tell("the end of the audit could not be written: %s", srv_events_why(it));
	while (it->first)
		drop(it);
	free(it);
	*b = NULL;
}
