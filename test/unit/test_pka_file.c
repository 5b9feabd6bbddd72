/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit/test.h"

#include "base/tlv.h"
#include "pka/file.h"
#include "test/pki.h"
#include "test/wire/golden.h"

#define CVC_SIZE 232            /* each certificate in golden_devaut */

static struct pki pki;
static struct pki_person alice, bob;

static int setup(void **state)
{
	(void)state;
	pki_open(&pki);
	pki_person_make(&pki, "UTCARDA0100000", "UTALICE0100001", EC_BP256R1, &alice);
	pki_person_make(&pki, "UTCARDB0100000", "UTBOB000100001", EC_BP256R1, &bob);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pki_person_free(&alice);
	pki_person_free(&bob);
	pki_close(&pki);
	return 0;
}

/* 30 { 67, 7F21, 7F21 } of the real card's files, the certificates in either order. */
static void old_form(void **state)
{
	struct rd device = rd_of(golden_devaut, CVC_SIZE), issuer = rd_of(golden_devaut + CVC_SIZE, CVC_SIZE);
	struct att_verdict v = { .n = 0 };
	struct pka_file f;
	struct wr w;
	size_t mark;

	(void)state;
	wr_init_heap(&w, CVC_MAX);
	for (int order = 0; order < 2; order++) {
		wr_reset(&w);
		mark = wr_tlv_open(&w, 0x30);
		wr_put(&w, RD_ARR(golden_attestation));
		wr_put(&w, order ? device : issuer);
		wr_put(&w, order ? issuer : device);
		wr_tlv_close(&w, mark);
		assert_int_equal(pka_file_read(wr_view(&w), &f), ERR_OK);
		assert_true(f.has_issuer);
		assert_true(rd_eq_str(f.device.chr, "DENK040414400000"));
		assert_true(rd_eq_str(f.issuer.chr, "DEDINK0400001"));
		assert_int_equal(f.curve, EC_SECP256K1);
		v.n = 0;
		assert_int_equal(pka_file_check(&f, pki.anchors, PKI_NOW, &v), ERR_OK);
		assert_true(att_verdict_is_good(&v));
	}
	wr_free(&w);
}

static void new_form(void **state)
{
	struct att_verdict v = { .n = 0 };
	struct pka_file f;
	struct rd r = wr_view(&alice.file), in, oid, x;

	(void)state;
	assert_true(rd_tlv(&r, 0x30, &in));
	assert_true(rd_tlv(&in, 0x06, &oid));
	assert_bytes_equal(oid, RD_LIT("\x2b\x06\x01\x04\x01\x81\xc3\x1f\x04\x03\x01"));
	assert_true(rd_tlv(&in, 0x61, &x));
	assert_bytes_equal(x, wr_view(&pki.issuer_cvc));
	assert_true(rd_tlv(&in, 0x62, &x));
	assert_true(rd_tlv(&in, 0x63, &x));
	assert_bytes_equal(x, wr_view(&alice.request));
	assert_true(rd_end(&in));

	assert_int_equal(pka_file_read(wr_view(&alice.file), &f), ERR_OK);
	assert_true(rd_eq_str(f.device.chr, "UTCARDA0100000"));
	assert_true(rd_eq_str(f.request.inner.chr, "UTALICE0100001"));
	assert_int_equal(f.curve, EC_BP256R1);
	assert_int_equal(pka_file_check(&f, pki.anchors, PKI_NOW, &v), ERR_OK);
}

/* Sources disagree on 61 and 62: the content decides. */
static void tags_the_other_way_round(void **state)
{
	struct rd device = wr_view(&alice.device.devaut);
	struct pka_file f;
	struct wr w;
	size_t mark;

	(void)state;
	device.n -= pki.issuer_cvc.n;
	wr_init_heap(&w, CVC_MAX);
	mark = wr_tlv_open(&w, 0x30);
	wr_tlv(&w, 0x06, RD_LIT("\x2b\x06\x01\x04\x01\x81\xc3\x1f\x04\x03\x01"));
	wr_tlv(&w, 0x61, device);
	wr_tlv(&w, 0x62, wr_view(&pki.issuer_cvc));
	wr_tlv(&w, 0x63, wr_view(&alice.request));
	wr_tlv_close(&w, mark);
	assert_int_equal(pka_file_read(wr_view(&w), &f), ERR_OK);
	assert_true(rd_eq_str(f.device.chr, "UTCARDA0100000"));
	assert_true(rd_eq_str(f.issuer.chr, "UTISSUER00001"));
	wr_free(&w);
}

