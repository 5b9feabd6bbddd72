/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/object/attr.h"

#include <string.h>

enum {
	PRIV = 1, PUB = 2, X509 = 4, CVC = 8, SECRET = 16, DATA = 32, PROFILE = 64,
	CERT = X509 | CVC, KEYS = PRIV | PUB | SECRET, ALL = KEYS | CERT | DATA | PROFILE
};

enum source {
	A_FALSE, A_TRUE,        /* always */
	A_ZERO,                 /* the number 0 */
	A_SHA1,                 /* the number of the mechanism */
	A_EMPTY,                /* no bytes */
	A_BOOL, A_ULONG,        /* a field */
	A_BYTES,                /* a field, may be empty */
	A_BYTES_KNOWN,          /* a field; without a value the object does not have the attribute */
	A_LIST,                 /* the same of one that may be empty */
	A_TEXT,                 /* characters in the object */
	A_SECRET,               /* the card never tells */
	A_VALUE                 /* the value of a secret key, unless it is sensitive */
};

#define ANY_KEY ((CK_KEY_TYPE)-1)
#define AT(field) offsetof(struct p11_object, field)

static const struct row {
	CK_ATTRIBUTE_TYPE type;
	unsigned on;
	CK_KEY_TYPE key;
	enum source from;
	size_t at;
} rows[] = {
	{ CKA_CLASS, ALL, ANY_KEY, A_ULONG, AT(class) },
	{ CKA_TOKEN, ALL, ANY_KEY, A_BOOL, AT(is_token) },
	{ CKA_PRIVATE, ALL, ANY_KEY, A_BOOL, AT(is_private) },
	{ CKA_MODIFIABLE, ALL, ANY_KEY, A_BOOL, AT(modifiable) },
	{ CKA_COPYABLE, ALL, ANY_KEY, A_BOOL, AT(copyable) },
	{ CKA_DESTROYABLE, ALL, ANY_KEY, A_BOOL, AT(destroyable) },
	{ P11_CKA_UNIQUE_ID, ALL, ANY_KEY, A_TEXT, AT(unique) },
	{ CKA_LABEL, ALL, ANY_KEY, A_BYTES, AT(label) },
	{ CKA_ID, KEYS | CERT, ANY_KEY, A_BYTES, AT(id) },
	{ CKA_SUBJECT, PRIV | PUB | X509, ANY_KEY, A_BYTES, AT(subject) },
	{ CKA_PUBLIC_KEY_INFO, PRIV | PUB | CERT, ANY_KEY, A_BYTES, AT(spki) },
	{ CKA_TRUSTED, PUB | SECRET | CERT, ANY_KEY, A_FALSE, 0 },
	{ CKA_START_DATE, KEYS, ANY_KEY, A_EMPTY, 0 },
	{ CKA_END_DATE, KEYS, ANY_KEY, A_EMPTY, 0 },

	{ CKA_KEY_TYPE, KEYS, ANY_KEY, A_ULONG, AT(type) },
	{ CKA_LOCAL, KEYS, ANY_KEY, A_BOOL, AT(local) },
	{ CKA_KEY_GEN_MECHANISM, KEYS, ANY_KEY, A_ULONG, AT(made_by) },
	{ CKA_ALLOWED_MECHANISMS, KEYS, ANY_KEY, A_LIST, AT(mechanisms) },
	{ P11_CKA_USE_COUNTER, PRIV | SECRET, ANY_KEY, A_BYTES_KNOWN, AT(counter) },
	{ P11_CKA_ALGORITHMS, PRIV | SECRET, ANY_KEY, A_BYTES_KNOWN, AT(algorithms) },
	{ P11_CKA_KEY_DOMAIN, PRIV | SECRET, ANY_KEY, A_BYTES_KNOWN, AT(domain) },
	{ P11_CKA_ATTESTATION, PRIV | PUB, ANY_KEY, A_BYTES_KNOWN, AT(attestation) },
	{ CKA_DERIVE, PRIV | SECRET, ANY_KEY, A_BOOL, AT(derive) },
	{ CKA_DERIVE, PUB, ANY_KEY, A_FALSE, 0 },
	{ CKA_MODULUS, PRIV | PUB, CKK_RSA, A_BYTES_KNOWN, AT(modulus) },
	{ CKA_PUBLIC_EXPONENT, PRIV | PUB, CKK_RSA, A_BYTES_KNOWN, AT(exponent) },
	{ CKA_MODULUS_BITS, PRIV | PUB, CKK_RSA, A_ULONG, AT(bits) },
	{ CKA_EC_PARAMS, PRIV | PUB, CKK_EC, A_BYTES_KNOWN, AT(ec_params) },
	{ CKA_EC_POINT, PRIV | PUB, CKK_EC, A_BYTES_KNOWN, AT(ec_point) },

	{ CKA_SIGN, PRIV | SECRET, ANY_KEY, A_BOOL, AT(sign) },
	{ CKA_SIGN_RECOVER, PRIV, ANY_KEY, A_FALSE, 0 },
	{ CKA_DECRYPT, PRIV | SECRET, ANY_KEY, A_BOOL, AT(decrypt) },
	{ CKA_UNWRAP, PRIV | SECRET, ANY_KEY, A_FALSE, 0 },
	{ CKA_SENSITIVE, PRIV | SECRET, ANY_KEY, A_BOOL, AT(sensitive) },
	{ CKA_EXTRACTABLE, PRIV | SECRET, ANY_KEY, A_BOOL, AT(extractable) },
	{ CKA_ALWAYS_SENSITIVE, PRIV | SECRET, ANY_KEY, A_BOOL, AT(always_sensitive) },
	{ CKA_NEVER_EXTRACTABLE, PRIV | SECRET, ANY_KEY, A_BOOL, AT(never_extractable) },
	{ CKA_WRAP_WITH_TRUSTED, PRIV | SECRET, ANY_KEY, A_FALSE, 0 },
	{ CKA_ALWAYS_AUTHENTICATE, PRIV, ANY_KEY, A_FALSE, 0 },
	{ CKA_PRIVATE_EXPONENT, PRIV, CKK_RSA, A_SECRET, 0 },
	{ CKA_PRIME_1, PRIV, CKK_RSA, A_SECRET, 0 },
	{ CKA_PRIME_2, PRIV, CKK_RSA, A_SECRET, 0 },
	{ CKA_EXPONENT_1, PRIV, CKK_RSA, A_SECRET, 0 },
	{ CKA_EXPONENT_2, PRIV, CKK_RSA, A_SECRET, 0 },
	{ CKA_COEFFICIENT, PRIV, CKK_RSA, A_SECRET, 0 },
	{ CKA_VALUE, PRIV, CKK_EC, A_SECRET, 0 },
	{ CKA_VALUE, SECRET, ANY_KEY, A_VALUE, 0 },
	{ CKA_VALUE_LEN, SECRET, ANY_KEY, A_ULONG, AT(secret_size) },

	{ CKA_VERIFY, PUB | SECRET, ANY_KEY, A_BOOL, AT(verify) },
	{ CKA_VERIFY_RECOVER, PUB, ANY_KEY, A_FALSE, 0 },
	{ CKA_ENCRYPT, PUB | SECRET, ANY_KEY, A_BOOL, AT(encrypt) },
	{ CKA_WRAP, PUB | SECRET, ANY_KEY, A_FALSE, 0 },
	/* Of arrays: no attribute is demanded of keys that come of this one. */
	{ CKA_WRAP_TEMPLATE, PUB | SECRET, ANY_KEY, A_EMPTY, 0 },
	{ CKA_UNWRAP_TEMPLATE, PRIV | SECRET, ANY_KEY, A_EMPTY, 0 },
	{ CKA_DERIVE_TEMPLATE, PRIV | SECRET, ANY_KEY, A_EMPTY, 0 },

	{ CKA_CERTIFICATE_TYPE, CERT, ANY_KEY, A_ULONG, AT(certificate) },
	{ CKA_CERTIFICATE_CATEGORY, CERT, ANY_KEY, A_ULONG, AT(category) },
	{ CKA_JAVA_MIDP_SECURITY_DOMAIN, X509, ANY_KEY, A_ZERO, 0 },
	{ P11_CKA_PROFILE_ID, PROFILE, ANY_KEY, A_ULONG, AT(profile) },
	{ CKA_APPLICATION, DATA, ANY_KEY, A_BYTES, AT(application) },
	{ CKA_OBJECT_ID, DATA, ANY_KEY, A_BYTES, AT(object_id) },
	{ CKA_VALUE, CERT | DATA, ANY_KEY, A_BYTES, AT(value) },
	{ CKA_ISSUER, X509, ANY_KEY, A_BYTES, AT(issuer) },
	{ CKA_SERIAL_NUMBER, X509, ANY_KEY, A_BYTES, AT(serial) },
	{ CKA_CHECK_VALUE, CERT | SECRET, ANY_KEY, A_BYTES, AT(check) },
	{ CKA_START_DATE, CERT, ANY_KEY, A_BYTES, AT(from) },
	{ CKA_END_DATE, CERT, ANY_KEY, A_BYTES, AT(to) },
	{ CKA_URL, X509, ANY_KEY, A_EMPTY, 0 },
	{ CKA_HASH_OF_SUBJECT_PUBLIC_KEY, X509, ANY_KEY, A_EMPTY, 0 },
	{ CKA_HASH_OF_ISSUER_PUBLIC_KEY, X509, ANY_KEY, A_EMPTY, 0 },
	{ CKA_NAME_HASH_ALGORITHM, X509, ANY_KEY, A_SHA1, 0 },
	{ P11_CKA_CVC_CAR, CVC, ANY_KEY, A_BYTES, AT(car) },
	{ P11_CKA_CVC_CHR, CVC, ANY_KEY, A_BYTES, AT(chr) },
	{ P11_CKA_CVC_CED, CVC, ANY_KEY, A_BYTES, AT(ced) },
	{ P11_CKA_CVC_CXD, CVC, ANY_KEY, A_BYTES, AT(cxd) },
};

