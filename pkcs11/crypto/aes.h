/* SPDX-License-Identifier: Apache-2.0 */
/* AES with a key of the card, by it, or with a session's key, whose value is here, by the host. */
#ifndef PKCS11_CRYPTO_AES_H
#define PKCS11_CRYPTO_AES_H

#include "base/crypto_aes.h"
#include "pkcs11/module/token.h"

/* As hsm_aes_cbc. */
CK_RV p11_aes_cbc(struct p11_token *t, const struct p11_object *key, bool encrypt, uint8_t iv[AES_BLOCK],
		  struct rd data, struct wr *out);
/* CKR_DATA_LEN_RANGE: more than one command takes. */
CK_RV p11_aes_mac(struct p11_token *t, const struct p11_object *key, struct rd data, uint8_t mac[AES_BLOCK]);
/* A value of the key and a parameter, appended. */
CK_RV p11_aes_derive(struct p11_token *t, const struct p11_object *key, struct rd parameter, struct wr *out);

#endif
