/* SPDX-License-Identifier: Apache-2.0 */
/* "rsa:2048", "ec:secp256r1": what kind of key to make. */
#ifndef CLI_KEY_KEYTYPE_H
#define CLI_KEY_KEYTYPE_H

#include "sc-hsm/key.h"
#include "sc-hsm/p15.h"

struct cli_keytype {
	enum ec_curve curve;    /* EC_NONE: RSA */
	unsigned rsa_bits;
	unsigned bits;          /* modulus or field */
};
/* RSA below 2048 bits only if weak: nobody's attestation check accepts it. ERR_ARG, said. */
MUST enum err cli_keytype_read(const char *text, bool weak, struct cli_keytype *out);

#endif
