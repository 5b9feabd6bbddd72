/* SPDX-License-Identifier: Apache-2.0 */
/* C_WrapKey and C_UnwrapKey in the card's own way, key domains in templates, CKA_EXTRACTABLE; also by an agent. */
#include "test/p11/agent.h"

#include "pkcs11/ck/vendor.h"

#define BLOB_MAX 2048

static CK_MECHANISM mech = { P11_CKM_SC_HSM_WRAP, NULL, 0 };
static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

/* A card whose keys can leave it, with a P-256 key "ec" (number 1, id 01). */
static struct rig_card card_new(void)
{
	struct rig_card c = rig_card_new(&(struct rig_spec){ .pin = RIG_PIN, .dkek = true });

	rig_card_key(&c, 1, EC_SECP256R1, 0, "ec", RD_LIT("\x01"));
	return c;
}

static CK_SESSION_HANDLE begin(void)
{
	CK_SESSION_HANDLE s;
	struct rig_card c = card_new();

	rig_card_insert(&c);
	rig_initialize();
	s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	return s;
}

static CK_BBOOL flag(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type)
{
	const struct rd r = rig_attribute(s, o, type);

	assert_int_equal(r.n, 1);
	return r.p[0];
}

static CK_RV unwrap(CK_SESSION_HANDLE s, struct rd blob, CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *key)
{
	return C_UnwrapKey(s, &mech, CK_INVALID_HANDLE, (CK_BYTE *)(uintptr_t)blob.p, blob.n, t, n, key);
}

