/* SPDX-License-Identifier: Apache-2.0 */
/* AES keys and derived EC keys: each with a card of our own, with open firmware, and at an agent. */
#include "test/p11/agent.h"

#include <stdlib.h>

#include "base/crypto_aes.h"
#include "pkcs11/ck/vendor.h"

#define BLOCK AES_BLOCK

static CK_SESSION_HANDLE s;
static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

static void open_card(const char *profile, const char *conf)
{
	struct rig_card c = rig_card_new(&(struct rig_spec){ .pin = RIG_PIN, .profile = profile });

	rig_card_key(&c, 2, EC_SECP256R1, 0, "ec", RD_LIT("\x02"));
	if (conf)
		agent_process_start(c.dir, conf);
	else
		rig_card_insert(&c);
	rig_initialize();
	s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
}

#define ADMIT "[agent]\nadmit = generate, update, delete\n"
#define ON_EACH(f) \
	static void f##_shared(void **state) { (void)state; open_card(NULL, NULL); f(); } \
	static void f##_open_firmware(void **state) { (void)state; open_card("open-firmware", NULL); f(); }
#define TESTS_OF(f) RIG_TEST(f##_shared), RIG_TEST(f##_open_firmware)

static CK_RV make(CK_ULONG size, const char *label, const CK_ATTRIBUTE *more, CK_ULONG more_n, CK_OBJECT_HANDLE *out)
{
	CK_MECHANISM m = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_BYTE text[32];
	CK_ATTRIBUTE t[8] = {
		{ CKA_TOKEN, &yes, sizeof(yes) }, { CKA_VALUE_LEN, &size, sizeof(size) },
		{ CKA_LABEL, text, strlen(label) },
	};

	memcpy(text, label, strlen(label));
	for (CK_ULONG i = 0; i < more_n; i++)
		t[3 + i] = more[i];
	return C_GenerateKey(s, &m, t, 3 + more_n, out);
}

static CK_OBJECT_HANDLE made(CK_ULONG size, const char *label)
{
	CK_OBJECT_HANDLE key = 0;

	assert_ok(make(size, label, NULL, 0, &key));
	return key;
}

static bool is(CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type)
{
	struct rd v = rig_attribute(s, o, type);

	assert_int_equal(v.n, 1);
	return v.p[0];
}

/* ---- the object ---- */

static void check_object(CK_OBJECT_HANDLE key, CK_ULONG size)
{
	CK_ATTRIBUTE value = { CKA_VALUE, NULL, 0 };

	assert_int_equal(rig_number(s, key, CKA_CLASS), CKO_SECRET_KEY);
	assert_int_equal(rig_number(s, key, CKA_KEY_TYPE), CKK_AES);
	assert_int_equal(rig_number(s, key, CKA_VALUE_LEN), size);
	assert_true(is(key, CKA_TOKEN) && is(key, CKA_PRIVATE) && is(key, CKA_SENSITIVE) && is(key, CKA_ENCRYPT) &&
		    is(key, CKA_DECRYPT) && is(key, CKA_SIGN) && is(key, CKA_VERIFY) && is(key, CKA_DERIVE));
	/* That it was made on the card, the card does not attest. */
	assert_false(is(key, CKA_EXTRACTABLE) || is(key, CKA_LOCAL) || is(key, CKA_NEVER_EXTRACTABLE));
	assert_rv(C_GetAttributeValue(s, key, &value, 1), CKR_ATTRIBUTE_SENSITIVE);
	assert_bytes_equal(rig_attribute(s, key, P11_CKA_ALGORITHMS), RD_LIT("\x10\x11\x18\x99"));
}

static void object(void)
{
	CK_OBJECT_HANDLE key;
	CK_BYTE other[] = "other";
	CK_ATTRIBUTE name = { CKA_LABEL, other, 5 };

	check_object(made(16, "k16"), 16);
	check_object(made(24, "k24"), 24);
	check_object(made(32, "k32"), 32);
	/* Nobody sees it who has not logged in; another process finds the same. */
	rig_finalize();
	rig_initialize();
	s = rig_session();
	assert_int_equal(rig_count(s, CKO_SECRET_KEY), 0);
	assert_ok(rig_login(s, RIG_PIN));
	assert_int_equal(rig_count(s, CKO_SECRET_KEY), 3);
	key = rig_find(s, CKO_SECRET_KEY, "k24");
	check_object(key, 24);
	assert_ok(C_SetAttributeValue(s, key, &name, 1));
	assert_int_equal(rig_find(s, CKO_SECRET_KEY, "other"), key);
	assert_ok(C_DestroyObject(s, key));
	rig_finalize();
	rig_initialize();
	s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	assert_int_equal(rig_count(s, CKO_SECRET_KEY), 2);
}
ON_EACH(object)

