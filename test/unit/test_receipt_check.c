/* SPDX-License-Identifier: Apache-2.0 */
/* What a receipt proves, and what is found of what a forger does who has the file, but no card and no custodian. */
#include "test/unit/receipt_check.h"

#include "base/crypto_rsa.h"
#include "sc-hsm/digest.h"

/* ---- the good one ---- */

static void test_good(void **state)
{
	(void)state;
	session_judge(&s, wr_view(&good), &v);
	assert_true(receipt_verdict_is_good(&v));
	is(RECEIPT_CHECK_DEVICE, RECEIPT_PASS);
	is(RECEIPT_CHECK_CONSENTS, RECEIPT_PASS);
	is(RECEIPT_CHECK_QUORUM, RECEIPT_PASS);
	is(RECEIPT_CHECK_LIMITS, RECEIPT_PASS);
	is(RECEIPT_CHECK_USES, RECEIPT_PASS);
	is(RECEIPT_CHECK_END, RECEIPT_PASS);
	/* Said: a key without attestation, and keys without counter. */
	is(RECEIPT_CHECK_KEYS, RECEIPT_NOTE);
	assert_int_equal(v.v[RECEIPT_CHECK_KEYS].line, line("key 4 ", 0));
	is(RECEIPT_CHECK_SIGNATURES, RECEIPT_NOTE);
	assert_int_equal(v.v[RECEIPT_CHECK_SIGNATURES].line, line("sign ", 5));
	is(RECEIPT_CHECK_COUNTERS, RECEIPT_NOTE);
}

static void test_judged(void **state)
{
	struct receipt_trust trust = session_trust(&s);
	static struct receipt_judged j;
	struct receipt *r;

	(void)state;
	memset(&v, 0, sizeof(v));
	assert_int_equal(receipt_read(wr_view(&good), &r, &v), ERR_OK);
	assert_int_equal(receipt_judge(r, &trust, &j, &v), ERR_OK);
	assert_string_equal(j.chain.id, s.q.target.id);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(j.custodians[i].is_good);
		assert_string_equal(j.custodians[i].chr, s.q.custodians[i].chr);
		assert_string_equal(j.custodians[i].device, s.q.people[i].card.id);
	}
	assert_true(j.is_attested[1] && j.is_attested[2] && j.is_attested[3] && !j.is_attested[4]);
	assert_true(j.has_limits);
	assert_int_equal(j.limits.sign, 20);
	assert_int_equal(j.signatures, 6);
	assert_int_equal(j.distinct, 6);
	receipt_free(&r);
}

/* Everything that a card may be asked, and the repeats that are free. */
static void test_mechanisms(void **state)
{
	uint8_t info_bytes[64], block_bytes[256], odd[256] = { 0 };
	struct wr info, block;

	(void)state;
	WR_ARR(&info, info_bytes);
	WR_ARR(&block, block_bytes);
	assert_int_equal(digest_info(DIGEST_SHA1, RD_LIT("0123456789abcdef0123"), &info), ERR_OK);
	assert_int_equal(rsa_pad_pkcs1(wr_view(&info), 256, &block), ERR_OK);
	odd[200] = 7;
	session_begin(&s);
	session_sign(&s, KEY_RSA, HSM_RSA_PKCS1_SHA256, RD_LIT("message"), false);
	session_sign(&s, KEY_RSA, HSM_RSA_PKCS1_SHA512, RD_LIT("message"), false);
	session_sign(&s, KEY_RSA, HSM_RSA_PKCS1, wr_view(&info), false);
	session_sign(&s, KEY_RSA, HSM_RSA_RAW, wr_view(&block), true);
	session_sign(&s, KEY_RSA, HSM_RSA_RAW, RD_ARR(odd), false);             /* no digest: counts each time */
	session_sign(&s, KEY_RSA, HSM_RSA_RAW, RD_ARR(odd), false);
	session_sign(&s, KEY_RSA, HSM_RSA_PKCS1, RD_LIT("thirty-six bytes without DigestInfo!"), false);
	session_sign(&s, KEY_PLAIN, HSM_ECDSA_SHA384, RD_LIT("message"), false);
	session_sign(&s, KEY_PLAIN, HSM_ECDSA, RD_LIT("0123456789abcdef"), false);
	session_sign(&s, KEY_PLAIN, HSM_ECDSA, RD_LIT("0123456789abcdef"), true);
	session_end(&s);
	session_judge(&s, wr_view(&s.file), &v);
	assert_true(receipt_verdict_is_good(&v));
	is(RECEIPT_CHECK_SIGNATURES, RECEIPT_PASS);

	/* What is called a repetition must be one. */
	session_begin(&s);
	session_sign(&s, KEY_PLAIN, HSM_ECDSA, RD_LIT("0123456789abcdef"), false);
	session_sign(&s, KEY_COUNTED, HSM_ECDSA, RD_LIT("0123456789abcdef"), true);
	session_end(&s);
	session_judge(&s, wr_view(&s.file), &v);
	ONLY(RECEIPT_CHECK_USES);
	says(RECEIPT_CHECK_USES, "repetition");
}

