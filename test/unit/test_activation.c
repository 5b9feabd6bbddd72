/* SPDX-License-Identifier: Apache-2.0 */
/* Whole ceremonies against virtual cards of every profile: machine, filter, witness and custodians together. */
#include "test/unit/test.h"

#include "pka/statement.h"
#include "test/ceremony.h"
#include "test/pki.h"
#include "test/vcard/card.h"

struct setting {
	const char *profile;
	unsigned n, m;
};
static const struct setting settings[] = {
	{ "vendor-shared", 1, 1 }, { "vendor-shared", 2, 3 }, { "vendor-shared", 3, 5 },
	{ "vendor-per-key", 1, 1 }, { "vendor-per-key", 2, 3 }, { "vendor-per-key", 3, 5 },
	{ "open-firmware", 1, 1 }, { "open-firmware", 2, 3 }, { "open-firmware", 3, 5 },
};
#define SETTINGS (sizeof(settings) / sizeof(*settings))

static struct quorum q;
static struct ceremony c;

static void start(const struct setting *s)
{
	print_message("# %s %u of %u\n", s->profile, s->n, s->m);
	quorum_open(&q, s->profile, s->n, s->m);
	ceremony_begin(&c, &q, CEREMONY_LEASE_MS);
}

static void stop(void)
{
	ceremony_end(&c);
	quorum_close(&q);
}

static const struct pka_facts *facts(void)
{
	return ceremony_facts(&c);
}

static void in_state(enum pka_state s)
{
	if (facts()->state != s)
		fail_msg("state %d, not %d: %s", facts()->state, s, facts()->why);
}

static void failed(enum err e, const char *why)
{
	in_state(PKA_FAILED);
	assert_int_equal(facts()->result, e);
	if (!strstr(facts()->why, why))
		fail_msg("\"%s\" does not say \"%s\"", facts()->why, why);
	assert_int_equal(facts()->challenge.n, 0);
	assert_false(ceremony_step(&c));        /* nothing more goes to the card */
}

static bool is_per_key(const struct setting *s)
{
	return strcmp(s->profile, "vendor-per-key") == 0;
}

/* In the order 0, 1, ... until it is open; who is asked again approves again. */
static void approve_all(void)
{
	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < q.m && facts()->state == PKA_COLLECT; i++) {
			enum err e = ceremony_decide(&c, i, true);

			if (e != ERR_CONDITIONS)        /* his approval still counts */
				assert_int_equal(e, ERR_OK);
		}
}

static void opens(void **state)
{
	(void)state;
	for (size_t i = 0; i < SETTINGS; i++) {
		const struct setting *s = &settings[i];
		bool change = is_per_key(s) && s->n > 1;

		start(s);
		ceremony_run(&c);
		in_state(PKA_COLLECT);
		assert_int_equal(facts()->challenge.n, PKA_CHALLENGE_SIZE);
		assert_int_equal(facts()->unverified, q.is_open_firmware);
		approve_all();
		in_state(PKA_OPEN);
		assert_int_equal(facts()->authenticated, s->n);
		assert_int_equal(facts()->approvals, s->n);
		assert_int_equal(facts()->changed_mode, change);
		assert_int_equal(facts()->mode, change ? PKA_PER_KEY : PKA_SHARED);
		assert_int_equal(pka_witness_accepted(c.witness), s->n);
		assert_int_equal(ceremony_judge(&c), ERR_OK);
		assert_true(c.sent[HSM_CHALLENGE] <= s->m + 2);
		assert_int_equal(c.sent[HSM_GENERAL_AUTH], q.is_open_firmware ? 0 : 1);
		stop();
	}
}

/* A profile learned before: nobody is asked twice. */
static void opens_with_profile(void **state)
{
	(void)state;
	for (size_t i = 0; i < SETTINGS; i++) {
		const struct setting *s = &settings[i];

		start(s);
		q.enrolment.has_profile = true;
		q.enrolment.profile = is_per_key(s) ? PKA_PER_KEY : PKA_SHARED;
		ceremony_run(&c);
		for (unsigned k = 0; k < s->n; k++)
			assert_int_equal(ceremony_decide(&c, s->m - 1 - k, true), ERR_OK);
		in_state(PKA_OPEN);
		assert_false(facts()->changed_mode);
		assert_int_equal(facts()->mode, q.enrolment.profile);
		assert_int_equal(c.sent[HSM_CHALLENGE], is_per_key(s) ? s->n : 1);
		assert_int_equal(ceremony_judge(&c), ERR_OK);
		stop();
	}
}

