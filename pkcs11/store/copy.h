/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of objects: of a session whatever is not a key of the card, on the card data only. */
#ifndef PKCS11_STORE_COPY_H
#define PKCS11_STORE_COPY_H

#include "pkcs11/ck/ck.h"

struct p11_call;

/*
 * PKCS#11 2.40 5.7, C_CopyObject. CKR_ACTION_PROHIBITED: CKA_COPYABLE is false; CKR_ATTRIBUTE_READ_ONLY: a copy cannot
 * differ in this; CKR_TEMPLATE_INCONSISTENT: such an object has no place where the template wants it.
 */
CK_RV p11_copy(struct p11_call *c, CK_OBJECT_HANDLE h, const CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *out);

#endif
