/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crypto_pbe.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/crypto_int.h"

#define MD5_SIZE 16

/* What came before it, if anything, the password and the salt; then again and again the result alone. */
static bool chain(EVP_MD_CTX *c, const EVP_MD *md5, struct rd before, struct rd password, struct rd salt,
		  unsigned rounds, uint8_t out[MD5_SIZE])
{
	if (EVP_DigestInit_ex2(c, md5, NULL) != 1 || EVP_DigestUpdate(c, before.p, before.n) != 1 ||
	    EVP_DigestUpdate(c, password.p, password.n) != 1 || EVP_DigestUpdate(c, salt.p, salt.n) != 1 ||
	    EVP_DigestFinal_ex(c, out, NULL) != 1)
		return false;
	for (unsigned i = 1; i < rounds; i++)
		if (EVP_DigestInit_ex2(c, NULL, NULL) != 1 || EVP_DigestUpdate(c, out, MD5_SIZE) != 1 ||
		    EVP_DigestFinal_ex(c, out, NULL) != 1)
			return false;
	return true;
}

enum err pbe_md5(struct rd password, const uint8_t salt[PBE_SALT_SIZE], unsigned rounds, uint8_t key[PBE_KEY_SIZE],
		 uint8_t iv[PBE_IV_SIZE])
{
	uint8_t d[PBE_KEY_SIZE + PBE_IV_SIZE];
	EVP_MD_CTX *c = NULL;
	EVP_MD *md5 = NULL;
	struct rd before = RD_NONE;
	enum err e = ERR_CRYPTO;

	if (!rounds)
		return ERR_ARG;
	if (!crypto_ctx())
		return ERR_CRYPTO;
	crypto_begin();
	md5 = EVP_MD_fetch(crypto_ctx(), "MD5", NULL);
	c = EVP_MD_CTX_new();
	if (!md5 || !c)
		goto out;
	for (size_t i = 0; i < sizeof(d); i += MD5_SIZE) {
		if (!chain(c, md5, before, password, rd_of(salt, PBE_SALT_SIZE), rounds, d + i))
			goto out;
		before = rd_of(d + i, MD5_SIZE);
	}
	memcpy(key, d, PBE_KEY_SIZE);
	memcpy(iv, d + PBE_KEY_SIZE, PBE_IV_SIZE);
	e = ERR_OK;
out:
	wipe(d, sizeof(d));
	EVP_MD_CTX_free(c);
	EVP_MD_free(md5);
	crypto_end();
	return e;
}