/* A wrong profile: the second challenge discards the first approval, and everybody is asked again, once. */
static void back_to_shared(void **state)
{
	static const struct setting rows[] = { { "vendor-shared", 2, 3 }, { "open-firmware", 3, 5 } };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		start(&rows[i]);
		q.enrolment.has_profile = true;
		q.enrolment.profile = PKA_PER_KEY;
		ceremony_run(&c);
		in_state(PKA_COLLECT);
		assert_int_equal(facts()->challenge.n, 0);
		assert_int_equal(ceremony_decide(&c, 0, true), ERR_OK);
		assert_int_equal(facts()->authenticated, 1);
		assert_int_equal(facts()->approvals, 1);
		assert_int_equal(pka_activation_turn(c.a, rd_str(q.custodians[1].chr), c.now_ms), ERR_OK);
		ceremony_run(&c);
		in_state(PKA_COLLECT);
		assert_int_equal(facts()->mode, PKA_SHARED);
		assert_true(facts()->changed_mode);
		assert_int_equal(facts()->approvals, 0);
		assert_null(facts()->turn);
		assert_int_equal(facts()->challenge.n, PKA_CHALLENGE_SIZE);    /* the one just fetched serves all */
		approve_all();
		in_state(PKA_OPEN);
		assert_int_equal(c.sent[HSM_CHALLENGE], 2);
		assert_int_equal(ceremony_judge(&c), ERR_OK);
		stop();
	}
}

/* Shared first, refused at the second: the first stays, the others get a turn each. */
static void keeps_the_count(void **state)
{
	struct setting s = { "vendor-per-key", 3, 5 };

	(void)state;
	start(&s);
	ceremony_run(&c);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(ceremony_decide(&c, i, true), ERR_OK);
	in_state(PKA_COLLECT);
	assert_true(facts()->changed_mode);
	assert_int_equal(facts()->mode, PKA_PER_KEY);
	assert_int_equal(facts()->authenticated, 1);
	assert_int_equal(facts()->approvals, 1);
	assert_int_equal(facts()->records_n, 1);
	assert_true(facts()->records[0].submitted);
	assert_ptr_equal(facts()->records[0].by, &q.custodians[0]);
	assert_int_equal(ceremony_decide(&c, 0, true), ERR_CONDITIONS);
	assert_int_equal(ceremony_decide(&c, 1, true), ERR_OK);
	assert_int_equal(facts()->authenticated, 2);
	assert_null(facts()->turn);
	assert_int_equal(ceremony_decide(&c, 4, true), ERR_OK);
	in_state(PKA_OPEN);
	assert_int_equal(ceremony_judge(&c), ERR_OK);
	stop();
}

/* What the card counts decides whose approval stays, and a count that fits nothing ends it. */
static void count_after_a_refusal(void **state)
{
	static const struct { const char *answer; bool all_again; } rows[] = {
		{ "\x03\x00\x02\x00\x90\x00", true },
		{ "\x03\x00\x02\x02\x90\x00", false },
	};
	struct setting s = { "vendor-per-key", 2, 3 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		start(&s);
		c.spoil_op = HSM_PKA_STATUS;
		c.spoil_nth = 2;
		c.spoil_answer = rd_of(rows[i].answer, 6);
		ceremony_run(&c);
		assert_int_equal(ceremony_decide(&c, 0, true), ERR_OK);
		assert_int_equal(ceremony_decide(&c, 1, true), ERR_OK);
		if (rows[i].all_again) {
			in_state(PKA_COLLECT);
			assert_int_equal(facts()->mode, PKA_PER_KEY);
			assert_int_equal(facts()->records_n, 0);
		} else {
			failed(ERR_CARD, "took 1 signatures but counts 2");
		}
		stop();
	}
}

