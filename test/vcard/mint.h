/* SPDX-License-Identifier: Apache-2.0 */
/* Making card verifiable certificates and authenticated requests; APDU reference 9.1 to 9.3. */
#ifndef VCARD_MINT_H
#define VCARD_MINT_H

#include "base/cvc.h"
#include "test/vcard/state.h"

extern const struct rd vcard_oid_ecdsa;         /* id-TA-ECDSA-SHA-256 */
extern const struct rd vcard_oid_rsa;           /* id-TA-RSA-v1-5-SHA-256 */
extern const struct rd vcard_oid_chip;          /* id-CA-ECDH-AES-CBC-CMAC-128 */
extern const struct rd vcard_oid_chip_3des;     /* id-CA-ECDH-3DES-CBC-CBC */

struct vcard_mint {
	struct rd car;                          /* empty: left out, as a request may */
	struct rd chr;
	const struct vcard_private *key;        /* whose public part the CVC carries */
	bool params;                            /* with domain parameters; without them the curve is inherited */
	struct rd extensions;                   /* content of 65; empty: left out, but see below */
	/* a certificate also has: */
	bool is_certificate;
	struct rd role_oid;
	uint8_t role;
	uint8_t from[6], to[6];                 /* YYMMDD, one digit each */
	bool empty_extensions;                  /* 65 00, as issuer certificates carry it */
};

/* 7F21, signed by signer with SHA-256. A request is signed by its own key. */
MUST enum err vcard_mint_cvc(const struct vcard_mint *m, const struct vcard_private *signer, struct wr *out);
/* 67 around a request: outer reference and the device's signature over both. */
MUST enum err vcard_mint_request(struct rd request, struct rd outer_car, const struct ec_key *device, struct wr *out);
/* SHA-256 and ECDSA (r || s) or RSA PKCS#1 v1.5. */
MUST enum err vcard_private_sign(const struct vcard_private *k, struct rd message, struct wr *sig);

#endif