/* A card of before AES: it says that it does not know the command, and the login stays. */
static void test_generate_unknown(void **state)
{
	CK_OBJECT_HANDLE key = 0;

	(void)state;
	open_card(NULL, NULL);
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
	rig_fault(2, FAKE_UNKNOWN);     /* after the list of files */
	assert_rv(make(16, "k", NULL, 0, &key), CKR_MECHANISM_INVALID);
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
	assert_ok(make(16, "k", NULL, 0, &key));
}

/* The rest of a decryption, of which cipher is all, or all but the end has come in parts. */
static CK_RV decrypt_rest(bool in_parts, struct rd cipher, CK_BYTE *out, CK_ULONG *n)
{
	CK_BYTE copy[64];

	memcpy(copy, cipher.p, cipher.n);
	return in_parts ? C_DecryptFinal(s, out, n) : C_Decrypt(s, copy, cipher.n, out, n);
}

/* A buffer of the plain text's length is enough, and one that is too short costs no second use of the key. */
static void check_exact(CK_MECHANISM *m, CK_OBJECT_HANDLE key, struct rd plain, struct rd cipher, bool in_parts)
{
	CK_BYTE copy[64], got[64];
	CK_ULONG before = 0, n;
	uint64_t uses;

	memcpy(copy, cipher.p, cipher.n);
	assert_ok(C_DecryptInit(s, m, key));
	if (in_parts) {
		before = sizeof(got);
		assert_ok(C_DecryptUpdate(s, copy, cipher.n, got, &before));
	}
	uses = rig_exchanges();
	if (plain.n > before) {
		n = plain.n - before - 1;
		assert_rv(decrypt_rest(in_parts, cipher, got + before, &n), CKR_BUFFER_TOO_SMALL);
		assert_int_equal(n, plain.n - before);
		n = sizeof(got);
		assert_rv(C_DecryptUpdate(s, copy, BLOCK, got, &n), CKR_OPERATION_NOT_INITIALIZED);
	}
	n = plain.n - before;
	assert_ok(decrypt_rest(in_parts, cipher, got + before, &n));
	assert_int_equal(rig_exchanges(), uses + 1);
	assert_bytes_equal(rd_of(got, before + n), plain);
	n = sizeof(got);
	assert_rv(C_DecryptFinal(s, got, &n), CKR_OPERATION_NOT_INITIALIZED);
}

static void test_exact_buffer(void **state)
{
	CK_BYTE iv[BLOCK] = { 7 }, plain[40], cipher[64];
	CK_MECHANISM m = { CKM_AES_CBC_PAD, iv, sizeof(iv) };
	CK_OBJECT_HANDLE key = 0;
	CK_ULONG n;

	(void)state;
	open_card(NULL, NULL);
	assert_ok(make(16, "k", NULL, 0, &key));
	for (CK_ULONG size = 0; size <= sizeof(plain); size += 5) {
		memset(plain, (int)size, sizeof(plain));
		n = sizeof(cipher);
		assert_ok(C_EncryptInit(s, &m, key));
		assert_ok(C_Encrypt(s, plain, size, cipher, &n));
		check_exact(&m, key, rd_of(plain, size), rd_of(cipher, n), false);
		check_exact(&m, key, rd_of(plain, size), rd_of(cipher, n), true);
	}
}

