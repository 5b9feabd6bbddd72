/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host whose libcrypto gives every key operation to an engine that cannot do any (OpenSSL configuration with
 * default_algorithms = ALL does so with the engine that loads our own module). What the module itself needs works
 * all the same.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "test/unit/test.h"

#include <openssl/engine.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/crypto_ec.h"
#include "base/crypto_rsa.h"
#include "base/crypto_x509.h"
#include "base/cvc.h"
#include "base/spki.h"
#include "test/wire/golden.h"
#include "test/wire/openssl.h"

static EVP_PKEY_METHOD *useless[2];
static const int useless_nids[2] = { EVP_PKEY_RSA, EVP_PKEY_EC };

static int pkey_meths(ENGINE *asked, EVP_PKEY_METHOD **method, const int **nids, int nid)
{
	(void)asked;
	if (!method) {
		*nids = useless_nids;
		return 2;
	}
	*method = nid == EVP_PKEY_RSA ? useless[0] : nid == EVP_PKEY_EC ? useless[1] : NULL;
	return *method != NULL;
}

static ENGINE *engine;

static int set_up(void **state)
{
	(void)state;
	engine = ENGINE_new();
	for (int i = 0; i < 2; i++)
		useless[i] = EVP_PKEY_meth_new(useless_nids[i], 0);
	return engine && useless[0] && useless[1] && ENGINE_set_id(engine, "useless") == 1 &&
	       ENGINE_set_name(engine, "takes everything, does nothing") == 1 &&
	       ENGINE_set_pkey_meths(engine, pkey_meths) == 1 &&
	       ENGINE_set_default(engine, ENGINE_METHOD_ALL) == 1 ? 0 : -1;
}

/* The methods are the engine's. */
static int tear_down(void **state)
{
	(void)state;
	ENGINE_unregister_pkey_meths(engine);
	return ENGINE_free(engine) == 1 ? 0 : -1;
}

/* Otherwise this test would show nothing. */
static void the_host_itself_cannot_make_a_key(void **state)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL);

	(void)state;
	assert_true(!c || EVP_PKEY_keygen_init(c) != 1);
	EVP_PKEY_CTX_free(c);
}

static void certificates_verify(void **state)
{
	struct cvc device, issuer;
	bool has_issuer;

	(void)state;
	assert_int_equal(cvc_devaut_read(RD_ARR(golden_devaut), &device, &issuer, &has_issuer), ERR_OK);
	assert_int_equal(cvc_verify(&issuer.key, EC_BP256R1, device.body, device.sig), ERR_OK);
	assert_int_equal(cvc_verify(&issuer.key, EC_BP256R1, issuer.body, device.sig), ERR_SIGNATURE);
}

static void rsa_signatures_verify(void **state)
{
	uint8_t room[1024], hash[SHA256_SIZE];
	struct spki key;
	struct rd sig;
	struct wr w;

	(void)state;
	WR_ARR(&w, room);
	assert_int_equal(spki_read(test_unhex(&w, rsa_spki_hex), &key), ERR_OK);
	sig = test_unhex(&w, rsa_sha256_hex);
	assert_int_equal(sha256(RD_LIT("quorum11"), hash), ERR_OK);
	assert_int_equal(rsa_verify_pkcs1(key.n, key.e, DIGEST_SHA256, RD_ARR(hash), sig), ERR_OK);
	hash[0] ^= 1;
	assert_int_equal(rsa_verify_pkcs1(key.n, key.e, DIGEST_SHA256, RD_ARR(hash), sig), ERR_SIGNATURE);
}

static void x509_certificates_parse(void **state)
{
	uint8_t room[1024];
	struct x509 x;
	struct wr w;

	(void)state;
	WR_ARR(&w, room);
	assert_int_equal(x509_parse(test_unhex(&w, x509_hex), &x), ERR_OK);
}

static void keys_agree(void **state)
{
	struct ec_key *a = NULL, *b = NULL;
	uint8_t qa[65], qb[65], xa[32], xb[32];
	struct wr wa, wb, sa, sb;

	(void)state;
	WR_ARR(&wa, qa);
	WR_ARR(&wb, qb);
	WR_ARR(&sa, xa);
	WR_ARR(&sb, xb);
	assert_int_equal(ec_key_generate(EC_BP256R1, &a), ERR_OK);
	assert_int_equal(ec_key_generate(EC_BP256R1, &b), ERR_OK);
	assert_int_equal(ec_key_public(a, &wa), ERR_OK);
	assert_int_equal(ec_key_public(b, &wb), ERR_OK);
	assert_int_equal(ec_key_agree(a, RD_ARR(qb), &sa), ERR_OK);
	assert_int_equal(ec_key_agree(b, RD_ARR(qa), &sb), ERR_OK);
	assert_bytes_equal(RD_ARR(xa), RD_ARR(xb));
	ec_key_free(&a);
	ec_key_free(&b);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_host_itself_cannot_make_a_key),
		cmocka_unit_test(certificates_verify),
		cmocka_unit_test(rsa_signatures_verify),
		cmocka_unit_test(x509_certificates_parse),
		cmocka_unit_test(keys_agree),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
