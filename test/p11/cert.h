/* SPDX-License-Identifier: Apache-2.0 */
/* A certificate for a public key, signed by a key that is thrown away: nobody checks it. */
#ifndef TEST_P11_CERT_H
#define TEST_P11_CERT_H

#include "base/buf.h"

/* Valid from 2026-01-01 to 2050-01-01: a UTCTime and a GeneralizedTime (RFC 5280 4.1.2.5). */
void test_certificate(struct rd spki, struct wr *der);
/* ... for a new P-256 key that is thrown away, too. */
void test_certificate_new(struct wr *der);

#endif
