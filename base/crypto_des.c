/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crypto_des.h"

#include <limits.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/crypto_int.h"

static enum err cbc(const uint8_t key[DES_KEY], const uint8_t iv[DES_BLOCK], struct rd bytes, int encrypt,
		    struct wr *out)
{
	EVP_CIPHER_CTX *c = NULL;
	EVP_CIPHER *cipher = NULL;
	enum err e = ERR_CRYPTO;
	uint8_t *to;
	int n = 0;

	if (bytes.n % DES_BLOCK || bytes.n > INT_MAX)
		return ERR_ARG;
	if (!bytes.n)
		return ERR_OK;
	to = wr_space(out, bytes.n);
	if (!to)
		return wr_done(out);
	if (!crypto_ctx())
		return ERR_CRYPTO;
	cipher = EVP_CIPHER_fetch(crypto_ctx(), "DES-EDE-CBC", NULL);
	c = cipher ? EVP_CIPHER_CTX_new() : NULL;
	if (c && EVP_CipherInit_ex2(c, cipher, key, iv, encrypt, NULL) == 1 &&
	    EVP_CIPHER_CTX_set_padding(c, 0) == 1 && EVP_CipherUpdate(c, to, &n, bytes.p, (int)bytes.n) == 1 &&
	    (size_t)n == bytes.n)
		e = ERR_OK;
	EVP_CIPHER_CTX_free(c);
	EVP_CIPHER_free(cipher);
	return e;
}

static const uint8_t zeros[DES_BLOCK];

enum err des_cbc_encrypt(const uint8_t key[DES_KEY], struct rd bytes, struct wr *out)
{
	return cbc(key, zeros, bytes, 1, out);
}

enum err des_cbc_decrypt(const uint8_t key[DES_KEY], struct rd bytes, struct wr *out)
{
	return cbc(key, zeros, bytes, 0, out);
}

/*
 * A chain of single DES under K1, and at its end once more D under K2 and E under K1: so the last block is one of
 * triple DES, and those before it are, too, with K1 twice, which undoes itself.
 */
enum err des_mac(const uint8_t key[DES_KEY], struct rd bytes, uint8_t out[DES_BLOCK])
{
	uint8_t single[DES_KEY], iv[DES_BLOCK] = { 0 };
	struct wr chain, last;
	enum err e;

	if (!bytes.n || bytes.n % DES_BLOCK)
		return ERR_ARG;
	memcpy(single, key, DES_BLOCK);
	memcpy(single + DES_BLOCK, key, DES_BLOCK);
	wr_init_heap(&chain, bytes.n);
	wr_init(&last, out, DES_BLOCK);
	e = cbc(single, iv, rd_of(bytes.p, bytes.n - DES_BLOCK), 1, &chain);
	if (!e && chain.n)
		memcpy(iv, chain.p + chain.n - DES_BLOCK, DES_BLOCK);
	if (!e)
		e = cbc(key, iv, rd_of(bytes.p + bytes.n - DES_BLOCK, DES_BLOCK), 1, &last);
	wr_free(&chain);
	wipe(single, sizeof(single));
	return e;
}
