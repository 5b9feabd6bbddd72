/* SPDX-License-Identifier: Apache-2.0 */
/* Was this key generated in that device? Reference key-attestation 5, steps 7 to 11. */
#ifndef ATTEST_KEYATT_H
#define ATTEST_KEYATT_H

#include "attest/chain.h"

/* Does a check accept keys on this curve at all? */
bool att_curve_is_allowed(enum ec_curve c);

struct att_key {                    /* views into the attestation; valid only if the call said so */
	struct cvc_request request;
	enum ec_curve curve;        /* EC_NONE: RSA */
	unsigned bits;
	char chr[CHR_MAX + 1];
};
/*
 * attestation: a 67 object (content of EF CEnn at generation). spki: the public key somebody wants to trust, or empty.
 * chain may be not genuine (open firmware): then the device key of its self-signed certificate is used and the caller
 * says UNVERIFIED. ERR_OK proven; ERR_ATTESTATION (v tells); ERR_FORMAT.
 */
MUST enum err att_key_check(const struct att_chain *chain, struct rd attestation, struct rd spki, struct att_key *out,
			    struct att_verdict *v);

#endif