static void self_signed(void **state)
{
	struct att_verdict v = { .n = 0 };
	struct pki_person open;
	struct pka_file f;

	(void)state;
	pki_person_make(NULL, "ESPICOHSMTR00001", "UTOPEN000100001", EC_BP256R1, &open);
	assert_int_equal(pka_file_read(wr_view(&open.file), &f), ERR_OK);
	assert_false(f.has_issuer);
	assert_int_equal(pka_file_check(&f, pki.anchors, PKI_NOW, &v), ERR_ATTESTATION);
	assert_int_equal(att_verdict_first_failure(&v).step, ATT_GENUINE);
	pki_person_free(&open);
}

static void garbage(void **state)
{
	uint8_t bytes[2048];
	struct rd file = wr_view(&alice.file);
	struct att_verdict v;
	struct pka_file f;
	struct wr w;

	(void)state;
	assert_true(file.n < sizeof(bytes));
	for (size_t n = 0; n < file.n; n++)
		assert_int_equal(pka_file_read(rd_of(file.p, n), &f), ERR_FORMAT);
	memcpy(bytes, file.p, file.n);
	bytes[file.n] = 0;
	assert_int_equal(pka_file_read(rd_of(bytes, file.n + 1), &f), ERR_FORMAT);
	for (size_t i = 0; i < file.n; i++) {           /* one bit anywhere: never proven */
		memcpy(bytes, file.p, file.n);
		bytes[i] ^= (uint8_t)(1u << i % 8);
		v.n = 0;
		if (pka_file_read(rd_of(bytes, file.n), &f) == ERR_OK)
			assert_int_not_equal(pka_file_check(&f, pki.anchors, PKI_NOW, &v), ERR_OK);
	}
	/* the request of one device with the certificates of another */
	wr_init_heap(&w, CVC_MAX);
	assert_int_equal(pka_file_write(wr_view(&bob.device.devaut), wr_view(&alice.request), &w), ERR_FORMAT);
	assert_int_equal(pka_file_write(wr_view(&alice.device.devaut), RD_LIT("\x67\x00"), &w), ERR_FORMAT);
	wr_free(&w);
}

/* Key domain membership: the same under another name, and the membership at the end; neither is read as the other. */
static void membership(void **state)
{
	struct pka_file f, back;
	struct rd sig, r, in, oid;
	struct wr w;

	(void)state;
	wr_init_heap(&w, CVC_MAX);
	assert_int_equal(pka_file_read(wr_view(&alice.file), &f), ERR_OK);
	assert_int_equal(pka_member_read(wr_view(&alice.file), &back, &sig), ERR_FORMAT);
	assert_int_equal(pka_member_write(&f, RD_NONE, &w), ERR_ARG);
	assert_int_equal(pka_member_write(&f, RD_LIT("r and s"), &w), ERR_OK);
	r = wr_view(&w);
	assert_true(rd_tlv(&r, 0x30, &in) && rd_tlv(&in, 0x06, &oid));
	assert_bytes_equal(oid, RD_LIT("\x2b\x06\x01\x04\x01\x81\xc3\x1f\x04\x02\x01"));
	assert_bytes_equal(rd_of(w.p + w.n - 9, 9), RD_LIT("\x54\x07r and s"));
	assert_int_equal(pka_file_read(wr_view(&w), &back), ERR_FORMAT);
	assert_int_equal(pka_member_read(wr_view(&w), &back, &sig), ERR_OK);
	assert_bytes_equal(sig, RD_LIT("r and s"));
	assert_bytes_equal(back.request.whole, f.request.whole);
	assert_bytes_equal(back.issuer.whole, f.issuer.whole);
	for (size_t n = 0; n < w.n; n++)
		assert_int_equal(pka_member_read(rd_of(w.p, n), &back, &sig), ERR_FORMAT);
	wr_free(&w);
}

static void not_proven(void **state)
{
	struct att_verdict v = { .n = 0 };
	struct att_anchors *production;
	struct pka_file f;

	(void)state;
	assert_int_equal(att_anchors_new(true, &production), ERR_OK);
	assert_int_equal(pka_file_read(wr_view(&alice.file), &f), ERR_OK);
	assert_int_equal(pka_file_check(&f, production, PKI_NOW, &v), ERR_ATTESTATION);
	assert_int_equal(att_verdict_first_failure(&v).step, ATT_ANCHOR);
	att_anchors_free(&production);
}

static enum err set(const struct pka_file *a, const struct pka_file *b, const char *target, bool same,
		    struct pka_file_set_problem *out)
{
	const struct pka_file files[] = { *a, *b };

	return pka_file_set_check(files, 2, rd_str(target), same, out);
}

static struct pka_file file_of(const struct pki_person *p)
{
	struct pka_file f;

