/* SPDX-License-Identifier: Apache-2.0 */
/* Shares in files, and passwords in parts; APDU reference 10.3 and 10.4. */
#include "base/crypto_pbe.h"
#include "sc-hsm/share.h"
#include "sc-hsm/threshold.h"
#include "test/unit/test.h"

static struct secret *secret(struct rd bytes)
{
	struct secret *s = NULL;

	assert_int_equal(secret_new(bytes, &s), ERR_OK);
	return s;
}

static void assert_hex(struct rd got, const char *hex)
{
	struct wr w;

	wr_init_heap(&w, 4096);
	(void)test_unhex(&w, hex);
	assert_bytes_equal(got, wr_view(&w));
	wr_free(&w);
}

/* The reference's example, with all its rounds. */
static void test_golden(void **state)
{
	struct secret *password = secret(RD_LIT("DKEKpassword")), *share = NULL;
	struct wr file;

	(void)state;
	wr_init_heap(&file, 128);
	(void)test_unhex(&file, "53616C7465645F5F" "0102030405060708"
			 "BDC11ED6A1A94005CE66AC3B6FF4C39BEB4203129BE3EAB74FE06411AA6BC85B"
			 "128A0E8E115C7058892A9C3A8E8CA3AD");
	assert_int_equal(file.n, HSM_SHARE_FILE_SIZE);
	assert_int_equal(hsm_share_open(wr_view(&file), password, HSM_SHARE_ROUNDS, &share), ERR_OK);
	assert_hex(secret_view(share), "A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5");
	secret_free(&share);
	secret_free(&password);
	wr_free(&file);
}

/* EVP_BytesToKey with one round, as "openssl enc -md md5 -aes-256-cbc -P -S" prints it for this password and salt. */
static void test_one_round(void **state)
{
	static const uint8_t salt[PBE_SALT_SIZE] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	uint8_t key[PBE_KEY_SIZE], iv[PBE_IV_SIZE];

	(void)state;
	assert_int_equal(pbe_md5(RD_LIT("DKEKpassword"), salt, 1, key, iv), ERR_OK);
	assert_hex(RD_ARR(key), "AA51DF651E275F67B2968219A60B95EAD8AA8CFEF39A13A54BBAC2BE4B8DADAD");
	assert_hex(RD_ARR(iv), "377677370348E7639D9E138F21FA1B26");
	assert_int_equal(pbe_md5(RD_LIT("DKEKpassword"), salt, 0, key, iv), ERR_ARG);
}

static void test_seal(void **state)
{
	uint8_t bytes[HSM_SHARE_SIZE] = { 1, 2, 3 };
	struct secret *password = secret(RD_LIT("secret")), *other = secret(RD_LIT("Secret"));
	struct secret *share = secret(RD_ARR(bytes)), *back = NULL;
	struct wr file, again;

	(void)state;
	wr_init_heap(&file, 128);
	wr_init_heap(&again, 128);
	assert_int_equal(hsm_share_seal(share, password, 2, &file), ERR_OK);
	assert_int_equal(file.n, HSM_SHARE_FILE_SIZE);
	assert_int_equal(hsm_share_open(wr_view(&file), password, 2, &back), ERR_OK);
	assert_bytes_equal(secret_view(back), RD_ARR(bytes));
	secret_free(&back);
	/* No two files are the same. */
	assert_int_equal(hsm_share_seal(share, password, 2, &again), ERR_OK);
	assert_false(rd_eq(wr_view(&file), wr_view(&again)));

	assert_int_equal(hsm_share_open(wr_view(&file), other, 2, &back), ERR_SIGNATURE);
	assert_int_equal(hsm_share_open(wr_view(&file), password, 3, &back), ERR_SIGNATURE);
	assert_int_equal(hsm_share_open(rd_of(file.p, file.n - 1), password, 2, &back), ERR_FORMAT);
	file.p[0] ^= 1;
	assert_int_equal(hsm_share_open(wr_view(&file), password, 2, &back), ERR_FORMAT);
	assert_int_equal(hsm_share_seal(password, password, 2, &file), ERR_ARG);
	assert_null(back);
	wr_free(&again);
	wr_free(&file);
	secret_free(&share);
	secret_free(&other);
	secret_free(&password);
}

