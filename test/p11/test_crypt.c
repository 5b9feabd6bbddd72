/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PSS, decrypting and key agreement by the card, encrypting and session objects on the host: each with a card of our
 * own, and at an agent whose approval covers it.
 */
#include "test/p11/agent.h"

#include <stdlib.h>

#include "base/crypto_rsa.h"
#include "base/tlv.h"

#define TEXT RD_LIT("what is to be kept from others")
#define CURVES (EC_CURVES - EC_NONE - 1)

static CK_SESSION_HANDLE s;
static CK_OBJECT_HANDLE rsa, rsa_pub, ec, ec_pub;

static void open_card(const char *profile, const char *conf)
{
	struct rig_card c = rig_card_new(&(struct rig_spec){ .pin = RIG_PIN, .profile = profile });

	rig_card_key(&c, 1, EC_NONE, 1024, "rsa", RD_LIT("\x01"));
	rig_card_key(&c, 2, EC_SECP256R1, 0, "ec", RD_LIT("\x02"));
	if (conf)
		agent_process_start(c.dir, conf);
	else
		rig_card_insert(&c);
	rig_initialize();
	s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	rsa = rig_find(s, CKO_PRIVATE_KEY, "rsa");
	rsa_pub = rig_find(s, CKO_PUBLIC_KEY, "rsa");
	ec = rig_find(s, CKO_PRIVATE_KEY, "ec");
	ec_pub = rig_find(s, CKO_PUBLIC_KEY, "ec");
}

/* Each of these is run with both kinds of card. */
#define ON_EACH(f) \
	static void f##_shared(void **state) { (void)state; open_card(NULL, NULL); f(); } \
	static void f##_open_firmware(void **state) { (void)state; open_card("open-firmware", NULL); f(); }
#define TESTS_OF(f) RIG_TEST(f##_shared), RIG_TEST(f##_open_firmware)

/* ---- the public key, by base/ alone ---- */

static void read_rsa(struct wr *n, struct wr *e)
{
	wr_put(n, rig_attribute(s, rsa_pub, CKA_MODULUS));
	wr_put(e, rig_attribute(s, rsa_pub, CKA_PUBLIC_EXPONENT));
}

static struct rd point_of(CK_OBJECT_HANDLE pub, struct wr *w)
{
	struct rd r, q;

	wr_put(w, rig_attribute(s, pub, CKA_EC_POINT));
	r = wr_view(w);
	assert_true(rd_tlv(&r, 0x04, &q));
	return q;
}

/* ---- PSS ---- */

static const struct pss_row {
	CK_MECHANISM_TYPE m;
	CK_RSA_PKCS_PSS_PARAMS p;
	struct rsa_pss as;
} pss_rows[] = {
	{ CKM_SHA1_RSA_PKCS_PSS, { CKM_SHA_1, CKG_MGF1_SHA1, 20 }, { DIGEST_SHA1, DIGEST_SHA1, 20 } },
	{ CKM_SHA224_RSA_PKCS_PSS, { CKM_SHA224, CKG_MGF1_SHA224, 28 }, { DIGEST_SHA224, DIGEST_SHA224, 28 } },
	{ CKM_SHA256_RSA_PKCS_PSS, { CKM_SHA256, CKG_MGF1_SHA256, 32 }, { DIGEST_SHA256, DIGEST_SHA256, 32 } },
	{ CKM_SHA384_RSA_PKCS_PSS, { CKM_SHA384, CKG_MGF1_SHA384, 48 }, { DIGEST_SHA384, DIGEST_SHA384, 48 } },
	{ CKM_SHA512_RSA_PKCS_PSS, { CKM_SHA512, CKG_MGF1_SHA512, 0 }, { DIGEST_SHA512, DIGEST_SHA512, 0 } },
	{ CKM_SHA256_RSA_PKCS_PSS, { CKM_SHA256, CKG_MGF1_SHA1, 17 }, { DIGEST_SHA256, DIGEST_SHA1, 17 } },
	{ CKM_RSA_PKCS_PSS, { CKM_SHA256, CKG_MGF1_SHA256, 32 }, { DIGEST_SHA256, DIGEST_SHA256, 32 } },
	{ CKM_RSA_PKCS_PSS, { CKM_SHA224, CKG_MGF1_SHA224, 28 }, { DIGEST_SHA224, DIGEST_SHA224, 28 } },
};

