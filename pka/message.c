/* SPDX-License-Identifier: Apache-2.0 */
#include "pka/message.h"

#include <string.h>

#include "base/text.h"

#define CODE_BYTES 5                /* 40 bits: eight characters of base32 */

static bool parts_are_good(struct rd device_id, struct rd challenge)
{
	return device_id.n >= CHR_MIN && device_id.n <= CHR_MAX && challenge.n == PKA_CHALLENGE_SIZE;
}

enum err pka_message(struct rd device_id, struct rd challenge, struct wr *out)
{
	if (!parts_are_good(device_id, challenge))
		return ERR_ARG;
	wr_put(out, device_id);
	wr_put(out, challenge);
	return wr_done(out);
}

enum err pka_code(struct rd device_id, struct rd challenge, struct rd host_json, char out[PKA_CODE_SIZE])
{
	uint8_t request[SHA256_SIZE], hash[SHA256_SIZE] = { 0 };
	const struct rd parts[] = { RD_LIT("quorum11-code"), device_id, challenge, RD_ARR(request) };
	struct rd first = rd_of(hash, CODE_BYTES);
	char code[PKA_CODE_SIZE];
	struct wr w;
	enum err e;

	out[0] = '\0';
	if (!parts_are_good(device_id, challenge))
		return ERR_ARG;
	e = sha256(host_json, request);
	if (!e)
		e = sha256_parts(parts, sizeof(parts) / sizeof(*parts), hash);
	if (e)
		return e;
	WR_ARR(&w, code);
	wr_base32(&w, first);
	e = wr_done(&w);
	if (e)
		return e;
	memcpy(out, code, 4);
	out[4] = '-';
	memcpy(out + 5, code + 4, 4);
	out[9] = '\0';
	return ERR_OK;
}
