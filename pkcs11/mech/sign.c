/* SPDX-License-Identifier: Apache-2.0 */
/* How each kind of signature is made of the card's commands, and verified without the card. */
#include "pkcs11/mech/mech.h"

#include "base/crypto_ec.h"
#include "sc-hsm/ability.h"

/* ---- RSA ---- */

static enum err pad_on_host(const struct p11_use *u, struct rd t, enum hsm_alg *alg, struct wr *out)
{
	*alg = HSM_RSA_RAW;
	return rsa_pad_pkcs1(t, p11_mech_block(u), out);
}

/* A DigestInfo goes as it is, so that the command shows its digest; the card would not pad anything else. */
static enum err before_pkcs1(const struct p11_use *u, struct rd data, enum hsm_alg *alg, struct wr *out)
{
	enum digest_alg a;
	struct rd hash;

	if (digest_info_parse(data, &a, &hash))
		return pad_on_host(u, data, alg, out);
	*alg = HSM_RSA_PKCS1;
	wr_put(out, data);
	return wr_done(out);
}

static enum err before_pkcs1_hash(const struct p11_use *u, struct rd data, enum hsm_alg *alg, struct wr *out)
{
	*alg = HSM_RSA_PKCS1;
	return digest_info(u->mech->hash, data, out);
}

/* Leading zeros, as PKCS#11 2.40 mechanisms 2.1.9 says. */
static enum err before_raw(const struct p11_use *u, struct rd data, enum hsm_alg *alg, struct wr *out)
{
	*alg = HSM_RSA_RAW;
	wr_zeros(out, p11_mech_block(u) - data.n);
	wr_put(out, data);
	return wr_done(out);
}

static size_t max_pss(const struct p11_use *u)
{
	return digest_size(u->params.pss.hash);
}

/*
 * The card takes a hash and knows by its size which it is (reference 3.13), so that the command shows what is signed;
 * what it does not make, with another salt or mask or with SHA-224, is padded here.
 */
static bool is_card_pss(const struct p11_use *u)
{
	const struct rsa_pss *p = &u->params.pss;

	return hsm_can(&u->card, HSM_CAN_PSS) && p->hash == p->mgf && p->salt == digest_size(p->hash) &&
	       p->hash != DIGEST_SHA224;
}

static enum err before_pss(const struct p11_use *u, struct rd data, enum hsm_alg *alg, struct wr *out)
{
	if (!is_card_pss(u)) {
		*alg = HSM_RSA_RAW;
		return rsa_pad_pss(&u->params.pss, data, (unsigned)u->key->bits, out);
	}
	*alg = HSM_RSA_PSS;
	wr_put(out, data);
	return wr_done(out);
}

static enum err after_rsa(const struct p11_use *u, struct rd answer, struct wr *sig)
{
	if (answer.n != p11_mech_block(u))
		return ERR_FORMAT;
	wr_put(sig, answer);
	return wr_done(sig);
}

static enum err verify_pkcs1(const struct p11_use *u, struct rd data, struct rd sig)
{
	return rsa_verify_pkcs1(u->key->modulus, u->key->exponent, u->mech->hash, data, sig);
}

static enum err verify_raw(const struct p11_use *u, struct rd data, struct rd sig)
{
	uint8_t block[P11_BLOCK_MAX];
	enum hsm_alg alg;
	struct wr w;
	enum err e;

	WR_ARR(&w, block);
	e = before_raw(u, data, &alg, &w);
	return e ? e : rsa_verify_raw(u->key->modulus, u->key->exponent, wr_view(&w), sig);
}

static enum err verify_pss(const struct p11_use *u, struct rd data, struct rd sig)
{
	return rsa_verify_pss_as(u->key->modulus, u->key->exponent, &u->params.pss, data, sig);
}

const struct p11_mech_sign p11_sign_pkcs1 = { p11_mech_pkcs1_max, false, before_pkcs1, after_rsa, verify_pkcs1,
	HSM_RSA_PKCS1 };
const struct p11_mech_sign p11_sign_pkcs1_hash = { NULL, false, before_pkcs1_hash, after_rsa, verify_pkcs1,
	HSM_RSA_PKCS1 };
const struct p11_mech_sign p11_sign_raw = { p11_mech_block, false, before_raw, after_rsa, verify_raw, HSM_RSA_RAW };
const struct p11_mech_sign p11_sign_pss = { max_pss, true, before_pss, after_rsa, verify_pss, HSM_RSA_PSS };

/* ---- ECDSA ---- */

static size_t max_ecdsa(const struct p11_use *u)
{
	(void)u;
	return P11_ECDSA_DATA_MAX;
}

static enum err before_ecdsa(const struct p11_use *u, struct rd data, enum hsm_alg *alg, struct wr *out)
{
	(void)u;
	*alg = HSM_ECDSA;
	wr_put(out, data);
	return wr_done(out);
}

static enum err after_ecdsa(const struct p11_use *u, struct rd answer, struct wr *sig)
{
	return ec_sig_from_der(answer, p11_mech_block(u) / 2, sig);
}

static enum err verify_ecdsa(const struct p11_use *u, struct rd data, struct rd sig)
{
	return ec_verify(u->key->curve, u->key->q, data, sig);
}

const struct p11_mech_sign p11_sign_ecdsa = { max_ecdsa, false, before_ecdsa, after_ecdsa, verify_ecdsa, HSM_ECDSA };

/* ---- CMAC ---- */

/* What the card takes in one command is known when it gets it. */
static size_t max_cmac(const struct p11_use *u)
{
	(void)u;
	return APDU_DATA_MAX;
}

const struct p11_mech_sign p11_sign_cmac = { .data_max = max_cmac };
