/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/mech/param.h"

#include <string.h>

#include "pkcs11/ck/rv.h"

static const struct hash_row {
	enum digest_alg alg;
	CK_MECHANISM_TYPE hash;
	CK_RSA_PKCS_MGF_TYPE mgf;
	CK_ULONG kdf;                   /* CKD_*, ANSI X9.63 (PKCS#11 2.40 mechanisms, 2.3.7) */
} hashes[] = {
	{ DIGEST_SHA1, CKM_SHA_1, CKG_MGF1_SHA1, 2 },
	{ DIGEST_SHA224, CKM_SHA224, CKG_MGF1_SHA224, 5 },
	{ DIGEST_SHA256, CKM_SHA256, CKG_MGF1_SHA256, 6 },
	{ DIGEST_SHA384, CKM_SHA384, CKG_MGF1_SHA384, 7 },
	{ DIGEST_SHA512, CKM_SHA512, CKG_MGF1_SHA512, 8 },
};
#define HASHES (sizeof(hashes) / sizeof(hashes[0]))
#define KDF_NULL 1                      /* CKD_NULL */

static enum digest_alg hash_of(CK_MECHANISM_TYPE hash)
{
	for (size_t i = 0; i < HASHES; i++)
		if (hashes[i].hash == hash)
			return hashes[i].alg;
	return DIGEST_NONE;
}

static enum digest_alg mgf_of(CK_RSA_PKCS_MGF_TYPE mgf)
{
	for (size_t i = 0; i < HASHES; i++)
		if (hashes[i].mgf == mgf)
			return hashes[i].alg;
	return DIGEST_NONE;
}

static CK_RV read_pss(const CK_MECHANISM *m, enum digest_alg hash, struct rsa_pss *out)
{
	const CK_RSA_PKCS_PSS_PARAMS *p = m->pParameter;

	if (!p || m->ulParameterLen != sizeof(*p))
		return CKR_MECHANISM_PARAM_INVALID;
	*out = (struct rsa_pss){ .hash = hash_of(p->hashAlg), .mgf = mgf_of(p->mgf), .salt = p->sLen };
	if (out->hash == DIGEST_NONE || out->mgf == DIGEST_NONE || (hash != DIGEST_NONE && out->hash != hash))
		return CKR_MECHANISM_PARAM_INVALID;
	return CKR_OK;
}

static CK_RV read_oaep(const CK_MECHANISM *m, struct rsa_oaep *out)
{
	const CK_RSA_PKCS_OAEP_PARAMS *p = m->pParameter;
	struct rd label;
	struct wr w;

	if (!p || m->ulParameterLen != sizeof(*p))
		return CKR_MECHANISM_PARAM_INVALID;
	*out = (struct rsa_oaep){ .hash = hash_of(p->hashAlg), .mgf = mgf_of(p->mgf) };
	label = rd_of(p->pSourceData, p->ulSourceDataLen);
	/* Without a source there is no label, whatever the pointer says. */
	if (p->source != CKZ_DATA_SPECIFIED)
		label = RD_NONE;
	if (out->hash == DIGEST_NONE || out->mgf == DIGEST_NONE || (!label.p && label.n) ||
	    (p->source && p->source != CKZ_DATA_SPECIFIED))
		return CKR_MECHANISM_PARAM_INVALID;
	WR_ARR(&w, out->label);
	return p11_rv(digest_once(out->hash, label, &w));
}

static CK_RV read_ecdh(const CK_MECHANISM *m, struct p11_params *out)
{
	const CK_ECDH1_DERIVE_PARAMS *p = m->pParameter;
	bool known;

	if (!p || m->ulParameterLen != sizeof(*p) || !p->pPublicData || (!p->pSharedData && p->ulSharedDataLen))
		return CKR_MECHANISM_PARAM_INVALID;
	known = p->kdf == KDF_NULL;
	for (size_t i = 0; i < HASHES; i++) {
		if (hashes[i].kdf == p->kdf) {
			out->ecdh.kdf = hashes[i].alg;
			known = true;
		}
	}
	/* Without a derivation there is nothing that shared data could go into. */
	if (!known || (p->kdf == KDF_NULL && p->ulSharedDataLen))
		return CKR_MECHANISM_PARAM_INVALID;
	out->ecdh.shared = rd_of(p->pSharedData, p->ulSharedDataLen);
	out->ecdh.peer = rd_of(p->pPublicData, p->ulPublicDataLen);
	return CKR_OK;
}

static CK_RV read_iv(const CK_MECHANISM *m, uint8_t iv[AES_BLOCK])
{
	if (!m->pParameter || m->ulParameterLen != AES_BLOCK)
		return CKR_MECHANISM_PARAM_INVALID;
	memcpy(iv, m->pParameter, AES_BLOCK);
	return CKR_OK;
}

static CK_RV read_bytes(const CK_MECHANISM *m, struct rd *out)
{
	*out = rd_of(m->pParameter, m->ulParameterLen);
	return out->p && out->n ? CKR_OK : CKR_MECHANISM_PARAM_INVALID;
}

CK_RV p11_param_read(enum p11_param_kind kind, enum digest_alg hash, const CK_MECHANISM *m, struct p11_params *out)
{
	*out = (struct p11_params){ .ecdh.kdf = DIGEST_NONE };
	switch (kind) {
	case P11_PARAM_NONE:
		break;
	case P11_PARAM_PSS:
		return read_pss(m, hash, &out->pss);
	case P11_PARAM_OAEP:
		return read_oaep(m, &out->oaep);
	case P11_PARAM_ECDH:
		return read_ecdh(m, out);
	case P11_PARAM_IV:
		return read_iv(m, out->iv);
	case P11_PARAM_BYTES:
		return read_bytes(m, &out->bytes);
	}
	return m->pParameter || m->ulParameterLen ? CKR_MECHANISM_PARAM_INVALID : CKR_OK;
}
