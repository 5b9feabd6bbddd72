/* SPDX-License-Identifier: Apache-2.0 */
/* Encryption by a password as OpenSSL's "enc" once did it: only for files that others write so. */
#ifndef BASE_CRYPTO_PBE_H
#define BASE_CRYPTO_PBE_H

#include "base/buf.h"

#define PBE_SALT_SIZE 8
#define PBE_KEY_SIZE  32
#define PBE_IV_SIZE   16

/*
 * EVP_BytesToKey with MD5: D1 = MD5^rounds(password || salt), Di = MD5^rounds(D(i-1) || password || salt); the key is
 * D1 || D2, the IV D3. Takes as long as the rounds say: ten million are some seconds.
 */
MUST enum err pbe_md5(struct rd password, const uint8_t salt[PBE_SALT_SIZE], unsigned rounds, uint8_t key[PBE_KEY_SIZE],
		      uint8_t iv[PBE_IV_SIZE]);

#endif
