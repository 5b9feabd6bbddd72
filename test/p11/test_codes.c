/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The codes of calls that are wrong: no session, no operation, one too many, no room, no such key, mechanism or
 * parameter. From PKCS#11 2.40 section 5 (3.0 for messages, and for the end of an operation), the same for each kind of
 * operation.
 */
#include "test/p11/agent.h"

#include "pkcs11/ck/vendor.h"
#include "pkcs11/interface.h"

static CK_SESSION_HANDLE s;
static CK_OBJECT_HANDLE ec, ec_pub, rsa, rsa_pub;
static CK_BYTE data[32] = { 1 }, iv[16], room[512];

static CK_SESSION_HANDLE start(void)
{
	s = rig_enter();
	ec = rig_find(s, CKO_PRIVATE_KEY, "ec");
	ec_pub = rig_find(s, CKO_PUBLIC_KEY, "ec");
	assert_ok(rig_generate(s, CKM_RSA_PKCS_KEY_PAIR_GEN, 1024, "rsa", &rsa_pub, &rsa));
	return s;
}

/* ---- a session that is none: every function that takes one ---- */

static void test_sessions(void **state)
{
	CK_MECHANISM m = { CKM_ECDSA, NULL, 0 };
	CK_ATTRIBUTE t = { CKA_CLASS, NULL, 0 };
	CK_SESSION_HANDLE gone;
	CK_SESSION_INFO info;
	CK_ULONG n = sizeof(room), h, h2;

	(void)state;
	(void)rig_card_simple();
	rig_initialize();
	gone = rig_session();
	s = rig_session();
	assert_ok(C_CloseSession(gone));
	for (int i = 0; i < 3; i++) {
		const CK_SESSION_HANDLE x = i == 0 ? 0 : i == 1 ? gone : ~0UL;

#define NO(call) assert_rv(call, CKR_SESSION_HANDLE_INVALID)
		NO(C_CloseSession(x)); NO(C_GetSessionInfo(x, &info)); NO(C_Login(x, CKU_USER, room, 6));
		NO(C_Logout(x)); NO(C_InitPIN(x, room, 6)); NO(C_SetPIN(x, room, 6, room, 6));
		NO(C_CreateObject(x, &t, 1, &h)); NO(C_CopyObject(x, 1, &t, 1, &h)); NO(C_DestroyObject(x, 1));
		NO(C_GetObjectSize(x, 1, &n)); NO(C_GetAttributeValue(x, 1, &t, 1));
		NO(C_SetAttributeValue(x, 1, &t, 1)); NO(C_FindObjectsInit(x, NULL, 0));
		NO(C_FindObjects(x, &h, 1, &n)); NO(C_FindObjectsFinal(x));
		NO(C_EncryptInit(x, &m, 1)); NO(C_Encrypt(x, data, 1, room, &n));
		NO(C_EncryptUpdate(x, data, 1, room, &n)); NO(C_EncryptFinal(x, room, &n));
		NO(C_DecryptInit(x, &m, 1)); NO(C_Decrypt(x, data, 1, room, &n));
		NO(C_DecryptUpdate(x, data, 1, room, &n)); NO(C_DecryptFinal(x, room, &n));
		NO(C_DigestInit(x, &m)); NO(C_Digest(x, data, 1, room, &n));
		NO(C_DigestUpdate(x, data, 1)); NO(C_DigestFinal(x, room, &n));
		NO(C_SignInit(x, &m, 1)); NO(C_Sign(x, data, 1, room, &n));
		NO(C_SignUpdate(x, data, 1)); NO(C_SignFinal(x, room, &n));
		NO(C_VerifyInit(x, &m, 1)); NO(C_Verify(x, data, 1, room, 1));
		NO(C_VerifyUpdate(x, data, 1)); NO(C_VerifyFinal(x, room, 1));
		NO(C_GenerateKey(x, &m, &t, 1, &h)); NO(C_GenerateKeyPair(x, &m, &t, 1, &t, 1, &h, &h2));
		NO(C_WrapKey(x, &m, 0, 1, room, &n)); NO(C_UnwrapKey(x, &m, 0, room, 1, &t, 1, &h));
		NO(C_DeriveKey(x, &m, 1, &t, 1, &h)); NO(C_SeedRandom(x, room, 1)); NO(C_GenerateRandom(x, room, 1));
		NO(C_SessionCancel(x, ~0UL)); NO(C_LoginUser(x, CKU_USER, room, 6, NULL, 0));
#undef NO
	}
	assert_rv(C_GetSessionInfo(s, NULL), CKR_ARGUMENTS_BAD);
	assert_rv(C_CreateObject(s, NULL, 1, &h), CKR_ARGUMENTS_BAD);
	assert_rv(C_CreateObject(s, &t, 1, NULL), CKR_ARGUMENTS_BAD);
	assert_rv(C_GetAttributeValue(s, 1, NULL, 1), CKR_ARGUMENTS_BAD);
	assert_rv(C_SetAttributeValue(s, 1, NULL, 1), CKR_ARGUMENTS_BAD);
	assert_rv(C_GetObjectSize(s, 1, NULL), CKR_ARGUMENTS_BAD);
	assert_rv(C_FindObjectsInit(s, NULL, 1), CKR_ARGUMENTS_BAD);
	assert_rv(C_GenerateKey(s, NULL, NULL, 0, &h), CKR_ARGUMENTS_BAD);
	assert_rv(C_GenerateKeyPair(s, &m, NULL, 0, NULL, 0, NULL, &h), CKR_ARGUMENTS_BAD);
	assert_rv(C_DeriveKey(s, NULL, 1, NULL, 0, &h), CKR_ARGUMENTS_BAD);
	assert_rv(C_WrapKey(s, &m, 0, 1, room, NULL), CKR_ARGUMENTS_BAD);
	assert_rv(C_UnwrapKey(s, NULL, 0, room, 1, NULL, 0, &h), CKR_ARGUMENTS_BAD);
	assert_rv(C_GenerateRandom(s, NULL, 1), CKR_ARGUMENTS_BAD);
}

