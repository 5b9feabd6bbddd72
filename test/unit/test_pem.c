/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit/test.h"

#include "base/crypto_ec.h"
#include "base/crypto_pem.h"

static const uint8_t der[] = { 0x30, 0x03, 0x02, 0x01, 0x07 };

static void there_and_back(void **state)
{
	struct wr text, back;

	(void)state;
	wr_init_heap(&text, 4096);
	wr_init_heap(&back, 4096);
	wr_put(&text, rd_str("some words before\n"));
	assert_int_equal(pem_write("OTHER", RD_ARR(der), &text), ERR_OK);
	assert_int_equal(pem_read(wr_view(&text), "CERTIFICATE", &back), ERR_NOT_FOUND);
	assert_int_equal(pem_write("CERTIFICATE", RD_ARR(der), &text), ERR_OK);
	assert_int_equal(pem_read(wr_view(&text), "CERTIFICATE", &back), ERR_OK);
	assert_true(rd_eq(wr_view(&back), RD_ARR(der)));
	wr_reset(&back);
	assert_int_equal(pem_read(RD_ARR(der), "CERTIFICATE", &back), ERR_OK);
	assert_true(rd_eq(wr_view(&back), RD_ARR(der)));
	wr_free(&back);
	wr_free(&text);
}

static void broken(void **state)
{
	static const char *const texts[] = {
		"-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE-----\nMAMCAQc=\n",
		"-----BEGIN CERTIFICATE-----\nMAMCAQc=\n-----END OTHER-----\n",
	};
	struct wr back;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		wr_init_heap(&back, 4096);
		assert_int_equal(pem_read(rd_str(texts[i]), "CERTIFICATE", &back), ERR_FORMAT);
		wr_free(&back);
	}
	wr_init_heap(&back, 4096);
	assert_int_equal(pem_read(rd_str(""), "CERTIFICATE", &back), ERR_NOT_FOUND);
	assert_int_equal(pem_read_spki(RD_ARR(der), &back), ERR_FORMAT);
	assert_int_equal(wr_view(&back).n, 0);
	wr_free(&back);
}

/* The generator of secp256r1 is a point like any other. */
static void public_key(void **state)
{
	const struct ec_domain *d = ec_domain_by_name("secp256r1");
	struct wr spki, text, back;

	(void)state;
	assert_non_null(d);
	wr_init_heap(&spki, 4096);
	wr_init_heap(&text, 4096);
	wr_init_heap(&back, 4096);
	assert_int_equal(ec_spki(d->curve, d->g, &spki), ERR_OK);
	assert_int_equal(pem_write("PUBLIC KEY", wr_view(&spki), &text), ERR_OK);
	assert_int_equal(pem_read_spki(wr_view(&text), &back), ERR_OK);
	assert_true(rd_eq(wr_view(&spki), wr_view(&back)));
	wr_reset(&back);
	assert_int_equal(pem_read_spki(wr_view(&spki), &back), ERR_OK);
	assert_true(rd_eq(wr_view(&spki), wr_view(&back)));
	wr_free(&back);
	wr_free(&text);
	wr_free(&spki);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back), cmocka_unit_test(broken), cmocka_unit_test(public_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
