/* SPDX-License-Identifier: Apache-2.0 */
/* Key types and mechanisms of the command. */
#include "test/unit/test.h"

#include "base/crypto_rsa.h"
#include "cli/key/algorithms.h"
#include "cli/key/keytype.h"
#include "cli/key/mech.h"

static void key_types(void **state)
{
	static const char *const bad[] = { "",	 "rsa", "rsa:",	   "rsa:2047",	   "rsa:02048", "rsa: 2048",
					   "ec", "ec:", "ec:none", "EC:secp256r1", "aes:", "aes:512" };
	struct cli_keytype t;

	(void)state;
	assert_int_equal(cli_keytype_read("rsa:2048", false, &t), ERR_OK);
	assert_int_equal(t.curve, EC_NONE);
	assert_int_equal(t.type, P15_RSA);
	assert_int_equal(t.bits, 2048);
	assert_int_equal(cli_keytype_read("ec:brainpoolP256r1", false, &t), ERR_OK);
	assert_int_equal(t.curve, EC_BP256R1);
	assert_int_equal(t.bits, 256);
	assert_int_equal(cli_keytype_read("aes:192", false, &t), ERR_OK);
	assert_int_equal(t.type, P15_AES);
	assert_int_equal(t.bits, 192);
	assert_int_equal(cli_keytype_read("ec:secp192r1", false, &t), ERR_REFUSED);
	assert_int_equal(cli_keytype_read("ec:secp192r1", true, &t), ERR_OK);
	assert_int_equal(cli_keytype_read("rsa:1024", false, &t), ERR_REFUSED);
	assert_int_equal(cli_keytype_read("rsa:1024", true, &t), ERR_OK);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(cli_keytype_read(bad[i], true, &t), ERR_ARG);
}

static void algorithms(void **state)
{
	static const char *const bad[] = { "", ",", "rsa-raw", "ecdsa,ecdsa", "ecdsa,,ecdh", "ecdsa-sha25", "ECDSA" };
	static const uint8_t want[] = { HSM_ECDSA_SHA256, HSM_ECDH };
	uint8_t list[HSM_ALGORITHMS_MAX];
	char names[64];
	struct wr w;

	(void)state;
	WR_ARR(&w, list);
	assert_int_equal(cli_algorithms_read("ecdsa-sha256,ecdh", P15_EC, &w), ERR_OK);
	assert_true(rd_eq(wr_view(&w), RD_ARR(want)));
	WR_ARR(&w, names);
	cli_algorithms_wr(&w, RD_ARR(want));
	wr_u8(&w, 0);
	assert_int_equal(wr_done(&w), ERR_OK);
	assert_string_equal(names, "ecdsa-sha256,ecdh");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		WR_ARR(&w, list);
		assert_int_equal(cli_algorithms_read(bad[i], P15_EC, &w), ERR_ARG);
	}
}

static void fits_the_key(void **state)
{
	static const struct { enum ec_curve curve; const char *name; } rows[] = {
		{ EC_SECP256R1, "ecdsa-sha256" }, { EC_BP256R1, "ecdsa-sha256" }, { EC_SECP384R1, "ecdsa-sha384" },
		{ EC_BP384R1, "ecdsa-sha384" }, { EC_SECP521R1, "ecdsa-sha512" }, { EC_BP512R1, "ecdsa-sha512" },
	};
	struct cli_key k = { .has_public = true, .pub = { .is_rsa = true } };
	const struct cli_mech *m;

	(void)state;
	assert_int_equal(cli_mech_get(NULL, &k, &m), ERR_OK);
	assert_string_equal(m->name, "rsa-pkcs1-sha256");
	assert_int_equal(cli_mech_get("rsa-pkcs1-sha512", &k, &m), ERR_OK);
	assert_int_equal(m->digest, DIGEST_SHA512);
	assert_int_equal(cli_mech_get("ecdsa-sha256", &k, &m), ERR_ARG);
	assert_int_equal(cli_mech_get("rsa-pss", &k, &m), ERR_ARG);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		k.pub = (struct spki){ .curve = rows[i].curve };
		assert_int_equal(cli_mech_get(NULL, &k, &m), ERR_OK);
		assert_string_equal(m->name, rows[i].name);
	}
	k.has_public = false;
	assert_int_equal(cli_mech_get(NULL, &k, &m), ERR_UNSUPPORTED);
}

