/* SPDX-License-Identifier: Apache-2.0 */
/* Data objects and names of objects: written to the card, found again by another login, and taken away. */
#include "test/p11/agent.h"

static CK_BYTE label[] = "notes", app[] = "program", oid[] = "\x06\x03\x55\x04\x03", text[] = "what is in it",
	       other[] = "another name", id[] = "\x01\x02\x03", key_label[] = "ec";
static CK_OBJECT_CLASS data = CKO_DATA;
static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

static CK_ATTRIBUTE what[] = {
	{ CKA_CLASS, &data, sizeof(data) }, { CKA_TOKEN, &yes, 1 }, { CKA_LABEL, label, sizeof(label) - 1 },
	{ CKA_APPLICATION, app, sizeof(app) - 1 }, { CKA_OBJECT_ID, oid, sizeof(oid) - 1 },
	{ CKA_VALUE, text, sizeof(text) - 1 }, { CKA_PRIVATE, &no, 1 },
};
#define WHAT (sizeof(what) / sizeof(what[0]))

static CK_SESSION_HANDLE open_card(void)
{
	CK_SESSION_HANDLE s;

	s = rig_enter();
	return s;
}

/* As another program, later. */
static CK_SESSION_HANDLE again(bool login)
{
	CK_SESSION_HANDLE s;

	rig_finalize();
	rig_initialize();
	s = rig_session();
	if (login)
		assert_ok(rig_login(s, RIG_PIN));
	return s;
}

static void is_as_written(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_BBOOL is_private)
{
	assert_bytes_equal(rig_attribute(s, o, CKA_VALUE), RD_LIT("what is in it"));
	assert_bytes_equal(rig_attribute(s, o, CKA_APPLICATION), RD_LIT("program"));
	assert_bytes_equal(rig_attribute(s, o, CKA_OBJECT_ID), RD_LIT("\x06\x03\x55\x04\x03"));
	assert_int_equal(rig_attribute(s, o, CKA_PRIVATE).p[0], is_private);
	assert_int_equal(rig_attribute(s, o, CKA_TOKEN).p[0], CK_TRUE);
}

static void life_of(CK_BBOOL is_private)
{
	CK_SESSION_HANDLE s = open_card();
	CK_ATTRIBUTE value = { CKA_VALUE, NULL, 0 };
	CK_OBJECT_HANDLE o = 0;

	what[6].pValue = is_private ? &yes : &no;
	assert_ok(C_CreateObject(s, what, WHAT, &o));
	is_as_written(s, o, is_private);
	s = again(false);
	assert_int_equal(rig_count(s, CKO_DATA), !is_private);
	assert_ok(rig_login(s, RIG_PIN));
	o = rig_find(s, CKO_DATA, "notes");
	is_as_written(s, o, is_private);
	/* A search by the value finds what can be read without asking the card. */
	assert_ok(C_GetAttributeValue(s, o, &value, 1));
	assert_int_equal(value.ulValueLen, 13);
	assert_ok(C_DestroyObject(s, o));
	assert_int_equal(rig_count(s, CKO_DATA), 0);
	s = again(true);
	assert_int_equal(rig_count(s, CKO_DATA), 0);
}

static void test_public_data(void **state)
{
	(void)state;
	life_of(CK_FALSE);
}

static void test_private_data(void **state)
{
	(void)state;
	life_of(CK_TRUE);
}

static size_t count_value(CK_SESSION_HANDLE s, CK_ULONG size)
{
	CK_ATTRIBUTE t = { CKA_VALUE, text, size };
	CK_OBJECT_HANDLE found[8];
	CK_ULONG n = 0;

	assert_ok(C_FindObjectsInit(s, &t, 1));
	assert_ok(C_FindObjects(s, found, 8, &n));
	assert_ok(C_FindObjectsFinal(s));
	return n;
}

