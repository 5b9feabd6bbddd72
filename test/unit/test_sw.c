/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit/test.h"

#include "sc-hsm/cmd.h"

/* Reference 2: the same word after different commands. */
static void test_meaning(void **state)
{
	static const struct { enum hsm_op op; unsigned sw; enum err e; int tries; const char *text; } rows[] = {
		{ HSM_SIGN, 0x9000, ERR_OK, -1, "done" },
		{ HSM_PKA_KEY, 0x9001, ERR_OK, -1, "key present and authenticated" },
		{ HSM_SIGN, 0x9001, ERR_CARD, -1, "9001 (not documented)" },
		{ HSM_READ, 0x6282, ERR_OK, -1, "end of file" },
		{ HSM_UPDATE, 0x6282, ERR_CARD, -1, "6282 (not documented)" },
		{ HSM_VERIFY, 0x63C2, ERR_PIN_WRONG, 2, "wrong PIN, 2 tries left" },
		{ HSM_VERIFY, 0x63C1, ERR_PIN_WRONG, 1, "wrong PIN, 1 try left" },
		{ HSM_VERIFY_STATUS, 0x63CF, ERR_PIN_WRONG, 15, "wrong PIN, 15 tries left" },
		{ HSM_VERIFY, 0x63C0, ERR_PIN_BLOCKED, 0, "PIN blocked" },
		{ HSM_VERIFY, 0x6983, ERR_PIN_BLOCKED, 0, "PIN blocked" },
		{ HSM_VERIFY, 0x6700, ERR_PIN_LENGTH, -1, NULL },
		{ HSM_VERIFY, 0x6984, ERR_PIN_TRANSPORT, -1, NULL },
		{ HSM_VERIFY, 0x6A88, ERR_PIN_UNSET, -1, NULL },
		{ HSM_VERIFY_STATUS, 0x6300, ERR_AUTH, -1, "waiting for public key authentication" },
		{ HSM_VERIFY_STATUS, 0x6E00, ERR_INS, -1, NULL },
		{ HSM_VERIFY_STATUS, 0x6900, ERR_INS, -1, NULL },
		{ HSM_RESET_RETRY, 0x6985, ERR_CONDITIONS, -1, NULL },
		{ HSM_RESET_RETRY, 0x6986, ERR_CONDITIONS, -1, NULL },
		{ HSM_INITIALIZE, 0x63CE, ERR_PIN_WRONG, 14, "wrong SO-PIN, 14 tries left" },
		{ HSM_INITIALIZE, 0x6985, ERR_PIN_WRONG, -1, "wrong SO-PIN" },
		{ HSM_INITIALIZE, 0x6A80, ERR_DATA, -1, NULL },
		{ HSM_SIGN, 0x6982, ERR_AUTH, -1, NULL },
		{ HSM_SIGN, 0x6984, ERR_USE_COUNTER, -1, NULL },
		{ HSM_SIGN, 0x6A81, ERR_ALGORITHM, -1, NULL },
		{ HSM_SIGN, 0x6985, ERR_ALGORITHM, -1, NULL },
		{ HSM_SIGN, 0x6A84, ERR_USE_COUNTER, -1, "the key's use counter is spent" },
		{ HSM_CIPHER, 0x6A84, ERR_USE_COUNTER, -1, NULL },
		{ HSM_DECIPHER, 0x6A84, ERR_USE_COUNTER, -1, NULL },
		{ HSM_DECIPHER, 0x6985, ERR_CONDITIONS, -1, NULL },
		{ HSM_SIGN, 0x6A88, ERR_NOT_FOUND, -1, NULL },
		{ HSM_SIGN, 0x6A82, ERR_NOT_FOUND, -1, NULL },
		{ HSM_SIGN, 0x6400, ERR_AUTH, -1, NULL },
		{ HSM_DECIPHER, 0x6F00, ERR_CARD, -1, NULL },
		{ HSM_UNWRAP, 0x6400, ERR_DATA, -1, NULL },
		{ HSM_UNWRAP_FILE, 0x6A80, ERR_DATA, -1, "wrapped under another key encryption key, or changed" },
		{ HSM_UNWRAP, 0x6D00, ERR_UNSUPPORTED, -1, NULL },
		{ HSM_WRAP, 0x6A88, ERR_NOT_FOUND, -1, NULL },
		{ HSM_KEY_DOMAIN, 0x6A89, ERR_CONDITIONS, -1, "keys belong to the domain" },
		{ HSM_DOMAIN_STATUS, 0x6A86, ERR_NOT_FOUND, -1, NULL },
		{ HSM_GENERATE_PAIR, 0x6A84, ERR_CARD_MEMORY, -1, NULL },
		{ HSM_GENERATE_PAIR, 0x6A81, ERR_UNSUPPORTED, -1, "the card makes no such keys" },
		{ HSM_GENERATE_PAIR, 0x6D00, ERR_INS, -1, NULL },
		{ HSM_GENERATE_AES, 0x6A81, ERR_UNSUPPORTED, -1, NULL },
		{ HSM_GENERATE_AES, 0x6D00, ERR_INS, -1, "the card makes no such keys" },
		{ HSM_GENERATE_AES, 0x6400, ERR_AUTH, -1, NULL },
		{ HSM_DERIVE_EC, 0x6D00, ERR_INS, -1, "the card derives no keys" },
		{ HSM_DERIVE_EC, 0x6A81, ERR_ALGORITHM, -1, NULL },
		{ HSM_DERIVE_EC, 0x6984, ERR_USE_COUNTER, -1, NULL },
		{ HSM_DERIVE_EC, 0x6A84, ERR_CARD_MEMORY, -1, NULL },
		{ HSM_PKA_STATUS, 0x6D00, ERR_INS, -1, NULL },
		{ HSM_PKA_STATUS, 0x6A86, ERR_UNSUPPORTED, -1, NULL },
		{ HSM_PKA_REGISTER, 0x6A82, ERR_UNSUPPORTED, -1, NULL },
		{ HSM_PKA_REGISTER, 0x6A84, ERR_CARD_MEMORY, -1, "all keys are registered" },
		{ HSM_PKA_KEY, 0x6A88, ERR_NOT_FOUND, -1, NULL },
		{ HSM_EXTERNAL_AUTH, 0x6300, ERR_SIGNATURE, -1, NULL },
		{ HSM_EXTERNAL_AUTH, 0x6985, ERR_SIGNATURE, -1, NULL },
		{ HSM_EXTERNAL_AUTH, 0x6A88, ERR_NOT_FOUND, -1, NULL },
		{ HSM_MSE_AUTH, 0x6985, ERR_CONDITIONS, -1, NULL },
		{ HSM_MSE_AUTH, 0x6A88, ERR_NOT_FOUND, -1, NULL },
		{ HSM_MSE_CHIP, 0x6A80, ERR_DATA, -1, NULL },
		{ HSM_SIGN, 0x6F00, ERR_CARD, -1, "internal error of the card" },
		{ HSM_SIGN, 0x6F01, ERR_CARD, -1, "6F01 (not documented)" },
		/* Never a wrong PIN where no PIN was. */
		{ HSM_SIGN, 0x63C2, ERR_CARD, -1, NULL },
		{ HSM_EXTERNAL_AUTH, 0x63C2, ERR_CARD, -1, NULL },
		{ HSM_VERIFY, 0x6F00, ERR_CARD, -1, NULL },
		{ HSM_VERIFY, 0x63D2, ERR_CARD, -1, NULL },
	};
	struct err_detail d;
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct hsm_cmd *row = hsm_cmd_get(rows[i].op);

		assert_int_equal(hsm_sw_err(row, (uint16_t)rows[i].sw, &d), rows[i].e);
		assert_int_equal(d.sw, rows[i].sw);
		assert_int_equal(d.tries, rows[i].tries);
		assert_int_equal(hsm_sw_err(row, (uint16_t)rows[i].sw, NULL), rows[i].e);
		(void)hsm_sw_text(row, (uint16_t)rows[i].sw, text, sizeof(text));
		if (rows[i].text)
			assert_string_equal(text, rows[i].text);
	}
}