static void ecdsa_as_the_card_gives_it(void **state)
{
	static const uint8_t hash[32] = { 1, 2, 3 };
	uint8_t q[65], plain[64], der[80], other[32] = { 9 };
	struct cli_key k = { .has_public = true };
	const struct cli_mech *m;
	struct ec_key *key = NULL;
	struct wr wq, wp, wd;

	(void)state;
	WR_ARR(&wq, q);
	WR_ARR(&wp, plain);
	WR_ARR(&wd, der);
	assert_int_equal(ec_key_generate(EC_SECP256R1, &key), ERR_OK);
	assert_int_equal(ec_key_public(key, &wq), ERR_OK);
	assert_int_equal(ec_key_sign(key, RD_ARR(hash), &wp), ERR_OK);
	assert_int_equal(ec_sig_to_der(wr_view(&wp), &wd), ERR_OK);
	k.pub = (struct spki){ .curve = EC_SECP256R1, .q = wr_view(&wq) };
	assert_int_equal(cli_mech_get(NULL, &k, &m), ERR_OK);
	assert_int_equal(cli_mech_verify(m, &k, RD_ARR(hash), wr_view(&wd)), ERR_OK);
	assert_int_equal(cli_mech_verify(m, &k, RD_ARR(other), wr_view(&wd)), ERR_SIGNATURE);
	assert_int_not_equal(cli_mech_verify(m, &k, RD_ARR(hash), wr_view(&wp)), ERR_OK);
	assert_int_not_equal(cli_mech_verify(m, &k, RD_ARR(hash), RD_NONE), ERR_OK);
	ec_key_free(&key);
}

static void rsa_as_the_card_gives_it(void **state)
{
	static const uint8_t hash[32] = { 4, 5, 6 };
	uint8_t n[256], e[8], input[64], block[256], sig[256];
	struct cli_key k = { .has_public = true };
	const struct cli_mech *m;
	struct rsa_key *key = NULL;
	struct wr wn, we, wi, wb, ws;

	(void)state;
	WR_ARR(&wn, n);
	WR_ARR(&we, e);
	WR_ARR(&wi, input);
	WR_ARR(&wb, block);
	WR_ARR(&ws, sig);
	assert_int_equal(rsa_key_generate(2048, RD_LIT("\1\0\1"), &key), ERR_OK);
	assert_int_equal(rsa_key_public(key, &wn, &we), ERR_OK);
	k.pub = (struct spki){ .is_rsa = true, .n = wr_view(&wn), .e = wr_view(&we) };
	assert_int_equal(cli_mech_get(NULL, &k, &m), ERR_OK);
	/* The card pads what it gets: a DigestInfo. */
	assert_int_equal(cli_mech_input(m, RD_ARR(hash), &wi), ERR_OK);
	assert_int_equal(rsa_pad_pkcs1(wr_view(&wi), 256, &wb), ERR_OK);
	assert_int_equal(rsa_key_raw(key, wr_view(&wb), &ws), ERR_OK);
	assert_int_equal(cli_mech_verify(m, &k, RD_ARR(hash), wr_view(&ws)), ERR_OK);
	sig[200] ^= 1;
	assert_int_equal(cli_mech_verify(m, &k, RD_ARR(hash), wr_view(&ws)), ERR_SIGNATURE);
	rsa_key_free(&key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(algorithms), cmocka_unit_test(key_types),
		cmocka_unit_test(fits_the_key),
		cmocka_unit_test(ecdsa_as_the_card_gives_it),
		cmocka_unit_test(rsa_as_the_card_gives_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
