/* SPDX-License-Identifier: Apache-2.0 */
/* C_GenerateKeyPair. */
#ifndef PKCS11_CRYPTO_KEYGEN_H
#define PKCS11_CRYPTO_KEYGEN_H

#include "base/buf.h"
#include "base/deadline.h"
#include "pkcs11/ck/ck.h"

struct p11_call;
struct p11_keygen_request {
	const CK_MECHANISM *mech;
	const CK_ATTRIBUTE *public_t, *private_t;
	CK_ULONG public_n, private_n;
};
/* What every new key has in common: may it be made now; its algorithm list, empty: all; its description on the card. */
struct p11_token;
struct p11_template;
CK_RV p11_keygen_may(struct p11_call *c);
CK_RV p11_keygen_list(const struct p11_template *t, struct wr *algorithms);
/* In a sequence. A key that cannot be described is deleted again. */
MUST enum err p11_keygen_describe(struct p11_token *t, uint8_t key, struct rd about, struct deadline *dl);

CK_RV p11_keygen(struct p11_call *c, const struct p11_keygen_request *r, CK_OBJECT_HANDLE *public_key,
		 CK_OBJECT_HANDLE *private_key);

#endif
