/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of digests as sha256sum and others write them. */
#include "test/unit/test.h"

#include "pka/manifest.h"

#define SHA1_A   "da39a3ee5e6b4b0d3255bfef95601890afd80709"
#define SHA256_A "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SHA256_B "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static bool has(const struct pka_manifest *m, const char *hex)
{
	uint8_t bytes[DIGEST_MAX];
	struct wr w;

	WR_ARR(&w, bytes);
	return pka_manifest_has(m, test_unhex(&w, hex));
}

static void test_read(void **state)
{
	static const char text[] = "# release 1.2\r\n\n" SHA256_B "  image.bin\n" SHA1_A "\t*x\n" SHA256_B "\r\n"
				   SHA256_A;
	uint8_t hash[SHA256_SIZE];
	struct pka_manifest *m;
	size_t line;

	(void)state;
	assert_int_equal(pka_manifest_read(rd_str(text), &m, &line), ERR_OK);
	assert_true(has(m, SHA256_A));
	assert_true(has(m, SHA256_B));
	assert_true(has(m, SHA1_A));
	assert_false(has(m, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4"));       /* the beginning of one */
	assert_false(has(m, "00" SHA1_A));
	assert_false(pka_manifest_has(m, RD_NONE));
	assert_false(pka_manifest_has(m, rd_of(text, DIGEST_MAX + 1)));
	assert_int_equal(sha256(rd_str(text), hash), ERR_OK);
	assert_bytes_equal(pka_manifest_hash(m), RD_ARR(hash));
	pka_manifest_free(&m);
	assert_null(m);
	pka_manifest_free(&m);
}

static void test_refused(void **state)
{
	static const struct { const char *text; size_t line; } rows[] = {
		{ "", 0 },
		{ "# nothing\n\n", 0 },
		{ SHA1_A "\n" SHA1_A "00\n", 2 },
		{ SHA1_A "\n\nimage.bin " SHA1_A "\n", 3 },
		{ " " SHA1_A, 1 },
		{ "da39a3ee5e6b4b0d3255bfef95601890afd8070", 1 },
		{ "da39a3ee5e6b4b0d3255bfef95601890afd8070g", 1 },
		{ SHA256_A SHA256_A "00", 1 },
	};
	struct pka_manifest *m;
	size_t line;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(pka_manifest_read(rd_str(rows[i].text), &m, &line), ERR_FORMAT);
		assert_int_equal(line, rows[i].line);
		assert_null(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
