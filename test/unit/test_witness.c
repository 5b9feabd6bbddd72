/* SPDX-License-Identifier: Apache-2.0 */
/* The host's judgement, over exchanges made by hand: no card is needed to know what a card would have answered. */
#include "test/unit/test.h"

#include "pka/witness.h"
#include "test/pki.h"

#define ID RD_LIT("UTVCARD0100000")
#define PEOPLE 3

static struct pki pki;
static struct pki_person people[PEOPLE];
static struct pka_witness *w;
static uint8_t login_id[LOGIN_ID_SIZE] = { 1, 2, 3 };
static const char json[] = "{\"v\":1}";

static int setup(void **state)
{
	static const char *const chrs[PEOPLE] = { "UTALICE0100001", "UTBOB000100001", "UTCAROL0100001" };
	static const char *const ids[PEOPLE] = { "UTCARDA0100000", "UTCARDB0100000", "UTCARDC0100000" };

	(void)state;
	pki_open(&pki);
	for (size_t i = 0; i < PEOPLE; i++)
		pki_person_make(&pki, ids[i], chrs[i], EC_BP256R1, &people[i]);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < PEOPLE; i++)
		pki_person_free(&people[i]);
	pki_close(&pki);
	return 0;
}

static int begin(void **state)
{
	(void)state;
	return pka_witness_new(ID, RD_ARR(login_id), rd_str(json), &w) != ERR_OK;
}

static int end(void **state)
{
	(void)state;
	pka_witness_free(&w);
	return 0;
}

static bool see(struct wr *cmd, struct rd rsp)
{
	bool fresh;

	assert_int_equal(wr_done(cmd), ERR_OK);
	assert_int_equal(pka_witness_see(w, wr_view(cmd), rsp, &fresh), ERR_OK);
	wr_free(cmd);
	return fresh;
}

static void select_applet(void)
{
	struct wr cmd;

	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_select(&cmd);
	assert_false(see(&cmd, RD_LIT("\x90\x00")));
}

static void mse(size_t i, const char *sw)
{
	struct wr cmd;

	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_mse_auth(&cmd, rd_str(people[i].registered.chr));
	assert_false(see(&cmd, rd_of(sw, 2)));
}

static bool challenge(const char *eight)
{
	uint8_t rsp[10];
	struct wr cmd;

	memcpy(rsp, eight, 8);
	rsp[8] = 0x90;
	rsp[9] = 0;
	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_challenge(&cmd, 8);
	return see(&cmd, RD_ARR(rsp));
}

static void authenticate(size_t by, const char *eight, const char *sw)
{
	uint8_t bytes[PKA_MESSAGE_MAX], plain[64];
	struct wr cmd, m, sig;

	WR_ARR(&m, bytes);
	WR_ARR(&sig, plain);
	assert_int_equal(pka_message(ID, rd_of(eight, 8), &m), ERR_OK);
	pki_sign(people[by].key, wr_view(&m), &sig);
	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_external_auth(&cmd, wr_view(&sig));
	assert_false(see(&cmd, rd_of(sw, 2)));
}

/* One custodian's proof over a challenge, right unless a test changes s before sealing it. */
struct made {
	struct pka_statement s;
	uint8_t text[STATEMENT_MAX], sig[64];
	struct wr text_w, sig_w;
	struct pka_proof proof;
};

static void prepare(struct made *p, size_t i, const char *eight)
{
	uint8_t bytes[PKA_MESSAGE_MAX];
	struct wr m;

	memset(p, 0, sizeof(*p));
	WR_ARR(&m, bytes);
	assert_int_equal(pka_message(ID, rd_of(eight, 8), &m), ERR_OK);
	assert_int_equal(sha256(wr_view(&m), p->s.message), ERR_OK);
	assert_int_equal(sha256(rd_str(json), p->s.request), ERR_OK);
	memcpy(p->s.login_id, login_id, sizeof(login_id));
	p->s.key = rd_str(people[i].registered.chr);
	p->s.decision = PKA_APPROVE;
}

