/* SPDX-License-Identifier: Apache-2.0 */
/* The custodian's own checks, against requests that a server forged. */
#include "test/unit/test.h"

#include "base/tlv.h"
#include "pka/approval.h"
#include "test/pki.h"

#define CHALLENGE RD_LIT("AAAABBBB")

static struct pki pki;
static struct pki_device target, other, open_one;
static struct pki_person alice;
static struct ec_key *key;
static struct wr good_att, other_att;
static struct pka_key_facts keys[4];
static struct pka_request request;
static uint8_t login_id[LOGIN_ID_SIZE] = { 9, 8, 7 };
static const char json[] = "{\"v\":1,\"reason\":\"release\"}";

static int setup(void **state)
{
	(void)state;
	pki_open(&pki);
	pki_device_make(&pki, "UTVCARD0100000", &target);
	pki_device_make(&pki, "UTVCARD0200000", &other);
	pki_device_make(NULL, "ESPICOHSMTR00001", &open_one);
	pki_person_make(&pki, "UTCARDA0100000", "UTALICE0100001", EC_BP256R1, &alice);
	key = pki_key(EC_SECP256R1);
	wr_init_heap(&good_att, CVC_MAX);
	wr_init_heap(&other_att, CVC_MAX);
	pki_attest(&target, "UTVCARD0100001", key, &good_att);
	pki_attest(&other, "UTVCARD0200001", key, &other_att);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	wr_free(&good_att);
	wr_free(&other_att);
	ec_key_free(&key);
	pki_person_free(&alice);
	pki_device_free(&target);
	pki_device_free(&other);
	pki_device_free(&open_one);
	pki_close(&pki);
	return 0;
}

static int fresh(void **state)
{
	(void)state;
	memset(keys, 0, sizeof(keys));
	keys[0] = (struct pka_key_facts){ .key = 1, .label = "kernel", .is_attested = true,
					  .attestation = wr_view(&good_att) };
	request = (struct pka_request){
		.login_id = RD_ARR(login_id), .host_json = rd_str(json), .devaut = wr_view(&target.devaut),
		.device_id = "UTVCARD0100000", .n = 2, .m = 3, .keys_n = 1, .keys = keys, .challenge = CHALLENGE,
	};
	return 0;
}

static enum err check(struct pka_approval **a, struct att_verdict *v)
{
	v->n = 0;
	return pka_approval_new(&request, pki.anchors, NULL, 0, PKI_NOW, a, v);
}

static void refused(enum err e, enum att_step first)
{
	struct pka_approval *a;
	struct att_verdict v;

	assert_int_equal(check(&a, &v), e);
	assert_null(a);
	assert_int_equal(att_verdict_first_failure(&v).step, first);
}

static void shows_what_it_checked(void **state)
{
	const struct pka_approval_facts *f;
	char code[PKA_CODE_SIZE];
	struct pka_approval *a;
	struct att_verdict v;

	(void)state;
	assert_int_equal(check(&a, &v), ERR_OK);
	assert_true(att_verdict_is_good(&v));
	f = pka_approval_facts(a);
	assert_string_equal(f->device_id, "UTVCARD0100000");
	assert_string_equal(f->path, "/UTQUORUM/UTISSUER/UTVCARD01");
	assert_false(f->unverified);
	assert_int_equal(f->keys_n, 1);
	assert_int_equal(f->attested_n, 1);
	assert_int_equal(f->unattested_n, 0);
	assert_int_equal(pka_code(RD_LIT("UTVCARD0100000"), CHALLENGE, rd_str(json), code), ERR_OK);
	assert_string_equal(f->code, code);
	pka_approval_free(&a);
	pka_approval_free(&a);
}

