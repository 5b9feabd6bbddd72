/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit/test.h"

#include "base/cvc.h"
#include "cli/key/chr.h"

#define ROUNDS 2000

static void random_reference(void **state)
{
	static char seen[ROUNDS][CHR_MAX + 1];
	unsigned used[256] = { 0 };

	(void)state;
	for (size_t i = 0; i < ROUNDS; i++) {
		assert_int_equal(cli_chr_random("DE", seen[i]), ERR_OK);
		assert_int_equal(strlen(seen[i]), 16);
		assert_true(cvc_reference_is_valid(rd_str(seen[i])));
		assert_memory_equal(seen[i], "DE", 2);
		assert_string_equal(seen[i] + 11, "00001");
		for (size_t k = 2; k < 11; k++) {
			assert_true((seen[i][k] >= 'A' && seen[i][k] <= 'Z') ||
				    (seen[i][k] >= '0' && seen[i][k] <= '9'));
			used[(unsigned char)seen[i][k]]++;
		}
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(seen[i], seen[k]);
	}
	/* 18000 characters, 500 of each expected, standard deviation 22: none strays by ten of them. */
	for (int c = 'A'; c <= 'Z'; c++)
		assert_in_range(used[c], 280, 720);
	for (int c = '0'; c <= '9'; c++)
		assert_in_range(used[c], 280, 720);
}

static void countries(void **state)
{
	static const char *const bad[] = { "", "D", "de", "DEU", "D1", "D ", "\xC3\x84" };
	char out[CHR_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(cli_chr_random(bad[i], out), ERR_ARG);
}

static void key_of_a_device(void **state)
{
	char out[CHR_MAX + 1];

	(void)state;
	assert_int_equal(cli_chr_of_key("DENK040414400000", 1, out), ERR_OK);
	assert_string_equal(out, "DENK040414400001");
	assert_int_equal(cli_chr_of_key("DENK040414400000", 255, out), ERR_OK);
	assert_string_equal(out, "DENK040414400255");
	assert_int_equal(cli_chr_of_key("", 1, out), ERR_ARG);
	assert_int_equal(cli_chr_of_key("denk040414400000", 1, out), ERR_ARG);
	assert_int_equal(cli_chr_of_key("DENK04041440000000000000000", 1, out), ERR_ARG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_reference), cmocka_unit_test(countries), cmocka_unit_test(key_of_a_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
