/* SPDX-License-Identifier: Apache-2.0 */
/* A wrapped key as bytes, and the key encryption key of a domain; APDU reference 6.1, 10.1. */
#ifndef VCARD_BLOB_H
#define VCARD_BLOB_H

#include "test/vcard/state.h"

#define VCARD_KCV_SIZE 8

/* The key check value: the first bytes of SHA-256 of the key. */
MUST enum err vcard_kek_check(const uint8_t kek[VCARD_KEK_SIZE], uint8_t kcv[VCARD_KCV_SIZE]);

struct vcard_blob {
	struct vcard_private secret;
	struct rd algs;                 /* the key's algorithm list; empty: it has none */
};

/* nonce: the 8 random bytes in front of the key. */
MUST enum err vcard_blob_write(const struct vcard_blob *b, const uint8_t kek[VCARD_KEK_SIZE], const uint8_t nonce[8],
			       struct wr *out);
/* ERR_SIGNATURE (of another key, or changed), ERR_FORMAT, ERR_UNSUPPORTED. out->algs is a view into bytes. */
MUST enum err vcard_blob_read(struct rd bytes, const uint8_t kek[VCARD_KEK_SIZE], struct vcard_blob *out);
/* Whose check value stands at its start; false: too short. */
MUST bool vcard_blob_check_value(struct rd bytes, struct rd *kcv);
/* Whether it is an RSA key with its primes, and how long its modulus is: some cards refuse long ones. */
bool vcard_blob_has_primes(struct rd bytes);

#endif
