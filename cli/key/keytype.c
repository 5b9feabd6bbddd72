/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/key/keytype.h"

#include <stdio.h>
#include <string.h>

#include "cli/line/say.h"

#define RSA_BITS_GOOD 2048

static const unsigned rsa_sizes[] = { 1024, 1536, 2048, 3072, 4096 };   /* sc-hsm-apdu 3.11 */

static enum err read_rsa(const char *size, bool weak, struct cli_keytype *out)
{
	char text[16];

	for (size_t i = 0; i < sizeof(rsa_sizes) / sizeof(rsa_sizes[0]); i++) {
		(void)snprintf(text, sizeof(text), "%u", rsa_sizes[i]);
		if (strcmp(size, text))
			continue;
		if (rsa_sizes[i] < RSA_BITS_GOOD && !weak)
			return cli_refuse(
				ERR_REFUSED,
				"RSA with %s bits is too short: no attestation check accepts it; --force insists",
				size);
		*out = (struct cli_keytype){ EC_NONE, rsa_sizes[i], rsa_sizes[i] };
		return ERR_OK;
	}
	return cli_refuse(ERR_ARG, "--type rsa: 2048, 3072 or 4096");
}

enum err cli_keytype_read(const char *text, bool weak, struct cli_keytype *out)
{
	const struct ec_domain *d;

	if (strncmp(text, "rsa:", 4) == 0)
		return read_rsa(text + 4, weak, out);
	if (strncmp(text, "ec:", 3))
		return cli_refuse(ERR_ARG, "--type: rsa:2048, or ec: and the name of a curve");
	d = ec_domain_by_name(text + 3);
	if (!d)
		return cli_refuse(
			ERR_ARG,
			"--type ec: no such curve; secp256r1, secp384r1, secp521r1, brainpoolP256r1 and so on");
	*out = (struct cli_keytype){ d->curve, 0, d->bits };
	return ERR_OK;
}
