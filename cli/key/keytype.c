/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/key/keytype.h"

#include <stdio.h>
#include <string.h>

#include "attest/keyatt.h"
#include "cli/line/say.h"

#define RSA_BITS_GOOD 2048
#define NAMES_MAX     512

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
		*out = (struct cli_keytype){ P15_RSA, EC_NONE, rsa_sizes[i] };
		return ERR_OK;
	}
	return cli_refuse(ERR_ARG, "--type rsa: 2048, 3072 or 4096");
}

static enum err read_aes(const char *size, struct cli_keytype *out)
{
	static const unsigned sizes[] = { 128, 192, 256 };      /* sc-hsm-apdu 3.12 */
	char text[16];

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		(void)snprintf(text, sizeof(text), "%u", sizes[i]);
		*out = (struct cli_keytype){ P15_AES, EC_NONE, sizes[i] };
		if (strcmp(size, text) == 0)
			return ERR_OK;
	}
	return cli_refuse(ERR_ARG, "--type aes: 128, 192 or 256");
}

static enum err read_ec(const char *name, bool weak, struct cli_keytype *out)
{
	const struct ec_domain *d = ec_domain_by_name(name);
	char names[NAMES_MAX];
	struct wr w;

	if (d && !weak && !att_curve_is_allowed(d->curve))
		return cli_refuse(ERR_REFUSED, "no attestation check accepts %s; --force insists", name);
	if (d) {
		*out = (struct cli_keytype){ P15_EC, d->curve, d->bits };
		return ERR_OK;
	}
	WR_ARR(&w, names);
	for (enum ec_curve c = EC_NONE + 1; c < EC_CURVES; c++)
		if (ec_domain_get(c))
			wr_printf(&w, " %s", ec_domain_get(c)->name);
	return cli_refuse(ERR_ARG, "--type ec: no such curve; there are%s", wr_cstr(&w));
}

enum err cli_keytype_read(const char *text, bool weak, struct cli_keytype *out)
{
	if (strncmp(text, "rsa:", 4) == 0)
		return read_rsa(text + 4, weak, out);
	if (strncmp(text, "ec:", 3) == 0)
		return read_ec(text + 3, weak, out);
	if (strncmp(text, "aes:", 4) == 0)
		return read_aes(text + 4, out);
	return cli_refuse(ERR_ARG, "--type: rsa:2048, aes:256, or ec: and the name of a curve");
}
