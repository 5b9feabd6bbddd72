/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/mech/mech.h"

#include <string.h>

#include "pkcs11/ck/rv.h"
#include "sc-hsm/ability.h"

#define RSA_BITS CKK_RSA, 1024, 4096
#define EC_BITS CKK_EC, 192, 521
#define AES_BYTES CKK_AES, 16, 32
#define NO_BITS P11_ANY_KEY, 0, 0
#define EC_CAPS (CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS)
#define SIGNS (CKF_HW | CKF_SIGN | CKF_VERIFY)
#define CRYPTS (CKF_HW | CKF_ENCRYPT | CKF_DECRYPT)
#define MAKES_PAIR (CKF_HW | CKF_GENERATE_KEY_PAIR)

static const struct p11_mech rows[] = {
#define ROW(type, bits, flags, hash, param, sign, crypt) { type, bits, flags, hash, param, sign, crypt }
#define PKCS1(type, hash) ROW(type, RSA_BITS, SIGNS, hash, P11_PARAM_NONE, &p11_sign_pkcs1_hash, NULL)
#define PSS(type, hash)   ROW(type, RSA_BITS, SIGNS, hash, P11_PARAM_PSS, &p11_sign_pss, NULL)
#define ECDSA(type, hash) ROW(type, EC_BITS, SIGNS | EC_CAPS, hash, P11_PARAM_NONE, &p11_sign_ecdsa, NULL)
#define DERIVE(type)      ROW(type, EC_BITS, CKF_HW | CKF_DERIVE | EC_CAPS, DIGEST_NONE, P11_PARAM_ECDH, NULL, NULL)
#define HASH(type, hash)  ROW(type, NO_BITS, CKF_DIGEST, hash, P11_PARAM_NONE, NULL, NULL)
	ROW(CKM_RSA_PKCS_KEY_PAIR_GEN, RSA_BITS, MAKES_PAIR, DIGEST_NONE, P11_PARAM_NONE, NULL, NULL),
	ROW(CKM_RSA_PKCS, RSA_BITS, SIGNS | CRYPTS, DIGEST_NONE, P11_PARAM_NONE, &p11_sign_pkcs1, &p11_crypt_pkcs1),
	ROW(CKM_RSA_X_509, RSA_BITS, SIGNS | CRYPTS, DIGEST_NONE, P11_PARAM_NONE, &p11_sign_raw, &p11_crypt_raw),
	ROW(CKM_RSA_PKCS_OAEP, RSA_BITS, CRYPTS, DIGEST_NONE, P11_PARAM_OAEP, NULL, &p11_crypt_oaep),
	PKCS1(CKM_SHA1_RSA_PKCS, DIGEST_SHA1),
	PKCS1(CKM_SHA224_RSA_PKCS, DIGEST_SHA224),
	PKCS1(CKM_SHA256_RSA_PKCS, DIGEST_SHA256),
	PKCS1(CKM_SHA384_RSA_PKCS, DIGEST_SHA384),
	PKCS1(CKM_SHA512_RSA_PKCS, DIGEST_SHA512),
	PSS(CKM_RSA_PKCS_PSS, DIGEST_NONE),
	PSS(CKM_SHA1_RSA_PKCS_PSS, DIGEST_SHA1),
	PSS(CKM_SHA224_RSA_PKCS_PSS, DIGEST_SHA224),
	PSS(CKM_SHA256_RSA_PKCS_PSS, DIGEST_SHA256),
	PSS(CKM_SHA384_RSA_PKCS_PSS, DIGEST_SHA384),
	PSS(CKM_SHA512_RSA_PKCS_PSS, DIGEST_SHA512),

	ROW(CKM_EC_KEY_PAIR_GEN, EC_BITS, MAKES_PAIR | EC_CAPS, DIGEST_NONE, P11_PARAM_NONE, NULL, NULL),
	ECDSA(CKM_ECDSA, DIGEST_NONE),
	ECDSA(CKM_ECDSA_SHA1, DIGEST_SHA1),
	ECDSA(CKM_ECDSA_SHA224, DIGEST_SHA224),
	ECDSA(CKM_ECDSA_SHA256, DIGEST_SHA256),
	ECDSA(CKM_ECDSA_SHA384, DIGEST_SHA384),
	ECDSA(CKM_ECDSA_SHA512, DIGEST_SHA512),
	DERIVE(CKM_ECDH1_DERIVE),
	/* The cofactor of every curve of a card is 1: the same. */
	DERIVE(CKM_ECDH1_COFACTOR_DERIVE),

	ROW(P11_CKM_EC_DERIVE, EC_BITS, CKF_HW | CKF_DERIVE | EC_CAPS, DIGEST_NONE, P11_PARAM_BYTES, NULL, NULL),

	ROW(CKM_AES_KEY_GEN, AES_BYTES, CKF_HW | CKF_GENERATE, DIGEST_NONE, P11_PARAM_NONE, NULL, NULL),
	ROW(CKM_AES_CBC, AES_BYTES, CRYPTS, DIGEST_NONE, P11_PARAM_IV, NULL, NULL),
	ROW(CKM_AES_CBC_PAD, AES_BYTES, CRYPTS, DIGEST_NONE, P11_PARAM_IV, NULL, NULL),
	ROW(CKM_AES_CMAC, AES_BYTES, SIGNS, DIGEST_NONE, P11_PARAM_NONE, &p11_sign_cmac, NULL),
	ROW(P11_CKM_AES_DERIVE, AES_BYTES, CKF_HW | CKF_DERIVE, DIGEST_NONE, P11_PARAM_BYTES, NULL, NULL),
	ROW(P11_CKM_SC_HSM_WRAP, NO_BITS, CKF_HW | CKF_WRAP | CKF_UNWRAP, DIGEST_NONE, P11_PARAM_NONE, NULL, NULL),

	HASH(CKM_SHA_1, DIGEST_SHA1),
	HASH(CKM_SHA224, DIGEST_SHA224),
	HASH(CKM_SHA256, DIGEST_SHA256),
	HASH(CKM_SHA384, DIGEST_SHA384),
	HASH(CKM_SHA512, DIGEST_SHA512),
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

const struct p11_mech *p11_mech_get(CK_MECHANISM_TYPE type, CK_FLAGS flag)
{
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].type == type)
			return rows[i].flags & flag ? &rows[i] : NULL;
	return NULL;
}