/* ---- each kind of operation ---- */

static CK_RV verify_once(CK_SESSION_HANDLE x, CK_BYTE *in, CK_ULONG n, CK_BYTE *out, CK_ULONG *out_n)
{
	(void)out;
	return C_Verify(x, in, n, out_n ? room : NULL, 64);
}

static CK_RV verify_end(CK_SESSION_HANDLE x, CK_BYTE *out, CK_ULONG *out_n)
{
	(void)out;
	return C_VerifyFinal(x, out_n ? room : NULL, 64);
}

static CK_RV digest_begin(CK_SESSION_HANDLE x, CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
	(void)key;
	return C_DigestInit(x, m);
}

static CK_RV encrypt_part(CK_SESSION_HANDLE x, CK_BYTE *in, CK_ULONG n)
{
	CK_ULONG out_n = sizeof(room);

	return C_EncryptUpdate(x, in, n, room, &out_n);
}

static CK_RV decrypt_part(CK_SESSION_HANDLE x, CK_BYTE *in, CK_ULONG n)
{
	CK_ULONG out_n = sizeof(room);

	return C_DecryptUpdate(x, in, n, room, &out_n);
}

enum { EC, EC_PUB, RSA, RSA_PUB, NO_KEY };
static const struct kind {
	const char *name;
	CK_RV (*begin)(CK_SESSION_HANDLE x, CK_MECHANISM *m, CK_OBJECT_HANDLE key);
	CK_RV (*once)(CK_SESSION_HANDLE x, CK_BYTE *in, CK_ULONG n, CK_BYTE *out, CK_ULONG *out_n);
	CK_RV (*part)(CK_SESSION_HANDLE x, CK_BYTE *in, CK_ULONG n);
	CK_RV (*end)(CK_SESSION_HANDLE x, CK_BYTE *out, CK_ULONG *out_n);
	CK_FLAGS cancel;
	CK_MECHANISM_TYPE mech, other;  /* one that is good, one of another kind of operation */
	int key, half, type;            /* the key; the other half of its pair; one of another type */
	CK_ULONG out;                   /* bytes of its result; 0: none */
} kinds[] = {
	{ "sign", C_SignInit, C_Sign, C_SignUpdate, C_SignFinal, CKF_SIGN, CKM_ECDSA_SHA256, CKM_SHA256, EC, EC_PUB,
	  RSA, 64 },
	{ "verify", C_VerifyInit, verify_once, C_VerifyUpdate, verify_end, CKF_VERIFY, CKM_ECDSA_SHA256,
	  CKM_AES_CBC, EC_PUB, EC, RSA_PUB, 0 },
	{ "encrypt", C_EncryptInit, C_Encrypt, encrypt_part, C_EncryptFinal, CKF_ENCRYPT, CKM_RSA_PKCS, CKM_ECDSA,
	  RSA_PUB, RSA, EC_PUB, 128 },
	{ "decrypt", C_DecryptInit, C_Decrypt, decrypt_part, C_DecryptFinal, CKF_DECRYPT, CKM_RSA_PKCS,
	  CKM_SHA256_RSA_PKCS, RSA, RSA_PUB, EC, 0 },
	{ "digest", digest_begin, C_Digest, C_DigestUpdate, C_DigestFinal, CKF_DIGEST, CKM_SHA256, CKM_ECDSA, NO_KEY,
	  NO_KEY, NO_KEY, 32 },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static CK_OBJECT_HANDLE handle_of(int key)
{
	const CK_OBJECT_HANDLE all[] = { ec, ec_pub, rsa, rsa_pub, 0 };

	return all[key];
}

static CK_RV begin(const struct kind *k, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key)
{
	CK_MECHANISM m = { type, NULL, 0 };

	return k->begin(s, &m, key);
}

static void check_begin(const struct kind *k)
{
	CK_MECHANISM odd = { k->mech, data, 7 };
	CK_OBJECT_HANDLE key = handle_of(k->key);

	assert_rv(k->begin(s, NULL, key), CKR_ARGUMENTS_BAD);
	assert_rv(begin(k, CKM_DES3_CBC, key), CKR_MECHANISM_INVALID);
	assert_rv(begin(k, k->other, key), CKR_MECHANISM_INVALID);
	assert_rv(k->begin(s, &odd, key), CKR_MECHANISM_PARAM_INVALID);
	if (k->key != NO_KEY) {
		assert_rv(begin(k, k->mech, 0), CKR_KEY_HANDLE_INVALID);
		assert_rv(begin(k, k->mech, 4711), CKR_KEY_HANDLE_INVALID);
		assert_rv(begin(k, k->mech, handle_of(k->type)), CKR_KEY_TYPE_INCONSISTENT);
		assert_rv(begin(k, k->mech, handle_of(k->half)), CKR_KEY_FUNCTION_NOT_PERMITTED);
	}
	/* None of these left an operation. */
	assert_ok(begin(k, k->mech, key));
	assert_rv(begin(k, k->mech, key), CKR_OPERATION_ACTIVE);
	assert_rv(begin(k, CKM_DES3_CBC, key), CKR_OPERATION_ACTIVE);
}

static void check_none(const struct kind *k)
{
	CK_ULONG n = sizeof(room);

	assert_rv(k->once(s, data, 1, room, &n), CKR_OPERATION_NOT_INITIALIZED);
	assert_rv(k->part(s, data, 1), CKR_OPERATION_NOT_INITIALIZED);
	assert_rv(k->end(s, room, &n), CKR_OPERATION_NOT_INITIALIZED);
}

static void check_ends(const struct kind *k)
{
	CK_OBJECT_HANDLE key = handle_of(k->key);
	CK_ULONG n;

	check_none(k);
	/* By a mechanism NULL (3.0), C_SessionCancel, no pointer to a length, no data. */
	assert_ok(begin(k, k->mech, key));
	assert_ok(k->begin(s, NULL, key));
	check_none(k);
	assert_ok(begin(k, k->mech, key));
	assert_ok(C_SessionCancel(s, k->cancel));
	check_none(k);
	assert_ok(begin(k, k->mech, key));
	assert_rv(k->once(s, data, 1, room, NULL), CKR_ARGUMENTS_BAD);
	check_none(k);
	assert_ok(begin(k, k->mech, key));
	assert_rv(k->part(s, NULL, 1), CKR_ARGUMENTS_BAD);
	check_none(k);
	assert_ok(begin(k, k->mech, key));
	assert_ok(k->part(s, data, 1));
	assert_rv(k->end(s, room, NULL), CKR_ARGUMENTS_BAD);
	check_none(k);
	assert_ok(begin(k, k->mech, key));
	n = sizeof(room);
	assert_rv(k->once(s, NULL, 1, room, &n), CKR_ARGUMENTS_BAD);
	check_none(k);
	/* What was begun in parts is not ended as a whole. */
	assert_ok(begin(k, k->mech, key));
	assert_ok(k->part(s, data, 1));
	assert_rv(k->once(s, data, 1, room, &n), CKR_OPERATION_NOT_INITIALIZED);
	assert_ok(k->part(s, data, 1));
	assert_ok(C_SessionCancel(s, k->cancel));
}

/* Too little room as often as it is tried, and the length asked for between, end nothing. */
static void check_room(const struct kind *k)
{
	CK_OBJECT_HANDLE key = handle_of(k->key);
	CK_ULONG n;

	for (int parts = 0; parts < 2 && k->out; parts++) {
		assert_ok(begin(k, k->mech, key));
		if (parts)
			assert_ok(k->part(s, data, 9));
		for (CK_ULONG had = 0; had < k->out; had += k->out - 1) {
			n = had;
			assert_rv(parts ? k->end(s, room, &n) : k->once(s, data, 9, room, &n), CKR_BUFFER_TOO_SMALL);
			assert_int_equal(n, k->out);
			n = 0;
			assert_ok(parts ? k->end(s, NULL, &n) : k->once(s, data, 9, NULL, &n));
			assert_int_equal(n, k->out);
		}
		assert_ok(parts ? k->end(s, room, &n) : k->once(s, data, 9, room, &n));
		assert_int_equal(n, k->out);
		check_none(k);
	}
}

static void test_operations(void **state)
{
	(void)state;
	(void)start();
	for (size_t i = 0; i < KINDS; i++) {
		print_message("# %s\n", kinds[i].name);
		check_none(&kinds[i]);
		check_begin(&kinds[i]);
		assert_ok(C_SessionCancel(s, kinds[i].cancel));
		check_ends(&kinds[i]);
		check_room(&kinds[i]);
	}
}

/* ---- parameters of each kind: none, too short, too long, and what they say ---- */

static void test_parameters(void **state)
{
	static CK_RSA_PKCS_PSS_PARAMS pss = { CKM_SHA256, CKG_MGF1_SHA256, 32 },
				      other = { CKM_SHA_1, CKG_MGF1_SHA1, 20 },
				      md5 = { CKM_MD5, CKG_MGF1_SHA256, 32 },
				      salty = { CKM_SHA256, CKG_MGF1_SHA256, 200 };
	static CK_RSA_PKCS_OAEP_PARAMS oaep = { CKM_SHA256, CKG_MGF1_SHA256, 0, NULL, 0 },
				       source = { CKM_SHA256, CKG_MGF1_SHA256, 77, NULL, 0 },
				       nothing = { CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, NULL, 4 };
	static const struct {
		int kind;               /* of kinds */
		CK_MECHANISM_TYPE type;
		void *p;
		CK_ULONG n;
		int key;
		CK_RV rv;
	} rows[] = {
		{ 0, CKM_RSA_PKCS_PSS, &pss, sizeof(pss), RSA, CKR_OK },
		{ 0, CKM_RSA_PKCS_PSS, NULL, 0, RSA, CKR_MECHANISM_PARAM_INVALID },
		{ 0, CKM_RSA_PKCS_PSS, NULL, sizeof(pss), RSA, CKR_MECHANISM_PARAM_INVALID },
		{ 0, CKM_RSA_PKCS_PSS, &pss, sizeof(pss) - 1, RSA, CKR_MECHANISM_PARAM_INVALID },
		{ 0, CKM_RSA_PKCS_PSS, &pss, sizeof(pss) + 1, RSA, CKR_MECHANISM_PARAM_INVALID },
		{ 0, CKM_RSA_PKCS_PSS, &md5, sizeof(md5), RSA, CKR_MECHANISM_PARAM_INVALID },
		{ 0, CKM_RSA_PKCS_PSS, &salty, sizeof(salty), RSA, CKR_KEY_SIZE_RANGE },
		{ 0, CKM_SHA256_RSA_PKCS_PSS, &other, sizeof(other), RSA, CKR_MECHANISM_PARAM_INVALID },
		{ 2, CKM_RSA_PKCS_OAEP, &oaep, sizeof(oaep), RSA_PUB, CKR_OK },
		{ 2, CKM_RSA_PKCS_OAEP, NULL, 0, RSA_PUB, CKR_MECHANISM_PARAM_INVALID },
		{ 2, CKM_RSA_PKCS_OAEP, &oaep, sizeof(oaep) - 8, RSA_PUB, CKR_MECHANISM_PARAM_INVALID },
		{ 2, CKM_RSA_PKCS_OAEP, &source, sizeof(source), RSA_PUB, CKR_MECHANISM_PARAM_INVALID },
		{ 2, CKM_RSA_PKCS_OAEP, &nothing, sizeof(nothing), RSA_PUB, CKR_MECHANISM_PARAM_INVALID },
		{ 3, CKM_RSA_PKCS_OAEP, &oaep, sizeof(oaep) + 8, RSA, CKR_MECHANISM_PARAM_INVALID },
		{ 0, CKM_RSA_PKCS, data, 1, RSA, CKR_MECHANISM_PARAM_INVALID },
		{ 4, CKM_SHA512, data, 4, NO_KEY, CKR_MECHANISM_PARAM_INVALID },
	};

	(void)state;
	(void)start();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CK_MECHANISM m = { rows[i].type, rows[i].p, rows[i].n };
		const struct kind *k = &kinds[rows[i].kind];

		assert_rv(k->begin(s, &m, handle_of(rows[i].key)), rows[i].rv);
		assert_ok(C_SessionCancel(s, k->cancel));
	}
}