static void seal(struct made *p, size_t i)
{
	WR_ARR(&p->text_w, p->text);
	WR_ARR(&p->sig_w, p->sig);
	assert_int_equal(pka_statement_write(&p->s, &p->text_w), ERR_OK);
	pki_sign(people[i].key, wr_view(&p->text_w), &p->sig_w);
	p->proof = (struct pka_proof){ wr_view(&people[i].file), wr_view(&p->text_w), wr_view(&p->sig_w) };
}

static void prove(struct made *p, size_t i, const char *eight)
{
	prepare(p, i, eight);
	seal(p, i);
}

static void judged(const struct made *a, const struct made *b, unsigned required, enum err e, const char *says)
{
	const struct pka_proof proofs[] = { a->proof, b->proof };
	struct pka_consents c;
	char why[200];

	assert_int_equal(pka_witness_judge(w, proofs, 2, required, NULL, &c, why, sizeof(why)), e);
	if (!strstr(why, says))
		fail_msg("\"%s\" does not say \"%s\"", why, says);
	if (e ? c.n != 0 : c.n < required)
		fail_msg("%zu consents with %s", c.n, err_text(e));
}

#define C1 "AAAABBBB"
#define C2 "CCCCDDDD"
#define OK "\x90\x00"

static void shared(void **state)
{
	struct made a, b;

	(void)state;
	assert_string_equal(pka_witness_code(w), "");
	select_applet();
	assert_true(challenge(C1));
	for (size_t i = 0; i < 2; i++) {
		mse(i, OK);
		authenticate(i, C1, OK);
	}
	assert_int_equal(pka_witness_accepted(w), 2);
	prove(&a, 0, C1);
	prove(&b, 1, C1);
	judged(&a, &b, 2, ERR_OK, "");
	judged(&a, &b, 1, ERR_OK, "");
	judged(&a, &b, 3, ERR_SIGNATURE, "2 of 3");
	judged(&a, &a, 2, ERR_SIGNATURE, "1 of 2");             /* one person twice is one person */
	judged(&a, &b, 0, ERR_SIGNATURE, "");
}

static void per_key(void **state)
{
	struct made a, b;

	(void)state;
	select_applet();
	mse(0, OK);                                     /* before its challenge */
	assert_true(challenge(C1));
	authenticate(0, C1, OK);
	assert_true(challenge(C2));                     /* after it */
	mse(1, OK);
	authenticate(1, C2, OK);
	prove(&a, 0, C1);
	prove(&b, 1, C2);
	judged(&a, &b, 2, ERR_OK, "");
	prove(&b, 1, C1);
	judged(&a, &b, 2, ERR_SIGNATURE, "another challenge");
}

/* Shared first, the second refused, then each for himself; the first asked again as well. */
static void change_of_mode(void **state)
{
	struct made a, b;

	(void)state;
	select_applet();
	challenge(C1);
	mse(0, OK);
	authenticate(0, C1, OK);
	mse(1, OK);
	authenticate(1, C1, "\x63\x00");
	assert_int_equal(pka_witness_accepted(w), 1);
	prove(&a, 0, C1);
	prove(&b, 1, C1);
	judged(&a, &b, 2, ERR_SIGNATURE, "no signature of this key");
	mse(1, OK);
	challenge(C2);
	authenticate(1, C2, "\x69\x85");
	authenticate(1, C2, OK);
	assert_int_equal(pka_witness_accepted(w), 2);
	prove(&b, 1, C2);
	judged(&a, &b, 2, ERR_OK, "");
	mse(0, OK);
	authenticate(0, C2, OK);                        /* replaces what he said before */
	assert_int_equal(pka_witness_accepted(w), 2);
	judged(&a, &b, 2, ERR_SIGNATURE, "another challenge");
	prove(&a, 0, C2);
	judged(&a, &b, 2, ERR_OK, "");
}