CK_ULONG p11_mech_max(const struct p11_mech *m, const struct hsm_version *v)
{
	CK_ULONG card = m->key == CKK_RSA ? HSM_SMALL_RSA : HSM_SMALL_EC;

	return hsm_can(v, HSM_CAN_LARGE_KEYS) || m->max < card ? m->max : card;
}

bool p11_mech_is_there(const struct p11_mech *m, const struct hsm_version *v)
{
	return (m->key != CKK_AES || hsm_can(v, HSM_CAN_AES)) &&
	       (m->type != P11_CKM_EC_DERIVE || hsm_can(v, HSM_CAN_DERIVE));
}

/* The salt or the label's hash must fit between hash and block. */
static bool is_room(const struct p11_use *u, size_t block)
{
	const struct p11_params *p = &u->params;

	if (u->mech->param == P11_PARAM_PSS)
		return p->pss.salt <= block && digest_size(p->pss.hash) + p->pss.salt + 2 <= block;
	return u->mech->param != P11_PARAM_OAEP || 2 * digest_size(p->oaep.hash) + 2 <= block;
}

CK_RV p11_mech_check(const struct p11_use *u)
{
	const struct p11_mech *m = u->mech;
	size_t block = p11_mech_block(u);
	CK_ULONG size = m->key == CKK_AES ? u->key->secret_size : u->key->bits;

	if (size < m->min || size > p11_mech_max(m, &u->card) || block > P11_BLOCK_MAX || !is_room(u, block))
		return CKR_KEY_SIZE_RANGE;
	return CKR_OK;
}

_Static_assert(ROWS <= P11_MECHS_MAX, "all mechanisms of a key");

/* What the card's list of a key must have for one of the ways to use it; 0: nothing, the host does it. */
static uint8_t algorithm_of(const struct p11_mech *m, CK_FLAGS flag)
{
	bool aes = m->key == CKK_AES;

	switch (flag) {
	case CKF_SIGN:
		return aes ? HSM_AES_CMAC : (uint8_t)m->sign->card;
	case CKF_VERIFY:
		return aes ? HSM_AES_CMAC : 0;
	case CKF_ENCRYPT:
		return aes ? HSM_AES_ENCRYPT : 0;
	case CKF_DECRYPT:
		return aes ? HSM_AES_DECRYPT : HSM_RSA_DECRYPT;
	case CKF_DERIVE:
		return aes ? HSM_AES_DERIVE : m->type == P11_CKM_EC_DERIVE ? HSM_EC_DERIVE : HSM_ECDH;
	default:
		return 0;
	}
}

