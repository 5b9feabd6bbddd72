/* SPDX-License-Identifier: Apache-2.0 */
/* C_SetAttributeValue: names of what is on the card, which stand in a description there, or of a session object. */
#ifndef PKCS11_STORE_MODIFY_H
#define PKCS11_STORE_MODIFY_H

#include "pkcs11/ck/ck.h"

struct p11_call;
/* CKA_LABEL and CKA_ID. A key pair and its certificate have their names in common. */
CK_RV p11_modify(struct p11_call *c, CK_OBJECT_HANDLE h, const CK_ATTRIBUTE *t, CK_ULONG n);

#endif
