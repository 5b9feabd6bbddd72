/* SPDX-License-Identifier: Apache-2.0 */
/* Private to attest/: what every certificate of the device PKI has in common (reference key-attestation 3.1). */
#ifndef ATTEST_ROLE_H
#define ATTEST_ROLE_H

#include "base/cvc.h"

extern const struct rd att_oid_ecdsa_sha256;                   /* id-TA-ECDSA-SHA-256, 0.4.0.127.0.7.2.2.2.2.3 */
/* Has the certificate this role, in the vendor's template (1.3.6.1.4.1.24991.3.1.1)? */
bool att_role_is(const struct cvc *c, uint8_t role);

#endif
