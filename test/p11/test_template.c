/* SPDX-License-Identifier: Apache-2.0 */
/* Templates: what may stand in one, what is said to what may not, and that what is granted is so afterwards. */
#include "test/p11/agent.h"

#include "pkcs11/ck/vendor.h"
#include "test/p11/cert.h"

enum { BOOL = 1, NUMBER = sizeof(CK_ULONG), BYTES = 3 };

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
static CK_ULONG number = 1;
static CK_BYTE bytes[] = "xyz";
static CK_BYTE p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };

/*
 * Templates. Each is left without something that it needs, so that CKR_TEMPLATE_INCOMPLETE is the answer to an
 * attribute that is right, and nothing is made. + right, t must be true, f must be false (otherwise inconsistent),
 * e must be empty, r the token's, - not of such an object; . not tried: it would be complete, or is tested elsewhere.
 */
enum { MAKE_PUB, MAKE_PRIV, GIVE_CERT, GIVE_PUB, WAYS };
static const struct template_row {
	CK_ATTRIBUTE_TYPE type;
	enum { T_BOOL = BOOL, T_NUMBER = NUMBER, T_BYTES = BYTES } kind;
	const char *how;
} templates[] = {
	{ CKA_TOKEN, T_BOOL, "+++f" },
	{ CKA_PRIVATE, T_BOOL, "ftff" },
	{ CKA_MODIFIABLE, T_BOOL, "tttt" },
	{ CKA_COPYABLE, T_BOOL, "tfft" },
	{ CKA_DESTROYABLE, T_BOOL, "fttt" },
	{ CKA_LABEL, T_BYTES, "++++" },
	{ P11_CKA_UNIQUE_ID, T_BYTES, "rrrr" },
	{ CKA_ID, T_BYTES, "++++" },
	{ CKA_SUBJECT, T_BYTES, "ee++" },
	{ CKA_START_DATE, T_BYTES, "ee+e" },
	{ CKA_END_DATE, T_BYTES, "ee+e" },
	{ CKA_TRUSTED, T_BOOL, "f-ff" },
	{ CKA_LOCAL, T_BOOL, "rr-r" },
	{ CKA_KEY_GEN_MECHANISM, T_NUMBER, "rr-r" },
	{ CKA_DERIVE, T_BOOL, "++-+" },
	{ CKA_SIGN, T_BOOL, "-+--" },
	{ CKA_SIGN_RECOVER, T_BOOL, "-+--" },
	{ CKA_DECRYPT, T_BOOL, "-+--" },
	{ CKA_UNWRAP, T_BOOL, "-+--" },
	{ CKA_SENSITIVE, T_BOOL, "-t--" },
	{ CKA_EXTRACTABLE, T_BOOL, "-+--" },
	{ CKA_ALWAYS_SENSITIVE, T_BOOL, "-r--" },
	{ CKA_NEVER_EXTRACTABLE, T_BOOL, "-r--" },
	{ CKA_WRAP_WITH_TRUSTED, T_BOOL, "-f--" },
	{ CKA_ALWAYS_AUTHENTICATE, T_BOOL, "-f--" },
	{ CKA_MODULUS, T_BYTES, "---." },
	{ CKA_PRIVATE_EXPONENT, T_BYTES, "----" },
	{ CKA_VERIFY, T_BOOL, "+--+" },
	{ CKA_VERIFY_RECOVER, T_BOOL, "+--+" },
	{ CKA_ENCRYPT, T_BOOL, "+--+" },
	{ CKA_WRAP, T_BOOL, "+--+" },
	{ CKA_CERTIFICATE_CATEGORY, T_NUMBER, "--+-" },
	{ CKA_ISSUER, T_BYTES, "--+-" },
	{ CKA_SERIAL_NUMBER, T_BYTES, "--+-" },
	{ CKA_CHECK_VALUE, T_BYTES, "--+-" },
	{ CKA_APPLICATION, T_BYTES, "----" },
	{ CKA_VALUE, T_BYTES, "-r.-" },
	{ P11_CKA_USE_COUNTER, T_NUMBER, "++--" },
	{ P11_CKA_ALGORITHMS, T_BYTES, "++--" },
	{ P11_CKA_ATTESTATION, T_BYTES, "rr-r" },
	{ CKA_WRAP_TEMPLATE, T_BYTES, "e--e" },
	{ CKA_UNWRAP_TEMPLATE, T_BYTES, "-e--" },
	{ CKA_DERIVE_TEMPLATE, T_BYTES, "-e--" },
	{ CKA_ALLOWED_MECHANISMS, T_BYTES, "+.-e" },
	{ CKA_URL, T_BYTES, "--e-" },
	{ CKA_HASH_OF_SUBJECT_PUBLIC_KEY, T_BYTES, "--e-" },
	{ CKA_HASH_OF_ISSUER_PUBLIC_KEY, T_BYTES, "--e-" },
	{ CKA_PUBLIC_KEY_INFO, T_BYTES, "rr+." },
	/* Such a key has it, and its maker no say. */
	{ CKA_EC_POINT, T_BYTES, "rr-." },
	{ CKA_VENDOR_DEFINED, T_BYTES, "----" },
};
#define TEMPLATES (sizeof(templates) / sizeof(templates[0]))

