/* SPDX-License-Identifier: Apache-2.0 */
/* Cards of the first versions: what they can, works; what they cannot, is said, and costs no login. */
#include "test/p11/agent.h"

#include "pkcs11/ck/vendor.h"


static CK_BBOOL yes = CK_TRUE;
static CK_BYTE text[] = "text", other[] = "else";
static CK_UTF8CHAR label[] = "first                           ", so_pin[] = "3537363231383830", new_pin[] = "246810";

static const struct old {
	const char *profile;
	CK_BYTE major, minor;
} olds[] = { { "vendor-1.2", 1, 2 }, { "vendor-2.0", 2, 0 } };

static void each_old(void (*test)(const struct old *, CK_SESSION_HANDLE))
{
	for (size_t i = 0; i < sizeof(olds) / sizeof(olds[0]); i++) {
		struct rig_card c = rig_card_new(&(struct rig_spec){ .profile = olds[i].profile, .pin = RIG_PIN });
		CK_SESSION_HANDLE s;

		rig_card_key(&c, 1, EC_NONE, 1024, "rsa", RD_LIT("\x01"));
		rig_card_insert(&c);
		rig_initialize();
		s = rig_session();
		assert_ok(rig_login(s, RIG_PIN));
		test(&olds[i], s);
		rig_finalize();
		rig_card_remove();
	}
}

static bool is_listed(CK_MECHANISM_TYPE m)
{
	CK_MECHANISM_TYPE list[64];
	CK_ULONG n = sizeof(list) / sizeof(list[0]);

	assert_ok(C_GetMechanismList(0, list, &n));
	for (CK_ULONG i = 0; i < n; i++)
		if (list[i] == m)
			return true;
	return false;
}

static void tells(const struct old *o, CK_SESSION_HANDLE s)
{
	CK_MECHANISM_INFO m;
	CK_TOKEN_INFO info;

	(void)s;
	assert_ok(C_GetTokenInfo(0, &info));
	assert_int_equal(info.firmwareVersion.major, o->major);
	assert_int_equal(info.firmwareVersion.minor, o->minor);
	assert_true(info.flags & CKF_LOGIN_REQUIRED && info.flags & CKF_USER_PIN_INITIALIZED);
	assert_int_equal(info.ulFreePublicMemory, CK_UNAVAILABLE_INFORMATION);
	assert_ok(C_GetMechanismInfo(0, CKM_RSA_PKCS_KEY_PAIR_GEN, &m));
	assert_int_equal(m.ulMaxKeySize, 2048);
	assert_ok(C_GetMechanismInfo(0, CKM_ECDSA, &m));
	assert_int_equal(m.ulMaxKeySize, 320);
	assert_true(is_listed(CKM_RSA_PKCS_PSS));
	/* What 2.x have of AES keys is not known: there they are tried. */
	assert_int_equal(is_listed(CKM_AES_KEY_GEN), o->major > 1);
	assert_rv(C_GetMechanismInfo(0, CKM_AES_CBC, &m), o->major > 1 ? CKR_OK : CKR_MECHANISM_INVALID);
}

static void test_tells(void **state)
{
	(void)state;
	each_old(tells);
}

static CK_RV make_pair(CK_SESSION_HANDLE s, CK_ULONG bits, CK_ULONG counter)
{
	CK_MECHANISM m = { CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0 };
	CK_ATTRIBUTE pub = { CKA_MODULUS_BITS, &bits, sizeof(bits) };
	CK_ATTRIBUTE priv[] = { { CKA_TOKEN, &yes, 1 }, { P11_CKA_USE_COUNTER, &counter, sizeof(counter) } };
	CK_OBJECT_HANDLE a, b;

	return C_GenerateKeyPair(s, &m, &pub, 1, priv, counter ? 2 : 1, &a, &b);
}

/* After each of these the same login still signs. */
static void cannot(const struct old *o, CK_SESSION_HANDLE s)
{
	CK_OBJECT_HANDLE key = rig_find(s, CKO_PRIVATE_KEY, "rsa");
	CK_MECHANISM aes = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_ULONG size = 16, n = 128;
	CK_ATTRIBUTE t[] = { { CKA_TOKEN, &yes, 1 }, { CKA_VALUE_LEN, &size, sizeof(size) } };
	CK_OBJECT_HANDLE out;
	CK_BYTE sig[128];

	assert_rv(C_GenerateKey(s, &aes, t, 2, &out), CKR_MECHANISM_INVALID);
	assert_rv(make_pair(s, 3072, 0), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_rv(make_pair(s, 1024, 5), o->major > 1 ? CKR_DATA_INVALID : CKR_TEMPLATE_INCONSISTENT);
	assert_ok(rig_sign_begin(s, CKM_SHA256_RSA_PKCS, key));
	assert_ok(C_Sign(s, text, 4, sig, &n));
}

static void test_cannot(void **state)
{
	(void)state;
	each_old(cannot);
}

/* Version 1 pads nothing by PSS, version 2 does: the signature is the same kind. */
static void signs(const struct old *o, CK_SESSION_HANDLE s)
{
	static CK_RSA_PKCS_PSS_PARAMS how = { CKM_SHA256, CKG_MGF1_SHA256, 32 };
	CK_MECHANISM pss = { CKM_SHA256_RSA_PKCS_PSS, &how, sizeof(how) };
	CK_OBJECT_HANDLE pub = rig_find(s, CKO_PUBLIC_KEY, "rsa");
	CK_ULONG n = 128;
	CK_BYTE sig[128];

	(void)o;
	assert_ok(C_SignInit(s, &pss, rig_find(s, CKO_PRIVATE_KEY, "rsa")));
	assert_ok(C_Sign(s, text, 4, sig, &n));
	assert_ok(C_VerifyInit(s, &pss, pub));
	assert_ok(C_Verify(s, text, 4, sig, n));
	assert_ok(C_VerifyInit(s, &pss, pub));
	assert_rv(C_Verify(s, other, 4, sig, n), CKR_SIGNATURE_INVALID);
	assert_ok(make_pair(s, 1024, 0));
}

static void test_signs(void **state)
{
	(void)state;
	each_old(signs);
}

/* The SO-PIN, which version 1 has no query for. */
static void sets_up(const struct old *o, CK_SESSION_HANDLE s)
{
	(void)o;
	assert_ok(C_CloseSession(s));
	assert_ok(C_InitToken(0, so_pin, 16, label));
	s = rig_session();
	assert_rv(rig_login(s, RIG_PIN), CKR_PIN_INCORRECT);
	assert_ok(C_Login(s, CKU_SO, so_pin, 16));
	assert_ok(C_InitPIN(s, new_pin, 6));
	assert_ok(C_Logout(s));
	assert_ok(rig_login(s, "246810"));
	assert_int_equal(rig_count(s, CKO_PRIVATE_KEY), 0);
}

static void test_sets_up(void **state)
{
	(void)state;
	each_old(sets_up);
}

int main(int argc, char **argv)
{
	agent_process_main(argc, argv);
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_tells), RIG_TEST(test_cannot), RIG_TEST(test_signs), RIG_TEST(test_sets_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
