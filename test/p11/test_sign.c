/* SPDX-License-Identifier: Apache-2.0 */
/* Signing by every mechanism, checked with the public key alone; hashing; verifying; the rules of buffers. */
#include "test/p11/agent.h"

#include "base/crypto_rsa.h"
#include "base/tlv.h"

struct keys {                           /* on one card */
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE rsa, p256, bp, rsa_pub, p256_pub, bp_pub;
};

static struct keys open_keys(void)
{
	struct rig_card c = rig_card_new(&(struct rig_spec){ .pin = RIG_PIN });
	struct keys k;

	rig_card_key(&c, 1, EC_NONE, 1024, "rsa", RD_LIT("\x01"));
	rig_card_key(&c, 2, EC_SECP256R1, 0, "p256", RD_LIT("\x02"));
	rig_card_key(&c, 3, EC_BP256R1, 0, "bp", RD_LIT("\x03"));
	rig_card_insert(&c);
	rig_initialize();
	k.s = rig_session();
	assert_ok(rig_login(k.s, RIG_PIN));
	k.rsa = rig_find(k.s, CKO_PRIVATE_KEY, "rsa");
	k.p256 = rig_find(k.s, CKO_PRIVATE_KEY, "p256");
	k.bp = rig_find(k.s, CKO_PRIVATE_KEY, "bp");
	k.rsa_pub = rig_find(k.s, CKO_PUBLIC_KEY, "rsa");
	k.p256_pub = rig_find(k.s, CKO_PUBLIC_KEY, "p256");
	k.bp_pub = rig_find(k.s, CKO_PUBLIC_KEY, "bp");
	return k;
}

/* By base/ and the public attributes, without the module. hash: what was signed, or its hash. */
static enum err check(const struct keys *k, CK_OBJECT_HANDLE pub, enum digest_alg a, struct rd data, struct rd sig)
{
	uint8_t n[128], e[8], point[80], hash[DIGEST_MAX];
	struct wr nw, ew, pw, hw;
	struct rd q, view;

	WR_ARR(&nw, n);
	WR_ARR(&ew, e);
	WR_ARR(&pw, point);
	WR_ARR(&hw, hash);
	if (a != DIGEST_NONE) {
		assert_ok(digest_once(a, data, &hw));
		data = wr_view(&hw);
	}
	if (rig_number(k->s, pub, CKA_KEY_TYPE) == CKK_RSA) {
		wr_put(&nw, rig_attribute(k->s, pub, CKA_MODULUS));
		wr_put(&ew, rig_attribute(k->s, pub, CKA_PUBLIC_EXPONENT));
		return rsa_verify_pkcs1(wr_view(&nw), wr_view(&ew), a, data, sig);
	}
	wr_put(&pw, rig_attribute(k->s, pub, CKA_EC_POINT));
	view = wr_view(&pw);
	assert_true(rd_tlv(&view, 0x04, &q));
	return ec_verify(pub == k->bp_pub ? EC_BP256R1 : EC_SECP256R1, q, data, sig);
}

static CK_RV sign(CK_SESSION_HANDLE s, CK_MECHANISM_TYPE m, CK_OBJECT_HANDLE key, struct rd data, CK_BYTE *sig,
		  CK_ULONG *n)
{
	uint8_t copy[1024];
	CK_RV rv = rig_sign_begin(s, m, key);

	memcpy(copy, data.p, data.n);
	return rv ? rv : C_Sign(s, copy, data.n, sig, n);
}

static CK_RV verify(CK_SESSION_HANDLE s, CK_MECHANISM_TYPE m, CK_OBJECT_HANDLE key, struct rd data, struct rd sig)
{
	uint8_t copy[1024], sig_copy[512];
	CK_MECHANISM mech = { m, NULL, 0 };
	CK_RV rv = C_VerifyInit(s, &mech, key);

	memcpy(copy, data.p, data.n);
	memcpy(sig_copy, sig.p, sig.n);
	return rv ? rv : C_Verify(s, copy, data.n, sig_copy, sig.n);
}

