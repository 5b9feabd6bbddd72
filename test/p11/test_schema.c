/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every attribute on every kind of object: what reading, changing and asking for it says. The table below is written
 * from PKCS#11 2.40 section 4 (3.0 for CKA_UNIQUE_ID) and from what the card can do, not from the module's own tables.
 */
#include "test/p11/agent.h"

#include "base/tlv.h"
#include "pkcs11/ck/vendor.h"
#include "test/p11/cert.h"

/* The objects, a column each. */
enum { RSA_PRIV, RSA_PUB, EC_PRIV, EC_PUB, X509, CVC, DATA, S_PUB, S_SECRET, OBJECTS };

/*
 * A letter for each column. Reading: + there, s sensitive, - no such attribute.
 * Changing: w can, r read only, - no such attribute; of a CVC always p, prohibited.
 */
static const struct row {
	const char *name;
	CK_ATTRIBUTE_TYPE type;
	enum { BOOL = 1, NUMBER = sizeof(CK_ULONG), BYTES = 3 } kind;
	const char *get, *set;
} rows[] = {
#define R(type, kind, get, set) { #type, type, kind, get, set }
	/*                                          VPvpXCDss     VPvpXCDss */
	R(CKA_CLASS, NUMBER,                       "+++++++++",  "rrrrrprrr"),
	R(CKA_TOKEN, BOOL,                         "+++++++++",  "rrrrrprrr"),
	R(CKA_PRIVATE, BOOL,                       "+++++++++",  "rrrrrprrr"),
	R(CKA_MODIFIABLE, BOOL,                    "+++++++++",  "rrrrrprrr"),
	R(CKA_COPYABLE, BOOL,                      "+++++++++",  "rrrrrprrr"),
	R(CKA_DESTROYABLE, BOOL,                   "+++++++++",  "rrrrrprrr"),
	R(CKA_LABEL, BYTES,                        "+++++++++",  "wwwwwpwww"),
	R(P11_CKA_UNIQUE_ID, BYTES,                "+++++++++",  "rrrrrprrr"),
	R(CKA_ID, BYTES,                           "++++++-++",  "wwwwwp-ww"),
	R(CKA_SUBJECT, BYTES,                      "+++++--+-",  "rrrrrp-r-"),
	/* The device's certificate leaves the curve to its issuer's. */
	R(CKA_PUBLIC_KEY_INFO, BYTES,              "+++++--+-",  "rrrrrp-r-"),
	R(CKA_TRUSTED, BOOL,                       "-+-+++-++",  "-r-rrp-rr"),
	R(CKA_START_DATE, BYTES,                   "++++++-++",  "rrrrrp-rr"),
	R(CKA_END_DATE, BYTES,                     "++++++-++",  "rrrrrp-rr"),
	R(CKA_KEY_TYPE, NUMBER,                    "++++---++",  "rrrr-p-rr"),
	R(CKA_LOCAL, BOOL,                         "++++---++",  "rrrr-p-rr"),
	R(CKA_KEY_GEN_MECHANISM, NUMBER,           "++++---++",  "rrrr-p-rr"),
	R(CKA_ALLOWED_MECHANISMS, BYTES,           "++++---++",  "rrrr-p-rr"),
	R(CKA_DERIVE, BOOL,                        "++++---++",  "rrrr-p-rr"),
	R(CKA_MODULUS, BYTES,                      "++-------",  "rr---p---"),
	R(CKA_MODULUS_BITS, NUMBER,                "++-------",  "rr---p---"),
	R(CKA_PUBLIC_EXPONENT, BYTES,              "++-------",  "rr---p---"),
	R(CKA_EC_PARAMS, BYTES,                    "--++---+-",  "--rr-p-r-"),
	R(CKA_EC_POINT, BYTES,                     "--++---+-",  "--rr-p-r-"),
	R(CKA_SIGN, BOOL,                          "+-+-----+",  "r-r--p--r"),
	R(CKA_SIGN_RECOVER, BOOL,                  "+-+------",  "r-r--p---"),
	R(CKA_DECRYPT, BOOL,                       "+-+-----+",  "r-r--p--r"),
	R(CKA_UNWRAP, BOOL,                        "+-+-----+",  "r-r--p--r"),
	R(CKA_SENSITIVE, BOOL,                     "+-+-----+",  "r-r--p--r"),
	R(CKA_EXTRACTABLE, BOOL,                   "+-+-----+",  "r-r--p--r"),
	R(CKA_ALWAYS_SENSITIVE, BOOL,              "+-+-----+",  "r-r--p--r"),
	R(CKA_NEVER_EXTRACTABLE, BOOL,             "+-+-----+",  "r-r--p--r"),
	R(CKA_WRAP_WITH_TRUSTED, BOOL,             "+-+-----+",  "r-r--p--r"),
	R(CKA_ALWAYS_AUTHENTICATE, BOOL,           "+-+------",  "r-r--p---"),
	R(CKA_PRIVATE_EXPONENT, BYTES,             "s--------",  "r----p---"),
	R(CKA_PRIME_1, BYTES,                      "s--------",  "r----p---"),
	R(CKA_PRIME_2, BYTES,                      "s--------",  "r----p---"),
	R(CKA_EXPONENT_1, BYTES,                   "s--------",  "r----p---"),
	R(CKA_EXPONENT_2, BYTES,                   "s--------",  "r----p---"),
	R(CKA_COEFFICIENT, BYTES,                  "s--------",  "r----p---"),
	R(CKA_VALUE, BYTES,                        "--s-+++-+",  "--r-rpr-r"),
	R(CKA_VALUE_LEN, NUMBER,                   "--------+",  "-----p--r"),
	R(CKA_VERIFY, BOOL,                        "-+-+---++",  "-r-r-p-rr"),
	R(CKA_VERIFY_RECOVER, BOOL,                "-+-+---+-",  "-r-r-p-r-"),
	R(CKA_ENCRYPT, BOOL,                       "-+-+---++",  "-r-r-p-rr"),
	R(CKA_WRAP, BOOL,                          "-+-+---++",  "-r-r-p-rr"),
	R(CKA_CERTIFICATE_TYPE, NUMBER,            "----++---",  "----rp---"),
	R(CKA_CERTIFICATE_CATEGORY, NUMBER,        "----++---",  "----rp---"),
	R(CKA_CHECK_VALUE, BYTES,                  "----+----",  "----rp---"),
	R(CKA_ISSUER, BYTES,                       "----+----",  "----rp---"),
	R(CKA_SERIAL_NUMBER, BYTES,                "----+----",  "----rp---"),
	R(CKA_URL, BYTES,                          "----+----",  "----rp---"),
	R(CKA_HASH_OF_SUBJECT_PUBLIC_KEY, BYTES,   "----+----",  "----rp---"),
	R(CKA_HASH_OF_ISSUER_PUBLIC_KEY, BYTES,    "----+----",  "----rp---"),
	R(CKA_JAVA_MIDP_SECURITY_DOMAIN, NUMBER,   "----+----",  "----rp---"),
	R(CKA_APPLICATION, BYTES,                  "------+--",  "-----pr--"),
	R(CKA_OBJECT_ID, BYTES,                    "------+--",  "-----pr--"),
	R(P11_CKA_CVC_CAR, BYTES,                  "-----+---",  "-----p---"),
	R(P11_CKA_CVC_CHR, BYTES,                  "-----+---",  "-----p---"),
	R(P11_CKA_CVC_CED, BYTES,                  "-----+---",  "-----p---"),
	R(P11_CKA_CVC_CXD, BYTES,                  "-----+---",  "-----p---"),
	R(P11_CKA_USE_COUNTER, NUMBER,             "+--------",  "r-r--p--r"),
	R(P11_CKA_ALGORITHMS, BYTES,               "+--------",  "r-r--p--r"),
	R(P11_CKA_KEY_DOMAIN, BYTES,               "+-+------",  "r-r--p--r"),
	R(P11_CKA_ATTESTATION, BYTES,              "++++-----",  "rrrr-p-r-"),
	R(CKA_HW_FEATURE_TYPE, NUMBER,             "---------",  "-----p---"),
	R(CKA_VENDOR_DEFINED, BYTES,               "---------",  "-----p---"),
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static CK_RV code_of(char c)
{
	switch (c) {
	case '+': case 'w': return CKR_OK;
	case 's': return CKR_ATTRIBUTE_SENSITIVE;
	case 'r': return CKR_ATTRIBUTE_READ_ONLY;
	case 'p': return CKR_ACTION_PROHIBITED;
	case '-': return CKR_ATTRIBUTE_TYPE_INVALID;
	default: fail_msg("no such letter %c", c); return CKR_GENERAL_ERROR;
	}
}

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
static CK_ULONG number = 1;
static CK_BYTE bytes[] = "xyz";

static CK_ATTRIBUTE attribute(const struct row *r)
{
	return (CK_ATTRIBUTE){ r->type, r->kind == BOOL ? (void *)&yes : r->kind == NUMBER ? (void *)&number : bytes,
			       r->kind };
}

/* ---- objects of every kind ---- */

static CK_OBJECT_HANDLE generate(CK_SESSION_HANDLE s, CK_MECHANISM_TYPE type, CK_ATTRIBUTE *pub_t, CK_ULONG pub_n,
				 CK_OBJECT_HANDLE *priv)
{
	CK_MECHANISM m = { type, NULL, 0 };
	CK_ATTRIBUTE priv_t[] = { { CKA_TOKEN, &yes, 1 } };
	CK_OBJECT_HANDLE pub = 0;

	assert_ok(C_GenerateKeyPair(s, &m, pub_t, pub_n, priv_t, 1, &pub, priv));
	return pub;
}

static CK_OBJECT_HANDLE create(CK_SESSION_HANDLE s, CK_ATTRIBUTE *t, CK_ULONG n)
{
	CK_OBJECT_HANDLE o = 0;

	assert_ok(C_CreateObject(s, t, n, &o));
	return o;
}

static CK_OBJECT_HANDLE derive(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE priv, struct rd point)
{
	CK_ECDH1_DERIVE_PARAMS p = { .kdf = CKD_NULL, .public_data_len = point.n };
	CK_MECHANISM m = { CKM_ECDH1_DERIVE, &p, sizeof(p) };
	CK_BYTE copy[200];
	CK_OBJECT_HANDLE o = 0;

	memcpy(copy, point.p, point.n);
	p.public_data = copy;
	assert_ok(C_DeriveKey(s, &m, priv, NULL, 0, &o));
	return o;
}

static CK_BYTE p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };

