/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "base/crypto_rsa.h"
#include "base/spki.h"
#include "base/tlv.h"

static void test_ec_round_trip(void **state)
{
	struct ec_key *key = NULL;
	uint8_t q[200], der[300];
	struct wr wq, wd;
	struct spki s;

	(void)state;
	for (enum ec_curve c = EC_NONE + 1; c < EC_CURVES; c++) {
		if (!ec_domain_get(c))
			continue;
		WR_ARR(&wq, q);
		WR_ARR(&wd, der);
		assert_int_equal(ec_key_generate(c, &key), ERR_OK);
		assert_int_equal(ec_key_public(key, &wq), ERR_OK);
		assert_int_equal(ec_spki(c, wr_view(&wq), &wd), ERR_OK);
		assert_int_equal(spki_read(wr_view(&wd), &s), ERR_OK);
		assert_false(s.is_rsa);
		assert_int_equal(s.curve, c);
		assert_true(rd_eq(s.q, wr_view(&wq)));
		assert_int_equal(s.params.p[0], 0x06);
		assert_true(rd_eq(rd_of(s.params.p + 2, s.params.n - 2), ec_domain_get(c)->oid));
		ec_key_free(&key);
	}
}

static size_t make_rsa(uint8_t *der, size_t cap, struct rd n, struct rd e)
{
	struct wr w;

	wr_init(&w, der, cap);
	assert_int_equal(rsa_spki(n, e, &w), ERR_OK);
	return wr_view(&w).n;
}

static void test_rsa_round_trip(void **state)
{
	uint8_t modulus[256], der[400];
	struct spki s;
	size_t n;

	(void)state;
	memset(modulus, 0xA5, sizeof(modulus));
	n = make_rsa(der, sizeof(der), RD_ARR(modulus), RD_LIT("\x01\x00\x01"));
	assert_int_equal(spki_read(rd_of(der, n), &s), ERR_OK);
	assert_true(s.is_rsa);
	assert_true(rd_eq(s.n, RD_ARR(modulus)));
	assert_true(rd_eq(s.e, RD_LIT("\x01\x00\x01")));
}

static void test_truncated_and_long(void **state)
{
	uint8_t modulus[128], der[400];
	struct spki s;
	size_t n;

	(void)state;
	memset(modulus, 0xA5, sizeof(modulus));
	n = make_rsa(der, sizeof(der), RD_ARR(modulus), RD_LIT("\x03"));
	for (size_t i = 0; i < n; i++)
		assert_int_equal(spki_read(rd_of(der, i), &s), ERR_FORMAT);
	der[n] = 0;
	assert_int_equal(spki_read(rd_of(der, n + 1), &s), ERR_FORMAT);
}

/* A BIT STRING that is no whole bytes holds no key. */
static void test_unused_bits(void **state)
{
	uint8_t modulus[128], der[400];
	struct rd whole, seq, alg, bits;
	struct spki s;
	size_t n;

	(void)state;
	memset(modulus, 0xA5, sizeof(modulus));
	n = make_rsa(der, sizeof(der), RD_ARR(modulus), RD_LIT("\x03"));
	whole = rd_of(der, n);
	assert_true(rd_tlv(&whole, 0x30, &seq) && rd_tlv(&seq, 0x30, &alg) && rd_tlv(&seq, 0x03, &bits));
	der[bits.p - der] = 1;
	assert_int_equal(spki_read(rd_of(der, n), &s), ERR_FORMAT);
}

static void test_point_not_on_curve(void **state)
{
	struct ec_key *key = NULL;
	uint8_t q[200], der[300];
	struct wr wq, wd;
	struct spki s;

	(void)state;
	WR_ARR(&wq, q);
	WR_ARR(&wd, der);
	assert_int_equal(ec_key_generate(EC_SECP256R1, &key), ERR_OK);
	assert_int_equal(ec_key_public(key, &wq), ERR_OK);
	assert_int_equal(ec_spki(EC_SECP256R1, wr_view(&wq), &wd), ERR_OK);
	der[wr_view(&wd).n - 1] ^= 1;
	assert_int_equal(spki_read(wr_view(&wd), &s), ERR_FORMAT);
	ec_key_free(&key);
}

/* id-Ed25519 (RFC 8410): well formed, not ours. */
static void test_other_algorithm(void **state)
{
	static const uint8_t ed[] = { 0x30, 0x0B, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x02, 0x00, 0x11 };
	struct spki s;

	(void)state;
	assert_int_equal(spki_read(RD_ARR(ed), &s), ERR_UNSUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ec_round_trip),
		cmocka_unit_test(test_rsa_round_trip),
		cmocka_unit_test(test_truncated_and_long),
		cmocka_unit_test(test_unused_bits),
		cmocka_unit_test(test_point_not_on_curve), cmocka_unit_test(test_other_algorithm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