static const struct row *row_of(const struct p11_object *o, CK_ATTRIBUTE_TYPE type)
{
	unsigned class = o->class == CKO_PRIVATE_KEY ? PRIV : o->class == CKO_PUBLIC_KEY ? PUB :
			 o->class == CKO_SECRET_KEY ? SECRET : o->class == CKO_DATA ? DATA :
			 o->class == P11_CKO_PROFILE ? PROFILE : p11_object_is_cvc(o) ? CVC : X509;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].type == type && rows[i].on & class && (rows[i].key == ANY_KEY || rows[i].key == o->type))
			return &rows[i];
	return NULL;
}

static const CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
static const CK_ULONG zero, sha1 = CKM_SHA_1;

CK_RV p11_attr_view(const struct p11_object *o, CK_ATTRIBUTE_TYPE type, struct rd *out)
{
	const struct row *r = row_of(o, type);
	const char *field;

	*out = RD_NONE;
	if (!r)
		return CKR_ATTRIBUTE_TYPE_INVALID;
	field = (const char *)o + r->at;
	switch (r->from) {
	case A_FALSE:
		*out = rd_of(&no, sizeof(no));
		break;
	case A_TRUE:
		*out = rd_of(&yes, sizeof(yes));
		break;
	case A_ZERO:
		*out = rd_of(&zero, sizeof(zero));
		break;
	case A_SHA1:
		*out = rd_of(&sha1, sizeof(sha1));
		break;
	case A_EMPTY:
		break;
	case A_BOOL:
		*out = rd_of(field, sizeof(CK_BBOOL));
		break;
	case A_ULONG:
		*out = rd_of(field, sizeof(CK_ULONG));
		break;
	case A_BYTES:
	case A_BYTES_KNOWN:
		memcpy(out, field, sizeof(*out));
		if (out->n == 0 && r->from == A_BYTES_KNOWN)
			return CKR_ATTRIBUTE_TYPE_INVALID;
		break;
	case A_LIST:
		memcpy(out, field, sizeof(*out));
		return out->p ? CKR_OK : CKR_ATTRIBUTE_TYPE_INVALID;
	case A_TEXT:
		*out = rd_str(field);
		break;
	case A_SECRET:
		return CKR_ATTRIBUTE_SENSITIVE;
	case A_VALUE:
		if (o->sensitive || !o->extractable)
			return CKR_ATTRIBUTE_SENSITIVE;
		*out = secret_view(o->secret);
		break;
	}
	return CKR_OK;
}

