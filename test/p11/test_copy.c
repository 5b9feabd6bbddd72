/* SPDX-License-Identifier: Apache-2.0 */
/* Copies and sizes of objects, and what the card alone knows of them: unique ids, counters, attestations. */
#include "test/p11/agent.h"

#include <stdlib.h>

#include "base/cvc.h"
#include "pkcs11/ck/vendor.h"
#include "sc-hsm/cmd.h"

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

static CK_SESSION_HANDLE enter(void)
{
	CK_SESSION_HANDLE s;

	rig_initialize();
	s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	return s;
}

static CK_OBJECT_HANDLE create_data(CK_SESSION_HANDLE s, CK_BBOOL *is_private)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_BYTE label[] = "first", value[] = "some value", application[] = "program";
	CK_ATTRIBUTE t[] = { { CKA_CLASS, &class, sizeof(class) }, { CKA_TOKEN, &yes, 1 },
			     { CKA_PRIVATE, is_private, 1 }, { CKA_LABEL, label, 5 }, { CKA_VALUE, value, 10 },
			     { CKA_APPLICATION, application, 7 } };
	CK_OBJECT_HANDLE o = 0;

	assert_ok(C_CreateObject(s, t, 6, &o));
	return o;
}

static void test_data(void **state)
{
	CK_BYTE label[] = "second";
	CK_ATTRIBUTE t[] = { { CKA_LABEL, label, 6 } }, session[] = { { CKA_TOKEN, &no, 1 } },
		     bad[] = { { CKA_APPLICATION, label, 6 } }, odd[] = { { CKA_MODULUS, label, 6 } },
		     size[] = { { CKA_TOKEN, &yes, 2 } };
	struct rig_card c = rig_card_simple();
	CK_OBJECT_HANDLE from, copy = 0;
	CK_SESSION_HANDLE s = enter();
	CK_ULONG bytes = 0, more = 0;

	(void)state;
	for (int i = 0; i < 2; i++) {
		from = create_data(s, i ? &yes : &no);
		assert_rv(C_CopyObject(s, from, bad, 1, &copy), CKR_ATTRIBUTE_READ_ONLY);
		assert_rv(C_CopyObject(s, from, odd, 1, &copy), CKR_ATTRIBUTE_TYPE_INVALID);
		assert_rv(C_CopyObject(s, from, size, 1, &copy), CKR_ATTRIBUTE_VALUE_INVALID);
		assert_rv(C_CopyObject(s, from, session, 1, &copy), CKR_TEMPLATE_INCONSISTENT);
		assert_rv(C_CopyObject(s, from, t, 1, NULL), CKR_ARGUMENTS_BAD);
		assert_rv(C_CopyObject(s, from + 100, t, 1, &copy), CKR_OBJECT_HANDLE_INVALID);
		assert_ok(C_CopyObject(s, from, t, 1, &copy));
		assert_int_not_equal(copy, from);
		assert_ok(C_GetObjectSize(s, from, &bytes));
		assert_ok(C_GetObjectSize(s, copy, &more));
		assert_int_equal(more, bytes + 1);      /* its label is longer */
		assert_ok(C_DestroyObject(s, from));
	}
	/* Both are on the card, and the private one is still private. */
	rig_card_remove();
	rig_card_insert(&c);
	s = rig_session();
	copy = rig_find(s, CKO_DATA, "second");
	assert_bytes_equal(rig_attribute(s, copy, CKA_VALUE), RD_LIT("some value"));
	assert_bytes_equal(rig_attribute(s, copy, CKA_APPLICATION), RD_LIT("program"));
	assert_ok(rig_login(s, RIG_PIN));
	assert_int_equal(rig_count(s, CKO_DATA), 2);
}