static void test_there_and_back(void **state)
{
	CK_BYTE blob[BLOB_MAX], id[] = { 7 }, label[] = "back";
	CK_ATTRIBUTE t[] = {
		{ CKA_TOKEN, &yes, 1 }, { CKA_LABEL, label, 4 }, { CKA_ID, id, 1 }, { CKA_EXTRACTABLE, &yes, 1 },
	};
	CK_SESSION_HANDLE s = begin();
	CK_OBJECT_HANDLE key = rig_find(s, CKO_PRIVATE_KEY, "ec"), pub = rig_find(s, CKO_PUBLIC_KEY, "ec"), back;
	CK_ULONG n = 0;

	(void)state;
	assert_int_equal(flag(s, key, CKA_EXTRACTABLE), CK_TRUE);
	assert_int_equal(flag(s, key, CKA_NEVER_EXTRACTABLE), CK_FALSE);
	assert_int_equal(flag(s, key, CKA_SENSITIVE), CK_TRUE);
	assert_ok(C_WrapKey(s, &mech, CK_INVALID_HANDLE, key, NULL, &n));
	assert_in_range(n, 363, sizeof(blob));
	n = 362;
	assert_rv(C_WrapKey(s, &mech, CK_INVALID_HANDLE, key, blob, &n), CKR_BUFFER_TOO_SMALL);
	assert_int_equal(n, 363);
	assert_ok(C_WrapKey(s, &mech, CK_INVALID_HANDLE, key, blob, &n));
	assert_int_equal(n, 363);

	/* What is no such thing. */
	assert_rv(C_WrapKey(s, &mech, 9999, key, blob, &n), CKR_WRAPPING_KEY_HANDLE_INVALID);
	assert_rv(C_WrapKey(s, &mech, CK_INVALID_HANDLE, pub, blob, &n), CKR_KEY_HANDLE_INVALID);
	assert_rv(C_WrapKey(s, &mech, CK_INVALID_HANDLE, 9999, blob, &n), CKR_KEY_HANDLE_INVALID);
	assert_rv(C_WrapKey(s, NULL, CK_INVALID_HANDLE, key, blob, &n), CKR_ARGUMENTS_BAD);
	assert_rv(C_WrapKey(s, &(CK_MECHANISM){ CKM_SHA256, NULL, 0 }, CK_INVALID_HANDLE, key, blob, &n),
		  CKR_MECHANISM_INVALID);
	assert_rv(C_WrapKey(s, &(CK_MECHANISM){ P11_CKM_SC_HSM_WRAP, id, 1 }, CK_INVALID_HANDLE, key, blob, &n),
		  CKR_MECHANISM_PARAM_INVALID);
	assert_rv(unwrap(s, RD_LIT("nothing"), t, 4, &back), CKR_WRAPPED_KEY_INVALID);
	assert_rv(C_UnwrapKey(s, &mech, 9999, blob, n, t, 4, &back), CKR_UNWRAPPING_KEY_HANDLE_INVALID);
	assert_rv(C_UnwrapKey(s, &mech, pub, blob, n, t, 4, &back), CKR_UNWRAPPING_KEY_HANDLE_INVALID);
	assert_rv(unwrap(s, rd_of(blob, n), t + 1, 3, &back), CKR_TEMPLATE_INCONSISTENT);
	blob[100] ^= 1;
	assert_rv(unwrap(s, rd_of(blob, n), t, 4, &back), CKR_WRAPPED_KEY_INVALID);
	blob[100] ^= 1;
	assert_int_equal(rig_count(s, CKO_PRIVATE_KEY), 1);

	assert_ok(unwrap(s, rd_of(blob, n), t, 4, &back));
	assert_int_equal(rig_find(s, CKO_PRIVATE_KEY, "back"), back);
	assert_bytes_equal(rig_attribute(s, back, CKA_ID), RD_ARR(id));
	assert_int_equal(rig_number(s, back, CKA_KEY_TYPE), CKK_EC);
	assert_int_equal(flag(s, back, CKA_LOCAL), CK_FALSE);
	assert_ok(rig_sign(s, back));
	/* Who must name a key names the one that goes, by either half, and any for one that comes. */
	n = sizeof(blob);
	assert_rv(C_WrapKey(s, &mech, key, back, blob, &n), CKR_WRAPPING_KEY_HANDLE_INVALID);
	assert_rv(C_WrapKey(s, &mech, pub, back, blob, &n), CKR_WRAPPING_KEY_HANDLE_INVALID);
	assert_ok(C_WrapKey(s, &mech, pub, key, blob, &n));
	assert_ok(C_WrapKey(s, &mech, back, back, blob, &n));
	assert_ok(C_UnwrapKey(s, &mech, key, blob, n, t, 4, &back));
	assert_ok(rig_sign(s, back));

	/* Without a login nothing leaves, and nothing comes. */
	assert_ok(C_Logout(s));
	assert_rv(C_WrapKey(s, &mech, CK_INVALID_HANDLE, key, blob, &n), CKR_USER_NOT_LOGGED_IN);
	assert_rv(unwrap(s, rd_of(blob, n), t, 4, &back), CKR_USER_NOT_LOGGED_IN);
}

static void encrypt(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key, CK_BYTE out[16])
{
	CK_BYTE iv[16] = { 1, 2, 3 }, plain[16] = "sixteen bytes...";
	CK_MECHANISM m = { CKM_AES_CBC, iv, sizeof(iv) };
	CK_ULONG n = 16;

	assert_ok(C_EncryptInit(s, &m, key));
	assert_ok(C_Encrypt(s, plain, sizeof(plain), out, &n));
	assert_int_equal(n, 16);
}

