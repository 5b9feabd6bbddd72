/* SPDX-License-Identifier: Apache-2.0 */
/* Key agreement: one command to the card, and a session's secret key of what it answers. */
#ifndef PKCS11_CRYPTO_DERIVE_H
#define PKCS11_CRYPTO_DERIVE_H

#include "pkcs11/ck/ck.h"

struct p11_call;
/* C_DeriveKey. The value is readable unless the template says CKA_SENSITIVE: it is in our memory as it is. */
CK_RV p11_derive(struct p11_call *c, const CK_MECHANISM *m, CK_OBJECT_HANDLE base, const CK_ATTRIBUTE *t, CK_ULONG n,
		 CK_OBJECT_HANDLE *out);

#endif
