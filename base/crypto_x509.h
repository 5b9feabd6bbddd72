/* SPDX-License-Identifier: Apache-2.0 */
/* What a PKCS#11 object or a verdict needs of an X.509 certificate; no path validation. */
#ifndef BASE_CRYPTO_X509_H
#define BASE_CRYPTO_X509_H

#include "base/buf.h"

struct x509 {                       /* views into the certificate's own bytes */
	struct rd subject, issuer;  /* DER Name */
	struct rd serial;           /* DER INTEGER with tag and length */
	struct rd spki;             /* DER SubjectPublicKeyInfo */
	struct rd not_before, not_after; /* DER Time with tag and length */
};
/* Takes exactly one certificate; ERR_FORMAT otherwise (libcrypto must accept it, too). */
MUST enum err x509_parse(struct rd der, struct x509 *out);

#endif