/* A part and what comes of it may be in the same place (2.40 5.8.3), also where an earlier part left something over. */
static void test_in_place(void **state)
{
	CK_BYTE iv[BLOCK] = { 7 }, plain[48], want[48], buf[48], got[48];
	CK_MECHANISM m = { CKM_AES_CBC, iv, sizeof(iv) };
	CK_OBJECT_HANDLE key = 0;
	CK_ULONG n = sizeof(want), part;

	(void)state;
	open_card(NULL, NULL);
	assert_ok(make(16, "k", NULL, 0, &key));
	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = (CK_BYTE)i;
	assert_ok(C_EncryptInit(s, &m, key));
	assert_ok(C_Encrypt(s, plain, sizeof(plain), want, &n));
	for (int decrypt = 0; decrypt < 2; decrypt++) {
		const CK_BYTE *from = decrypt ? want : plain;

		assert_ok(decrypt ? C_DecryptInit(s, &m, key) : C_EncryptInit(s, &m, key));
		n = 0;
		for (size_t at = 0; at < sizeof(plain); at += part) {
			CK_ULONG room = sizeof(buf);

			part = at == 0 ? 5 : at == 5 ? 30 : 13;
			memcpy(buf, from + at, part);
			assert_ok((decrypt ? C_DecryptUpdate : C_EncryptUpdate)(s, buf, part, buf, &room));
			memcpy(got + n, buf, room);
			n += room;
		}
		assert_bytes_equal(rd_of(got, n), rd_of(decrypt ? plain : want, sizeof(got)));
		n = sizeof(got);
		assert_ok((decrypt ? C_DecryptFinal : C_EncryptFinal)(s, got, &n));
	}
}