static void forged_requests(void **state)
{
	uint8_t bytes[1024];

	(void)state;
	/* another device's name on this certificate, and the other way round */
	request.device_id = "UTVCARD0200000";
	refused(ERR_ATTESTATION, ATT_OTHER_DEVICE);
	fresh(state);
	request.devaut = wr_view(&other.devaut);
	refused(ERR_ATTESTATION, ATT_OTHER_DEVICE);
	fresh(state);
	/* a broken chain */
	memcpy(bytes, target.devaut.p, target.devaut.n);
	bytes[target.devaut.n - 1] ^= 1;
	request.devaut = rd_of(bytes, target.devaut.n);
	refused(ERR_ATTESTATION, ATT_SIG_CHAIN);
	request.devaut = RD_NONE;
	refused(ERR_FORMAT, ATT_FORMAT);
	fresh(state);
	/* a challenge of another size: who knows what would be signed */
	for (size_t n = 1; n < 64; n++) {
		request.challenge = rd_of(bytes, n);
		if (n != 8)
			refused(ERR_FORMAT, ATT_FORMAT);
	}
	fresh(state);
	request.login_id.n = 15;
	refused(ERR_FORMAT, ATT_FORMAT);
	fresh(state);
	request.n = 4;
	refused(ERR_FORMAT, ATT_FORMAT);
	request.n = 0;
	refused(ERR_FORMAT, ATT_FORMAT);
	request.n = request.m = 91;
	refused(ERR_FORMAT, ATT_FORMAT);
	fresh(state);
	request.host_json.n = REQUEST_JSON_MAX + 1;
	refused(ERR_FORMAT, ATT_FORMAT);
	fresh(state);
	request.device_id = NULL;
	refused(ERR_FORMAT, ATT_FORMAT);
}

/* The server's word never makes a key attested. */
static void keys_are_checked(void **state)
{
	struct pka_approval *a;
	struct att_verdict v;
	const struct pka_approval_facts *f;

	(void)state;
	keys[1] = (struct pka_key_facts){ .key = 2, .label = "other's", .is_attested = true,
					  .attestation = wr_view(&other_att) };
	keys[2] = (struct pka_key_facts){ .key = 3, .label = "\x1b[2Jnone", .is_attested = true };
	keys[3] = (struct pka_key_facts){ .key = 4, .is_attested = false, .attestation = wr_view(&good_att) };
	memset(keys[3].label, 'x', sizeof(keys[3].label));      /* not even terminated */
	request.keys_n = 4;
	assert_int_equal(check(&a, &v), ERR_OK);
	f = pka_approval_facts(a);
	assert_true(f->keys[0].is_attested);
	assert_false(f->keys[1].is_attested);
	assert_false(f->keys[2].is_attested);
	assert_false(f->keys[3].is_attested);           /* the server found another key in the card */
	assert_int_equal(f->attested_n, 1);
	assert_int_equal(f->unattested_n, 3);
	assert_false(att_verdict_is_good(&v));
	assert_null(strchr(f->keys[2].label, '\x1b'));
	assert_true(strlen(f->keys[3].label) < sizeof(f->keys[3].label));
	pka_approval_free(&a);
}

static void without_a_chain(void **state)
{
	const char *const wrong[] = { "UTVCARD0100000" }, *const right[] = { "UTVCARD0100000", "ESPICOHSMTR00001" };
	struct pka_approval *a;
	struct att_verdict v = { .n = 0 };
	struct att_anchors *production;

	(void)state;
	request.devaut = wr_view(&open_one.devaut);
	request.device_id = "ESPICOHSMTR00001";
	refused(ERR_ATTESTATION, ATT_GENUINE);
	assert_int_equal(pka_approval_new(&request, pki.anchors, wrong, 1, PKI_NOW, &a, &v), ERR_ATTESTATION);
	assert_int_equal(pka_approval_new(&request, pki.anchors, right, 2, PKI_NOW, &a, &v), ERR_OK);
	assert_true(pka_approval_facts(a)->unverified);
	assert_string_equal(pka_approval_facts(a)->path, "");
	pka_approval_free(&a);

	/* being listed excuses no chain that does not hold; and says nothing about one that does */
	fresh(state);
	assert_int_equal(att_anchors_new(true, &production), ERR_OK);
	assert_int_equal(pka_approval_new(&request, production, right, 2, PKI_NOW, &a, &v), ERR_ATTESTATION);
	assert_null(a);
	att_anchors_free(&production);
	assert_int_equal(pka_approval_new(&request, pki.anchors, right, 2, PKI_NOW, &a, &v), ERR_OK);
	assert_false(pka_approval_facts(a)->unverified);
	pka_approval_free(&a);
}

/* What the card is asked to sign, taken out of its SIGN command. */
static struct rd signed_data(const struct pka_batch *b, size_t i, uint8_t key_no)
{
	struct apdu a;

	assert_int_equal(apdu_decode(pka_batch_cmd(b, i), &a), ERR_OK);
	assert_int_equal(a.cla, 0x80);
	assert_int_equal(a.ins, 0x68);
	assert_int_equal(a.p1, key_no);
	assert_int_equal(a.p2, 0x73);
	return a.data;
}