static CK_RV get_one(const struct p11_object *o, CK_ATTRIBUTE *a)
{
	struct rd value;
	CK_RV rv = p11_attr_view(o, a->type, &value);

	if (!rv && a->pValue && a->ulValueLen < value.n)
		rv = CKR_BUFFER_TOO_SMALL;
	if (rv) {
		a->ulValueLen = CK_UNAVAILABLE_INFORMATION;
		return rv;
	}
	if (a->pValue && value.n)
		memcpy(a->pValue, value.p, value.n);
	a->ulValueLen = value.n;
	return CKR_OK;
}

CK_RV p11_attr_get(const struct p11_object *o, CK_ATTRIBUTE *t, CK_ULONG n)
{
	CK_RV rv = CKR_OK, one;

	for (CK_ULONG i = 0; i < n; i++) {
		one = get_one(o, &t[i]);
		if (!rv)
			rv = one;
	}
	return rv;
}

CK_ULONG p11_attr_size(const struct p11_object *o)
{
	CK_ULONG size = 0;
	struct rd value;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (row_of(o, rows[i].type) == &rows[i] && p11_attr_view(o, rows[i].type, &value) == CKR_OK)
			size += value.n;
	return size;
}

bool p11_attr_has(const struct p11_object *o, CK_ATTRIBUTE_TYPE type)
{
	return row_of(o, type) != NULL;
}

bool p11_attr_match(const struct p11_object *o, const CK_ATTRIBUTE *t, CK_ULONG n)
{
	struct rd value;

	for (CK_ULONG i = 0; i < n; i++)
		if ((!t[i].pValue && t[i].ulValueLen) || p11_attr_view(o, t[i].type, &value) ||
		    !rd_eq(value, rd_of(t[i].pValue, t[i].ulValueLen)))
			return false;
	return true;
}
