/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit/test.h"

#include <stdlib.h>

#include "attest/chain.h"
#include "base/tlv.h"
#include "test/pki.h"
#include "test/wire/golden.h"

#define GOLDEN_CVC 232          /* each of the two certificates in golden_devaut */

static struct pki pki;
static struct pki_device device;

static int setup(void **state)
{
	(void)state;
	pki_open(&pki);
	pki_device_make(&pki, "UTVCARD0100000", &device);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pki_device_free(&device);
	pki_close(&pki);
	return 0;
}

/* The result of the first check of this step that did not pass; ATT_PASS if all passed. */
static enum att_result result_of(const struct att_verdict *v, enum att_step s)
{
	struct att_check c = { .number = 0 };
	bool seen = false;

	while (att_verdict_next(v, &c)) {
		if (c.step != s)
			continue;
		seen = true;
		if (c.result != ATT_PASS)
			return c.result;
	}
	assert_true(seen);
	return ATT_PASS;
}

static void refused(struct rd devaut, enum att_step first)
{
	struct att_verdict v = { .n = 0 };
	struct att_chain c;
	enum err e = att_chain_check(pki.anchors, devaut, PKI_NOW, &c, &v);

	assert_false(c.is_genuine);
	assert_false(att_verdict_is_good(&v));
	assert_string_equal(c.path, "");
	assert_int_equal(e, first == ATT_FORMAT ? ERR_FORMAT : ERR_OK);
	if (att_verdict_first_failure(&v).step != first)
		fail_msg("%s, not %s: %s", att_step_name(att_verdict_first_failure(&v).step), att_step_name(first),
			 att_verdict_first_failure(&v).text);
}

static void real_card(void **state)
{
	struct att_verdict v = { .n = 0 };
	struct att_anchors *a;
	struct att_chain c;

	(void)state;
	assert_int_equal(att_anchors_new(true, &a), ERR_OK);
	assert_int_equal(att_chain_check(a, RD_ARR(golden_devaut), PKI_NOW, &c, &v), ERR_OK);
	assert_true(c.is_genuine);
	assert_true(att_verdict_is_good(&v));
	assert_int_equal(c.class, ATT_PRODUCTION);
	assert_int_equal(c.curve, EC_BP256R1);
	assert_string_equal(c.id, "DENK040414400000");
	assert_string_equal(c.path, "/DESRCACC1/DEDINK04/DENK0404144");
	att_anchors_free(&a);
}

static void configured_root(void **state)
{
	struct att_verdict v = { .n = 0 };
	struct att_chain c;

	(void)state;
	assert_int_equal(att_chain_check(pki.anchors, wr_view(&device.devaut), PKI_NOW, &c, &v), ERR_OK);
	assert_true(c.is_genuine);
	assert_int_equal(c.class, ATT_CONFIGURED);
	assert_string_equal(c.path, "/UTQUORUM/UTISSUER/UTVCARD01");
}

static void padding_is_no_matter(void **state)
{
	uint8_t bytes[600] = { 0 };
	struct att_verdict v = { .n = 0 };
	struct att_chain c;

	(void)state;
	memcpy(bytes, golden_devaut, sizeof(golden_devaut));
	assert_int_equal(att_chain_check(pki.anchors, RD_ARR(bytes), PKI_NOW, &c, &v), ERR_OK);
	assert_true(c.is_genuine);
}

static void without_the_root(void **state)
{
	struct att_verdict v = { .n = 0 };
	struct att_anchors *a;
	struct att_chain c;

	(void)state;
	assert_int_equal(att_anchors_new(true, &a), ERR_OK);
	assert_int_equal(att_chain_check(a, wr_view(&device.devaut), PKI_NOW, &c, &v), ERR_OK);
	assert_false(c.is_genuine);
	assert_int_equal(c.curve, EC_NONE);
	assert_int_equal(att_verdict_first_failure(&v).step, ATT_ANCHOR);
	assert_int_equal(result_of(&v, ATT_SIG_CHAIN), ATT_NOT_MADE);
	assert_int_equal(result_of(&v, ATT_ROLE), ATT_PASS);   /* every check that can be made is made */
	att_anchors_free(&a);
}

