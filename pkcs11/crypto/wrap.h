/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys that leave a card and come back, wrapped by the card under the key encryption key of their domain. That key is
 * no object: its handle is CK_INVALID_HANDLE.
 */
#ifndef PKCS11_CRYPTO_WRAP_H
#define PKCS11_CRYPTO_WRAP_H

#include "pkcs11/ck/ck.h"

struct p11_call;
CK_RV p11_wrap(struct p11_call *c, const CK_MECHANISM *m, CK_OBJECT_HANDLE with, CK_OBJECT_HANDLE key, CK_BYTE *out,
	       CK_ULONG *n);

struct p11_unwrap_request {
	const CK_MECHANISM *mech;
	CK_OBJECT_HANDLE with;
	const CK_BYTE *wrapped;
	CK_ULONG wrapped_n;
	const CK_ATTRIBUTE *t;
	CK_ULONG n;
};
CK_RV p11_unwrap(struct p11_call *c, const struct p11_unwrap_request *r, CK_OBJECT_HANDLE *key);

#endif
