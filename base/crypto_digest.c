/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crypto_digest.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/crypto_int.h"
#include "base/tlv.h"

static const struct {
	const char *name;               /* for the provider */
	size_t size;
	struct rd oid;                  /* RFC 8017 appendix B.1 */
} rows[] = {
	[DIGEST_SHA1] = { "SHA1", 20, RD_LIT("\x2b\x0e\x03\x02\x1a") },
	[DIGEST_SHA224] = { "SHA2-224", 28, RD_LIT("\x60\x86\x48\x01\x65\x03\x04\x02\x04") },
	[DIGEST_SHA256] = { "SHA2-256", 32, RD_LIT("\x60\x86\x48\x01\x65\x03\x04\x02\x01") },
	[DIGEST_SHA384] = { "SHA2-384", 48, RD_LIT("\x60\x86\x48\x01\x65\x03\x04\x02\x02") },
	[DIGEST_SHA512] = { "SHA2-512", 64, RD_LIT("\x60\x86\x48\x01\x65\x03\x04\x02\x03") },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static OSSL_LIB_CTX *ctx;
static OSSL_PROVIDER *provider;
static EVP_MD *mds[ROWS];               /* NULL: not available */

static void make_ctx(void)
{
	OSSL_LIB_CTX *made = OSSL_LIB_CTX_new();

	if (!made)
		return;
	provider = OSSL_PROVIDER_load(made, "default");
	if (!provider) {
		OSSL_LIB_CTX_free(made);
		return;
	}
	for (size_t i = DIGEST_NONE + 1; i < ROWS; i++)
		mds[i] = EVP_MD_fetch(made, rows[i].name, NULL);
	ctx = made;
}

OSSL_LIB_CTX *crypto_ctx(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	/* At the end of the process the host's exit has cleaned libcrypto up: nothing of it may be used then. */
	if (OPENSSL_init_crypto(0, NULL) != 1)
		return NULL;
	(void)pthread_once(&once, make_ctx);
	return ctx;
}

void crypto_free(void)
{
	if (!ctx || OPENSSL_init_crypto(0, NULL) != 1)
		return;
	crypto_ec_free_groups();
	for (size_t i = DIGEST_NONE + 1; i < ROWS; i++) {
		EVP_MD_free(mds[i]);
		mds[i] = NULL;
	}
	(void)OSSL_PROVIDER_unload(provider);
	OSSL_LIB_CTX_free(ctx);
	ctx = NULL;
}

BIGNUM *crypto_bn(struct rd magnitude)
{
	return magnitude.n > INT32_MAX ? NULL : BN_bin2bn(magnitude.p, (int)magnitude.n, NULL);
}

enum err crypto_put_bn(const BIGNUM *n, size_t size, struct wr *out)
{
	uint8_t *p;

	if (size > INT32_MAX || (size_t)BN_num_bytes(n) > size)
		return ERR_BUFFER;
	p = wr_space(out, size);
	if (p && BN_bn2binpad(n, p, (int)size) < 0)
		return ERR_CRYPTO;
	return wr_done(out);
}

size_t digest_size(enum digest_alg a)
{
	return (size_t)a < ROWS ? rows[a].size : 0;
}

struct digest {
	enum digest_alg alg;
	EVP_MD_CTX *md;
	bool is_over;
};

enum err digest_again(struct digest *d, enum digest_alg a)
{
	if (!digest_size(a))
		return ERR_ARG;
	if (!crypto_ctx() || !mds[a] || EVP_DigestInit_ex2(d->md, mds[a], NULL) != 1)
		return ERR_CRYPTO;
	d->alg = a;
	d->is_over = false;
	return ERR_OK;
}

enum err digest_new(enum digest_alg a, struct digest **out)
{
	struct digest *d = calloc(1, sizeof(*d));
	enum err e;

	if (!d)
		return ERR_NOMEM;
	d->md = EVP_MD_CTX_new();
	e = d->md ? digest_again(d, a) : ERR_NOMEM;
	if (e)
		digest_free(&d);
	*out = d;
	return e;
}

enum err digest_update(struct digest *d, struct rd bytes)
{
	return EVP_DigestUpdate(d->md, bytes.p, bytes.n) == 1 ? ERR_OK : ERR_CRYPTO;
}

enum err digest_final(struct digest *d, struct wr *out)
{
	uint8_t *p = wr_space(out, digest_size(d->alg));

	if (p && EVP_DigestFinal_ex(d->md, p, NULL) != 1)
		return ERR_CRYPTO;
	d->is_over = p != NULL;
	return wr_done(out);
}

void digest_free(struct digest **d)
{
	if (!d || !*d)
		return;
	EVP_MD_CTX_free((*d)->md);
	free(*d);
	*d = NULL;
}

void digest_end(struct digest **d)
{
	if (*d && !(*d)->is_over)
		digest_free(d);
}

static enum err digest_parts(enum digest_alg a, const struct rd *parts, size_t n, struct wr *out)
{
	struct digest *d = NULL;
	enum err e = digest_new(a, &d);

	for (size_t i = 0; !e && i < n; i++)
		e = digest_update(d, parts[i]);
	if (!e)
		e = digest_final(d, out);
	digest_free(&d);
	return e;
}

enum err digest_once(enum digest_alg a, struct rd bytes, struct wr *out)
{
	return digest_parts(a, &bytes, 1, out);
}

enum err sha256(struct rd bytes, uint8_t out[SHA256_SIZE])
{
	return sha256_parts(&bytes, 1, out);
}

enum err sha256_parts(const struct rd *parts, size_t n, uint8_t out[SHA256_SIZE])
{
	struct wr w;

	wr_init(&w, out, SHA256_SIZE);
	return digest_parts(DIGEST_SHA256, parts, n, &w);
}

enum err digest_info(enum digest_alg a, struct rd hash, struct wr *out)
{
	const struct rd oid = (size_t)a < ROWS ? rows[a].oid : RD_NONE;
	const size_t alg = 2 + oid.n + 2;
	/* No length needs a second byte. */
	const uint8_t begin[] = { 0x30, (uint8_t)(2 + alg + 2 + hash.n), 0x30, (uint8_t)alg, 0x06, (uint8_t)oid.n };
	const uint8_t end[] = { 0x05, 0, 0x04, (uint8_t)hash.n };

	if (!oid.n || hash.n != digest_size(a))
		return ERR_ARG;
	wr_put(out, RD_ARR(begin));
	wr_put(out, oid);
	wr_put(out, RD_ARR(end));
	wr_put(out, hash);
	return wr_done(out);
}

enum err digest_info_parse(struct rd der, enum digest_alg *a, struct rd *hash)
{
	struct rd info, alg, oid, null, value;

	if (!rd_tlv(&der, 0x30, &info) || !rd_end(&der) ||
	    !rd_tlv(&info, 0x30, &alg) || !rd_tlv(&info, 0x04, &value) || !rd_end(&info) ||
	    !rd_tlv(&alg, 0x06, &oid))
		return ERR_FORMAT;
	/* RFC 8017 A.2.4: parameters are NULL; absent ones must be accepted, too. */
	if (!rd_end(&alg) && (!rd_tlv(&alg, 0x05, &null) || !rd_end(&null) || !rd_end(&alg)))
		return ERR_FORMAT;
	for (size_t i = DIGEST_NONE + 1; i < ROWS; i++)
		if (rd_eq(oid, rows[i].oid) && value.n == rows[i].size) {
			*a = (enum digest_alg)i;
			*hash = value;
			return ERR_OK;
		}
	return ERR_FORMAT;
}

#define HMAC_BLOCK 64

enum err hmac_sha256(struct rd key, struct rd bytes, uint8_t out[SHA256_SIZE])
{
	uint8_t block[2][HMAC_BLOCK] = { { 0 } }, inner[SHA256_SIZE];
	enum err e = ERR_OK;
	size_t i;

	if (key.n > HMAC_BLOCK)
		e = sha256(key, block[0]);
	else if (key.n)
		memcpy(block[0], key.p, key.n);
	for (i = 0; i < HMAC_BLOCK; i++) {
		block[1][i] = block[0][i] ^ 0x5C;
		block[0][i] ^= 0x36;
	}
	if (!e)
		e = sha256_parts((struct rd[]){ RD_ARR(block[0]), bytes }, 2, inner);
	if (!e)
		e = sha256_parts((struct rd[]){ RD_ARR(block[1]), RD_ARR(inner) }, 2, out);
	wipe(block, sizeof(block));
	wipe(inner, sizeof(inner));
	return e;
}
