/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a ceremony does not accept: decisions that do not verify, cards that are not what they say, answers out of
 * order.
 */
#include "test/unit/test.h"

#include "pka/activation_int.h"
#include "pka/statement.h"
#include "sc-hsm/p15.h"
#include "test/ceremony.h"
#include "test/pki.h"

static struct quorum q;
static struct ceremony c;

static void start(const char *profile, unsigned n, unsigned m)
{
	quorum_open(&q, profile, n, m);
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
}

/* A decision made by hand, signed by the card of person i, right unless changed. */
struct forged {
	struct pka_statement s;
	struct rd m;                    /* what the first signature covers */
	uint8_t message[PKA_MESSAGE_MAX], text[STATEMENT_MAX], sig[64], statement_sig[64];
	struct wr text_w, sig_w, statement_sig_w;
};

static void sign(unsigned i, struct rd bytes, struct wr *plain)
{
	struct wr cmd, rsp;

	wr_init_heap(&cmd, APDU_CMD_MAX);
	wr_init_heap(&rsp, APDU_RSP_MAX);
	hsm_enc_sign(&cmd, q.people[i].key, HSM_ECDSA_SHA256, bytes);
	quorum_sign(&q.people[i], wr_view(&cmd), &rsp);
	assert_int_equal(ec_sig_from_der(rd_of(rsp.p, rsp.n - 2), 32, plain), ERR_OK);
	wr_free(&cmd);
	wr_free(&rsp);
}

static void forge(struct forged *f, unsigned i, struct rd id, struct rd challenge)
{
	struct wr m;

	memset(f, 0, sizeof(*f));
	WR_ARR(&m, f->message);
	assert_int_equal(pka_message(id, challenge, &m), ERR_OK);
	f->m = wr_view(&m);
	assert_int_equal(sha256(f->m, f->s.message), ERR_OK);
	memcpy(f->s.login_id, c.login_id, sizeof(c.login_id));
	assert_int_equal(sha256(c.host_json, f->s.request), ERR_OK);
	f->s.key = rd_str(q.custodians[i].chr);
	f->s.decision = PKA_APPROVE;
}

static void seal(struct forged *f, unsigned i)
{
	WR_ARR(&f->text_w, f->text);
	WR_ARR(&f->sig_w, f->sig);
	WR_ARR(&f->statement_sig_w, f->statement_sig);
	assert_int_equal(pka_statement_write(&f->s, &f->text_w), ERR_OK);
	sign(i, f->m, &f->sig_w);
	sign(i, wr_view(&f->text_w), &f->statement_sig_w);
}

static enum err post(const struct forged *f, unsigned i)
{
	return ceremony_hear(&c, rd_str(q.custodians[i].chr), wr_view(&f->sig_w), wr_view(&f->text_w),
			     wr_view(&f->statement_sig_w));
}

static void unchanged(void)
{
	in_state(PKA_COLLECT);
	assert_int_equal(facts()->approvals, 0);
	assert_int_equal(facts()->records_n, 0);
	assert_int_equal(c.sent[HSM_EXTERNAL_AUTH], 0);
}