static void test_secret_parameters(void **state)
{
	CK_ULONG size = 16, n = sizeof(room);
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE t[] = { { CKA_TOKEN, &yes, 1 }, { CKA_VALUE_LEN, &size, sizeof(size) } };
	CK_MECHANISM gen = { CKM_AES_KEY_GEN, NULL, 0 }, m = { CKM_AES_CBC, iv, sizeof(iv) };
	CK_OBJECT_HANDLE key;

	(void)state;
	(void)start();
	assert_ok(C_GenerateKey(s, &gen, t, 2, &key));
	assert_rv(C_SignInit(s, &(CK_MECHANISM){ CKM_ECDSA, NULL, 0 }, key), CKR_KEY_TYPE_INCONSISTENT);
	assert_rv(C_EncryptInit(s, &m, ec), CKR_KEY_TYPE_INCONSISTENT);
	for (m.ulParameterLen = 0; m.ulParameterLen < 20; m.ulParameterLen++)
		if (m.ulParameterLen != 16)
			assert_rv(C_EncryptInit(s, &m, key), CKR_MECHANISM_PARAM_INVALID);
	m.ulParameterLen = 16;
	m.pParameter = NULL;
	assert_rv(C_EncryptInit(s, &m, key), CKR_MECHANISM_PARAM_INVALID);
	m.pParameter = iv;
	assert_ok(C_EncryptInit(s, &m, key));
	assert_rv(C_Encrypt(s, data, 15, room, &n), CKR_DATA_LEN_RANGE);
	assert_ok(C_DecryptInit(s, &m, key));
	n = sizeof(room);
	assert_rv(C_Decrypt(s, data, 17, room, &n), CKR_ENCRYPTED_DATA_LEN_RANGE);
}