/* f(x) = 5 + 3 x + 7 x^2 modulo 23, by hand. */
static void test_join(void **state)
{
	static const struct hsm_part parts[] = { { 1, 15 }, { 2, 16 }, { 3, 8 }, { 4, 14 } };
	static const uint8_t five[8] = { 0, 0, 0, 0, 0, 0, 0, 5 };
	struct hsm_part wrong[] = { { 1, 15 }, { 1, 16 }, { 3, 8 } };
	struct secret *s = NULL;

	(void)state;
	assert_int_equal(hsm_threshold_join(23, parts, 3, &s), ERR_OK);
	assert_bytes_equal(secret_view(s), RD_ARR(five));
	secret_free(&s);
	assert_int_equal(hsm_threshold_join(23, parts + 1, 3, &s), ERR_OK);
	assert_bytes_equal(secret_view(s), RD_ARR(five));
	secret_free(&s);
	/* Too few give something else. */
	assert_int_equal(hsm_threshold_join(23, parts, 2, &s), ERR_OK);
	assert_false(rd_eq(secret_view(s), RD_ARR(five)));
	secret_free(&s);

	assert_int_equal(hsm_threshold_join(23, wrong, 3, &s), ERR_ARG);
	wrong[1].x = 0;
	assert_int_equal(hsm_threshold_join(23, wrong, 3, &s), ERR_ARG);
	wrong[1] = (struct hsm_part){ 2, 23 };
	assert_int_equal(hsm_threshold_join(23, wrong, 3, &s), ERR_ARG);
	assert_int_equal(hsm_threshold_join(24, parts, 3, &s), ERR_ARG);
	assert_int_equal(hsm_threshold_join(UINT64_C(3215031751), parts, 3, &s), ERR_ARG);
	assert_int_equal(hsm_threshold_join(23, parts, 0, &s), ERR_ARG);
	assert_null(s);
}

static void test_split(void **state)
{
	struct secret *s = NULL, *back = NULL;
	struct hsm_part parts[HSM_PARTS_MAX], chosen[HSM_PARTS_MAX];
	uint64_t prime;

	(void)state;
	for (unsigned n = 3; n <= HSM_PARTS_MAX; n++) {
		for (unsigned t = 2; t <= n; t++) {
			assert_int_equal(hsm_threshold_new(t, n, &s, &prime, parts), ERR_OK);
			assert_int_equal(secret_size(s), 8);
			assert_true(secret_view(s).p[0] >= 0x01 && secret_view(s).p[0] <= 0x7F);
			assert_true(prime >> 63);
			/* The last t, backwards. */
			for (unsigned i = 0; i < t; i++)
				chosen[i] = parts[n - 1 - i];
			assert_int_equal(hsm_threshold_join(prime, chosen, t, &back), ERR_OK);
			assert_bytes_equal(secret_view(back), secret_view(s));
			secret_free(&back);
			assert_int_equal(hsm_threshold_join(prime, chosen, t - 1, &back), ERR_OK);
			assert_false(rd_eq(secret_view(back), secret_view(s)));
			secret_free(&back);
			secret_free(&s);
		}
	}
	assert_int_equal(hsm_threshold_new(1, 3, &s, &prime, parts), ERR_ARG);
	assert_int_equal(hsm_threshold_new(2, 2, &s, &prime, parts), ERR_ARG);
	assert_int_equal(hsm_threshold_new(4, 3, &s, &prime, parts), ERR_ARG);
	assert_int_equal(hsm_threshold_new(2, HSM_PARTS_MAX + 1, &s, &prime, parts), ERR_ARG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden), cmocka_unit_test(test_one_round), cmocka_unit_test(test_seal),
		cmocka_unit_test(test_join),   cmocka_unit_test(test_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
