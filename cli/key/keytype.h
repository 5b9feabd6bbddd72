/* SPDX-License-Identifier: Apache-2.0 */
/* "rsa:2048", "ec:secp256r1", "aes:256": what kind of key to make. */
#ifndef CLI_KEY_KEYTYPE_H
#define CLI_KEY_KEYTYPE_H

#include "sc-hsm/key.h"
#include "sc-hsm/p15.h"

struct cli_keytype {
	enum p15_type type;
	enum ec_curve curve;    /* EC_NONE: of no curve */
	unsigned bits;          /* modulus, field or secret */
};
/* RSA below 2048 bits and small curves only if weak: no attestation check accepts them. ERR_ARG, ERR_REFUSED, said. */
MUST enum err cli_keytype_read(const char *text, bool weak, struct cli_keytype *out);

#endif