/* Whatever bit is wrong: never genuine, never a crash. */
static void every_bit(void **state)
{
	uint8_t bytes[sizeof(golden_devaut)];
	struct att_verdict v;
	struct att_chain c;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		memcpy(bytes, golden_devaut, sizeof(bytes));
		bytes[i] ^= (uint8_t)(1u << i % 8);
		v.n = 0;
		c.is_genuine = true;
		if (att_chain_check(pki.anchors, RD_ARR(bytes), PKI_NOW, &c, &v) == ERR_OK)
			assert_false(c.is_genuine);
		assert_false(att_verdict_is_good(&v));
	}
}

static void every_length(void **state)
{
	struct att_verdict v;
	struct att_chain c;

	(void)state;
	for (size_t n = 0; n < sizeof(golden_devaut); n++) {
		v.n = 0;
		assert_int_equal(att_chain_check(pki.anchors, rd_of(golden_devaut, n), PKI_NOW, &c, &v), ERR_FORMAT);
		assert_false(c.is_genuine);
		assert_int_equal(att_verdict_first_failure(&v).step, ATT_FORMAT);
	}
}

static void flipped(size_t at, enum att_step first)
{
	uint8_t bytes[sizeof(golden_devaut)];

	memcpy(bytes, golden_devaut, sizeof(bytes));
	bytes[at] ^= 1;
	refused(RD_ARR(bytes), first);
}

/* Offset of needle's n-th occurrence in the golden file. */
static size_t offset_of(const char *needle, size_t n)
{
	const uint8_t *p = golden_devaut, *end = golden_devaut + sizeof(golden_devaut);

	for (;;) {
		p = memmem(p, (size_t)(end - p), needle, strlen(needle));
		assert_non_null(p);
		if (n-- == 0)
			return (size_t)(p - golden_devaut);
		p++;
	}
}

static void each_field(void **state)
{
	(void)state;
	flipped(GOLDEN_CVC - 1, ATT_SIG_CHAIN);                        /* device's signature */
	flipped(2 * GOLDEN_CVC - 1, ATT_SIG_CHAIN);                    /* issuer's signature */
	flipped(0x39, ATT_SIG_CHAIN);                                  /* device's point */
	flipped(offset_of("DEDINK0400001", 0) + 12, ATT_CHAIN);        /* device's CAR */
	flipped(offset_of("DEDINK0400001", 1) + 12, ATT_CHAIN);        /* issuer's CHR */
	flipped(offset_of("DESRCACC100001", 0) + 13, ATT_ANCHOR);      /* issuer's CAR */
	flipped(offset_of("DENK040414400000", 0) + 15, ATT_SIG_CHAIN); /* device's CHR */
}

static void wrong_structure(void **state)
{
	uint8_t bytes[sizeof(golden_devaut) + 8];
	struct rd both = rd_of(golden_devaut, sizeof(golden_devaut));
	struct wr w;

	(void)state;
	/* the two swapped */
	memcpy(bytes, golden_devaut + GOLDEN_CVC, GOLDEN_CVC);
	memcpy(bytes + GOLDEN_CVC, golden_devaut, GOLDEN_CVC);
	refused(rd_of(bytes, both.n), ATT_CHAIN);
	/* the issuer missing: not even a self-signed one is left */
	refused(rd_of(golden_devaut, GOLDEN_CVC), ATT_FORMAT);
	/* a byte more */
	memcpy(bytes, golden_devaut, both.n);
	bytes[both.n] = 0x42;
	refused(rd_of(bytes, both.n + 1), ATT_FORMAT);
	/* a third certificate */
	wr_init_heap(&w, 2048);
	wr_put(&w, both);
	wr_put(&w, rd_of(golden_devaut, GOLDEN_CVC));
	refused(wr_view(&w), ATT_FORMAT);
	/* a length longer than needed: 7F21 81 E4 as 7F21 82 00 E4 */
	wr_reset(&w);
	wr_put(&w, RD_LIT("\x7f\x21\x82\x00\xe4"));
	wr_put(&w, rd_of(golden_devaut + 4, both.n - 4));
	refused(wr_view(&w), ATT_FORMAT);
	wr_free(&w);
}

