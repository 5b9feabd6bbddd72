/* SPDX-License-Identifier: Apache-2.0 */
#include "server/notify/notice.h"

#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/text.h"
#include "pka/message.h"
#include "server/base/json.h"

#define KEYS_SHOWN 8
#define TEXT_MAX 6000
#define SUBJECT_MAX 300

/* What a host says about itself, as far as people are told; nobody has checked it. */
static const struct {
	const char *key, *title;
} claims[] = {
	{ "reason", "Reason" }, { "host", "Host" }, { "user", "User" }, { "program", "Program" },
	{ "budget", "Limits" },
};
#define CLAIMS (sizeof(claims) / sizeof(claims[0]))

/* Everything that is looked up before it is written. */
struct facts {
	const struct srv_notice *n;
	const struct srv_ceremony *c;
	const struct pka_facts *f;              /* NULL without a ceremony */
	char device[CHR_MAX + 1], name[SRV_NAME_MAX + 1];       /* name: "" without one */
	char claim[CLAIMS][SHOWN_MAX + 1];      /* "": not said; safe to show */
	char code[PKA_CODE_SIZE];               /* "": there is none yet */
	char link[400];                         /* "": the server does not know how it is called */
	char why[SHOWN_MAX + 1], by[SHOWN_MAX + 1];
	int64_t deadline;                       /* seconds since 1970; 0: it is over */
};

/* ---- looking up ---- */

static void look_up_claims(struct facts *x)
{
	struct rd text = wr_view(&x->c->host_json);
	json_t *o = text.n ? json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL) : NULL;
	const json_t *v;
	size_t i;

	for (i = 0; i < CLAIMS; i++) {
		v = json_object_get(o, claims[i].key);
		if (json_is_string(v))
			(void)text_shown(rd_of(json_string_value(v), json_string_length(v)), x->claim[i],
					 sizeof(x->claim[i]));
	}
	json_decref(o);
}

static void look_up_ceremony(struct facts *x)
{
	const struct srv_ceremony *c = x->c;

	x->f = srv_ceremony_facts(c);
	if (c->target)
		(void)snprintf(x->name, sizeof(x->name), "%s", c->target->name);
	look_up_claims(x);
	(void)snprintf(x->link, sizeof(x->link), "%s/r/%s", x->n->url, c->link);
	if (c->ended_ms)
		return;
	if (x->n->about == SRV_TOLD_REQUEST)
		x->deadline = x->n->event->when + (int64_t)(c->deadline_ms / 1000);
	if (!x->f->challenge.n || pka_code(rd_str(x->device), x->f->challenge, wr_view(&c->host_json), x->code))
		x->code[0] = '\0';
}

static void look_up(const struct srv_notice *n, struct facts *x)
{
	*x = (struct facts){ .n = n, .c = n->ceremony };
	(void)text_shown(rd_str(n->event->device), x->device, sizeof(x->device));
	(void)text_shown(rd_str(srv_event_get(n->event, "why")), x->why, sizeof(x->why));
	if (!strcmp(n->event->name, "end-session"))
		(void)text_shown(rd_str(srv_event_get(n->event, "key")), x->by, sizeof(x->by));
	if (x->c)
		look_up_ceremony(x);
	if (!n->url[0])
		x->link[0] = '\0';
}

/* ---- for people ---- */

static void put_card(const struct facts *x, struct wr *w)
{
	if (x->name[0] && strcmp(x->name, x->device))
		wr_printf(w, "%s (%s)", x->name, x->device);
	else
		wr_text(w, x->device);
}

/* How it begins: also the subject of a mail. */
static void put_head(const struct facts *x, struct wr *w)
{
	static const char *const heads[SRV_OCCASIONS] = {
		[SRV_TOLD_REQUEST] = "Approval asked for: card ",
		[SRV_TOLD_REFUSED] = "Refused before anybody was asked: card ",
		[SRV_TOLD_OPENED] = "Opened: card ",
		[SRV_TOLD_ENDED] = "Not opened: card ",
	};

	wr_text(w, x->by[0] ? "Ended by a custodian: card " : heads[x->n->about]);
	put_card(x, w);
	if (x->f && x->f->unverified)
		wr_text(w, ", UNVERIFIED");
}

static void put_claims(const struct facts *x, struct wr *w)
{
	bool says = false;
	size_t i;

	for (i = 0; i < CLAIMS; i++) {
		if (!x->claim[i][0])
			continue;
		wr_printf(w, "%s  %-9s %s\n", says ? "" : "The host says, and nobody has checked it:\n",
			  claims[i].title, x->claim[i]);
		says = true;
	}
	if (!says)
		wr_text(w, "The host says nothing about who asks and why.\n");
	if (x->c->host[0])
		wr_printf(w, "The server knows this host as %s; its address is %s.\n", x->c->host, x->c->from);
	else
		wr_printf(w, "The server does not know this host; its address is %s.\n", x->c->from);
}

static void put_keys(const struct facts *x, struct wr *w)
{
	size_t i;

	wr_printf(w, "\nAn approval opens every key on the card%s\n",
		  x->f->keys_n ? ":" : "; the server knows of none.");
	for (i = 0; i < x->f->keys_n && i < KEYS_SHOWN; i++)
		wr_printf(w, "  %u  %s%s\n", x->f->keys[i].key, x->f->keys[i].label,
			  x->f->keys[i].is_attested ? "" : "  (not attested)");
	if (x->f->keys_n > KEYS_SHOWN)
		wr_printf(w, "  and %zu more\n", x->f->keys_n - KEYS_SHOWN);
}

