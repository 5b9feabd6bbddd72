/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/key/chr.h"

#include <stdio.h>
#include <string.h>

#include "base/cvc.h"
#include "base/rand.h"

#define HOLDER_SIZE 9
#define SERIAL_SIZE 5

bool cli_country_is_good(const char *country)
{
	return strlen(country) == 2 && country[0] >= 'A' && country[0] <= 'Z' && country[1] >= 'A' && country[1] <= 'Z';
}

enum err cli_chr_random(const char *country, char out[CHR_MAX + 1])
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	const unsigned n = sizeof(letters) - 1, fair = 256 / n * n;
	char holder[HOLDER_SIZE + 1] = "";
	size_t have = 0;

	if (!cli_country_is_good(country))
		return ERR_ARG;
	while (have < HOLDER_SIZE) {
		uint8_t b;
		enum err e = rand_bytes(&b, 1);

		if (e)
			return e;
		if (b < fair)           /* the rest would make some letters likelier */
			holder[have++] = letters[b % n];
	}
	(void)snprintf(out, CHR_MAX + 1, "%s%s%05d", country, holder, 1);
	return ERR_OK;
}

enum err cli_chr_of_key(const char *device_id, uint8_t key, char out[CHR_MAX + 1])
{
	size_t n = strlen(device_id);

	if (n > CHR_MAX || !cvc_reference_is_valid(rd_of(device_id, n)))
		return ERR_ARG;
	(void)snprintf(out, CHR_MAX + 1, "%.*s%05u", (int)(n - SERIAL_SIZE), device_id, key);
	return ERR_OK;
}
