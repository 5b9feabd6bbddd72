/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/approve/text.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/approve/budget.h"
#include "cli/line/columns.h"

#define NAME_MAX_SHOWN 40       /* a member's name in the host's JSON */
#define INDENT "                 "
#define SECTION_MAX 65536
#define OTHERS_MAX 8            /* members that we do not know: more would push the card off the screen */

static void write_value(struct wr *w, const json_t *v)
{
	char *text;

	switch (json_typeof(v)) {
	case JSON_STRING:
		wr_quoted(w, rd_of(json_string_value(v), json_string_length(v)), SHOWN_MAX);
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		wr_text(w, json_is_true(v) ? "yes" : "no");
		break;
	case JSON_INTEGER:
		wr_printf(w, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
		break;
	default:
		text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);
		wr_shown(w, rd_str(text), SHOWN_MAX);
		free(text);
	}
}

/* What everybody asks first; the rest follows as the host wrote it. */
static const char *const first[] = { "reason", "host", "user", "program", "budget", "manifest", "exclusive", "reuse" };
#define FIRST_N (sizeof(first) / sizeof(first[0]))

static bool is_first(const char *name)
{
	for (size_t i = 0; i < FIRST_N; i++)
		if (strcmp(first[i], name) == 0)
			return true;
	return false;
}

static bool says_something(const json_t *v)
{
	return v && !json_is_null(v) && !(json_is_string(v) && json_string_length(v) == 0);
}

static void write_claim(struct wr *w, const char *name, const json_t *v)
{
	wr_printf(w, "    %-12s ", name);
	write_value(w, v);
	wr_text(w, "\n");
}

/* Instead of the text that was claimed, what it means: that is what a custodian has to judge. */
static void write_budget(struct wr *w, const json_t *o)
{
	struct pka_limits l;

	switch (cli_budget_read(o, &l)) {
	case BUDGET_NONE:
		wr_text(w, "    budget       none: the host has no agent and keeps no limits\n");
		break;
	case BUDGET_READ:
		wr_text(w, "    budget       the host's agent keeps to this:\n");
		pka_limits_text(&l, INDENT, w);
		break;
	case BUDGET_UNREADABLE:
		wr_text(w, "    budget       ");
		if (says_something(json_object_get(o, "budget")))
			write_value(w, json_object_get(o, "budget"));
		wr_text(w, " not readable, or not of the manifest beside it\n");
		break;
	}
}

/* A name of the host's own making is quoted like its values, so that it cannot look like a line of ours. */
static void write_other(struct wr *w, const char *name, const json_t *v)
{
	wr_text(w, "    ");
	wr_quoted(w, rd_str(name), NAME_MAX_SHOWN);
	wr_text(w, " ");
	write_value(w, v);
	wr_text(w, "\n");
}

static void write_claims(struct wr *out, const void *what)
{
	const struct rd host_json = *(const struct rd *)what;
	json_t *o;
	const char *name;
	size_t others = 0;
	json_t *v;

	if (host_json.n == 0) {
		wr_text(out, "  the host says nothing about who asks and why\n");
		return;
	}
	wr_text(out, "  claimed by the host, checked by nobody:\n");
	o = json_loadb((const char *)host_json.p, host_json.n, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(o)) {
		wr_text(out, "    not readable: ");
		wr_quoted(out, host_json, SHOWN_MAX);
		wr_text(out, "\n");
	}
	if (!says_something(json_object_get(o, "reason")))
		wr_text(out, "    no reason is given\n");
	for (size_t i = 0; i < FIRST_N; i++)
		if (strcmp(first[i], "budget") == 0 && json_is_object(o))
			write_budget(out, o);
		else if (says_something(json_object_get(o, first[i])))
			write_claim(out, first[i], json_object_get(o, first[i]));
	json_object_foreach(o, name, v)
		if (!is_first(name) && strcmp(name, "v") && strcmp(name, "login_id") && says_something(v) &&
		    ++others <= OTHERS_MAX)
			write_other(out, name, v);
	if (others > OTHERS_MAX)
		wr_printf(out, "    and %zu more\n", others - OTHERS_MAX);
	json_decref(o);
}

/* Lines that write makes of what, folded. */
static void write_folded(void (*write)(struct wr *w, const void *what), const void *what, struct wr *out)
{
	struct wr lines;

	wr_init_heap(&lines, SECTION_MAX);
	write(&lines, what);
	if (wr_done(&lines))
		wr_fail(out, wr_done(&lines));
	else
		cli_fold(wr_view(&lines), out);
	wr_free(&lines);
}

void cli_claims_text(struct rd host_json, struct wr *out)
{
	write_folded(write_claims, &host_json, out);
}

