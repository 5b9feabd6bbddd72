/* SPDX-License-Identifier: Apache-2.0 */
/* Objects that come from the caller, and the end of objects. */
#ifndef PKCS11_STORE_CREATE_H
#define PKCS11_STORE_CREATE_H

#include "pkcs11/ck/ck.h"

struct p11_call;
/* C_CreateObject: a certificate or data on the card, or a public key of the session. */
CK_RV p11_create(struct p11_call *c, const CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *out);
/* C_DestroyObject: a session object; a private key with all that belongs to it, a certificate, or data. */
CK_RV p11_destroy(struct p11_call *c, CK_OBJECT_HANDLE h);

#endif
