/* SPDX-License-Identifier: Apache-2.0 */
/* A custodian's card has answered a SIGN command. */
#ifndef PKA_SIGN_H
#define PKA_SIGN_H

#include "base/crypto_ec.h"

/*
 * The card's DER into plain r || s, a view into buf, verified with the registered key q: a wrong card is noticed here,
 * not by the one who gets it. The card's errors; ERR_SIGNATURE: signed by another key; ERR_UNSUPPORTED: no such curve.
 */
MUST enum err pka_sign_take(struct rd rsp, struct rd signed_bytes, enum ec_curve curve, struct rd q,
			    uint8_t buf[EC_SIG_MAX], struct rd *sig);

#endif
