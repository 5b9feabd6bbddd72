/* SPDX-License-Identifier: Apache-2.0 */
#include "sc-hsm/digest.h"

#include <string.h>

#define INFO_MAX (DIGEST_MAX + 32)      /* a DigestInfo, RFC 8017 9.2 note 1 */
#define FF_MIN 8                        /* RFC 8017 9.2 step 4 */

/* Reference 3.13. A0, "default algorithm", has no row: nobody says what it signs. */
static const struct hsm_sign_row rows[] = {
	{ HSM_RSA_RAW, HSM_SIGN_RSA_RAW, DIGEST_NONE, "rsa-raw" },
	{ HSM_RSA_PKCS1, HSM_SIGN_RSA_PKCS, DIGEST_NONE, "rsa-pkcs" },
	{ HSM_RSA_PKCS1_SHA1, HSM_SIGN_RSA_PKCS, DIGEST_SHA1, "rsa-pkcs-sha1" },
	{ HSM_RSA_PKCS1_SHA224, HSM_SIGN_RSA_PKCS, DIGEST_SHA224, "rsa-pkcs-sha224" },
	{ HSM_RSA_PKCS1_SHA256, HSM_SIGN_RSA_PKCS, DIGEST_SHA256, "rsa-pkcs-sha256" },
	{ HSM_RSA_PKCS1_SHA384, HSM_SIGN_RSA_PKCS, DIGEST_SHA384, "rsa-pkcs-sha384" },
	{ HSM_RSA_PKCS1_SHA512, HSM_SIGN_RSA_PKCS, DIGEST_SHA512, "rsa-pkcs-sha512" },
	{ HSM_RSA_PSS, HSM_SIGN_RSA_PSS, DIGEST_NONE, "rsa-pss" },
	{ HSM_RSA_PSS_SHA1, HSM_SIGN_RSA_PSS, DIGEST_SHA1, "rsa-pss-sha1" },
	{ HSM_RSA_PSS_SHA224, HSM_SIGN_RSA_PSS, DIGEST_SHA224, "rsa-pss-sha224" },
	{ HSM_RSA_PSS_SHA256, HSM_SIGN_RSA_PSS, DIGEST_SHA256, "rsa-pss-sha256" },
	{ HSM_RSA_PSS_SHA384, HSM_SIGN_RSA_PSS, DIGEST_SHA384, "rsa-pss-sha384" },
	{ HSM_RSA_PSS_SHA512, HSM_SIGN_RSA_PSS, DIGEST_SHA512, "rsa-pss-sha512" },
	{ HSM_ECDSA, HSM_SIGN_ECDSA, DIGEST_NONE, "ecdsa" },
	{ HSM_ECDSA_SHA1, HSM_SIGN_ECDSA, DIGEST_SHA1, "ecdsa-sha1" },
	{ HSM_ECDSA_SHA224, HSM_SIGN_ECDSA, DIGEST_SHA224, "ecdsa-sha224" },
	{ HSM_ECDSA_SHA256, HSM_SIGN_ECDSA, DIGEST_SHA256, "ecdsa-sha256" },
	{ HSM_ECDSA_SHA384, HSM_SIGN_ECDSA, DIGEST_SHA384, "ecdsa-sha384" },
	{ HSM_ECDSA_SHA512, HSM_SIGN_ECDSA, DIGEST_SHA512, "ecdsa-sha512" },
};

const struct hsm_sign_row *hsm_sign_find(uint8_t alg)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].alg == alg)
			return &rows[i];
	return NULL;
}

static void put_value(struct hsm_digest *d, enum digest_alg alg, struct rd value)
{
	if (value.n > sizeof(d->value))
		return;
	d->alg = alg;
	d->n = value.n;
	memcpy(d->value, value.p, value.n);
}

/*
 * Only the one DigestInfo that a verifier makes: what signs in another encoding verifies nowhere, and then it must not
 * pass for that digest.
 */
static void from_info(struct hsm_digest *d, struct rd info)
{
	uint8_t bytes[INFO_MAX];
	enum digest_alg alg;
	struct rd hash;
	struct wr w;

	WR_ARR(&w, bytes);
	if (digest_info_parse(info, &alg, &hash) == ERR_OK && digest_info(alg, hash, &w) == ERR_OK &&
	    rd_eq(wr_view(&w), info))
		put_value(d, alg, hash);
}

/* 00 01 FF.. 00 DigestInfo, RFC 8017 9.2. Its size is the modulus', or the card refuses it. */
static void from_block(struct hsm_digest *d, struct rd block)
{
	uint16_t start;
	uint8_t c = 0xFF;
	size_t ff = 0;

	if (!rd_u16(&block, &start) || start != 0x0001)
		return;
	while (rd_u8(&block, &c) && c == 0xFF)
		ff++;
	if (c == 0 && ff >= FF_MIN)
		from_info(d, block);
}

static void from_hash(struct hsm_digest *d, struct rd hash)
{
	enum digest_alg alg = DIGEST_SHA512;

	while (alg != DIGEST_NONE && digest_size(alg) != hash.n)
		alg--;
	put_value(d, alg, hash);
}

static enum err from_message(struct hsm_digest *d, enum digest_alg alg, struct rd message)
{
	struct wr w;
	enum err e;

	WR_ARR(&w, d->value);
	e = digest_once(alg, message, &w);
	if (e)
		return e;
	d->alg = alg;
	d->n = w.n;
	return ERR_OK;
}

enum err hsm_digest_of(const struct apdu *sign, struct hsm_digest *out)
{
	static void (*const from[HSM_SIGN_KINDS])(struct hsm_digest *d, struct rd data) = {
		[HSM_SIGN_RSA_RAW] = from_block, [HSM_SIGN_RSA_PKCS] = from_info,
		[HSM_SIGN_RSA_PSS] = from_hash, [HSM_SIGN_ECDSA] = from_hash,
	};
	const struct hsm_cmd *cmd = hsm_cmd_find(sign);
	const struct hsm_sign_row *row = hsm_sign_find(sign->p2);

	memset(out, 0, sizeof(*out));
	if (!cmd || cmd->op != HSM_SIGN)
		return ERR_ARG;
	if (!row)
		return ERR_UNSUPPORTED;
	out->kind = row->kind;
	if (row->hashes != DIGEST_NONE)
		return from_message(out, row->hashes, sign->data);
	from[row->kind](out, sign->data);
	return ERR_OK;
}
