/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paddings of RSA, RFC 8017, as blocks of the modulus' size. size: of the modulus in bytes; bits: of it in bits.
 * Decoding tells a good block from a bad one and nothing else: its time does not depend on where a block is bad, nor,
 * before the end, on how long the message in a good one is.
 */
#ifndef BASE_CRYPTO_RSA_PAD_H
#define BASE_CRYPTO_RSA_PAD_H

#include "base/crypto_digest.h"

/* EMSA-PKCS1-v1_5 padding of T (a DigestInfo, usually) to size bytes. ERR_ARG if it does not fit. */
MUST enum err rsa_pad_pkcs1(struct rd t, size_t size, struct wr *block);

struct rsa_pss {
	enum digest_alg hash, mgf;  /* of the message, and of MGF1 */
	size_t salt;                /* bytes */
};
/* EMSA-PSS, 9.1.1. ERR_ARG: hash has not the hash's size, or it does not fit. */
MUST enum err rsa_pad_pss(const struct rsa_pss *p, struct rd hash, unsigned bits, struct wr *block);
/* 9.1.2; overwrites the block (size bytes). ERR_SIGNATURE, ERR_ARG. */
MUST enum err rsa_check_pss(const struct rsa_pss *p, struct rd hash, unsigned bits, uint8_t *block, size_t size);

/* EME-PKCS1-v1_5, 7.2.1 and 7.2.2. ERR_ARG: does not fit. ERR_DATA: not padded so. */
MUST enum err rsa_pad_crypt(struct rd message, size_t size, struct wr *block);
MUST enum err rsa_unpad_crypt(struct rd block, struct wr *message);

struct rsa_oaep {
	enum digest_alg hash, mgf;
	uint8_t label[DIGEST_MAX];  /* the label's hash */
};
/* EME-OAEP, 7.1.1 and 7.1.2. ERR_ARG: does not fit. ERR_DATA: not padded so. */
MUST enum err rsa_pad_oaep(const struct rsa_oaep *p, struct rd message, size_t size, struct wr *block);
MUST enum err rsa_unpad_oaep(const struct rsa_oaep *p, struct rd block, struct wr *message);

#endif
