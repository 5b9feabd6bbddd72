/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/object/template.h"

#include <string.h>

#include "pkcs11/object/attr.h"

/* One bit for each way of enum p11_made. */
#define ON(how) (1u << (how))
enum {
	NEW = ON(P11_MADE_PRIVATE) | ON(P11_MADE_SECRET),
	UNWRAPPED = ON(P11_UNWRAPPED_PRIVATE) | ON(P11_UNWRAPPED_SECRET), MADE = NEW | UNWRAPPED,
	PRIV = ON(P11_MADE_PRIVATE) | ON(P11_UNWRAPPED_PRIVATE),
	SECRET = ON(P11_MADE_SECRET) | ON(P11_UNWRAPPED_SECRET),
	PUB = ON(P11_MADE_PUBLIC), CERT = ON(P11_GIVEN_CERT), GIVEN = ON(P11_GIVEN_PUBLIC), PUBS = PUB | GIVEN,
	DERIVED = ON(P11_DERIVED_SECRET), KEYS = PRIV | PUBS | DERIVED | SECRET,
	DATA = ON(P11_GIVEN_DATA), ALL = KEYS | CERT | DATA
};

static const CK_OBJECT_CLASS classes[] = {
	[P11_MADE_PRIVATE] = CKO_PRIVATE_KEY, [P11_MADE_PUBLIC] = CKO_PUBLIC_KEY, [P11_GIVEN_CERT] = CKO_CERTIFICATE,
	[P11_MADE_SECRET] = CKO_SECRET_KEY, [P11_GIVEN_PUBLIC] = CKO_PUBLIC_KEY, [P11_DERIVED_SECRET] = CKO_SECRET_KEY,
	[P11_GIVEN_DATA] = CKO_DATA, [P11_UNWRAPPED_PRIVATE] = CKO_PRIVATE_KEY,
	[P11_UNWRAPPED_SECRET] = CKO_SECRET_KEY,
};

enum rule {
	T_BYTES, T_ULONG, T_BOOL, T_BYTE, /* taken into a field */
	T_IS,                           /* a number that must be as the field says */
	T_TRUE, T_FALSE,                /* nothing else is possible */
	T_EMPTY,                        /* the card has no place for it */
	/*
	 * Heard, but without effect: what programs of many users put into every template. The object tells the truth
	 * when it is asked.
	 */
	T_WISH,
	T_OURS                          /* the caller has no say */
};
#define AT(field) offsetof(struct p11_template, field)