/* ---- searches ---- */

static void test_find(void **state)
{
	CK_OBJECT_HANDLE all[16], some[16];
	CK_ULONG total, n, sum;

	(void)state;
	(void)start();
	assert_rv(C_FindObjects(s, all, 1, &n), CKR_OPERATION_NOT_INITIALIZED);
	assert_rv(C_FindObjectsFinal(s), CKR_OPERATION_NOT_INITIALIZED);
	assert_ok(C_FindObjectsInit(s, NULL, 0));
	assert_rv(C_FindObjectsInit(s, NULL, 0), CKR_OPERATION_ACTIVE);
	assert_rv(C_FindObjects(s, NULL, 1, &n), CKR_ARGUMENTS_BAD);
	assert_rv(C_FindObjects(s, all, 1, NULL), CKR_ARGUMENTS_BAD);
	assert_ok(C_FindObjects(s, NULL, 0, &n));
	assert_int_equal(n, 0);
	assert_ok(C_FindObjects(s, all, 16, &total));
	/* Two pairs. */
	assert_int_equal(total, 4);
	assert_ok(C_FindObjects(s, all, 16, &n));
	assert_int_equal(n, 0);
	assert_ok(C_FindObjectsFinal(s));
	/* One by one, by three, as many as there are, one more: the same ones in the same order, none twice. */
	for (CK_ULONG step = 1; step <= total + 1; step++) {
		assert_ok(C_FindObjectsInit(s, NULL, 0));
		sum = 0;
		do {
			assert_ok(C_FindObjects(s, some + sum, step, &n));
			assert_true(n <= step);
			sum += n;
		} while (n);
		assert_ok(C_FindObjectsFinal(s));
		assert_int_equal(sum, total);
		assert_memory_equal(some, all, total * sizeof(all[0]));
	}
}

