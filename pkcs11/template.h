/* SPDX-License-Identifier: Apache-2.0 */
/* What a caller wants of a new object: one table says what a template may hold and what becomes of it. */
#ifndef PKCS11_TEMPLATE_H
#define PKCS11_TEMPLATE_H

#include "base/buf.h"
#include "pkcs11/ck.h"

struct p11_template {                   /* views into the caller's template */
	CK_ULONG class, key_type, bits, category;
	CK_BBOOL token, sign;
	struct rd label, id, value, exponent, ec_params;
};

/*
 * Attributes of a template into out, whose fields hold the defaults. class: CKO_PUBLIC_KEY, CKO_PRIVATE_KEY or
 * CKO_CERTIFICATE. CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID (size), CKR_ATTRIBUTE_READ_ONLY (the token
 * decides), CKR_TEMPLATE_INCONSISTENT (not possible on this card). token is for the caller to look at: there are token
 * objects only, but who does not say so asks for a session object (PKCS#11 2.40 4.4), and would not expect it to stay.
 */
CK_RV p11_template_read(const CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_CLASS class, struct p11_template *out);

#endif
