/* SPDX-License-Identifier: Apache-2.0 */
/* Objects: what is found when, what their attributes say. */
#include "test/p11/agent.h"

#include "base/crypto_x509.h"
#include "base/tlv.h"
#include "sc-hsm/cmd.h"
#include "sc-hsm/p15.h"
#include "test/p11/cert.h"

static void test_visible(void **state)
{
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE priv, found;
	CK_ATTRIBUTE label = { CKA_LABEL, NULL, 0 };
	CK_ULONG n = 0;
	struct rig_card c = rig_card_new(&(struct rig_spec){ .pin = RIG_PIN });

	(void)state;
	rig_card_key(&c, 1, EC_SECP256R1, 0, "ec", RD_LIT("\x01"));
	rig_card_key(&c, 2, EC_NONE, 1024, "rsa", RD_LIT("\x02"));
	/* Without a description it is nobody's key. */
	rig_card_key(&c, 3, EC_BP256R1, 0, NULL, RD_NONE);
	rig_card_insert(&c);
	rig_initialize();
	s = rig_session();
	assert_int_equal(rig_count(s, CKO_PUBLIC_KEY), 2);
	assert_int_equal(rig_count(s, CKO_PRIVATE_KEY), 0);
	assert_int_equal(rig_count(s, CKO_CERTIFICATE), 0);
	assert_ok(rig_login(s, RIG_PIN));
	assert_int_equal(rig_count(s, CKO_PRIVATE_KEY), 2);
	priv = rig_find(s, CKO_PRIVATE_KEY, "rsa");
	assert_ok(C_GetAttributeValue(s, priv, &label, 1));
	assert_int_equal(label.ulValueLen, 3);

	/* A search begun before the logout shows nothing private after it. */
	assert_ok(C_FindObjectsInit(s, NULL, 0));
	assert_ok(C_Logout(s));
	while (C_FindObjects(s, &found, 1, &n) == CKR_OK && n)
		assert_int_equal(rig_number(s, found, CKA_CLASS), CKO_PUBLIC_KEY);
	assert_ok(C_FindObjectsFinal(s));
	assert_rv(C_GetAttributeValue(s, priv, &label, 1), CKR_OBJECT_HANDLE_INVALID);
	/* PKCS#11 2.40 5.6, C_Logout: handles to private objects stay invalid, those to public ones do not change. */
	found = rig_find(s, CKO_PUBLIC_KEY, "rsa");
	assert_ok(rig_login(s, RIG_PIN));
	assert_rv(C_GetAttributeValue(s, priv, &label, 1), CKR_OBJECT_HANDLE_INVALID);
	assert_rv(rig_sign_begin(s, CKM_RSA_PKCS, priv), CKR_KEY_HANDLE_INVALID);
	assert_int_not_equal(rig_find(s, CKO_PRIVATE_KEY, "rsa"), priv);
	assert_int_equal(rig_find(s, CKO_PUBLIC_KEY, "rsa"), found);
}

static void test_search(void **state)
{
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY, none = CKO_SECRET_KEY;
	CK_BYTE id[] = { 1 };
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE by_id[] = { { CKA_CLASS, &class, sizeof(class) }, { CKA_ID, id, sizeof(id) } };
	CK_ATTRIBUTE odd[] = { { CKA_CLASS, &none, sizeof(none) }, { CKA_VENDOR_DEFINED, &yes, 1 },
			       { CKA_CLASS, &class, 1 }, { CKA_CLASS, NULL, sizeof(class) } };
	CK_OBJECT_HANDLE found[2];
	CK_SESSION_HANDLE s;
	CK_ULONG n;

	(void)state;
	(void)rig_card_simple();
	rig_initialize();
	s = rig_session();
	assert_rv(C_FindObjects(s, found, 2, &n), CKR_OPERATION_NOT_INITIALIZED);
	assert_rv(C_FindObjectsFinal(s), CKR_OPERATION_NOT_INITIALIZED);
	assert_rv(C_FindObjectsInit(s, NULL, 1), CKR_ARGUMENTS_BAD);
	assert_ok(C_FindObjectsInit(s, by_id, 2));
	assert_rv(C_FindObjectsInit(s, by_id, 2), CKR_OPERATION_ACTIVE);
	assert_rv(C_FindObjects(s, NULL, 2, &n), CKR_ARGUMENTS_BAD);
	assert_rv(C_FindObjects(s, found, 2, NULL), CKR_ARGUMENTS_BAD);
	assert_ok(C_FindObjects(s, found, 2, &n));
	assert_int_equal(n, 1);
	assert_ok(C_FindObjects(s, found, 2, &n));
	assert_int_equal(n, 0);
	assert_ok(C_FindObjectsFinal(s));
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		assert_ok(C_FindObjectsInit(s, &odd[i], 1));
		assert_ok(C_FindObjects(s, found, 2, &n));
		assert_int_equal(n, 0);
		assert_ok(C_FindObjectsFinal(s));
	}
}