static void forged_decisions(void **state)
{
	struct forged f, other;
	struct rd id, challenge;

	(void)state;
	start("vendor-shared", 2, 3);
	ceremony_run(&c);
	id = rd_str(q.target.id);
	challenge = facts()->challenge;

	/* by somebody else's key */
	forge(&f, 0, id, challenge);
	seal(&f, 1);
	assert_int_equal(post(&f, 0), ERR_SIGNATURE);
	/* under somebody else's name */
	forge(&f, 0, id, challenge);
	seal(&f, 0);
	assert_int_equal(post(&f, 1), ERR_SIGNATURE);
	f.s.key = rd_str(q.custodians[1].chr);
	seal(&f, 0);
	assert_int_equal(post(&f, 0), ERR_SIGNATURE);
	/* by nobody who is registered */
	assert_int_equal(ceremony_hear(&c, RD_LIT("UTNOBODY00001"), RD_NONE, RD_NONE, RD_NONE), ERR_NOT_FOUND);
	/* for another target */
	forge(&f, 0, RD_LIT("UTOTHER0100000"), challenge);
	seal(&f, 0);
	assert_int_equal(post(&f, 0), ERR_SIGNATURE);
	/* for another target, with a statement for this one */
	forge(&other, 0, id, challenge);
	seal(&other, 0);
	other.sig_w = f.sig_w;
	assert_int_equal(post(&other, 0), ERR_SIGNATURE);
	/* for a challenge that this card never gave */
	forge(&f, 0, id, RD_LIT("\1\2\3\4\5\6\7\10"));
	seal(&f, 0);
	assert_int_equal(post(&f, 0), ERR_SIGNATURE);
	/* of another login, another request */
	forge(&f, 0, id, challenge);
	f.s.login_id[0] ^= 1;
	seal(&f, 0);
	assert_int_equal(post(&f, 0), ERR_SIGNATURE);
	forge(&f, 0, id, challenge);
	f.s.request[0] ^= 1;
	seal(&f, 0);
	assert_int_equal(post(&f, 0), ERR_SIGNATURE);
	/* M signed as statement, statement signed as M, no signature, a bit of each */
	forge(&f, 0, id, challenge);
	seal(&f, 0);
	other = f;
	other.text_w = (struct wr){ .p = f.message, .n = f.m.n, .cap = f.m.n };
	other.statement_sig_w = f.sig_w;
	assert_int_equal(post(&other, 0), ERR_FORMAT);
	other = f;
	other.sig_w = f.statement_sig_w;
	assert_int_equal(post(&other, 0), ERR_SIGNATURE);
	other = f;
	other.sig_w.n = 0;
	assert_int_equal(post(&other, 0), ERR_SIGNATURE);
	other = f;
	other.statement_sig_w.n = 63;
	assert_int_equal(post(&other, 0), ERR_SIGNATURE);
	f.sig[5] ^= 1;
	assert_int_equal(post(&f, 0), ERR_SIGNATURE);
	f.sig[5] ^= 1;
	f.statement_sig[5] ^= 1;
	assert_int_equal(post(&f, 0), ERR_SIGNATURE);
	f.statement_sig[5] ^= 1;
	f.text[100] ^= 1;
	assert_int_not_equal(post(&f, 0), ERR_OK);
	f.text[100] ^= 1;
	/* a denial that carries a signature over M */
	other = f;
	other.s.decision = PKA_DENY;
	WR_ARR(&other.text_w, other.text);
	WR_ARR(&other.statement_sig_w, other.statement_sig);
	assert_int_equal(pka_statement_write(&other.s, &other.text_w), ERR_OK);
	sign(0, wr_view(&other.text_w), &other.statement_sig_w);
	assert_int_equal(post(&other, 0), ERR_FORMAT);
	/* an end is neither yes nor no, with M or without, over M or over the device */
	forge(&other, 0, id, challenge);
	other.s.decision = PKA_END;
	seal(&other, 0);
	assert_int_equal(post(&other, 0), ERR_SIGNATURE);
	other.sig_w.n = 0;
	assert_int_equal(post(&other, 0), ERR_SIGNATURE);
	assert_int_equal(sha256(id, other.s.message), ERR_OK);
	seal(&other, 0);
	other.sig_w.n = 0;
	assert_int_equal(post(&other, 0), ERR_SIGNATURE);
	/* a denial of something else */
	forge(&other, 0, RD_LIT("UTOTHER0100000"), challenge);
	other.s.decision = PKA_DENY;
	seal(&other, 0);
	other.sig_w.n = 0;
	assert_int_equal(post(&other, 0), ERR_SIGNATURE);
	unchanged();

	/* and the right one, once */
	assert_int_equal(post(&f, 0), ERR_OK);
	assert_int_equal(facts()->approvals, 1);
	assert_bytes_equal(facts()->records[0].message, f.m);
	assert_bytes_equal(facts()->records[0].statement, wr_view(&f.text_w));
	assert_int_equal(facts()->records[0].when, PKI_NOW);
	assert_int_equal(post(&f, 0), ERR_CONDITIONS);
	assert_int_equal(facts()->approvals, 1);
	assert_int_equal(ceremony_decide(&c, 1, true), ERR_OK);
	in_state(PKA_OPEN);
	assert_int_equal(post(&f, 2), ERR_SIGNATURE);
	assert_int_equal(ceremony_decide(&c, 2, false), ERR_CONDITIONS);
	stop();
}