static void duplicate_tag(void **state)
{
	struct rd first = rd_of(golden_devaut, GOLDEN_CVC), content, body, val, sig;
	struct wr w;
	size_t mark, inner;

	(void)state;
	assert_true(rd_tlv(&first, 0x7f21, &content));
	assert_true(rd_tlv(&content, 0x7f4e, &body));
	assert_true(rd_tlv(&content, 0x5f37, &sig));
	assert_true(rd_tlv_find(body, 0x42, &val));
	wr_init_heap(&w, 2048);
	mark = wr_tlv_open(&w, 0x7f21);
	inner = wr_tlv_open(&w, 0x7f4e);
	wr_put(&w, body);
	wr_tlv(&w, 0x42, val);
	wr_tlv_close(&w, inner);
	wr_tlv(&w, 0x5f37, sig);
	wr_tlv_close(&w, mark);
	wr_put(&w, rd_of(golden_devaut + GOLDEN_CVC, GOLDEN_CVC));
	refused(wr_view(&w), ATT_FORMAT);
	wr_free(&w);
}

/* A chain of two with one thing different. */
struct made {
	const char *what;
	uint8_t device_role, issuer_role;
	const char *device_car;
	bool wrong_issuer_key;          /* the issuer's certificate is signed by another key than the root's */
	bool params, other_params;      /* the device names a curve: the root's, another */
	enum att_step first;
};

static void made_chains(void **state)
{
	enum { ROOT = CVC_ROLE_ROOT, ISSUER = CVC_ROLE_ISSUER, DEVICE = CVC_ROLE_DEVICE };
	static const struct made rows[] = {
		{ "device may issue", ISSUER, ISSUER, "UTISSUER00001", false, false, false, ATT_ROLE },
		{ "issuer is a device", DEVICE, DEVICE, "UTISSUER00001", false, false, false, ATT_ROLE },
		{ "issuer is a root", DEVICE, ROOT, "UTISSUER00001", false, false, false, ATT_ROLE },
		{ "forged issuer", DEVICE, ISSUER, "UTISSUER00001", true, false, false, ATT_SIG_CHAIN },
		{ "another issuer", DEVICE, ISSUER, "UTISSUER00002", false, false, false, ATT_CHAIN },
		{ "own issuer", DEVICE, ISSUER, "UTVCARD0100000", false, false, false, ATT_GENUINE },
		{ "another curve", DEVICE, ISSUER, "UTISSUER00001", false, true, true, ATT_SIG_CHAIN },
		{ "the same curve", DEVICE, ISSUER, "UTISSUER00001", false, true, false, ATT_STEPS },
	};
	struct ec_key *stranger = pki_key(EC_BP256R1);
	struct att_verdict v;
	struct att_chain c;
	struct wr w;

	(void)state;
	wr_init_heap(&w, 4096);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct made *r = &rows[i];
		struct pki_cvc dev = { .car = r->device_car, .chr = "UTVCARD0100000", .key = device.key,
				       .is_certificate = true, .role = r->device_role };
		struct pki_cvc iss = { .car = "UTQUORUM00001", .chr = "UTISSUER00001", .key = pki.issuer,
				       .is_certificate = true, .role = r->issuer_role };

		if (r->params)
			dev.domain = ec_domain_get(r->other_params ? EC_SECP256R1 : EC_BP256R1);
		wr_reset(&w);
		pki_cvc_make(&dev, pki.issuer, NULL, &w);
		pki_cvc_make(&iss, r->wrong_issuer_key ? stranger : pki.root, NULL, &w);
		print_message("# %s\n", r->what);
		if (r->first != ATT_STEPS) {
			refused(wr_view(&w), r->first);
			continue;
		}
		v.n = 0;
		assert_int_equal(att_chain_check(pki.anchors, wr_view(&w), PKI_NOW, &c, &v), ERR_OK);
		assert_true(c.is_genuine);
	}
	wr_free(&w);
	ec_key_free(&stranger);
}

/* An issuer by the device's own name: everything fits but the name itself. */
static void issuer_of_the_same_name(void **state)
{
	struct pki_cvc dev = { .car = "UTVCARD0100000", .chr = "UTVCARD0100000", .key = device.key,
			       .is_certificate = true, .role = CVC_ROLE_DEVICE };
	struct pki_cvc iss = { .car = "UTQUORUM00001", .chr = "UTVCARD0100000", .key = pki.issuer,
			       .is_certificate = true, .role = CVC_ROLE_ISSUER };
	struct wr w;

	(void)state;
	wr_init_heap(&w, 4096);
	pki_cvc_make(&dev, pki.issuer, NULL, &w);
	pki_cvc_make(&iss, pki.root, NULL, &w);
	refused(wr_view(&w), ATT_GENUINE);
	wr_free(&w);
}

