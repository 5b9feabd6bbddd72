/* SPDX-License-Identifier: Apache-2.0 */
#include "server/web/stream.h"

#include <string.h>

#include "server/base/sum.h"
#include "server/ceremony/request_json.h"
#include "server/web/page.h"
#include "server/web/view.h"
#include "server/web/web_int.h"

#define STREAM_TYPE "text/event-stream"
#define LINK_ROUTE "/r/*/events"

static void leave(struct srv_call *call)
{
	struct web_streams *l = call->keeper;
	struct srv_call **at = &l->list;

	while (*at && *at != call)
		at = &(*at)->next;
	if (*at) {
		*at = call->next;
		l->n--;
	}
	srv_call_stream_end(call);
}

void web_streams_end(struct web_streams *l)
{
	while (l->list)
		leave(l->list);
}

void web_streams_add(struct web_streams *l, struct srv_call *call, uint64_t now_ms)
{
	if (l->n >= WEB_STREAMS_MAX) {
		srv_call_refuse(call, 503, "too_many", "too many pages are open; this one is not kept up to date");
		return;
	}
	if (!l->list)
		l->beat_ms = now_ms + WEB_HEARTBEAT_MS;
	call->until_ms = now_ms + WEB_STREAM_MS;
	call->next = l->list;
	l->list = call;
	l->n++;
	srv_call_stream(call, STREAM_TYPE, leave, l);
	/* How soon the browser asks again, and something that shows it that it is heard. */
	if (!srv_call_stream_put(call, RD_LIT("retry: 2000\n: hello\n\n")))
		leave(call);
}

/* Who may see it by what he is, or has its link, by which his stream is called. c NULL: everybody. */
static bool hears(const struct srv_call *call, const struct srv_ceremony *c)
{
	return !c || srv_ceremony_is_seen_by(c, &call->who) ||
	       (!strcmp(call->route, LINK_ROUTE) && !strncmp(call->request.path + strlen("/r/"), c->link,
							      SRV_LINK_SIZE - 1));
}

/* Whoever has fallen behind, or listens long enough, is let go, and comes again. */
static void put_all(struct web_streams *l, const struct srv_ceremony *c, struct rd bytes, uint64_t now_ms)
{
	struct srv_call *it, *next;

	for (it = l->list; it; it = next) {
		next = it->next;
		if (now_ms >= it->until_ms || (hears(it, c) && !srv_call_stream_put(it, bytes)))
			leave(it);
	}
}

/* What a page shows of it, as a number: another one when that has changed. */
static uint32_t look(const struct srv_ceremony *c)
{
	const struct pka_facts *f = srv_ceremony_facts(c);
	const uint32_t parts[] = { f->state, f->approvals, (uint32_t)f->records_n, c->ended_ms != 0, f->changed_mode,
				   f->turn ? srv_sum(rd_str(f->turn->chr)) : 0, srv_sum(f->challenge) };

	return srv_sum(RD_ARR(parts)) | 1;
}

static void tell(struct web_streams *l, const struct srv_ceremony *c, uint64_t now_ms)
{
	json_t *r = srv_json_request(c, SRV_IN_LIST, now_ms);
	json_t *j = json_pack("{s:s, s:s, s:I, s:I}", "id", view_text(r, "id"), "state", view_text(r, "state"),
			      "approvals", (json_int_t)view_number(r, "approvals"), "n",
			      (json_int_t)view_number(r, "n"));
	struct wr w;

	wr_init_heap(&w, 1024);
	wr_text(&w, "event: request\ndata: ");
	srv_json_write(j, &w);
	wr_text(&w, "\n\n");
	if (!wr_done(&w))
		put_all(l, c, wr_view(&w), now_ms);
	wr_free(&w);
	json_decref(r);
}

uint64_t web_streams_tick(struct srv *s, struct web_streams *l, uint64_t now_ms)
{
	struct srv_ceremony *c = NULL;
	uint32_t seen;

	if (!l->list)
		return UINT64_MAX;
	while ((c = srv_desk_next(s->desk, c))) {
		seen = look(c);
		if (c->seen == seen)
			continue;
		c->seen = seen;
		tell(l, c, now_ms);
	}
	if (now_ms >= l->beat_ms) {
		l->beat_ms = now_ms + WEB_HEARTBEAT_MS;
		put_all(l, NULL, RD_LIT(": still here\n\n"), now_ms);
	}
	return l->list ? l->beat_ms : UINT64_MAX;
}

void web_events(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	struct page p;

	(void)arg;
	if (page_enter(&p, s, call, SRV_MAY_READ | SRV_MAY_OWN | SRV_MAY_INBOX, now_ms))
		web_streams_add(&s->web->streams, call, now_ms);
}

void web_link_events(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	struct srv_found f;
	struct page p;

	if (page_enter_link(&p, s, call, arg, now_ms, &f))
		web_streams_add(&s->web->streams, call, now_ms);
	srv_found_free(&f);
}
