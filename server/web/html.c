/* SPDX-License-Identifier: Apache-2.0 */
#include "server/web/html.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static bool is_one_of(const char *name, const char *const *list)
{
	while (*list && strcmp(*list, name))
		list++;
	return *list != NULL;
}

/* Elements that never have content (HTML 13.1.2). */
static bool is_void(const char *tag)
{
	static const char *const list[] = { "meta", "link", "input", "br", "hr", "img", NULL };

	return is_one_of(tag, list);
}

static bool is_address(const char *name)
{
	static const char *const list[] = { "href", "src", "action", NULL };

	return is_one_of(name, list);
}

/* Where an address may lead: "//elsewhere" is another server's, and "javascript:" none at all. */
static bool leads_well(const char *value)
{
	return (value[0] == '/' && value[1] != '/' && value[1] != '\\') || value[0] == '#' ||
	       !strncmp(value, "https://", 8) || !strncmp(value, "http://", 7);
}

static void put_escaped(struct wr *w, struct rd text)
{
	static const char *const as[256] = {
		['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;",
	};
	size_t i;

	for (i = 0; i < text.n; i++)
		if (as[text.p[i]])
			wr_text(w, as[text.p[i]]);
		else
			wr_u8(w, text.p[i]);
}

static void put_foreign(struct wr *w, struct rd text)
{
	struct wr shown;

	wr_init_heap(&shown, HTML_TEXT_MAX + 8);
	wr_shown(&shown, text, HTML_TEXT_MAX);
	put_escaped(w, wr_view(&shown));
	if (wr_done(&shown))
		wr_fail(w, wr_done(&shown));
	wr_free(&shown);
}

static void start_tag_end(struct html *h)
{
	if (h->in_tag)
		wr_u8(h->w, '>');
	h->in_tag = false;
}

void html_begin(struct html *h, struct wr *w)
{
	*h = (struct html){ .w = w };
	wr_text(w, "<!DOCTYPE html>\n");
}

void html_end(struct html *h)
{
	if (h->depth)
		wr_fail(h->w, ERR_BUG);
	wr_text(h->w, "\n");
}

void html_open_literal(struct html *h, const char *tag, const char *class_)
{
	start_tag_end(h);
	if (h->depth == HTML_DEPTH) {
		wr_fail(h->w, ERR_BUG);
		return;
	}
	h->open[h->depth++] = tag;
	wr_u8(h->w, '<');
	wr_text(h->w, tag);
	h->in_tag = true;
	if (class_)
		html_attr(h, "class", class_);
}

void html_attr_literal(struct html *h, const char *name, const char *value)
{
	if (!h->in_tag || (is_address(name) && !leads_well(value))) {
		wr_fail(h->w, ERR_BUG);
		return;
	}
	wr_u8(h->w, ' ');
	wr_text(h->w, name);
	wr_text(h->w, "=\"");
	put_foreign(h->w, rd_str(value));
	wr_u8(h->w, '"');
}

void html_attr_number(struct html *h, const char *name, int64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%lld", (long long)value);
	html_attr_literal(h, name, text);
}

void html_bytes(struct html *h, struct rd text)
{
	start_tag_end(h);
	if (!h->depth || is_void(h->open[h->depth - 1]))
		wr_fail(h->w, ERR_BUG);
	put_foreign(h->w, text);
}

void html_text(struct html *h, const char *text)
{
	html_bytes(h, rd_str(text));
}

void html_printf(struct html *h, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		wr_fail(h->w, ERR_BUG);
	else
		html_text(h, text);
}

void html_close(struct html *h)
{
	const char *tag;

	if (!h->depth) {
		wr_fail(h->w, ERR_BUG);
		return;
	}
	tag = h->open[--h->depth];
	if (is_void(tag)) {
		wr_text(h->w, " />");
		if (!h->in_tag)
			wr_fail(h->w, ERR_BUG);
		h->in_tag = false;
		return;
	}
	start_tag_end(h);
	wr_text(h->w, "</");
	wr_text(h->w, tag);
	wr_u8(h->w, '>');
}

void html_element_literal(struct html *h, const char *tag, const char *class_, const char *text)
{
	html_open_literal(h, tag, class_);
	html_text(h, text);
	html_close(h);
}