/* r = 0, s = n and other sizes than 2 x 32: put in place of the device certificate's signature. */
static void impossible_signatures(void **state)
{
	const struct ec_domain *d = ec_domain_get(EC_BP256R1);
	struct rd first = rd_of(golden_devaut, GOLDEN_CVC), content, body, sig, r_half, s_half;
	struct wr w;
	size_t mark;

	(void)state;
	assert_true(rd_tlv(&first, 0x7f21, &content));
	assert_true(rd_tlv_whole(&content, 0x7f4e, &body, &sig));
	assert_true(rd_tlv(&content, 0x5f37, &sig));
	r_half = rd_of(sig.p, 32);
	s_half = rd_of(sig.p + 32, 32);
	wr_init_heap(&w, 2048);
	for (int kind = 0; kind < 6; kind++) {
		uint8_t bytes[65] = { 0 };
		struct wr s;

		WR_ARR(&s, bytes);
		switch (kind) {
		case 0: wr_zeros(&s, 32); wr_put(&s, s_half); break;
		case 1: wr_put(&s, r_half); wr_zeros(&s, 32); break;
		case 2: wr_put(&s, r_half); wr_put(&s, d->n); break;
		case 3: wr_put(&s, d->n); wr_put(&s, s_half); break;
		case 4: wr_put(&s, rd_of(sig.p, 63)); break;
		case 5: wr_put(&s, sig); wr_u8(&s, 0); break;
		}
		wr_reset(&w);
		mark = wr_tlv_open(&w, 0x7f21);
		wr_put(&w, body);
		wr_tlv(&w, 0x5f37, wr_view(&s));
		wr_tlv_close(&w, mark);
		wr_put(&w, rd_of(golden_devaut + GOLDEN_CVC, GOLDEN_CVC));
		refused(wr_view(&w), ATT_SIG_CHAIN);
	}
	wr_free(&w);
}

