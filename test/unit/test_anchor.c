/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit/test.h"

#include <stdlib.h>
#include <unistd.h>

#include "attest/anchor.h"
#include "base/file.h"
#include "test/pki.h"
#include "test/wire/golden.h"

static void production_is_built_in(void **state)
{
	struct att_anchors *a;
	const struct att_anchor *root;

	(void)state;
	assert_int_equal(att_anchors_new(true, &a), ERR_OK);
	root = att_anchors_find(a, RD_LIT("DESRCACC100001"));
	assert_non_null(root);
	assert_int_equal(root->class, ATT_PRODUCTION);
	assert_int_equal(root->curve, EC_BP256R1);
	assert_bytes_equal(root->bytes, RD_ARR(golden_root));
	assert_null(att_anchors_find(a, RD_LIT("UTSRCACC100001")));
	att_anchors_free(&a);
	assert_null(a);
}

static void nothing_without_being_asked(void **state)
{
	struct att_anchors *a;

	(void)state;
	assert_int_equal(att_anchors_new(false, &a), ERR_OK);
	assert_null(att_anchors_find(a, RD_LIT("DESRCACC100001")));
	att_anchors_free(&a);
	att_anchors_free(&a);
}

static void test_root_by_configuration(void **state)
{
	struct att_anchors *a;
	const struct att_anchor *root;

	(void)state;
	assert_int_equal(att_anchors_new(true, &a), ERR_OK);
	assert_int_equal(att_anchors_add(a, RD_ARR(golden_test_root)), ERR_OK);
	root = att_anchors_find(a, RD_LIT("UTSRCACC100001"));
	assert_non_null(root);
	assert_int_equal(root->class, ATT_CONFIGURED);
	/* the same once more: nothing new */
	assert_int_equal(att_anchors_add(a, RD_ARR(golden_test_root)), ERR_OK);
	assert_int_equal(att_anchors_add(a, RD_ARR(golden_root)), ERR_OK);
	assert_int_equal(att_anchors_find(a, RD_LIT("DESRCACC100001"))->class, ATT_PRODUCTION);
	att_anchors_free(&a);
}

static void bytes_are_copied(void **state)
{
	uint8_t bytes[sizeof(golden_test_root)];
	struct att_anchors *a;

	(void)state;
	memcpy(bytes, golden_test_root, sizeof(bytes));
	assert_int_equal(att_anchors_new(false, &a), ERR_OK);
	assert_int_equal(att_anchors_add(a, RD_ARR(bytes)), ERR_OK);
	memset(bytes, 0, sizeof(bytes));
	assert_bytes_equal(att_anchors_find(a, RD_LIT("UTSRCACC100001"))->bytes, RD_ARR(golden_test_root));
	att_anchors_free(&a);
}

/* One bit anywhere makes it another file; the loader must not take one of them. */
static void every_bit_counts(void **state)
{
	uint8_t bytes[sizeof(golden_test_root)];
	struct att_anchors *a;

	(void)state;
	assert_int_equal(att_anchors_new(false, &a), ERR_OK);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		memcpy(bytes, golden_test_root, sizeof(bytes));
		bytes[i] ^= 1;
		assert_int_not_equal(att_anchors_add(a, RD_ARR(bytes)), ERR_OK);
	}
	for (size_t n = 0; n < sizeof(bytes); n++)
		assert_int_equal(att_anchors_add(a, rd_of(golden_test_root, n)), ERR_FORMAT);
	att_anchors_free(&a);
}

struct wrong {
	const char *what;
	const char *car, *chr;
	uint8_t role;
	bool params, other_key;
	enum err e;
};

static void only_self_signed_roots(void **state)
{
	static const struct wrong rows[] = {
		{ "right", "UTANCHOR00001", "UTANCHOR00001", CVC_ROLE_ROOT, true, false, ERR_OK },
		{ "names an issuer", "UTOTHERS00001", "UTANCHOR00001", CVC_ROLE_ROOT, true, false, ERR_FORMAT },
		{ "issuer role", "UTANCHOR00001", "UTANCHOR00001", CVC_ROLE_ISSUER, true, false, ERR_FORMAT },
		{ "device role", "UTANCHOR00001", "UTANCHOR00001", CVC_ROLE_DEVICE, true, false, ERR_FORMAT },
		{ "no curve", "UTANCHOR00001", "UTANCHOR00001", CVC_ROLE_ROOT, false, false, ERR_FORMAT },
		{ "signed by another key", "UTANCHOR00001", "UTANCHOR00001", CVC_ROLE_ROOT, true, true, ERR_SIGNATURE },
		{ "another root of a trusted name", "DESRCACC100001", "DESRCACC100001", CVC_ROLE_ROOT, true, false,
		  ERR_CONDITIONS },
	};
	struct ec_key *key = pki_key(EC_BP256R1), *other = pki_key(EC_BP256R1);
	struct att_anchors *a;
	struct wr w;

	(void)state;
	wr_init_heap(&w, CVC_MAX);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct pki_cvc c = { .car = rows[i].car, .chr = rows[i].chr, .key = key, .is_certificate = true,
				     .role = rows[i].role,
				     .domain = rows[i].params ? ec_domain_get(EC_BP256R1) : NULL };

		wr_reset(&w);
		pki_cvc_make(&c, rows[i].other_key ? other : key, NULL, &w);
		assert_int_equal(att_anchors_new(true, &a), ERR_OK);
		if (att_anchors_add(a, wr_view(&w)) != rows[i].e)
			fail_msg("%s", rows[i].what);
		att_anchors_free(&a);
	}
	wr_free(&w);
	ec_key_free(&key);
	ec_key_free(&other);
}

/* The legacy and the issuer certificate are no roots, however genuine. */
static void issuer_is_no_root(void **state)
{
	struct att_anchors *a;

	(void)state;
	assert_int_equal(att_anchors_new(true, &a), ERR_OK);
	assert_int_equal(att_anchors_add(a, rd_of(golden_devaut + 232, 232)), ERR_FORMAT);
	att_anchors_free(&a);
}

static void files(void **state)
{
	char path[] = "/tmp/quorum11-anchor-XXXXXX";
	int fd = mkstemp(path);
	struct att_anchors *a;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(att_anchors_new(true, &a), ERR_OK);
	assert_int_equal(att_anchors_add_file(a, path), ERR_FORMAT);
	assert_int_equal(file_write(path, 0600, RD_ARR(golden_test_root)), ERR_OK);
	assert_int_equal(att_anchors_add_file(a, path), ERR_OK);
	assert_non_null(att_anchors_find(a, RD_LIT("UTSRCACC100001")));
	unlink(path);
	assert_int_equal(att_anchors_add_file(a, path), ERR_NOT_FOUND);
	att_anchors_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(production_is_built_in),
		cmocka_unit_test(nothing_without_being_asked),
		cmocka_unit_test(test_root_by_configuration),
		cmocka_unit_test(bytes_are_copied),
		cmocka_unit_test(every_bit_counts),
		cmocka_unit_test(only_self_signed_roots),
		cmocka_unit_test(issuer_is_no_root),
		cmocka_unit_test(files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
