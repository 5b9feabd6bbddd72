/* SPDX-License-Identifier: Apache-2.0 */
/* The worked example of reference sc-hsm-apdu 4.4. */
#include "test/unit/test.h"

#include "sc-hsm/chip.h"
#include "sc-hsm/cmd.h"

#define Q_DEV "044CD1440C11F4FF40D316C942786EEF5BDD3A2FB2ED6890CA88FBEA10F41D7852" \
	"8B073BBB8E59584B73C6FAEB3DE3CB924A0B8AF0131364F4BA29742332BB1E3E"
#define Q_E   "0447C36FBC58A6F4CC4F598DB9D11585E2291D856DC62DF42704D37AC781C20C98" \
	"595C5151B725382E96C3FDD1C293BC1901E98A0B03098EC59BA205BCBAAAE977"
#define D_E   "2222222222222222222222222222222222222222222222222222222222222223"
#define ANSWER "7C14 8108 0102030405060708 8208 C985C9D9B025DB72"

static struct wr bytes;

static struct rd hex(const char *text)
{
	return test_unhex(&bytes, text);
}

static struct chip_auth *auth_new(const char *device_point)
{
	struct ec_key *ephemeral = NULL;
	struct chip_auth *a = NULL;

	assert_int_equal(ec_key_import(EC_BP256R1, hex(D_E), &ephemeral), ERR_OK);
	assert_int_equal(chip_auth_new_with(ephemeral, hex(device_point), &a), ERR_OK);
	return a;
}

static void test_vector(void **state)
{
	struct chip_auth *a = auth_new(Q_DEV);
	struct wr point, cmd;

	(void)state;
	wr_init_heap(&point, 256);
	wr_init_heap(&cmd, 256);
	assert_int_equal(chip_auth_point(a, &point), ERR_OK);
	assert_bytes_equal(wr_view(&point), hex(Q_E));
	hsm_enc_mse_chip(&cmd, chip_oid_aes128);
	assert_bytes_equal(wr_view(&cmd), hex("002241A40C800A04007F00070202030202"));
	wr_reset(&cmd);
	hsm_enc_general_auth(&cmd, wr_view(&point));
	assert_bytes_equal(wr_view(&cmd), hex("00860000457C438041" Q_E "00"));
	assert_int_equal(chip_auth_check(a, hex(ANSWER)), ERR_OK);
	chip_auth_free(&a);
	assert_null(a);
	chip_auth_free(&a);
	wr_free(&point);
	wr_free(&cmd);
}

/* Any bit of nonce or token changed: not this device. Any other shape: no answer. */
static void test_wrong(void **state)
{
	static const char *const bad[] = {
		"", "7C00", "7C14 8108 0102030405060708 8208 C985C9D9B025DB72 00", "7C0A 8108 0102030405060708",
		"7C0A 8208 C985C9D9B025DB72", "7C14 8208 C985C9D9B025DB72 8108 0102030405060708",
		"7C13 8107 01020304050607 8208 C985C9D9B025DB72", "7C13 8108 0102030405060708 8207 C985C9D9B025DB",
		"7C16 8108 0102030405060708 8208 C985C9D9B025DB72 8300",
		"7D14 8108 0102030405060708 8208 C985C9D9B025DB72",
		"7C0C 8108 0102030405060708 8200",
	};
	struct chip_auth *a = auth_new(Q_DEV);
	struct wr answer;

	(void)state;
	wr_init_heap(&answer, 64);
	(void)test_unhex(&answer, ANSWER);
	for (size_t bit = 0; bit < answer.n * 8; bit++) {
		size_t at = bit / 8;
		bool framing = at < 4 || at == 12 || at == 13;

		answer.p[at] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(chip_auth_check(a, wr_view(&answer)), framing ? ERR_FORMAT : ERR_SIGNATURE);
		answer.p[at] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(chip_auth_check(a, wr_view(&answer)), ERR_OK);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(chip_auth_check(a, hex(bad[i])), ERR_FORMAT);
	chip_auth_free(&a);

	/* Another device's key in the certificate, the same answer. */
	a = auth_new(Q_E);
	assert_int_equal(chip_auth_check(a, wr_view(&answer)), ERR_SIGNATURE);
	chip_auth_free(&a);
	wr_free(&answer);
}

static void test_bad_device(void **state)
{
	struct ec_key *ephemeral = NULL;
	struct chip_auth *a = NULL;
	struct rd point = hex(Q_DEV);
	uint8_t off[65];

	(void)state;
	memcpy(off, point.p, sizeof(off));
	off[64] ^= 1;
	assert_int_equal(ec_key_import(EC_BP256R1, hex(D_E), &ephemeral), ERR_OK);
	assert_int_equal(chip_auth_new_with(ephemeral, RD_ARR(off), &a), ERR_FORMAT);
	assert_null(a);
	assert_int_equal(chip_auth_new(EC_BP256R1, RD_NONE, &a), ERR_FORMAT);
	assert_null(a);

	/* A fresh key each time, so that no answer serves twice. */
	struct chip_auth *b = NULL;
	struct wr pa, pb;
	wr_init_heap(&pa, 256);
	wr_init_heap(&pb, 256);
	assert_int_equal(chip_auth_new(EC_BP256R1, point, &a), ERR_OK);
	assert_int_equal(chip_auth_new(EC_BP256R1, point, &b), ERR_OK);
	assert_int_equal(chip_auth_point(a, &pa), ERR_OK);
	assert_int_equal(chip_auth_point(b, &pb), ERR_OK);
	assert_false(rd_eq(wr_view(&pa), wr_view(&pb)));
	wr_free(&pa);
	wr_free(&pb);
	chip_auth_free(&a);
	chip_auth_free(&b);
}

static int setup(void **state)
{
	(void)state;
	wr_init_heap(&bytes, 1 << 16);
	/* One place for all: what was read before stays where it is. */
	wr_zeros(&bytes, 1 << 14);
	wr_cut(&bytes, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	wr_free(&bytes);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vector),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_bad_device),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
