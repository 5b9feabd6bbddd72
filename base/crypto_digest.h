/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hashes. With crypto_rsa, crypto_ec, crypto_aes, crypto_des and crypto_x509 the only files that see libcrypto, in a
 * library context of our own.
 */
#ifndef BASE_CRYPTO_DIGEST_H
#define BASE_CRYPTO_DIGEST_H

#include "base/buf.h"

enum digest_alg { DIGEST_NONE, DIGEST_SHA1, DIGEST_SHA224, DIGEST_SHA256, DIGEST_SHA384, DIGEST_SHA512 };
#define DIGEST_MAX 64
#define SHA256_SIZE 32

size_t digest_size(enum digest_alg a);                         /* bytes; 0 for DIGEST_NONE */

struct digest;
MUST enum err digest_new(enum digest_alg a, struct digest **out);
MUST enum err digest_update(struct digest *d, struct rd bytes);
MUST enum err digest_final(struct digest *d, struct wr *out);  /* then only digest_again or digest_free */
/* As digest_new, in the memory of one that is over, for much less time. */
MUST enum err digest_again(struct digest *d, enum digest_alg a);
void digest_free(struct digest **d);                           /* NULL-safe; wipes */
/* The same, but for one that is over, in which nothing is left of what was hashed: it stays for digest_again. */
void digest_end(struct digest **d);

MUST enum err digest_once(enum digest_alg a, struct rd bytes, struct wr *out);
MUST enum err sha256(struct rd bytes, uint8_t out[SHA256_SIZE]);
MUST enum err sha256_parts(const struct rd *parts, size_t n, uint8_t out[SHA256_SIZE]);

/*
 * What all of crypto_*.c made once for all calls (60 KB) goes, for a library that is unloaded: nobody may be inside,
 * and whoever calls later gets ERR_CRYPTO. Nothing happens where the process's end has cleaned libcrypto up already.
 */
void crypto_free(void);

/* RFC 2104. */
MUST enum err hmac_sha256(struct rd key, struct rd bytes, uint8_t out[SHA256_SIZE]);

/* DER DigestInfo of a hash value (RFC 8017 A.2.4). ERR_ARG if its size is not the algorithm's. */
MUST enum err digest_info(enum digest_alg a, struct rd hash, struct wr *out);
/* The other way: which algorithm and hash a DigestInfo holds. ERR_FORMAT. */
MUST enum err digest_info_parse(struct rd der, enum digest_alg *a, struct rd *hash);

#endif
