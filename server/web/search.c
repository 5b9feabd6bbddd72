/* SPDX-License-Identifier: Apache-2.0 */
#include "server/web/search.h"

#include <string.h>

#include "server/base/query.h"
#include "server/web/form.h"

#define ADDRESS_MAX (100 + SEARCH_FIELDS * (20 + 3 * SEARCH_MAX))

void search_read(struct search *s, const char *path, const char *const *names, const char *query)
{
	*s = (struct search){ .path = path };
	for (; *names && s->n < SEARCH_FIELDS; names++) {
		s->field[s->n].name = *names;
		form_get(rd_str(query), *names, s->field[s->n].value, SEARCH_MAX);
		s->n++;
	}
	if (!srv_query_number(query, "before", &s->before))
		s->before = 0;
}

const char *search_value(const struct search *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (!strcmp(s->field[i].name, name))
			return s->field[i].value;
	return "";
}

bool search_is_empty(const struct search *s)
{
	size_t i, used = s->before != 0;

	for (i = 0; i < s->n; i++)
		used += s->field[i].value[0] != '\0';
	return !used;
}

void search_open(struct html *h, const struct search *s)
{
	html_open(h, "form", "search");
	html_attr(h, "role", "search");
	html_attr(h, "method", "get");
	html_attr(h, "action", s->path);
}

void search_input(struct html *h, const struct search *s, const char *name, const char *type, const char *label)
{
	html_open(h, "div", "field");
	html_open(h, "label", NULL);
	html_attr(h, "for", name);
	html_text(h, label);
	html_close(h);
	html_open(h, "input", NULL);
	html_attr(h, "id", name);
	html_attr(h, "type", type);
	html_attr(h, "name", name);
	html_attr(h, "value", search_value(s, name));
	html_close(h);
	html_close(h);
}

void search_close(struct html *h)
{
	html_element(h, "button", NULL, "Search");
	html_close(h);
}

static void write_page_link(struct html *h, const struct search *s, uint64_t before, const char *text)
{
	char address[ADDRESS_MAX];
	const char *join = "?";
	struct wr w;
	size_t i;

	WR_ARR(&w, address);
	wr_text(&w, s->path);
	for (i = 0; i < s->n; i++) {
		if (!s->field[i].value[0])
			continue;
		wr_printf(&w, "%s%s=", join, s->field[i].name);
		form_put(&w, s->field[i].value);
		join = "&";
	}
	if (before)
		wr_printf(&w, "%sbefore=%llu", join, (unsigned long long)before);
	html_open(h, "li", NULL);
	html_open(h, "a", NULL);
	html_attr(h, "href", wr_cstr(&w));
	html_text(h, text);
	html_close(h);
	html_close(h);
}

void search_pages(struct html *h, const struct search *s, uint64_t before)
{
	if (!s->before && !before)
		return;
	html_open(h, "nav", "pages");
	html_attr(h, "aria-label", "Further pages");
	html_open(h, "ul", NULL);
	if (s->before)
		write_page_link(h, s, 0, "The latest");
	if (before)
		write_page_link(h, s, before, "Older");
	html_close(h);
	html_close(h);
}
