/* SPDX-License-Identifier: Apache-2.0 */
/* C_GenerateKeyPair. */
#ifndef PKCS11_CRYPTO_KEYGEN_H
#define PKCS11_CRYPTO_KEYGEN_H

#include "pkcs11/ck/ck.h"

struct p11_call;
struct p11_keygen_request {
	const CK_MECHANISM *mech;
	const CK_ATTRIBUTE *public_t, *private_t;
	CK_ULONG public_n, private_n;
};
CK_RV p11_keygen(struct p11_call *c, const struct p11_keygen_request *r, CK_OBJECT_HANDLE *public_key,
		 CK_OBJECT_HANDLE *private_key);

#endif