static void test_generate_refused(void **state)
{
	CK_KEY_TYPE des = CKK_DES3;
	CK_ULONG size = 16;
	CK_BYTE value[16] = { 1 };
	CK_MECHANISM m = { CKM_AES_KEY_GEN, NULL, 0 }, wrong = { CKM_SHA256, NULL, 0 };
	CK_ATTRIBUTE t[] = { { CKA_VALUE_LEN, &size, sizeof(size) }, { CKA_TOKEN, &yes, 1 } };
	const struct {
		CK_ATTRIBUTE a;
		CK_RV rv;
	} rows[] = {
		{ { CKA_EXTRACTABLE, &yes, 1 }, CKR_TEMPLATE_INCONSISTENT },
		{ { CKA_KEY_TYPE, &des, sizeof(des) }, CKR_TEMPLATE_INCONSISTENT },
		{ { CKA_MODULUS, value, sizeof(value) }, CKR_ATTRIBUTE_TYPE_INVALID },
		{ { CKA_VALUE, value, sizeof(value) }, CKR_ATTRIBUTE_READ_ONLY },
		{ { CKA_LOCAL, &yes, 1 }, CKR_ATTRIBUTE_READ_ONLY },
	};
	CK_SESSION_HANDLE ro;
	CK_OBJECT_HANDLE key = 0;

	(void)state;
	open_card(NULL, NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_rv(make(16, "k", &rows[i].a, 1, &key), rows[i].rv);
	assert_rv(make(17, "k", NULL, 0, &key), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_rv(C_GenerateKey(s, &m, t, 1, &key), CKR_TEMPLATE_INCONSISTENT);
	assert_rv(C_GenerateKey(s, &m, t + 1, 1, &key), CKR_TEMPLATE_INCOMPLETE);
	assert_rv(C_GenerateKey(s, &wrong, t, 2, &key), CKR_MECHANISM_INVALID);
	assert_rv(C_GenerateKey(s, NULL, t, 2, &key), CKR_ARGUMENTS_BAD);
	assert_ok(C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &ro));
	assert_rv(C_GenerateKey(ro, &m, t, 2, &key), CKR_SESSION_READ_ONLY);
	assert_ok(C_CloseSession(ro));
	assert_ok(C_Logout(s));
	assert_rv(C_GenerateKey(s, &m, t, 2, &key), CKR_USER_NOT_LOGGED_IN);
	assert_int_equal(key, 0);
}

/* What a template does not allow, neither the module nor the card does. */
static void test_narrow(void **state)
{
	CK_BYTE iv[BLOCK] = { 0 };
	CK_ULONG uses = 2, n = BLOCK;
	CK_ATTRIBUTE only[] = {
		{ CKA_DECRYPT, &no, 1 }, { CKA_SIGN, &no, 1 }, { CKA_VERIFY, &no, 1 }, { CKA_DERIVE, &no, 1 },
		{ P11_CKA_USE_COUNTER, &uses, sizeof(uses) },
	};
	CK_MECHANISM cbc = { CKM_AES_CBC, iv, BLOCK }, cmac = { CKM_AES_CMAC, NULL, 0 };
	CK_OBJECT_HANDLE key;
	CK_BYTE block[BLOCK];

	(void)state;
	open_card(NULL, NULL);
	assert_ok(make(32, "k", only, 5, &key));
	assert_bytes_equal(rig_attribute(s, key, P11_CKA_ALGORITHMS), RD_LIT("\x10"));
	assert_rv(C_DecryptInit(s, &cbc, key), CKR_KEY_FUNCTION_NOT_PERMITTED);
	assert_rv(C_SignInit(s, &cmac, key), CKR_KEY_FUNCTION_NOT_PERMITTED);
	for (int i = 0; i < 3; i++) {
		assert_ok(C_EncryptInit(s, &cbc, key));
		assert_rv(C_Encrypt(s, iv, BLOCK, block, &n), i < 2 ? CKR_OK : CKR_KEY_FUNCTION_NOT_PERMITTED);
	}
	assert_int_equal(rig_number(s, key, P11_CKA_USE_COUNTER), 0);
}

/* ---- CBC ---- */

#define LONG 3000

static void encrypt_parts(CK_MECHANISM *m, CK_OBJECT_HANDLE key, const CK_BYTE *text, size_t n, size_t step,
			  struct wr *out)
{
	CK_BYTE part[LONG + 2 * BLOCK];
	CK_ULONG got;

	assert_ok(C_EncryptInit(s, m, key));
	for (size_t at = 0; at < n; at += step) {
		got = sizeof(part);
		assert_ok(C_EncryptUpdate(s, (CK_BYTE *)(uintptr_t)text + at, n - at < step ? n - at : step, part,
					  &got));
		wr_put(out, rd_of(part, got));
	}
	got = sizeof(part);
	assert_ok(C_EncryptFinal(s, part, &got));
	wr_put(out, rd_of(part, got));
}

static void decrypt_parts(CK_MECHANISM *m, CK_OBJECT_HANDLE key, struct rd cipher, size_t step, struct wr *out)
{
	CK_BYTE part[LONG + 2 * BLOCK];
	CK_ULONG got;
	struct rd next;

	assert_ok(C_DecryptInit(s, m, key));
	while (rd_take(&cipher, cipher.n < step ? cipher.n : step, &next) && next.n) {
		got = sizeof(part);
		assert_ok(C_DecryptUpdate(s, (CK_BYTE *)(uintptr_t)next.p, next.n, part, &got));
		wr_put(out, rd_of(part, got));
	}
	got = sizeof(part);
	assert_ok(C_DecryptFinal(s, part, &got));
	wr_put(out, rd_of(part, got));
}

/* Once as a whole, and in parts of every kind: the same; and it comes back. */
static void cbc_one(CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE type, size_t n)
{
	static const size_t steps[] = { 1500, 16, 33 };
	CK_BYTE text[LONG], iv[BLOCK] = "an IV, 16 bytes", whole[LONG + BLOCK], back[LONG + BLOCK];
	CK_MECHANISM m = { type, iv, BLOCK };
	CK_ULONG need = 0, got = sizeof(back), size;
	struct wr parts;

	for (size_t i = 0; i < n; i++)
		text[i] = (CK_BYTE)(i * 31 + n);
	wr_init_heap(&parts, 2 * LONG);
	assert_ok(C_EncryptInit(s, &m, key));
	assert_ok(C_Encrypt(s, text, n, NULL, &need));
	assert_int_equal(need, type == CKM_AES_CBC ? n : n / BLOCK * BLOCK + BLOCK);
	size = need - 1;
	if (need)
		assert_rv(C_Encrypt(s, text, n, whole, &size), CKR_BUFFER_TOO_SMALL);
	size = sizeof(whole);
	assert_ok(C_Encrypt(s, text, n, whole, &size));
	assert_int_equal(size, need);
	assert_ok(C_DecryptInit(s, &m, key));
	assert_ok(C_Decrypt(s, whole, need, back, &got));
	assert_bytes_equal(rd_of(back, got), rd_of(text, n));
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		/* Each part is an exchange; small ones of a long text show no more than those of a short one. */
		if (n / steps[i] > 8)
			continue;
		wr_reset(&parts);
		encrypt_parts(&m, key, text, n, steps[i], &parts);
		assert_bytes_equal(wr_view(&parts), rd_of(whole, need));
		wr_reset(&parts);
		decrypt_parts(&m, key, rd_of(whole, need), steps[i], &parts);
		assert_bytes_equal(wr_view(&parts), rd_of(text, n));
	}
	wr_free(&parts);
}