/* AES keys of each size, with a list of algorithms that travels, too. */
static void test_aes(void **state)
{
	static const struct { CK_ULONG size, blob; } sizes[] = { { 16, 77 }, { 24, 93 }, { 32, 93 } };
	CK_BYTE blob[BLOB_MAX], list[] = { 0x10, 0x11, 0x18, 0x92 }, short_list[] = { 0x10 }, one[16], two[16];
	CK_MECHANISM gen = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_SESSION_HANDLE s = begin();
	CK_OBJECT_HANDLE key, back;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		CK_ULONG size = sizes[i].size, n = sizeof(blob);
		CK_ATTRIBUTE make[] = {
			{ CKA_TOKEN, &yes, 1 }, { CKA_VALUE_LEN, &size, sizeof(size) }, { CKA_EXTRACTABLE, &yes, 1 },
			{ P11_CKA_ALGORITHMS, list, sizeof(list) },
		}, t[] = { { CKA_TOKEN, &yes, 1 }, { CKA_ENCRYPT, &yes, 1 }, { CKA_VALUE_LEN, &size, sizeof(size) } };

		assert_ok(C_GenerateKey(s, &gen, make, 4, &key));
		assert_int_equal(flag(s, key, CKA_EXTRACTABLE), CK_TRUE);
		assert_int_equal(flag(s, key, CKA_NEVER_EXTRACTABLE), CK_FALSE);
		assert_ok(C_WrapKey(s, &mech, CK_INVALID_HANDLE, key, blob, &n));
		/* The sizes of reference 10.1. */
		assert_int_equal(n, sizes[i].blob);
		/* Which of the longer ones it is the wrapping does not tell. */
		if (size > 16)
			assert_rv(unwrap(s, rd_of(blob, n), t, 2, &back), CKR_TEMPLATE_INCOMPLETE);
		size = size == 16 ? 24 : 16;
		assert_rv(unwrap(s, rd_of(blob, n), t, 3, &back), CKR_TEMPLATE_INCONSISTENT);
		size = sizes[i].size;
		assert_ok(unwrap(s, rd_of(blob, n), t, size > 16 ? 3 : 2, &back));
		assert_int_not_equal(back, key);
		assert_int_equal(rig_number(s, back, CKA_CLASS), CKO_SECRET_KEY);
		assert_int_equal(rig_number(s, back, CKA_KEY_TYPE), CKK_AES);
		assert_int_equal(rig_number(s, back, CKA_VALUE_LEN), size);
		assert_int_equal(flag(s, back, CKA_LOCAL), CK_FALSE);
		assert_int_equal(flag(s, back, CKA_SENSITIVE), CK_TRUE);
		assert_bytes_equal(rig_attribute(s, back, P11_CKA_ALGORITHMS), RD_ARR(list));
		encrypt(s, key, one);
		encrypt(s, back, two);
		assert_memory_equal(one, two, sizeof(one));
		/* What another card would make of a byte that was changed on the way. */
		blob[n - 20] ^= 1;
		assert_rv(unwrap(s, rd_of(blob, n), t, 3, &back), CKR_WRAPPED_KEY_INVALID);

		make[2].pValue = &no;
		make[3] = (CK_ATTRIBUTE){ P11_CKA_ALGORITHMS, short_list, sizeof(short_list) };
		assert_ok(C_GenerateKey(s, &gen, make, 4, &key));
		assert_rv(C_WrapKey(s, &mech, CK_INVALID_HANDLE, key, blob, &n), CKR_KEY_UNEXTRACTABLE);

		/* Who says that it may leave gets a list with that, and must not be given one without. */
		make[2].pValue = &yes;
		assert_rv(C_GenerateKey(s, &gen, make, 4, &key), CKR_TEMPLATE_INCONSISTENT);
		assert_ok(C_GenerateKey(s, &gen, make, 3, &key));
		assert_int_equal(flag(s, key, CKA_EXTRACTABLE), CK_TRUE);
		make[2].pValue = &no;
		make[3] = (CK_ATTRIBUTE){ P11_CKA_ALGORITHMS, list, sizeof(list) };
		assert_rv(C_GenerateKey(s, &gen, make, 4, &key), CKR_TEMPLATE_INCONSISTENT);
	}
}

static CK_RV generate(CK_SESSION_HANDLE s, CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *key)
{
	static CK_BYTE p256[] = { 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07 };
	CK_ATTRIBUTE pub[] = { { CKA_EC_PARAMS, p256, sizeof(p256) } };
	CK_MECHANISM m = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_OBJECT_HANDLE other;

	return C_GenerateKeyPair(s, &m, pub, 1, t, n, &other, key);
}