/* ---- mechanisms, from the card's tables (reference 3.11, 3.13, 3.14) and what the host does besides ---- */

#define EC_FLAGS (CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS)
#define SIGNS (CKF_HW | CKF_SIGN | CKF_VERIFY)
#define CRYPTS (CKF_HW | CKF_ENCRYPT | CKF_DECRYPT)

static const struct {
	CK_MECHANISM_TYPE type;
	CK_ULONG min, max;
	CK_FLAGS flags;
} mechanisms[] = {
#define OF_RSA(type, flags) { type, 1024, 4096, flags }
#define OF_EC(type, flags) { type, 192, 521, (flags) | EC_FLAGS }
#define OF_AES(type, flags) { type, 16, 32, flags }
	OF_RSA(CKM_RSA_PKCS_KEY_PAIR_GEN, CKF_HW | CKF_GENERATE_KEY_PAIR), OF_RSA(CKM_RSA_PKCS, SIGNS | CRYPTS),
	OF_RSA(CKM_RSA_X_509, SIGNS | CRYPTS), OF_RSA(CKM_RSA_PKCS_OAEP, CRYPTS), OF_RSA(CKM_SHA1_RSA_PKCS, SIGNS),
	OF_RSA(CKM_SHA224_RSA_PKCS, SIGNS), OF_RSA(CKM_SHA256_RSA_PKCS, SIGNS), OF_RSA(CKM_SHA384_RSA_PKCS, SIGNS),
	OF_RSA(CKM_SHA512_RSA_PKCS, SIGNS), OF_RSA(CKM_RSA_PKCS_PSS, SIGNS), OF_RSA(CKM_SHA1_RSA_PKCS_PSS, SIGNS),
	OF_RSA(CKM_SHA224_RSA_PKCS_PSS, SIGNS), OF_RSA(CKM_SHA256_RSA_PKCS_PSS, SIGNS),
	OF_RSA(CKM_SHA384_RSA_PKCS_PSS, SIGNS), OF_RSA(CKM_SHA512_RSA_PKCS_PSS, SIGNS),
	OF_EC(CKM_EC_KEY_PAIR_GEN, CKF_HW | CKF_GENERATE_KEY_PAIR), OF_EC(CKM_ECDSA, SIGNS),
	OF_EC(CKM_ECDSA_SHA1, SIGNS), OF_EC(CKM_ECDSA_SHA224, SIGNS), OF_EC(CKM_ECDSA_SHA256, SIGNS),
	OF_EC(CKM_ECDSA_SHA384, SIGNS), OF_EC(CKM_ECDSA_SHA512, SIGNS),
	OF_EC(CKM_ECDH1_DERIVE, CKF_HW | CKF_DERIVE), OF_EC(CKM_ECDH1_COFACTOR_DERIVE, CKF_HW | CKF_DERIVE),
	OF_EC(P11_CKM_EC_DERIVE, CKF_HW | CKF_DERIVE),
	OF_AES(CKM_AES_KEY_GEN, CKF_HW | CKF_GENERATE), OF_AES(CKM_AES_CBC, CRYPTS), OF_AES(CKM_AES_CBC_PAD, CRYPTS),
	OF_AES(CKM_AES_CMAC, SIGNS), OF_AES(P11_CKM_AES_DERIVE, CKF_HW | CKF_DERIVE),
	{ P11_CKM_SC_HSM_WRAP, 0, 0, CKF_HW | CKF_WRAP | CKF_UNWRAP },
	{ CKM_SHA_1, 0, 0, CKF_DIGEST }, { CKM_SHA224, 0, 0, CKF_DIGEST }, { CKM_SHA256, 0, 0, CKF_DIGEST },
	{ CKM_SHA384, 0, 0, CKF_DIGEST }, { CKM_SHA512, 0, 0, CKF_DIGEST },
};
#define MECHANISMS (sizeof(mechanisms) / sizeof(mechanisms[0]))

