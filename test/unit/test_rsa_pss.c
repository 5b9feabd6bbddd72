/* SPDX-License-Identifier: Apache-2.0 */
/* PSS as another implementation makes it, and the block behind a signature. */
#include "test/unit/test.h"

#include "base/crypto_rsa.h"
#include "test/wire/openssl_pss.h"

#define E RD_LIT("\x01\x00\x01")

struct row {
	const char *n, *sig;
	enum digest_alg alg;
	enum err expected;
};
static const struct row rows[] = {
	{ pss_n1024_hex, pss_1024_sha1_hex, DIGEST_SHA1, ERR_OK },
	{ pss_n1024_hex, pss_1024_sha256_hex, DIGEST_SHA256, ERR_OK },
	{ pss_n1024_hex, pss_1024_sha384_hex, DIGEST_SHA384, ERR_OK },
	{ pss_n1031_hex, pss_1031_sha1_hex, DIGEST_SHA1, ERR_OK },
	{ pss_n1031_hex, pss_1031_sha256_hex, DIGEST_SHA256, ERR_OK },
	{ pss_n1031_hex, pss_1031_sha384_hex, DIGEST_SHA384, ERR_OK },
	/* Salt of another size than the card takes; another hash; another key. */
	{ pss_n1024_hex, pss_1024_salt20_hex, DIGEST_SHA256, ERR_SIGNATURE },
	{ pss_n1031_hex, pss_1031_salt20_hex, DIGEST_SHA256, ERR_SIGNATURE },
	{ pss_n1024_hex, pss_1024_sha256_hex, DIGEST_SHA384, ERR_SIGNATURE },
	{ pss_n1024_hex, pss_1031_sha256_hex, DIGEST_SHA256, ERR_SIGNATURE },
	/* 64 bytes of hash and of salt, and two more, do not fit. */
	{ pss_n1024_hex, pss_1024_sha384_hex, DIGEST_SHA512, ERR_SIGNATURE },
};

static void test_vectors(void **state)
{
	uint8_t n_bytes[160], sig_bytes[160], hash_bytes[DIGEST_MAX];
	struct wr n, sig, hash;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		WR_ARR(&n, n_bytes);
		WR_ARR(&sig, sig_bytes);
		WR_ARR(&hash, hash_bytes);
		(void)test_unhex(&n, rows[i].n);
		(void)test_unhex(&sig, rows[i].sig);
		assert_int_equal(digest_once(rows[i].alg, RD_LIT("quorum11"), &hash), ERR_OK);
		assert_int_equal(rsa_verify_pss(wr_view(&n), E, rows[i].alg, wr_view(&hash), wr_view(&sig)),
				 rows[i].expected);
		if (rows[i].expected)
			continue;
		for (size_t k = 0; k < sig.n; k++) {
			sig_bytes[k] ^= 1;
			assert_int_equal(rsa_verify_pss(wr_view(&n), E, rows[i].alg, wr_view(&hash), wr_view(&sig)),
					 ERR_SIGNATURE);
			sig_bytes[k] ^= 1;
		}
		for (size_t k = 0; k < hash.n; k++) {
			hash_bytes[k] ^= 0x80;
			assert_int_equal(rsa_verify_pss(wr_view(&n), E, rows[i].alg, wr_view(&hash), wr_view(&sig)),
					 ERR_SIGNATURE);
			hash_bytes[k] ^= 0x80;
		}
		assert_int_equal(rsa_verify_pss(wr_view(&n), E, rows[i].alg, rd_of(hash_bytes, hash.n - 1),
						wr_view(&sig)), ERR_ARG);
		assert_int_equal(rsa_verify_pss(wr_view(&n), E, DIGEST_NONE, RD_NONE, wr_view(&sig)), ERR_ARG);
		assert_int_equal(rsa_verify_pss(RD_NONE, E, rows[i].alg, wr_view(&hash), wr_view(&sig)), ERR_FORMAT);
	}
}

/*
 * Encoded messages by hand, signed with our own key: whatever is not exactly as RFC 8017 9.1.2 says is refused, step by
 * step.
 */
enum { RIGHT, NO_TRAILER, SPARE_BIT, PADDING, NO_ONE, OTHER_H };

static void encode(unsigned wrong, struct rd hash, uint8_t em[128])
{
	static const uint8_t salt[32] = { 1, 2, 3 };
	uint8_t message[8 + 64] = { 0 }, block[SHA256_SIZE], seed[SHA256_SIZE + 4] = { 0 };
	size_t db = 128 - 33;

	memcpy(message + 8, hash.p, 32);
	memcpy(message + 40, salt, 32);
	assert_int_equal(sha256(RD_ARR(message), em + db), ERR_OK);
	em[db] ^= wrong == OTHER_H;
	memset(em, 0, db);
	em[db - 33] = wrong == NO_ONE ? 2 : 1;
	em[3] = wrong == PADDING;
	memcpy(em + db - 32, salt, 32);
	memcpy(seed, em + db, 32);
	for (size_t i = 0; i < db; i++) {
		seed[35] = (uint8_t)(i / 32);
		if (i % 32 == 0)
			assert_int_equal(sha256(RD_ARR(seed), block), ERR_OK);
		em[i] ^= block[i % 32];
	}
	em[0] &= 0x7F;
	em[127] = wrong == NO_TRAILER ? 0xBD : 0xBC;
}

static void test_encoding(void **state)
{
	uint8_t em[128], hash[SHA256_SIZE], n_bytes[128], e_bytes[8], sig_bytes[128], opened[128];
	struct rsa_key *k;
	struct wr n, e, sig, out;

	(void)state;
	assert_int_equal(rsa_key_generate(1024, E, &k), ERR_OK);
	assert_int_equal(sha256(RD_LIT("quorum11"), hash), ERR_OK);
	WR_ARR(&n, n_bytes);
	WR_ARR(&e, e_bytes);
	assert_int_equal(rsa_key_public(k, &n, &e), ERR_OK);
	for (unsigned wrong = RIGHT; wrong <= OTHER_H; wrong++) {
		encode(wrong, RD_ARR(hash), em);
		/* A set top bit makes a number that may be above the modulus: then this key cannot sign it. */
		if (wrong == SPARE_BIT)
			em[0] = 0x80;
		WR_ARR(&sig, sig_bytes);
		if (rsa_key_raw(k, RD_ARR(em), &sig) != ERR_OK) {
			assert_int_equal(wrong, SPARE_BIT);
			continue;
		}
		assert_int_equal(rsa_verify_pss(wr_view(&n), wr_view(&e), DIGEST_SHA256, RD_ARR(hash), wr_view(&sig)),
				 wrong == RIGHT ? ERR_OK : ERR_SIGNATURE);
		WR_ARR(&out, opened);
		assert_int_equal(rsa_open(wr_view(&n), wr_view(&e), wr_view(&sig), &out), ERR_OK);
		assert_bytes_equal(wr_view(&out), RD_ARR(em));
	}
	assert_int_equal(rsa_open(wr_view(&n), wr_view(&e), wr_view(&n), &out), ERR_SIGNATURE);
	assert_int_equal(rsa_open(wr_view(&n), wr_view(&e), rd_of(sig.p, 127), &out), ERR_SIGNATURE);
	assert_int_equal(rsa_open(RD_NONE, wr_view(&e), wr_view(&sig), &out), ERR_FORMAT);
	rsa_key_free(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_encoding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
