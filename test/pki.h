/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates and attestations made at run time, right ones and every kind of wrong one, for the tests of attest/ and
 * pka/. Names are private (UT...). Whatever cannot be made ends the program.
 */
#ifndef TEST_PKI_H
#define TEST_PKI_H

#include "attest/anchor.h"
#include "base/crypto_rsa.h"
#include "pka/activation.h"

#define PKI_NOW 1790000000      /* 2026-09-21, within the dates of what pki_open makes */

struct pki_cvc {
	const char *car;        /* NULL: left out, as a request may */
	const char *chr;
	const struct ec_key *key;
	const struct rsa_key *rsa;              /* instead of key */
	const struct ec_domain *domain;         /* written as parameters; NULL: none, the curve is inherited */
	struct rd oid;          /* of the key; empty: ECDSA or RSA with SHA-256 */
	bool is_certificate;
	uint8_t role;
	const char *from, *to;  /* "260101"; NULL: 2026 to 2031 */
	bool empty_extensions;
};
/* 7F21, signed by an EC or RSA key (one of them NULL) with SHA-256. Appended to out. */
void pki_cvc_make(const struct pki_cvc *c, const struct ec_key *by, const struct rsa_key *by_rsa, struct wr *out);
/* 67 around a 7F21. */
void pki_request_make(struct rd inner, const char *outer_car, const struct ec_key *by, struct wr *out);

struct pki {
	struct ec_key *root, *issuer;
	struct wr root_cvc, issuer_cvc;
	struct att_anchors *anchors;            /* the production root and this one */
};
void pki_open(struct pki *p);
void pki_close(struct pki *p);

struct pki_device {
	char id[CHR_MAX + 1];
	struct ec_key *key;
	struct wr devaut;
};
/* Below p, or self-signed as open firmware has it if p is NULL. */
void pki_device_make(const struct pki *p, const char *id, struct pki_device *d);
void pki_device_free(struct pki_device *d);
/* The attestation of a key made in d: inner CAR = CHR, explicit parameters. */
void pki_attest(const struct pki_device *d, const char *chr, const struct ec_key *key, struct wr *request);
void pki_attest_rsa(const struct pki_device *d, const char *chr, const struct rsa_key *key, struct wr *request);
/* A minimal X.509 certificate over a key, signed by itself; over any public key, signed by another. */
void pki_x509(const struct ec_key *key, struct wr *der);
void pki_x509_of(enum ec_curve curve, struct rd q, const struct ec_key *by, struct wr *der);

/* A custodian: a device of his own with an authentication key. */
struct pki_person {
	struct pki_device device;
	struct ec_key *key;
	struct wr request, file;
	struct pka_custodian registered;
};
void pki_person_make(const struct pki *p, const char *device_id, const char *chr, enum ec_curve curve,
		     struct pki_person *out);
void pki_person_free(struct pki_person *p);
/* ECDSA with SHA-256, plain r || s; appended. */
void pki_sign(const struct ec_key *key, struct rd message, struct wr *sig);
struct ec_key *pki_key(enum ec_curve curve);

#endif