static void check_flags(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, const CK_ATTRIBUTE_TYPE *types, size_t n,
			CK_BBOOL want)
{
	for (size_t i = 0; i < n; i++) {
		struct rd v = rig_attribute(s, o, types[i]);

		if (v.n != 1 || v.p[0] != want)
			fail_msg("attribute 0x%lx is not %d", types[i], want);
	}
}
#define FLAGS(want, ...) \
	check_flags(s, o, (const CK_ATTRIBUTE_TYPE[]){ __VA_ARGS__ }, \
		    sizeof((const CK_ATTRIBUTE_TYPE[]){ __VA_ARGS__ }) / sizeof(CK_ATTRIBUTE_TYPE), want)

static void test_private_attributes(void **state)
{
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE o;
	struct rig_card c = rig_card_new(&(struct rig_spec){ .pin = RIG_PIN });
	CK_BYTE room[64];
	CK_ATTRIBUTE secret = { CKA_PRIVATE_EXPONENT, room, sizeof(room) }, odd = { CKA_EC_POINT, room, sizeof(room) };

	(void)state;
	rig_card_key(&c, 7, EC_NONE, 1024, "rsa", RD_LIT("\x0a\x0b"));
	rig_card_insert(&c);
	rig_initialize();
	s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	o = rig_find(s, CKO_PRIVATE_KEY, "rsa");
	FLAGS(CK_TRUE, CKA_TOKEN, CKA_PRIVATE, CKA_SIGN, CKA_SENSITIVE, CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE,
	      CKA_LOCAL, CKA_DESTROYABLE, CKA_DECRYPT, CKA_MODIFIABLE);
	FLAGS(CK_FALSE, CKA_EXTRACTABLE, CKA_UNWRAP, CKA_DERIVE, CKA_SIGN_RECOVER,
	      CKA_ALWAYS_AUTHENTICATE, CKA_COPYABLE);
	assert_int_equal(rig_number(s, o, CKA_CLASS), CKO_PRIVATE_KEY);
	assert_int_equal(rig_number(s, o, CKA_KEY_TYPE), CKK_RSA);
	assert_int_equal(rig_number(s, o, CKA_KEY_GEN_MECHANISM), CKM_RSA_PKCS_KEY_PAIR_GEN);
	assert_int_equal(rig_number(s, o, CKA_MODULUS_BITS), 1024);
	assert_bytes_equal(rig_attribute(s, o, CKA_ID), RD_LIT("\x0a\x0b"));
	assert_bytes_equal(rig_attribute(s, o, CKA_PUBLIC_EXPONENT), RD_LIT("\x01\x00\x01"));
	assert_int_equal(rig_attribute(s, o, CKA_MODULUS).n, 128);
	assert_int_equal(rig_attribute(s, o, CKA_SUBJECT).n, 0);
	assert_rv(C_GetAttributeValue(s, o, &secret, 1), CKR_ATTRIBUTE_SENSITIVE);
	assert_int_equal(secret.ulValueLen, CK_UNAVAILABLE_INFORMATION);
	assert_rv(C_GetAttributeValue(s, o, &odd, 1), CKR_ATTRIBUTE_TYPE_INVALID);
	assert_int_equal(odd.ulValueLen, CK_UNAVAILABLE_INFORMATION);
}

static void test_public_attributes(void **state)
{
	struct rig_card c = rig_card_new(&(struct rig_spec){ .pin = RIG_PIN });
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE o;
	struct rd point, q;

	(void)state;
	rig_card_key(&c, 1, EC_BP256R1, 0, "bp", RD_LIT("\x01"));
	rig_card_insert(&c);
	rig_initialize();
	s = rig_session();
	o = rig_find(s, CKO_PUBLIC_KEY, "bp");
	FLAGS(CK_TRUE, CKA_TOKEN, CKA_VERIFY, CKA_LOCAL);
	FLAGS(CK_FALSE, CKA_PRIVATE, CKA_ENCRYPT, CKA_WRAP, CKA_VERIFY_RECOVER, CKA_DERIVE, CKA_TRUSTED,
	      CKA_DESTROYABLE);
	assert_int_equal(rig_number(s, o, CKA_KEY_TYPE), CKK_EC);
	assert_int_equal(rig_number(s, o, CKA_KEY_GEN_MECHANISM), CKM_EC_KEY_PAIR_GEN);
	assert_bytes_equal(rig_attribute(s, o, CKA_EC_PARAMS), RD_LIT("\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x07"));
	point = rig_attribute(s, o, CKA_EC_POINT);
	assert_true(rd_tlv(&point, 0x04, &q) && rd_end(&point));
	assert_true(ec_point_is_valid(EC_BP256R1, q));
	assert_true(rig_attribute(s, o, CKA_PUBLIC_KEY_INFO).n > q.n);
}

