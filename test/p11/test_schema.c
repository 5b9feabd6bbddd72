/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every attribute on every kind of object: what reading, changing and asking for it says. The table below is written
 * from PKCS#11 2.40 section 4 (3.0 for CKA_UNIQUE_ID) and from what the card can do, not from the module's own tables.
 */
#include "test/p11/agent.h"

#include "base/crypto_digest.h"
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
	R(CKA_PUBLIC_KEY_INFO, BYTES,              "++++++-+-",  "rrrrrp-r-"),
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
	R(CKA_WRAP_TEMPLATE, BYTES,                "-+-+---++",  "-r-r-p-rr"),
	R(CKA_UNWRAP_TEMPLATE, BYTES,              "+-+-----+",  "r-r--p--r"),
	R(CKA_DERIVE_TEMPLATE, BYTES,              "+-+-----+",  "r-r--p--r"),
	R(CKA_CERTIFICATE_TYPE, NUMBER,            "----++---",  "----rp---"),
	R(CKA_CERTIFICATE_CATEGORY, NUMBER,        "----++---",  "----rp---"),
	R(CKA_CHECK_VALUE, BYTES,                  "----++--+",  "----rp--r"),
	R(CKA_ISSUER, BYTES,                       "----+----",  "----rp---"),
	R(CKA_SERIAL_NUMBER, BYTES,                "----+----",  "----rp---"),
	R(CKA_URL, BYTES,                          "----+----",  "----rp---"),
	R(CKA_HASH_OF_SUBJECT_PUBLIC_KEY, BYTES,   "----+----",  "----rp---"),
	R(CKA_HASH_OF_ISSUER_PUBLIC_KEY, BYTES,    "----+----",  "----rp---"),
	R(CKA_NAME_HASH_ALGORITHM, NUMBER,         "----+----",  "----rp---"),
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

static CK_BBOOL yes = CK_TRUE;
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
	CK_BYTE der[2000];
	struct wr w;

	WR_ARR(&w, der);
	test_certificate_new(&w);
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

static void read_one(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, size_t k, const struct row *r, char want)
{
	CK_BYTE room[2048];
	CK_ATTRIBUTE a = { r->type, room, sizeof(room) };
	CK_RV rv = C_GetAttributeValue(s, o, &a, 1);

	if (rv != code_of(want))
		fail_msg("%s of object %zu: 0x%lx", r->name, k, rv);
	if (rv ? a.ulValueLen != CK_UNAVAILABLE_INFORMATION : r->kind != BYTES && a.ulValueLen != (CK_ULONG)r->kind)
		fail_msg("%s of object %zu: %lu bytes", r->name, k, a.ulValueLen);
}

static void test_read(void **state)
{
	CK_OBJECT_HANDLE o[OBJECTS];
	CK_SESSION_HANDLE s = make_all(o);

	(void)state;
	for (size_t i = 0; i < ROWS; i++)
		for (size_t k = 0; k < OBJECTS; k++)
			read_one(s, o[k], k, &rows[i], rows[i].get[k]);
}

static CK_OBJECT_HANDLE make_aes(CK_SESSION_HANDLE s)
{
	CK_MECHANISM m = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_ULONG size = 16;
	CK_ATTRIBUTE t[] = { { CKA_TOKEN, &yes, 1 }, { CKA_VALUE_LEN, &size, sizeof(size) } };
	CK_OBJECT_HANDLE o = 0;

	assert_ok(C_GenerateKey(s, &m, t, 2, &o));
	return o;
}

/* As one of a session, but that it keeps its value to itself, and is on a card. */
static void test_read_aes(void **state)
{
	CK_OBJECT_HANDLE o;
	CK_SESSION_HANDLE s;

	(void)state;
	s = rig_enter();
	o = make_aes(s);
	for (size_t i = 0; i < ROWS; i++) {
		bool of_card = rows[i].type == P11_CKA_ALGORITHMS || rows[i].type == P11_CKA_KEY_DOMAIN;

		read_one(s, o, S_SECRET, &rows[i], rows[i].type == CKA_VALUE ? 's' : of_card ? '+' :
			 rows[i].get[S_SECRET]);
	}
}

/* What PKCS#11 says they are where the card has no place for another. */
static void test_defaults(void **state)
{
	static const CK_ATTRIBUTE_TYPE empty[][2] = {
		{ RSA_PUB, CKA_WRAP_TEMPLATE }, { RSA_PRIV, CKA_UNWRAP_TEMPLATE }, { RSA_PRIV, CKA_DERIVE_TEMPLATE },
		{ S_SECRET, CKA_WRAP_TEMPLATE }, { X509, CKA_URL }, { X509, CKA_HASH_OF_SUBJECT_PUBLIC_KEY },
		{ CVC, CKA_PUBLIC_KEY_INFO },   /* the device's leaves the curve to its issuer's */
	};
	CK_OBJECT_HANDLE o[OBJECTS];
	CK_SESSION_HANDLE s = make_all(o);
	struct rd value;
	uint8_t hash[20];
	struct wr w;

	(void)state;
	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++)
		assert_int_equal(rig_attribute(s, o[empty[i][0]], empty[i][1]).n, 0);
	assert_int_equal(rig_number(s, o[X509], CKA_NAME_HASH_ALGORITHM), CKM_SHA_1);
	/* The first three bytes of SHA-1 (4.6.2; mechanisms 2.8.2 of a generic secret). */
	for (size_t k = CVC; k <= S_SECRET; k += S_SECRET - CVC) {
		WR_ARR(&w, hash);
		value = rig_attribute(s, o[k], CKA_VALUE);
		assert_int_equal(digest_once(DIGEST_SHA1, value, &w), ERR_OK);
		assert_bytes_equal(rig_attribute(s, o[k], CKA_CHECK_VALUE), rd_of(hash, 3));
	}
	/* The card would have to be asked to encrypt, which the key's list may forbid: no value. */
	assert_int_equal(rig_attribute(s, make_aes(s), CKA_CHECK_VALUE).n, 0);
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

int main(int argc, char **argv)
{
	agent_process_main(argc, argv);
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_read), RIG_TEST(test_read_aes), RIG_TEST(test_defaults), RIG_TEST(test_change),
	};

	return RUN_BOTH(tests);
}