static void cbc(void)
{
	static const size_t sizes[] = { 0, 16, 32, 128, 2992 }, padded[] = { 0, 1, 15, 16, 17, 100, 2999 };
	CK_OBJECT_HANDLE key = made(32, "k");

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		cbc_one(key, CKM_AES_CBC, sizes[i]);
	for (size_t i = 0; i < sizeof(padded) / sizeof(padded[0]); i++)
		cbc_one(key, CKM_AES_CBC_PAD, padded[i]);
}
ON_EACH(cbc)

static void test_cbc_refused(void **state)
{
	CK_BYTE iv[BLOCK] = { 0 }, text[48] = { 0 }, out[64], good[32];
	CK_MECHANISM m = { CKM_AES_CBC, iv, BLOCK }, pad = { CKM_AES_CBC_PAD, iv, BLOCK };
	CK_MECHANISM none = { CKM_AES_CBC, iv, 8 };
	CK_OBJECT_HANDLE key;
	CK_ULONG n = sizeof(out);

	(void)state;
	open_card(NULL, NULL);
	key = made(16, "k");
	assert_rv(C_EncryptInit(s, &none, key), CKR_MECHANISM_PARAM_INVALID);
	assert_rv(C_EncryptInit(s, &m, rig_find(s, CKO_PUBLIC_KEY, "ec")), CKR_KEY_TYPE_INCONSISTENT);
	assert_ok(C_EncryptInit(s, &m, key));
	assert_rv(C_Encrypt(s, text, 17, out, &n), CKR_DATA_LEN_RANGE);
	assert_rv(C_Encrypt(s, text, 16, out, &n), CKR_OPERATION_NOT_INITIALIZED);
	assert_ok(C_DecryptInit(s, &m, key));
	n = sizeof(out);
	assert_rv(C_Decrypt(s, text, 17, out, &n), CKR_ENCRYPTED_DATA_LEN_RANGE);
	assert_ok(C_EncryptInit(s, &m, key));
	n = sizeof(out);
	assert_ok(C_EncryptUpdate(s, text, 17, out, &n));
	assert_int_equal(n, 16);
	/* Only C_EncryptFinal can end it now. */
	n = sizeof(out);
	assert_rv(C_Encrypt(s, text, 16, out, &n), CKR_OPERATION_NOT_INITIALIZED);
	assert_rv(C_EncryptFinal(s, out, &n), CKR_DATA_LEN_RANGE);
	/* Every padding that is none. */
	for (unsigned bad = 0; bad < 4; bad++) {
		static const CK_BYTE last[4][3] = { { 0, 0, 0 }, { 1, 1, 17 }, { 9, 9, 3 }, { 2, 3, 2 } };

		memset(text, 'x', 32);
		memcpy(text + 29, last[bad], 3);
		n = 32;
		assert_ok(C_EncryptInit(s, &m, key));
		assert_ok(C_Encrypt(s, text, 32, good, &n));
		n = sizeof(out);
		assert_ok(C_DecryptInit(s, &pad, key));
		assert_rv(C_Decrypt(s, good, 32, out, &n), CKR_ENCRYPTED_DATA_INVALID);
	}
	assert_ok(C_DecryptInit(s, &pad, key));
	n = sizeof(out);
	assert_rv(C_Decrypt(s, good, 0, out, &n), CKR_ENCRYPTED_DATA_LEN_RANGE);
	assert_ok(C_DestroyObject(s, key));
	assert_rv(C_DecryptInit(s, &pad, key), CKR_KEY_HANDLE_INVALID);
}

/* ---- CMAC ---- */