static CK_OBJECT_HANDLE public_of(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE pub)
{
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
	CK_KEY_TYPE ec = CKK_EC;
	CK_BYTE point[100];
	struct rd v = rig_attribute(s, pub, CKA_EC_POINT);
	CK_ATTRIBUTE t[] = { { CKA_CLASS, &class, sizeof(class) }, { CKA_KEY_TYPE, &ec, sizeof(ec) },
			     { CKA_EC_PARAMS, p256, sizeof(p256) }, { CKA_EC_POINT, point, v.n } };

	memcpy(point, v.p, v.n);
	return create(s, t, 4);
}

/* Of another public key, so that it is nobody's on the card. */
static CK_OBJECT_HANDLE certificate(CK_SESSION_HANDLE s)
{
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	uint8_t q[EC_POINT_MAX], spki_room[200];
	CK_BYTE der[2000];
	struct wr point, spki, w;
	struct ec_key *key = NULL;

	WR_ARR(&point, q);
	WR_ARR(&spki, spki_room);
	WR_ARR(&w, der);
	assert_ok(ec_key_generate(EC_SECP256R1, &key));
	assert_ok(ec_key_public(key, &point));
	assert_ok(ec_spki(EC_SECP256R1, wr_view(&point), &spki));
	ec_key_free(&key);
	test_certificate(wr_view(&spki), &w);
	return create(s, (CK_ATTRIBUTE[]){ { CKA_CLASS, &class, sizeof(class) }, { CKA_TOKEN, &yes, 1 },
					   { CKA_VALUE, der, w.n } }, 3);
}

