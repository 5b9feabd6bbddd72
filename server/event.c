/* SPDX-License-Identifier: Apache-2.0 */
#include "server/event.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "server/call.h"

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

struct srv_events {
	struct srv_store *store;
	struct srv_listener *listeners;
};

enum err srv_events_new(struct srv_store *store, struct srv_events **out)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return ERR_NOMEM;
	(*out)->store = store;
	return ERR_OK;
}

void srv_events_free(struct srv_events **b)
{
	free(*b);
	*b = NULL;
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

void srv_event_emit(struct srv_events *b, const struct srv_event *ev)
{
	log_it(ev);
	tell(b, ev);
}

enum err srv_event_commit(struct srv_events *b, const struct srv_event *ev, srv_event_write *write, void *ctx)
{
	enum err e = write ? write(ctx, b->store) : ERR_OK;

	if (e)
		return e;
	log_it(ev);
	tell(b, ev);
	return ERR_OK;
}

uint64_t srv_events_flush(struct srv_events *b, uint64_t now_ms)
{
	(void)b;
	(void)now_ms;
	return UINT64_MAX;
}