/* 2026-05-28 to 2031-05-27, issuer from 2024-10-30, root to 2032-11-08. */
static void dates(void **state)
{
	static const struct { int64_t now; enum att_result device; size_t failures; } rows[] = {
		{ 1779926399, ATT_FAIL, 1 },            /* the second before */
		{ 1779926400, ATT_PASS, 0 },
		{ 1937692799, ATT_PASS, 0 },            /* the last second of the last day */
		{ 1937692800, ATT_FAIL, 1 },
		{ 1729000000, ATT_FAIL, 2 },            /* before the issuer, too */
		{ 2000000000, ATT_FAIL, 3 },            /* nobody is left */
		{ 0, ATT_FAIL, 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct att_verdict v = { .n = 0 };
		struct att_check check = { .number = 0 };
		struct att_chain c;
		size_t failures = 0;

		assert_int_equal(att_chain_check(pki.anchors, RD_ARR(golden_devaut), rows[i].now, &c, &v), ERR_OK);
		assert_true(c.is_genuine);      /* the card works on */
		assert_int_equal(result_of(&v, ATT_TIME), rows[i].device);
		while (att_verdict_next(&v, &check))
			failures += check.result != ATT_PASS;
		assert_int_equal(failures, rows[i].failures);
	}
}

static void dates_the_wrong_way_round(void **state)
{
	struct pki_cvc dev = { .car = "UTISSUER00001", .chr = "UTVCARD0100000", .key = device.key,
			       .is_certificate = true, .role = CVC_ROLE_DEVICE, .from = "310101", .to = "260101" };
	struct pki_cvc iss = { .car = "UTQUORUM00001", .chr = "UTISSUER00001", .key = pki.issuer,
			       .is_certificate = true, .role = CVC_ROLE_ISSUER };
	struct att_verdict v = { .n = 0 };
	struct att_chain c;
	struct wr w;

	(void)state;
	wr_init_heap(&w, 4096);
	pki_cvc_make(&dev, pki.issuer, NULL, &w);
	pki_cvc_make(&iss, pki.root, NULL, &w);
	assert_int_equal(att_chain_check(pki.anchors, wr_view(&w), PKI_NOW, &c, &v), ERR_OK);
	assert_int_equal(result_of(&v, ATT_TIME), ATT_FAIL);
	wr_free(&w);
}

static void self_signed(void **state)
{
	struct att_verdict v = { .n = 0 };
	struct att_chain c;
	struct pki_device open;

	(void)state;
	pki_device_make(NULL, "ESPICOHSMTR00001", &open);
	assert_int_equal(att_chain_check(pki.anchors, wr_view(&open.devaut), PKI_NOW, &c, &v), ERR_OK);
	assert_false(c.is_genuine);
	assert_false(c.has_issuer);
	assert_int_equal(c.curve, EC_SECP256R1);
	assert_string_equal(c.id, "ESPICOHSMTR00001");
	assert_string_equal(c.path, "");
	assert_int_equal(att_verdict_first_failure(&v).step, ATT_GENUINE);

	open.devaut.p[open.devaut.n - 1] ^= 1;          /* then not even its key is usable */
	v.n = 0;
	assert_int_equal(att_chain_check(pki.anchors, wr_view(&open.devaut), PKI_NOW, &c, &v), ERR_OK);
	assert_int_equal(c.curve, EC_NONE);
	assert_int_equal(result_of(&v, ATT_SIG_CHAIN), ATT_FAIL);
	pki_device_free(&open);
}

/* A full list loses passes, never a failure. */
static void verdict_full(void **state)
{
	struct att_verdict v = { .n = 0 };

	(void)state;
	assert_false(att_verdict_is_good(&v));          /* nothing checked is not good */
	for (size_t i = 0; i < ATT_CHECKS_MAX; i++)
		att_verdict_add(&v, ATT_ARCHIVE, ATT_PASS, "key %zu", i);
	assert_true(att_verdict_is_good(&v));
	att_verdict_add(&v, ATT_ARCHIVE, ATT_NOT_MADE, "one more");
	att_verdict_add(&v, ATT_ARCHIVE, ATT_PASS, "and a good one");
	assert_int_equal(v.n, ATT_CHECKS_MAX);
	assert_false(att_verdict_is_good(&v));
	assert_string_equal(att_verdict_first_failure(&v).text, "one more");
	for (int s = 0; s < ATT_STEPS; s++)
		assert_true(strlen(att_step_name((enum att_step)s)) > 1);
}

/* As a server keeps it for as long as people think: every byte of the checks, and none behind them. */
static void verdict_packed(void **state)
{
	struct att_verdict *v = calloc(1, sizeof(*v));
	struct att_check c = { .number = 0 };
	char longest[2 * ATT_TEXT_MAX];

	(void)state;
	assert_non_null(v);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	att_verdict_add(v, ATT_FORMAT, ATT_PASS, "first");
	att_verdict_add(v, ATT_LIVE, ATT_NOT_MADE, "%s", "");
	att_verdict_add(v, ATT_ARCHIVE, ATT_FAIL, "%s", longest);
	att_verdict_pack(&v);
	assert_true(att_verdict_next(v, &c));
	assert_int_equal(c.step, ATT_FORMAT);
	assert_string_equal(c.text, "first");
	assert_true(att_verdict_next(v, &c));
	assert_int_equal(c.result, ATT_NOT_MADE);
	assert_string_equal(c.text, "");
	assert_string_equal(att_verdict_first_failure(v).text, "");
	assert_true(att_verdict_next(v, &c));
	assert_int_equal(c.step, ATT_ARCHIVE);
	assert_int_equal(strlen(c.text), ATT_TEXT_MAX);
	assert_false(att_verdict_next(v, &c));
	free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_card),
		cmocka_unit_test(configured_root),
		cmocka_unit_test(padding_is_no_matter),
		cmocka_unit_test(without_the_root),
		cmocka_unit_test(every_bit),
		cmocka_unit_test(every_length),
		cmocka_unit_test(each_field),
		cmocka_unit_test(wrong_structure),
		cmocka_unit_test(duplicate_tag),
		cmocka_unit_test(made_chains),
		cmocka_unit_test(issuer_of_the_same_name),
		cmocka_unit_test(impossible_signatures),
		cmocka_unit_test(dates),
		cmocka_unit_test(dates_the_wrong_way_round),
		cmocka_unit_test(self_signed),
		cmocka_unit_test(verdict_full),
		cmocka_unit_test(verdict_packed),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