static CK_RV ask(CK_SESSION_HANDLE s, int way, CK_ATTRIBUTE a)
{
	CK_OBJECT_CLASS cert = CKO_CERTIFICATE, pub = CKO_PUBLIC_KEY;
	CK_MECHANISM m = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_KEY_TYPE ec = CKK_EC;
	CK_ATTRIBUTE token = { CKA_TOKEN, &yes, 1 };
	CK_ATTRIBUTE cert_t[] = { { CKA_CLASS, &cert, sizeof(cert) }, token, a };
	CK_ATTRIBUTE pub_t[] = { { CKA_CLASS, &pub, sizeof(pub) }, { CKA_KEY_TYPE, &ec, sizeof(ec) }, a };
	CK_OBJECT_HANDLE x, y;

	switch (way) {
	case MAKE_PUB:
		return C_GenerateKeyPair(s, &m, &a, 1, &token, 1, &x, &y);
	case MAKE_PRIV:
		return C_GenerateKeyPair(s, &m, NULL, 0, &a, 1, &x, &y);
	case GIVE_CERT:
		return C_CreateObject(s, cert_t, 3, &x);
	default:
		return C_CreateObject(s, pub_t, 3, &x);
	}
}

static void expect(CK_SESSION_HANDLE s, int way, const struct template_row *r, CK_ATTRIBUTE a, CK_RV want)
{
	CK_RV rv = ask(s, way, a);

	if (rv != want)
		fail_msg("attribute 0x%lx, way %d, first byte %d: 0x%lx and not 0x%lx", r->type, way,
			 *(CK_BYTE *)a.pValue, rv, want);
}

