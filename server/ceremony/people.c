/* SPDX-License-Identifier: Apache-2.0 */
/* What people do with a ceremony. */
#include "server/ceremony/ceremony_int.h"

#include "base/clock.h"
#include "server/ceremony/keep.h"

enum err srv_ceremony_turn(struct srv_ceremony *c, const char *chr, uint64_t now_ms)
{
	enum err e;

	(void)srv_ceremony_tick(c, now_ms);
	e = pka_activation_turn(c->activation, rd_str(chr), now_ms);
	if (!e || srv_ceremony_is_over(srv_ceremony_facts(c)))
		srv_ceremony_advance(c, &srv_no_answers, now_ms);
	return e;
}

static void decision_event(const struct srv_ceremony *c, const struct srv_decision *d, const char *result,
			   struct srv_event *ev)
{
	srv_ceremony_event(c, "decision", ev);
	srv_event_text(ev, "key", d->chr);
	srv_event_word(ev, "decision", d->decision == PKA_APPROVE ? "approve" : "deny");
	srv_event_word(ev, "from", d->from);
	if (d->is_bare)
		srv_event_word(ev, "client", "stock");
	srv_event_text(ev, "result", result);
}

static void tell_refused(const struct srv_ceremony *c, const struct srv_decision *d, enum err e)
{
	struct srv_event ev;

	decision_event(c, d, err_text(e), &ev);
	srv_event_emit(c->env->events, &ev);
}

/* It holds: keep it before it counts, and before anybody is told that it does. */
static enum err decision_keep(const struct srv_ceremony *c, const struct srv_decision *d, int64_t when)
{
	struct srv_kept_decision kept = { .chr = d->chr, .from = d->from, .decision = d->decision, .when = when,
					  .statement = d->statement, .statement_sig = d->statement_sig,
					  .sig = d->sig };
	struct srv_event ev;
	enum err e;

	decision_event(c, d, "accepted", &ev);
	e = srv_keep_decision(c, &ev, &kept);
	return e == ERR_CONDITIONS || e == ERR_NOMEM || !e ? e : ERR_IO;
}

/* The statement says what the endpoint does. */
static enum err check_statement(const struct srv_decision *d)
{
	struct pka_statement s;
	enum err e = pka_statement_read(d->statement, &s);

	if (!e && (s.decision != d->decision || (d->decision == PKA_APPROVE) != (d->sig.n > 0)))
		e = ERR_SIGNATURE;
	return e;
}

enum err srv_ceremony_decide(struct srv_ceremony *c, const struct srv_decision *d, uint64_t now_ms)
{
	const struct pka_said said = { .chr = rd_str(d->chr), .sig = d->sig, .statement = d->statement,
				       .statement_sig = d->statement_sig, .when = clock_wall_s() };
	struct pka_decision_checked checked = { .held = NULL };
	enum err e = d->is_bare ? ERR_OK : check_statement(d);

	(void)srv_ceremony_tick(c, now_ms);     /* the host may be lost by now */
	if (!e && d->is_bare)
		e = pka_activation_check_bare(c->activation, &said, now_ms, &checked);
	else if (!e)
		e = pka_activation_check(c->activation, &said, now_ms, &checked);
	if (e)
		tell_refused(c, d, e);
	else
		e = decision_keep(c, d, said.when);
	if (e)
		pka_decision_free(&checked);
	else
		pka_activation_apply(c->activation, &checked);
	if (!e || srv_ceremony_is_over(srv_ceremony_facts(c)))
		srv_ceremony_advance(c, &srv_no_answers, now_ms);
	return e;
}

enum err srv_ceremony_ask(struct srv_ceremony *c, const struct srv_call *by, uint64_t now_ms)
{
	struct srv_event ev;

	if (c->hold != SRV_HOLD_IDLE || !c->target || srv_ceremony_is_over(srv_ceremony_facts(c)))
		return ERR_CONDITIONS;
	c->hold = SRV_HOLD_ASKED;
	c->created = clock_wall_s();
	srv_ceremony_event(c, "ask", &ev);
	srv_event_text(&ev, "who", by->who.name);
	srv_event_word(&ev, "from", by->request.from);
	srv_event_emit(c->env->events, &ev);
	srv_ceremony_advance(c, &srv_no_answers, now_ms);
	return ERR_OK;
}

bool srv_ceremony_cancel(struct srv_ceremony *c, const struct srv_call *by, uint64_t now_ms)
{
	struct srv_event ev;

	if (srv_ceremony_is_over(srv_ceremony_facts(c)) && c->hold != SRV_HOLD_OPEN)
		return false;
	srv_ceremony_event(c, "cancel", &ev);
	srv_event_text(&ev, "who", by->who.name);
	srv_event_word(&ev, "from", by->request.from);
	srv_event_emit(c->env->events, &ev);
	srv_ceremony_end(c, ERR_CANCELLED, "the operator cancelled the request", now_ms);
	return true;
}