void cli_reason_text(struct rd host_json, struct wr *out)
{
	json_t *o = json_loadb((const char *)host_json.p, host_json.n, JSON_REJECT_DUPLICATES, NULL);
	const json_t *reason = json_object_get(o, "reason");

	if (says_something(reason)) {
		wr_text(out, "claimed: ");
		write_value(out, reason);
	} else {
		wr_text(out, "no reason is given");
	}
	json_decref(o);
}

static void write_keys_that(struct wr *w, const struct pka_approval_facts *f, bool attested)
{
	for (size_t i = 0; i < f->keys_n; i++) {
		if (f->keys[i].is_attested != attested)
			continue;
		wr_printf(w, "    key %u ", f->keys[i].key);
		wr_quoted(w, rd_str(f->keys[i].label), sizeof(f->keys[i].label));
		wr_text(w, "\n");
	}
}

static void write_keys(struct wr *w, const void *what)
{
	const struct pka_approval_facts *f = what;

	wr_printf(w, "  keys attested  %zu%s\n", f->attested_n,
		  f->attested_n ? "   proved to be made in this card" : "");
	write_keys_that(w, f, true);
	wr_printf(w, "  NOT attested   %zu%s\n", f->unattested_n,
		  f->unattested_n ? "   nobody can prove where they come from" : "");
	write_keys_that(w, f, false);
}

static void write_host(struct wr *w, const void *name)
{
	wr_printf(w, "  host           %s   the server knows it by this name, by its token or certificate\n",
		  (const char *)name);
}

static void write_low(struct wr *w, const void *low)
{
	wr_text(w, "  you lower it to:\n");
	pka_limits_text(low, INDENT, w);
}

static void write_people(struct wr *w, const struct cli_request *r, const struct cli_book *people)
{
	wr_printf(w, "  needs          %u of %u custodians; approved so far: ", r->n, r->m);
	cli_approvers_text(r, people, w);
	wr_text(w, "\n");
	if (r->changed_mode)
		wr_text(w, "                 asked again: the card takes only one signature for each challenge\n");
	wr_text(w, "  checked here   the card's certificate and the attestations; numbers, labels and who has "
		   "approved are the server's word\n");
}

/* Held for a client of another maker: nobody there keeps limits, and its end is no login's. */
static void write_hold(struct wr *w, unsigned seconds)
{
	wr_text(w, "  HELD OPEN      for up to ");
	wr_duration(w, seconds);
	wr_text(w, ", for every program of that host; nobody keeps limits there.\n" INDENT
		   "quorum11 end ends it sooner\n");
}

void cli_card_text(const char *request, const struct pka_approval_facts *f, const char *name, struct wr *out)
{
	wr_printf(out, "request %s\n", request);
	if (name)
		wr_printf(out, "  card           \"%s\", %s: the name and the key in your address book\n", name,
			  f->device_id);
	else
		wr_printf(out, "  card           %s   NOT in your address book\n", f->device_id);
	if (f->unverified)
		wr_text(out, INDENT "UNVERIFIED: no certificate chain, nobody can prove what it is\n");
	else
		wr_printf(out, INDENT "genuine: %s\n", f->path);
}

void cli_approvers_text(const struct cli_request *r, const struct cli_book *people, struct wr *out)
{
	size_t n = 0;

	for (size_t i = 0; i < r->custodians_n; i++) {
		if (r->custodians[i].decision != DECISION_APPROVE)
			continue;
		wr_text(out, n++ ? ", " : "");
		cli_book_wr_person(out, people, r->custodians[i].chr);
	}
	wr_text(out, n ? "" : "nobody");
}

void cli_approve_text(const struct cli_approve_view *v, struct wr *out)
{
	const struct cli_request *r = v->request;
	const struct pka_approval_facts *f = v->facts;

	cli_card_text(r->id, f, v->name, out);
	write_folded(write_keys, f, out);
	write_people(out, r, v->people);
	wr_printf(out, "  time left      %u min %u s\n", r->seconds_left / 60, r->seconds_left % 60);
	if (r->hold_seconds)
		write_hold(out, r->hold_seconds);
	wr_printf(out, "  your key       %s\n", v->own_chr);
	if (*r->host_name)
		write_folded(write_host, r->host_name, out);
	cli_claims_text(wr_view(&r->host_json), out);
	if (v->low)
		write_folded(write_low, v->low, out);
	if (*f->code)
		wr_printf(out,
			  "  CODE           %s   call the person who signs: he must read you the same one\n",
			  f->code);
	else
		wr_text(out, "  CODE           is known when it is your turn\n");
	wr_text(out,
		"An approval opens every key on the card; limits are kept by the host's agent, not by the card.\n");
}
