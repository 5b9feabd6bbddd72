/* SPDX-License-Identifier: Apache-2.0 */
/* What a receipt proves, and what is found of what a forger does who has the file, but no card and no custodian. */
#include "test/unit/receipt.h"

#include <stdlib.h>

#include "base/crypto_rsa.h"
#include "sc-hsm/digest.h"
#include "test/pki.h"

#define TEXT_MAX 8192

static struct session s;
static struct wr good;                  /* of session_make(3) */
static struct receipt_verdict v;

static int make(void **state)
{
	(void)state;
	session_open(&s, "vendor-shared");
	session_make(&s, 3);
	wr_init_heap(&good, 1 << 20);
	wr_put(&good, wr_view(&s.file));
	return 0;
}

static int drop(void **state)
{
	(void)state;
	wr_free(&good);
	session_close(&s);
	return 0;
}

static void is(enum receipt_check c, enum receipt_result r)
{
	if (v.v[c].result != r)
		fail_msg("%s: %d, line %u: %s", receipt_check_name(c), v.v[c].result, (unsigned)v.v[c].line, v.v[c].text);
}

/* All checks but these hold (PASS or NOTE). */
static void only_fails(enum receipt_check a, enum receipt_check b)
{
	for (enum receipt_check c = 0; c < RECEIPT_CHECKS; c++)
		if ((v.v[c].result == RECEIPT_FAIL || v.v[c].result == RECEIPT_NOT_MADE) != (c == a || c == b))
			fail_msg("%s: %d: %s", receipt_check_name(c), v.v[c].result, v.v[c].text);
	assert_false(receipt_verdict_is_good(&v));
}
#define ONLY(c) only_fails((c), (c))

static void says(enum receipt_check c, const char *text)
{
	if (!strstr(v.v[c].text, text))
		fail_msg("%s: %s", receipt_check_name(c), v.v[c].text);
}

static void judge_forged(struct rd file, size_t line, const char *text)
{
	struct wr out;

	assert_int_not_equal(line, 0);
	wr_init_heap(&out, 1 << 20);
	receipt_forge(file, line, text, &out);
	session_judge(&s, wr_view(&out), &v);
	wr_free(&out);
}

/* The good receipt with one word of a line replaced, counted from 0. */
static void judge_word(size_t line, unsigned word, const char *with)
{
	char text[TEXT_MAX], changed[TEXT_MAX], *at = text;
	size_t n;

	(void)receipt_line_text(wr_view(&good), line, text, sizeof(text));
	while (word-- > 0)
		at = strchr(at, ' ') + 1;
	n = strcspn(at, " ");
	assert_true(n != strlen(with) || strncmp(at, with, n));
	(void)snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - text), text, with, at + n);
	judge_forged(wr_view(&good), line, changed);
}

static size_t line(const char *start, unsigned nth)
{
	return receipt_find_line(wr_view(&good), start, nth);
}

static const char *word(size_t n, unsigned w, char *buf, size_t cap)
{
	char *at = buf;

	(void)receipt_line_text(wr_view(&good), n, buf, cap);
	while (w-- > 0)
		at = strchr(at, ' ') + 1;
	at[strcspn(at, " ")] = '\0';
	return at;
}

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

static void judge_session(void)
{
	session_make(&s, 3);
	session_judge(&s, wr_view(&s.file), &v);
}

/* Statements that were really signed, but do not say what is needed. */
static void test_statements(void **state)
{
	(void)state;
	s.deny = true;
	judge_session();
	s.deny = false;
	only_fails(RECEIPT_CHECK_CONSENTS, RECEIPT_CHECK_QUORUM);
	says(RECEIPT_CHECK_CONSENTS, "denial");
	s.other_login = true;
	judge_session();
	s.other_login = false;
	only_fails(RECEIPT_CHECK_CONSENTS, RECEIPT_CHECK_QUORUM);
	says(RECEIPT_CHECK_CONSENTS, "another login");
}