/* Its certificate type has to be named: other programs shall not stumble over it. */
static CK_OBJECT_HANDLE find_cvc(CK_SESSION_HANDLE s, const char *label)
{
	CK_CERTIFICATE_TYPE cvc = P11_CKC_CVC;
	CK_ATTRIBUTE t = { CKA_CERTIFICATE_TYPE, &cvc, sizeof(cvc) };
	CK_OBJECT_HANDLE found[8], out = 0;
	CK_ULONG n;

	assert_ok(C_FindObjectsInit(s, &t, 1));
	assert_ok(C_FindObjects(s, found, 8, &n));
	assert_ok(C_FindObjectsFinal(s));
	for (CK_ULONG i = 0; i < n; i++)
		if (!label || rd_eq_str(rig_attribute(s, found[i], CKA_LABEL), label))
			out = found[i];
	assert_true(out);
	return out;
}

static CK_SESSION_HANDLE make_all(CK_OBJECT_HANDLE o[OBJECTS])
{
	CK_SESSION_HANDLE s;
	CK_ULONG bits = 1024, uses = 1000;
	CK_BYTE algorithms[] = { 0x30, 0x21 };
	CK_OBJECT_CLASS data = CKO_DATA;
	CK_ATTRIBUTE rsa_t[] = { { CKA_MODULUS_BITS, &bits, sizeof(bits) },
				 { P11_CKA_USE_COUNTER, &uses, sizeof(uses) },
				 { P11_CKA_ALGORITHMS, algorithms, sizeof(algorithms) } };
	CK_ATTRIBUTE ec_t[] = { { CKA_EC_PARAMS, p256, sizeof(p256) } };
	CK_ATTRIBUTE data_t[] = { { CKA_CLASS, &data, sizeof(data) }, { CKA_TOKEN, &yes, 1 },
				  { CKA_VALUE, bytes, sizeof(bytes) } };
	struct rig_card c = rig_card_simple();
	struct rd point;

	rig_initialize();
	s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	o[RSA_PUB] = generate(s, CKM_RSA_PKCS_KEY_PAIR_GEN, rsa_t, 3, &o[RSA_PRIV]);
	o[EC_PUB] = generate(s, CKM_EC_KEY_PAIR_GEN, ec_t, 1, &o[EC_PRIV]);
	o[X509] = certificate(s);
	o[CVC] = find_cvc(s, c.id);
	o[DATA] = create(s, data_t, 3);
	o[S_PUB] = public_of(s, o[EC_PUB]);
	point = rig_attribute(s, o[EC_PUB], CKA_EC_POINT);
	o[S_SECRET] = derive(s, o[EC_PRIV], point);
	return s;
}