/* For how long the host would hold the card open; 0: it asks for a login. */
static uint32_t hold_s(const struct facts *x)
{
	return x->c && x->c->hold ? (uint32_t)(x->c->env->hold_ms / 1000) : 0;
}

static void put_question(const struct facts *x, struct wr *w)
{
	put_keys(x, w);
	wr_printf(w, "\n%u of %u custodians must approve", x->f->n, x->f->m);
	if (x->deadline) {
		wr_text(w, ", by ");
		wr_time(w, x->deadline);
	}
	wr_text(w, ".\n");
	if (hold_s(x)) {
		wr_text(w, "Then the card is held open for every program of that host, for up to ");
		wr_duration(w, hold_s(x));
		wr_text(w, ".\n");
	}
	if (x->code[0])
		wr_printf(w, "Code: %s\n", x->code);
	else
		wr_text(w, "The code is shown when a custodian takes his turn.\n");
	if (x->link[0])
		wr_printf(w, "\nTo look at it:\n  %s\nTo decide, on a computer with your card and reader:\n"
			     "  quorum11 approve %s\n", x->link, x->link);
	wr_text(w, "\nBelieve what your own quorum11 approve shows, not this message. Do not pass the link on: whoever "
		   "has it\nsees the request, and can keep custodians waiting.\n");
}

static void put_text(const struct facts *x, struct wr *w)
{
	put_head(x, w);
	wr_text(w, ".\n\n");
	if (x->c)
		put_claims(x, w);
	if (x->c && x->n->about == SRV_TOLD_REQUEST)
		put_question(x, w);
	if (x->why[0])
		wr_printf(w, "\nWhy: %s\n", x->why);
	if (x->by[0])
		wr_printf(w, "\nCustodian: %s\n", x->by);
	if (x->link[0] && x->n->about != SRV_TOLD_REQUEST)
		wr_printf(w, "\nMore: %s\n", x->link);
	wr_printf(w, "\nRequest %s\n", x->n->event->request);
}

/* A text that was written by one of these; NULL: no memory, or too long. */
static json_t *written(const struct facts *x, void (*put)(const struct facts *x, struct wr *w), size_t max)
{
	json_t *j = NULL;
	struct wr w;

	wr_init_heap(&w, max);
	put(x, &w);
	if (!wr_done(&w))
		j = srv_json_text(wr_cstr(&w));
	wr_free(&w);
	return j;
}

/* ---- for programs ---- */

static void put_command(const struct facts *x, struct wr *w)
{
	wr_printf(w, "quorum11 approve %s", x->link);
}

static void put_id(const struct facts *x, struct wr *w)
{
	const struct srv_event *ev = x->n->event;

	wr_printf(w, "%s.%s.%lld", ev->request, srv_occasion_names[x->n->about], (long long)ev->when);
}

static json_t *text_or_null(const char *s)
{
	return s[0] ? srv_json_text(s) : json_null();
}

static json_t *keys_json(const struct facts *x)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; x->f && i < x->f->keys_n && i < KEYS_SHOWN; i++)
		srv_json_append(&list, json_pack("{s:i, s:o, s:b}", "key", x->f->keys[i].key, "label",
						 srv_json_text(x->f->keys[i].label), "attested",
						 x->f->keys[i].is_attested));
	return list;
}

static json_t *claims_json(const struct facts *x)
{
	json_t *o = json_object();
	size_t i;

	for (i = 0; i < CLAIMS; i++)
		if (x->claim[i][0] && json_object_set_new(o, claims[i].key, srv_json_text(x->claim[i]))) {
			json_decref(o);
			return NULL;
		}
	return o;
}

static json_t *whole(const struct facts *x)
{
	bool asks = x->c && x->n->about == SRV_TOLD_REQUEST;
	json_t *part[] = {
		json_pack("{s:i, s:o, s:s, s:I, s:s, s:o, s:o, s:b}", "v", 1, "id", written(x, put_id, SUBJECT_MAX),
			  "about", srv_occasion_names[x->n->about], "sent", (json_int_t)x->n->event->when, "request",
			  x->n->event->request, "device", srv_json_text(x->device), "name", text_or_null(x->name),
			  "unverified", x->f && x->f->unverified),
		json_pack("{s:i, s:i, s:o, s:o, s:o, s:o}", "n", x->f ? (int)x->f->n : 0, "m", x->f ? (int)x->f->m : 0,
			  "keys", keys_json(x), "claims", claims_json(x), "host_name",
			  text_or_null(x->c ? x->c->host : ""), "from", text_or_null(x->c ? x->c->from : "")),
		json_pack("{s:o, s:o, s:o, s:o, s:o}", "code", text_or_null(x->code), "deadline",
			  x->deadline ? json_integer(x->deadline) : json_null(), "hold_seconds",
			  hold_s(x) ? json_integer(hold_s(x)) : json_null(), "link", text_or_null(x->link),
			  "command", asks && x->link[0] ? written(x, put_command, sizeof(x->link) + 32) : json_null()),
		json_pack("{s:o, s:o, s:o, s:o}", "why", text_or_null(x->why), "by", text_or_null(x->by), "subject",
			  written(x, put_head, SUBJECT_MAX), "text", written(x, put_text, TEXT_MAX)),
	};

	return srv_json_join(part, sizeof(part) / sizeof(part[0]));
}

enum err srv_notice_write(const struct srv_notice *n, struct wr *out)
{
	struct facts x;

	look_up(n, &x);
	srv_json_write(whole(&x), out);
	return wr_done(out);
}