/* The card does as if it took neither mode. */
static void neither_mode(void **state)
{
	struct setting s = { "vendor-per-key", 2, 3 };

	(void)state;
	start(&s);
	ceremony_run(&c);
	assert_int_equal(ceremony_decide(&c, 0, true), ERR_OK);
	assert_int_equal(ceremony_decide(&c, 1, true), ERR_OK);
	assert_int_equal(facts()->mode, PKA_PER_KEY);
	c.spoil_op = HSM_PKA_STATUS;            /* 3 registered, 2 needed, none counts any more */
	c.spoil_answer = RD_LIT("\x03\x00\x02\x00\x90\x00");
	assert_int_equal(pka_activation_turn(c.a, rd_str(q.custodians[1].chr), c.now_ms), ERR_OK);
	ceremony_run(&c);
	assert_int_equal(facts()->mode, PKA_SHARED);
	c.spoil_answer = RD_LIT("\x03\x00\x02\x01\x90\x00");
	assert_int_equal(ceremony_decide(&c, 1, true), ERR_OK);
	assert_int_equal(ceremony_decide(&c, 2, true), ERR_OK);
	failed(ERR_CARD, "neither");
	stop();
}

static void turns_and_leases(void **state)
{
	struct setting s = { "vendor-per-key", 2, 3 };
	struct decision late;
	struct rd chr[3];

	(void)state;
	start(&s);
	q.enrolment.has_profile = true;
	q.enrolment.profile = PKA_PER_KEY;
	for (unsigned i = 0; i < 3; i++)
		chr[i] = rd_str(q.custodians[i].chr);
	assert_int_equal(pka_activation_turn(c.a, chr[0], c.now_ms), ERR_NOT_FOUND);   /* no enrolment yet */
	ceremony_run(&c);
	assert_int_equal(pka_activation_turn(c.a, RD_LIT("UTNOBODY00001"), c.now_ms), ERR_NOT_FOUND);
	assert_int_equal(pka_activation_turn(c.a, chr[0], c.now_ms), ERR_OK);
	assert_int_equal(facts()->challenge.n, 0);
	/* asked again while it is fetched */
	assert_int_equal(pka_activation_turn(c.a, chr[0], c.now_ms), ERR_OK);
	ceremony_run(&c);
	assert_int_equal(facts()->challenge.n, PKA_CHALLENGE_SIZE);
	assert_ptr_equal(facts()->turn, &q.custodians[0]);
	assert_int_equal(facts()->turn_ends_ms, c.now_ms + CEREMONY_LEASE_MS);
	assert_int_equal(pka_activation_turn(c.a, chr[1], c.now_ms), ERR_SHARING);
	decision_make(&c, 0, true, &late);

	c.now_ms += CEREMONY_LEASE_MS - 1;
	assert_int_equal(pka_activation_turn(c.a, chr[1], c.now_ms), ERR_SHARING);
	c.now_ms++;
	ceremony_run(&c);
	assert_null(facts()->turn);
	assert_int_equal(facts()->challenge.n, 0);
	assert_int_equal(decision_post(&c, 0, &late), ERR_EXPIRED);
	assert_int_equal(pka_activation_turn(c.a, chr[1], c.now_ms), ERR_OK);
	ceremony_run(&c);
	assert_int_equal(decision_post(&c, 0, &late), ERR_EXPIRED);            /* not even with a new challenge about */
	assert_int_equal(ceremony_decide(&c, 1, true), ERR_OK);
	assert_int_equal(ceremony_decide(&c, 0, true), ERR_OK);
	in_state(PKA_OPEN);
	assert_int_equal(c.sent[HSM_CHALLENGE], 3);
	assert_int_equal(ceremony_judge(&c), ERR_OK);
	decision_free(&late);
	stop();
}

/* The lease ends in the call that asks for the turn, without a step between. */
static void lease_ends_when_asked(void **state)
{
	struct setting s = { "vendor-per-key", 2, 3 };

	(void)state;
	start(&s);
	q.enrolment.has_profile = true;
	q.enrolment.profile = PKA_PER_KEY;
	ceremony_run(&c);
	assert_int_equal(pka_activation_turn(c.a, rd_str(q.custodians[0].chr), c.now_ms), ERR_OK);
	ceremony_run(&c);
	c.now_ms += CEREMONY_LEASE_MS;
	assert_int_equal(pka_activation_turn(c.a, rd_str(q.custodians[1].chr), c.now_ms), ERR_OK);
	ceremony_run(&c);
	assert_ptr_equal(facts()->turn, &q.custodians[1]);
	stop();
}