static void test_templates(void **state)
{
	CK_SESSION_HANDLE s;

	(void)state;
	s = rig_enter();
	for (size_t i = 0; i < TEMPLATES; i++) {
		const struct template_row *r = &templates[i];

		for (int way = 0; way < WAYS; way++) {
			CK_ATTRIBUTE a = { r->type, r->kind == T_BOOL ? (void *)&yes :
					   r->kind == T_NUMBER ? (void *)&number : bytes, r->kind };
			CK_ATTRIBUTE off = { r->type, &no, 1 };

			switch (r->how[way]) {
			case '+':
				expect(s, way, r, a, CKR_TEMPLATE_INCOMPLETE);
				break;
			case 't':
				expect(s, way, r, a, CKR_TEMPLATE_INCOMPLETE);
				expect(s, way, r, off, CKR_TEMPLATE_INCONSISTENT);
				break;
			case 'f':
				expect(s, way, r, a, CKR_TEMPLATE_INCONSISTENT);
				expect(s, way, r, off, CKR_TEMPLATE_INCOMPLETE);
				break;
			case 'e':
				expect(s, way, r, a, CKR_TEMPLATE_INCONSISTENT);
				a.ulValueLen = 0;
				expect(s, way, r, a, CKR_TEMPLATE_INCOMPLETE);
				break;
			case 'r':
				expect(s, way, r, a, CKR_ATTRIBUTE_READ_ONLY);
				break;
			case '-':
				expect(s, way, r, a, CKR_ATTRIBUTE_TYPE_INVALID);
				break;
			default:
				break;
			}
			/* Where it decides something, its size must be right. */
			if (strchr("tf", r->how[way])) {
				a.ulValueLen++;
				expect(s, way, r, a, CKR_ATTRIBUTE_VALUE_INVALID);
			}
		}
	}
}

/* ---- whatever is accepted is so afterwards ---- */

enum { PAIR_PRIV, PAIR_PUB, AES, CERT, PUBLIC, DATA_OBJECT, KINDS };

/* Flags that programs put into every template of such a key, and that it need not have: not held against them. */
static const CK_ATTRIBUTE_TYPE wishes[KINDS][6] = {
	[PAIR_PRIV] = { CKA_SIGN_RECOVER, CKA_UNWRAP, CKA_DECRYPT },
	[PAIR_PUB] = { CKA_VERIFY, CKA_VERIFY_RECOVER, CKA_ENCRYPT, CKA_WRAP, CKA_DERIVE },
	[AES] = { CKA_PRIVATE, CKA_SENSITIVE, CKA_WRAP, CKA_UNWRAP, CKA_SIGN, CKA_VERIFY },
	[PUBLIC] = { CKA_VERIFY_RECOVER, CKA_WRAP, CKA_DERIVE, CKA_ENCRYPT },
};

static bool is_wish(int kind, CK_ATTRIBUTE_TYPE type)
{
	for (size_t i = 0; i < 6; i++)
		if (wishes[kind][i] == type)
			return true;
	return false;
}

/* The object that the attribute is of; CKA_TOKEN is said for what can only be on the card, unless it is asked about. */
static CK_RV make_with(CK_SESSION_HANDLE s, int kind, CK_ATTRIBUTE a, CK_OBJECT_HANDLE *out)
{
	static CK_BYTE der[2000], point[100];
	static CK_ULONG der_n, point_n, size = 16;
	struct wr w;
	CK_OBJECT_CLASS cert = CKO_CERTIFICATE, pub = CKO_PUBLIC_KEY, data = CKO_DATA;
	CK_KEY_TYPE ec = CKK_EC;
	CK_MECHANISM pair = { CKM_EC_KEY_PAIR_GEN, NULL, 0 }, aes = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_ATTRIBUTE token = { CKA_TOKEN, &yes, 1 }, params = { CKA_EC_PARAMS, p256, sizeof(p256) };
	CK_ATTRIBUTE t[6] = { a };
	CK_OBJECT_HANDLE other;
	CK_ULONG n = 1;
	struct rd v;

	if (!der_n) {
		WR_ARR(&w, der);
		test_certificate_new(&w);
		der_n = w.n;
		v = rig_attribute(s, rig_find(s, CKO_PUBLIC_KEY, "ec"), CKA_EC_POINT);
		memcpy(point, v.p, v.n);
		point_n = v.n;
	}
	if (a.type != CKA_TOKEN && kind != PUBLIC)
		t[n++] = token;
	switch (kind) {
	case PAIR_PRIV:
		return C_GenerateKeyPair(s, &pair, &params, 1, t, n, &other, out);
	case PAIR_PUB:
		t[n++] = params;
		return C_GenerateKeyPair(s, &pair, t, n, &token, 1, out, &other);
	case AES:
		t[n++] = (CK_ATTRIBUTE){ CKA_VALUE_LEN, &size, sizeof(size) };
		return C_GenerateKey(s, &aes, t, n, out);
	case CERT:
		t[n++] = (CK_ATTRIBUTE){ CKA_CLASS, &cert, sizeof(cert) };
		t[n++] = (CK_ATTRIBUTE){ CKA_VALUE, der, der_n };
		break;
	case PUBLIC:
		t[n++] = (CK_ATTRIBUTE){ CKA_CLASS, &pub, sizeof(pub) };
		t[n++] = (CK_ATTRIBUTE){ CKA_KEY_TYPE, &ec, sizeof(ec) };
		t[n++] = (CK_ATTRIBUTE){ CKA_EC_POINT, point, point_n };
		t[n++] = params;
		break;
	default:
		t[n++] = (CK_ATTRIBUTE){ CKA_CLASS, &data, sizeof(data) };
		t[n++] = (CK_ATTRIBUTE){ CKA_VALUE, bytes, sizeof(bytes) };
		break;
	}
	return C_CreateObject(s, t, n, out);
}