/* ---- a forger with the file ---- */

static void test_removed_signature(void **state)
{
	char text[TEXT_MAX];

	(void)state;
	/* Of a key that counts: found, with both numbers. */
	judge_forged(wr_view(&good), line("sign ", 1), NULL);
	ONLY(RECEIPT_CHECK_COUNTERS);
	assert_int_equal(v.v[RECEIPT_CHECK_COUNTERS].line, line("left 1", 0) - 1);
	says(RECEIPT_CHECK_COUNTERS, "counted 3 uses of key 1, the receipt lists 2: 1 missing");
	judge_forged(wr_view(&good), line("sign ", 4), NULL);
	ONLY(RECEIPT_CHECK_COUNTERS);
	/* Of one that does not: not found, and the receipt says that it cannot be. docs/RECEIPT.md says so, too. */
	judge_forged(wr_view(&good), line("sign ", 3), NULL);
	assert_true(receipt_verdict_is_good(&v));
	says(RECEIPT_CHECK_COUNTERS, "nothing shows whether uses of them are missing");
	/* Another in its place: the number is right. Said, because few cards make one ECDSA signature twice. */
	(void)receipt_line_text(wr_view(&good), line("sign ", 0), text, sizeof(text));
	judge_forged(wr_view(&good), line("sign ", 1), text);
	assert_true(receipt_verdict_is_good(&v));
	is(RECEIPT_CHECK_USES, RECEIPT_NOTE);
	says(RECEIPT_CHECK_USES, "the same signature twice");
}

static void test_counters(void **state)
{
	(void)state;
	judge_word(line("left 1", 0), 2, "101");
	ONLY(RECEIPT_CHECK_COUNTERS);
	says(RECEIPT_CHECK_COUNTERS, "more uses left than before");
	judge_word(line("left 1", 0), 2, "98");
	ONLY(RECEIPT_CHECK_COUNTERS);
	judge_word(line("left 1", 0), 2, "96");
	ONLY(RECEIPT_CHECK_COUNTERS);
	/* Not read at the end, as when the card was pulled: said. */
	judge_forged(wr_view(&good), line("left 1", 0), NULL);
	assert_true(receipt_verdict_is_good(&v));
	is(RECEIPT_CHECK_COUNTERS, RECEIPT_NOTE);
	says(RECEIPT_CHECK_COUNTERS, "was not read at the end");
}

static struct receipt *read_only(struct rd file)
{
	struct receipt_verdict unused = { 0 };
	struct receipt *r;

	assert_int_equal(receipt_read(file, &r, &unused), ERR_OK);
	return r;
}

