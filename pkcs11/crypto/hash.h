/* SPDX-License-Identifier: Apache-2.0 */
/* Hashing, by the host alone. */
#ifndef PKCS11_CRYPTO_HASH_H
#define PKCS11_CRYPTO_HASH_H

#include "pkcs11/module/op.h"

struct p11_call;

CK_RV p11_hash_begin(struct p11_call *c, const CK_MECHANISM *m);
CK_RV p11_hash_once(struct p11_call *c, struct rd data, CK_BYTE *hash, CK_ULONG *n);
CK_RV p11_hash_part(struct p11_call *c, struct rd data);
CK_RV p11_hash_end(struct p11_call *c, CK_BYTE *hash, CK_ULONG *n);

#endif
