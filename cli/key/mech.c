/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/key/mech.h"

#include <string.h>

#include "base/crypto_rsa.h"
#include "cli/line/say.h"

static const struct cli_mech rows[] = {
	{ "rsa-pkcs1-sha256", true, DIGEST_SHA256, HSM_RSA_PKCS1 },
	{ "rsa-pkcs1-sha384", true, DIGEST_SHA384, HSM_RSA_PKCS1 },
	{ "rsa-pkcs1-sha512", true, DIGEST_SHA512, HSM_RSA_PKCS1 },
	{ "ecdsa-sha256", false, DIGEST_SHA256, HSM_ECDSA },
	{ "ecdsa-sha384", false, DIGEST_SHA384, HSM_ECDSA },
	{ "ecdsa-sha512", false, DIGEST_SHA512, HSM_ECDSA },
};
#define ROWS_N (sizeof(rows) / sizeof(rows[0]))

/* RSA: SHA-256. A curve: the first hash that is as long as its order (FIPS 186-5 6.1.1). */
static const struct cli_mech *default_for(const struct cli_key *k)
{
	const struct ec_domain *d = k->pub.is_rsa ? NULL : ec_domain_get(k->pub.curve);
	const struct cli_mech *last = NULL;

	for (size_t i = 0; i < ROWS_N; i++) {
		if (rows[i].is_rsa != k->pub.is_rsa)
			continue;
		last = &rows[i];
		if (!d || digest_size(rows[i].digest) * 8 >= d->bits)
			return last;
	}
	return last;
}

enum err cli_mech_get(const char *name, const struct cli_key *k, const struct cli_mech **out)
{
	if (!k->has_public)
		return cli_refuse(ERR_UNSUPPORTED,
				  "key %u: the card shows no public key for it, so nothing could be verified",
				  k->number);
	*out = default_for(k);
	if (!name)
		return ERR_OK;
	for (size_t i = 0; i < ROWS_N; i++)
		if (strcmp(rows[i].name, name) == 0) {
			*out = &rows[i];
			if (rows[i].is_rsa == k->pub.is_rsa)
				return ERR_OK;
			return cli_refuse(ERR_ARG, "--mechanism %s is not for this kind of key", name);
		}
	return cli_refuse(ERR_ARG, "--mechanism: rsa-pkcs1-sha256, -sha384, -sha512, ecdsa-sha256, -sha384 or -sha512");
}

enum err cli_mech_input(const struct cli_mech *m, struct rd hash, struct wr *out)
{
	if (m->is_rsa)
		return digest_info(m->digest, hash, out);
	wr_put(out, hash);
	return wr_done(out);
}

enum err cli_mech_verify(const struct cli_mech *m, const struct cli_key *k, struct rd hash, struct rd sig)
{
	const struct ec_domain *d;
	uint8_t buf[EC_SIG_MAX];
	struct wr raw;
	enum err e;

	if (m->is_rsa)
		return rsa_verify_pkcs1(k->pub.n, k->pub.e, m->digest, hash, sig);
	d = ec_domain_get(k->pub.curve);
	if (!d)
		return ERR_UNSUPPORTED;
	WR_ARR(&raw, buf);
	e = ec_sig_from_der(sig, d->n.n, &raw);
	return e ? e : ec_verify(k->pub.curve, k->pub.q, hash, wr_view(&raw));
}