static void test_limits(void **state)
{
	const char *json = s.json, *in_force = s.in_force;
	size_t at = line("limits ", 0);

	(void)state;
	/* Written down as more than was approved. */
	judge_word(at, 1, "sign=21%20for=600");
	ONLY(RECEIPT_CHECK_LIMITS);
	assert_int_equal(v.v[RECEIPT_CHECK_LIMITS].line, at);
	judge_word(at, 1, "-");
	ONLY(RECEIPT_CHECK_LIMITS);
	judge_word(at, 1, "sign=20%20for=10m");
	only_fails(RECEIPT_CHECK_LIMITS, RECEIPT_CHECK_USES);   /* uses are not compared with what cannot be read */
	is(RECEIPT_CHECK_USES, RECEIPT_NOT_MADE);
	/* Lowered by one custodian, and kept. */
	s.limits[1] = "sign=7";
	s.in_force = "sign=7 for=600";
	judge_session();
	assert_true(receipt_verdict_is_good(&v));
	/* Lowered, but not kept; kept, but not written down. */
	s.limits[1] = "sign=5";
	s.in_force = "sign=5 for=600";
	judge_session();
	ONLY(RECEIPT_CHECK_USES);
	says(RECEIPT_CHECK_USES, "6 signatures, but 5 were approved");
	s.in_force = "sign=7 for=600";
	judge_session();
	ONLY(RECEIPT_CHECK_LIMITS);
	s.limits[1] = "one image";
	judge_session();
	ONLY(RECEIPT_CHECK_LIMITS);
	s.limits[1] = "";
	s.json = "{\"v\":1}";           /* no budget that the test's reader finds */
	judge_session();
	ONLY(RECEIPT_CHECK_LIMITS);
	s.json = json;
	s.in_force = in_force;
}

/* Each item of the limits, exceeded. */
static void test_uses(void **state)
{
	static const struct { const char *limits, *why; } rows[] = {
		{ "sign=5", "6 signatures, but 5" },
		{ "key=dev,-", "key 1: this key was not approved" },
		{ "key=0x0b", "key 1: this key was not approved" },
		{ "mech=ecdsa", "key 3: this mechanism was not approved" },
		{ "mech=rsa-pkcs,rsa-raw", "key 1: this mechanism was not approved" },
		{ "uid=0", "key 1: it was not approved for this user" },
		{ "sign=6", NULL },
		{ "sign=6 repeats=counted", NULL },
		{ "key=0x0a0b", NULL },
		{ "mech=rsa-pkcs,ecdsa", NULL },
		{ "uid=1000 gid=100", NULL },
	};
	const char *json = s.json, *in_force = s.in_force;
	char text[200];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)snprintf(text, sizeof(text), "{\"budget\":\"%s\"}", rows[i].limits);
		s.json = text;
		s.in_force = rows[i].limits;
		judge_session();
		if (rows[i].why) {
			ONLY(RECEIPT_CHECK_USES);
			says(RECEIPT_CHECK_USES, rows[i].why);
		} else {
			is(RECEIPT_CHECK_USES, RECEIPT_PASS);
			assert_true(receipt_verdict_is_good(&v));
		}
	}
	/* Another group of the client's may be the one. */
	s.json = "{\"budget\":\"gid=0\"}";
	s.in_force = "gid=0";
	judge_session();
	assert_true(receipt_verdict_is_good(&v));
	is(RECEIPT_CHECK_USES, RECEIPT_NOTE);
	s.json = json;
	s.in_force = in_force;
}

static void test_times(void **state)
{
	char time[32];
	size_t at = line("sign ", 5);
	int64_t begin;

	(void)state;
	begin = strtoll(word(line("time ", 0), 1, time, sizeof(time)), NULL, 10);
	/* An answer may be a minute late. */
	(void)snprintf(time, sizeof(time), "%lld", (long long)(begin + 600 + 65));
	judge_word(at, 1, time);
	assert_true(receipt_verdict_is_good(&v));
	is(RECEIPT_CHECK_USES, RECEIPT_PASS);
	is(RECEIPT_CHECK_END, RECEIPT_NOTE);
	(void)snprintf(time, sizeof(time), "%lld", (long long)(begin + 600 + 66));
	judge_word(at, 1, time);
	ONLY(RECEIPT_CHECK_USES);
	assert_int_equal(v.v[RECEIPT_CHECK_USES].line, at);
	(void)snprintf(time, sizeof(time), "%lld", (long long)(begin - 1));
	judge_word(line("sign ", 0), 1, time);
	assert_true(receipt_verdict_is_good(&v));
	is(RECEIPT_CHECK_USES, RECEIPT_NOTE);
}

