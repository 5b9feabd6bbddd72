/* SPDX-License-Identifier: Apache-2.0 */
#include "server/web/view.h"

#include <string.h>

#include "base/date.h"

const char *view_text(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

int64_t view_number(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

void view_time(struct html *h, int64_t when)
{
	char text[40] = "";
	struct wr w;

	WR_ARR(&w, text);
	wr_time(&w, when);
	html_open(h, "time", NULL);
	html_attr(h, "datetime", wr_cstr(&w));
	/* 2026-11-20T23:59:59Z as people read it */
	html_printf(h, "%.10s %.8s UTC", text, text + 11);
	html_close(h);
}

void view_left(struct html *h, int64_t seconds)
{
	html_open(h, "span", "left");
	html_attr_number(h, "data-seconds", seconds);
	if (seconds >= 60)
		html_printf(h, "%lld min %lld s left", (long long)seconds / 60, (long long)seconds % 60);
	else
		html_printf(h, "%lld s left", (long long)seconds);
	html_close(h);
}

bool view_is_live(const json_t *request)
{
	const char *state = view_text(request, "state");

	return strcmp(state, "open") && strcmp(state, "failed");
}

/* state, then result: how it is called, and how its mark looks. The mark's shape says the same as its colour. */
static const struct { const char *word, *mark, *text; } states[] = {
	{ "checking", "busy", "Checking the card" }, { "waiting", "waits", "Waiting for approvals" },
	{ "opening", "busy", "Opening the card" }, { "ok", "good", "Approved, the card was opened" },
	{ "denied", "bad", "Denied" }, { "expired", "over", "Out of time" }, { "cancelled", "over", "Cancelled" },
	{ "attestation", "bad", "Refused: the card is not proved" }, { "policy", "bad", "Refused by the rules" },
	{ "not_enrolled", "bad", "Refused: not enrolled" }, { "server", "bad", "Failed" },
};

#define OUTCOMES 3              /* before it states of what goes on */

const char *view_outcome(size_t i, const char **text)
{
	if (i >= sizeof(states) / sizeof(states[0]) - OUTCOMES)
		return NULL;
	*text = states[OUTCOMES + i].text;
	return states[OUTCOMES + i].word;
}

void view_asked(struct html *h, const json_t *request)
{
	if (view_is_live(request)) {
		view_left(h, view_number(request, "seconds_left"));
		html_text(h, " · ");
	}
	html_text(h, "asked ");
	view_time(h, view_number(request, "created"));
}

void view_state(struct html *h, const json_t *request)
{
	const char *word = view_text(request, view_is_live(request) ? "state" : "result");
	size_t i = 0, n = sizeof(states) / sizeof(states[0]);
	char class_[40];
	struct wr w;

	while (i < n - 1 && strcmp(states[i].word, word))
		i++;
	WR_ARR(&w, class_);
	wr_printf(&w, "state %s", states[i].mark);
	html_element(h, "span", wr_cstr(&w), states[i].text);
}

void view_progress(struct html *h, const json_t *request)
{
	int64_t k = view_number(request, "approvals"), n = view_number(request, "n");

	html_open(h, "div", "progress");
	html_open(h, "progress", NULL);
	html_attr_number(h, "value", k);
	html_attr_number(h, "max", n > 0 ? n : 1);
	html_attr(h, "aria-label", "Approvals");
	html_printf(h, "%lld of %lld", (long long)k, (long long)n);
	html_close(h);
	html_open(h, "span", NULL);
	html_open(h, "strong", NULL);
	html_printf(h, "%lld of %lld", (long long)k, (long long)n);
	html_close(h);
	html_text(h, " approved");
	html_close(h);
	html_close(h);
}

const char *view_device(const struct srv *s, const json_t *request)
{
	const char *id = view_text(request, "device_id");
	const struct srv_target *t = s->store.ops->get(s->store.ctx, id);

	return t && t->name[0] ? t->name : id;
}

void view_copy(struct html *h, const char *label, const char *text)
{
	html_open(h, "div", "copy");
	html_open(h, "code", NULL);
	html_attr(h, "data-copy", label);
	html_attr(h, "tabindex", "0");
	html_attr(h, "role", "group");
	html_attr(h, "aria-label", label);
	html_text(h, text);
	html_close(h);
	html_close(h);
}

void view_fact(struct html *h, const char *name, const char *text)
{
	html_element(h, "dt", NULL, name);
	html_element(h, "dd", NULL, text);
}
