/* SPDX-License-Identifier: Apache-2.0 */
/* RSA private keys from some of their numbers, as wrapped keys hold them. Unsigned big endian. */
#ifndef BASE_CRYPTO_RSA_PARTS_H
#define BASE_CRYPTO_RSA_PARTS_H

#include "base/crypto_rsa.h"

/* From the private exponent: finds the primes. ERR_FORMAT: the numbers are not those of one key. */
MUST enum err rsa_key_from_exponent(struct rd n, struct rd e, struct rd d, struct rsa_key **out);
/* From the primes. ERR_FORMAT as above. */
MUST enum err rsa_key_from_primes(struct rd p, struct rd q, struct rd e, struct rsa_key **out);

#endif