/* Counters that agree within each receipt, but not from one to the next. */
static void test_next(void **state)
{
	struct receipt *before = read_only(wr_view(&good)), *next;
	struct wr out, forged;
	char text[TEXT_MAX];

	(void)state;
	wr_init_heap(&out, 1 << 20);
	wr_init_heap(&forged, 1 << 20);
	session_close(&s);
	session_open(&s, "vendor-shared");
	session_make(&s, 3);
	wr_reset(&good);
	wr_put(&good, wr_view(&s.file));
	receipt_free(&before);
	before = read_only(wr_view(&good));
	session_make(&s, 1);
	next = read_only(wr_view(&s.file));
	session_judge(&s, wr_view(&s.file), &v);
	receipt_judge_next(before, "one.receipt", next, &v);
	assert_true(receipt_verdict_is_good(&v));
	receipt_free(&before);

	/* A signature removed and the counter at the end corrected: good by itself, but then one use is nowhere. */
	receipt_forge(wr_view(&good), line("sign ", 1), NULL, &out);
	(void)snprintf(text, sizeof(text), "left 1 98");
	receipt_forge(wr_view(&out), receipt_find_line(wr_view(&out), "left 1", 0), text, &forged);
	session_judge(&s, wr_view(&forged), &v);
	assert_true(receipt_verdict_is_good(&v));
	before = read_only(wr_view(&forged));
	session_judge(&s, wr_view(&s.file), &v);
	receipt_judge_next(before, "one.receipt", next, &v);
	ONLY(RECEIPT_CHECK_COUNTERS);
	says(RECEIPT_CHECK_COUNTERS, "key 1 was used 1 times after one.receipt was ended");
	/* And the other way round. */
	session_judge(&s, wr_view(&forged), &v);
	receipt_judge_next(next, "two.receipt", before, &v);
	ONLY(RECEIPT_CHECK_COUNTERS);
	says(RECEIPT_CHECK_COUNTERS, "more uses left");
	receipt_free(&before);
	receipt_free(&next);
	wr_free(&out);
	wr_free(&forged);
}

static void test_signatures(void **state)
{
	char a[TEXT_MAX], b[TEXT_MAX];
	size_t at = line("sign ", 0), other = line("sign ", 1), rsa = line("sign ", 4);

	(void)state;
	/* The signature, digest or key of another. */
	judge_word(at, 7, word(other, 7, a, sizeof(a)));
	ONLY(RECEIPT_CHECK_SIGNATURES);
	assert_int_equal(v.v[RECEIPT_CHECK_SIGNATURES].line, at);
	judge_word(at, 5, word(other, 5, a, sizeof(a)));
	ONLY(RECEIPT_CHECK_SIGNATURES);
	says(RECEIPT_CHECK_SIGNATURES, "digest is not that of the command's data");
	judge_word(at, 2, "2");
	only_fails(RECEIPT_CHECK_SIGNATURES, RECEIPT_CHECK_COUNTERS);
	judge_word(at, 2, "3");
	only_fails(RECEIPT_CHECK_SIGNATURES, RECEIPT_CHECK_COUNTERS);
	judge_word(rsa, 7, word(at, 7, a, sizeof(a)));
	ONLY(RECEIPT_CHECK_SIGNATURES);
	judge_word(rsa, 6, word(at, 6, a, sizeof(a)));
	ONLY(RECEIPT_CHECK_SIGNATURES);
	judge_word(rsa, 5, word(at, 5, b, sizeof(b)));
	ONLY(RECEIPT_CHECK_SIGNATURES);
	/* Mechanisms that the card does not have, or that hash otherwise. */
	judge_word(at, 3, "a0");
	only_fails(RECEIPT_CHECK_SIGNATURES, RECEIPT_CHECK_USES);
	judge_word(at, 3, "74");
	ONLY(RECEIPT_CHECK_SIGNATURES);
	judge_word(at, 3, "33");
	ONLY(RECEIPT_CHECK_SIGNATURES);
	judge_word(at, 4, "-");
	ONLY(RECEIPT_CHECK_SIGNATURES);
	judge_word(at, 5, "-");
	ONLY(RECEIPT_CHECK_SIGNATURES);
	judge_word(rsa, 5, "-");        /* the DigestInfo's hash is there still */
	ONLY(RECEIPT_CHECK_SIGNATURES);
	judge_word(rsa, 3, "40");
	ONLY(RECEIPT_CHECK_SIGNATURES);
}

