/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/key/algorithms.h"

#include <string.h>

#include "cli/line/say.h"
#include "sc-hsm/cmd.h"
#include "sc-hsm/key.h"

#define NAMES_MAX 1024

static const struct {
	const char *name;
	enum p15_type type;
	uint8_t number;
} rows[] = {
	{ "rsa-raw", P15_RSA, HSM_RSA_RAW },
	{ "rsa-pkcs1", P15_RSA, HSM_RSA_PKCS1 },
	{ "rsa-pkcs1-sha1", P15_RSA, HSM_RSA_PKCS1_SHA1 },
	{ "rsa-pkcs1-sha224", P15_RSA, HSM_RSA_PKCS1_SHA224 },
	{ "rsa-pkcs1-sha256", P15_RSA, HSM_RSA_PKCS1_SHA256 },
	{ "rsa-pkcs1-sha384", P15_RSA, HSM_RSA_PKCS1_SHA384 },
	{ "rsa-pkcs1-sha512", P15_RSA, HSM_RSA_PKCS1_SHA512 },
	{ "rsa-pss", P15_RSA, HSM_RSA_PSS },
	{ "rsa-pss-sha1", P15_RSA, HSM_RSA_PSS_SHA1 },
	{ "rsa-pss-sha224", P15_RSA, HSM_RSA_PSS_SHA224 },
	{ "rsa-pss-sha256", P15_RSA, HSM_RSA_PSS_SHA256 },
	{ "rsa-pss-sha384", P15_RSA, HSM_RSA_PSS_SHA384 },
	{ "rsa-pss-sha512", P15_RSA, HSM_RSA_PSS_SHA512 },
	{ "rsa-decrypt", P15_RSA, HSM_RSA_DECRYPT },
	{ "ecdsa", P15_EC, HSM_ECDSA },
	{ "ecdsa-sha1", P15_EC, HSM_ECDSA_SHA1 },
	{ "ecdsa-sha224", P15_EC, HSM_ECDSA_SHA224 },
	{ "ecdsa-sha256", P15_EC, HSM_ECDSA_SHA256 },
	{ "ecdsa-sha384", P15_EC, HSM_ECDSA_SHA384 },
	{ "ecdsa-sha512", P15_EC, HSM_ECDSA_SHA512 },
	{ "ecdh", P15_EC, HSM_ECDH },
	{ "ec-derive", P15_EC, HSM_EC_DERIVE },
	{ "aes-encrypt", P15_AES, HSM_AES_ENCRYPT },
	{ "aes-decrypt", P15_AES, HSM_AES_DECRYPT },
	{ "aes-cmac", P15_AES, HSM_AES_CMAC },
	{ "aes-derive", P15_AES, HSM_AES_DERIVE },
};
#define ROWS_N (sizeof(rows) / sizeof(rows[0]))

static enum err refuse(enum p15_type type)
{
	char names[NAMES_MAX];
	struct wr w;

	WR_ARR(&w, names);
	for (size_t i = 0; i < ROWS_N; i++)
		if (rows[i].type == type)
			wr_printf(&w, " %s", rows[i].name);
	return cli_refuse(ERR_ARG, "--algorithms: names with commas between them, each once, of:%s", wr_cstr(&w));
}

enum err cli_algorithms_read(const char *text, enum p15_type type, struct wr *out)
{
	while (*text) {
		size_t n = strcspn(text, ","), i = 0;

		while (i < ROWS_N && (rows[i].type != type || strlen(rows[i].name) != n ||
				      strncmp(rows[i].name, text, n)))
			i++;
		if (i == ROWS_N || (wr_view(out).n && memchr(wr_view(out).p, rows[i].number, wr_view(out).n)))
			return refuse(type);
		wr_u8(out, rows[i].number);
		text += n + (text[n] == ',');
	}
	return wr_view(out).n && wr_view(out).n <= HSM_ALGORITHMS_MAX ? wr_done(out) : refuse(type);
}

void cli_algorithms_wr(struct wr *w, struct rd list)
{
	for (size_t k = 0; k < list.n; k++) {
		const char *name = NULL;

		for (size_t i = 0; i < ROWS_N && !name; i++)
			name = rows[i].number == list.p[k] ? rows[i].name : NULL;
		wr_printf(w, "%s", k ? "," : "");
		if (name)
			wr_printf(w, "%s", name);
		else
			wr_printf(w, "%02x", list.p[k]);
	}
}
