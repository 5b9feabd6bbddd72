/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Card verifiable certificates and authenticated requests (TR-03110 part 3, C and D.2). Parses, never trusts:
 * nothing here looks at a signature's truth, except the two verify functions that are told which key to use.
 */
#ifndef BASE_CVC_H
#define BASE_CVC_H

#include "base/crypto_ec.h"
#include "base/limits.h"

#define CVC_ROLE_ROOT   0xC0
#define CVC_ROLE_ISSUER 0x80
#define CVC_ROLE_DEVICE 0x00

struct cvc_key {                    /* 7F49; absent elements are empty views */
	struct rd oid;
	bool is_rsa;
	struct rd modulus, exponent;
	struct rd p, a, b, g, n, h; /* domain parameters, if given */
	struct rd q;
};

struct cvc {                        /* 7F21, all views into the caller's bytes */
	struct rd whole;            /* with tag and length */
	struct rd body;             /* 7F4E with tag and length: what is signed */
	struct rd car, chr;         /* car may be empty in a request */
	struct cvc_key key;
	bool has_chat;
	struct rd chat_oid;
	uint8_t role;               /* content of 53 in 7F4C */
	struct rd from, to;         /* six bytes YYMMDD, one digit each; empty in a request */
	struct rd extensions;       /* content of 65; no bytes at all (p NULL) if absent */
	struct rd sig;              /* content of 5F37 */
};

struct cvc_request {                /* 67: key attestation, authenticated request */
	struct rd whole;
	struct rd content;          /* the content of 67, as MANAGE PUBLIC KEY AUTHENTICATION takes it */
	struct cvc inner;
	struct rd outer_car;
	struct rd signed_part;      /* 7F21 || 42, both complete */
	struct rd sig;
};

/*
 * The next element of r as a CVC or as a plain request (has_chat false). Duplicate, missing or unknown elements,
 * wrong sizes, bad references: ERR_FORMAT, nothing moves.
 */
MUST enum err cvc_read(struct rd *r, struct cvc *out);
MUST enum err cvc_request_read(struct rd *r, struct cvc_request *out);
/*
 * EF.C_DevAut: device and issuer certificate, nothing more but zero padding. has_issuer is false for one self-
 * signed certificate (open firmware).
 */
MUST enum err cvc_devaut_read(struct rd bytes, struct cvc *device, struct cvc *issuer, bool *has_issuer);

/*
 * The curve of a key with explicit parameters; inherited if it has none (EC_NONE: none to inherit). EC_NONE: not a
 * curve we know.
 */
enum ec_curve cvc_key_curve(const struct cvc_key *k, enum ec_curve inherited);
/*
 * ECDSA or RSA PKCS#1 v1.5 by the OID of the verifying key. ERR_SIGNATURE, ERR_UNSUPPORTED (OID, SHA-1 among them),
 * ERR_FORMAT.
 */
MUST enum err cvc_verify(const struct cvc_key *by, enum ec_curve curve, struct rd message, struct rd sig);
/* SubjectPublicKeyInfo of a key. */
MUST enum err cvc_key_spki(const struct cvc_key *k, enum ec_curve inherited, struct wr *der);

/* Seconds since 1970 of the start of a YYMMDD day (20YY). ERR_FORMAT. */
MUST enum err cvc_date(struct rd six, int64_t *t);
bool cvc_reference_is_valid(struct rd ref);                    /* two capitals, then 6..18 printable Latin characters */

#endif