static const struct row {
	CK_MECHANISM_TYPE m;
	bool rsa;
	enum digest_alg hash;
} rows[] = {
	{ CKM_SHA1_RSA_PKCS, true, DIGEST_SHA1 },      { CKM_SHA224_RSA_PKCS, true, DIGEST_SHA224 },
	{ CKM_SHA256_RSA_PKCS, true, DIGEST_SHA256 },  { CKM_SHA384_RSA_PKCS, true, DIGEST_SHA384 },
	{ CKM_SHA512_RSA_PKCS, true, DIGEST_SHA512 },  { CKM_RSA_PKCS, true, DIGEST_NONE },
	{ CKM_ECDSA_SHA1, false, DIGEST_SHA1 },        { CKM_ECDSA_SHA224, false, DIGEST_SHA224 },
	{ CKM_ECDSA_SHA256, false, DIGEST_SHA256 },    { CKM_ECDSA_SHA384, false, DIGEST_SHA384 },
	{ CKM_ECDSA_SHA512, false, DIGEST_SHA512 },    { CKM_ECDSA, false, DIGEST_NONE },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

#define TEXT RD_LIT("what is to be signed, thirty-two.")

/* Each mechanism, in one part and in several: one exchange with the card, and a good signature. */
static void test_mechanisms(void **state)
{
	struct keys k = open_keys();

	(void)state;
	for (size_t i = 0; i < 2 * ROWS; i++) {
		const struct row *r = &rows[i % ROWS];
		CK_OBJECT_HANDLE priv = r->rsa ? k.rsa : i < ROWS ? k.p256 : k.bp;
		CK_OBJECT_HANDLE pub = r->rsa ? k.rsa_pub : i < ROWS ? k.p256_pub : k.bp_pub;
		CK_BYTE sig[128], text[] = "what is to be signed, thirty-two.";
		CK_ULONG n = sizeof(sig);
		uint64_t before;

		assert_ok(rig_sign_begin(k.s, r->m, priv));
		before = rig_exchanges();
		if (i < ROWS) {
			assert_ok(C_Sign(k.s, text, TEXT.n, sig, &n));
		} else {
			assert_ok(C_SignUpdate(k.s, text, 10));
			assert_ok(C_SignUpdate(k.s, NULL, 0));
			assert_ok(C_SignUpdate(k.s, text + 10, TEXT.n - 10));
			assert_ok(C_SignFinal(k.s, sig, &n));
		}
		assert_int_equal(rig_exchanges(), before + 1);
		assert_int_equal(n, r->rsa ? 128 : 64);
		assert_ok(check(&k, pub, r->hash, TEXT, rd_of(sig, n)));
		assert_ok(verify(k.s, r->m, pub, TEXT, rd_of(sig, n)));
		sig[n / 2] ^= 1;
		assert_rv(verify(k.s, r->m, pub, TEXT, rd_of(sig, n)), CKR_SIGNATURE_INVALID);
		assert_rv(verify(k.s, r->m, pub, TEXT, rd_of(sig, n - 1)), CKR_SIGNATURE_LEN_RANGE);
	}
}

/* The header of what the card got. */
static struct rd sent(void)
{
	static struct rig_seen seen;

	seen = rig_seen();
	return rd_of(seen.last, 4);
}

/* A DigestInfo goes to the card as it is, so that the command shows what is signed; anything else is padded here. */
static void test_rsa_pkcs(void **state)
{
	struct keys k = open_keys();
	uint8_t info[128] = { 0 }, hash[32] = { 7 };
	CK_BYTE sig[128];
	CK_ULONG n = sizeof(sig);
	struct wr w;

	(void)state;
	WR_ARR(&w, info);
	assert_ok(digest_info(DIGEST_SHA256, RD_ARR(hash), &w));
	rig_watch();
	assert_ok(sign(k.s, CKM_RSA_PKCS, k.rsa, wr_view(&w), sig, &n));
	assert_bytes_equal(sent(), RD_LIT("\x80\x68\x01\x30"));
	assert_ok(check(&k, k.rsa_pub, DIGEST_NONE, wr_view(&w), rd_of(sig, n)));
	/* 36 bytes, as TLS 1.1 signs them */
	assert_ok(sign(k.s, CKM_RSA_PKCS, k.rsa, rd_of(info, 36), sig, &n));
	assert_bytes_equal(sent(), RD_LIT("\x80\x68\x01\x20"));
	assert_ok(check(&k, k.rsa_pub, DIGEST_NONE, rd_of(info, 36), rd_of(sig, n)));
	/* nothing, and the most that fits */
	assert_ok(sign(k.s, CKM_RSA_PKCS, k.rsa, RD_LIT(""), sig, &n));
	assert_ok(check(&k, k.rsa_pub, DIGEST_NONE, RD_NONE, rd_of(sig, n)));
	assert_ok(sign(k.s, CKM_RSA_PKCS, k.rsa, rd_of(info, 117), sig, &n));
	assert_rv(sign(k.s, CKM_RSA_PKCS, k.rsa, rd_of(info, 118), sig, &n), CKR_DATA_LEN_RANGE);
	/* a hash of the mechanism's own is shown, too */
	assert_ok(sign(k.s, CKM_SHA256_RSA_PKCS, k.rsa, TEXT, sig, &n));
	assert_bytes_equal(sent(), RD_LIT("\x80\x68\x01\x30"));
}

static void test_rsa_raw(void **state)
{
	struct keys k = open_keys();
	CK_BYTE sig[128];
	CK_ULONG n = sizeof(sig);
	uint8_t block[129] = { 0 };
	struct wr w;

	(void)state;
	wr_init(&w, block, 128);
	assert_ok(rsa_pad_pkcs1(RD_LIT("raw"), 128, &w));
	assert_ok(sign(k.s, CKM_RSA_X_509, k.rsa, wr_view(&w), sig, &n));
	assert_ok(check(&k, k.rsa_pub, DIGEST_NONE, RD_LIT("raw"), rd_of(sig, n)));
	/* Shorter data gets leading zeros. */
	assert_ok(sign(k.s, CKM_RSA_X_509, k.rsa, rd_of(block + 1, 127), sig, &n));
	assert_ok(check(&k, k.rsa_pub, DIGEST_NONE, RD_LIT("raw"), rd_of(sig, n)));
	assert_ok(verify(k.s, CKM_RSA_X_509, k.rsa_pub, rd_of(block + 1, 127), rd_of(sig, n)));
	block[127] ^= 1;
	assert_rv(verify(k.s, CKM_RSA_X_509, k.rsa_pub, rd_of(block + 1, 127), rd_of(sig, n)), CKR_SIGNATURE_INVALID);
	assert_rv(sign(k.s, CKM_RSA_X_509, k.rsa, rd_of(block, 129), sig, &n), CKR_DATA_LEN_RANGE);
}

/* PKCS#11 2.40 5.2: length query and short buffer do no work and end nothing. */
static void test_buffers(void **state)
{
	struct keys k = open_keys();
	CK_BYTE sig[65], data[32] = { 9 };
	CK_ULONG n = 0;
	uint64_t before;

	(void)state;
	memset(sig, 0xee, sizeof(sig));
	assert_ok(rig_sign_begin(k.s, CKM_ECDSA, k.p256));
	before = rig_exchanges();
	assert_ok(C_Sign(k.s, data, sizeof(data), NULL, &n));
	assert_int_equal(n, 64);
	n = 63;
	assert_rv(C_Sign(k.s, data, sizeof(data), sig, &n), CKR_BUFFER_TOO_SMALL);
	assert_int_equal(n, 64);
	assert_int_equal(rig_exchanges(), before);
	assert_int_equal(sig[0], 0xee);
	n = sizeof(sig);
	assert_ok(C_Sign(k.s, data, sizeof(data), sig, &n));
	assert_int_equal(n, 64);
	assert_int_equal(sig[64], 0xee);
	assert_ok(check(&k, k.p256_pub, DIGEST_NONE, RD_ARR(data), rd_of(sig, 64)));
	assert_rv(C_Sign(k.s, data, sizeof(data), sig, &n), CKR_OPERATION_NOT_INITIALIZED);

	assert_ok(rig_sign_begin(k.s, CKM_SHA256_RSA_PKCS, k.rsa));
	assert_ok(C_SignUpdate(k.s, data, sizeof(data)));
	assert_ok(C_SignFinal(k.s, NULL, &n));
	assert_int_equal(n, 128);
	n = 1;
	assert_rv(C_SignFinal(k.s, sig, &n), CKR_BUFFER_TOO_SMALL);
	/* More data may still come. */
	assert_ok(C_SignUpdate(k.s, data, sizeof(data)));
	assert_rv(C_SignFinal(k.s, NULL, NULL), CKR_ARGUMENTS_BAD);
	assert_rv(C_SignFinal(k.s, NULL, &n), CKR_OPERATION_NOT_INITIALIZED);
}

static void test_refused(void **state)
{
	struct keys k = open_keys();
	CK_MECHANISM with_parameter = { CKM_ECDSA, &with_parameter, 4 };
	CK_BYTE sig[128] = { 0 }, data[200] = { 0 };
	CK_ULONG n = sizeof(sig);
	CK_SESSION_HANDLE s = k.s;

	(void)state;
	assert_rv(C_SignInit(s, NULL, k.p256), CKR_ARGUMENTS_BAD);
	assert_rv(C_SignInit(s, &with_parameter, k.p256), CKR_MECHANISM_PARAM_INVALID);
	assert_rv(rig_sign_begin(s, CKM_AES_CBC, k.p256), CKR_MECHANISM_INVALID);
	assert_rv(rig_sign_begin(s, CKM_SHA256, k.p256), CKR_MECHANISM_INVALID);
	assert_rv(rig_sign_begin(s, CKM_EC_KEY_PAIR_GEN, k.p256), CKR_MECHANISM_INVALID);
	assert_rv(rig_sign_begin(s, CKM_ECDSA, k.rsa), CKR_KEY_TYPE_INCONSISTENT);
	assert_rv(rig_sign_begin(s, CKM_RSA_PKCS, k.p256), CKR_KEY_TYPE_INCONSISTENT);
	assert_rv(rig_sign_begin(s, CKM_ECDSA, k.p256_pub), CKR_KEY_FUNCTION_NOT_PERMITTED);
	assert_rv(rig_sign_begin(s, CKM_ECDSA, 4711), CKR_KEY_HANDLE_INVALID);
	/* None of these left an operation. */
	assert_ok(rig_sign_begin(s, CKM_ECDSA, k.p256));
	assert_rv(rig_sign_begin(s, CKM_ECDSA, k.p256), CKR_OPERATION_ACTIVE);
	assert_rv(C_Sign(s, NULL, 1, sig, &n), CKR_ARGUMENTS_BAD);
	assert_rv(C_SignUpdate(s, data, 1), CKR_OPERATION_NOT_INITIALIZED);
	assert_rv(C_SignFinal(s, sig, &n), CKR_OPERATION_NOT_INITIALIZED);
	assert_ok(rig_sign_begin(s, CKM_ECDSA, k.p256));
	assert_ok(C_SignUpdate(s, data, 1));
	/* No operation that C_Sign could do; the one in parts goes on. */
	assert_rv(C_Sign(s, data, 1, sig, &n), CKR_OPERATION_NOT_INITIALIZED);
	assert_rv(C_SignUpdate(s, data, sizeof(data)), CKR_DATA_LEN_RANGE);
	assert_rv(C_SignFinal(s, sig, &n), CKR_OPERATION_NOT_INITIALIZED);

	/* Logged out: the handle is none any more, and an operation does not survive it. */
	assert_ok(rig_sign_begin(s, CKM_ECDSA, k.p256));
	assert_ok(C_Logout(s));
	assert_rv(C_Sign(s, data, 32, sig, &n), CKR_USER_NOT_LOGGED_IN);
	assert_rv(C_Sign(s, data, 32, sig, &n), CKR_OPERATION_NOT_INITIALIZED);
	assert_rv(rig_sign_begin(s, CKM_ECDSA, k.p256), CKR_KEY_HANDLE_INVALID);
	/* Public keys need nobody. */
	assert_rv(verify(s, CKM_ECDSA, k.p256_pub, rd_of(data, 32), rd_of(sig, 64)), CKR_SIGNATURE_INVALID);
	assert_rv(verify(s, CKM_ECDSA, k.p256, rd_of(data, 32), rd_of(sig, 64)), CKR_KEY_HANDLE_INVALID);
}

/* A broken exchange fails the signature, and nothing is sent again; an agent ends its approval. */
static void test_broken_exchange(void **state)
{
	struct keys k = open_keys();
	CK_RV rv;

	(void)state;
	assert_ok(rig_sign(k.s, k.p256));
	rig_watch();
	rig_fault(1, FAKE_LOST);
	assert_rv(rig_sign(k.s, k.p256), CKR_DEVICE_ERROR);
	assert_int_equal(rig_seen().with_data[0x68], 1);
	if (!rig_is_direct() && !rig_usb) {
		assert_rv(rig_sign(k.s, k.p256), CKR_DEVICE_REMOVED);
		return;
	}
	/* Over USB the card may have lost its power by that, as nobody knows who is logged in. */
	rv = rig_sign(k.s, k.p256);
	assert_true(rv == CKR_OK || (rig_usb && (rv == CKR_USER_NOT_LOGGED_IN || rv == CKR_DEVICE_REMOVED)));
	assert_int_equal(rig_seen().with_data[0x68], rv ? 1 : 2);
}

static void test_digest(void **state)
{
	static const struct {
		CK_MECHANISM_TYPE m;
		enum digest_alg a;
	} digests[] = { { CKM_SHA_1, DIGEST_SHA1 }, { CKM_SHA224, DIGEST_SHA224 }, { CKM_SHA256, DIGEST_SHA256 },
			{ CKM_SHA384, DIGEST_SHA384 }, { CKM_SHA512, DIGEST_SHA512 } };
	CK_BYTE text[] = "abc", hash[64];
	CK_SESSION_HANDLE s;
	CK_ULONG n;

	(void)state;
	(void)rig_card_simple();
	rig_initialize();
	s = rig_session();
	for (size_t i = 0; i < sizeof(digests) / sizeof(digests[0]); i++) {
		CK_MECHANISM m = { digests[i].m, NULL, 0 };
		uint8_t want[DIGEST_MAX];
		struct wr w;

		WR_ARR(&w, want);
		assert_ok(digest_once(digests[i].a, RD_LIT("abc"), &w));
		assert_ok(C_DigestInit(s, &m));
		assert_rv(C_DigestInit(s, &m), CKR_OPERATION_ACTIVE);
		assert_ok(C_Digest(s, text, 3, NULL, &n));
		assert_int_equal(n, w.n);
		assert_ok(C_Digest(s, text, 3, hash, &n));
		assert_bytes_equal(rd_of(hash, n), wr_view(&w));
		/* Nothing of one that is broken off is in the next one. */
		assert_ok(C_DigestInit(s, &m));
		assert_ok(C_DigestUpdate(s, text, 3));
		assert_ok(C_DigestInit(s, NULL));
		assert_ok(C_DigestInit(s, &m));
		assert_ok(C_DigestUpdate(s, text, 1));
		assert_ok(C_DigestUpdate(s, text + 1, 2));
		n = 3;
		assert_rv(C_DigestFinal(s, hash, &n), CKR_BUFFER_TOO_SMALL);
		assert_ok(C_DigestFinal(s, hash, &n));
		assert_bytes_equal(rd_of(hash, n), wr_view(&w));
		assert_rv(C_DigestFinal(s, hash, &n), CKR_OPERATION_NOT_INITIALIZED);
	}
}

static void test_random(void **state)
{
	enum { MUCH = 70000 };
	CK_BYTE a[3000] = { 0 }, b[3000] = { 0 }, *much = test_calloc(MUCH, 1);
	CK_SESSION_HANDLE s;

	(void)state;
	(void)rig_card_simple();
	rig_initialize();
	s = rig_session();
	assert_rv(C_SeedRandom(s, a, 1), CKR_RANDOM_SEED_NOT_SUPPORTED);
	assert_rv(C_GenerateRandom(s, NULL, 1), CKR_ARGUMENTS_BAD);
	assert_ok(C_GenerateRandom(s, NULL, 0));
	assert_ok(C_GenerateRandom(s, a, sizeof(a)));
	assert_ok(C_GenerateRandom(s, b, sizeof(b)));
	assert_memory_not_equal(a, b, sizeof(a));
	assert_false(rd_is_zero(rd_of(a + sizeof(a) - 16, 16)));
	/* More than one sequence with the card gives. */
	assert_ok(C_GenerateRandom(s, much, MUCH));
	assert_false(rd_is_zero(rd_of(much + MUCH - 16, 16)));
	test_free(much);
}

int main(int argc, char **argv)
{
	agent_process_main(argc, argv);
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_mechanisms),
		RIG_TEST(test_rsa_pkcs),
		RIG_TEST(test_rsa_raw),
		RIG_TEST(test_buffers),
		RIG_TEST(test_refused),
		RIG_TEST(test_broken_exchange),
		RIG_TEST(test_digest),
		RIG_TEST(test_random),
	};

	return RUN_BOTH(tests);
}
