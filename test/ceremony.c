/* SPDX-License-Identifier: Apache-2.0 */
#include "test/ceremony.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/pki.h"

#define MAKE(call) must((call), __LINE__)

static const char json[] = "{\"v\":1,\"reason\":\"release 1.4\"}";

static void must(enum err e, int line)
{
	if (!e)
		return;
	fprintf(stderr, "test/ceremony.c:%d: %s\n", line, err_text(e));
	abort();
}

void ceremony_begin(struct ceremony *c, struct quorum *q, uint64_t lease_ms)
{
	memset(c, 0, sizeof(*c));
	c->q = q;
	c->policy = (struct pka_policy){
		.anchors = q->anchors, .now = PKI_NOW, .chip_auth = true, .deadline_ms = CEREMONY_DEADLINE_MS,
		.lease_ms = lease_ms,
	};
	c->now_ms = 1000;
	c->host_json = rd_str(json);
	for (size_t i = 0; i < sizeof(c->login_id); i++)
		c->login_id[i] = (uint8_t)i;
	for (size_t i = 0; i < PKA_BATCH_MAX; i++)
		wr_init_heap(&c->answers[i], APDU_RSP_MAX);
	pka_batch_init(&c->batch);
	hsm_filter_init(&c->filter, HSM_FOR_LOGIN, q->m, false);
	MAKE(pka_activation_new(&c->policy, &c->a));
	MAKE(pka_activation_host(c->a, RD_ARR(c->login_id), c->host_json));
	MAKE(pka_witness_new(rd_str(q->target.id), RD_ARR(c->login_id), c->host_json, &c->witness));
}

void ceremony_end(struct ceremony *c)
{
	pka_activation_free(&c->a);
	pka_witness_free(&c->witness);
	pka_batch_fini(&c->batch);
	for (size_t i = 0; i < PKA_BATCH_MAX; i++)
		wr_free(&c->answers[i]);
}

const struct pka_facts *ceremony_facts(const struct ceremony *c)
{
	return pka_activation_facts(c->a);
}

static bool is_spoilt(struct ceremony *c, enum hsm_op op)
{
	if (c->spoil_answer.n == 0 || op != c->spoil_op)
		return false;
	c->spoil_seen++;
	return c->spoil_nth == 0 || c->spoil_nth == c->spoil_seen;
}

static void send(struct ceremony *c, struct rd cmd, struct wr *rsp)
{
	const struct hsm_cmd *row;
	char why[200] = "";
	struct apdu apdu;
	bool fresh_code;

	if (!hsm_filter_command(&c->filter, cmd, why, sizeof(why))) {
		fprintf(stderr, "the host's filter refuses: %s\n", why);
		abort();
	}
	MAKE(apdu_decode(cmd, &apdu));
	row = hsm_cmd_get(hsm_cmd_find(&apdu)->op);
	c->sent[row->op]++;
	wr_reset(rsp);
	MAKE(vcard_exchange(c->q->target.vcard, cmd, rsp));
	if (is_spoilt(c, row->op)) {
		wr_reset(rsp);
		wr_put(rsp, c->spoil_answer);
	}
	if (rsp->n < 2)                 /* no card answers like that; the server's machine must cope all the same */
		return;
	MAKE(pka_witness_see(c->witness, cmd, wr_view(rsp), &fresh_code));
	if (fresh_code && row->op != HSM_CHALLENGE)
		abort();
}

bool ceremony_step(struct ceremony *c)
{
	struct pka_answers in = { .n = c->batch.n };

	for (size_t i = 0; i < in.n; i++)
		in.v[i] = wr_view(&c->answers[i]);
	MAKE(pka_activation_step(c->a, &in, c->now_ms, &c->batch));
	for (size_t i = 0; i < c->batch.n; i++)
		send(c, pka_batch_cmd(&c->batch, i), &c->answers[i]);
	return c->batch.n > 0;
}

void ceremony_run(struct ceremony *c)
{
	do {
		while (ceremony_step(c))
			;
		if (ceremony_facts(c)->state != PKA_LOOKUP)
			return;
		MAKE(pka_activation_target(c->a, &c->q->enrolment));
	} while (ceremony_facts(c)->state == PKA_CHECK);
}