static void pss_one(const struct pss_row *r)
{
	CK_RSA_PKCS_PSS_PARAMS p = r->p;
	CK_MECHANISM m = { r->m, &p, sizeof(p) };
	uint8_t n_bytes[128], e_bytes[8], hash[DIGEST_MAX], text[64], sig[128];
	struct wr n, e, h, t;
	CK_ULONG sig_n = sizeof(sig);

	WR_ARR(&n, n_bytes);
	WR_ARR(&e, e_bytes);
	WR_ARR(&h, hash);
	WR_ARR(&t, text);
	read_rsa(&n, &e);
	assert_ok(digest_once(r->as.hash, TEXT, &h));
	wr_put(&t, r->m == CKM_RSA_PKCS_PSS ? wr_view(&h) : TEXT);
	assert_ok(C_SignInit(s, &m, rsa));
	assert_ok(C_Sign(s, text, t.n, sig, &sig_n));
	assert_ok(rsa_verify_pss_as(wr_view(&n), wr_view(&e), &r->as, wr_view(&h), rd_of(sig, sig_n)));
	assert_ok(C_VerifyInit(s, &m, rsa_pub));
	assert_ok(C_Verify(s, text, t.n, sig, sig_n));
	/* Another salt than is asked for is none. */
	p.sLen++;
	assert_ok(C_VerifyInit(s, &m, rsa_pub));
	assert_rv(C_Verify(s, text, t.n, sig, sig_n), CKR_SIGNATURE_INVALID);
	p.sLen--;
	text[0] ^= 1;
	assert_ok(C_VerifyInit(s, &m, rsa_pub));
	assert_rv(C_Verify(s, text, t.n, sig, sig_n), CKR_SIGNATURE_INVALID);
}

static void pss(void)
{
	for (size_t i = 0; i < sizeof(pss_rows) / sizeof(pss_rows[0]); i++)
		pss_one(&pss_rows[i]);
}
ON_EACH(pss)

/* The card makes what it can, so that the command shows what is signed; the rest is padded here. */
static void test_pss_command(void **state)
{
	CK_RSA_PKCS_PSS_PARAMS p = { CKM_SHA256, CKG_MGF1_SHA256, 32 };
	CK_MECHANISM m = { CKM_RSA_PKCS_PSS, &p, sizeof(p) };
	uint8_t hash[64] = { 7 }, sig[128];
	CK_ULONG n = sizeof(sig);
	struct rig_seen seen;

	(void)state;
	open_card(NULL, NULL);
	rig_watch();
	assert_ok(C_SignInit(s, &m, rsa));
	assert_ok(C_Sign(s, hash, 32, sig, &n));
	/* extended, since an RSA signature may be long: 00, two bytes of Lc, the hash */
	seen = rig_seen();
	assert_bytes_equal(rd_of(seen.last, 7), RD_LIT("\x80\x68\x01\x40\0\0\x20"));
	assert_bytes_equal(rd_of(seen.last + 7, 32), rd_of(hash, 32));
	p.sLen = 31;
	assert_ok(C_SignInit(s, &m, rsa));
	assert_ok(C_Sign(s, hash, 32, sig, &n));
	seen = rig_seen();
	assert_bytes_equal(rd_of(seen.last, 4), RD_LIT("\x80\x68\x01\x20"));
	/* A hash has its size. */
	assert_ok(C_SignInit(s, &m, rsa));
	assert_rv(C_Sign(s, hash, 31, sig, &n), CKR_DATA_LEN_RANGE);
	assert_ok(C_VerifyInit(s, &m, rsa_pub));
	assert_rv(C_Verify(s, hash, 31, sig, n), CKR_DATA_LEN_RANGE);
	/* The salt must fit into the block: 128 - 32 - 2 */
	p.sLen = 94;
	assert_ok(C_SignInit(s, &m, rsa));
	assert_ok(C_Sign(s, hash, 32, sig, &n));
	p.sLen = 95;
	assert_rv(C_SignInit(s, &m, rsa), CKR_KEY_SIZE_RANGE);
	p.sLen = 32;
	m.mechanism = CKM_SHA1_RSA_PKCS_PSS;
	assert_rv(C_SignInit(s, &m, rsa), CKR_MECHANISM_PARAM_INVALID);
	m.ulParameterLen--;
	assert_rv(C_SignInit(s, &m, rsa), CKR_MECHANISM_PARAM_INVALID);
	m.pParameter = NULL;
	assert_rv(C_SignInit(s, &m, rsa), CKR_MECHANISM_PARAM_INVALID);
}