/* The card's answer: DER and 9000. */
static struct rd card_signs(const struct ec_key *k, struct rd data, struct wr *rsp)
{
	uint8_t plain[64];
	struct wr sig;

	WR_ARR(&sig, plain);
	pki_sign(k, data, &sig);
	wr_init_heap(rsp, 256);
	assert_int_equal(ec_sig_to_der(wr_view(&sig), rsp), ERR_OK);
	wr_u16(rsp, 0x9000);
	return wr_view(rsp);
}

static void approves(void **state)
{
	struct pka_approval *a;
	struct pka_statement s;
	struct pka_answers in = { .n = 2 };
	struct rd m, text, sig, statement, statement_sig, q = rd_of(alice.registered.q, alice.registered.q_size);
	struct att_verdict v;
	struct pka_batch b;
	struct wr rsp[2];
	uint8_t hash[SHA256_SIZE];

	(void)state;
	pka_batch_init(&b);
	assert_int_equal(check(&a, &v), ERR_OK);
	assert_int_equal(pka_approval_finish(a, &in, EC_BP256R1, q, &sig, &statement, &statement_sig), ERR_CONDITIONS);
	assert_int_equal(pka_approval_decide(a, PKA_APPROVE, RD_LIT("two\nlines"), RD_LIT("UTALICE0100001"), 5, &b),
			 ERR_ARG);
	assert_int_equal(pka_approval_decide(a, PKA_APPROVE, RD_LIT("one image"), RD_LIT("UTALICE0100001"), 5, &b),
			 ERR_OK);
	assert_int_equal(b.n, 2);
	m = signed_data(&b, 0, 5);
	assert_bytes_equal(m, RD_LIT("UTVCARD0100000" "AAAABBBB"));
	text = signed_data(&b, 1, 5);
	assert_int_equal(pka_statement_read(text, &s), ERR_OK);
	assert_int_equal(s.decision, PKA_APPROVE);
	assert_true(rd_eq_str(s.limits, "one image"));
	assert_true(rd_eq_str(s.key, "UTALICE0100001"));
	assert_memory_equal(s.login_id, login_id, sizeof(login_id));
	assert_int_equal(sha256(rd_str(json), hash), ERR_OK);
	assert_memory_equal(s.request, hash, sizeof(hash));
	assert_int_equal(sha256(m, hash), ERR_OK);
	assert_memory_equal(s.message, hash, sizeof(hash));
	/* once */
	assert_int_equal(pka_approval_decide(a, PKA_DENY, RD_NONE, RD_LIT("UTALICE0100001"), 5, &b), ERR_CONDITIONS);
	assert_int_equal(pka_approval_challenge(a, RD_LIT("CCCCDDDD")), ERR_CONDITIONS);

	/* the wrong card, the card's refusal, half an answer: nothing to send */
	in.v[0] = card_signs(key, m, &rsp[0]);
	in.v[1] = card_signs(alice.key, text, &rsp[1]);
	assert_int_equal(pka_approval_finish(a, &in, EC_BP256R1, q, &sig, &statement, &statement_sig), ERR_SIGNATURE);
	wr_free(&rsp[0]);
	in.v[0] = card_signs(alice.key, m, &rsp[0]);
	in.v[1] = RD_LIT("\x69\x82");
	assert_int_equal(pka_approval_finish(a, &in, EC_BP256R1, q, &sig, &statement, &statement_sig), ERR_AUTH);
	assert_int_equal(sig.n + statement.n + statement_sig.n, 0);
	in.n = 1;
	assert_int_equal(pka_approval_finish(a, &in, EC_BP256R1, q, &sig, &statement, &statement_sig), ERR_ARG);
	in.n = 2;
	in.v[1] = rd_of(rsp[0].p, rsp[0].n);            /* the same signature twice */
	assert_int_equal(pka_approval_finish(a, &in, EC_BP256R1, q, &sig, &statement, &statement_sig), ERR_SIGNATURE);

	in.v[1] = wr_view(&rsp[1]);
	assert_int_equal(pka_approval_finish(a, &in, EC_BP256R1, q, &sig, &statement, &statement_sig), ERR_OK);
	assert_int_equal(sig.n, 64);
	assert_int_equal(sha256(RD_LIT("UTVCARD0100000" "AAAABBBB"), hash), ERR_OK);
	assert_int_equal(ec_verify(EC_BP256R1, q, RD_ARR(hash), sig), ERR_OK);
	assert_int_equal(pka_statement_verify(statement, statement_sig, EC_BP256R1, q, &s), ERR_OK);
	assert_int_equal(pka_approval_finish(a, &in, EC_BP256R1, q, &sig, &statement, &statement_sig), ERR_CONDITIONS);
	for (size_t i = 0; i < 2; i++)
		wr_free(&rsp[i]);
	pka_approval_free(&a);
	pka_batch_fini(&b);
}

