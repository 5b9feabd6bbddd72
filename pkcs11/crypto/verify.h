/* SPDX-License-Identifier: Apache-2.0 */
/* Verifying, by the host alone. */
#ifndef PKCS11_CRYPTO_VERIFY_H
#define PKCS11_CRYPTO_VERIFY_H

#include "pkcs11/module/op.h"

struct p11_call;

CK_RV p11_verify_begin(struct p11_call *c, const CK_MECHANISM *m, CK_OBJECT_HANDLE key);
CK_RV p11_verify_once(struct p11_call *c, struct rd data, struct rd sig);
CK_RV p11_verify_part(struct p11_call *c, struct rd data);
CK_RV p11_verify_end(struct p11_call *c, struct rd sig);

#endif
