/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes of objects: one table says which class has which, and where its value comes from. */
#ifndef PKCS11_OBJECT_ATTR_H
#define PKCS11_OBJECT_ATTR_H

#include "pkcs11/object/object.h"

/* C_GetAttributeValue, PKCS#11 2.40 5.7: every attribute is answered; the result is of the first that failed. */
CK_RV p11_attr_get(const struct p11_object *o, CK_ATTRIBUTE *t, CK_ULONG n);
/* One value, a view into o. CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_SENSITIVE. */
CK_RV p11_attr_view(const struct p11_object *o, CK_ATTRIBUTE_TYPE type, struct rd *out);
/* Does the object have all these values? */
bool p11_attr_match(const struct p11_object *o, const CK_ATTRIBUTE *t, CK_ULONG n);
/* Bytes of all values that can be read, for C_GetObjectSize. */
CK_ULONG p11_attr_size(const struct p11_object *o);
/* Can an object of this kind have it? */
bool p11_attr_has(const struct p11_object *o, CK_ATTRIBUTE_TYPE type);

#endif