/* ---- decrypting ---- */

static CK_BYTE label[] = "for whom";
static const struct crypt_row {
	CK_MECHANISM_TYPE m;
	CK_RSA_PKCS_OAEP_PARAMS p;
	size_t max;
} crypt_rows[] = {
	{ .m = CKM_RSA_PKCS, .max = 117 },
	{ .m = CKM_RSA_X_509, .max = 128 },
	{ CKM_RSA_PKCS_OAEP, { CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, NULL, 0 }, 86 },
	{ CKM_RSA_PKCS_OAEP, { CKM_SHA224, CKG_MGF1_SHA224, CKZ_DATA_SPECIFIED, NULL, 0 }, 70 },
	{ CKM_RSA_PKCS_OAEP, { CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, label, 8 }, 62 },
	{ CKM_RSA_PKCS_OAEP, { CKM_SHA384, CKG_MGF1_SHA1, 0, NULL, 0 }, 30 },
};

static void crypt_one(const struct crypt_row *r)
{
	CK_RSA_PKCS_OAEP_PARAMS p = r->p;
	CK_MECHANISM m = { r->m, p.hashAlg ? &p : NULL, p.hashAlg ? sizeof(p) : 0 };
	uint8_t text[130] = { 0 }, out[130], plain[130];
	CK_ULONG n = 0, got = 0, zero = 0;
	uint64_t before;

	memcpy(text, TEXT.p, TEXT.n);
	assert_ok(C_EncryptInit(s, &m, rsa_pub));
	assert_ok(C_Encrypt(s, text, TEXT.n, NULL, &n));
	assert_int_equal(n, 128);
	n = 127;
	assert_rv(C_Encrypt(s, text, TEXT.n, out, &n), CKR_BUFFER_TOO_SMALL);
	assert_ok(C_Encrypt(s, text, TEXT.n, out, &n));
	assert_rv(C_Encrypt(s, text, TEXT.n, out, &n), CKR_OPERATION_NOT_INITIALIZED);

	assert_ok(C_DecryptInit(s, &m, rsa));
	assert_ok(C_Decrypt(s, out, 128, NULL, &got));
	assert_int_equal(got, r->max);
	got = sizeof(plain);
	assert_ok(C_Decrypt(s, out, 128, plain, &got));
	if (r->m == CKM_RSA_X_509) {
		assert_int_equal(got, 128);
		assert_bytes_equal(rd_of(plain + 128 - TEXT.n, TEXT.n), TEXT);
	} else {
		assert_bytes_equal(rd_of(plain, got), TEXT);
	}

	/* In parts; and a buffer that is too small costs no second use of the key. */
	assert_ok(C_DecryptInit(s, &m, rsa));
	assert_ok(C_DecryptUpdate(s, out, 100, plain, &zero));
	assert_int_equal(zero, 0);
	assert_ok(C_DecryptUpdate(s, out + 100, 28, plain, &zero));
	got = 1;
	assert_rv(C_DecryptFinal(s, plain, &got), CKR_BUFFER_TOO_SMALL);
	before = rig_exchanges();
	assert_ok(C_DecryptFinal(s, plain, &got));
	assert_int_equal(rig_exchanges(), before);
	assert_int_equal(got, r->m == CKM_RSA_X_509 ? 128 : TEXT.n);
	assert_ok(C_DecryptInit(s, &m, rsa));
	assert_ok(C_DecryptUpdate(s, out, 128, plain, &zero));
	assert_rv(C_DecryptUpdate(s, out, 1, plain, &zero), CKR_ENCRYPTED_DATA_LEN_RANGE);

	assert_ok(C_EncryptInit(s, &m, rsa_pub));
	n = sizeof(out);
	assert_rv(C_Encrypt(s, text, r->max + 1, out, &n), CKR_DATA_LEN_RANGE);
	assert_ok(C_EncryptInit(s, &m, rsa_pub));
	assert_ok(C_EncryptUpdate(s, text, 3, out, &zero));
	assert_ok(C_EncryptUpdate(s, text + 3, TEXT.n - 3, out, &zero));
	assert_ok(C_EncryptFinal(s, out, &n));
	assert_ok(C_DecryptInit(s, &m, rsa));
	got = sizeof(plain);
	assert_ok(C_Decrypt(s, out, 128, plain, &got));
	assert_bytes_equal(rd_of(plain + got - TEXT.n, TEXT.n), TEXT);

	/* Damaged, of another length, and not below the modulus. */
	memset(text, 0xff, 128);
	assert_ok(C_DecryptInit(s, &m, rsa));
	assert_rv(C_Decrypt(s, text, 128, plain, &got), CKR_ENCRYPTED_DATA_INVALID);
	assert_ok(C_DecryptInit(s, &m, rsa));
	assert_rv(C_Decrypt(s, out, 127, plain, &got), CKR_ENCRYPTED_DATA_LEN_RANGE);
	if (r->m == CKM_RSA_X_509)
		return;
	out[100] ^= 1;
	assert_ok(C_DecryptInit(s, &m, rsa));
	got = sizeof(plain);
	assert_rv(C_Decrypt(s, out, 128, plain, &got), CKR_ENCRYPTED_DATA_INVALID);
}

