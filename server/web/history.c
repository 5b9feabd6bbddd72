/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that have ended, from the store. */
#include <string.h>

#include "base/date.h"
#include "server/srv/history.h"
#include "server/web/search.h"
#include "server/web/view.h"

#define PAGE 50
#define DAY_S 86400

static const char *const history_fields[] = { "q", "outcome", "from", "until", NULL };

static unsigned digits(const char *text, size_t n)
{
	unsigned v = 0;

	while (n-- && *text >= '0' && *text <= '9')
		v = v * 10 + (unsigned)(*text++ - '0');
	return v;
}

/* A day as a browser's field gives it, 2026-11-20: its first second; 0: it is none. */
static int64_t day_read(const char *text)
{
	int64_t days;

	if (strlen(text) != 10 || text[4] != '-' || text[7] != '-' ||
	    date_days(digits(text, 4), digits(text + 5, 2), digits(text + 8, 2), &days))
		return 0;
	return days * DAY_S;
}

static void write_outcomes(struct html *h, const struct search *s)
{
	const char *word, *text, *chosen = search_value(s, "outcome");
	size_t i;

	html_open(h, "div", "field");
	html_open(h, "label", NULL);
	html_attr(h, "for", "outcome");
	html_text(h, "How it ended");
	html_close(h);
	html_open(h, "select", NULL);
	html_attr(h, "id", "outcome");
	html_attr(h, "name", "outcome");
	html_open(h, "option", NULL);
	html_attr(h, "value", "");
	html_text(h, "Any way");
	html_close(h);
	for (i = 0; (word = view_outcome(i, &text)); i++) {
		html_open(h, "option", NULL);
		html_attr(h, "value", word);
		if (!strcmp(word, chosen))
			html_attr(h, "selected", "selected");
		html_text(h, text);
		html_close(h);
	}
	html_close(h);
	html_close(h);
}

static void write_history_search(struct html *h, const struct search *s)
{
	search_open(h, s);
	search_input(h, s, "q", "search", "Device, reason, result or id");
	write_outcomes(h, s);
	search_input(h, s, "from", "date", "Asked from (UTC)");
	search_input(h, s, "until", "date", "Asked until");
	search_close(h);
}

static void write_requests(struct page *p, const json_t *list)
{
	json_t *one;
	size_t i;

	view_list_open(&p->h);
	json_array_foreach(list, i, one)
		view_item(p, one);
	html_close(&p->h);
}

void web_history(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	struct srv_kept_filter f;
	struct search find;
	json_t *list;
	struct page p;
	int64_t next, until;

	(void)arg;
	if (!page_enter(&p, s, call, SRV_MAY_READ | SRV_MAY_OWN | SRV_MAY_INBOX, now_ms))
		return;
	search_read(&find, "/history", history_fields, call->request.query);
	until = day_read(search_value(&find, "until"));
	f = (struct srv_kept_filter){ .search = search_value(&find, "q"), .outcome = search_value(&find, "outcome"),
				      .from = day_read(search_value(&find, "from")),
				      .until = until ? until + DAY_S - 1 : 0, .before = (int64_t)find.before };
	if (srv_history_list(s, &call->who, &f, PAGE, &list, &next)) {
		page_refuse_store(&p);
		return;
	}
	page_begin(&p, "History", "/history");
	html_element(&p.h, "h1", NULL, "History");
	html_element(&p.h, "p", "lead", "Requests that have ended, the newest first.");
	write_history_search(&p.h, &find);
	if (json_array_size(list))
		write_requests(&p, list);
	else
		html_element(&p.h, "p", "empty", search_is_empty(&find) ? "No request has ended yet." :
			     next ? "Nothing fits so far; go on with what is older." : "Nothing fits.");
	search_pages(&p.h, &find, (uint64_t)next);
	json_decref(list);
	page_end(&p, 200);
}
