/* SPDX-License-Identifier: Apache-2.0 */
/* What a SIGN command covers: one row per algorithm byte (reference sc-hsm-apdu 3.13). Bytes only. */
#ifndef SC_HSM_DIGEST_H
#define SC_HSM_DIGEST_H

#include "base/crypto_digest.h"
#include "sc-hsm/cmd.h"

enum hsm_sign_kind { HSM_SIGN_RSA_RAW, HSM_SIGN_RSA_PKCS, HSM_SIGN_RSA_PSS, HSM_SIGN_ECDSA, HSM_SIGN_KINDS };

struct hsm_sign_row {
	uint8_t alg;                    /* enum hsm_alg */
	enum hsm_sign_kind kind;
	enum digest_alg hashes;         /* the card hashes the data by this; DIGEST_NONE: the data is hashed already */
	const char *name;               /* "ecdsa-sha256" */
};
/* NULL: not an algorithm byte of SIGN that we know. */
const struct hsm_sign_row *hsm_sign_find(uint8_t alg);

struct hsm_digest {
	enum hsm_sign_kind kind;
	enum digest_alg alg;            /* DIGEST_NONE: the command does not say which */
	size_t n;                       /* 0: the command shows no digest */
	uint8_t value[DIGEST_MAX];
};
/*
 * The digest that a decoded SIGN command covers: taken from its data (DigestInfo, EMSA-PKCS1-v1_5 block, bare hash), or
 * computed where the card hashes. A bare hash's algorithm goes by its size. n = 0: there is none to be seen (a raw RSA
 * block of another form, a DigestInfo that is not exactly the one of RFC 8017, more than DIGEST_MAX bytes).
 * ERR_UNSUPPORTED: an algorithm byte without a row. ERR_ARG: not a SIGN command. ERR_CRYPTO.
 */
MUST enum err hsm_digest_of(const struct apdu *sign, struct hsm_digest *out);

#endif