/* All that were made go again: of a pair the private key. */
static void unmake(CK_SESSION_HANDLE s, int kind, CK_OBJECT_HANDLE o)
{
	CK_ATTRIBUTE id = { CKA_ID, (CK_BYTE[64]){ 0 }, 64 }, t[2];
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ULONG n;

	if (kind == PAIR_PUB) {
		assert_ok(C_GetAttributeValue(s, o, &id, 1));
		t[0] = id;
		t[1] = (CK_ATTRIBUTE){ CKA_CLASS, &class, sizeof(class) };
		assert_ok(C_FindObjectsInit(s, t, 2));
		assert_ok(C_FindObjects(s, &o, 1, &n));
		assert_ok(C_FindObjectsFinal(s));
		assert_int_equal(n, 1);
	}
	assert_ok(C_DestroyObject(s, o));
}

static bool says(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type, CK_BBOOL want)
{
	CK_BBOOL is = 2;
	CK_ATTRIBUTE a = { type, &is, sizeof(is) };

	return C_GetAttributeValue(s, o, &a, 1) == CKR_OK && is == want;
}

static void test_granted(void **state)
{
	unsigned granted = 0, refused = 0;
	CK_SESSION_HANDLE s;

	(void)state;
	s = rig_enter();
	for (size_t i = 0; i < TEMPLATES; i++) {
		for (int k = 0; k < 2 * KINDS && templates[i].kind == T_BOOL; k++) {
			CK_BBOOL want = k % 2 ? CK_TRUE : CK_FALSE;
			CK_OBJECT_HANDLE o = 0;
			CK_RV rv = make_with(s, k / 2, (CK_ATTRIBUTE){ templates[i].type, &want, 1 }, &o);

			if (rv) {
				if (rv != CKR_TEMPLATE_INCONSISTENT && rv != CKR_ATTRIBUTE_READ_ONLY &&
				    rv != CKR_ATTRIBUTE_TYPE_INVALID)
					fail_msg("0x%lx = %d, kind %d: 0x%lx", templates[i].type, want, k / 2, rv);
				refused++;
				continue;
			}
			granted++;
			if (!is_wish(k / 2, templates[i].type) && !says(s, o, templates[i].type, want))
				fail_msg("0x%lx = %d, kind %d: granted, and is not so", templates[i].type, want,
					 k / 2);
			unmake(s, k / 2, o);
		}
	}
	assert_true(granted > 50 && refused > 50);
}

