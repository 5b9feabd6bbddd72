/* SPDX-License-Identifier: Apache-2.0 */
/* Statements, limits and trust: sessions that were really held, but not as they should, and who may judge them. */
#include "test/unit/receipt_check.h"

#include <stdlib.h>

#include "sc-hsm/digest.h"
#include "test/pki.h"

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
	/* Said in one place and left out in the other. */
	s.limits[1] = "sign=7 wrap=0";
	judge_session();
	assert_true(receipt_verdict_is_good(&v));
	s.in_force = "sign=7 for=600 decipher=0";
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
		struct receipt_use u = { .kind = kinds[i], .key = KEY_COUNTED, .when = s.now,
					 .data_hash = RD_ARR(hash) };

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
		cmocka_unit_test(test_statements),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_uses),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_wrong_root),
		cmocka_unit_test(test_without_json),
		cmocka_unit_test(test_manifest),
		cmocka_unit_test(test_no_end),
		cmocka_unit_test(test_pin_session),
		cmocka_unit_test(test_per_key),
		cmocka_unit_test(test_open_firmware),
	};

	return cmocka_run_group_tests(tests, make, drop);
}
