/* SPDX-License-Identifier: Apache-2.0 */
/* A public key from its SubjectPublicKeyInfo (RFC 5280 4.1.2.7): the other way than rsa_spki and ec_spki. */
#ifndef BASE_SPKI_H
#define BASE_SPKI_H

#include "base/crypto_ec.h"

struct spki {                       /* views into the DER */
	bool is_rsa;
	struct rd n, e;             /* RSA, without leading zero bytes */
	enum ec_curve curve;        /* EC, by name only */
	struct rd params;           /* EC: the parameters' element, which names the curve */
	struct rd q;                /* 04 || x || y, on the curve */
};
/* Exactly one key. ERR_FORMAT; ERR_UNSUPPORTED: another algorithm, curve or form of point. */
MUST enum err spki_read(struct rd der, struct spki *out);

#endif
