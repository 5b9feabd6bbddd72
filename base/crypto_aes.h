/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AES, as chip authentication, key wrapping and the card's own AES keys need it. Keys of 16, 24 or 32 bytes (else
 * ERR_ARG).
 */
#ifndef BASE_CRYPTO_AES_H
#define BASE_CRYPTO_AES_H

#include "base/buf.h"

#define AES_BLOCK 16

MUST enum err aes_cmac(struct rd key, struct rd bytes, uint8_t out[AES_BLOCK]);   /* NIST SP 800-38B */
/* CBC without padding, NIST SP 800-38A; out: as many bytes, appended. ERR_ARG: bytes are not whole blocks. */
MUST enum err aes_cbc_encrypt(struct rd key, const uint8_t iv[AES_BLOCK], struct rd bytes, struct wr *out);
MUST enum err aes_cbc_decrypt(struct rd key, const uint8_t iv[AES_BLOCK], struct rd bytes, struct wr *out);

#endif