/* The host lets m + 2 challenges through; the machine ends with a reason before the filter does without one. */
static void challenges_run_out(void **state)
{
	struct setting s = { "vendor-per-key", 2, 3 };

	(void)state;
	quorum_open(&q, s.profile, s.n, s.m);
	q.enrolment.has_profile = true;
	q.enrolment.profile = PKA_PER_KEY;
	ceremony_begin(&c, &q, 1000);
	ceremony_run(&c);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(pka_activation_turn(c.a, rd_str(q.custodians[i % 3].chr), c.now_ms), ERR_OK);
		ceremony_run(&c);
		assert_ptr_equal(facts()->turn, &q.custodians[i % 3]);
		c.now_ms += 1000;
	}
	assert_int_equal(pka_activation_turn(c.a, rd_str(q.custodians[0].chr), c.now_ms), ERR_CONDITIONS);
	failed(ERR_EXPIRED, "5 challenges");
	assert_int_equal(c.sent[HSM_CHALLENGE], 5);
	stop();
}

static void deadline(void **state)
{
	static const struct setting rows[] = { { "vendor-shared", 2, 3 }, { "vendor-per-key", 2, 3 } };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		start(&rows[i]);
		q.enrolment.has_profile = true;
		q.enrolment.profile = is_per_key(&rows[i]) ? PKA_PER_KEY : PKA_SHARED;
		ceremony_run(&c);
		assert_int_equal(facts()->ends_ms, c.now_ms + CEREMONY_DEADLINE_MS);
		assert_int_equal(ceremony_decide(&c, 0, true), ERR_OK);
		c.now_ms = facts()->ends_ms - 1;
		ceremony_run(&c);
		in_state(PKA_COLLECT);
		c.now_ms++;
		ceremony_run(&c);
		failed(ERR_EXPIRED, "1 of 2");
		assert_int_equal(ceremony_decide(&c, 1, false), ERR_CONDITIONS);
		stop();
	}
}

static void denial(void **state)
{
	(void)state;
	for (size_t i = 0; i < SETTINGS; i++) {
		start(&settings[i]);
		ceremony_run(&c);
		if (settings[i].n > 1)
			assert_int_equal(ceremony_decide(&c, 0, true), ERR_OK);
		assert_int_equal(ceremony_decide(&c, settings[i].m - 1, false), ERR_OK);
		failed(ERR_DENIED, q.custodians[settings[i].m - 1].chr);
		assert_false(facts()->records[facts()->records_n - 1].approve);
		assert_int_equal(facts()->records[facts()->records_n - 1].sig.n, 0);
		assert_int_equal(c.sent[HSM_EXTERNAL_AUTH], 0);
		stop();
	}
}

/* Before there is a challenge, and by somebody who has approved. */
static void denial_at_any_time(void **state)
{
	struct setting s = { "vendor-per-key", 2, 3 };

	(void)state;
	start(&s);
	q.enrolment.has_profile = true;
	q.enrolment.profile = PKA_PER_KEY;
	ceremony_run(&c);
	assert_int_equal(facts()->challenge.n, 0);
	assert_int_equal(ceremony_decide(&c, 2, false), ERR_OK);
	failed(ERR_DENIED, q.custodians[2].chr);
	assert_bytes_equal(facts()->records[0].message, rd_str(q.target.id));
	stop();

	start(&s);
	q.enrolment.has_profile = true;
	q.enrolment.profile = PKA_PER_KEY;
	ceremony_run(&c);
	assert_int_equal(ceremony_decide(&c, 0, true), ERR_OK);
	assert_int_equal(ceremony_decide(&c, 0, false), ERR_OK);
	failed(ERR_DENIED, q.custodians[0].chr);
	assert_int_equal(facts()->records_n, 2);
	stop();
}

static void ended_from_outside(void **state)
{
	struct setting s = { "vendor-shared", 2, 3 };

	(void)state;
	start(&s);
	ceremony_run(&c);
	assert_int_equal(ceremony_decide(&c, 0, true), ERR_OK);
	pka_activation_end(c.a, ERR_REMOVED, "the card was pulled out");
	failed(ERR_REMOVED, "pulled out");
	pka_activation_end(c.a, ERR_CANCELLED, "later");
	failed(ERR_REMOVED, "pulled out");
	assert_int_equal(ceremony_decide(&c, 1, false), ERR_CONDITIONS);
	stop();
}

