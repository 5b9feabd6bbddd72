/* SPDX-License-Identifier: Apache-2.0 */
/*
 * With RSA, encrypting by the host alone, and decrypting by one command to the card; with AES see cipher.h. A plain
 * text that did not fit into the caller's buffer is kept, so that asking again uses the key no second time.
 */
#ifndef PKCS11_CRYPTO_CRYPT_H
#define PKCS11_CRYPTO_CRYPT_H

#include "pkcs11/module/op.h"

struct p11_call;

CK_RV p11_encrypt_begin(struct p11_call *c, const CK_MECHANISM *m, CK_OBJECT_HANDLE key);
CK_RV p11_encrypt_once(struct p11_call *c, struct rd data, CK_BYTE *out, CK_ULONG *n);
/* Nothing comes out before the end. */
CK_RV p11_encrypt_part(struct p11_call *c, struct rd data, CK_BYTE *out, CK_ULONG *n);
CK_RV p11_encrypt_end(struct p11_call *c, CK_BYTE *out, CK_ULONG *n);

CK_RV p11_decrypt_begin(struct p11_call *c, const CK_MECHANISM *m, CK_OBJECT_HANDLE key);
CK_RV p11_decrypt_once(struct p11_call *c, struct rd data, CK_BYTE *out, CK_ULONG *n);
CK_RV p11_decrypt_part(struct p11_call *c, struct rd data, CK_BYTE *out, CK_ULONG *n);
CK_RV p11_decrypt_end(struct p11_call *c, CK_BYTE *out, CK_ULONG *n);

#endif