static void test_keys(void **state)
{
	CK_BYTE label[] = "copy", point_copy[100], got[64];
	CK_ATTRIBUTE session[] = { { CKA_TOKEN, &no, 1 }, { CKA_LABEL, label, 4 } };
	CK_ATTRIBUTE hidden[] = { { CKA_TOKEN, &no, 1 }, { CKA_PRIVATE, &yes, 1 } };
	CK_ATTRIBUTE soft[] = { { CKA_SENSITIVE, &no, 1 } }, hard[] = { { CKA_SENSITIVE, &yes, 1 } },
		     locked[] = { { CKA_EXTRACTABLE, &no, 1 } }, open[] = { { CKA_EXTRACTABLE, &yes, 1 } };
	CK_ATTRIBUTE value = { CKA_VALUE, got, sizeof(got) };
	CK_ECDH1_DERIVE_PARAMS p = { .kdf = CKD_NULL };
	CK_MECHANISM m = { CKM_ECDH1_DERIVE, &p, sizeof(p) };
	CK_OBJECT_HANDLE priv, pub, copy = 0, secret = 0, other = 0;
	CK_SESSION_HANDLE s, two;
	struct rd point;

	(void)state;
	(void)rig_card_simple();
	s = enter();
	priv = rig_find(s, CKO_PRIVATE_KEY, "ec");
	pub = rig_find(s, CKO_PUBLIC_KEY, "ec");
	assert_rv(C_CopyObject(s, priv, NULL, 0, &copy), CKR_ACTION_PROHIBITED);
	/* The card has no place for a second one. */
	assert_rv(C_CopyObject(s, pub, NULL, 0, &copy), CKR_TEMPLATE_INCONSISTENT);
	assert_rv(C_CopyObject(s, pub, hidden, 2, &copy), CKR_TEMPLATE_INCONSISTENT);
	assert_ok(C_CopyObject(s, pub, session, 2, &copy));
	assert_bytes_equal(rig_attribute(s, copy, CKA_LABEL), RD_LIT("copy"));
	assert_bytes_equal(rig_attribute(s, copy, CKA_TOKEN), rd_of(&no, 1));
	point = rig_attribute(s, copy, CKA_EC_POINT);
	memcpy(point_copy, point.p, point.n);
	assert_bytes_equal(rig_attribute(s, pub, CKA_EC_POINT), rd_of(point_copy, point.n));

	p.public_data = point_copy;
	p.public_data_len = point.n;
	assert_ok(C_DeriveKey(s, &m, priv, NULL, 0, &secret));
	assert_rv(C_CopyObject(s, secret, session + 1, 1, NULL), CKR_ARGUMENTS_BAD);
	assert_rv(C_CopyObject(s, secret, &(CK_ATTRIBUTE){ CKA_TOKEN, &yes, 1 }, 1, &copy), CKR_TEMPLATE_INCONSISTENT);
	assert_ok(C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &two));
	assert_ok(C_CopyObject(two, secret, hard, 1, &copy));
	assert_rv(C_GetAttributeValue(s, copy, &value, 1), CKR_ATTRIBUTE_SENSITIVE);
	assert_rv(C_CopyObject(s, copy, soft, 1, &other), CKR_ATTRIBUTE_READ_ONLY);
	assert_ok(C_CopyObject(two, secret, locked, 1, &other));
	assert_rv(C_CopyObject(s, other, open, 1, &other), CKR_ATTRIBUTE_READ_ONLY);
	/* They are of the session that made them. */
	assert_ok(C_CloseSession(two));
	assert_rv(C_GetAttributeValue(s, copy, &value, 1), CKR_OBJECT_HANDLE_INVALID);
	assert_ok(C_CopyObject(s, secret, NULL, 0, &copy));
	assert_ok(C_DestroyObject(s, secret));
	value.ulValueLen = sizeof(got);
	assert_ok(C_GetAttributeValue(s, copy, &value, 1));
	assert_int_equal(value.ulValueLen, 32);
}

