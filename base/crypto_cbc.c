/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <openssl/evp.h>

#include "base/crypto_int.h"

enum err crypto_cbc(const char *name, size_t block, const uint8_t *key, const uint8_t *iv, struct rd bytes, int encrypt,
		    struct wr *out)
{
	EVP_CIPHER_CTX *c = NULL;
	EVP_CIPHER *cipher = NULL;
	enum err e = ERR_CRYPTO;
	uint8_t *to;
	int n = 0;

	if (bytes.n % block || bytes.n > INT_MAX)
		return ERR_ARG;
	if (!bytes.n)
		return ERR_OK;
	to = wr_space(out, bytes.n);
	if (!to)
		return wr_done(out);
	if (!crypto_ctx())
		return ERR_CRYPTO;
	cipher = EVP_CIPHER_fetch(crypto_ctx(), name, NULL);
	c = cipher ? EVP_CIPHER_CTX_new() : NULL;
	if (c && EVP_CipherInit_ex2(c, cipher, key, iv, encrypt, NULL) == 1 &&
	    EVP_CIPHER_CTX_set_padding(c, 0) == 1 && EVP_CipherUpdate(c, to, &n, bytes.p, (int)bytes.n) == 1 &&
	    (size_t)n == bytes.n)
		e = ERR_OK;
	EVP_CIPHER_CTX_free(c);
	EVP_CIPHER_free(cipher);
	return e;
}
