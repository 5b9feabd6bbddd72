/* SPDX-License-Identifier: Apache-2.0 */
/* What the parameter of a mechanism says, read once, when an operation begins. */
#ifndef PKCS11_MECH_PARAM_H
#define PKCS11_MECH_PARAM_H

#include "base/crypto_aes.h"
#include "base/crypto_rsa.h"
#include "pkcs11/ck/ck.h"

enum p11_param_kind { P11_PARAM_NONE, P11_PARAM_PSS, P11_PARAM_OAEP, P11_PARAM_ECDH, P11_PARAM_IV, P11_PARAM_BYTES };

struct p11_params {                     /* copied, but for views, which live as long as the call */
	struct rsa_pss pss;
	struct rsa_oaep oaep;
	struct {
		enum digest_alg kdf;    /* DIGEST_NONE: the secret as it is */
		struct rd shared, peer; /* peer: the public key as it was given */
	} ecdh;
	uint8_t iv[AES_BLOCK];
	struct rd bytes;
};
/* hash: of the mechanism's row, which PSS must name, too. CKR_MECHANISM_PARAM_INVALID. */
CK_RV p11_param_read(enum p11_param_kind kind, enum digest_alg hash, const CK_MECHANISM *m, struct p11_params *out);

#endif
