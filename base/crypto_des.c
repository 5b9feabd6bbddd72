/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crypto_des.h"

#include <string.h>

#include "base/crypto_int.h"

static enum err cbc(const uint8_t key[DES_KEY], const uint8_t iv[DES_BLOCK], struct rd bytes, int encrypt,
		    struct wr *out)
{
	return crypto_cbc("DES-EDE-CBC", DES_BLOCK, key, iv, bytes, encrypt, out);
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
