/* SPDX-License-Identifier: Apache-2.0 */
/* What a caller wants of a new object: one table says what a template may hold and what becomes of it. */
#ifndef PKCS11_OBJECT_TEMPLATE_H
#define PKCS11_OBJECT_TEMPLATE_H

#include "base/buf.h"
#include "pkcs11/ck/vendor.h"

enum p11_made {                         /* what kind of object is wanted, and how it comes to be */
	P11_MADE_PRIVATE, P11_MADE_PUBLIC,      /* the halves of a key pair that the card generates */
	P11_MADE_SECRET,                        /* a key of the card's making */
	P11_GIVEN_CERT,
	P11_GIVEN_PUBLIC,                       /* by its numbers */
	P11_DERIVED_SECRET,
	P11_GIVEN_DATA,
	P11_UNWRAPPED_PRIVATE, P11_UNWRAPPED_SECRET
};
#define P11_NOT_SAID 2                  /* by the template; as the default of extractable */
struct p11_template {                   /* views into the caller's template */
	CK_ULONG class, key_type, bits, category, size, counter;
	CK_BBOOL token, sign, verify, encrypt, decrypt, derive, is_private, sensitive, extractable;
	struct rd label, id, value, subject, modulus, exponent, ec_params, ec_point, application, object_id;
	struct rd algorithms, mechanisms;
	struct rd issuer, serial, from, to, spki;       /* what a certificate is said to be */
	struct rd check;                                /* ... or a secret key */
	CK_ULONG name_hash, midp_domain;
	CK_BYTE domain;
};

/*
 * Attributes of a template into out, whose fields hold the defaults; bytes that it says have p, even if they are none.
 * CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID (size), CKR_ATTRIBUTE_READ_ONLY (the token decides),
 * CKR_TEMPLATE_INCONSISTENT (not possible on this card, or two values for one attribute). token is for the caller to
 * look at: who does not say so asks for a session object (PKCS#11 2.40 4.4), and would not expect it to stay on the
 * card.
 */
CK_RV p11_template_read(const CK_ATTRIBUTE *t, CK_ULONG n, enum p11_made how, struct p11_template *out);
/* Does it say two different things of one attribute (PKCS#11 2.40 4.1.1)? */
bool p11_template_contradicts(const CK_ATTRIBUTE *t, CK_ULONG n);

#endif