/* A domain that is not there, and a list of algorithms without the one that wraps. */
static void test_templates(void **state)
{
	CK_BYTE first = 0, second = 1, signs[] = { 0x70 }, both[] = { 0x70, 0x92 }, blob[BLOB_MAX];
	CK_ATTRIBUTE t[] = {
		{ CKA_TOKEN, &yes, 1 }, { P11_CKA_KEY_DOMAIN, &first, 1 }, { CKA_EXTRACTABLE, &yes, 1 },
		{ P11_CKA_ALGORITHMS, both, sizeof(both) },
	};
	CK_SESSION_HANDLE s = begin();
	CK_OBJECT_HANDLE key;
	CK_ULONG n = sizeof(blob);

	(void)state;
	assert_ok(generate(s, t, 4, &key));
	assert_bytes_equal(rig_attribute(s, key, P11_CKA_KEY_DOMAIN), rd_of(&first, 1));
	assert_int_equal(flag(s, key, CKA_EXTRACTABLE), CK_TRUE);
	assert_ok(C_WrapKey(s, &mech, CK_INVALID_HANDLE, key, blob, &n));

	t[3] = (CK_ATTRIBUTE){ P11_CKA_ALGORITHMS, signs, sizeof(signs) };
	assert_rv(generate(s, t, 4, &key), CKR_TEMPLATE_INCONSISTENT);
	t[2].pValue = &no;
	assert_ok(generate(s, t, 4, &key));
	assert_int_equal(flag(s, key, CKA_EXTRACTABLE), CK_FALSE);
	assert_int_equal(flag(s, key, CKA_NEVER_EXTRACTABLE), CK_TRUE);
	assert_rv(C_WrapKey(s, &mech, CK_INVALID_HANDLE, key, blob, &n), CKR_KEY_UNEXTRACTABLE);

	/* Who says that it must not leave gets a list without that; it does all else. */
	assert_ok(generate(s, t, 3, &key));
	assert_int_equal(flag(s, key, CKA_EXTRACTABLE), CK_FALSE);
	assert_rv(C_WrapKey(s, &mech, CK_INVALID_HANDLE, key, blob, &n), CKR_KEY_UNEXTRACTABLE);
	assert_ok(rig_sign(s, key));
	t[3] = (CK_ATTRIBUTE){ P11_CKA_ALGORITHMS, both, sizeof(both) };
	assert_rv(generate(s, t, 4, &key), CKR_TEMPLATE_INCONSISTENT);
	t[3] = (CK_ATTRIBUTE){ P11_CKA_ALGORITHMS, signs, sizeof(signs) };

	t[1].pValue = &second;
	assert_true(generate(s, t, 4, &key) != CKR_OK);
	t[1] = (CK_ATTRIBUTE){ P11_CKA_KEY_DOMAIN, both, 2 };
	assert_rv(generate(s, t, 4, &key), CKR_ATTRIBUTE_VALUE_INVALID);
}

static void test_no_domains(void **state)
{
	CK_ATTRIBUTE t[] = { { CKA_TOKEN, &yes, 1 }, { CKA_EXTRACTABLE, &yes, 1 } };
	CK_BYTE blob[BLOB_MAX];
	CK_ULONG n = sizeof(blob);
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE key;

	(void)state;
	s = rig_enter();
	key = rig_find(s, CKO_PRIVATE_KEY, "ec");
	assert_int_equal(flag(s, key, CKA_EXTRACTABLE), CK_FALSE);
	assert_rv(C_WrapKey(s, &mech, CK_INVALID_HANDLE, key, blob, &n), CKR_KEY_UNEXTRACTABLE);
	assert_rv(generate(s, t, 2, &key), CKR_TEMPLATE_INCONSISTENT);
}

static size_t found(CK_SESSION_HANDLE s, CK_ATTRIBUTE *t, CK_ULONG n)
{
	CK_OBJECT_HANDLE o[16];
	CK_ULONG count;

	assert_ok(C_FindObjectsInit(s, t, n));
	assert_ok(C_FindObjects(s, o, 16, &count));
	assert_ok(C_FindObjectsFinal(s));
	return count;
}

