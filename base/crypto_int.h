/* SPDX-License-Identifier: Apache-2.0 */
/* What the crypto_*.c files share. The only header that shows libcrypto. */
#ifndef BASE_CRYPTO_INT_H
#define BASE_CRYPTO_INT_H

#include <openssl/err.h>
#include <openssl/types.h>

#include "base/crypto_digest.h"
#include "base/crypto_ec.h"

/*
 * A library context of our own with the default provider and no configuration: we may live in a process whose
 * OpenSSL is configured to use our own PKCS#11 module. Made once, and freed by crypto_free alone. NULL on failure, and
 * when the host has cleaned libcrypto up, as it may before our exit handlers run.
 */
OSSL_LIB_CTX *crypto_ctx(void);
/*
 * Around every call that may fail on bytes from elsewhere: what libcrypto notes about it stays out of the error
 * queue of the thread, which is the host's.
 */
#define crypto_begin() ((void)ERR_set_mark())
#define crypto_end() ((void)ERR_pop_to_mark())
/* Unsigned big endian, or NULL. */
BIGNUM *crypto_bn(struct rd magnitude);
/* n as exactly size bytes. ERR_BUFFER if it does not fit. */
MUST enum err crypto_put_bn(const BIGNUM *n, size_t size, struct wr *out);
/* crypto_ec_domain.c: the group, which lives until crypto_free. NULL: libcrypto has no such curve. */
const struct ec_group_st *crypto_ec_group(enum ec_curve c);
void crypto_ec_free_groups(void);
/* Whole blocks by the cipher of this name, without padding; key and iv have its sizes. ERR_ARG: not whole blocks. */
MUST enum err crypto_cbc(const char *name, size_t block, const uint8_t *key, const uint8_t *iv, struct rd bytes,
			 int encrypt, struct wr *out);

#endif