/* A key of a session, with one attribute more. */
static CK_RV derive_with(CK_SESSION_HANDLE s, CK_ATTRIBUTE *more, CK_ULONG n, CK_OBJECT_HANDLE *out)
{
	struct rd point = rig_attribute(s, rig_find(s, CKO_PUBLIC_KEY, "ec"), CKA_EC_POINT);
	CK_ECDH1_DERIVE_PARAMS p = { .kdf = CKD_NULL, .public_data_len = point.n };
	CK_MECHANISM m = { CKM_ECDH1_DERIVE, &p, sizeof(p) };
	CK_KEY_TYPE aes = CKK_AES;
	CK_ULONG size = 16;
	CK_ATTRIBUTE t[5] = { { CKA_KEY_TYPE, &aes, sizeof(aes) }, { CKA_VALUE_LEN, &size, sizeof(size) },
			      { CKA_ENCRYPT, &yes, 1 } };
	CK_BYTE copy[200];

	assert_true(n <= 2);
	for (CK_ULONG i = 0; i < n; i++)
		t[3 + i] = more[i];
	memcpy(copy, point.p, point.n);
	p.public_data = copy;
	return C_DeriveKey(s, &m, rig_find(s, CKO_PRIVATE_KEY, "ec"), t, 3 + n, out);
}

static void test_granted_secret(void **state)
{
	static const CK_ATTRIBUTE_TYPE places[] = { CKA_WRAP_TEMPLATE, CKA_UNWRAP_TEMPLATE, CKA_DERIVE_TEMPLATE,
						    CKA_ALLOWED_MECHANISMS };
	CK_BYTE check[3], iv[16] = { 0 }, zeros[16] = { 0 }, got[16];
	CK_MECHANISM cbc = { CKM_AES_CBC, iv, sizeof(iv) };
	CK_ATTRIBUTE a = { CKA_CHECK_VALUE, check, sizeof(check) };
	CK_ULONG n = sizeof(got);
	CK_OBJECT_HANDLE o = 0, copy = 0;
	CK_SESSION_HANDLE s;
	CK_BBOOL odd = 2;

	(void)state;
	s = rig_enter();
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		CK_ATTRIBUTE t = { places[i], zeros, sizeof(CK_MECHANISM_TYPE) };

		assert_rv(derive_with(s, &t, 1, &o), CKR_TEMPLATE_INCONSISTENT);
		t.ulValueLen = 0;
		assert_ok(derive_with(s, &t, 1, &o));
	}
	/* Of an AES key: a block of zeros, encrypted. Who says it must be right; who says none gets none. */
	assert_ok(C_EncryptInit(s, &cbc, o));
	assert_ok(C_Encrypt(s, zeros, sizeof(zeros), got, &n));
	assert_ok(C_GetAttributeValue(s, o, &a, 1));
	assert_bytes_equal(rd_of(check, a.ulValueLen), rd_of(got, 3));
	assert_ok(derive_with(s, &a, 1, &o));
	assert_ok(C_CopyObject(s, o, NULL, 0, &copy));
	assert_ok(C_DestroyObject(s, o));
	assert_bytes_equal(rig_attribute(s, copy, CKA_CHECK_VALUE), rd_of(got, 3));
	check[0] ^= 1;
	assert_rv(derive_with(s, &a, 1, &o), CKR_ATTRIBUTE_VALUE_INVALID);
	a.pValue = NULL;
	a.ulValueLen = 0;
	assert_ok(derive_with(s, &a, 1, &o));
	assert_int_equal(rig_attribute(s, o, CKA_CHECK_VALUE).n, 0);
	/* Whatever is not false is true, and reads so. */
	assert_ok(derive_with(s, &(CK_ATTRIBUTE){ CKA_SENSITIVE, &odd, 1 }, 1, &o));
	assert_true(says(s, o, CKA_SENSITIVE, CK_TRUE));
	assert_ok(C_CopyObject(s, o, &(CK_ATTRIBUTE){ CKA_SENSITIVE, &odd, 1 }, 1, &copy));
	assert_true(says(s, copy, CKA_SENSITIVE, CK_TRUE));
}

