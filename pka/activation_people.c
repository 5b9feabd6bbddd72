/* SPDX-License-Identifier: Apache-2.0 */
/* Turns and decisions. Whatever does not verify changes nothing. */
#include "pka/activation_int.h"

#include <stdlib.h>
#include <string.h>

enum err pka_activation_turn(struct pka_activation *a, struct rd chr, uint64_t now_ms)
{
	const struct pka_custodian *c = pka_custodian_find(a, chr);
	struct pka_facts *f = &a->facts;

	if (!c)
		return ERR_NOT_FOUND;
	pka_collect_time(a, now_ms);
	if (!pka_is_permitted(a, PKA_EV_TURN) || pka_record_of(a, c))
		return ERR_CONDITIONS;
	if (f->mode == PKA_SHARED || f->turn == c)
		return ERR_OK;
	if (f->turn)
		return ERR_SHARING;
	if (f->state != PKA_COLLECT || !pka_challenge_is_left(a))
		return ERR_CONDITIONS;
	f->turn = c;
	f->turn_ends_ms = 0;    /* begins with the challenge */
	f->state = PKA_TURN;
	return ERR_OK;
}

/* M for one challenge of this ceremony, and its hash. */
static enum err message_make(const struct pka_activation *a, struct rd challenge, struct wr *m,
			     uint8_t hash[SHA256_SIZE])
{
	enum err e;

	wr_reset(m);
	e = pka_message(rd_str(a->chain->id), challenge, m);
	return e ? e : sha256(wr_view(m), hash);
}

/* Was hash made over M with a challenge of this ceremony, dead or alive? Then m holds that M. */
static bool message_find(const struct pka_activation *a, const uint8_t hash[SHA256_SIZE], struct wr *m)
{
	uint8_t ours[SHA256_SIZE];

	for (size_t i = a->challenges_n; i > 0; i--)
		if (message_make(a, RD_ARR(a->challenges[i - 1]), m, ours) == ERR_OK &&
		    rd_eq(RD_ARR(ours), rd_of(hash, sizeof(ours))))
			return true;
	return false;
}

/* s NULL: there is no statement, and nobody has said which challenge he means: the living one. */
static enum err approval_check(const struct pka_activation *a, const struct pka_statement *s,
			       struct pka_approval_record *r, struct pka_held **held)
{
	uint8_t bytes[PKA_MESSAGE_MAX], hash[SHA256_SIZE];
	const struct pka_custodian *c = r->by;
	struct wr m;
	enum err e;

	WR_ARR(&m, bytes);
	if (pka_record_of(a, c))
		return ERR_CONDITIONS;
	if (s && !message_find(a, s->message, &m))
		return ERR_SIGNATURE;
	e = a->facts.challenge.n == 0 ? ERR_EXPIRED : message_make(a, a->facts.challenge, &m, hash);
	if (e)
		return e;
	if (s && !rd_eq(RD_ARR(hash), RD_ARR(s->message)))
		return ERR_EXPIRED;
	if (a->facts.mode == PKA_PER_KEY && a->facts.turn != c)
		return ERR_CONDITIONS;
	e = ec_verify(c->curve, rd_of(c->q, c->q_size), RD_ARR(hash), r->sig);
	if (e)
		return e;
	r->message = wr_view(&m);
	return pka_record_hold(r, held);
}

/* A denial needs no living challenge: no is no. Who has approved may still deny; both stay on record. */
static enum err denial_check(const struct pka_activation *a, const struct pka_statement *s,
			     struct pka_approval_record *r, struct pka_held **held)
{
	uint8_t bytes[PKA_MESSAGE_MAX], hash[SHA256_SIZE];
	struct wr m;
	enum err e;

	WR_ARR(&m, bytes);
	if (r->sig.n > 0)
		return ERR_FORMAT;
	if (!message_find(a, s->message, &m)) {
		e = sha256(rd_str(a->chain->id), hash);
		if (e)
			return e;
		if (!rd_eq(RD_ARR(hash), RD_ARR(s->message)))
			return ERR_SIGNATURE;
		wr_reset(&m);
		wr_text(&m, a->chain->id);
	}
	r->message = wr_view(&m);
	return pka_record_hold(r, held);
}

enum err pka_activation_check(struct pka_activation *a, const struct pka_said *said, uint64_t now_ms,
			      struct pka_decision_checked *out)
{
	struct pka_approval_record r = {
		.by = pka_custodian_find(a, said->chr), .sig = said->sig, .statement = said->statement,
		.statement_sig = said->statement_sig, .when = said->when,
	};
	struct pka_statement s;
	enum err e;

	*out = (struct pka_decision_checked){ .held = NULL };
	if (!r.by)
		return ERR_NOT_FOUND;
	e = pka_statement_verify(r.statement, r.statement_sig, r.by->curve, rd_of(r.by->q, r.by->q_size), &s);
	if (e)
		return e;
	if (!a->has_host || s.decision == PKA_END || !rd_eq(s.key, said->chr) ||
	    !rd_eq(RD_ARR(s.login_id), RD_ARR(a->login_id)) || !rd_eq(RD_ARR(s.request), RD_ARR(a->request)))
		return ERR_SIGNATURE;   /* a good statement, about something else */
	pka_collect_time(a, now_ms);    /* a silent host stretches neither deadline nor lease */
	if (!pka_is_permitted(a, PKA_EV_DECIDE))
		return ERR_CONDITIONS;
	r.approve = s.decision == PKA_APPROVE;
	e = r.approve ? approval_check(a, &s, &r, &out->held) : denial_check(a, &s, &r, &out->held);
	if (!e)
		out->record = r;
	return e;
}

enum err pka_activation_check_bare(struct pka_activation *a, const struct pka_said *said, uint64_t now_ms,
				   struct pka_decision_checked *out)
{
	struct pka_approval_record r = {
		.by = pka_custodian_find(a, said->chr), .approve = true, .sig = said->sig, .when = said->when,
	};
	enum err e;

	*out = (struct pka_decision_checked){ .held = NULL };
	if (!r.by)
		return ERR_NOT_FOUND;
	if (a->wants_statements)
		return ERR_REFUSED;
	pka_collect_time(a, now_ms);
	if (!a->has_host || !pka_is_permitted(a, PKA_EV_DECIDE))
		return ERR_CONDITIONS;
	e = approval_check(a, NULL, &r, &out->held);
	if (!e)
		out->record = r;
	return e;
}

void pka_activation_apply(struct pka_activation *a, struct pka_decision_checked *d)
{
	pka_record_add(a, &d->record, d->held);
	d->held = NULL;
	if (!d->record.approve)
		pka_fail(a, ERR_DENIED, "denied by %s", d->record.by->chr);
	else if (a->facts.mode == PKA_PER_KEY || a->facts.approvals >= a->facts.n)
		pka_submit_begin(a);
}

void pka_decision_free(struct pka_decision_checked *d)
{
	free(d->held);
	d->held = NULL;
}