static const CK_FLAGS uses[] = { CKF_SIGN, CKF_VERIFY, CKF_ENCRYPT, CKF_DECRYPT, CKF_DERIVE };
#define USES (sizeof(uses) / sizeof(uses[0]))

static bool lists(struct rd card, uint8_t alg)
{
	return !alg || !card.n || memchr(card.p, alg, card.n);
}

size_t p11_mech_allowed(const struct p11_object *o, struct rd card, CK_MECHANISM_TYPE *out)
{
	CK_FLAGS may = (o->sign ? CKF_SIGN : 0) | (o->verify && o->class != CKO_PRIVATE_KEY ? CKF_VERIFY : 0) |
		       (o->encrypt && o->class != CKO_PRIVATE_KEY ? CKF_ENCRYPT : 0) |
		       (o->decrypt ? CKF_DECRYPT : 0) | (o->derive ? CKF_DERIVE : 0);
	size_t n = 0;

	for (size_t i = 0; i < ROWS; i++) {
		const struct p11_mech *m = &rows[i];
		CK_FLAGS can = m->flags & may;

		bool any = false;

		for (size_t k = 0; k < USES && m->key == o->type; k++)
			any = any || (can & uses[k] && lists(card, algorithm_of(m, uses[k])));
		if (any)
			out[n++] = m->type;
	}
	return n;
}

static void put_algorithm(struct wr *out, uint8_t alg)
{
	if (alg && (!out->n || !memchr(out->p, alg, out->n)))
		wr_put(out, rd_of(&alg, 1));
}

enum err p11_mech_algorithms(CK_KEY_TYPE type, struct rd mechanisms, struct wr *out)
{
	CK_MECHANISM_TYPE one;
	const struct p11_mech *m;
	struct rd bytes;

	while (rd_take(&mechanisms, sizeof(one), &bytes)) {
		memcpy(&one, bytes.p, sizeof(one));
		m = p11_mech_get(one, CKF_SIGN | CKF_DECRYPT | CKF_DERIVE);
		if (!m || m->key != type)
			return ERR_ALGORITHM;
		for (size_t k = 0; k < USES; k++)
			if (m->flags & uses[k])
				put_algorithm(out, algorithm_of(m, uses[k]));
	}
	return rd_end(&mechanisms) ? wr_done(out) : ERR_ALGORITHM;
}

enum err p11_mech_all_algorithms(CK_KEY_TYPE type, struct wr *out)
{
	for (size_t i = 0; i < ROWS; i++) {
		const struct p11_mech *m = &rows[i];

		/* New keys come of a key only where its list says so (reference 5.5). */
		for (size_t k = 0; k < USES && m->key == type && m->type != P11_CKM_EC_DERIVE; k++)
			if (m->flags & uses[k])
				put_algorithm(out, algorithm_of(m, uses[k]));
	}
	return wr_done(out);
}

CK_RV p11_mech_list(const struct hsm_version *v, CK_MECHANISM_TYPE *list, CK_ULONG *n)
{
	size_t there = 0;
	CK_RV rv;

	if (!n)
		return CKR_ARGUMENTS_BAD;
	for (size_t i = 0; i < ROWS; i++)
		there += p11_mech_is_there(&rows[i], v);
	if (p11_out(there, list, n, &rv))
		for (size_t i = 0; i < ROWS; i++)
			if (p11_mech_is_there(&rows[i], v))
				*list++ = rows[i].type;
	return rv;
}

CK_RV p11_mech_info(CK_MECHANISM_TYPE type, const struct hsm_version *v, CK_MECHANISM_INFO *out)
{
	const struct p11_mech *m = p11_mech_get(type, (CK_FLAGS)-1);

	if (!out)
		return CKR_ARGUMENTS_BAD;
	if (!m || !p11_mech_is_there(m, v))
		return CKR_MECHANISM_INVALID;
	out->ulMinKeySize = m->min;
	out->ulMaxKeySize = p11_mech_max(m, v);
	out->flags = m->flags;
	return CKR_OK;
}