static void test_attestations(void **state)
{
	char a[TEXT_MAX];
	size_t one = line("key 1 ", 0), two = line("key 2 ", 0);

	(void)state;
	judge_word(two, 5, word(one, 5, a, sizeof(a)));
	ONLY(RECEIPT_CHECK_KEYS);       /* and the signatures of key 2 are not checked */
	says(RECEIPT_CHECK_KEYS, "key 2 has the attestation of key 1");
	assert_int_equal(v.v[RECEIPT_CHECK_KEYS].line, two);
	judge_word(one, 5, "ZwA");
	ONLY(RECEIPT_CHECK_KEYS);
	judge_word(one, 5, "-");
	assert_true(receipt_verdict_is_good(&v));
	assert_int_equal(v.v[RECEIPT_CHECK_SIGNATURES].line, line("sign ", 0));
	/* A key that is listed nowhere. */
	judge_forged(wr_view(&good), two, NULL);
	assert_true(receipt_verdict_is_good(&v));
	says(RECEIPT_CHECK_SIGNATURES, "key 2 is not proved");
}

static void test_consents(void **state)
{
	char a[TEXT_MAX];
	size_t one = line("consent ", 0), two = line("consent ", 1);

	(void)state;
	for (unsigned w = 1; w <= 5; w++) {
		if (w == 2)             /* both took the same challenge */
			continue;
		judge_word(two, w, word(one, w, a, sizeof(a)));
		only_fails(RECEIPT_CHECK_CONSENTS, RECEIPT_CHECK_QUORUM);
		assert_int_equal(v.v[RECEIPT_CHECK_CONSENTS].line, two);
		assert_int_equal(v.v[RECEIPT_CHECK_QUORUM].line, line("quorum ", 0));
	}
	judge_word(two, 2, "0102030405060708");
	only_fails(RECEIPT_CHECK_CONSENTS, RECEIPT_CHECK_QUORUM);
	judge_word(two, 2, "01020304050607");
	only_fails(RECEIPT_CHECK_CONSENTS, RECEIPT_CHECK_QUORUM);
	/* One for both, and one missing. */
	(void)receipt_line_text(wr_view(&good), one, a, sizeof(a));
	judge_forged(wr_view(&good), two, a);
	only_fails(RECEIPT_CHECK_CONSENTS, RECEIPT_CHECK_QUORUM);
	says(RECEIPT_CHECK_CONSENTS, "has approved before");
	judge_forged(wr_view(&good), two, NULL);
	ONLY(RECEIPT_CHECK_QUORUM);
	says(RECEIPT_CHECK_QUORUM, "1 of 2 needed approvals");
	/* What they approved: another login, another request. */
	judge_word(line("login ", 0), 1, "00000000000000000000000000000000");
	only_fails(RECEIPT_CHECK_CONSENTS, RECEIPT_CHECK_QUORUM);
	says(RECEIPT_CHECK_CONSENTS, "another login");
	judge_word(line("request ", 0), 1, "eyJidWRnZXQiOiJzaWduPTIwIGZvcj02MDAifQ");
	only_fails(RECEIPT_CHECK_CONSENTS, RECEIPT_CHECK_QUORUM);
	says(RECEIPT_CHECK_CONSENTS, "another request");
	/* Called a session of a PIN, which needs nobody: not without being told so. */
	judge_word(line("quorum ", 0), 1, "0");
	assert_int_equal(v.v[RECEIPT_CHECK_QUORUM].result, RECEIPT_FAIL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_judged),
		cmocka_unit_test(test_removed_signature),
		cmocka_unit_test(test_counters),
		cmocka_unit_test(test_signatures),
		cmocka_unit_test(test_attestations),
		cmocka_unit_test(test_consents),
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_mechanisms),
	};

	return cmocka_run_group_tests(tests, make, drop);
}