/* Neither a denial nor an end lets the card sign M; an end is about the device, whatever the challenge. */
static void denies_and_ends(void **state)
{
	struct rd text, sig, statement, statement_sig, q = rd_of(alice.registered.q, alice.registered.q_size);
	struct pka_answers in = { .n = 1 };
	struct pka_approval *a;
	struct pka_statement s;
	struct att_verdict v;
	struct pka_batch b;
	struct wr rsp;
	uint8_t hash[SHA256_SIZE];

	(void)state;
	pka_batch_init(&b);
	for (int i = 0; i < 4; i++) {
		enum pka_decision decision = i < 2 ? PKA_DENY : PKA_END;
		bool with_challenge = i % 2;

		request.challenge = with_challenge ? CHALLENGE : RD_NONE;
		assert_int_equal(check(&a, &v), ERR_OK);
		assert_int_equal(pka_approval_decide(a, decision, RD_NONE, RD_LIT("UTALICE0100001"), 5, &b), ERR_OK);
		assert_int_equal(b.n, 1);
		text = signed_data(&b, 0, 5);
		in.v[0] = card_signs(alice.key, text, &rsp);
		assert_int_equal(pka_approval_finish(a, &in, EC_BP256R1, q, &sig, &statement, &statement_sig), ERR_OK);
		assert_int_equal(sig.n, 0);
		assert_int_equal(pka_statement_verify(statement, statement_sig, EC_BP256R1, q, &s), ERR_OK);
		assert_int_equal(s.decision, decision);
		assert_int_equal(sha256(with_challenge && decision == PKA_DENY ? RD_LIT("UTVCARD0100000" "AAAABBBB")
									       : RD_LIT("UTVCARD0100000"),
					hash), ERR_OK);
		assert_memory_equal(s.message, hash, sizeof(hash));
		wr_free(&rsp);
		pka_approval_free(&a);
	}
	pka_batch_fini(&b);
}

static void challenge_of_the_turn(void **state)
{
	struct pka_approval *a;
	struct att_verdict v;
	struct pka_batch b;

	(void)state;
	pka_batch_init(&b);
	request.challenge = RD_NONE;
	assert_int_equal(check(&a, &v), ERR_OK);
	assert_string_equal(pka_approval_facts(a)->code, "");
	assert_int_equal(pka_approval_decide(a, PKA_APPROVE, RD_NONE, RD_LIT("UTALICE0100001"), 5, &b), ERR_CONDITIONS);
	assert_int_equal(pka_approval_challenge(a, RD_LIT("AAAABBB")), ERR_FORMAT);
	assert_int_equal(pka_approval_challenge(a, RD_LIT("AAAABBBBC")), ERR_FORMAT);
	assert_int_equal(pka_approval_challenge(a, CHALLENGE), ERR_OK);
	assert_int_equal(strlen(pka_approval_facts(a)->code), 9);
	assert_int_equal(pka_approval_challenge(a, CHALLENGE), ERR_CONDITIONS);
	assert_int_equal(pka_approval_decide(a, PKA_APPROVE, RD_NONE, RD_LIT("UTALICE0100001"), 5, &b), ERR_OK);
	assert_bytes_equal(signed_data(&b, 0, 5), RD_LIT("UTVCARD0100000" "AAAABBBB"));
	pka_approval_free(&a);
	pka_batch_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(shows_what_it_checked, fresh),
		cmocka_unit_test_setup(forged_requests, fresh),
		cmocka_unit_test_setup(keys_are_checked, fresh),
		cmocka_unit_test_setup(without_a_chain, fresh),
		cmocka_unit_test_setup(approves, fresh),
		cmocka_unit_test_setup(denies_and_ends, fresh),
		cmocka_unit_test_setup(challenge_of_the_turn, fresh),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
