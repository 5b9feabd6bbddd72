/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a host says about itself and nobody has checked. Its names and values may be anything; those that we know come
 * first, by our names, all others are quoted.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "pka/limits.h"
#include "server/web/view.h"

#define OTHERS_MAX 8

static const struct { const char *key, *name; } known[] = {
	{ "reason", "Reason" }, { "host", "Host" }, { "user", "User" }, { "program", "Program" },
	{ "budget", "Limits" }, { "manifest", "Manifest (SHA-256)" }, { "exclusive", "Exclusive use" },
	{ "reuse", "Kept open" },
};
#define KNOWN (sizeof(known) / sizeof(known[0]))

static bool is_known(const char *key)
{
	size_t i;

	for (i = 0; i < KNOWN; i++)
		if (!strcmp(known[i].key, key))
			return true;
	return !strcmp(key, "v") || !strcmp(key, "login_id");
}

static bool says_something(const json_t *v)
{
	return v && !json_is_null(v) && !(json_is_string(v) && !json_string_length(v));
}

static void write_value(struct html *h, const json_t *v)
{
	char *text;

	if (json_is_string(v)) {
		html_bytes(h, rd_of(json_string_value(v), json_string_length(v)));
	} else if (json_is_boolean(v)) {
		html_text(h, json_is_true(v) ? "yes" : "no");
	} else {
		text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);
		html_text(h, text);
		free(text);
	}
}

/* What the limits mean, in words, line by line; as they came if they cannot be read. */
static void write_budget(struct html *h, const json_t *v)
{
	struct rd text = rd_of(json_string_value(v), json_string_length(v)), all, line;
	const uint8_t *end;
	struct pka_limits l;
	struct wr words;

	if (!text.n) {
		html_text(h, "none: the host has no agent that would keep any");
		return;
	}
	if (pka_limits_read(text, &l, NULL, 0)) {
		html_text(h, "not readable: ");
		html_bytes(h, text);
		return;
	}
	wr_init_heap(&words, HTML_TEXT_MAX);
	pka_limits_text(&l, "", &words);
	html_open(h, "ul", "plain");
	for (all = wr_view(&words); all.n; all = rd_of(end + 1, all.n - line.n - 1)) {
		end = memchr(all.p, '\n', all.n);
		if (!end)
			break;
		line = rd_of(all.p, (size_t)(end - all.p));
		html_open(h, "li", NULL);
		html_bytes(h, line);
		html_close(h);
	}
	html_close(h);
	if (wr_done(&words))
		wr_fail(h->w, wr_done(&words));
	wr_free(&words);
}

static void write_known(struct html *h, const json_t *o)
{
	const json_t *v;
	size_t i;

	for (i = 0; i < KNOWN; i++) {
		v = json_object_get(o, known[i].key);
		if (json_is_string(v) && !strcmp(known[i].key, "budget")) {
			html_element(h, "dt", NULL, known[i].name);
			html_open(h, "dd", NULL);
			write_budget(h, v);
			html_close(h);
		} else if (says_something(v)) {
			html_element(h, "dt", NULL, known[i].name);
			html_open(h, "dd", NULL);
			write_value(h, v);
			html_close(h);
		} else if (!strcmp(known[i].key, "reason")) {
			view_fact(h, known[i].name, "none is given");
		}
	}
}

void view_claims(struct html *h, struct rd host_json)
{
	const char *key;
	size_t others = 0;
	json_t *o = NULL, *v;

	if (host_json.n)
		o = json_loadb((const char *)host_json.p, host_json.n, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(o)) {
		html_element(h, "p", NULL, "The host says nothing about who asks and why.");
		json_decref(o);
		return;
	}
	html_open(h, "dl", "facts");
	write_known(h, o);
	json_object_foreach(o, key, v) {
		if (is_known(key) || !says_something(v) || ++others > OTHERS_MAX)
			continue;
		html_open(h, "dt", NULL);
		html_printf(h, "\"%s\"", key);
		html_close(h);
		html_open(h, "dd", NULL);
		write_value(h, v);
		html_close(h);
	}
	html_close(h);
	if (others > OTHERS_MAX) {
		html_open(h, "p", "hint");
		html_printf(h, "and %zu more", others - OTHERS_MAX);
		html_close(h);
	}
	json_decref(o);
}

const char *view_reason(const json_t *request, char *buf, size_t cap)
{
	json_t *o = NULL;
	struct wr json;

	wr_init_heap(&json, REQUEST_JSON_MAX);
	if (!srv_json_read_bytes(json_object_get(request, "host_json"), &json) && json.n)
		o = json_loadb((const char *)json.p, json.n, JSON_REJECT_DUPLICATES, NULL);
	(void)text_shown(rd_str(view_text(o, "reason")), buf, cap);
	json_decref(o);
	wr_free(&json);
	return buf;
}