/* Per-key mode: a good approval of the challenge, by the one whose turn it is not. */
static void out_of_turn(void **state)
{
	struct forged f;

	(void)state;
	start("vendor-per-key", 2, 3);
	q.enrolment.has_profile = true;
	q.enrolment.profile = PKA_PER_KEY;
	ceremony_run(&c);
	assert_int_equal(pka_activation_turn(c.a, rd_str(q.custodians[0].chr), c.now_ms), ERR_OK);
	ceremony_run(&c);
	forge(&f, 1, rd_str(q.target.id), facts()->challenge);
	seal(&f, 1);
	assert_int_equal(post(&f, 1), ERR_CONDITIONS);
	unchanged();
	stop();
}

static void before_its_time(void **state)
{
	uint8_t login_id[LOGIN_ID_SIZE] = { 0 };
	struct forged f;

	(void)state;
	start("vendor-shared", 2, 3);
	assert_int_equal(pka_activation_target(c.a, &q.enrolment), ERR_CONDITIONS);
	assert_int_equal(pka_activation_host(c.a, rd_of(login_id, 15), RD_NONE), ERR_ARG);
	while (ceremony_step(&c))
		;
	in_state(PKA_LOOKUP);
	assert_int_equal(pka_activation_target(c.a, &q.enrolment), ERR_OK);
	in_state(PKA_CHECK);
	forge(&f, 0, rd_str(q.target.id), RD_LIT("\1\2\3\4\5\6\7\10"));
	seal(&f, 0);
	assert_int_equal(post(&f, 0), ERR_CONDITIONS);
	assert_int_equal(pka_activation_turn(c.a, rd_str(q.custodians[0].chr), c.now_ms), ERR_CONDITIONS);
	ceremony_run(&c);
	in_state(PKA_COLLECT);
	assert_int_equal(pka_activation_host(c.a, RD_ARR(login_id), RD_NONE), ERR_CONDITIONS);
	assert_int_equal(pka_activation_target(c.a, &q.enrolment), ERR_CONDITIONS);
	stop();
}

static void enrolment_of_another(void **state)
{
	struct pka_target t;

	(void)state;
	start("vendor-shared", 2, 3);
	while (ceremony_step(&c))
		;
	t = q.enrolment;
	t.device_id = "UTOTHER0100000";
	assert_int_equal(pka_activation_target(c.a, &t), ERR_ARG);
	t = q.enrolment;
	t.n = 4;
	assert_int_equal(pka_activation_target(c.a, &t), ERR_ARG);
	t.n = 0;
	assert_int_equal(pka_activation_target(c.a, &t), ERR_ARG);
	in_state(PKA_LOOKUP);
	pka_activation_end(c.a, ERR_NOT_ENROLLED, "nobody knows this card");
	failed(ERR_NOT_ENROLLED, "nobody");
	stop();
}

static void without_a_chain(void **state)
{
	struct wr other;

	(void)state;
	start("open-firmware", 2, 3);
	q.enrolment.unverified = false;
	ceremony_run(&c);
	failed(ERR_ATTESTATION, "not proved genuine");
	stop();

	/* its id says nothing: the certificate must be the enrolled one */
	start("open-firmware", 2, 3);
	wr_init_heap(&other, 4096);
	wr_put(&other, wr_view(&q.people[0].card.devaut));
	q.enrolment.devaut = wr_view(&other);
	ceremony_run(&c);
	failed(ERR_ATTESTATION, "another certificate");
	wr_free(&other);
	stop();

	start("open-firmware", 2, 3);
	q.enrolment.devaut = RD_NONE;
	ceremony_run(&c);
	in_state(PKA_COLLECT);
	assert_true(facts()->unverified);
	stop();
}