/* Programs that ask are told that certificates need no login (3.0 4.13); to others there is no such object. */
static void test_profile(void **state)
{
	CK_OBJECT_CLASS class = 9;      /* CKO_PROFILE */
	CK_BYTE name[] = "x";
	CK_ATTRIBUTE find[] = { { CKA_CLASS, &class, sizeof(class) }, { CKA_TOKEN, &yes, 1 } },
		     label = { CKA_LABEL, name, 1 };
	CK_OBJECT_HANDLE found[10], o;
	CK_SESSION_HANDLE s;
	CK_ULONG n = 0;

	(void)state;
	(void)rig_card_simple();
	rig_initialize();
	s = rig_session();
	assert_int_equal(rig_count(s, class), 1);
	assert_ok(C_FindObjectsInit(s, find, 2));
	assert_ok(C_FindObjects(s, &o, 1, &n));
	assert_int_equal(n, 1);
	assert_ok(C_FindObjectsFinal(s));
	assert_int_equal(rig_number(s, o, 0x601), 4);   /* CKA_PROFILE_ID: CKP_PUBLIC_CERTIFICATES_TOKEN */
	assert_int_equal(rig_attribute(s, o, P11_CKA_UNIQUE_ID).n, 32);
	assert_rv(C_GetAttributeValue(s, o, &(CK_ATTRIBUTE){ CKA_VALUE, NULL, 0 }, 1), CKR_ATTRIBUTE_TYPE_INVALID);
	assert_ok(rig_login(s, RIG_PIN));
	assert_rv(C_SetAttributeValue(s, o, &label, 1), CKR_ACTION_PROHIBITED);
	assert_rv(C_CopyObject(s, o, NULL, 0, found), CKR_ACTION_PROHIBITED);
	assert_rv(C_DestroyObject(s, o), CKR_ACTION_PROHIBITED);
	assert_ok(C_FindObjectsInit(s, NULL, 0));
	assert_ok(C_FindObjects(s, found, 10, &n));
	assert_ok(C_FindObjectsFinal(s));
	while (n--)
		assert_int_not_equal(found[n], o);
}

/* A private object needs a login, also as a copy (4.4). */
static void test_copy_private(void **state)
{
	CK_ECDH1_DERIVE_PARAMS p = { .kdf = CKD_NULL };
	CK_MECHANISM m = { CKM_ECDH1_DERIVE, &p, sizeof(p) };
	CK_ATTRIBUTE open = { CKA_PRIVATE, &no, 1 }, hidden = { CKA_PRIVATE, &yes, 1 };
	CK_OBJECT_HANDLE secret = 0, copy = 0;
	CK_SESSION_HANDLE s;
	CK_BYTE point[100];
	struct rd v;

	(void)state;
	(void)rig_card_simple();
	s = enter();
	v = rig_attribute(s, rig_find(s, CKO_PUBLIC_KEY, "ec"), CKA_EC_POINT);
	memcpy(point, v.p, v.n);
	p.public_data = point;
	p.public_data_len = v.n;
	assert_ok(C_DeriveKey(s, &m, rig_find(s, CKO_PRIVATE_KEY, "ec"), &open, 1, &secret));
	assert_ok(C_Logout(s));
	assert_ok(C_CopyObject(s, secret, NULL, 0, &copy));
	assert_rv(C_CopyObject(s, secret, &hidden, 1, &copy), CKR_USER_NOT_LOGGED_IN);
	assert_ok(rig_login(s, RIG_PIN));
	assert_ok(C_CopyObject(s, secret, &hidden, 1, &copy));
	assert_ok(C_Logout(s));
	assert_rv(C_GetObjectSize(s, copy, &(CK_ULONG){ 0 }), CKR_OBJECT_HANDLE_INVALID);
}

static void keep_text(struct rd v, char out[64])
{
	assert_in_range(v.n, 1, 63);
	memcpy(out, v.p, v.n);
	out[v.n] = 0;
}