/* NIST SP 800-38B 6.1: the subkey of a whole last block. */
static void double_it(CK_BYTE l[BLOCK])
{
	CK_BYTE top = l[0] & 0x80;

	for (int i = 0; i < BLOCK; i++)
		l[i] = (CK_BYTE)(l[i] << 1 | (i + 1 < BLOCK ? l[i + 1] >> 7 : 0));
	if (top)
		l[BLOCK - 1] ^= 0x87;
}

static void cmac(void)
{
	CK_BYTE iv[BLOCK] = { 0 }, l[BLOCK], text[1200], mac[BLOCK], again[BLOCK];
	CK_MECHANISM m = { CKM_AES_CMAC, NULL, 0 }, ecb = { CKM_AES_CBC, iv, BLOCK };
	CK_OBJECT_HANDLE key = made(24, "k");
	CK_ULONG n = BLOCK, got;

	memset(text, 'm', sizeof(text));
	/* One block: encrypted after the subkey was put in. */
	assert_ok(C_EncryptInit(s, &ecb, key));
	assert_ok(C_Encrypt(s, iv, BLOCK, l, &n));
	double_it(l);
	for (int i = 0; i < BLOCK; i++)
		l[i] ^= text[i];
	assert_ok(C_EncryptInit(s, &ecb, key));
	assert_ok(C_Encrypt(s, l, BLOCK, again, &n));
	assert_ok(C_SignInit(s, &m, key));
	got = 0;
	assert_ok(C_Sign(s, text, BLOCK, NULL, &got));
	assert_int_equal(got, BLOCK);
	assert_ok(C_Sign(s, text, BLOCK, mac, &got));
	assert_memory_equal(mac, again, BLOCK);
	/* A long one, as a whole and in parts. */
	assert_ok(C_SignInit(s, &m, key));
	assert_ok(C_Sign(s, text, sizeof(text), mac, &got));
	assert_ok(C_SignInit(s, &m, key));
	for (size_t at = 0; at < sizeof(text); at += 300)
		assert_ok(C_SignUpdate(s, text + at, 300));
	assert_ok(C_SignFinal(s, again, &got));
	assert_memory_equal(mac, again, BLOCK);
	assert_ok(C_VerifyInit(s, &m, key));
	assert_ok(C_Verify(s, text, sizeof(text), mac, BLOCK));
	assert_ok(C_VerifyInit(s, &m, key));
	assert_ok(C_VerifyUpdate(s, text, sizeof(text)));
	assert_ok(C_VerifyFinal(s, mac, BLOCK));
	assert_ok(C_VerifyInit(s, &m, key));
	assert_rv(C_Verify(s, text, sizeof(text), mac, BLOCK - 1), CKR_SIGNATURE_LEN_RANGE);
	mac[3] ^= 1;
	assert_ok(C_VerifyInit(s, &m, key));
	assert_rv(C_Verify(s, text, sizeof(text), mac, BLOCK), CKR_SIGNATURE_INVALID);
}
ON_EACH(cmac)

/* ---- derivation ---- */

static CK_RV derive_aes(CK_OBJECT_HANDLE key, CK_BYTE *parameter, CK_KEY_TYPE type, CK_ULONG size,
			CK_OBJECT_HANDLE *out)
{
	CK_MECHANISM m = { P11_CKM_AES_DERIVE, parameter, 32 };
	CK_ATTRIBUTE t[] = {
		{ CKA_KEY_TYPE, &type, sizeof(type) }, { CKA_VALUE_LEN, &size, sizeof(size) },
		{ CKA_ENCRYPT, &yes, 1 }, { CKA_SIGN, &yes, 1 },
	};

	return C_DeriveKey(s, &m, key, t, 4, out);
}

