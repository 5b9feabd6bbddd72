/* SPDX-License-Identifier: Apache-2.0 */
/* A request in a list of them. */
#include "server/web/view.h"

void view_list_open(struct html *h)
{
	html_open(h, "ul", "cards");
	html_attr(h, "role", "list");
}

void view_item(struct page *p, const json_t *r)
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
