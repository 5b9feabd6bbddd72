/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crypto_aes.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

#include "base/crypto_int.h"

static const char *cbc_name(struct rd key)
{
	return key.n == 16 ? "AES-128-CBC" : key.n == 24 ? "AES-192-CBC" : key.n == 32 ? "AES-256-CBC" : NULL;
}

enum err aes_cmac(struct rd key, struct rd bytes, uint8_t out[AES_BLOCK])
{
	const char *name = cbc_name(key);
	OSSL_PARAM params[2];
	EVP_MAC_CTX *c = NULL;
	EVP_MAC *mac = NULL;
	enum err e = ERR_CRYPTO;
	char cipher[16];
	size_t n = 0;

	if (!name)
		return ERR_ARG;
	(void)memcpy(cipher, name, strlen(name) + 1);
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher, 0);
	params[1] = OSSL_PARAM_construct_end();
	if (!crypto_ctx())
		goto out;
	mac = EVP_MAC_fetch(crypto_ctx(), OSSL_MAC_NAME_CMAC, NULL);
	c = mac ? EVP_MAC_CTX_new(mac) : NULL;
	if (c && EVP_MAC_init(c, key.p, key.n, params) == 1 && EVP_MAC_update(c, bytes.p, bytes.n) == 1 &&
	    EVP_MAC_final(c, out, &n, AES_BLOCK) == 1 && n == AES_BLOCK)
		e = ERR_OK;
out:
	EVP_MAC_CTX_free(c);
	EVP_MAC_free(mac);
	return e;
}

static enum err cbc(struct rd key, const uint8_t iv[AES_BLOCK], struct rd bytes, int encrypt, struct wr *out)
{
	const char *name = cbc_name(key);

	return name ? crypto_cbc(name, AES_BLOCK, key.p, iv, bytes, encrypt, out) : ERR_ARG;
}

enum err aes_cbc_encrypt(struct rd key, const uint8_t iv[AES_BLOCK], struct rd bytes, struct wr *out)
{
	return cbc(key, iv, bytes, 1, out);
}

enum err aes_cbc_decrypt(struct rd key, const uint8_t iv[AES_BLOCK], struct rd bytes, struct wr *out)
{
	return cbc(key, iv, bytes, 0, out);
}
