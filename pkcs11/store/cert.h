/* SPDX-License-Identifier: Apache-2.0 */
/* Writing certificates to the card, and deleting keys and certificates from it. */
#ifndef PKCS11_STORE_CERT_H
#define PKCS11_STORE_CERT_H

#include "pkcs11/ck/ck.h"

struct p11_call;
/* May this session change the card? CKR_SESSION_READ_ONLY, CKR_USER_NOT_LOGGED_IN. */
CK_RV p11_cert_check_writable(const struct p11_call *c);
/*
 * A new X.509 certificate on the card; the objects are loaded. One for a key on the card takes the place of the key's
 * attestation there (reference 7.2).
 */
CK_RV p11_cert_create(struct p11_call *c, const CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *out);
/* The end of a token object: a private key with all that belongs to it, a certificate, or data. */
CK_RV p11_cert_destroy(struct p11_call *c, CK_OBJECT_HANDLE h);

#endif
