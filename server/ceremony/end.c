/* SPDX-License-Identifier: Apache-2.0 */
#include "server/ceremony/end.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "pka/end.h"

struct waiting {
	struct waiting *next;
	struct srv_call *call;
	char request[SRV_ID_SIZE];
};
struct srv_ends {
	struct srv_ends_config config;
	struct waiting *list;
};

enum err srv_ends_new(const struct srv_ends_config *config, struct srv_ends **out)
{
	struct srv_ends *e = calloc(1, sizeof(*e));

	*out = e;
	if (!e)
		return ERR_NOMEM;
	e->config = *config;
	return ERR_OK;
}

void srv_ends_free(struct srv_ends **e)
{
	free(*e);
	*e = NULL;
}

/* It does not wait any more. */
static struct srv_call *leave(struct waiting **at)
{
	struct waiting *it = *at;
	struct srv_call *call = it->call;

	*at = it->next;
	free(it);
	return call;
}

/* ---- what was said ---- */

static enum err end_find(void *arg, const struct srv_kept_decision *d)
{
	json_t **out = arg;

	if (d->decision != PKA_END || *out)
		return ERR_OK;
	*out = json_pack("{s:o, s:o, s:o}", "chr", srv_json_text(d->chr), "statement", srv_json_bytes(d->statement),
			 "statement_signature", srv_json_bytes(d->statement_sig));
	return *out ? ERR_OK : ERR_NOMEM;
}

/* As docs/API.md has it; ERR_NOT_FOUND: nobody has said anything. */
static enum err said(const struct srv_ends *ends, const struct srv_past *p, json_t **out)
{
	const struct srv_store *s = ends->config.store;
	struct wr file;
	enum err e;

	*out = NULL;
	wr_init_heap(&file, HTTP_BODY_MAX);
	e = s->ops->decisions(s->ctx, p->number, end_find, out);
	if (!e && !*out)
		e = ERR_NOT_FOUND;
	if (!e)
		e = srv_past_pka_file(s, p, json_string_value(json_object_get(*out, "chr")), &file);
	if (!e && json_object_set_new(*out, "pka_file", srv_json_bytes(wr_view(&file))))
		e = ERR_NOMEM;
	wr_free(&file);
	if (e) {
		json_decref(*out);
		*out = NULL;
	}
	return e;
}

static void tell(struct srv_ends *ends, const struct srv_past *p, json_t *end, struct srv_call *call)
{
	struct srv_event ev;

	srv_event_init(&ev, "end-told", p->id, NULL);
	srv_event_word(&ev, "to", call->request.from);
	srv_event_emit(ends->config.events, &ev);
	srv_json_write(json_incref(end), &call->reply.body);
	srv_call_answer(call, 200, SRV_JSON);
}

/* ---- saying it ---- */

struct ending {
	const struct srv_ends *ends;
	const struct srv_past *p;
	const struct srv_decision *d;
	bool is_first;
};

static enum err nobody_yet(void *arg, const struct srv_kept_decision *d)
{
	struct ending *it = arg;

	it->is_first &= d->decision != PKA_END;
	return ERR_OK;
}

static enum err write(void *ctx, const struct srv_store *s)
{
	struct ending *it = ctx;
	const struct srv_kept_decision d = { .chr = it->d->chr, .from = it->d->from, .decision = PKA_END,
					     .when = clock_wall_s(), .statement = it->d->statement,
					     .statement_sig = it->d->statement_sig };
	enum err e = s->ops->decisions(s->ctx, it->p->number, nobody_yet, it);

	return e || !it->is_first ? e : s->ops->request_decide(s->ctx, it->p->id, it->ends->config.instance, &d);
}

static enum err check(const struct srv_ends *ends, const struct srv_past *p, const struct srv_decision *d)
{
	struct wr host_json, file;
	char who[CHR_MAX + 1];
	enum err e;