/* A genuine card of a root that nobody trusts is refused even where cards without a chain are not. */
static void unknown_root(void **state)
{
	struct att_anchors *production;

	(void)state;
	start("vendor-shared", 2, 3);
	pka_activation_free(&c.a);
	assert_int_equal(att_anchors_new(true, &production), ERR_OK);
	c.policy.anchors = production;
	assert_int_equal(pka_activation_new(&c.policy, &c.a), ERR_OK);
	q.enrolment.unverified = true;
	ceremony_run(&c);
	failed(ERR_ATTESTATION, "not trusted");
	assert_int_equal(c.sent[HSM_PKA_STATUS], 0);
	stop();
	att_anchors_free(&production);
}

/* Somebody with a genuine card's public files, but not its key. */
static void copied_certificate(void **state)
{
	uint8_t bytes[1024];
	struct wr copy;

	(void)state;
	start("vendor-shared", 2, 3);
	WR_ARR(&copy, bytes);
	wr_put(&copy, wr_view(&q.people[0].card.devaut));
	wr_u16(&copy, 0x6282);
	c.spoil_op = HSM_READ;
	c.spoil_nth = 1;
	c.spoil_answer = wr_view(&copy);
	q.enrolment.device_id = q.people[0].card.id;
	ceremony_run(&c);
	failed(ERR_ATTESTATION, "does not have its key");
	assert_int_equal(c.sent[HSM_PKA_STATUS], 0);
	stop();
}

/*
 * Any command may be answered by an error or by garbage, at any place: the ceremony ends with a reason, or does
 * without.
 */
static void every_answer_spoilt(void **state)
{
	static const struct { const char *p; size_t n; } spoils[] = {
		{ "\x6f\x00", 2 }, { "\x69\x82", 2 }, { "\x6a\x88", 2 }, { "\x90\x00", 2 }, { "\x00", 1 },
		{ "\x01\x02\x03\x90\x00", 5 },
	};

	(void)state;
	start("vendor-shared", 1, 2);
	quorum_keygen(&q, 1, "signing");
	for (size_t i = 0; i < sizeof(spoils) / sizeof(*spoils); i++) {
		for (unsigned op = 0; op < HSM_OPS; op++) {
			for (unsigned nth = 1; nth <= 3; nth++) {
				ceremony_end(&c);
				ceremony_begin(&c, &q, CEREMONY_LEASE_MS);
				c.spoil_op = (enum hsm_op)op;
				c.spoil_nth = nth;
				c.spoil_answer = rd_of(spoils[i].p, spoils[i].n);
				ceremony_run(&c);
				if (facts()->state == PKA_COLLECT)
					assert_int_equal(ceremony_decide(&c, 0, true), ERR_OK);
				assert_true(facts()->state == PKA_FAILED || facts()->state == PKA_OPEN);
				if (facts()->state == PKA_FAILED) {
					assert_int_not_equal(facts()->result, ERR_OK);
					assert_true(strlen(facts()->why) > 10);
				}
			}
		}
	}
	stop();
}

/* Other than eight bytes and 9000 is no challenge. */
static void no_challenge(void **state)
{
	static const struct { const char *p; size_t n; } rows[] = {
		{ "\x6f\x00", 2 }, { "1234567\x90\x00", 9 }, { "123456789\x90\x00", 11 }, { "12345678\x62\x82", 10 },
		{ "0123456789012345678901234567890123456789012345678901234567890123\x90\x00", 66 },
	};

	(void)state;
	start("vendor-shared", 1, 2);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		ceremony_end(&c);
		ceremony_begin(&c, &q, CEREMONY_LEASE_MS);
		c.spoil_op = HSM_CHALLENGE;
		c.spoil_answer = rd_of(rows[i].p, rows[i].n);
		ceremony_run(&c);
		failed(ERR_CARD, "no challenge");
	}
	stop();
}

static void first_signature_refused(void **state)
{
	(void)state;
	start("vendor-shared", 2, 3);
	ceremony_run(&c);
	c.spoil_op = HSM_EXTERNAL_AUTH;
	c.spoil_nth = 1;
	c.spoil_answer = RD_LIT("\x63\x00");
	assert_int_equal(ceremony_decide(&c, 0, true), ERR_OK);
	assert_int_equal(c.sent[HSM_EXTERNAL_AUTH], 0);         /* shared: the card sees nothing before n are there */
	assert_int_equal(ceremony_decide(&c, 1, true), ERR_OK);
	failed(ERR_CARD, "refused a good signature");
	stop();
}