static void test_mechanisms(void **state)
{
	CK_MECHANISM_TYPE list[MECHANISMS + 1];
	CK_MECHANISM_INFO info;
	CK_ULONG n;

	(void)state;
	(void)rig_card_simple();
	rig_initialize();
	(void)rig_session();
	for (n = 0; n < MECHANISMS;) {
		CK_ULONG had = n;

		assert_rv(C_GetMechanismList(0, list, &n), CKR_BUFFER_TOO_SMALL);
		assert_int_equal(n, MECHANISMS);
		n = had + 1;
	}
	assert_ok(C_GetMechanismList(0, list, &n));
	assert_int_equal(n, MECHANISMS);
	for (size_t i = 0; i < MECHANISMS; i++) {
		size_t k = 0;

		assert_ok(C_GetMechanismInfo(0, mechanisms[i].type, &info));
		assert_int_equal(info.ulMinKeySize, mechanisms[i].min);
		assert_int_equal(info.ulMaxKeySize, mechanisms[i].max);
		assert_int_equal(info.flags, mechanisms[i].flags);
		while (k < n && list[k] != mechanisms[i].type)
			k++;
		assert_true(k < n);
	}
	assert_rv(C_GetMechanismList(99, NULL, &n), CKR_SLOT_ID_INVALID);
	assert_rv(C_GetMechanismInfo(99, CKM_ECDSA, &info), CKR_SLOT_ID_INVALID);
	assert_rv(C_GetMechanismInfo(0, CKM_DES3_CBC, &info), CKR_MECHANISM_INVALID);
}