/* PKCS#11 2.40 5.7: each attribute of a template gets its answer, whatever the others get. */
static void test_buffers(void **state)
{
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE o;
	CK_BYTE a[2] = { 0xee, 0xee }, b[1] = { 0xee }, d[8];
	CK_ATTRIBUTE t[] = {
		{ CKA_LABEL, a, 2 },            /* fits exactly */
		{ CKA_EC_PARAMS, b, 1 },        /* too small */
		{ CKA_VALUE, d, sizeof(d) },    /* the public key has none */
		{ CKA_ID, NULL, 0 },            /* asks for the length */
	};

	(void)state;
	(void)rig_card_simple();
	rig_initialize();
	s = rig_session();
	o = rig_find(s, CKO_PUBLIC_KEY, "ec");
	assert_rv(C_GetAttributeValue(s, o, t, 4), CKR_BUFFER_TOO_SMALL);
	assert_int_equal(t[0].ulValueLen, 2);
	assert_memory_equal(a, "ec", 2);
	assert_int_equal(t[1].ulValueLen, CK_UNAVAILABLE_INFORMATION);
	assert_int_equal(b[0], 0xee);
	assert_int_equal(t[2].ulValueLen, CK_UNAVAILABLE_INFORMATION);
	assert_int_equal(t[3].ulValueLen, 1);
	assert_rv(C_GetAttributeValue(s, o, NULL, 1), CKR_ARGUMENTS_BAD);
	assert_rv(C_GetAttributeValue(s, o + 1000, t, 1), CKR_OBJECT_HANDLE_INVALID);
}

static void test_generate(void **state)
{
	CK_OBJECT_HANDLE pub = 0, priv = 0;
	CK_SESSION_HANDLE s, ro;
	struct rig_card c;

	(void)state;
	c = rig_card_simple();
	rig_initialize();
	s = rig_session();
	assert_rv(rig_generate(s, CKM_EC_KEY_PAIR_GEN, 0, "new", &pub, &priv), CKR_USER_NOT_LOGGED_IN);
	assert_ok(rig_login(s, RIG_PIN));
	assert_ok(C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &ro));
	assert_rv(rig_generate(ro, CKM_EC_KEY_PAIR_GEN, 0, "new", &pub, &priv), CKR_SESSION_READ_ONLY);
	assert_rv(rig_generate(s, CKM_RSA_PKCS, 1024, "new", &pub, &priv), CKR_MECHANISM_INVALID);
	assert_rv(rig_generate(s, CKM_RSA_PKCS_KEY_PAIR_GEN, 512, "new", &pub, &priv),
		  CKR_ATTRIBUTE_VALUE_INVALID);
	assert_rv(rig_generate(s, CKM_RSA_PKCS_KEY_PAIR_GEN, 1025, "new", &pub, &priv), CKR_ATTRIBUTE_VALUE_INVALID);
	/* A size between the limits that the card does not make. */
	assert_rv(rig_generate(s, CKM_RSA_PKCS_KEY_PAIR_GEN, 1032, "new", &pub, &priv), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_rv(rig_generate(s, CKM_RSA_PKCS_KEY_PAIR_GEN, 0, "new", &pub, &priv), CKR_TEMPLATE_INCOMPLETE);
	assert_ok(rig_generate(s, CKM_EC_KEY_PAIR_GEN, 0, "new", &pub, &priv));
	assert_ok(rig_generate(s, CKM_RSA_PKCS_KEY_PAIR_GEN, 1024, "new rsa", &pub, &priv));
	assert_int_equal(rig_find(s, CKO_PRIVATE_KEY, "new rsa"), priv);
	assert_int_equal(rig_find(s, CKO_PUBLIC_KEY, "new rsa"), pub);
	assert_int_equal(rig_number(s, pub, CKA_MODULUS_BITS), 1024);
	assert_int_equal(rig_number(s, priv, CKA_KEY_TYPE), CKK_RSA);
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "new")));

	/* It is on the card, described. */
	rig_card_remove();
	rig_card_insert(&c);
	s = rig_session();
	assert_int_equal(rig_count(s, CKO_PUBLIC_KEY), 3);
	(void)rig_find(s, CKO_PUBLIC_KEY, "new rsa");
}

