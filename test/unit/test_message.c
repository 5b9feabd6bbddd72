/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit/test.h"

#include "base/crypto_ec.h"
#include "pka/message.h"
#include "pka/result.h"

#define ID RD_LIT("DECC120029100000")
#define CHALLENGE RD_LIT("\x00\x01\x02\x03\x04\x05\x06\x07")

/* Reference public-key-authentication 5. */
static void vectors(void **state)
{
	uint8_t bytes[PKA_MESSAGE_MAX], hash[SHA256_SIZE], hex_bytes[512], plain[64];
	struct wr m, hex, sig;
	struct rd q, der_a, der_b;

	(void)state;
	WR_ARR(&m, bytes);
	WR_ARR(&hex, hex_bytes);
	assert_int_equal(pka_message(ID, CHALLENGE, &m), ERR_OK);
	assert_bytes_equal(wr_view(&m), test_unhex(&hex, "444543433132303032393130303030300001020304050607"));
	assert_int_equal(sha256(wr_view(&m), hash), ERR_OK);
	q = test_unhex(&hex, "433EEB6DB203C6A733E4EA8A9D72BE8A0F992B23DC418352820512104BA22008");
	assert_bytes_equal(RD_ARR(hash), q);
	q = test_unhex(&hex, "041FC07A324A1FA641547090E84E1F05522A82476FD9A9652A63AD379861A6E7D2"
			     "4664FAF950D6F3B6B8FB62C8AC407683E2CD24926A73932C157CEFE91E7967DC");
	der_a = test_unhex(&hex, "304402205014F8469DB20D15D46879E97FCA59AC0AAB8F64BDA6957E54C57FB2AEFC1D61"
				 "0220083280B7585AC5309C60E8B86430D97F2B102AF924F22A3856CE5139B5EF5CCE");
	WR_ARR(&sig, plain);
	assert_int_equal(ec_sig_from_der(der_a, 32, &sig), ERR_OK);
	assert_int_equal(ec_verify(EC_BP256R1, q, RD_ARR(hash), wr_view(&sig)), ERR_OK);
	/* r of 31 bytes, s with a leading 00 */
	der_b = test_unhex(&hex, "3044021F455A75AB10BDD5430F26F8B6B6FEBB261B8E1507FD5C9F6C245D03772134E6"
				 "0221009F3A7E148716EE795FEF50B4C7F76A017DB36A647EDA9BD5D4E4098FF61D44EC");
	WR_ARR(&sig, plain);
	assert_int_equal(ec_sig_from_der(der_b, 32, &sig), ERR_OK);
	assert_int_equal(ec_verify(EC_BP256R1, q, RD_ARR(hash), wr_view(&sig)), ERR_OK);
	plain[63] ^= 1;
	assert_int_equal(ec_verify(EC_BP256R1, q, RD_ARR(hash), wr_view(&sig)), ERR_SIGNATURE);
}

/* Reference sc-hsm-apdu 5.3. */
static void worked_example(void **state)
{
	uint8_t bytes[PKA_MESSAGE_MAX], hash[SHA256_SIZE], hex_bytes[64];
	struct wr m, hex;

	(void)state;
	WR_ARR(&m, bytes);
	WR_ARR(&hex, hex_bytes);
	assert_int_equal(pka_message(RD_LIT("DENK040414400000"), RD_LIT("\xA1\xA2\xA3\xA4\xA5\xA6\xA7\xA8"), &m),
			 ERR_OK);
	assert_bytes_equal(wr_view(&m), test_unhex(&hex, "44454E4B303430343134343030303030A1A2A3A4A5A6A7A8"));
	assert_int_equal(sha256(wr_view(&m), hash), ERR_OK);
	assert_bytes_equal(RD_ARR(hash),
			   test_unhex(&hex, "33DB27FDF7EE760B7C5AB1821CD6203A36969B84D239CA137C27683806061310"));
}

static void only_eight_bytes(void **state)
{
	uint8_t bytes[64];
	char code[PKA_CODE_SIZE];
	struct wr m;

	(void)state;
	for (size_t n = 0; n < 16; n++) {
		WR_ARR(&m, bytes);
		assert_int_equal(pka_message(ID, rd_of("0123456789abcdef", n), &m), n == 8 ? ERR_OK : ERR_ARG);
		assert_int_equal(pka_code(ID, rd_of("0123456789abcdef", n), RD_NONE, code), n == 8 ? ERR_OK : ERR_ARG);
		assert_int_equal(strlen(code), n == 8 ? 9 : 0);
	}
	for (size_t n = 0; n <= 24; n++) {
		WR_ARR(&m, bytes);
		assert_int_equal(pka_message(rd_of("UTABCDEFGHIJKLMNOPQRSTUV", n), CHALLENGE, &m),
				 n >= CHR_MIN && n <= CHR_MAX ? ERR_OK : ERR_ARG);
	}
}

/* Computed apart: base32(sha256("quorum11-code" || id || challenge || sha256(json))[:5]). */
static void code(void **state)
{
	char a[PKA_CODE_SIZE], b[PKA_CODE_SIZE];

	(void)state;
	assert_int_equal(pka_code(ID, CHALLENGE, RD_LIT("{\"v\":1}"), a), ERR_OK);
	assert_string_equal(a, "5J6U-KQNL");
	assert_int_equal(pka_code(ID, CHALLENGE, RD_NONE, b), ERR_OK);
	assert_string_equal(b, "CUGD-TRSP");
	assert_int_equal(pka_code(RD_LIT("DECC120029100001"), CHALLENGE, RD_LIT("{\"v\":1}"), b), ERR_OK);
	assert_string_not_equal(a, b);
	assert_int_equal(pka_code(ID, RD_LIT("\x01\x01\x02\x03\x04\x05\x06\x07"), RD_LIT("{\"v\":1}"), b), ERR_OK);
	assert_string_not_equal(a, b);
}

/* Every code has one id, and both sides of the table agree. */
static void results(void **state)
{
	static const struct { enum err e; int id; } rows[] = {
		{ ERR_OK, 0 }, { ERR_DENIED, -101 }, { ERR_EXPIRED, -102 }, { ERR_CANCELLED, -103 },
		{ ERR_NOT_ENROLLED, -110 }, { ERR_ATTESTATION, -111 }, { ERR_POLICY, -112 }, { ERR_SERVER, -120 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(pka_result_id(rows[i].e), rows[i].id);
		assert_int_equal(pka_result_err(rows[i].id), rows[i].e);
	}
	assert_int_equal(pka_result_id(ERR_CARD), -120);
	assert_int_equal(pka_result_id(ERR_NOMEM), -120);
	assert_int_equal(pka_result_err(1), ERR_OK);
	assert_int_equal(pka_result_err(-1), ERR_SERVER);
	assert_int_equal(pka_result_err(-113), ERR_SERVER);
	for (int e = 1; e < ERR_COUNT; e++)
		assert_true(pka_result_id((enum err)e) < -100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors),
		cmocka_unit_test(worked_example),
		cmocka_unit_test(only_eight_bytes),
		cmocka_unit_test(code),
		cmocka_unit_test(results),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
