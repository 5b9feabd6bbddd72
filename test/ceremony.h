/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One ceremony in one process: the server's machine, the host's filter and witness, the target's virtual card, and the
 * custodians with their own machines and cards. A test may spoil the card's answers.
 */
#ifndef TEST_CEREMONY_H
#define TEST_CEREMONY_H

#include "pka/approval.h"
#include "pka/witness.h"
#include "sc-hsm/filter.h"
#include "test/quorum.h"

#define CEREMONY_DEADLINE_MS (15 * 60 * 1000)
#define CEREMONY_LEASE_MS    (5 * 60 * 1000)

struct ceremony {
	struct quorum *q;
	struct pka_policy policy;
	struct pka_activation *a;
	struct pka_witness *witness;
	struct hsm_filter filter;
	struct pka_batch batch;
	struct wr answers[PKA_BATCH_MAX];
	uint64_t now_ms;
	uint8_t login_id[LOGIN_ID_SIZE];
	struct rd host_json;
	/* Replace the nth (from 1) answer to op; all of them if nth is 0. */
	enum hsm_op spoil_op;
	unsigned spoil_nth, spoil_seen;
	struct rd spoil_answer;         /* empty: nothing */
	unsigned sent[HSM_OPS];         /* commands that the card got */
};

void ceremony_begin(struct ceremony *c, struct quorum *q, uint64_t lease_ms);
void ceremony_end(struct ceremony *c);
/*
 * One step of the server's machine: the answers of the last batch in, the next commands to the card. false: nothing
 * was to be sent.
 */
bool ceremony_step(struct ceremony *c);
/* Steps until the machine waits for something or is at its end; gives it the enrolment when it asks. */
void ceremony_run(struct ceremony *c);
const struct pka_facts *ceremony_facts(const struct ceremony *c);
/* What a custodian's client fetches. */
struct pka_request ceremony_request(const struct ceremony *c);

struct decision {               /* what a custodian posts */
	struct pka_approval *approval;
	struct att_verdict verdict;
	struct rd sig, statement, statement_sig;
};
/* Person i decides with his own client and card; the server is not told yet. */
void decision_make(struct ceremony *c, unsigned i, bool approve, struct decision *d);
/* As pka_activation_check, and what holds is applied. */
enum err ceremony_hear(struct ceremony *c, struct rd chr, struct rd sig, struct rd statement, struct rd statement_sig);
enum err decision_post(struct ceremony *c, unsigned i, const struct decision *d);
void decision_free(struct decision *d);
/* All at once: turn if needed, decision, post, and the steps that follow. */
enum err ceremony_decide(struct ceremony *c, unsigned i, bool approve);
/* The host's verdict over the server's proofs of what the card took. */
enum err ceremony_judge(struct ceremony *c);

#endif
