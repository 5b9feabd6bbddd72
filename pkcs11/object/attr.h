/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes of objects: one table says which class has which, and where its value comes from. */
#ifndef PKCS11_OBJECT_ATTR_H
#define PKCS11_OBJECT_ATTR_H

#include "pkcs11/object/object.h"

/* C_GetAttributeValue, PKCS#11 2.40 5.7: every attribute is answered; the result is of the first that failed. */
CK_RV p11_attr_get(const struct p11_object *o, CK_ATTRIBUTE *t, CK_ULONG n);
/* Does the object have all these values? */
bool p11_attr_match(const struct p11_object *o, const CK_ATTRIBUTE *t, CK_ULONG n);
/* Can an object of this kind have it? */
bool p11_attr_has(const struct p11_object *o, CK_ATTRIBUTE_TYPE type);

#endif
