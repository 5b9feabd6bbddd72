/* SPDX-License-Identifier: Apache-2.0 */
#include "server/ceremony/request_json.h"
#include "server/web/view.h"

/* Of those that go on, a custodian sees apart what waits for him. */
enum part { WAITING, ELSEWHERE };

static bool is_custodian(const struct page *p)
{
	return page_may(p, SRV_MAY_INBOX) && !page_may(p, SRV_MAY_READ);
}

static bool is_in(const struct page *p, const struct srv_ceremony *c, enum part part)
{
	bool mine = !is_custodian(p) || srv_ceremony_waits_for(c, p->call->who.chr);

	return !c->ended_ms && srv_ceremony_is_seen_by(c, &p->call->who) && part == (mine ? WAITING : ELSEWHERE);
}

static void write_list(struct page *p, enum part part)
{
	const struct srv_ceremony *c = NULL;
	bool is_first = true;
	json_t *r;

	while ((c = srv_desk_next(p->s->desk, c))) {
		if (!is_in(p, c, part))
			continue;
		r = srv_json_request(c, SRV_IN_LIST, p->now_ms);
		if (r && is_first)
			view_list_open(&p->h);
		is_first &= !r;
		if (r)
			view_item(p, r);
		json_decref(r);
	}
	if (!is_first)
		html_close(&p->h);
}

static size_t count(const struct page *p, enum part part)
{
	const struct srv_ceremony *c = NULL;
	size_t n = 0;

	while ((c = srv_desk_next(p->s->desk, c)))
		n += is_in(p, c, part);
	return n;
}

void web_requests(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	struct page p;
	size_t n;

	(void)arg;
	if (!page_enter(&p, s, call, SRV_MAY_READ | SRV_MAY_OWN | SRV_MAY_INBOX, now_ms))
		return;
	n = count(&p, WAITING);
	page_begin(&p, "Waiting requests", "/");
	html_open(&p.h, "div", "live");
	html_attr(&p.h, "data-live", "list");
	html_element(&p.h, "h1", NULL, "Waiting requests");
	html_open(&p.h, "p", "lead");
	html_attr(&p.h, "role", "status");
	html_attr(&p.h, "data-part", "summary");
	if (n == 1)
		html_text(&p.h, is_custodian(&p) ? "One request waits for you." :
			  "One request waits for its custodians.");
	else if (n)
		html_printf(&p.h, is_custodian(&p) ? "%zu requests wait for you." :
			    "%zu requests wait for their custodians.", n);
	else
		html_text(&p.h, "Nothing waits. A request appears here when a program on a host logs in.");
	html_close(&p.h);
	html_open(&p.h, "div", NULL);
	html_attr(&p.h, "data-part", "list");
	write_list(&p, WAITING);
	if (count(&p, ELSEWHERE)) {
		html_element(&p.h, "p", "lead", "Of your cards, but you have decided, or others come first:");
		write_list(&p, ELSEWHERE);
	}
	html_close(&p.h);
	html_close(&p.h);
	page_end(&p, 200);
}