static void test_unique(void **state)
{
	static const CK_OBJECT_CLASS classes[] = { CKO_PRIVATE_KEY, CKO_PUBLIC_KEY };
	struct rig_card c = rig_card_new(&(struct rig_spec){ .pin = RIG_PIN });
	CK_BYTE renamed[] = "renamed";
	CK_ATTRIBUTE name = { CKA_LABEL, renamed, 7 };
	char id[2][64], again[64];
	CK_SESSION_HANDLE s;

	(void)state;
	rig_card_key(&c, 1, EC_SECP256R1, 0, "key", RD_LIT("\x01"));
	rig_card_insert(&c);
	s = enter();
	for (int i = 0; i < 2; i++)
		keep_text(rig_attribute(s, rig_find(s, classes[i], "key"), P11_CKA_UNIQUE_ID), id[i]);
	assert_string_not_equal(id[0], id[1]);
	/* The same for another process, and under another name. */
	assert_ok(C_SetAttributeValue(s, rig_find(s, CKO_PRIVATE_KEY, "key"), &name, 1));
	rig_finalize();
	s = enter();
	for (int i = 0; i < 2; i++) {
		keep_text(rig_attribute(s, rig_find(s, classes[i], "renamed"), P11_CKA_UNIQUE_ID), again);
		assert_string_equal(again, id[i]);
	}
	/* Another key of the same number is not it. */
	assert_ok(C_DestroyObject(s, rig_find(s, CKO_PRIVATE_KEY, "renamed")));
	rig_finalize();
	rig_card_remove();
	rig_card_key(&c, 1, EC_SECP256R1, 0, "key", RD_LIT("\x01"));
	rig_card_insert(&c);
	s = enter();
	for (int i = 0; i < 2; i++) {
		keep_text(rig_attribute(s, rig_find(s, classes[i], "key"), P11_CKA_UNIQUE_ID), again);
		assert_string_not_equal(again, id[i]);
	}
}