/* ---- the functions for messages: all of them, found by their place in the list ---- */

typedef CK_RV init(CK_SESSION_HANDLE, CK_MECHANISM *, CK_OBJECT_HANDLE);
typedef CK_RV crypt(CK_SESSION_HANDLE, void *, CK_ULONG, CK_BYTE *, CK_ULONG, CK_BYTE *, CK_ULONG, CK_BYTE *,
		    CK_ULONG *);
typedef CK_RV crypt_begin(CK_SESSION_HANDLE, void *, CK_ULONG, CK_BYTE *, CK_ULONG);
typedef CK_RV crypt_next(CK_SESSION_HANDLE, void *, CK_ULONG, CK_BYTE *, CK_ULONG, CK_BYTE *, CK_ULONG *, CK_FLAGS);
typedef CK_RV final(CK_SESSION_HANDLE);
typedef CK_RV sign(CK_SESSION_HANDLE, void *, CK_ULONG, CK_BYTE *, CK_ULONG, CK_BYTE *, CK_ULONG *);
typedef CK_RV sign_begin(CK_SESSION_HANDLE, void *, CK_ULONG);
typedef CK_RV verify(CK_SESSION_HANDLE, void *, CK_ULONG, CK_BYTE *, CK_ULONG, CK_BYTE *, CK_ULONG);