struct pka_request ceremony_request(const struct ceremony *c)
{
	const struct pka_facts *f = ceremony_facts(c);

	return (struct pka_request){
		.login_id = RD_ARR(c->login_id), .host_json = c->host_json, .devaut = f->devaut,
		.device_id = f->chain->id, .n = f->n, .m = f->m, .keys_n = f->keys_n, .keys = f->keys,
		.challenge = f->challenge,
	};
}

void decision_make(struct ceremony *c, unsigned i, bool approve, struct decision *d)
{
	const char *accepted[] = { c->q->target.id };
	const struct pka_custodian *me = &c->q->custodians[i];
	struct pka_request r = ceremony_request(c);
	struct pka_answers in = { .n = 0 };
	struct pka_batch sign;
	struct wr rsp[2];

	memset(d, 0, sizeof(*d));
	MAKE(pka_approval_new(&r, c->q->anchors, accepted, c->q->is_open_firmware, PKI_NOW, &d->approval, &d->verdict));
	pka_batch_init(&sign);
	MAKE(pka_approval_decide(d->approval, approve, RD_LIT("sign=7"), rd_str(me->chr), c->q->people[i].key,
				 &sign));
	for (; in.n < sign.n; in.n++) {
		wr_init_heap(&rsp[in.n], APDU_RSP_MAX);
		quorum_sign(&c->q->people[i], pka_batch_cmd(&sign, in.n), &rsp[in.n]);
		in.v[in.n] = wr_view(&rsp[in.n]);
	}
	MAKE(pka_approval_finish(d->approval, &in, me->curve, rd_of(me->q, me->q_size), &d->sig, &d->statement,
				 &d->statement_sig));
	for (size_t k = 0; k < in.n; k++)
		wr_free(&rsp[k]);
	pka_batch_fini(&sign);
}

enum err ceremony_hear(struct ceremony *c, struct rd chr, struct rd sig, struct rd statement, struct rd statement_sig)
{
	const struct pka_said said = { .chr = chr, .sig = sig, .statement = statement, .statement_sig = statement_sig,
				       .when = PKI_NOW };
	struct pka_decision_checked d;
	enum err e = pka_activation_check(c->a, &said, c->now_ms, &d);

	if (!e)
		pka_activation_apply(c->a, &d);
	return e;
}

enum err decision_post(struct ceremony *c, unsigned i, const struct decision *d)
{
	return ceremony_hear(c, rd_str(c->q->custodians[i].chr), d->sig, d->statement, d->statement_sig);
}

void decision_free(struct decision *d)
{
	pka_approval_free(&d->approval);
}

enum err ceremony_decide(struct ceremony *c, unsigned i, bool approve)
{
	struct decision d;
	enum err e = ERR_OK;

	if (approve)
		e = pka_activation_turn(c->a, rd_str(c->q->custodians[i].chr), c->now_ms);
	if (e)
		return e;
	ceremony_run(c);
	decision_make(c, i, approve, &d);
	e = decision_post(c, i, &d);
	decision_free(&d);
	if (!e)
		ceremony_run(c);
	return e;
}

enum err ceremony_judge(struct ceremony *c)
{
	const struct pka_facts *f = ceremony_facts(c);
	struct pka_proof proofs[PKA_CUSTODIANS_MAX];
	struct pka_limits limits;
	struct pka_consents consents;
	char why[200];
	size_t n = 0;
	enum err e;

	pka_limits_init(&limits);
	for (size_t i = 0; i < f->records_n; i++)
		if (f->records[i].submitted)
			proofs[n++] = (struct pka_proof){
				.pka_file = wr_view(&c->q->people[f->records[i].by - c->q->custodians].file),
				.statement = f->records[i].statement, .statement_sig = f->records[i].statement_sig,
			};
	e = pka_witness_judge(c->witness, proofs, n, c->q->n, &limits, &consents, why, sizeof(why));
	/* Everybody's statement says how often: decision_make. */
	return !e && (limits.sign != 7 || consents.n < c->q->n) ? ERR_BUG : e;
}