/* 6A88 to MSE is noticed before a signature is sent. */
static void key_unknown_to_the_card(void **state)
{
	(void)state;
	start("vendor-shared", 1, 2);
	ceremony_run(&c);
	c.spoil_op = HSM_MSE_AUTH;
	c.spoil_answer = RD_LIT("\x6a\x88");
	assert_int_equal(ceremony_decide(&c, 0, true), ERR_OK);
	failed(ERR_NOT_FOUND, q.custodians[0].chr);
	assert_int_equal(c.sent[HSM_EXTERNAL_AUTH], 0);
	stop();
}

/* n answers of 9000 and a count below n are not an open card. */
static void count_too_low(void **state)
{
	(void)state;
	start("vendor-shared", 2, 3);
	ceremony_run(&c);
	assert_int_equal(ceremony_decide(&c, 0, true), ERR_OK);
	c.spoil_op = HSM_PKA_STATUS;
	c.spoil_answer = RD_LIT("\x03\x00\x02\x01\x90\x00");
	assert_int_equal(ceremony_decide(&c, 1, true), ERR_OK);
	failed(ERR_CARD, "took 2 signatures but counts 1");
	stop();
}

static void answers_do_not_match(void **state)
{
	struct pka_answers in = { .n = 0 };

	(void)state;
	start("vendor-shared", 2, 3);
	assert_int_equal(pka_activation_step(c.a, &in, 0, &c.batch), ERR_OK);
	assert_true(c.batch.n > 0);
	assert_int_equal(pka_activation_step(c.a, &in, 0, &c.batch), ERR_OK);
	assert_int_equal(c.batch.n, 0);
	failed(ERR_PROTOCOL, "answers");
	stop();
}

static const struct pka_key_facts *key_facts(uint8_t key)
{
	for (size_t i = 0; i < facts()->keys_n; i++)
		if (facts()->keys[i].key == key)
			return &facts()->keys[i];
	return NULL;
}

/*
 * Attested, its certificate over the attested key, another key's certificate, another attestation, garbage, nothing
 * enrolled.
 */
static void keys(void **state)
{
	struct cvc_request request;
	struct ec_key *thief = pki_key(EC_SECP256R1);
	struct wr x509, tail;
	struct rd r;

	(void)state;
	start("vendor-shared", 1, 2);
	wr_init_heap(&x509, 4096);
	wr_init_heap(&tail, 4096);
	quorum_keygen(&q, 1, "first \x1b[31m key");
	quorum_keygen(&q, 7, "second");
	ceremony_run(&c);
	assert_int_equal(facts()->keys_n, 2);
	assert_true(key_facts(1)->is_attested);
	assert_true(key_facts(7)->is_attested);
	assert_string_equal(key_facts(7)->label, "second");
	assert_null(strchr(key_facts(1)->label, '\x1b'));
	assert_bytes_equal(key_facts(7)->attestation, wr_view(&q.attestations[1]));
	ceremony_end(&c);

	/* not enrolled: listed, not attested, no reason to refuse */
	q.enrolment.archived_n = 1;
	ceremony_begin(&c, &q, CEREMONY_LEASE_MS);
	ceremony_run(&c);
	in_state(PKA_COLLECT);
	assert_true(key_facts(1)->is_attested);
	assert_false(key_facts(7)->is_attested);
	assert_int_equal(key_facts(7)->attestation.n, 0);
	assert_false(att_verdict_is_good(facts()->verdict));
	ceremony_end(&c);
	q.enrolment.archived_n = 2;

	/* another key's attestation in its place */
	quorum_write(&q, HSM_FID(HSM_FID_EE, 7), wr_view(&q.attestations[0]));
	ceremony_begin(&c, &q, CEREMONY_LEASE_MS);
	ceremony_run(&c);
	assert_false(key_facts(7)->is_attested);
	ceremony_end(&c);

	/* a certificate over another key; then garbage */
	pki_x509(thief, &x509);
	quorum_write(&q, HSM_FID(HSM_FID_EE, 7), wr_view(&x509));
	ceremony_begin(&c, &q, CEREMONY_LEASE_MS);
	ceremony_run(&c);
	assert_false(key_facts(7)->is_attested);
	ceremony_end(&c);
	quorum_write(&q, HSM_FID(HSM_FID_EE, 7), RD_LIT("\x30\x82\xff"));
	ceremony_begin(&c, &q, CEREMONY_LEASE_MS);
	ceremony_run(&c);
	in_state(PKA_COLLECT);
	assert_false(key_facts(7)->is_attested);
	ceremony_end(&c);

	/* the attested key's own certificate; a tail of an older file behind it is no matter */
	r = wr_view(&q.attestations[1]);
	assert_int_equal(cvc_request_read(&r, &request), ERR_OK);
	wr_reset(&x509);
	pki_x509_of(EC_SECP256R1, request.inner.key.q, thief, &x509);
	for (int with_tail = 0; with_tail < 2; with_tail++) {
		wr_reset(&tail);
		wr_put(&tail, wr_view(&x509));
		if (with_tail)
			wr_put(&tail, RD_LIT("\xde\xad\xbe\xef"));
		quorum_write(&q, HSM_FID(HSM_FID_EE, 7), wr_view(&tail));
		ceremony_begin(&c, &q, CEREMONY_LEASE_MS);
		ceremony_run(&c);
		assert_true(key_facts(7)->is_attested);
		ceremony_end(&c);
	}
	ceremony_begin(&c, &q, CEREMONY_LEASE_MS);
	wr_free(&x509);
	wr_free(&tail);
	ec_key_free(&thief);
	stop();
}

