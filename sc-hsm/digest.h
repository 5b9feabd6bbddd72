/* SPDX-License-Identifier: Apache-2.0 */
/* What a SIGN command covers: one row per algorithm byte (reference sc-hsm-apdu 3.13). Bytes only. */
#ifndef SC_HSM_DIGEST_H
#define SC_HSM_DIGEST_H

#include "base/crypto_digest.h"
#include "sc-hsm/cmd.h"

enum hsm_sign_kind { HSM_SIGN_RSA_RAW, HSM_SIGN_RSA_PKCS, HSM_SIGN_RSA_PSS, HSM_SIGN_ECDSA, HSM_SIGN_KINDS };

struct hsm_digest {
	enum hsm_sign_kind kind;
	enum digest_alg alg;            /* DIGEST_NONE: the command does not say which */
	size_t n;                       /* 0: the command shows no digest */
	uint8_t value[DIGEST_MAX];
};
/*
 * The digest that a decoded SIGN command covers: taken from its data (DigestInfo, EMSA-PKCS1-v1_5 block, bare hash), or
 * computed where the card hashes. n = 0: there is none to be seen (a raw RSA block of another form). ERR_UNSUPPORTED: an
 * algorithm byte without a row. ERR_CRYPTO.
 */
MUST enum err hsm_digest_of(const struct apdu *sign, struct hsm_digest *out);

#endif