static void crypt_all(void)
{
	for (size_t i = 0; i < sizeof(crypt_rows) / sizeof(crypt_rows[0]); i++)
		crypt_one(&crypt_rows[i]);
}
ON_EACH(crypt_all)

static void test_crypt_refused(void **state)
{
	CK_RSA_PKCS_OAEP_PARAMS p = { CKM_SHA512, CKG_MGF1_SHA512, CKZ_DATA_SPECIFIED, NULL, 0 };
	CK_MECHANISM oaep = { CKM_RSA_PKCS_OAEP, &p, sizeof(p) }, pkcs = { CKM_RSA_PKCS, NULL, 0 },
		     hash = { CKM_SHA256_RSA_PKCS, NULL, 0 };
	CK_BYTE in[128] = { 0 }, out[128];
	CK_ULONG n = sizeof(out);

	(void)state;
	open_card(NULL, NULL);
	/* Twice 64 bytes and two do not fit into 128. */
	assert_rv(C_DecryptInit(s, &oaep, rsa), CKR_KEY_SIZE_RANGE);
	p.hashAlg = CKM_SHA256_RSA_PKCS;
	assert_rv(C_DecryptInit(s, &oaep, rsa), CKR_MECHANISM_PARAM_INVALID);
	assert_rv(C_DecryptInit(s, &pkcs, ec), CKR_KEY_TYPE_INCONSISTENT);
	assert_rv(C_DecryptInit(s, &pkcs, rsa_pub), CKR_KEY_FUNCTION_NOT_PERMITTED);
	assert_rv(C_EncryptInit(s, &pkcs, rsa), CKR_KEY_FUNCTION_NOT_PERMITTED);
	assert_rv(C_DecryptInit(s, &hash, rsa), CKR_MECHANISM_INVALID);
	assert_rv(C_DecryptInit(s, NULL, rsa), CKR_ARGUMENTS_BAD);
	assert_rv(C_Decrypt(s, in, 128, out, &n), CKR_OPERATION_NOT_INITIALIZED);
	assert_ok(C_DecryptInit(s, &pkcs, rsa));
	assert_rv(C_DecryptInit(s, &pkcs, rsa), CKR_OPERATION_ACTIVE);
	/* Signing in the same session is another operation. */
	assert_ok(rig_sign(s, ec));
	assert_ok(C_Logout(s));
	assert_rv(C_Decrypt(s, in, 128, out, &n), CKR_USER_NOT_LOGGED_IN);
	/* Encrypting needs nobody. */
	assert_ok(C_EncryptInit(s, &pkcs, rsa_pub));
	assert_ok(C_Encrypt(s, in, 5, out, &n));
}