static const struct row {
	CK_ATTRIBUTE_TYPE type;
	unsigned on;
	enum rule rule;
	size_t at;
} rows[] = {
	{ CKA_CLASS, ALL, T_IS, AT(class) },
	{ CKA_TOKEN, ALL, T_BOOL, AT(token) },
	{ CKA_PRIVATE, PRIV, T_TRUE, 0 },
	/* pkcs11-tool says false if it is not told to say true; the card keeps them as it keeps private keys. */
	{ CKA_PRIVATE, SECRET, T_WISH, 0 },
	{ CKA_SENSITIVE, SECRET, T_WISH, 0 },
	{ CKA_PRIVATE, PUBS | CERT, T_FALSE, 0 },
	{ CKA_PRIVATE, DERIVED | DATA, T_BOOL, AT(is_private) },
	{ CKA_MODIFIABLE, ALL, T_TRUE, 0 },
	{ CKA_COPYABLE, PUBS | DERIVED | DATA, T_TRUE, 0 },
	{ CKA_COPYABLE, MADE | CERT, T_FALSE, 0 },
	{ CKA_DESTROYABLE, ALL & ~PUB, T_TRUE, 0 },
	/* It goes with the private key. */
	{ CKA_DESTROYABLE, PUB, T_FALSE, 0 },
	{ CKA_LABEL, ALL, T_BYTES, AT(label) },
	{ CKA_ID, KEYS | CERT, T_BYTES, AT(id) },
	{ CKA_SUBJECT, PRIV | PUB, T_EMPTY, 0 },
	{ CKA_SUBJECT, GIVEN | CERT, T_BYTES, AT(subject) },
	{ CKA_START_DATE, KEYS, T_EMPTY, 0 },
	{ CKA_END_DATE, KEYS, T_EMPTY, 0 },
	{ CKA_START_DATE, CERT, T_BYTES, AT(from) },
	{ CKA_END_DATE, CERT, T_BYTES, AT(to) },
	{ CKA_TRUSTED, PUBS | CERT | DERIVED | SECRET, T_FALSE, 0 },

	{ CKA_KEY_TYPE, PRIV | PUB | SECRET, T_IS, AT(key_type) },
	{ CKA_KEY_TYPE, GIVEN | DERIVED, T_ULONG, AT(key_type) },
	{ CKA_DERIVE, PUBS, T_WISH, 0 },
	{ CKA_DERIVE, MADE | DERIVED, T_BOOL, AT(derive) },
	{ CKA_LOCAL, KEYS, T_OURS, 0 },
	{ CKA_KEY_GEN_MECHANISM, KEYS, T_OURS, 0 },
	{ CKA_MODULUS_BITS, PUB, T_ULONG, AT(bits) },
	{ CKA_MODULUS, GIVEN, T_BYTES, AT(modulus) },
	{ CKA_PUBLIC_EXPONENT, PUBS, T_BYTES, AT(exponent) },
	{ CKA_EC_PARAMS, PUBS, T_BYTES, AT(ec_params) },
	{ CKA_EC_POINT, GIVEN, T_BYTES, AT(ec_point) },
	{ CKA_VERIFY, PUB, T_WISH, 0 },
	{ CKA_VERIFY, GIVEN | DERIVED | SECRET, T_BOOL, AT(verify) },
	{ CKA_VERIFY_RECOVER, PUBS, T_WISH, 0 },
	{ CKA_ENCRYPT, PUB, T_WISH, 0 },
	{ CKA_ENCRYPT, GIVEN | DERIVED | SECRET, T_BOOL, AT(encrypt) },
	{ CKA_WRAP, PUBS | DERIVED | SECRET, T_WISH, 0 },
	{ CKA_WRAP_TEMPLATE, PUBS | DERIVED | SECRET, T_EMPTY, 0 },
	{ CKA_UNWRAP_TEMPLATE, MADE | DERIVED, T_EMPTY, 0 },
	{ CKA_DERIVE_TEMPLATE, MADE | DERIVED, T_EMPTY, 0 },

	{ CKA_SIGN, MADE | DERIVED, T_BOOL, AT(sign) },
	{ CKA_SIGN_RECOVER, PRIV, T_WISH, 0 },
	{ CKA_DECRYPT, MADE | DERIVED, T_BOOL, AT(decrypt) },
	{ CKA_UNWRAP, MADE | DERIVED, T_WISH, 0 },
	{ CKA_SENSITIVE, PRIV, T_TRUE, 0 },
	{ CKA_EXTRACTABLE, NEW, T_BOOL, AT(extractable) },
	{ CKA_EXTRACTABLE, UNWRAPPED, T_TRUE, 0 },
	{ CKA_SENSITIVE, DERIVED, T_BOOL, AT(sensitive) },
	{ CKA_EXTRACTABLE, DERIVED, T_BOOL, AT(extractable) },
	{ CKA_ALWAYS_SENSITIVE, MADE | DERIVED, T_OURS, 0 },
	{ CKA_NEVER_EXTRACTABLE, MADE | DERIVED, T_OURS, 0 },
	{ CKA_ALWAYS_AUTHENTICATE, PRIV, T_FALSE, 0 },
	{ CKA_WRAP_WITH_TRUSTED, MADE | DERIVED, T_FALSE, 0 },

	{ P11_CKA_KEY_DOMAIN, NEW | PUB, T_BYTE, AT(domain) },
	{ P11_CKA_USE_COUNTER, NEW | PUB, T_ULONG, AT(counter) },
	{ P11_CKA_ALGORITHMS, NEW | PUB, T_BYTES, AT(algorithms) },
	{ CKA_ALLOWED_MECHANISMS, NEW, T_BYTES, AT(mechanisms) },
	{ CKA_ALLOWED_MECHANISMS, PUB, T_WISH, 0 },
	{ CKA_ALLOWED_MECHANISMS, UNWRAPPED | GIVEN | DERIVED, T_EMPTY, 0 },
	{ P11_CKA_ATTESTATION, PRIV | PUB, T_OURS, 0 },
	{ P11_CKA_UNIQUE_ID, ALL, T_OURS, 0 },
	{ CKA_CERTIFICATE_TYPE, CERT, T_IS, AT(key_type) },
	{ CKA_CERTIFICATE_CATEGORY, CERT, T_ULONG, AT(category) },
	{ CKA_APPLICATION, DATA, T_BYTES, AT(application) },
	{ CKA_OBJECT_ID, DATA, T_BYTES, AT(object_id) },
	{ CKA_VALUE, CERT | DATA, T_BYTES, AT(value) },
	{ CKA_VALUE_LEN, DERIVED | SECRET, T_ULONG, AT(size) },
	{ CKA_ISSUER, CERT, T_BYTES, AT(issuer) },
	{ CKA_SERIAL_NUMBER, CERT, T_BYTES, AT(serial) },
	{ CKA_CHECK_VALUE, CERT | DERIVED, T_BYTES, AT(check) },
	/* The card's keys have none, and then it is ignored (PKCS#11 2.40 4.10.2). */
	{ CKA_CHECK_VALUE, SECRET, T_WISH, 0 },
	{ CKA_PUBLIC_KEY_INFO, GIVEN | CERT, T_BYTES, AT(spki) },
	{ CKA_URL, CERT, T_EMPTY, 0 },
	{ CKA_HASH_OF_SUBJECT_PUBLIC_KEY, CERT, T_EMPTY, 0 },
	{ CKA_HASH_OF_ISSUER_PUBLIC_KEY, CERT, T_EMPTY, 0 },
	{ CKA_NAME_HASH_ALGORITHM, CERT, T_IS, AT(name_hash) },
	{ CKA_JAVA_MIDP_SECURITY_DOMAIN, CERT, T_IS, AT(midp_domain) },
};