/* Also what is private, and not kept in memory, is found by its value. */
static void test_find_by_value(void **state)
{
	CK_SESSION_HANDLE s = open_card();
	CK_OBJECT_HANDLE o = 0;

	(void)state;
	for (int is_private = 0; is_private < 2; is_private++) {
		what[6].pValue = is_private ? &yes : &no;
		assert_ok(C_CreateObject(s, what, WHAT, &o));
		assert_int_equal(count_value(s, sizeof(text) - 1), is_private + 1);
	}
	assert_int_equal(count_value(s, sizeof(text) - 2), 0);
	assert_int_equal(count_value(s, 0), 0);
	assert_ok(C_Logout(s));
	assert_int_equal(count_value(s, sizeof(text) - 1), 1);
}

/* What was destroyed takes no room: a program may make and destroy for ever. */
static void test_for_ever(void **state)
{
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
	CK_KEY_TYPE rsa = CKK_RSA;
	CK_BYTE modulus[128] = { 0xC5, [127] = 1 }, exponent[] = { 1, 0, 1 };
	CK_ATTRIBUTE pub[] = { { CKA_CLASS, &class, sizeof(class) }, { CKA_KEY_TYPE, &rsa, sizeof(rsa) },
			       { CKA_MODULUS, modulus, sizeof(modulus) }, { CKA_PUBLIC_EXPONENT, exponent, 3 } };
	CK_SESSION_HANDLE s = open_card();
	CK_OBJECT_HANDLE first = 0, last = 0, o = 0;
	CK_RV rv = CKR_OK;

	(void)state;
	for (int i = 0; !rv && i < 10000; i++) {
		rv = C_CreateObject(s, pub, 4, &last);
		first = first ? first : last;
	}
	assert_int_not_equal(rv, CKR_OK);
	assert_ok(C_DestroyObject(s, first));
	for (int i = 0; i < 3; i++) {
		assert_ok(C_CreateObject(s, what, WHAT, &o));
		assert_ok(C_DestroyObject(s, o));
		assert_rv(C_GetObjectSize(s, o, &(CK_ULONG){ 0 }), CKR_OBJECT_HANDLE_INVALID);
	}
	assert_ok(C_CreateObject(s, pub, 4, &last));
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
}

static void test_data_refused(void **state)
{
	CK_SESSION_HANDLE s = open_card(), ro;
	CK_OBJECT_HANDLE o = 0;

	(void)state;
	what[1].pValue = &no;
	assert_rv(C_CreateObject(s, what, WHAT, &o), CKR_TEMPLATE_INCONSISTENT);
	what[1].pValue = &yes;
	oid[0] = 7;
	assert_rv(C_CreateObject(s, what, WHAT, &o), CKR_ATTRIBUTE_VALUE_INVALID);
	oid[0] = 6;
	assert_ok(C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &ro));
	assert_rv(C_CreateObject(ro, what, WHAT, &o), CKR_SESSION_READ_ONLY);
	assert_ok(C_Logout(s));
	assert_rv(C_CreateObject(s, what, WHAT, &o), CKR_USER_NOT_LOGGED_IN);
	assert_int_equal(o, 0);
}

/* A key pair's names stand in one description; what else is in it stays. */
static void test_names_of_key(void **state)
{
	CK_ATTRIBUTE names[] = { { CKA_LABEL, other, sizeof(other) - 1 }, { CKA_ID, id, 3 } };
	CK_SESSION_HANDLE s = open_card();
	CK_OBJECT_HANDLE priv = rig_find(s, CKO_PRIVATE_KEY, "ec"), pub;

	(void)state;
	assert_ok(C_SetAttributeValue(s, priv, names, 2));
	pub = rig_find(s, CKO_PUBLIC_KEY, "another name");
	assert_bytes_equal(rig_attribute(s, pub, CKA_ID), RD_LIT("\x01\x02\x03"));
	s = again(true);
	priv = rig_find(s, CKO_PRIVATE_KEY, "another name");
	assert_bytes_equal(rig_attribute(s, priv, CKA_ID), RD_LIT("\x01\x02\x03"));
	assert_bytes_equal(rig_attribute(s, priv, CKA_SIGN), RD_LIT("\x01"));
	assert_bytes_equal(rig_attribute(s, priv, CKA_DERIVE), RD_LIT("\x01"));
	assert_ok(rig_sign(s, priv));
	/* One name alone. */
	names[0].pValue = key_label;
	names[0].ulValueLen = 2;
	assert_ok(C_SetAttributeValue(s, priv, names, 1));
	assert_bytes_equal(rig_attribute(s, rig_find(s, CKO_PRIVATE_KEY, "ec"), CKA_ID), RD_LIT("\x01\x02\x03"));
}

