/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AES in CBC, of whole blocks or with the padding of PKCS#7, which is made and taken away here. Each part that holds a
 * block is sent to the card at once; of a text to be decrypted the last one waits, as it may be padding.
 */
#ifndef PKCS11_CRYPTO_CIPHER_H
#define PKCS11_CRYPTO_CIPHER_H

#include "pkcs11/module/op.h"

struct p11_token;

bool p11_cipher_is(const struct p11_op *op);            /* otherwise it is not for here */
CK_RV p11_cipher_part(struct p11_token *t, struct p11_op *op, bool encrypt, struct rd data, CK_BYTE *out, CK_ULONG *n);
/* The end, or with data the whole. Asked for the length, or where it does not fit, it says the most that it can be. */
CK_RV p11_cipher_end(struct p11_token *t, struct p11_op *op, bool encrypt, const struct rd *data, CK_BYTE *out,
		     CK_ULONG *n);

#endif
