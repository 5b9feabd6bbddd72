/* SPDX-License-Identifier: Apache-2.0 */
/* The audit over HTTP: to look through, and to take along. */
#include <stdlib.h>
#include <string.h>

#include "server/api/answer.h"
#include "server/api/api.h"
#include "server/base/json.h"
#include "server/base/query.h"
#include "server/srv/srv.h"

#define PAGE_MAX 200
#define EXPORT_MAX 20000                /* entries of one answer; the next one begins behind them */
#define NDJSON "application/x-ndjson"

struct page {
	json_t *list;
	uint64_t last;
	size_t n;
};

static enum err page_take(void *arg, const struct chain_entry *e)
{
	struct page *p = arg;

	p->last = e->seq;
	p->n++;
	srv_json_append(&p->list,
			json_pack("{s:I, s:I, s:o, s:o, s:o}", "seq", (json_int_t)e->seq, "time", (json_int_t)e->time,
				  "previous", srv_json_hex(RD_ARR(e->previous)), "event",
				  json_loadb((const char *)e->event.p, e->event.n, 0, NULL), "hash",
				  srv_json_hex(RD_ARR(e->hash))));
	return p->list ? ERR_OK : ERR_NOMEM;
}

void srv_api_audit(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	char search[SRV_QUERY_MAX + 1];
	struct page p = { .list = json_array() };
	uint64_t from = 1, next;
	enum err e;

	(void)arg;
	(void)now_ms;
	if (!srv_query_number(call->request.query, "from", &from) ||
	    !srv_query_text(call->request.query, "search", search)) {
		json_decref(p.list);
		srv_call_refuse(call, 400, "bad_request", "from is a number, search at most %d bytes", SRV_QUERY_MAX);
		return;
	}
	e = s->store.ops->audit_read(s->store.ctx, from, search, PAGE_MAX, page_take, &p, &next);
	if (e) {
		json_decref(p.list);
		srv_api_refuse_store(s, call, e);
		return;
	}
	if (p.n == PAGE_MAX)
		next = p.last + 1;
	srv_api_answer(call, 200, json_pack("{s:o, s:o}", "entries", p.list, "next",
					    next ? json_integer((json_int_t)next) : json_null()));
}

static enum err line_take(void *arg, const struct chain_entry *e)
{
	struct wr *w = arg;

	chain_line_write(e, w);
	return wr_done(w);
}

void srv_api_audit_export(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	uint64_t from = 1;
	enum err e;

	(void)arg;
	(void)now_ms;
	if (!srv_query_number(call->request.query, "from", &from)) {
		srv_call_refuse(call, 400, "bad_request", "from is a number");
		return;
	}
	e = srv_events_checkpoint(s->events);
	if (!e)
		e = s->store.ops->audit_read(s->store.ctx, from, "", EXPORT_MAX, line_take, &call->reply.body, NULL);
	if (e)
		srv_api_refuse_store(s, call, e);
	else
		srv_call_answer(call, 200, NDJSON);
}