/* A file longer than one answer is read to its end. */
static void long_file(void **state)
{
	uint8_t bytes[3000] = { 0 };
	struct wr w;

	(void)state;
	start("vendor-shared", 1, 2);
	quorum_keygen(&q, 1, "signing");
	wr_init_heap(&w, 4096);
	wr_put(&w, wr_view(&q.attestations[0]));
	wr_put(&w, RD_ARR(bytes));
	quorum_write(&q, HSM_FID(HSM_FID_EE, 1), wr_view(&w));
	ceremony_run(&c);
	in_state(PKA_COLLECT);
	assert_true(facts()->keys[0].is_attested);
	assert_true(c.sent[HSM_READ] >= 1 + 1 + 4);
	wr_free(&w);
	stop();
}

/* A file without end is read up to a limit, and nothing of it is kept with a ceremony that has failed. */
static void endless_files(void **state)
{
	uint8_t block[1024 + 2] = { 0 };
	unsigned reads;

	(void)state;
	block[1024] = 0x90;
	start("vendor-shared", 1, 2);
	c.spoil_op = HSM_READ;
	c.spoil_answer = RD_ARR(block);
	ceremony_run(&c);
	failed(ERR_ATTESTATION, "SmartCard-HSM");
	assert_int_equal(c.sent[HSM_READ], 8);
	stop();

	start("vendor-shared", 1, 2);
	quorum_keygen(&q, 1, "signing");
	while (ceremony_step(&c))
		;
	assert_int_equal(pka_activation_target(c.a, &q.enrolment), ERR_OK);
	c.spoil_op = HSM_READ;
	c.spoil_answer = RD_ARR(block);
	for (reads = c.sent[HSM_READ]; c.sent[HSM_READ] == reads; )
		assert_true(ceremony_step(&c));
	assert_non_null(c.a->files);
	pka_activation_end(c.a, ERR_REMOVED, "gone");
	assert_null(c.a->files);
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forged_decisions),
		cmocka_unit_test(out_of_turn),
		cmocka_unit_test(before_its_time),
		cmocka_unit_test(enrolment_of_another),
		cmocka_unit_test(without_a_chain),
		cmocka_unit_test(unknown_root),
		cmocka_unit_test(copied_certificate),
		cmocka_unit_test(every_answer_spoilt),
		cmocka_unit_test(no_challenge),
		cmocka_unit_test(first_signature_refused),
		cmocka_unit_test(key_unknown_to_the_card),
		cmocka_unit_test(count_too_low),
		cmocka_unit_test(answers_do_not_match),
		cmocka_unit_test(keys),
		cmocka_unit_test(long_file),
		cmocka_unit_test(endless_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
