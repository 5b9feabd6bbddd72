/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a custodian's key signs for the target card: M = device id || challenge, at most 24 bytes in practice
 * (reference public-key-authentication 5).
 */
#ifndef PKA_MESSAGE_H
#define PKA_MESSAGE_H

#include "base/crypto_digest.h"
#include "base/limits.h"

/* ERR_ARG unless the challenge has 8 bytes and the id 8..CHR_MAX. */
MUST enum err pka_message(struct rd device_id, struct rd challenge, struct wr *out);

#define PKA_CODE_SIZE 10            /* "K7QF-2MXA" and terminator */
/*
 * The code that host and custodian compare over another channel: base32 of the first 40 bits of
 * SHA-256("quorum11-code" || device id || challenge || SHA-256(host's JSON)).
 */
MUST enum err pka_code(struct rd device_id, struct rd challenge, struct rd host_json, char out[PKA_CODE_SIZE]);

#endif