static void what_the_card_never_took(void **state)
{
	struct made a, b;

	(void)state;
	prove(&a, 0, C1);
	prove(&b, 1, C1);
	judged(&a, &b, 1, ERR_SIGNATURE, "0 of 1");
	select_applet();
	mse(0, "\x6a\x88");
	challenge(C1);
	authenticate(0, C1, OK);                        /* no key is selected: of whom should it be? */
	judged(&a, &b, 1, ERR_SIGNATURE, "no signature");
	mse(0, OK);
	authenticate(1, C1, OK);                        /* accepted, but not by the key in his file */
	judged(&a, &b, 1, ERR_SIGNATURE, "not by the key");
	authenticate(0, C2, OK);
	judged(&a, &b, 1, ERR_SIGNATURE, "not by the key");
	authenticate(0, C1, OK);
	judged(&a, &b, 1, ERR_OK, "");
	select_applet();                                /* the card has forgotten it all */
	assert_int_equal(pka_witness_accepted(w), 0);
	assert_string_equal(pka_witness_code(w), "");
	judged(&a, &b, 1, ERR_SIGNATURE, "0 of 1");
}

static void statements_that_prove_nothing(void **state)
{
	struct made a, none;

	(void)state;
	select_applet();
	challenge(C1);
	mse(0, OK);
	authenticate(0, C1, OK);
	memset(&none, 0, sizeof(none));
	prove(&a, 0, C1);
	judged(&a, &none, 1, ERR_OK, "");
	judged(&none, &none, 1, ERR_SIGNATURE, "PKA file");

	prepare(&a, 0, C1);
	a.s.decision = PKA_DENY;
	seal(&a, 0);
	judged(&a, &none, 1, ERR_SIGNATURE, "denial");
	prepare(&a, 0, C1);
	a.s.decision = PKA_END;
	seal(&a, 0);
	judged(&a, &none, 1, ERR_SIGNATURE, "denial");
	prepare(&a, 0, C1);
	a.s.login_id[15] ^= 1;
	seal(&a, 0);
	judged(&a, &none, 1, ERR_SIGNATURE, "another challenge, request or key");
	prepare(&a, 0, C1);
	a.s.request[0] ^= 1;
	seal(&a, 0);
	judged(&a, &none, 1, ERR_SIGNATURE, "another challenge, request or key");
	prepare(&a, 0, C1);
	a.s.key = rd_str(people[1].registered.chr);
	seal(&a, 0);
	judged(&a, &none, 1, ERR_SIGNATURE, "another challenge, request or key");
	/* signed by another, altered, cut, missing */
	prepare(&a, 0, C1);
	seal(&a, 1);
	a.proof.pka_file = wr_view(&people[0].file);
	judged(&a, &none, 1, ERR_SIGNATURE, "not signed by this key");
	prove(&a, 0, C1);
	a.text[60] ^= 1;
	judged(&a, &none, 1, ERR_SIGNATURE, "not signed by this key");
	prove(&a, 0, C1);
	a.proof.statement.n--;
	judged(&a, &none, 1, ERR_SIGNATURE, "not signed by this key");
	a.proof.statement = RD_NONE;
	judged(&a, &none, 1, ERR_SIGNATURE, "not signed by this key");
	/* another's PKA file under his statement */
	prove(&a, 0, C1);
	a.proof.pka_file = wr_view(&people[1].file);
	judged(&a, &none, 1, ERR_SIGNATURE, "no signature of this key");
}

/*
 * A server's own key under a custodian's name: its file is well formed and its statement good, but the card took
 * another's signature.
 */
static void impostor(void **state)
{
	struct pki_person fake;
	struct made a, none;
	uint8_t sig[64];

	(void)state;
	select_applet();
	challenge(C1);
	mse(0, OK);
	authenticate(0, C1, OK);
	pki_person_make(&pki, "UTCARDX0100000", people[0].registered.chr, EC_BP256R1, &fake);
	memset(&none, 0, sizeof(none));
	prove(&a, 0, C1);
	WR_ARR(&a.sig_w, sig);
	pki_sign(fake.key, wr_view(&a.text_w), &a.sig_w);
	a.proof.statement_sig = wr_view(&a.sig_w);
	a.proof.pka_file = wr_view(&fake.file);
	judged(&a, &none, 1, ERR_SIGNATURE, "not by the key");
	pki_person_free(&fake);
}

