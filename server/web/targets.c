/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "server/srv/target_json.h"
#include "server/web/view.h"

/* A form with one button, for who may cancel. */
static void write_button(struct page *p, const char *action, const char *class_, const char *label)
{
	struct html *h = &p->h;

	if (!(p->call->who.may & SRV_MAY_CANCEL))
		return;
	html_open(h, "form", NULL);
	html_attr(h, "method", "post");
	html_attr(h, "action", action);
	page_form_secret(p);
	html_element(h, "button", class_, label);
	html_close(h);
}

/* A client of another maker has it connected, and waits for what is to be done with it. */
static void write_held(struct page *p, const struct srv_target *t, const json_t *held)
{
	const char *state = view_text(held, "state");
	struct html *h = &p->h;
	char path[70];
	struct wr w;

	if (!json_is_object(held))
		return;
	WR_ARR(&w, path);
	html_open(h, "div", "held");
	html_open(h, "p", NULL);
	html_printf(h, "Held connected by a client at %s, ", view_text(held, "from"));
	if (!strcmp(state, "open"))
		html_printf(h, "and open for %lld minutes at most.",
			    ((long long)view_number(held, "seconds") + 59) / 60);
	else
		html_text(h, !strcmp(state, "idle") ? "and idle." : "and custodians are asked.");
	html_close(h);
	wr_printf(&w, strcmp(state, "open") ? "/targets/%s/ask" : "/requests/%s/cancel",
		  strcmp(state, "open") ? t->device_id : view_text(held, "request"));
	if (!strcmp(state, "idle"))
		write_button(p, wr_cstr(&w), NULL, "Ask the custodians to open it");
	else if (!strcmp(state, "open"))
		write_button(p, wr_cstr(&w), "danger", "Close it");
	html_close(h);
}

static void write_target(struct page *p, const struct srv_target *t)
{
	json_t *j = srv_json_target(p->s, t, p->now_ms);
	const char *mode = view_text(j, "mode");
	struct html *h = &p->h;
	size_t i;

	html_open(h, "li", "card");
	html_open(h, "div", "card-head");
	html_element(h, "h2", NULL, t->name[0] ? t->name : t->device_id);
	html_element(h, "span", t->unverified ? "state bad" : "state good",
		     t->unverified ? "UNVERIFIED" : "Proven at enrolment");
	html_close(h);
	html_open(h, "dl", "facts");
	view_fact(h, "Card", t->device_id);
	if (t->path[0])
		view_fact(h, "Certified by", t->path);
	html_element(h, "dt", NULL, "Opens with");
	html_open(h, "dd", NULL);
	html_printf(h, "%u of %u custodians", t->n, t->m);
	html_close(h);
	html_element(h, "dt", NULL, "Custodians");
	html_open(h, "dd", NULL);
	html_open(h, "ul", "plain");
	for (i = 0; i < t->m; i++)
		html_element(h, "li", "id", t->custodians[i].chr);
	html_close(h);
	html_close(h);
	html_element(h, "dt", NULL, "Attested keys");
	html_open(h, "dd", NULL);
	html_printf(h, "%zu archived", t->archived_n);
	html_close(h);
	view_fact(h, "Challenges", !mode[0] ? "not known before its first request" :
		  !strcmp(mode, "shared") ? "one for all custodians" : "one for each custodian, in turns");
	html_close(h);
	write_held(p, t, json_object_get(j, "held"));
	html_close(h);
	json_decref(j);
}

void web_targets(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	const struct srv_target *t = NULL;
	struct page p;

	(void)arg;
	if (!page_enter(&p, s, call, SRV_MAY_READ, now_ms))
		return;
	page_begin(&p, "Targets", "/targets");
	html_element(&p.h, "h1", NULL, "Targets");
	html_element(&p.h, "p", "lead", srv_store_target_count(&s->store)
		     ? "The cards whose keys this server collects approvals for."
		     : "No card is enrolled. quorum11 enrol does that, where the card is plugged in.");
	html_open(&p.h, "ul", "cards");
	html_attr(&p.h, "role", "list");
	while ((t = s->store.ops->next(s->store.ctx, t)))
		write_target(&p, t);
	html_close(&p.h);
	page_end(&p, 200);
}