static void derive(void)
{
	CK_BYTE parameter[32] = "a parameter of the caller's", iv[BLOCK] = "an IV", text[48] = "text", mac[BLOCK],
		expected_mac[BLOCK], soft_iv[BLOCK], value[32], out[48];
	CK_MECHANISM cbc_m = { CKM_AES_CBC, iv, BLOCK }, cmac_m = { CKM_AES_CMAC, NULL, 0 };
	CK_OBJECT_HANDLE key = made(32, "k"), generic, same, aes;
	CK_ULONG n = sizeof(out);
	struct wr expected;

	wr_init_heap(&expected, 64);
	assert_ok(derive_aes(key, parameter, CKK_GENERIC_SECRET, 32, &generic));
	assert_ok(derive_aes(key, parameter, CKK_GENERIC_SECRET, 32, &same));
	memcpy(value, rig_attribute(s, generic, CKA_VALUE).p, 32);
	assert_bytes_equal(rig_attribute(s, same, CKA_VALUE), RD_ARR(value));
	/* A shorter one is its beginning; as an AES key of the session it works on the host as any AES does. */
	assert_ok(derive_aes(key, parameter, CKK_AES, 16, &aes));
	assert_bytes_equal(rig_attribute(s, aes, CKA_VALUE), rd_of(value, 16));
	memcpy(soft_iv, iv, BLOCK);
	assert_int_equal(aes_cbc_encrypt(rd_of(value, 16), soft_iv, RD_ARR(text), &expected), ERR_OK);
	assert_ok(C_EncryptInit(s, &cbc_m, aes));
	assert_ok(C_Encrypt(s, text, sizeof(text), out, &n));
	assert_bytes_equal(rd_of(out, n), wr_view(&expected));
	wr_reset(&expected);
	encrypt_parts(&cbc_m, aes, text, sizeof(text), 17, &expected);
	assert_bytes_equal(rd_of(out, n), wr_view(&expected));
	assert_int_equal(aes_cmac(rd_of(value, 16), RD_ARR(text), expected_mac), ERR_OK);
	n = BLOCK;
	assert_ok(C_SignInit(s, &cmac_m, aes));
	assert_ok(C_Sign(s, text, sizeof(text), mac, &n));
	assert_memory_equal(mac, expected_mac, BLOCK);

	parameter[0]++;
	assert_ok(derive_aes(key, parameter, CKK_GENERIC_SECRET, 32, &same));
	assert_false(rd_eq(rig_attribute(s, same, CKA_VALUE), RD_ARR(value)));
	assert_rv(derive_aes(key, parameter, CKK_GENERIC_SECRET, 33, &same), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_rv(derive_aes(key, parameter, CKK_AES, 15, &same), CKR_ATTRIBUTE_VALUE_INVALID);
	wr_free(&expected);
}
ON_EACH(derive)

static CK_OBJECT_HANDLE derive_ec(CK_OBJECT_HANDLE from, CK_BYTE *parameter, const char *label)
{
	CK_MECHANISM m = { P11_CKM_EC_DERIVE, parameter, 32 };
	CK_BYTE text[16];
	CK_ATTRIBUTE t[] = { { CKA_TOKEN, &yes, 1 }, { CKA_LABEL, text, strlen(label) } };
	CK_OBJECT_HANDLE key = 0;

	memcpy(text, label, strlen(label));
	assert_ok(C_DeriveKey(s, &m, from, t, 2, &key));
	return key;
}

static void derived_ec(void)
{
	CK_BYTE parameter[32] = { 0, 1, 2, 3 }, hash[32] = { 7 }, sig[64], point[80];
	CK_MECHANISM ecdsa = { CKM_ECDSA, NULL, 0 }, m = { P11_CKM_EC_DERIVE, parameter, 32 };
	CK_OBJECT_HANDLE ec = rig_find(s, CKO_PRIVATE_KEY, "ec"), one, made_again;
	CK_ULONG n = sizeof(sig);
	struct rd q;

	one = derive_ec(ec, parameter, "one");
	assert_int_equal(rig_find(s, CKO_PRIVATE_KEY, "one"), one);
	assert_true(is(one, CKA_LOCAL));        /* the card attests to it */
	assert_ok(C_SignInit(s, &ecdsa, one));
	assert_ok(C_Sign(s, hash, sizeof(hash), sig, &n));
	assert_ok(C_VerifyInit(s, &ecdsa, rig_find(s, CKO_PUBLIC_KEY, "one")));
	assert_ok(C_Verify(s, hash, sizeof(hash), sig, n));
	assert_ok(C_VerifyInit(s, &ecdsa, rig_find(s, CKO_PUBLIC_KEY, "ec")));
	assert_rv(C_Verify(s, hash, sizeof(hash), sig, n), CKR_SIGNATURE_INVALID);
	/* The same again has the same point; another parameter has another. */
	(void)derive_ec(ec, parameter, "again");
	q = rig_attribute(s, rig_find(s, CKO_PUBLIC_KEY, "one"), CKA_EC_POINT);
	assert_true(q.n <= sizeof(point));
	memcpy(point, q.p, q.n);
	q = rig_attribute(s, rig_find(s, CKO_PUBLIC_KEY, "again"), CKA_EC_POINT);
	assert_memory_equal(point, q.p, q.n);
	parameter[31]++;
	(void)derive_ec(ec, parameter, "other");
	q = rig_attribute(s, rig_find(s, CKO_PUBLIC_KEY, "other"), CKA_EC_POINT);
	assert_memory_not_equal(point, q.p, q.n);
	memset(parameter, 0xFF, sizeof(parameter));
	made_again = 0;
	assert_rv(C_DeriveKey(s, &m, ec, (CK_ATTRIBUTE[]){ { CKA_TOKEN, &no, 1 } }, 1, &made_again),
		  CKR_TEMPLATE_INCONSISTENT);
	assert_rv(C_DeriveKey(s, &m, ec, NULL, 0, &made_again), CKR_MECHANISM_PARAM_INVALID);
	assert_int_equal(made_again, 0);
}
ON_EACH(derived_ec)

/* ---- the agent's limits ---- */

static CK_RV encrypt(CK_OBJECT_HANDLE key)
{
	CK_BYTE iv[BLOCK] = { 0 }, out[BLOCK];
	CK_MECHANISM m = { CKM_AES_CBC, iv, BLOCK };
	CK_ULONG n = BLOCK;

	assert_ok(C_EncryptInit(s, &m, key));
	return C_Encrypt(s, iv, BLOCK, out, &n);
}

static CK_RV mac_of(CK_OBJECT_HANDLE key)
{
	CK_MECHANISM m = { CKM_AES_CMAC, NULL, 0 };
	CK_BYTE out[BLOCK];
	CK_ULONG n = BLOCK;

	assert_ok(C_SignInit(s, &m, key));
	return C_Sign(s, out, 1, out, &n);
}

/* Signatures do not cover MACs, and each kind of use has an allowance of its own. */
static void test_agent_limits(void **state)
{
	CK_BYTE parameter[32] = { 1 };
	CK_OBJECT_HANDLE key, out;

	(void)state;
	open_card(NULL, ADMIT "limits = sign=100 decipher=2 derive=1\n");
	key = made(16, "k");
	assert_ok(encrypt(key));
	assert_ok(mac_of(key));
	assert_rv(encrypt(key), CKR_FUNCTION_REJECTED);
	assert_rv(mac_of(key), CKR_FUNCTION_REJECTED);
	assert_ok(derive_aes(key, parameter, CKK_GENERIC_SECRET, 32, &out));
	assert_rv(derive_aes(key, parameter, CKK_GENERIC_SECRET, 32, &out), CKR_FUNCTION_REJECTED);
}

/* Without the operator's leave nothing is made: neither a key nor one of another. */
static void test_agent_admits(void **state)
{
	CK_BYTE parameter[32] = { 1 };
	CK_MECHANISM m = { P11_CKM_EC_DERIVE, parameter, 32 };
	CK_OBJECT_HANDLE key;

	(void)state;
	open_card(NULL, "[agent]\nlimits = decipher=any derive=any\n");
	assert_rv(make(16, "k", NULL, 0, &key), CKR_TOKEN_WRITE_PROTECTED);
	assert_rv(C_DeriveKey(s, &m, rig_find(s, CKO_PRIVATE_KEY, "ec"), NULL, 0, &key), CKR_TOKEN_WRITE_PROTECTED);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TESTS_OF(object), RIG_TEST(test_generate_refused), RIG_TEST(test_generate_unknown),
		RIG_TEST(test_exact_buffer), RIG_TEST(test_in_place), RIG_TEST(test_narrow),
		TESTS_OF(cbc), RIG_TEST(test_cbc_refused), TESTS_OF(cmac), TESTS_OF(derive), TESTS_OF(derived_ec),
		AGENT_TEST(test_agent_limits), AGENT_TEST(test_agent_admits),
	};

	agent_process_main(argc, argv);
	return RUN_BOTH(tests);
}