/* What the card says of a key when it is asked is found by it, too. */
static void test_search(void **state)
{
	CK_BYTE domain = 0, signs[] = { 0x70 };
	CK_MECHANISM_TYPE ecdsa = CKM_ECDSA;
	CK_OBJECT_CLASS private_key = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE t[] = { { CKA_TOKEN, &yes, 1 }, { P11_CKA_ALGORITHMS, signs, sizeof(signs) } };
	CK_SESSION_HANDLE s = begin();
	CK_OBJECT_HANDLE key;
	uint64_t before;

	(void)state;
	assert_ok(generate(s, t, 2, &key));
#define FOUND(type, value) found(s, (CK_ATTRIBUTE[]){ { CKA_CLASS, &private_key, sizeof(private_key) }, \
						      { type, &(value), sizeof(value) } }, 2)
	assert_int_equal(FOUND(CKA_TOKEN, yes), 2);
	assert_int_equal(FOUND(CKA_EXTRACTABLE, yes), 1);
	assert_int_equal(FOUND(CKA_EXTRACTABLE, no), 1);
	assert_int_equal(FOUND(CKA_NEVER_EXTRACTABLE, yes), 1);
	assert_int_equal(FOUND(P11_CKA_KEY_DOMAIN, domain), 2);
	assert_int_equal(FOUND(P11_CKA_ALGORITHMS, signs), 1);
	/* A key without a list has more than one. */
	assert_int_equal(FOUND(CKA_ALLOWED_MECHANISMS, ecdsa), 0);
	/* Nobody is asked where everything else says no. */
	before = rig_exchanges();
	assert_int_equal(found(s, (CK_ATTRIBUTE[]){ { CKA_EXTRACTABLE, &yes, 1 }, { CKA_LABEL, signs, 1 } }, 2), 0);
	assert_int_equal(rig_exchanges(), before);
}

/* An agent lets no key leave unless the limits name it, and lets none come without the operator's leave. */
static void by_agent(const char *conf, CK_RV wrapping, CK_RV again, CK_RV unwrapping)
{
	CK_ATTRIBUTE t[] = { { CKA_TOKEN, &yes, 1 } };
	struct rig_card c = card_new();
	CK_BYTE blob[BLOB_MAX];
	CK_ULONG n = sizeof(blob);
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE key;

	rig_card_insert(&c);
	agent_process_start(c.dir, conf);
	agent_only();
	rig_initialize();
	s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	key = rig_find(s, CKO_PRIVATE_KEY, "ec");
	assert_ok(rig_sign(s, key));
	assert_int_equal(flag(s, key, CKA_EXTRACTABLE), CK_TRUE);
	assert_rv(C_WrapKey(s, &mech, CK_INVALID_HANDLE, key, blob, &n), wrapping);
	if (!wrapping) {
		CK_ULONG more = sizeof(blob);

		assert_rv(C_WrapKey(s, &mech, CK_INVALID_HANDLE, key, blob, &more), again);
		assert_rv(unwrap(s, rd_of(blob, n), t, 1, &key), unwrapping);
	}
}

static void test_agent_refuses(void **state)
{
	(void)state;
	by_agent("", CKR_FUNCTION_REJECTED, CKR_OK, CKR_OK);
}

static void test_agent_once(void **state)
{
	(void)state;
	by_agent("[agent]\nlimits = wrap=1\n", CKR_OK, CKR_FUNCTION_REJECTED, CKR_TOKEN_WRITE_PROTECTED);
}

static void test_agent_admits(void **state)
{
	(void)state;
	by_agent("[agent]\nlimits = wrap=2\nadmit = unwrap, update, delete\n", CKR_OK, CKR_OK, CKR_OK);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_there_and_back),  RIG_TEST(test_templates),    RIG_TEST(test_no_domains),
		RIG_TEST(test_aes),             RIG_TEST(test_search),
		AGENT_TEST(test_agent_refuses), AGENT_TEST(test_agent_once), AGENT_TEST(test_agent_admits),
	};

	agent_process_main(argc, argv);
	return RUN_BOTH(tests);
}