/* Other uses of keys need their own allowance, and count. */
static void test_others(void **state)
{
	static const enum receipt_kind kinds[] = { RECEIPT_DECIPHER, RECEIPT_DERIVE, RECEIPT_WRAP };
	static const char *const allowed[] = { "decipher=1", "derive=1", "wrap=1" };
	const char *json = s.json, *in_force = s.in_force;
	uint8_t hash[SHA256_SIZE] = { 0 };
	char text[100];

	(void)state;
	for (size_t i = 0; i < 3; i++)
		for (unsigned n = 1; n <= 2; n++) {
			struct receipt_use u = { .kind = kinds[i], .key = KEY_PLAIN, .when = s.now,
						 .data_hash = RD_ARR(hash) };

			(void)snprintf(text, sizeof(text), "{\"budget\":\"%s\"}", allowed[i]);
			s.json = text;
			s.in_force = allowed[i];
			session_begin(&s);
			for (unsigned k = 0; k < n; k++)
				assert_int_equal(receipt_write_use(&s.chain, &u, &s.file), ERR_OK);
			session_end(&s);
			session_judge(&s, wr_view(&s.file), &v);
			if (n == 2)
				ONLY(RECEIPT_CHECK_USES);
			else
				assert_true(receipt_verdict_is_good(&v));
		}
	s.json = json;
	s.in_force = in_force;
	/* A use that the card did not count; nobody knows whether it counts wrapping. */
	for (size_t i = 0; i < 3; i++) {
		struct receipt_use u = { .kind = kinds[i], .key = KEY_COUNTED, .when = s.now, .data_hash = RD_ARR(hash) };

		session_begin(&s);
		assert_int_equal(receipt_write_use(&s.chain, &u, &s.file), ERR_OK);
		session_end(&s);
		session_judge(&s, wr_view(&s.file), &v);
		is(RECEIPT_CHECK_USES, RECEIPT_FAIL);
		is(RECEIPT_CHECK_COUNTERS, kinds[i] == RECEIPT_WRAP ? RECEIPT_NOTE : RECEIPT_FAIL);
	}
}

/* ---- whom one trusts ---- */

static void judge_with(struct rd file, const struct receipt_trust *trust)
{
	struct receipt_judged *j = calloc(1, sizeof(*j));
	struct receipt *r;

	assert_non_null(j);
	memset(&v, 0, sizeof(v));
	assert_int_equal(receipt_read(file, &r, &v), ERR_OK);
	assert_int_equal(receipt_judge(r, trust, j, &v), ERR_OK);
	receipt_free(&r);
	free(j);
}

static void test_wrong_root(void **state)
{
	struct receipt_trust trust = session_trust(&s);
	struct att_anchors *production;

	(void)state;
	assert_int_equal(att_anchors_new(true, &production), ERR_OK);
	trust.anchors = production;
	trust.accept_any = true;                /* no waiver for a chain that ends at another root */
	judge_with(wr_view(&good), &trust);
	is(RECEIPT_CHECK_DEVICE, RECEIPT_FAIL);
	is(RECEIPT_CHECK_KEYS, RECEIPT_FAIL);
	is(RECEIPT_CHECK_CONSENTS, RECEIPT_FAIL);
	is(RECEIPT_CHECK_QUORUM, RECEIPT_FAIL);
	att_anchors_free(&production);
	/* Another device's name. */
	judge_word(line("device ", 0), 1, "UTTGT0400000");
	assert_int_equal(v.v[RECEIPT_CHECK_DEVICE].line, line("device ", 0));
	is(RECEIPT_CHECK_DEVICE, RECEIPT_FAIL);
	is(RECEIPT_CHECK_CONSENTS, RECEIPT_FAIL);       /* M is over the device id */
	/* Without its certificate. */
	judge_word(line("device ", 0), 2, "-");
	is(RECEIPT_CHECK_DEVICE, RECEIPT_FAIL);
	/* Read years later: it was good then. */
	judge_word(line("time ", 0), 1, "2990000000");
	is(RECEIPT_CHECK_DEVICE, RECEIPT_NOTE);
}

static void test_without_json(void **state)
{
	struct receipt_trust trust = session_trust(&s);

	(void)state;
	trust.budget = NULL;
	judge_with(wr_view(&good), &trust);
	ONLY(RECEIPT_CHECK_LIMITS);
}

static void test_manifest(void **state)
{
	static const char list[] = "3031323334353637383961626364656630313233343536373839616263646566  dev and rsa\n";
	const char *json = s.json, *in_force = s.in_force;
	struct receipt_trust trust = session_trust(&s);
	struct pka_manifest *m, *other;
	uint8_t hash[SHA256_SIZE];
	char text[200], limits[100];
	struct wr w;
	size_t bad;

	(void)state;
	assert_int_equal(sha256(rd_str(list), hash), ERR_OK);
	WR_ARR(&w, limits);
	wr_text(&w, "manifest=");
	wr_hex(&w, RD_ARR(hash));
	(void)snprintf(text, sizeof(text), "{\"budget\":\"%s\"}", wr_cstr(&w));
	s.json = text;
	s.in_force = limits;
	assert_int_equal(pka_manifest_read(rd_str(list), &m, &bad), ERR_OK);
	assert_int_equal(pka_manifest_read(RD_LIT("da39a3ee5e6b4b0d3255bfef95601890afd80709"), &other, &bad), ERR_OK);

	session_begin(&s);
	session_sign(&s, KEY_PLAIN, HSM_ECDSA, RD_LIT("0123456789abcdef0123456789abcdef"), false);
	session_end(&s);
	judge_with(wr_view(&s.file), &trust);   /* not at hand: said */
	assert_true(receipt_verdict_is_good(&v));
	is(RECEIPT_CHECK_USES, RECEIPT_NOTE);
	trust.manifest = m;
	judge_with(wr_view(&s.file), &trust);
	assert_true(receipt_verdict_is_good(&v));
	is(RECEIPT_CHECK_USES, RECEIPT_PASS);
	trust.manifest = other;
	judge_with(wr_view(&s.file), &trust);
	ONLY(RECEIPT_CHECK_USES);
	session_make(&s, 1);
	trust.manifest = m;
	judge_with(wr_view(&s.file), &trust);
	ONLY(RECEIPT_CHECK_USES);
	says(RECEIPT_CHECK_USES, "key 1: its digest is not in the manifest");
	pka_manifest_free(&m);
	pka_manifest_free(&other);
	s.json = json;
	s.in_force = in_force;
}