/* The learned profile, the enrolment or the card's own state may forbid it before anybody is asked. */
static void card_differs(void **state)
{
	static const struct { const char *answer, *why; size_t n; } rows[] = {
		{ "\x03\x01\x02\x00\x90\x00", "not registered yet", 6 },
		{ "\x03\x00\x02\x02\x90\x00", "authenticated already", 6 },
		{ "\x03\x00\x02\x01\x90\x00", "authenticated already", 6 },
		{ "\x04\x00\x02\x00\x90\x00", "enrolled are 2 of 3", 6 },
		{ "\x03\x00\x01\x00\x90\x00", "enrolled are 2 of 3", 6 },
		{ "\x03\x00\x02\x90\x00", "no public key authentication", 5 },
		{ "\x6d\x00", "no public key authentication", 2 },
		{ "\x6f\x00", "no public key authentication", 2 },
	};
	struct setting s = { "vendor-shared", 2, 3 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		start(&s);
		c.spoil_op = HSM_PKA_STATUS;
		c.spoil_answer = rd_of(rows[i].answer, rows[i].n);
		ceremony_run(&c);
		failed(ERR_POLICY, rows[i].why);
		assert_int_equal(c.sent[HSM_CHALLENGE], 0);
		stop();
	}
}

static void names(void **state)
{
	static const struct { const char *answer; size_t n; unsigned nth; enum err e; } rows[] = {
		{ "UTSTRANGER00001\x90\x00", 17, 2, ERR_POLICY },
		{ "UTCUST00000001\x90\x00", 16, 2, ERR_POLICY },        /* the first once more */
		{ "\x6a\x88", 2, 3, ERR_POLICY },
		{ "\x6a\x86", 2, 0, ERR_OK },                           /* firmware that does not tell */
		{ "\x6d\x00", 2, 0, ERR_OK },
	};
	struct setting s = { "vendor-shared", 2, 3 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		start(&s);
		c.spoil_op = HSM_PKA_KEY;
		c.spoil_nth = rows[i].nth;
		c.spoil_answer = rd_of(rows[i].answer, rows[i].n);
		ceremony_run(&c);
		if (rows[i].e)
			failed(rows[i].e, "not the enrolled ones");
		else
			in_state(PKA_COLLECT);
		assert_false(att_verdict_is_good(facts()->verdict));
		stop();
	}
}

/* A card that knows only the older protocol of chip authentication, and one that knows none. */
static void old_chip_authentication(void **state)
{
	const struct setting s = { "vendor-per-key", 1, 2 };
	struct vcard_profile p;

	(void)state;
	for (int knows = 1; knows >= 0; knows--) {
		start(&s);
		p = *q.target.vcard->state->profile;
		p.chip_aes = false;
		p.chip_3des = knows;
		q.target.vcard->state->profile = &p;
		ceremony_run(&c);
		if (knows) {
			assert_int_equal(ceremony_decide(&c, 1, true), ERR_OK);
			in_state(PKA_OPEN);
			assert_int_equal(ceremony_judge(&c), ERR_OK);
			assert_int_equal(c.sent[HSM_GENERAL_AUTH], 2);
		} else {
			failed(ERR_ATTESTATION, "knows no chip authentication");
		}
		assert_int_equal(c.sent[HSM_MSE_CHIP], 2);
		stop();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(old_chip_authentication),
		cmocka_unit_test(opens),
		cmocka_unit_test(opens_with_profile),
		cmocka_unit_test(back_to_shared),
		cmocka_unit_test(keeps_the_count),
		cmocka_unit_test(count_after_a_refusal),
		cmocka_unit_test(neither_mode),
		cmocka_unit_test(turns_and_leases),
		cmocka_unit_test(lease_ends_when_asked),
		cmocka_unit_test(challenges_run_out),
		cmocka_unit_test(deadline),
		cmocka_unit_test(denial),
		cmocka_unit_test(denial_at_any_time),
		cmocka_unit_test(ended_from_outside),
		cmocka_unit_test(card_differs),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