/* Of all 65536 words 63C1 to 63CF say that a PIN was wrong, and one that it was right. */
static void test_all(void **state)
{
	unsigned wrong = 0, good = 0;

	(void)state;
	for (unsigned sw = 0; sw <= 0xffff; sw++) {
		enum err e = hsm_sw_err(hsm_cmd_get(HSM_VERIFY), (uint16_t)sw, NULL);

		wrong += e == ERR_PIN_WRONG;
		good += e == ERR_OK;
	}
	assert_int_equal(wrong, 15);
	assert_int_equal(good, 1);
}

/* Every word of the table of reference 2: after some command it has a meaning and a text of its own. */
static void test_table(void **state)
{
	static const uint16_t words[] = {
		0x9000, 0x9001, 0x6282, 0x6300, 0x63C0, 0x63C1, 0x63CF, 0x6400, 0x6F00, 0x6600, 0x6700, 0x6900, 0x6982,
		0x6983, 0x6984, 0x6985, 0x6986, 0x6987, 0x6988, 0x6A80, 0x6A81, 0x6A82, 0x6A84, 0x6A86, 0x6A88, 0x6A89,
		0x6D00, 0x6E00,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		bool told = false;

		for (int op = 0; op < HSM_OPS; op++) {
			const struct hsm_cmd *row = hsm_cmd_get((enum hsm_op)op);
			char text[64];
			bool known;

			(void)hsm_sw_text(row, words[i], text, sizeof(text));
			known = !strstr(text, "not documented");
			told = told || known;
			/* Only success and the warning with data are no error; what is not known is one. */
			if (hsm_sw_err(row, words[i], NULL) == ERR_OK)
				assert_true(words[i] >= 0x9000 || words[i] == 0x6282);
			if (!known)
				assert_int_equal(hsm_sw_err(row, words[i], NULL), ERR_CARD);
		}
		if (!told)
			fail_msg("%04X has no text after any command", words[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_meaning),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
