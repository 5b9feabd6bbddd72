/* SPDX-License-Identifier: Apache-2.0 */
/* The audit, from the store. */
#include <string.h>

#include "server/web/search.h"
#include "server/web/view.h"

#define PAGE 50

static const char *const fields[] = { "q", NULL };

struct entries {
	struct html *h;
	size_t n;
	uint64_t last;
	bool is_more;
};

static void write_event(struct html *h, json_t *event)
{
	const char *key;
	char path[60];
	json_t *value;
	struct wr w;

	json_object_foreach(event, key, value) {
		if (!strcmp(key, "event"))
			continue;
		html_open(h, "dt", NULL);
		html_text(h, key);
		html_close(h);
		html_open(h, "dd", NULL);
		if (!strcmp(key, "request") && json_is_string(value)) {
			WR_ARR(&w, path);
			wr_printf(&w, "/requests/%s", json_string_value(value));
			html_open(h, "a", NULL);
			html_attr(h, "href", wr_cstr(&w));
			html_text(h, json_string_value(value));
			html_close(h);
		} else if (json_is_string(value)) {
			html_text(h, json_string_value(value));
		} else {
			html_printf(h, "%lld", (long long)json_integer_value(value));
		}
		html_close(h);
	}
}

static enum err entry_write(void *arg, const struct chain_entry *e)
{
	struct entries *l = arg;
	struct html *h = l->h;
	json_t *event;

	if (l->n == PAGE) {
		l->is_more = true;
		return ERR_OK;
	}
	event = json_loadb((const char *)e->event.p, e->event.n, 0, NULL);
	if (!event)
		return ERR_FORMAT;
	if (!l->n++) {
		html_open(h, "ol", "entries");
		html_attr(h, "role", "list");
	}
	l->last = e->seq;
	html_open(h, "li", "card");
	html_open(h, "div", "card-head");
	html_element(h, "h2", NULL, view_text(event, "event"));
	html_open(h, "span", "meta");
	html_printf(h, "entry %llu · ", (unsigned long long)e->seq);
	view_time(h, e->time);
	html_close(h);
	html_close(h);
	if (json_object_size(event) > 1) {
		html_open(h, "dl", "facts");
		write_event(h, event);
		html_close(h);
	}
	html_close(h);
	json_decref(event);
	return ERR_OK;
}

void web_audit(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	struct entries l = { .n = 0 };
	uint64_t next = 0;
	struct search find;
	struct page p;
	enum err e;

	(void)arg;
	if (!page_enter(&p, s, call, SRV_MAY_AUDIT, now_ms))
		return;
	search_read(&find, "/audit", fields, call->request.query);
	l.h = &p.h;
	page_begin(&p, "Audit", "/audit");
	html_element(&p.h, "h1", NULL, "Audit");
	html_element(&p.h, "p", "lead", "Everything that happened on this server, the latest first. Whether "
		     "nothing was changed or left out, quorum11 audit verify says of an export.");
	search_open(&p.h, &find);
	search_input(&p.h, &find, "q", "search", "Event, request, device, person or any other word of it");
	search_close(&p.h);
	e = s->store.ops->audit_back(s->store.ctx, find.before, search_value(&find, "q"), PAGE + 1, entry_write, &l,
				     &next);
	if (l.is_more)
		next = l.last;
	if (l.n)
		html_close(&p.h);
	if (e)
		html_element(&p.h, "p", "empty", "The server's store cannot be read now. Try again.");
	else if (!l.n)
		html_element(&p.h, "p", "empty", next ? "Nothing fits so far; go on with what is older." :
			     "Nothing fits.");
	search_pages(&p.h, &find, next);
	page_end(&p, e ? 503 : 200);
}
