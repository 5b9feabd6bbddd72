/* SPDX-License-Identifier: Apache-2.0 */
/*
 * COLLECT, TURN and SUBMIT: challenges out of the card, signatures into it, in either challenge mode, and the change
 * from one to the other when the card shows that it is of the other kind (reference public-key-authentication 6 and
 * 9.2).
 */
#include "pka/activation_int.h"

#include <stdio.h>
#include <string.h>

void pka_collect_begin(struct pka_activation *a)
{
	a->facts.state = PKA_COLLECT;
	a->facts.ends_ms = a->now_ms + a->policy.deadline_ms;
}

void pka_collect_time(struct pka_activation *a, uint64_t now_ms)
{
	struct pka_facts *f = &a->facts;

	if (f->state != PKA_COLLECT && f->state != PKA_TURN)
		return;
	if (now_ms >= f->ends_ms) {
		pka_fail(a, ERR_EXPIRED, "only %u of %u approvals in time", f->approvals, f->n);
	} else if (f->state == PKA_COLLECT && f->turn && now_ms >= f->turn_ends_ms) {
		pka_challenge_drop(a);
		f->turn = NULL;
	}
}

/* One GET CHALLENGE too many and the host ends the login without a reason that anybody could read. */
bool pka_challenge_is_left(struct pka_activation *a)
{
	if (a->challenges_n < PKA_CHALLENGES(a->target.m))
		return true;
	pka_fail(a, ERR_EXPIRED, "%zu challenges were fetched and the host allows no more: too many turns ended "
		 "without a decision", a->challenges_n);
	return false;
}

enum err pka_ask_collect(struct pka_activation *a, struct pka_batch *b)
{
	if (a->facts.mode == PKA_SHARED && a->facts.challenge.n == 0 && pka_challenge_is_left(a)) {
		hsm_enc_challenge(&b->bytes, PKA_CHALLENGE_SIZE);
		pka_asked(a, b, HSM_CHALLENGE, 0);
	}
	return ERR_OK;
}

enum err pka_take_challenge(struct pka_activation *a, size_t arg, struct rd data, uint16_t sw)
{
	uint8_t *kept = a->challenges[a->challenges_n];

	(void)arg;
	if (sw != APDU_SW_OK || data.n != PKA_CHALLENGE_SIZE) {
		pka_fail(a, ERR_CARD, "the card gave no challenge of %d bytes (%04X)", PKA_CHALLENGE_SIZE, sw);
		return ERR_OK;
	}
	memcpy(kept, data.p, data.n);
	a->challenges_n++;
	a->facts.challenge = rd_of(kept, PKA_CHALLENGE_SIZE);
	return ERR_OK;
}

/*
 * The status comes with the challenge: on a card of the shared kind the second challenge has just discarded what was
 * approved (public-key-authentication 6.2), and nobody shall be asked to approve in vain.
 */
enum err pka_ask_turn(struct pka_activation *a, struct pka_batch *b)
{
	hsm_enc_mse_auth(&b->bytes, rd_str(a->facts.turn->chr));
	pka_asked(a, b, HSM_MSE_AUTH, 0);
	hsm_enc_challenge(&b->bytes, PKA_CHALLENGE_SIZE);
	pka_asked(a, b, HSM_CHALLENGE, 0);
	hsm_enc_pka_status(&b->bytes);
	pka_asked(a, b, HSM_PKA_STATUS, 0);
	return ERR_OK;
}

/* The enrolment is stale if the card does not know the key (6A88). */
static void key_selected(struct pka_activation *a, const struct pka_custodian *c, uint16_t sw)
{
	char what[80];

	if (sw == APDU_SW_OK)
		return;
	snprintf(what, sizeof(what), "the card does not select the key %s", c->chr);
	pka_fail_sw(a, HSM_MSE_AUTH, sw, what);
}

enum err pka_take_turn_key(struct pka_activation *a, size_t arg, struct rd data, uint16_t sw)
{
	(void)arg, (void)data;
	key_selected(a, a->facts.turn, sw);
	return ERR_OK;
}

/* false: the ceremony has ended. */
static bool count_read(struct pka_activation *a, struct rd data, uint16_t sw)
{
	struct hsm_pka s;

	if (sw != APDU_SW_OK || hsm_dec_pka(data, &s) != ERR_OK) {
		pka_fail(a, ERR_CARD, "the card does not tell how many keys are authenticated (%04X)", sw);
		return false;
	}
	a->facts.authenticated = s.authenticated;
	return true;
}

/* To the other mode, at most once in each direction: a card that fits neither cannot be opened. */
static bool change_mode(struct pka_activation *a, enum pka_challenge_mode to)
{
	if (a->left[a->facts.mode]) {
		pka_fail(a, ERR_CARD, "the card takes neither one challenge for all nor one for each");
		return false;
	}
	a->left[a->facts.mode] = true;
	a->facts.mode = to;
	a->facts.changed_mode = true;
	a->facts.turn = NULL;
	a->facts.state = PKA_COLLECT;
	return true;
}