/* ---- */

static void test_read(void **state)
{
	CK_OBJECT_HANDLE o[OBJECTS];
	CK_SESSION_HANDLE s = make_all(o);

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		for (size_t k = 0; k < OBJECTS; k++) {
			CK_BYTE room[2048];
			CK_ATTRIBUTE a = { rows[i].type, room, sizeof(room) };
			CK_RV rv = C_GetAttributeValue(s, o[k], &a, 1);

			if (rv != code_of(rows[i].get[k]))
				fail_msg("%s of object %zu: 0x%lx", rows[i].name, k, rv);
			if (rv ? a.ulValueLen != CK_UNAVAILABLE_INFORMATION :
			    rows[i].kind != BYTES && a.ulValueLen != (CK_ULONG)rows[i].kind)
				fail_msg("%s of object %zu: %lu bytes", rows[i].name, k, a.ulValueLen);
		}
	}
}

static void test_change(void **state)
{
	CK_OBJECT_HANDLE o[OBJECTS];
	CK_SESSION_HANDLE s = make_all(o);

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		for (size_t k = 0; k < OBJECTS; k++) {
			CK_ATTRIBUTE a = attribute(&rows[i]);
			CK_RV rv = C_SetAttributeValue(s, o[k], &a, 1);

			if (rv != code_of(rows[i].set[k]))
				fail_msg("%s of object %zu: 0x%lx", rows[i].name, k, rv);
			if (!rv)
				assert_bytes_equal(rig_attribute(s, o[k], rows[i].type), rd_of(bytes, BYTES));
		}
	}
}