	if (!p->has_opened)
		return ERR_CONDITIONS;
	wr_init_heap(&host_json, REQUEST_JSON_MAX);
	wr_init_heap(&file, HTTP_BODY_MAX);
	e = srv_past_host_json(p, &host_json);
	if (!e)         /* the PKA file that was enrolled, so the registered key */
		e = srv_past_pka_file(ends->config.store, p, d->chr, &file);
	if (e == ERR_NOT_FOUND)
		e = ERR_SIGNATURE;
	if (!e)
		e = pka_end_check(wr_view(&file), d->statement, d->statement_sig, rd_str(p->device_id),
				  RD_ARR(p->login_id), wr_view(&host_json), who);
	if (!e && strcmp(who, d->chr))
		e = ERR_SIGNATURE;
	wr_free(&host_json);
	wr_free(&file);
	return e;
}

static void tell_all(struct srv_ends *ends, const struct srv_past *p)
{
	struct waiting **at = &ends->list;
	json_t *end;

	if (said(ends, p, &end))
		return;         /* they hear it when they ask again */
	while (*at) {
		if (strcmp((*at)->request, p->id))
			at = &(*at)->next;
		else
			tell(ends, p, end, leave(at));
	}
	json_decref(end);
}

static size_t count(const struct srv_ends *ends, const char *id)
{
	const struct waiting *it;
	size_t n = 0;

	for (it = ends->list; it; it = it->next)
		n += !strcmp(it->request, id);
	return n;
}

enum err srv_end_say(struct srv_ends *ends, const struct srv_past *p, const struct srv_decision *d)
{
	struct ending it = { ends, p, d, true };
	struct srv_event ev;
	enum err e = check(ends, p, d);

	srv_event_init(&ev, "end-session", p->id, p->device_id);
	srv_event_text(&ev, "key", d->chr);
	srv_event_word(&ev, "from", d->from);
	srv_event_number(&ev, "hosts", (int64_t)count(ends, p->id));
	srv_event_text(&ev, "result", e ? err_text(e) : "accepted");
	if (e) {
		srv_event_emit(ends->config.events, &ev);
		return e;
	}
	e = srv_event_commit(ends->config.events, &ev, write, &it);
	if (e)
		return e == ERR_NOMEM ? e : ERR_IO;
	tell_all(ends, p);
	return ERR_OK;
}

/* ---- waiting for it ---- */

static void wait(struct srv_ends *ends, const struct srv_past *p, struct srv_call *call, uint64_t now_ms)
{
	struct waiting *it = calloc(1, sizeof(*it));

	if (!it) {
		srv_call_refuse(call, 500, "server", "the server failed: %s", err_text(ERR_NOMEM));
		return;
	}
	memcpy(it->request, p->id, sizeof(it->request));
	it->call = call;
	it->next = ends->list;
	ends->list = it;
	call->until_ms = now_ms + ends->config.poll_ms;
}

void srv_end_wait(struct srv_ends *ends, struct rd login_id, struct srv_call *call, uint64_t now_ms)
{
	struct srv_past *p;
	json_t *end = NULL;
	enum err e = srv_past_find_opened(ends->config.store, login_id, call->who.name, &p);

	if (e == ERR_NOT_FOUND) {
		srv_call_refuse(call, 404, "not_found", "no login with this id has opened a card");
	} else {
		if (!e)
			e = said(ends, p, &end);
		if (!e)
			tell(ends, p, end, call);
		else if (e == ERR_NOT_FOUND)
			wait(ends, p, call, now_ms);
		else
			srv_call_refuse_store(call, e, srv_events_why(ends->config.events));
	}
	json_decref(end);
	srv_past_free(&p);
}

bool srv_end_gone(struct srv_ends *ends, struct srv_call *call)
{
	struct waiting **at = &ends->list;

	while (*at && (*at)->call != call)
		at = &(*at)->next;
	if (!*at)
		return false;
	srv_call_answer(leave(at), 404, NULL);  /* nobody reads it */
	return true;
}

uint64_t srv_ends_tick(struct srv_ends *ends, uint64_t now_ms)
{
	struct waiting **at = &ends->list;
	uint64_t next = UINT64_MAX;

	while (*at) {
		if ((*at)->call->until_ms > now_ms) {
			next = (*at)->call->until_ms < next ? (*at)->call->until_ms : next;
			at = &(*at)->next;
		} else {
			srv_call_answer(leave(at), 204, NULL);
		}
	}
	return next;
}

void srv_ends_stop(struct srv_ends *ends)
{
	while (ends->list)
		srv_call_refuse(leave(&ends->list), 503, "stopping", "the server stops");
}
