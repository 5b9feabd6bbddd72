/* SPDX-License-Identifier: Apache-2.0 */
/* RSA. Numbers are unsigned big endian without leading zero bytes; blocks and signatures have the modulus' size. */
#ifndef BASE_CRYPTO_RSA_H
#define BASE_CRYPTO_RSA_H

#include "base/crypto_rsa_pad.h"

/*
 * ERR_OK, ERR_SIGNATURE, ERR_FORMAT (unusable key). PKCS#1 v1.5, RFC 8017 8.2.2; DIGEST_NONE: hash is what was
 * padded, as it is.
 */
MUST enum err rsa_verify_pkcs1(struct rd n, struct rd e, enum digest_alg a, struct rd hash, struct rd sig);
/* The same, for a block of the modulus' size as it was signed. */
MUST enum err rsa_verify_raw(struct rd n, struct rd e, struct rd block, struct rd sig);
/*
 * PSS, RFC 8017 8.1.2, as the card makes it: MGF1 with the same hash, salt as long as the hash (reference sc-hsm-apdu
 * 3.13). ERR_ARG if hash has not the size of a.
 */
MUST enum err rsa_verify_pss(struct rd n, struct rd e, enum digest_alg a, struct rd hash, struct rd sig);
/* The same with other hashes and salts. */
MUST enum err rsa_verify_pss_as(struct rd n, struct rd e, const struct rsa_pss *p, struct rd hash, struct rd sig);
/*
 * The public operation: the block of the modulus' size that a signature was made of (RSAVP1), or the ciphertext of a
 * block (RSAEP), appended. ERR_SIGNATURE: not below the modulus, or of another size; ERR_FORMAT: unusable key.
 */
MUST enum err rsa_open(struct rd n, struct rd e, struct rd sig, struct wr *block);
struct rsa_key;
MUST enum err rsa_key_generate(unsigned bits, struct rd e, struct rsa_key **out);
MUST enum err rsa_key_import(struct rd der, struct rsa_key **out);                /* RSAPrivateKey, RFC 8017 A.1.2 */
MUST enum err rsa_key_export(const struct rsa_key *k, struct wr *der);
MUST enum err rsa_key_public(const struct rsa_key *k, struct wr *n, struct wr *e);
unsigned rsa_key_bits(const struct rsa_key *k);
/* The private operation on a block of the modulus' size; ERR_ARG if the number is not below the modulus. */
MUST enum err rsa_key_raw(const struct rsa_key *k, struct rd block, struct wr *out);
void rsa_key_free(struct rsa_key **k);

/* SubjectPublicKeyInfo (RFC 3279 2.3.1). */
MUST enum err rsa_spki(struct rd n, struct rd e, struct wr *der);

#endif