static void test_names_of_data(void **state)
{
	CK_ATTRIBUTE name = { CKA_LABEL, other, sizeof(other) - 1 };
	CK_SESSION_HANDLE s = open_card();
	CK_OBJECT_HANDLE o = 0;

	(void)state;
	what[6].pValue = &yes;
	assert_ok(C_CreateObject(s, what, WHAT, &o));
	assert_ok(C_SetAttributeValue(s, o, &name, 1));
	s = again(true);
	is_as_written(s, rig_find(s, CKO_DATA, "another name"), CK_TRUE);
}

static void test_names_refused(void **state)
{
	CK_ATTRIBUTE name = { CKA_LABEL, other, sizeof(other) - 1 }, fixed = { CKA_SIGN, &no, 1 },
		     odd = { CKA_MODULUS, other, 5 };
	CK_SESSION_HANDLE s = open_card(), ro;
	CK_OBJECT_HANDLE priv = rig_find(s, CKO_PRIVATE_KEY, "ec"), pub = rig_find(s, CKO_PUBLIC_KEY, "ec");

	(void)state;
	assert_rv(C_SetAttributeValue(s, priv, &fixed, 1), CKR_ATTRIBUTE_READ_ONLY);
	assert_rv(C_SetAttributeValue(s, priv, &odd, 1), CKR_ATTRIBUTE_TYPE_INVALID);
	assert_rv(C_SetAttributeValue(s, 4711, &name, 1), CKR_OBJECT_HANDLE_INVALID);
	assert_ok(C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &ro));
	assert_rv(C_SetAttributeValue(ro, priv, &name, 1), CKR_SESSION_READ_ONLY);
	assert_ok(C_Logout(s));
	assert_rv(C_SetAttributeValue(s, priv, &name, 1), CKR_OBJECT_HANDLE_INVALID);
	assert_rv(C_SetAttributeValue(s, pub, &name, 1), CKR_USER_NOT_LOGGED_IN);
}

/* Without the operator's leave an agent changes nothing. */
static void test_leave(void **state)
{
	CK_ATTRIBUTE name = { CKA_LABEL, other, sizeof(other) - 1 };
	CK_OBJECT_HANDLE o = 0, key;
	CK_SESSION_HANDLE s;

	(void)state;
	agent_start_pin("");
	agent_only();
	rig_initialize();
	s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	key = rig_find(s, CKO_PRIVATE_KEY, "ec");
	assert_rv(C_CreateObject(s, what, WHAT, &o), CKR_TOKEN_WRITE_PROTECTED);
	assert_rv(C_SetAttributeValue(s, key, &name, 1), CKR_TOKEN_WRITE_PROTECTED);
	assert_rv(C_DestroyObject(s, key), CKR_TOKEN_WRITE_PROTECTED);
	assert_int_equal(rig_count(s, CKO_DATA), 0);
	assert_int_equal(rig_find(s, CKO_PRIVATE_KEY, "ec"), key);
	assert_ok(rig_sign(s, key));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_public_data),   RIG_TEST(test_private_data), RIG_TEST(test_data_refused),
		RIG_TEST(test_find_by_value), RIG_TEST(test_for_ever),
		RIG_TEST(test_names_of_key),  RIG_TEST(test_names_of_data), RIG_TEST(test_names_refused),
		AGENT_TEST(test_leave),
	};

	agent_process_main(argc, argv);
	return RUN_BOTH(tests);
}
