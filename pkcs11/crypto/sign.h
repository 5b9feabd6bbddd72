/* SPDX-License-Identifier: Apache-2.0 */
/* Signing, by one command to the card. */
#ifndef PKCS11_CRYPTO_SIGN_H
#define PKCS11_CRYPTO_SIGN_H

#include "pkcs11/module/op.h"

struct p11_call;

CK_RV p11_sign_begin(struct p11_call *c, const CK_MECHANISM *m, CK_OBJECT_HANDLE key);
CK_RV p11_sign_once(struct p11_call *c, struct rd data, CK_BYTE *sig, CK_ULONG *n);
CK_RV p11_sign_part(struct p11_call *c, struct rd data);
CK_RV p11_sign_end(struct p11_call *c, CK_BYTE *sig, CK_ULONG *n);

#endif