static const struct row *row_of(CK_ATTRIBUTE_TYPE type, enum p11_made how)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].type == type && rows[i].on & ON(how))
			return &rows[i];
	return NULL;
}

static CK_RV take(const CK_ATTRIBUTE *a, void *field, size_t size)
{
	if (a->ulValueLen != size || !a->pValue)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	memcpy(field, a->pValue, size);
	return CKR_OK;
}

static CK_RV apply(const struct row *r, const CK_ATTRIBUTE *a, struct p11_template *out)
{
	char *field = (char *)out + r->at;
	CK_ULONG number, expected;
	CK_BBOOL flag;
	struct rd bytes;
	CK_RV rv;

	switch (r->rule) {
	case T_BYTES:
		if (!a->pValue && a->ulValueLen)
			return CKR_ATTRIBUTE_VALUE_INVALID;
		bytes = rd_of(a->pValue ? a->pValue : "", a->ulValueLen);
		memcpy(field, &bytes, sizeof(bytes));
		return CKR_OK;
	case T_ULONG:
		return take(a, field, sizeof(CK_ULONG));
	case T_BOOL:
		rv = take(a, &flag, sizeof(flag));
		if (!rv)
			*field = flag ? CK_TRUE : CK_FALSE;
		return rv;
	case T_BYTE:
		return take(a, field, 1);
	case T_IS:
		memcpy(&expected, field, sizeof(expected));
		rv = take(a, &number, sizeof(number));
		return rv || number == expected ? rv : CKR_TEMPLATE_INCONSISTENT;
	case T_TRUE:
	case T_FALSE:
		rv = take(a, &flag, sizeof(flag));
		return rv || !flag == (r->rule == T_FALSE) ? rv : CKR_TEMPLATE_INCONSISTENT;
	case T_EMPTY:
		return a->ulValueLen ? CKR_TEMPLATE_INCONSISTENT : CKR_OK;
	case T_WISH:
		return CKR_OK;
	case T_OURS:
		break;
	}
	return CKR_ATTRIBUTE_READ_ONLY;
}

bool p11_template_contradicts(const CK_ATTRIBUTE *t, CK_ULONG n)
{
	for (CK_ULONG i = 1; i < n; i++)
		for (CK_ULONG k = 0; k < i; k++)
			if (t[i].type == t[k].type && !rd_eq(rd_of(t[i].pValue, t[i].pValue ? t[i].ulValueLen : 0),
							     rd_of(t[k].pValue, t[k].pValue ? t[k].ulValueLen : 0)))
				return true;
	return false;
}

/* Nobody has a say in it; or it is no attribute of what is made. */
static CK_RV refuse(CK_ATTRIBUTE_TYPE type, const struct p11_template *t)
{
	const struct p11_object like = { .class = t->class, .type = t->key_type };

	return p11_attr_has(&like, type) ? CKR_ATTRIBUTE_READ_ONLY : CKR_ATTRIBUTE_TYPE_INVALID;
}

CK_RV p11_template_read(const CK_ATTRIBUTE *t, CK_ULONG n, enum p11_made how, struct p11_template *out)
{
	CK_RV rv = CKR_OK;

	out->class = classes[how];
	for (CK_ULONG i = 0; !rv && i < n; i++) {
		const struct row *r = row_of(t[i].type, how);

		rv = r ? apply(r, &t[i], out) : refuse(t[i].type, out);
	}
	return !rv && p11_template_contradicts(t, n) ? CKR_TEMPLATE_INCONSISTENT : rv;
}
