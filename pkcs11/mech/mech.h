/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mechanisms, one row each: the row feeds the list, the info, the checks, the size of the result, what is done before
 * the card's command and after it. The card's version may narrow a row, never widen it.
 */
#ifndef PKCS11_MECH_MECH_H
#define PKCS11_MECH_MECH_H

#include "pkcs11/mech/param.h"
#include "pkcs11/object/object.h"
#include "sc-hsm/cmd.h"

#define P11_ANY_KEY ((CK_KEY_TYPE)-1)
/* Largest RSA block; also the most that is collected of data that is not hashed here. */
#define P11_BLOCK_MAX 512
/* Hash values for ECDSA: at most 1024 bits (PKCS#11 2.40 mechanisms, 2.3.6). */
#define P11_ECDSA_DATA_MAX 128

struct p11_mech;
struct p11_use {                        /* a mechanism, with its parameters, on a key of a card */
	const struct p11_mech *mech;
	const struct p11_object *key;
	struct p11_params params;
	struct hsm_version card;
};

struct p11_mech_sign {                  /* of a MAC: only data_max */
	size_t (*data_max)(const struct p11_use *u);    /* the most data, of a mechanism without hash */
	bool exact;                                     /* ... and no less */
	/* Data or hash to what the card gets. */
	enum err (*before)(const struct p11_use *u, struct rd data, enum hsm_alg *alg, struct wr *out);
	/* The card's answer to the signature. */
	enum err (*after)(const struct p11_use *u, struct rd answer, struct wr *sig);
	/* ERR_SIGNATURE. */
	enum err (*verify)(const struct p11_use *u, struct rd data, struct rd sig);
	enum hsm_alg card;                              /* what the card's list of a key must have for it */
};
struct p11_mech_crypt {                 /* RSA */
	size_t (*data_max)(const struct p11_use *u);    /* the most plain text */
	enum err (*pad)(const struct p11_use *u, struct rd data, struct wr *block);
	enum err (*unpad)(const struct p11_use *u, struct rd block, struct wr *data);   /* ERR_DATA */
};
/* sign.c, crypt.c */
extern const struct p11_mech_sign p11_sign_pkcs1, p11_sign_pkcs1_hash, p11_sign_pss, p11_sign_raw, p11_sign_ecdsa,
	p11_sign_cmac;
extern const struct p11_mech_crypt p11_crypt_pkcs1, p11_crypt_raw, p11_crypt_oaep;

struct p11_mech {
	CK_MECHANISM_TYPE type;
	CK_KEY_TYPE key;                /* P11_ANY_KEY: no key */
	CK_ULONG min, max;              /* bits of the key, on any card; bytes of an AES key */
	CK_FLAGS flags;
	enum digest_alg hash;           /* of the message, made on the host; DIGEST_NONE: data is signed as it comes */
	enum p11_param_kind param;
	const struct p11_mech_sign *sign;
	const struct p11_mech_crypt *crypt;
};

/* block.c */
/* Bytes of a signature or MAC, or of an RSA block; 0: the key's size is not known. */
size_t p11_mech_sig_size(const struct p11_object *key);
size_t p11_mech_block(const struct p11_use *u);         /* the same */
size_t p11_mech_pkcs1_max(const struct p11_use *u);     /* data that the padding leaves room for, RFC 8017 7.2.1, 9.2 */

/* The row, if it has this flag (CKF_SIGN, CKF_DIGEST ...); NULL otherwise. */
const struct p11_mech *p11_mech_get(CK_MECHANISM_TYPE type, CK_FLAGS flag);
/* Is this key, of the mechanism's type, of a size for it with these parameters, on this card? */
CK_RV p11_mech_check(const struct p11_use *u);
/* Has a card of this version such keys? */
bool p11_mech_is_there(const struct p11_mech *m, const struct hsm_version *v);
/* The largest key of this type on a card of this version. */
CK_ULONG p11_mech_max(const struct p11_mech *m, const struct hsm_version *v);

/*
 * CKA_ALLOWED_MECHANISMS: those that this object may be used with, by its attributes and its algorithm list (card:
 * CK_BYTEs, none: no limit). Into out, P11_MECHS_MAX; returns how many.
 */
size_t p11_mech_allowed(const struct p11_object *o, struct rd card, CK_MECHANISM_TYPE *out);
#define P11_MECHS_MAX 64
/*
 * The other way: the algorithm list of a key of this type that may be used with these mechanisms (CK_MECHANISM_TYPEs)
 * alone. ERR_ALGORITHM: one is not for such a key.
 */
MUST enum err p11_mech_algorithms(CK_KEY_TYPE type, struct rd mechanisms, struct wr *out);
/* All that a key without a list may be used for, but to be wrapped. ERR_BUFFER. */
MUST enum err p11_mech_all_algorithms(CK_KEY_TYPE type, struct wr *out);
CK_RV p11_mech_list(const struct hsm_version *v, CK_MECHANISM_TYPE *list, CK_ULONG *n);
CK_RV p11_mech_info(CK_MECHANISM_TYPE type, const struct hsm_version *v, CK_MECHANISM_INFO *out);

#endif