/* What was proven can be proven again, by anybody who has what comes out. */
static void consents(void **state)
{
	struct made a, b;
	struct pka_consents c;
	struct pka_proof proofs[4];
	uint8_t hash[SHA256_SIZE], bytes[PKA_MESSAGE_MAX];
	char why[200];
	struct wr m;

	(void)state;
	select_applet();
	assert_true(challenge(C1));
	for (size_t i = 0; i < 2; i++) {
		mse(i, OK);
		authenticate(i, C1, OK);
	}
	prove(&a, 1, C1);
	prove(&b, 0, C1);
	/* of no use, one, the same again, another */
	memset(proofs, 0, sizeof(proofs));
	proofs[1] = proofs[2] = a.proof;
	proofs[3] = b.proof;
	assert_int_equal(pka_witness_judge(w, proofs, 4, 2, NULL, &c, why, sizeof(why)), ERR_OK);
	assert_string_equal(why, "");
	assert_int_equal(c.n, 2);
	WR_ARR(&m, bytes);
	assert_int_equal(pka_message(ID, RD_LIT(C1), &m), ERR_OK);
	assert_int_equal(sha256(wr_view(&m), hash), ERR_OK);
	for (size_t i = 0; i < 2; i++) {
		const struct pka_proof *p = i ? &b.proof : &a.proof;

		assert_ptr_equal(c.v[i].statement.p, p->statement.p);
		assert_bytes_equal(c.v[i].statement, p->statement);
		assert_bytes_equal(c.v[i].statement_sig, p->statement_sig);
		assert_bytes_equal(c.v[i].pka_file, p->pka_file);
		assert_bytes_equal(c.v[i].challenge, RD_LIT(C1));
		assert_int_equal(ec_verify(EC_BP256R1, rd_of(people[1 - i].registered.q,
				 people[1 - i].registered.q_size), RD_ARR(hash), c.v[i].sig), ERR_OK);
	}
}

/* A custodian lowers what was asked; what nobody keeps is no approval. */
static void limits(void **state)
{
	static const struct { const char *asked, *a, *b; enum err e; const char *result; } rows[] = {
		{ "sign=50 for=1800", "", "", ERR_OK, "sign=50 for=1800" },
		{ "sign=50 for=1800", "sign=10", "", ERR_OK, "sign=10 for=1800" },
		{ "sign=50 for=1800", "for=30s sign=10", "key=dev sign=20", ERR_OK, "sign=10 for=30 key=dev" },
		{ "sign=50", "sign=100", "", ERR_OK, "sign=50" },
		{ "sign=50", "uid=5", "uid=6", ERR_POLICY, "UTBOB000100001 limits his approval (uid=6), which contr" },
		{ "uid=1", "uid=5", "", ERR_POLICY, "UTALICE0100001 limits his approval (uid=5), which contr" },
		{ "", "key=a", "key=b", ERR_POLICY, "contradicts" },
		{ "sign=50", "one image", "", ERR_SIGNATURE, "1 of 2 approvals proven; proof 1: the limits in its" },
		{ "sign=50", "", "sing=1", ERR_SIGNATURE, "proof 2: the limits in its statement cannot be read: \"s" },
		{ NULL, "", "", ERR_OK, "" },
		{ NULL, "sign=10", "", ERR_POLICY, "custodian UTALICE0100001 limits his approval (sign=10), which only "
						   "an agent keeps: use quorum11 agent or quorum11 run" },
		{ NULL, "", "sign=any", ERR_POLICY, "UTBOB000100001 limits" },
		{ NULL, "", "one image", ERR_SIGNATURE, "cannot be read" },
	};

	(void)state;
	select_applet();
	assert_true(challenge(C1));
	for (size_t i = 0; i < 2; i++) {
		mse(i, OK);
		authenticate(i, C1, OK);
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct made m[2];
		struct pka_proof proofs[2];
		struct pka_limits l, before;
		struct pka_consents c;
		char why[300], text[LIMITS_TEXT_MAX] = "";
		enum err e;
		struct wr t;

		assert_int_equal(pka_limits_read(rd_str(rows[i].asked), &l, NULL, 0), ERR_OK);
		before = l;
		for (size_t k = 0; k < 2; k++) {
			prepare(&m[k], k, C1);
			m[k].s.limits = rd_str(k ? rows[i].b : rows[i].a);
			seal(&m[k], k);
			proofs[k] = m[k].proof;
		}
		e = pka_witness_judge(w, proofs, 2, 2, rows[i].asked ? &l : NULL, &c, why, sizeof(why));
		WR_ARR(&t, text);
		assert_int_equal(pka_limits_write(&l, &t), ERR_OK);
		if (e != rows[i].e || !strstr(e ? why : wr_cstr(&t), rows[i].result))
			fail_msg("row %zu: %s, \"%s\", limits \"%s\"", i, err_text(e), why, wr_cstr(&t));
		assert_int_equal(c.n, e ? 0 : 2);
		if (e)
			assert_memory_equal(&l, &before, sizeof(l));
	}
}

