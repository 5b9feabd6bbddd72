/* SPDX-License-Identifier: Apache-2.0 */
/* How `sign` signs: hash on the host, one SIGN command, a signature that openssl dgst -verify takes. */
#ifndef CLI_KEY_MECH_H
#define CLI_KEY_MECH_H

#include "base/crypto_digest.h"
#include "cli/card/keys.h"
#include "sc-hsm/cmd.h"

struct cli_mech {
	const char *name;
	bool is_rsa;
	enum digest_alg digest;
	enum hsm_alg alg;       /* one that lets the command show its digest */
};
/* name NULL: what fits the key's size. ERR_ARG: no such mechanism, or not for this kind of key; said. */
MUST enum err cli_mech_get(const char *name, const struct cli_key *k, const struct cli_mech **out);
/* What the card gets for a hash value. */
MUST enum err cli_mech_input(const struct cli_mech *m, struct rd hash, struct wr *out);
/* ERR_SIGNATURE unless sig, as the card gave it, is the key's over hash. */
MUST enum err cli_mech_verify(const struct cli_mech *m, const struct cli_key *k, struct rd hash, struct rd sig);

#endif