static CK_RV generate_with(CK_SESSION_HANDLE s, CK_ATTRIBUTE *pub_t, CK_ULONG pub_n, CK_ATTRIBUTE *priv_t,
			   CK_ULONG priv_n, CK_OBJECT_HANDLE *priv)
{
	CK_MECHANISM m = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_OBJECT_HANDLE pub;

	return C_GenerateKeyPair(s, &m, pub_t, pub_n, priv_t, priv_n, &pub, priv);
}

static void test_templates(void **state)
{
	CK_BYTE curve[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 },
		unknown[] = { 0x06, 0x01, 0x2a }, id[] = { 0x42, 0x43 };
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_KEY_TYPE rsa = CKK_RSA;
	CK_ATTRIBUTE params = { CKA_EC_PARAMS, curve, sizeof(curve) };
	CK_ATTRIBUTE pub_bad = { CKA_EC_PARAMS, unknown, sizeof(unknown) };
	const struct {
		CK_ATTRIBUTE a;
		CK_RV rv;
	} rows[] = {
		{ { CKA_TOKEN, &no, 1 }, CKR_TEMPLATE_INCONSISTENT },
		{ { CKA_TOKEN, &no, 2 }, CKR_ATTRIBUTE_VALUE_INVALID },
		{ { CKA_PRIVATE, &no, 1 }, CKR_TEMPLATE_INCONSISTENT },
		{ { CKA_EXTRACTABLE, &yes, 1 }, CKR_TEMPLATE_INCONSISTENT },
		{ { CKA_ALWAYS_AUTHENTICATE, &yes, 1 }, CKR_TEMPLATE_INCONSISTENT },
		{ { CKA_KEY_TYPE, &rsa, sizeof(rsa) }, CKR_TEMPLATE_INCONSISTENT },
		{ { CKA_LOCAL, &yes, 1 }, CKR_ATTRIBUTE_READ_ONLY },
		{ { CKA_MODULUS_BITS, &rsa, sizeof(rsa) }, CKR_ATTRIBUTE_TYPE_INVALID },
		{ { CKA_VENDOR_DEFINED, &yes, 1 }, CKR_ATTRIBUTE_TYPE_INVALID },
	};
	CK_ATTRIBUTE session_pub[] = { params, { CKA_TOKEN, &no, 1 } }, token = { CKA_TOKEN, &yes, 1 };
	CK_ATTRIBUTE good[] = {
		{ CKA_CLASS, &class, sizeof(class) }, { CKA_TOKEN, &yes, 1 }, { CKA_PRIVATE, &yes, 1 },
		{ CKA_SENSITIVE, &yes, 1 }, { CKA_SIGN, &no, 1 }, { CKA_ID, id, sizeof(id) },
	};
	CK_OBJECT_HANDLE priv;
	CK_SESSION_HANDLE s;

	(void)state;
	s = rig_enter();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CK_ATTRIBUTE a = rows[i].a;

		assert_rv(generate_with(s, &params, 1, &a, 1, &priv), rows[i].rv);
	}
	assert_rv(generate_with(s, NULL, 1, NULL, 0, &priv), CKR_ARGUMENTS_BAD);
	assert_rv(generate_with(s, NULL, 0, NULL, 0, &priv), CKR_TEMPLATE_INCOMPLETE);
	assert_rv(generate_with(s, &pub_bad, 1, NULL, 0, &priv), CKR_CURVE_NOT_SUPPORTED);
	/* What does not say CKA_TOKEN is a session object (PKCS#11 2.40 4.4), which the card cannot have. */
	assert_rv(generate_with(s, &params, 1, NULL, 0, &priv), CKR_TEMPLATE_INCONSISTENT);
	assert_rv(generate_with(s, session_pub, 2, &token, 1, &priv), CKR_TEMPLATE_INCONSISTENT);
	assert_int_equal(rig_count(s, CKO_PRIVATE_KEY), 1);
	assert_ok(generate_with(s, &params, 1, good, 6, &priv));
	assert_bytes_equal(rig_attribute(s, priv, CKA_ID), RD_ARR(id));
	assert_rv(rig_sign(s, priv), CKR_KEY_FUNCTION_NOT_PERMITTED);
}

