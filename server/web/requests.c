/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "server/api_json.h"
#include "server/web/form.h"
#include "server/web/view.h"

#define SEARCH_MAX 100

static void write_item(struct page *p, const json_t *r)
{
	struct html *h = &p->h;
	char reason[SHOWN_MAX], path[60];
	struct wr w;

	WR_ARR(&w, path);
	wr_printf(&w, "/requests/%s", view_text(r, "id"));
	html_open(h, "li", "card");
	html_open(h, "div", "card-head");
	html_open(h, "h2", NULL);
	html_open(h, "a", NULL);
	html_attr(h, "href", wr_cstr(&w));
	html_text(h, view_device(p->s, r));
	html_close(h);
	html_close(h);
	view_state(h, r);
	html_close(h);
	if (view_reason(r, reason, sizeof(reason))[0]) {
		html_open(h, "p", "says");
		html_open(h, "span", "label");
		html_text(h, "The host says");
		html_close(h);
		html_text(h, " ");
		html_element(h, "q", NULL, reason);
		html_close(h);
	}
	html_open(h, "div", "card-foot");
	view_progress(h, r);
	html_open(h, "span", "meta");
	view_asked(h, r);
	html_close(h);
	html_close(h);
	html_close(h);
}

/* Does any word that people see of it hold what is searched for? */
static bool fits(const struct srv *s, const json_t *r, const char *search)
{
	char reason[SHOWN_MAX];

	return strcasestr(view_reason(r, reason, sizeof(reason)), search) ||
	       strcasestr(view_text(r, "device_id"), search) || strcasestr(view_device(s, r), search) ||
	       strcasestr(view_text(r, "result"), search) || strcasestr(view_text(r, "why"), search) ||
	       strcasestr(view_text(r, "id"), search);
}

/* Those that go on, of which a custodian sees apart what waits for him; and those that are over. */
enum part { WAITING, ELSEWHERE, OVER };

static bool is_custodian(const struct page *p)
{
	return page_may(p, SRV_MAY_INBOX) && !page_may(p, SRV_MAY_READ);
}

static bool is_in(const struct page *p, const struct srv_ceremony *c, enum part part)
{
	bool mine = !is_custodian(p) || srv_ceremony_waits_for(c, p->call->who.chr);

	return srv_ceremony_is_seen_by(c, &p->call->who) &&
	       part == (c->ended_ms ? OVER : mine ? WAITING : ELSEWHERE);
}

/* How many were written. */
static size_t write_list(struct page *p, enum part part, const char *search)
{
	const struct srv_ceremony *c = NULL;
	size_t n = 0;
	json_t *r;

	while ((c = srv_desk_next(p->s->desk, c))) {
		if (!is_in(p, c, part))
			continue;
		r = srv_json_request(c, SRV_IN_LIST, p->now_ms);
		if (r && fits(p->s, r, search)) {
			if (!n++) {
				html_open(&p->h, "ul", "cards");
				html_attr(&p->h, "role", "list");
			}
			write_item(p, r);
		}
		json_decref(r);
	}
	if (n)
		html_close(&p->h);
	return n;
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
	(void)write_list(&p, WAITING, "");
	if (count(&p, ELSEWHERE)) {
		html_element(&p.h, "p", "lead", "Of your cards, but you have decided, or others come first:");
		(void)write_list(&p, ELSEWHERE, "");
	}
	html_close(&p.h);
	html_close(&p.h);
	page_end(&p, 200);
}

static void write_search(struct page *p, const char *path, const char *label, const char *search)
{
	struct html *h = &p->h;

	html_open(h, "form", "search");
	html_attr(h, "role", "search");
	html_attr(h, "method", "get");
	html_attr(h, "action", path);
	html_open(h, "label", NULL);
	html_attr(h, "for", "q");
	html_text(h, label);
	html_close(h);
	html_open(h, "div", "row");
	html_open(h, "input", NULL);
	html_attr(h, "id", "q");
	html_attr(h, "type", "search");
	html_attr(h, "name", "q");
	html_attr(h, "value", search);
	html_close(h);
	html_element(h, "button", NULL, "Search");
	html_close(h);
	html_close(h);
}

void web_history(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	char search[SEARCH_MAX];
	struct page p;

	(void)arg;
	if (!page_enter(&p, s, call, SRV_MAY_READ | SRV_MAY_OWN | SRV_MAY_INBOX, now_ms))
		return;
	form_get(rd_str(call->request.query), "q", search, sizeof(search));
	page_begin(&p, "History", "/history");
	html_element(&p.h, "h1", NULL, "History");
	html_element(&p.h, "p", "lead", "Requests that have ended, the newest first.");
	write_search(&p, "/history", "Device, reason, result or id", search);
	if (!write_list(&p, OVER, search))
		html_element(&p.h, "p", "empty", search[0] ? "Nothing fits." : "No request has ended yet.");
	page_end(&p, 200);
}
