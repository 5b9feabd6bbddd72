/* SPDX-License-Identifier: Apache-2.0 */
/* agent/budget.c and agent/manifest.c: what an approval covers, counted. */
#include "test/unit/vcard.h"

#include <stdlib.h>

#include "agent/budget.h"
#include "agent/manifest.h"
#include "base/file.h"

#define OPENED_MS 1000000

static struct pka_limits limits;
static struct pka_manifest *manifest;
static struct pka_limits named;         /* the limits that name it */
static struct agent_budget *budget;
static const struct receipt_key keys[] = {
	{ .key = 1, .label = { (const uint8_t *)"dev", 3 }, .id = { (const uint8_t *)"\x01", 1 } },
	{ .key = 2, .label = { (const uint8_t *)"release", 7 }, .id = { (const uint8_t *)"\x02", 1 } },
};

static void begin(const char *text)
{
	char why[100];

	agent_budget_free(&budget);
	assert_int_equal(pka_limits_read(rd_str(text), &limits, why, sizeof(why)), ERR_OK);
	assert_int_equal(agent_budget_new(&limits, manifest, keys, 2, OPENED_MS, &budget), ERR_OK);
}

static int end(void **state)
{
	(void)state;
	agent_budget_free(&budget);
	pka_manifest_free(&manifest);
	return 0;
}

/* A signature over the digest whose first four bytes are these. */
static struct agent_use signature(uint8_t key, enum hsm_sign_kind kind, uint32_t digest)
{
	struct agent_use u = { .kind = RECEIPT_SIGN, .key = key };

	u.digest = (struct hsm_digest){ .kind = kind, .alg = DIGEST_SHA256, .n = SHA256_SIZE };
	memcpy(u.digest.value, &digest, sizeof(digest));
	return u;
}

static enum err take_at(struct agent_use u, uint64_t now_ms, const char *expected)
{
	char why[200] = "";
	enum err e = agent_budget_ask(budget, &u, now_ms, why, sizeof(why));

	if (!e)
		assert_int_equal(agent_budget_spend(budget, &u), ERR_OK);
	if (expected)
		assert_non_null(strstr(why, expected));
	return e;
}

static enum err take(struct agent_use u, const char *expected)
{
	return take_at(u, OPENED_MS, expected);
}

static void test_repeats_are_free(void **state)
{
	(void)state;
	begin("sign=2");
	assert_int_equal(take(signature(1, HSM_SIGN_RSA_PKCS, 1), NULL), ERR_OK);
	for (int i = 0; i < 10; i++)
		assert_int_equal(take(signature(1, HSM_SIGN_RSA_PKCS, 1), NULL), ERR_OK);
	/* The same digest by another key is another signature. */
	assert_int_equal(take(signature(2, HSM_SIGN_RSA_PKCS, 1), NULL), ERR_OK);
	assert_int_equal(take(signature(1, HSM_SIGN_RSA_PKCS, 2), "all 2 signatures"), ERR_ALLOWANCE);
	assert_int_equal(take(signature(1, HSM_SIGN_RSA_PKCS, 1), NULL), ERR_OK);
	assert_int_equal(agent_budget_signed(budget), 2);
	assert_int_equal(agent_budget_total(budget), 13);
}

static void test_repeats_counted(void **state)
{
	(void)state;
	begin("sign=2 repeats=counted");
	assert_int_equal(take(signature(1, HSM_SIGN_RSA_PKCS, 1), NULL), ERR_OK);
	assert_int_equal(take(signature(1, HSM_SIGN_RSA_PKCS, 1), NULL), ERR_OK);
	assert_int_equal(take(signature(1, HSM_SIGN_RSA_PKCS, 1), "all 2"), ERR_ALLOWANCE);
}

/* Nobody can say whether two of them are the same. */
static void test_without_digest(void **state)
{
	struct agent_use u = { .kind = RECEIPT_SIGN, .key = 1, .digest = { .kind = HSM_SIGN_RSA_RAW } };

	(void)state;
	begin("sign=2");
	assert_int_equal(take(u, NULL), ERR_OK);
	assert_int_equal(take(u, NULL), ERR_OK);
	assert_int_equal(take(u, "all 2"), ERR_ALLOWANCE);
}

static void test_many(void **state)
{
	const uint32_t most = 5000;

	(void)state;
	begin("sign=5000");
	for (uint32_t i = 0; i < most; i++)
		assert_int_equal(take(signature(1, HSM_SIGN_ECDSA, i), NULL), ERR_OK);
	assert_int_equal(take(signature(1, HSM_SIGN_ECDSA, most), "all 5000"), ERR_ALLOWANCE);
	for (uint32_t i = 0; i < most; i += 97)
		assert_int_equal(take(signature(1, HSM_SIGN_ECDSA, i), NULL), ERR_OK);
}