/* The agent keeps apart what is signed, decrypted and agreed on. */
static void test_agent_limits(void **state)
{
	CK_MECHANISM pkcs = { CKM_RSA_PKCS, NULL, 0 };
	CK_BYTE text[] = "abc", block[128], out[128];
	CK_ULONG n = sizeof(block), got = sizeof(out);

	(void)state;
	open_card(NULL, "[agent]\nlimits = decipher=1\n");
	assert_ok(C_EncryptInit(s, &pkcs, rsa_pub));
	assert_ok(C_Encrypt(s, text, 3, block, &n));
	assert_ok(C_DecryptInit(s, &pkcs, rsa));
	assert_ok(C_Decrypt(s, block, n, out, &got));
	assert_bytes_equal(rd_of(out, got), RD_LIT("abc"));
	assert_ok(C_DecryptInit(s, &pkcs, rsa));
	got = sizeof(out);
	assert_rv(C_Decrypt(s, block, n, out, &got), CKR_FUNCTION_REJECTED);
	assert_ok(rig_sign(s, ec));
}

/* ---- key agreement ---- */

static CK_RV agree(CK_OBJECT_HANDLE key, CK_ULONG kdf, struct rd shared, struct rd peer, CK_ULONG size,
		   CK_BBOOL sensitive, CK_OBJECT_HANDLE *out)
{
	CK_BYTE peer_copy[160], shared_copy[16];
	CK_ECDH1_DERIVE_PARAMS p = { kdf, shared.n, shared.n ? shared_copy : NULL, peer.n, peer_copy };
	CK_MECHANISM m = { CKM_ECDH1_DERIVE, &p, sizeof(p) };
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_GENERIC_SECRET;
	CK_ATTRIBUTE t[] = {
		{ CKA_CLASS, &class, sizeof(class) }, { CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_SENSITIVE, &sensitive, 1 }, { CKA_LABEL, label, 8 }, { CKA_VALUE_LEN, &size, sizeof(size) },
	};

	memcpy(peer_copy, peer.p, peer.n);
	if (shared.n)
		memcpy(shared_copy, shared.p, shared.n);
	return C_DeriveKey(s, &m, key, t, size ? 5 : 4, out);
}

static void derive(void)
{
	uint8_t q_bytes[EC_POINT_MAX], z_bytes[EC_FIELD_MAX], own_bytes[EC_POINT_MAX + 4], kdf[100];
	CK_OBJECT_HANDLE o;
	struct ec_key *peer;
	struct wr q, z, own, h;

	WR_ARR(&q, q_bytes);
	WR_ARR(&z, z_bytes);
	WR_ARR(&own, own_bytes);
	WR_ARR(&h, kdf);
	assert_ok(ec_key_generate(EC_SECP256R1, &peer));
	assert_ok(ec_key_public(peer, &q));
	assert_ok(ec_key_agree(peer, point_of(ec_pub, &own), &z));
	assert_ok(agree(ec, CKD_NULL, RD_NONE, wr_view(&q), 0, CK_FALSE, &o));
	assert_bytes_equal(rig_attribute(s, o, CKA_VALUE), wr_view(&z));
	assert_int_equal(rig_number(s, o, CKA_VALUE_LEN), 32);
	assert_int_equal(rig_number(s, o, CKA_CLASS), CKO_SECRET_KEY);
	assert_bytes_equal(rig_attribute(s, o, CKA_TOKEN), RD_LIT("\0"));
	assert_int_equal(rig_count(s, CKO_SECRET_KEY), 1);
	assert_ok(C_DestroyObject(s, o));
	assert_int_equal(rig_count(s, CKO_SECRET_KEY), 0);
	/* A shorter key is the end of the secret; the point may come as an OCTET STRING. */
	wr_reset(&own);
	wr_tlv(&own, 0x04, wr_view(&q));
	assert_ok(agree(ec, CKD_NULL, RD_NONE, wr_view(&own), 20, CK_FALSE, &o));
	assert_bytes_equal(rig_attribute(s, o, CKA_VALUE), rd_of(z.p + 12, 20));
	/* ANSI X9.63 with SHA-256: here two hashes. */
	for (uint8_t i = 1; i <= 2; i++) {
		uint8_t input[64];
		struct wr in;

		WR_ARR(&in, input);
		wr_put(&in, wr_view(&z));
		wr_u32(&in, i);
		wr_text(&in, "info");
		assert_ok(digest_once(DIGEST_SHA256, wr_view(&in), &h));
	}
	assert_ok(agree(ec, 6, RD_LIT("info"), wr_view(&q), 40, CK_FALSE, &o));
	assert_bytes_equal(rig_attribute(s, o, CKA_VALUE), rd_of(h.p, 40));
	ec_key_free(&peer);
}
ON_EACH(derive)