/* What the card was told at a key's birth, from the card each time. */
static void test_limits(void **state)
{
	CK_BYTE p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
	CK_MECHANISM m = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_ULONG uses = 3, too_many = (CK_ULONG)UINT32_MAX + 1;
	CK_MECHANISM_TYPE ecdsa[] = { CKM_ECDSA, CKM_ECDSA_SHA256 }, rsa = CKM_RSA_PKCS, *allowed;
	CK_BYTE label[] = "ec limited", list[] = { 0x70 };
	CK_ATTRIBUTE pub_t[] = { { CKA_EC_PARAMS, p256, sizeof(p256) } };
	CK_ATTRIBUTE t[] = { { CKA_TOKEN, &yes, 1 }, { P11_CKA_USE_COUNTER, &uses, sizeof(uses) },
			     { CKA_ALLOWED_MECHANISMS, ecdsa, sizeof(ecdsa) }, { CKA_LABEL, label, 10 } };
	CK_ATTRIBUTE bad[] = { { CKA_TOKEN, &yes, 1 }, { CKA_ALLOWED_MECHANISMS, &rsa, sizeof(rsa) } };
	CK_ATTRIBUTE many[] = { { CKA_TOKEN, &yes, 1 }, { P11_CKA_USE_COUNTER, &too_many, sizeof(too_many) } };
	CK_OBJECT_HANDLE pub, priv;
	CK_SESSION_HANDLE s;
	struct rd v;

	(void)state;
	(void)rig_card_simple();
	s = enter();
	assert_rv(C_GenerateKeyPair(s, &m, pub_t, 1, bad, 2, &pub, &priv), CKR_TEMPLATE_INCONSISTENT);
	if (too_many)           /* a CK_ULONG may have 32 bits, as the card's counter has */
		assert_rv(C_GenerateKeyPair(s, &m, pub_t, 1, many, 2, &pub, &priv), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_ok(C_GenerateKeyPair(s, &m, pub_t, 1, t, 4, &pub, &priv));
	assert_int_equal(rig_number(s, priv, P11_CKA_USE_COUNTER), 3);
	assert_bytes_equal(rig_attribute(s, priv, P11_CKA_ALGORITHMS), RD_ARR(list));
	assert_ok(rig_sign(s, priv));
	assert_int_equal(rig_number(s, priv, P11_CKA_USE_COUNTER), 2);
	/* With the card's ECDSA go all hashes of ours, and nothing else. */
	v = rig_attribute(s, priv, CKA_ALLOWED_MECHANISMS);
	allowed = malloc(v.n);
	assert_non_null(allowed);
	memcpy(allowed, v.p, v.n);
	assert_in_range(v.n / sizeof(allowed[0]), 2, 6);
	for (size_t i = 0; i < v.n / sizeof(allowed[0]); i++)
		assert_true(allowed[i] != CKM_ECDH1_DERIVE && allowed[i] != CKM_EC_KEY_PAIR_GEN);
	free(allowed);
	/* A key without such limits. */
	priv = rig_find(s, CKO_PRIVATE_KEY, "ec");
	assert_rv(C_GetAttributeValue(s, priv, &(CK_ATTRIBUTE){ P11_CKA_USE_COUNTER, NULL, 0 }, 1),
		  CKR_ATTRIBUTE_TYPE_INVALID);
	assert_true(rig_attribute(s, priv, CKA_ALLOWED_MECHANISMS).n > 6 * sizeof(CK_MECHANISM_TYPE));
	assert_bytes_equal(rig_attribute(s, priv, P11_CKA_KEY_DOMAIN), RD_LIT("\0"));
}

static size_t count_certificates(CK_SESSION_HANDLE s, CK_CERTIFICATE_TYPE *type, CK_OBJECT_HANDLE found[4])
{
	CK_ATTRIBUTE t = { CKA_CERTIFICATE_TYPE, type, sizeof(*type) };
	CK_ULONG n = 0;

	assert_ok(C_FindObjectsInit(s, &t, 1));
	assert_ok(C_FindObjects(s, found, 4, &n));
	assert_ok(C_FindObjectsFinal(s));
	return n;
}

static void test_verifiable(void **state)
{
	CK_CERTIFICATE_TYPE cvc = P11_CKC_CVC, x509 = CKC_X_509;
	struct rig_card c = rig_card_simple();
	CK_OBJECT_HANDLE found[4];
	CK_BYTE label[] = "x";
	CK_ATTRIBUTE name = { CKA_LABEL, label, 1 };
	struct cvc_request request;
	CK_SESSION_HANDLE s;
	char car[64];
	struct rd v;

	(void)state;
	s = enter();
	/* Not for programs that look for X.509. */
	assert_int_equal(rig_count(s, CKO_CERTIFICATE), 0);
	assert_int_equal(count_certificates(s, &x509, found), 0);
	assert_int_equal(count_certificates(s, &cvc, found), 2);
	assert_bytes_equal(rig_attribute(s, found[0], CKA_LABEL), rd_str(c.id));
	assert_int_equal(rig_number(s, found[0], CKA_CERTIFICATE_CATEGORY), 1);
	assert_int_equal(rig_number(s, found[1], CKA_CERTIFICATE_CATEGORY), 2);
	keep_text(rig_attribute(s, found[0], P11_CKA_CVC_CAR), car);
	assert_bytes_equal(rig_attribute(s, found[1], P11_CKA_CVC_CHR), rd_str(car));
	assert_int_equal(rig_attribute(s, found[1], CKA_END_DATE).n, 8);
	assert_rv(C_DestroyObject(s, found[0]), CKR_ACTION_PROHIBITED);
	assert_rv(C_SetAttributeValue(s, found[0], &name, 1), CKR_ACTION_PROHIBITED);
	/* The attestation of a key, signed by the device that the first of them names. */
	v = rig_attribute(s, rig_find(s, CKO_PUBLIC_KEY, "ec"), P11_CKA_ATTESTATION);
	assert_int_equal(cvc_request_read(&v, &request), ERR_OK);
	assert_bytes_equal(request.outer_car, rd_str(c.id));
}

int main(int argc, char **argv)
{
	agent_process_main(argc, argv);
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_data), RIG_TEST(test_keys), RIG_TEST(test_copy_private),
		RIG_TEST(test_unique), RIG_TEST(test_limits),
		RIG_TEST(test_verifiable), RIG_TEST(test_profile),
	};

	return RUN_BOTH(tests);
}