	assert_int_equal(pka_file_read(wr_view(&p->file), &f), ERR_OK);
	return f;
}

/* A key of alice's device, in a file of its own. */
static void second_key(const char *chr, const struct ec_key *key, struct wr *request, struct wr *w)
{
	wr_init_heap(w, CVC_MAX);
	wr_init_heap(request, CVC_MAX);
	pki_attest(&alice.device, chr, key, request);
	assert_int_equal(pka_file_write(wr_view(&alice.device.devaut), wr_view(request), w), ERR_OK);
}

static void sets(void **state)
{
	struct pka_file a = file_of(&alice), b = file_of(&bob), c;
	struct pka_file_set_problem problem;
	struct ec_key *key = pki_key(EC_BP256R1);
	struct pki_person p384;
	struct wr w, request;

	(void)state;
	assert_int_equal(set(&a, &b, "UTVCARD0100000", false, &problem), ERR_OK);
	assert_int_equal(set(&a, &b, NULL, false, &problem), ERR_OK);
	/* the same file twice */
	assert_int_equal(set(&a, &a, NULL, true, &problem), ERR_REFUSED);
	assert_int_equal(problem.a, 0);
	assert_int_equal(problem.b, 1);
	assert_non_null(strstr(problem.text, "same name"));
	/* the target's own key */
	assert_int_equal(set(&a, &b, "UTCARDB0100000", false, &problem), ERR_REFUSED);
	assert_int_equal(problem.b, 1);
	assert_non_null(strstr(problem.text, "UTBOB000100001"));
	/* two keys of one device */
	second_key("UTALICE0200001", key, &request, &w);
	assert_int_equal(pka_file_read(wr_view(&w), &c), ERR_OK);
	assert_int_equal(set(&a, &c, NULL, false, &problem), ERR_REFUSED);
	assert_int_equal(set(&a, &c, NULL, true, &problem), ERR_OK);
	wr_free(&w);
	wr_free(&request);
	/* one key under two names */
	second_key("UTALICE0200001", alice.key, &request, &w);
	assert_int_equal(pka_file_read(wr_view(&w), &c), ERR_OK);
	assert_int_equal(set(&a, &c, NULL, true, &problem), ERR_REFUSED);
	assert_non_null(strstr(problem.text, "two names"));
	wr_free(&w);
	wr_free(&request);
	/* a name longer than the standard's, and the target's name */
	second_key("UTALICE01000000001", key, &request, &w);
	assert_int_equal(pka_file_read(wr_view(&w), &c), ERR_OK);
	assert_int_equal(set(&b, &c, NULL, true, &problem), ERR_REFUSED);
	wr_free(&w);
	wr_free(&request);
	second_key("UTVCARD0100000", key, &request, &w);
	assert_int_equal(pka_file_read(wr_view(&w), &c), ERR_OK);
	assert_int_equal(set(&b, &c, "UTVCARD0100000", true, &problem), ERR_REFUSED);
	wr_free(&w);
	wr_free(&request);
	/* 384 bits register and never authenticate */
	pki_person_make(&pki, "UTCARDC0100000", "UTCAROL0100001", EC_SECP384R1, &p384);
	c = file_of(&p384);
	assert_int_equal(set(&a, &c, NULL, false, &problem), ERR_REFUSED);
	assert_non_null(strstr(problem.text, "256"));
	pki_person_free(&p384);
	ec_key_free(&key);
}

static void rsa_is_refused(void **state)
{
	struct pka_file_set_problem problem;
	struct rsa_key *rsa;
	struct pka_file f;
	struct wr request, w;

	(void)state;
	wr_init_heap(&request, CVC_MAX);
	wr_init_heap(&w, CVC_MAX);
	assert_int_equal(rsa_key_generate(2048, RD_LIT("\x01\x00\x01"), &rsa), ERR_OK);
	pki_attest_rsa(&alice.device, "UTALICE0300001", rsa, &request);
	assert_int_equal(pka_file_write(wr_view(&alice.device.devaut), wr_view(&request), &w), ERR_OK);
	assert_int_equal(pka_file_read(wr_view(&w), &f), ERR_OK);
	assert_int_equal(f.curve, EC_NONE);
	assert_int_equal(pka_file_set_check(&f, 1, RD_NONE, false, &problem), ERR_REFUSED);
	rsa_key_free(&rsa);
	wr_free(&request);
	wr_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(old_form),
		cmocka_unit_test(new_form),
		cmocka_unit_test(tags_the_other_way_round),
		cmocka_unit_test(self_signed),
		cmocka_unit_test(garbage), cmocka_unit_test(membership),
		cmocka_unit_test(not_proven),
		cmocka_unit_test(sets),
		cmocka_unit_test(rsa_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