enum err pka_take_turn_count(struct pka_activation *a, size_t arg, struct rd data, uint16_t sw)
{
	unsigned before = pka_records_submitted(a);

	(void)arg;
	if (!count_read(a, data, sw))
		return ERR_OK;
	if (a->facts.authenticated < before) {
		/* The challenge just fetched serves everybody from now on. */
		if (change_mode(a, PKA_SHARED))
			pka_records_free(a, false);
		return ERR_OK;
	}
	a->facts.state = PKA_COLLECT;
	a->facts.turn_ends_ms = a->now_ms + a->policy.lease_ms;
	return ERR_OK;
}

void pka_submit_begin(struct pka_activation *a)
{
	a->facts.state = PKA_SUBMIT;
	/*
	 * In per-key mode the key was selected before its challenge, and nothing shall come between them and the
	 * signature.
	 */
	a->phase = a->facts.mode == PKA_SHARED ? PHASE_KEY : PHASE_SIGNATURE;
}

/*
 * Key and signature go in two batches, so that a key that the card does not know is noticed before a signature is
 * spent on it.
 */
enum err pka_ask_submit(struct pka_activation *a, struct pka_batch *b)
{
	const struct pka_approval_record *r = pka_record_pending(a);

	if (a->phase == PHASE_COUNT) {
		hsm_enc_pka_status(&b->bytes);
		pka_asked(a, b, HSM_PKA_STATUS, 0);
	} else if (!r) {
		return ERR_BUG;
	} else if (a->phase == PHASE_KEY) {
		hsm_enc_mse_auth(&b->bytes, rd_str(r->by->chr));
		pka_asked(a, b, HSM_MSE_AUTH, 0);
	} else {
		hsm_enc_external_auth(&b->bytes, r->sig);
		pka_asked(a, b, HSM_EXTERNAL_AUTH, 0);
	}
	return ERR_OK;
}

enum err pka_take_key(struct pka_activation *a, size_t arg, struct rd data, uint16_t sw)
{
	(void)arg, (void)data;
	key_selected(a, pka_record_pending(a)->by, sw);
	a->phase = PHASE_SIGNATURE;
	return ERR_OK;
}

enum err pka_take_signature(struct pka_activation *a, size_t arg, struct rd data, uint16_t sw)
{
	struct pka_approval_record *r = pka_record_pending(a);

	(void)arg, (void)data;
	if (sw == APDU_SW_OK) {
		r->submitted = true;
		a->phase = a->facts.mode == PKA_SHARED && pka_record_pending(a) ? PHASE_KEY : PHASE_COUNT;
	} else if (a->facts.mode == PKA_SHARED && pka_records_submitted(a) > 0) {
		a->is_refused = true;   /* the first was good for this challenge: perhaps it served only one key */
		a->phase = PHASE_COUNT;
	} else {
		pka_fail(a, ERR_CARD, "the card refused a good signature of %s (%04X): somebody else replaced its "
			 "challenge, or it holds another key of this name", r->by->chr, sw);
	}
	return ERR_OK;
}

/* The card keeps its count; what it counted stays, everybody else is asked again, each for a challenge of his own. */
static void become_per_key(struct pka_activation *a)
{
	unsigned submitted = pka_records_submitted(a);

	a->is_refused = false;
	if (a->facts.authenticated != 0 && a->facts.authenticated != submitted) {
		pka_fail(a, ERR_CARD, "the card took %u signatures but counts %u", submitted, a->facts.authenticated);
		return;
	}
	if (!change_mode(a, PKA_PER_KEY))
		return;
	pka_challenge_drop(a);
	pka_records_free(a, a->facts.authenticated == submitted);
}

/*
 * Open is what both say: n answers of 9000 and a count of n. The count alone is not necessary evidence on open
 * firmware, where a later challenge sets it to 0 (public-key-authentication 6.4), but no challenge is fetched after
 * the n-th answer, so it must stand here.
 */
enum err pka_take_count(struct pka_activation *a, size_t arg, struct rd data, uint16_t sw)
{
	unsigned submitted = pka_records_submitted(a);

	(void)arg;
	if (!count_read(a, data, sw))
		return ERR_OK;
	if (a->is_refused) {
		become_per_key(a);
	} else if (submitted >= a->facts.n && a->facts.authenticated >= a->facts.n) {
		a->facts.state = PKA_OPEN;
		pka_challenge_drop(a);
		a->facts.turn = NULL;
	} else if (submitted < a->facts.n && a->facts.authenticated == submitted) {
		a->facts.state = PKA_COLLECT;
		pka_challenge_drop(a);
		a->facts.turn = NULL;
	} else {
		pka_fail(a, ERR_CARD, "the card took %u signatures but counts %u", submitted, a->facts.authenticated);
	}
	return ERR_OK;
}