static void code(void **state)
{
	char expect[PKA_CODE_SIZE];
	struct wr cmd;
	bool fresh;

	(void)state;
	challenge(C1);
	assert_int_equal(pka_code(ID, RD_LIT(C1), rd_str(json), expect), ERR_OK);
	assert_string_equal(pka_witness_code(w), expect);
	/* of another length it voids the old one */
	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_challenge(&cmd, 4);
	assert_int_equal(pka_witness_see(w, wr_view(&cmd), RD_LIT("1234\x90\x00"), &fresh), ERR_OK);
	assert_false(fresh);
	assert_string_equal(pka_witness_code(w), "");
	/* a refused one changes nothing */
	challenge(C2);
	assert_int_equal(pka_witness_see(w, wr_view(&cmd), RD_LIT("\x67\x00"), &fresh), ERR_OK);
	assert_int_equal(strlen(pka_witness_code(w)), 9);
	wr_free(&cmd);
}

static void odd_bytes(void **state)
{
	bool fresh;

	(void)state;
	assert_int_equal(pka_witness_see(w, RD_LIT("\x00\x84"), RD_LIT(OK), &fresh), ERR_FORMAT);
	assert_int_equal(pka_witness_see(w, RD_LIT("\x00\x84\x00\x00\x08"), RD_LIT("\x90"), &fresh), ERR_FORMAT);
	/* MANAGE SE without a key; EXTERNAL AUTHENTICATE of any size; under secure messaging */
	assert_int_equal(pka_witness_see(w, RD_LIT("\x00\x22\x81\xa4\x02\x83\x7f"), RD_LIT(OK), &fresh), ERR_OK);
	challenge(C1);
	assert_int_equal(pka_witness_see(w, RD_LIT("\x00\x82\x00\x00\x01\x00"), RD_LIT(OK), &fresh), ERR_OK);
	assert_int_equal(pka_witness_see(w, RD_LIT("\x0c\x82\x00\x00\x01\x00"), RD_LIT(OK), &fresh), ERR_OK);
	assert_int_equal(pka_witness_accepted(w), 0);
}

static void arguments(void **state)
{
	struct pka_witness *x;

	(void)state;
	assert_int_equal(pka_witness_new(RD_LIT("short"), RD_ARR(login_id), RD_NONE, &x), ERR_ARG);
	assert_null(x);
	assert_int_equal(pka_witness_new(ID, RD_LIT("123"), RD_NONE, &x), ERR_ARG);
	pka_witness_free(&x);
	assert_int_equal(pka_witness_new(ID, RD_ARR(login_id), RD_NONE, &x), ERR_OK);
	pka_witness_free(&x);
	pka_witness_free(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(shared, begin, end),
		cmocka_unit_test_setup_teardown(per_key, begin, end),
		cmocka_unit_test_setup_teardown(change_of_mode, begin, end),
		cmocka_unit_test_setup_teardown(what_the_card_never_took, begin, end),
		cmocka_unit_test_setup_teardown(statements_that_prove_nothing, begin, end),
		cmocka_unit_test_setup_teardown(impostor, begin, end),
		cmocka_unit_test_setup_teardown(consents, begin, end),
		cmocka_unit_test_setup_teardown(limits, begin, end),
		cmocka_unit_test_setup_teardown(code, begin, end),
		cmocka_unit_test_setup_teardown(odd_bytes, begin, end),
		cmocka_unit_test(arguments),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
