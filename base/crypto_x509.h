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
/*
 * For people: the subject as RFC 2253 writes names, in UTF-8, not yet safe to show; and the last day, as 2027-01-31.
 * ERR_FORMAT: it has none.
 */
#define X509_DAY_SIZE 11
MUST enum err x509_text(const struct x509 *x, struct wr *subject, char day[X509_DAY_SIZE]);

#endif
