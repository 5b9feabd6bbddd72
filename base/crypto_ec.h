/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Elliptic curves: domain parameters, keys, ECDSA and ECDH. Points are uncompressed, 04 || x || y. Signatures are
 * plain r || s, each padded to the order's size, unless a name says DER.
 */
#ifndef BASE_CRYPTO_EC_H
#define BASE_CRYPTO_EC_H

#include "base/buf.h"

#define EC_FIELD_MAX 66                                        /* bytes of 521 bits */
#define EC_POINT_MAX (1 + 2 * EC_FIELD_MAX)
#define EC_SIG_MAX   (2 * EC_FIELD_MAX)                        /* r || s */

enum ec_curve {
	EC_NONE,
	EC_SECP192R1, EC_SECP256R1, EC_SECP384R1, EC_SECP521R1,
	EC_BP192R1, EC_BP224R1, EC_BP256R1, EC_BP320R1, EC_BP384R1, EC_BP512R1,
	EC_BP192T1, EC_BP224T1, EC_BP256T1, EC_BP320T1, EC_BP384T1, EC_BP512T1,
	EC_SECP192K1, EC_SECP256K1,
	EC_CURVES
};

struct ec_domain {
	enum ec_curve curve;
	const char *name;           /* "secp256r1", "brainpoolP256r1" */
	unsigned bits;              /* of the field */
	size_t size;                /* of a field element, bytes; the views are padded to it (n: to its own size) */
	struct rd oid;              /* content bytes of the named curve OID */
	struct rd p, a, b, g, n;    /* g uncompressed */
	uint8_t h;
};
/* NULL if libcrypto does not have the curve. The views live as long as the program. */
const struct ec_domain *ec_domain_get(enum ec_curve c);
/* By value: all of p, a, b, g, n as unsigned numbers equal, and h. NULL if none. */
const struct ec_domain *ec_domain_find(struct rd p, struct rd a, struct rd b, struct rd g, struct rd n, struct rd h);
const struct ec_domain *ec_domain_by_oid(struct rd oid);
const struct ec_domain *ec_domain_by_name(const char *name);

bool ec_point_is_valid(enum ec_curve c, struct rd q);          /* right size, on the curve, not infinity */
/*
 * ERR_OK, ERR_SIGNATURE (also for r or s out of 1..n-1 and wrong sizes), ERR_FORMAT (bad point). hash as it was
 * computed; ECDSA truncates.
 */
MUST enum err ec_verify(enum ec_curve c, struct rd q, struct rd hash, struct rd sig);

struct ec_key;
MUST enum err ec_key_generate(enum ec_curve c, struct ec_key **out);
MUST enum err ec_key_import(enum ec_curve c, struct rd d, struct ec_key **out);   /* ERR_FORMAT if not 1..n-1 */
MUST enum err ec_key_export(const struct ec_key *k, struct wr *d);                /* padded to the order's size */
MUST enum err ec_key_public(const struct ec_key *k, struct wr *q);
enum ec_curve ec_key_curve(const struct ec_key *k);
MUST enum err ec_key_sign(const struct ec_key *k, struct rd hash, struct wr *sig);
/* x of the shared point, in the full size of the field. ERR_FORMAT: peer is no point of the curve. */
MUST enum err ec_key_agree(const struct ec_key *k, struct rd peer, struct wr *x);
/* The whole shared point, uncompressed: as cards answer it. */
MUST enum err ec_key_shared_point(const struct ec_key *k, struct rd peer, struct wr *point);
void ec_key_free(struct ec_key **k);

MUST enum err ec_sig_to_der(struct rd sig, struct wr *der);
/* size: of r and of s in the result. Accepts superfluous leading 00 in the integers (seen on cards). ERR_FORMAT. */
MUST enum err ec_sig_from_der(struct rd der, size_t size, struct wr *sig);

/* SubjectPublicKeyInfo, named curve (RFC 5480). */
MUST enum err ec_spki(enum ec_curve c, struct rd q, struct wr *der);

#endif