/*
 * Templates. Each is left without something that it needs, so that CKR_TEMPLATE_INCOMPLETE is the answer to an
 * attribute that is right, and nothing is made. + right, t must be true, f must be false (otherwise inconsistent),
 * e must be empty, r the token's, - unknown; . not tried: it would be complete, or is tested elsewhere.
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
	{ CKA_VALUE, T_BYTES, "--.-" },
	{ P11_CKA_USE_COUNTER, T_NUMBER, "++--" },
	{ P11_CKA_ALGORITHMS, T_BYTES, "++--" },
	{ P11_CKA_ATTESTATION, T_BYTES, "rr--" },
	{ CKA_WRAP_TEMPLATE, T_BYTES, "----" },
	{ CKA_UNWRAP_TEMPLATE, T_BYTES, "----" },
	{ CKA_VENDOR_DEFINED, T_BYTES, "----" },
};

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
	for (size_t i = 0; i < sizeof(templates) / sizeof(templates[0]); i++) {
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
	CK_OBJECT_CLASS cert = CKO_CERTIFICATE, pub = CKO_PUBLIC_KEY, data = CKO_DATA;
	CK_KEY_TYPE ec = CKK_EC;
	CK_MECHANISM pair = { CKM_EC_KEY_PAIR_GEN, NULL, 0 }, aes = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_ATTRIBUTE token = { CKA_TOKEN, &yes, 1 }, params = { CKA_EC_PARAMS, p256, sizeof(p256) };
	CK_ATTRIBUTE t[6] = { a };
	CK_OBJECT_HANDLE other;
	CK_ULONG n = 1;
	struct rd v;

	if (!der_n) {
		other = certificate(s);
		v = rig_attribute(s, other, CKA_VALUE);
		memcpy(der, v.p, v.n);
		der_n = v.n;
		assert_ok(C_DestroyObject(s, other));
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
	for (size_t i = 0; i < ROWS; i++) {
		for (int k = 0; k < 2 * KINDS && rows[i].kind == BOOL; k++) {
			CK_BBOOL want = k % 2 ? CK_TRUE : CK_FALSE;
			CK_OBJECT_HANDLE o = 0;
			CK_RV rv = make_with(s, k / 2, (CK_ATTRIBUTE){ rows[i].type, &want, 1 }, &o);

			if (rv) {
				if (rv != CKR_TEMPLATE_INCONSISTENT && rv != CKR_ATTRIBUTE_READ_ONLY &&
				    rv != CKR_ATTRIBUTE_TYPE_INVALID)
					fail_msg("%s = %d, kind %d: 0x%lx", rows[i].name, want, k / 2, rv);
				refused++;
				continue;
			}
			granted++;
			if (!is_wish(k / 2, rows[i].type) && !says(s, o, rows[i].type, want))
				fail_msg("%s = %d, kind %d: granted, and is not so", rows[i].name, want, k / 2);
			unmake(s, k / 2, o);
		}
	}
	assert_true(granted > 50 && refused > 50);
}

static CK_OBJECT_CLASS cert_class = CKO_CERTIFICATE;

/* A certificate is what it is. */
static void test_certificate_said(void **state)
{
	static const CK_ATTRIBUTE_TYPE types[] = { CKA_SUBJECT, CKA_ISSUER, CKA_SERIAL_NUMBER, CKA_START_DATE,
						   CKA_END_DATE, CKA_CHECK_VALUE };
	CK_BYTE der[2000], said[500];
	CK_ATTRIBUTE t[] = { { CKA_CLASS, &cert_class, sizeof(cert_class) }, { CKA_TOKEN, &yes, 1 },
			     { CKA_VALUE, der, 0 }, { 0, said, 0 } };
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE o;
	struct rd v;

	(void)state;
	s = rig_enter();
	o = certificate(s);
	v = rig_attribute(s, o, CKA_VALUE);
	memcpy(der, v.p, v.n);
	t[2].ulValueLen = v.n;
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
	/* What is in the INTEGER alone. */
	v = rig_attribute(s, o, CKA_SERIAL_NUMBER);
	memcpy(said, v.p + 2, v.n - 2);
	t[3].type = CKA_SERIAL_NUMBER;
	t[3].ulValueLen = v.n - 2;
	assert_ok(C_DestroyObject(s, o));
	assert_ok(C_CreateObject(s, t, 4, &o));
}

int main(int argc, char **argv)
{
	agent_process_main(argc, argv);
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_read), RIG_TEST(test_change), RIG_TEST(test_templates), RIG_TEST(test_granted),
		RIG_TEST(test_certificate_said),
	};

	return RUN_BOTH(tests);
}
