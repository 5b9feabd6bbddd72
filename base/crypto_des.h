/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Triple DES with two keys, as the older protocol of chip authentication needs it (TR-03110 part 3, E.2), and nothing
 * else of ours. Whole blocks, else ERR_ARG.
 */
#ifndef BASE_CRYPTO_DES_H
#define BASE_CRYPTO_DES_H

#include "base/buf.h"

#define DES_BLOCK 8
#define DES_KEY   16    /* K1 and K2 */

/* CBC with an IV of zeros; as many bytes, appended to out. */
MUST enum err des_cbc_encrypt(const uint8_t key[DES_KEY], struct rd bytes, struct wr *out);
MUST enum err des_cbc_decrypt(const uint8_t key[DES_KEY], struct rd bytes, struct wr *out);
/* The retail MAC, ISO 9797-1 algorithm 3, of at least one block. */
MUST enum err des_mac(const uint8_t key[DES_KEY], struct rd bytes, uint8_t out[DES_BLOCK]);

#endif
