/* SPDX-License-Identifier: Apache-2.0 */
/* C_GenerateKey. */
#ifndef PKCS11_CRYPTO_SECRET_H
#define PKCS11_CRYPTO_SECRET_H

#include "pkcs11/ck/ck.h"

struct p11_call;
/* An AES key on the card. */
CK_RV p11_generate_secret(struct p11_call *c, const CK_MECHANISM *m, const CK_ATTRIBUTE *t, CK_ULONG n,
			  CK_OBJECT_HANDLE *out);

#endif