void web_ask(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	struct srv_ceremony *c = srv_desk_held(s->desk, arg);
	struct page p;

	if (!page_enter(&p, s, call, SRV_MAY_CANCEL, now_ms))
		return;
	if (!p.session || !web_session_sent(call, p.session)) {
		page_refuse(&p, 403, "Nobody was asked", "This form did not come from a page of this session. Open the "
			    "targets again.");
	} else if (!c || srv_ceremony_ask(c, call, now_ms)) {
		page_refuse(&p, 409, "Nobody was asked", "Nobody holds this card connected any more, or people are "
			    "asked already.");
	} else {
		page_redirect(call, "/targets");
	}
}

/* A key, and one of the cards that it decides for. */
struct seat {
	const char *chr;
	const struct srv_target *target;
};

static int seat_order(const void *a, const void *b)
{
	const struct seat *x = a, *y = b;
	int by_key = strcmp(x->chr, y->chr);

	return by_key ? by_key : strcmp(x->target->device_id, y->target->device_id);
}

/* All of them, those of one key together. NULL: there is none, or no memory. */
static struct seat *seats_new(const struct srv *s, size_t *n)
{
	const struct srv_target *t = NULL;
	struct seat *seats;
	size_t i, all = 0;

	*n = 0;
	while ((t = s->store.ops->next(s->store.ctx, t)))
		all += t->m;
	seats = all ? calloc(all, sizeof(*seats)) : NULL;
	while (seats && (t = s->store.ops->next(s->store.ctx, t)))
		for (i = 0; i < t->m; i++)
			seats[(*n)++] = (struct seat){ t->custodians[i].chr, t };
	if (seats)
		qsort(seats, *n, sizeof(*seats), seat_order);
	return seats;
}

/* One person is one row: the first of these, and those behind it of the same key. How many that are. */
static size_t write_custodian(struct html *h, const struct seat *seats, size_t n)
{
	size_t i;

	html_open(h, "li", "card");
	html_element(h, "h2", "id", seats->chr);
	html_open(h, "p", NULL);
	html_text(h, "Decides for ");
	html_close(h);
	html_open(h, "ul", "plain");
	for (i = 0; i < n && !strcmp(seats[i].chr, seats->chr); i++) {
		html_open(h, "li", NULL);
		html_text(h, seats[i].target->name[0] ? seats[i].target->name : seats[i].target->device_id);
		html_printf(h, ", %u of %u", seats[i].target->n, seats[i].target->m);
		html_close(h);
	}
	html_close(h);
	html_close(h);
	return i;
}

void web_custodians(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	struct seat *seats;
	struct page p;
	size_t n, i;

	(void)arg;
	if (!page_enter(&p, s, call, SRV_MAY_READ, now_ms))
		return;
	seats = seats_new(s, &n);
	if (!seats && srv_store_target_count(&s->store)) {
		srv_call_refuse(call, 500, "server", "the server failed: %s", err_text(ERR_NOMEM));
		return;
	}
	page_begin(&p, "Custodians", "/custodians");
	html_element(&p.h, "h1", NULL, "Custodians");
	html_element(&p.h, "p", "lead", "Keys that are registered in the cards. A key is named by its holder "
		     "reference; who holds it is known to the people, not to this server.");
	html_open(&p.h, "ul", "cards");
	html_attr(&p.h, "role", "list");
	for (i = 0; i < n;)
		i += write_custodian(&p.h, seats + i, n - i);
	html_close(&p.h);
	page_end(&p, 200);
	free(seats);
}
