/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes from the card. */
#ifndef PKCS11_CRYPTO_RANDOM_H
#define PKCS11_CRYPTO_RANDOM_H

#include "pkcs11/ck/ck.h"

struct p11_call;
CK_RV p11_random(struct p11_call *c, CK_BYTE *out, CK_ULONG n);

#endif