static void test_exponents(void **state)
{
	static const struct {
		CK_BYTE e[2];
		CK_ULONG n;
		CK_RV rv;
	} rows[] = {
		{ { 3 }, 1, CKR_OK },
		{ { 0, 3 }, 2, CKR_OK },
		{ { 0 }, 1, CKR_ATTRIBUTE_VALUE_INVALID },
		{ { 1 }, 1, CKR_ATTRIBUTE_VALUE_INVALID },
		{ { 1, 0 }, 2, CKR_ATTRIBUTE_VALUE_INVALID },
	};
	CK_MECHANISM m = { CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0 };
	CK_OBJECT_HANDLE pub, priv;
	CK_BBOOL yes = CK_TRUE;
	CK_ULONG bits = 1024;
	CK_SESSION_HANDLE s;

	(void)state;
	s = rig_enter();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CK_BYTE e[2] = { rows[i].e[0], rows[i].e[1] };
		CK_ATTRIBUTE pub_t[] = { { CKA_MODULUS_BITS, &bits, sizeof(bits) },
					 { CKA_PUBLIC_EXPONENT, e, rows[i].n } };
		CK_ATTRIBUTE priv_t = { CKA_TOKEN, &yes, 1 };

		assert_rv(C_GenerateKeyPair(s, &m, pub_t, 2, &priv_t, 1, &pub, &priv), rows[i].rv);
		if (!rows[i].rv)
			assert_bytes_equal(rig_attribute(s, pub, CKA_PUBLIC_EXPONENT), RD_LIT("\x03"));
	}
}

static void test_destroy_key(void **state)
{
	struct rig_card c = rig_card_simple();
	CK_OBJECT_HANDLE priv;
	CK_SESSION_HANDLE s;
	CK_BYTE sig[64], data[32] = { 0 };
	CK_ULONG n = sizeof(sig);

	(void)state;
	rig_initialize();
	s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	assert_rv(C_DestroyObject(s, rig_find(s, CKO_PUBLIC_KEY, "ec")), CKR_ACTION_PROHIBITED);
	priv = rig_find(s, CKO_PRIVATE_KEY, "ec");
	assert_ok(rig_sign_begin(s, CKM_ECDSA, priv));
	assert_ok(C_DestroyObject(s, priv));
	/* An operation that had begun finds no key. */
	assert_rv(C_Sign(s, data, sizeof(data), sig, &n), CKR_KEY_HANDLE_INVALID);
	assert_int_equal(rig_count(s, CKO_PUBLIC_KEY), 0);
	rig_card_remove();
	rig_card_insert(&c);
	assert_int_equal(rig_count(rig_session(), CKO_PUBLIC_KEY), 0);
}

/* Files that are not what they should be: the object is left out, the others are there. */
static void test_damaged(void **state)
{
	struct rig_card c = rig_card_new(&(struct rig_spec){ .pin = RIG_PIN });
	CK_SESSION_HANDLE s;

	(void)state;
	rig_card_key(&c, 1, EC_SECP256R1, 0, "good", RD_LIT("\x01"));
	rig_card_key(&c, 2, EC_SECP256R1, 0, "no description", RD_LIT("\x02"));
	rig_card_write(&c, HSM_FID(HSM_FID_PRKD, 2), RD_LIT("\x30\x05rubbish"));
	rig_card_key(&c, 3, EC_SECP256R1, 0, "no public key", RD_LIT("\x03"));
	rig_card_write(&c, HSM_FID(HSM_FID_EE, 3), RD_LIT("\x67\x82\xff"));
	rig_card_write(&c, HSM_FID(HSM_FID_CA, 4), RD_LIT("\x30\x03\x02\x01\x00"));
	rig_card_write(&c, HSM_FID(HSM_FID_CD, 4), RD_LIT("\x30"));
	rig_card_insert(&c);
	rig_initialize();
	s = rig_session();
	assert_int_equal(rig_count(s, CKO_PUBLIC_KEY), 1);
	assert_int_equal(rig_count(s, CKO_CERTIFICATE), 0);
	assert_ok(rig_login(s, RIG_PIN));
	assert_int_equal(rig_count(s, CKO_PRIVATE_KEY), 2);
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "good")));
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "no public key")));
}

int main(int argc, char **argv)
{
	agent_process_main(argc, argv);
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_visible),
		RIG_TEST(test_search),
		RIG_TEST(test_private_attributes),
		RIG_TEST(test_public_attributes),
		RIG_TEST(test_buffers),
		RIG_TEST(test_generate),
		RIG_TEST(test_templates),
		RIG_TEST(test_exponents),
		RIG_TEST(test_destroy_key),
		RIG_TEST(test_damaged),
	};

	return RUN_BOTH(tests);
}