/* Two values for one attribute cannot both be (4.1.1). */
static void test_twice(void **state)
{
	CK_BYTE one[] = "one", two[] = "two";
	CK_ATTRIBUTE same[] = { { CKA_LABEL, one, 3 }, { CKA_LABEL, one, 3 } },
		     both[] = { { CKA_LABEL, one, 3 }, { CKA_LABEL, two, 3 } };
	CK_OBJECT_HANDLE o = 0, copy = 0;
	CK_SESSION_HANDLE s;

	(void)state;
	s = rig_enter();
	assert_rv(derive_with(s, both, 2, &o), CKR_TEMPLATE_INCONSISTENT);
	assert_ok(derive_with(s, same, 2, &o));
	assert_rv(C_SetAttributeValue(s, o, both, 2), CKR_TEMPLATE_INCONSISTENT);
	assert_ok(C_SetAttributeValue(s, o, same, 2));
	assert_rv(C_CopyObject(s, o, both, 2, &copy), CKR_TEMPLATE_INCONSISTENT);
	assert_ok(C_CopyObject(s, o, same, 2, &copy));
}

static CK_OBJECT_CLASS cert_class = CKO_CERTIFICATE;

/* A certificate is what it is. */
static void test_certificate_said(void **state)
{
	static const CK_ATTRIBUTE_TYPE types[] = { CKA_SUBJECT, CKA_ISSUER, CKA_SERIAL_NUMBER, CKA_START_DATE,
						   CKA_END_DATE, CKA_PUBLIC_KEY_INFO, CKA_CHECK_VALUE,
						   CKA_NAME_HASH_ALGORITHM, CKA_JAVA_MIDP_SECURITY_DOMAIN };
	CK_BYTE der[2000], said[500];
	CK_ATTRIBUTE t[] = { { CKA_CLASS, &cert_class, sizeof(cert_class) }, { CKA_TOKEN, &yes, 1 },
			     { CKA_VALUE, der, 0 }, { 0, said, 0 } };
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE o = 0;
	struct rd v;
	struct wr w;

	(void)state;
	s = rig_enter();
	WR_ARR(&w, der);
	test_certificate_new(&w);
	t[2].ulValueLen = w.n;
	assert_ok(C_CreateObject(s, t, 3, &o));
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		v = rig_attribute(s, o, types[i]);
		assert_true(v.n > 0 && v.n < sizeof(said));
		memcpy(said, v.p, v.n);
		t[3].type = types[i];
		t[3].ulValueLen = v.n;
		assert_ok(C_DestroyObject(s, o));
		assert_ok(C_CreateObject(s, t, 4, &o));
		said[v.n - 1] ^= 1;
		assert_rv(C_CreateObject(s, t, 4, &o), types[i] == CKA_CHECK_VALUE ? CKR_ATTRIBUTE_VALUE_INVALID :
						      CKR_TEMPLATE_INCONSISTENT);
	}
	/* There are four categories (4.6.2). */
	for (CK_ULONG category = 0; category < 5; category++) {
		t[3] = (CK_ATTRIBUTE){ CKA_CERTIFICATE_CATEGORY, &category, sizeof(category) };
		assert_rv(C_CreateObject(s, t, 4, &o), category < 4 ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID);
	}
	/* What is in the INTEGER alone. */
	v = rig_attribute(s, o, CKA_SERIAL_NUMBER);
	memcpy(said, v.p + 2, v.n - 2);
	t[3] = (CK_ATTRIBUTE){ CKA_SERIAL_NUMBER, said, v.n - 2 };
	assert_ok(C_DestroyObject(s, o));
	assert_ok(C_CreateObject(s, t, 4, &o));
}

int main(int argc, char **argv)
{
	agent_process_main(argc, argv);
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_templates), RIG_TEST(test_granted), RIG_TEST(test_granted_secret), RIG_TEST(test_twice),
		RIG_TEST(test_certificate_said),
	};

	return RUN_BOTH(tests);
}