static void test_no_end(void **state)
{
	size_t last = receipt_count_lines(wr_view(&good));

	(void)state;
	judge_forged(wr_view(&good), last, NULL);
	assert_true(receipt_verdict_is_good(&v));
	is(RECEIPT_CHECK_END, RECEIPT_NOTE);
	says(RECEIPT_CHECK_END, "not ended properly");
}

static void test_pin_session(void **state)
{
	struct receipt_trust trust = session_trust(&s);
	struct receipt_chain chain;
	struct pka_limits limits;
	struct receipt_head h = {
		.device_id = rd_str(s.q.target.id), .devaut = wr_view(&s.q.target.devaut), .limits = &limits,
		.when = PKI_NOW,
	};
	struct wr out;

	(void)state;
	pka_limits_init(&limits);
	receipt_chain_init(&chain);
	wr_init_heap(&out, 1 << 16);
	assert_int_equal(receipt_write_head(&chain, &h, &out), ERR_OK);
	judge_with(wr_view(&out), &trust);
	ONLY(RECEIPT_CHECK_QUORUM);
	says(RECEIPT_CHECK_QUORUM, "nobody approved");
	trust.accept_pin = true;
	judge_with(wr_view(&out), &trust);
	assert_true(receipt_verdict_is_good(&v));
	is(RECEIPT_CHECK_QUORUM, RECEIPT_NOTE);
	wr_free(&out);
}

/* ---- the other kinds of card ---- */

static void test_per_key(void **state)
{
	struct session per_key;

	(void)state;
	session_open(&per_key, "vendor-per-key");
	session_make(&per_key, 1);
	session_judge(&per_key, wr_view(&per_key.file), &v);
	assert_true(receipt_verdict_is_good(&v));
	session_close(&per_key);
}

static void test_open_firmware(void **state)
{
	const char *accepted[3];
	struct receipt_trust trust;
	struct session open;

	(void)state;
	session_open(&open, "open-firmware");
	session_make(&open, 1);
	session_judge(&open, wr_view(&open.file), &v);
	is(RECEIPT_CHECK_DEVICE, RECEIPT_FAIL);
	is(RECEIPT_CHECK_CONSENTS, RECEIPT_FAIL);
	trust = session_trust(&open);
	trust.accepted = accepted;
	accepted[0] = open.q.target.id;
	accepted[1] = open.q.people[0].card.id;
	accepted[2] = open.q.people[1].card.id;
	trust.accepted_n = 1;                   /* not the custodians' */
	judge_with(wr_view(&open.file), &trust);
	only_fails(RECEIPT_CHECK_CONSENTS, RECEIPT_CHECK_QUORUM);
	trust.accepted_n = 3;
	judge_with(wr_view(&open.file), &trust);
	assert_true(receipt_verdict_is_good(&v));
	is(RECEIPT_CHECK_DEVICE, RECEIPT_NOTE);
	says(RECEIPT_CHECK_DEVICE, "UNVERIFIED");
	is(RECEIPT_CHECK_CONSENTS, RECEIPT_NOTE);
	trust.accepted_n = 0;
	trust.accept_any = true;
	judge_with(wr_view(&open.file), &trust);
	assert_true(receipt_verdict_is_good(&v));
	session_close(&open);
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
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_wrong_root),
		cmocka_unit_test(test_without_json),
		cmocka_unit_test(test_no_end),
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_mechanisms),
		cmocka_unit_test(test_statements),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_uses),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_manifest),
		cmocka_unit_test(test_pin_session),
		cmocka_unit_test(test_per_key),
		cmocka_unit_test(test_open_firmware),
	};

	return cmocka_run_group_tests(tests, make, drop);
}
