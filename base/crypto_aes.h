/* SPDX-License-Identifier: Apache-2.0 */
/* AES, as chip authentication needs it. Keys of 16, 24 or 32 bytes (else ERR_ARG). */
#ifndef BASE_CRYPTO_AES_H
#define BASE_CRYPTO_AES_H

#include "base/buf.h"

#define AES_BLOCK 16

MUST enum err aes_cmac(struct rd key, struct rd bytes, uint8_t out[AES_BLOCK]);   /* NIST SP 800-38B */

#endif
