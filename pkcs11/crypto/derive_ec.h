/* SPDX-License-Identifier: Apache-2.0 */
/* Another EC key of one on the card, made by it; both stay there. */
#ifndef PKCS11_CRYPTO_DERIVE_EC_H
#define PKCS11_CRYPTO_DERIVE_EC_H

#include "pkcs11/mech/mech.h"

struct p11_call;
/* out: the private key; the public one is found beside it, by its id. */
CK_RV p11_derive_ec(struct p11_call *c, const struct p11_use *u, const CK_ATTRIBUTE *t, CK_ULONG n,
		    CK_OBJECT_HANDLE *out);

#endif