static void test_time(void **state)
{
	(void)state;
	begin("for=30m");
	assert_int_equal(agent_budget_ends_ms(budget), OPENED_MS + 30 * 60 * 1000);
	assert_int_equal(take_at(signature(1, HSM_SIGN_ECDSA, 1), OPENED_MS + 30 * 60 * 1000 - 1, NULL), ERR_OK);
	assert_int_equal(take_at(signature(1, HSM_SIGN_ECDSA, 1), OPENED_MS + 30 * 60 * 1000, "time is over"),
			 ERR_ALLOWANCE);
	begin("");
	assert_true(agent_budget_ends_ms(budget) == UINT64_MAX);
}

static void test_keys(void **state)
{
	(void)state;
	begin("key=dev");
	assert_int_equal(take(signature(1, HSM_SIGN_ECDSA, 1), NULL), ERR_OK);
	assert_int_equal(take(signature(2, HSM_SIGN_ECDSA, 1), "not cover this key"), ERR_ALLOWANCE);
	assert_int_equal(take(signature(3, HSM_SIGN_ECDSA, 1), "not cover this key"), ERR_ALLOWANCE);
	begin("key=0x02");
	assert_int_equal(take(signature(1, HSM_SIGN_ECDSA, 1), "not cover this key"), ERR_ALLOWANCE);
	assert_int_equal(take(signature(2, HSM_SIGN_ECDSA, 1), NULL), ERR_OK);
	/* A key that was made later is not among those that were meant, but all are all. */
	begin("");
	assert_int_equal(take(signature(200, HSM_SIGN_ECDSA, 1), NULL), ERR_OK);
}

static void test_mechanisms(void **state)
{
	(void)state;
	begin("mech=rsa-pkcs");
	assert_int_equal(take(signature(1, HSM_SIGN_RSA_PKCS, 1), NULL), ERR_OK);
	assert_int_equal(take(signature(1, HSM_SIGN_ECDSA, 1), "mechanism"), ERR_ALLOWANCE);
	assert_int_equal(take(signature(1, HSM_SIGN_RSA_RAW, 1), "mechanism"), ERR_ALLOWANCE);
	assert_int_equal(take(signature(1, HSM_SIGN_RSA_PSS, 1), "mechanism"), ERR_ALLOWANCE);
}

static void test_other_uses(void **state)
{
	const struct agent_use decipher = { .kind = RECEIPT_DECIPHER, .key = 1 };
	const struct agent_use wrap = { .kind = RECEIPT_WRAP, .key = 1 };

	(void)state;
	begin("");
	assert_int_equal(take(decipher, "does not cover decryptions"), ERR_ALLOWANCE);
	begin("decipher=1");
	assert_int_equal(take(decipher, NULL), ERR_OK);
	assert_int_equal(take(decipher, "all 1 decryptions"), ERR_ALLOWANCE);
	assert_int_equal(take(wrap, "does not cover wrapped keys"), ERR_ALLOWANCE);
}

static enum err load(const char *text)
{
	char path[128];

	pka_manifest_free(&manifest);
	(void)snprintf(path, sizeof(path), "%s/manifest", test_folder);
	assert_int_equal(file_write(path, 0600, rd_str(text)), ERR_OK);
	return agent_manifest_load(path, &manifest, &named);
}

static void test_manifest(void **state)
{
	struct agent_use unseen = { .kind = RECEIPT_SIGN, .key = 1, .digest = { .kind = HSM_SIGN_RSA_RAW } };
	uint8_t hash[SHA256_SIZE];
	const char *text = "# images of release 1.2\n\n"
			   "0100000000000000000000000000000000000000000000000000000000000000  kernel\r\n"
			   "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709\n";

	(void)state;
	assert_int_equal(load(text), ERR_OK);
	assert_int_equal(sha256(rd_str(text), hash), ERR_OK);
	assert_true(named.has_manifest);
	assert_memory_equal(named.manifest, hash, sizeof(hash));
	begin("");
	assert_int_equal(take(signature(1, HSM_SIGN_ECDSA, 1), NULL), ERR_OK);
	assert_int_equal(take(signature(1, HSM_SIGN_ECDSA, 2), "not in the manifest"), ERR_ALLOWANCE);
	assert_int_equal(take(unseen, "no digest can be seen"), ERR_ALLOWANCE);
}

static void test_bad_manifest(void **state)
{
	(void)state;
	assert_int_equal(load("kernel\n"), ERR_FORMAT);
	assert_int_equal(load("# nothing\n"), ERR_FORMAT);
	assert_null(manifest);
	assert_int_equal(agent_manifest_load("/nonexistent/manifest", &manifest, &named), ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_repeats_are_free, end),
		cmocka_unit_test_teardown(test_repeats_counted, end),
		cmocka_unit_test_teardown(test_without_digest, end),
		cmocka_unit_test_teardown(test_many, end),
		cmocka_unit_test_teardown(test_time, end),
		cmocka_unit_test_teardown(test_keys, end),
		cmocka_unit_test_teardown(test_mechanisms, end),
		cmocka_unit_test_teardown(test_other_uses, end),
		cmocka_unit_test_teardown(test_manifest, end),
		cmocka_unit_test_teardown(test_bad_manifest, end),
	};

	return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