static void test_derive_refused(void **state)
{
	CK_ATTRIBUTE value = { CKA_VALUE, NULL, 0 };
	uint8_t q_bytes[EC_POINT_MAX], off[65];
	CK_OBJECT_HANDLE o = 0;
	struct ec_key *peer;
	struct wr q;

	(void)state;
	open_card(NULL, NULL);
	WR_ARR(&q, q_bytes);
	assert_ok(ec_key_generate(EC_SECP256R1, &peer));
	assert_ok(ec_key_public(peer, &q));
	memcpy(off, q_bytes, sizeof(off));
	off[64] ^= 1;
	assert_rv(agree(ec, CKD_NULL, RD_NONE, RD_ARR(off), 0, CK_FALSE, &o), CKR_MECHANISM_PARAM_INVALID);
	assert_rv(agree(ec, CKD_NULL, RD_LIT("x"), wr_view(&q), 0, CK_FALSE, &o), CKR_MECHANISM_PARAM_INVALID);
	assert_rv(agree(ec, 99, RD_NONE, wr_view(&q), 0, CK_FALSE, &o), CKR_MECHANISM_PARAM_INVALID);
	assert_rv(agree(ec, CKD_NULL, RD_NONE, wr_view(&q), 33, CK_FALSE, &o), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_rv(agree(rsa, CKD_NULL, RD_NONE, wr_view(&q), 0, CK_FALSE, &o), CKR_KEY_TYPE_INCONSISTENT);
	assert_rv(agree(ec_pub, CKD_NULL, RD_NONE, wr_view(&q), 0, CK_FALSE, &o),
		  CKR_KEY_FUNCTION_NOT_PERMITTED);
	assert_int_equal(o, 0);
	assert_ok(agree(ec, CKD_NULL, RD_NONE, wr_view(&q), 0, CK_TRUE, &o));
	assert_rv(C_GetAttributeValue(s, o, &value, 1), CKR_ATTRIBUTE_SENSITIVE);
	/* A logout ends it, for it is private. */
	assert_ok(C_Logout(s));
	assert_rv(C_GetAttributeValue(s, o, &value, 1), CKR_OBJECT_HANDLE_INVALID);
	assert_ok(rig_login(s, RIG_PIN));
	assert_rv(C_GetAttributeValue(s, o, &value, 1), CKR_OBJECT_HANDLE_INVALID);
	ec_key_free(&peer);
}

/* Signatures and agreement on every curve that libcrypto knows of those of the reference, and larger RSA keys. */
static void test_all_sizes(void **state)
{
	struct rig_card c = rig_card_new(&(struct rig_spec){ .pin = RIG_PIN });
	CK_BYTE hash[32] = { 3 }, sig[512];
	uint8_t key = 0;
	char name[CURVES + 2][32];

	(void)state;
	for (enum ec_curve curve = EC_NONE + 1; curve < EC_CURVES; curve++) {
		const uint8_t id = (uint8_t)curve;

		if (!ec_domain_get(curve))
			continue;
		(void)snprintf(name[key], sizeof(name[0]), "%s", ec_domain_get(curve)->name);
		rig_card_key(&c, (uint8_t)(key + 1), curve, 0, name[key], rd_of(&id, 1));
		key++;
	}
	rig_card_key(&c, 100, EC_NONE, 3072, "large", RD_LIT("\x64"));
	rig_card_insert(&c);
	rig_initialize();
	s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	for (uint8_t i = 0; i <= key; i++) {
		const char *of = i < key ? name[i] : "large";
		CK_OBJECT_HANDLE priv = rig_find(s, CKO_PRIVATE_KEY, of), pub = rig_find(s, CKO_PUBLIC_KEY, of), o;
		CK_MECHANISM m = { i < key ? CKM_ECDSA : CKM_RSA_PKCS, NULL, 0 };
		CK_ULONG n = sizeof(sig);
		uint8_t own_bytes[EC_POINT_MAX + 4], z_bytes[EC_FIELD_MAX], q_bytes[EC_POINT_MAX];
		const struct ec_domain *d = ec_domain_by_name(of);
		struct ec_key *peer;
		struct wr own, z, q;

		assert_ok(C_SignInit(s, &m, priv));
		assert_ok(C_Sign(s, hash, sizeof(hash), sig, &n));
		assert_ok(C_VerifyInit(s, &m, pub));
		assert_ok(C_Verify(s, hash, sizeof(hash), sig, n));
		if (!d)
			continue;
		WR_ARR(&own, own_bytes);
		WR_ARR(&z, z_bytes);
		WR_ARR(&q, q_bytes);
		assert_ok(ec_key_generate(d->curve, &peer));
		assert_ok(ec_key_public(peer, &q));
		assert_ok(ec_key_agree(peer, point_of(pub, &own), &z));
		assert_ok(agree(priv, CKD_NULL, RD_NONE, wr_view(&q), 0, CK_FALSE, &o));
		assert_bytes_equal(rig_attribute(s, o, CKA_VALUE), wr_view(&z));
		ec_key_free(&peer);
	}
}

/* ---- session public keys ---- */

static CK_OBJECT_HANDLE public_like(CK_SESSION_HANDLE of, CK_OBJECT_HANDLE pub, CK_ATTRIBUTE_TYPE a,
				    CK_ATTRIBUTE_TYPE b)
{
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
	CK_KEY_TYPE type = rig_number(s, pub, CKA_KEY_TYPE);
	CK_BYTE a_bytes[160], b_bytes[160];
	CK_ATTRIBUTE t[] = {
		{ CKA_CLASS, &class, sizeof(class) }, { CKA_KEY_TYPE, &type, sizeof(type) },
		{ a, a_bytes, sizeof(a_bytes) }, { b, b_bytes, sizeof(b_bytes) }, { CKA_LABEL, label, 8 },
	};
	CK_OBJECT_HANDLE o = 0;

	assert_ok(C_GetAttributeValue(s, pub, t + 2, 2));
	assert_ok(C_CreateObject(of, t, 5, &o));
	return o;
}

static void test_session_keys(void **state)
{
	CK_MECHANISM ecdsa = { CKM_ECDSA, NULL, 0 }, pkcs = { CKM_RSA_PKCS, NULL, 0 };
	CK_OBJECT_HANDLE rsa_copy, ec_copy;
	CK_BYTE hash[32] = { 5 }, sig[128], plain[128];
	CK_ULONG n = sizeof(sig), got = sizeof(plain);
	CK_SESSION_HANDLE other;

	(void)state;
	open_card(NULL, NULL);
	other = rig_session();
	rsa_copy = public_like(other, rsa_pub, CKA_MODULUS, CKA_PUBLIC_EXPONENT);
	ec_copy = public_like(s, ec_pub, CKA_EC_PARAMS, CKA_EC_POINT);
	assert_int_equal(rig_count(s, CKO_PUBLIC_KEY), 4);
	assert_bytes_equal(rig_attribute(s, ec_copy, CKA_LABEL), RD_LIT("for whom"));
	assert_ok(C_SignInit(s, &ecdsa, ec));
	assert_ok(C_Sign(s, hash, 32, sig, &n));
	assert_ok(C_VerifyInit(s, &ecdsa, ec_copy));
	assert_ok(C_Verify(s, hash, 32, sig, n));
	n = sizeof(sig);
	assert_ok(C_EncryptInit(s, &pkcs, rsa_copy));
	assert_ok(C_Encrypt(s, hash, 32, sig, &n));
	assert_ok(C_DecryptInit(s, &pkcs, rsa));
	assert_ok(C_Decrypt(s, sig, n, plain, &got));
	assert_bytes_equal(rd_of(plain, got), RD_ARR(hash));
	/* It ends with its session, also for an operation that has begun elsewhere. */
	assert_ok(C_EncryptInit(s, &pkcs, rsa_copy));
	assert_ok(C_VerifyInit(s, &ecdsa, ec_copy));
	assert_ok(C_CloseSession(other));
	assert_rv(C_Encrypt(s, hash, 32, sig, &n), CKR_KEY_HANDLE_INVALID);
	assert_rv(C_Encrypt(s, hash, 32, sig, &n), CKR_OPERATION_NOT_INITIALIZED);
	assert_ok(C_DestroyObject(s, ec_copy));
	assert_rv(C_Verify(s, hash, 32, sig, 64), CKR_KEY_HANDLE_INVALID);
	assert_rv(C_DestroyObject(s, ec_copy), CKR_OBJECT_HANDLE_INVALID);
	assert_int_equal(rig_count(s, CKO_PUBLIC_KEY), 2);
	/* A session that only reads may have them, too; and the certificate that is written does not look for them. */
	assert_ok(C_CloseAllSessions(0));
}

static void test_session_keys_refused(void **state)
{
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
	CK_KEY_TYPE type = CKK_EC;
	CK_BBOOL yes = CK_TRUE;
	CK_BYTE params[] = "\x06\x08\x2A\x86\x48\xCE\x3D\x03\x01\x07", point[65] = { 4, 1 };
	CK_ATTRIBUTE t[] = {
		{ CKA_CLASS, &class, sizeof(class) }, { CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_EC_PARAMS, params, 10 }, { CKA_EC_POINT, point, sizeof(point) }, { CKA_TOKEN, &yes, 1 },
	};
	CK_OBJECT_HANDLE o = 0;

	(void)state;
	open_card(NULL, NULL);
	assert_rv(C_CreateObject(s, t, 4, &o), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_rv(C_CreateObject(s, t, 5, &o), CKR_TEMPLATE_INCONSISTENT);
	assert_rv(C_CreateObject(s, t, 3, &o), CKR_TEMPLATE_INCOMPLETE);
	assert_rv(C_CreateObject(s, t, 1, &o), CKR_TEMPLATE_INCOMPLETE);
	assert_rv(C_CreateObject(s, t + 1, 3, &o), CKR_TEMPLATE_INCOMPLETE);
	params[9] = 0x55;
	assert_rv(C_CreateObject(s, t, 4, &o), CKR_CURVE_NOT_SUPPORTED);
	class = CKO_PRIVATE_KEY;
	assert_rv(C_CreateObject(s, t, 4, &o), CKR_TEMPLATE_INCONSISTENT);
	assert_int_equal(o, 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TESTS_OF(pss),
		RIG_TEST(test_pss_command),
		TESTS_OF(crypt_all),
		RIG_TEST(test_crypt_refused),
		AGENT_TEST(test_agent_limits),
		TESTS_OF(derive),
		RIG_TEST(test_derive_refused),
		RIG_TEST(test_all_sizes),
		RIG_TEST(test_session_keys),
		RIG_TEST(test_session_keys_refused),
	};

	agent_process_main(argc, argv);
	return RUN_BOTH(tests);
}