/* With what would be good arguments. */
static CK_RV call(const struct p11_functions_3 *f, size_t at, char how)
{
	static CK_MECHANISM m = { CKM_ECDSA, NULL, 0 };
	CK_ULONG n = sizeof(room);
	void (*p)(void);

	memcpy(&p, (const char *)f + at, sizeof(p));
	assert_true(p != NULL);
	switch (how) {
	case 'i': return ((init *)p)(s, &m, ec);
	case 'c': return ((crypt *)p)(s, NULL, 0, NULL, 0, data, 1, room, &n);
	case 'b': return ((crypt_begin *)p)(s, NULL, 0, NULL, 0);
	case 'n': return ((crypt_next *)p)(s, NULL, 0, data, 1, room, &n, 0);
	case 'f': return ((final *)p)(s);
	case 's': return ((sign *)p)(s, NULL, 0, data, 1, room, &n);
	case 'g': return ((sign_begin *)p)(s, NULL, 0);
	case 'v': return ((verify *)p)(s, NULL, 0, data, 1, room, 64);
	default: fail_msg("no such way %c", how); return CKR_GENERAL_ERROR;
	}
}

static void test_messages(void **state)
{
	/* Encrypt, decrypt, sign, verify: init, at once, begin, next, final (3.0 5.9, 5.11, 5.15, 5.17). */
	static const char ways[] = "icbnf" "icbnf" "isgsf" "ivgvf";
	const size_t first = offsetof(struct p11_functions_3, C_MessageEncryptInit);
	const struct p11_functions_3 *f;
	CK_INTERFACE *i;

	(void)state;
	assert_int_equal(sizeof(*f) - first, (sizeof(ways) - 1) * sizeof(void *));
	assert_ok(C_GetInterface(NULL, NULL, &i, 0));
	f = i->pFunctionList;
	for (int initialised = 0; initialised < 2; initialised++) {
		for (size_t k = 0; ways[k]; k++)
			assert_rv(call(f, first + k * sizeof(void *), ways[k]),
				  initialised ? CKR_FUNCTION_NOT_SUPPORTED : CKR_CRYPTOKI_NOT_INITIALIZED);
		if (!initialised)
			(void)start();
	}
}

int main(int argc, char **argv)
{
	agent_process_main(argc, argv);
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_sessions), RIG_TEST(test_operations), RIG_TEST(test_parameters),
		RIG_TEST(test_secret_parameters), RIG_TEST(test_find), RIG_TEST(test_mechanisms),
		RIG_TEST(test_messages),
	};

	return RUN_BOTH(tests);
}
