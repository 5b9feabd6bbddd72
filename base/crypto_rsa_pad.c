/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crypto_rsa_pad.h"

#include <string.h>

#include "base/rand.h"

#define PAD_MIN 11                      /* RFC 8017 9.2: 00 01, at least eight FF, 00 */
#define BLOCK_MAX 1024

enum err rsa_pad_pkcs1(struct rd t, size_t size, struct wr *block)
{
	uint8_t *ff;

	if (size < PAD_MIN || t.n > size - PAD_MIN)
		return ERR_ARG;
	wr_u16(block, 0x0001);
	ff = wr_space(block, size - t.n - 3);
	if (ff)
		memset(ff, 0xff, size - t.n - 3);
	wr_u8(block, 0);
	wr_put(block, t);
	return wr_done(block);
}

/* mask ^= MGF1(seed), B.2.1. */
static enum err mgf1_xor(enum digest_alg a, struct rd seed, uint8_t *mask, size_t n)
{
	size_t size = digest_size(a);
	uint8_t input[BLOCK_MAX], hash[DIGEST_MAX];
	struct wr in, out;
	enum err e = ERR_OK;

	WR_ARR(&in, input);
	WR_ARR(&out, hash);
	for (size_t at = 0; !e && at < n; at++) {
		if (at % size == 0) {
			wr_reset(&in);
			wr_reset(&out);
			wr_put(&in, seed);
			wr_u32(&in, (uint32_t)(at / size));
			e = wr_done(&in);
			if (!e)
				e = digest_once(a, wr_view(&in), &out);
		}
		mask[at] ^= hash[at % size];
	}
	wr_free(&in);
	wr_free(&out);
	return e;
}

/* ---- PSS ---- */

/* Bits at the top that the encoding leaves free; it has one bit less than the modulus. */
static unsigned spare_bits(unsigned bits)
{
	return 8 - (bits - 1) % 8;
}

/* Of 8k + 1 bits the encoding would be a byte shorter than the modulus: no card makes such. */
static bool is_pss_possible(const struct rsa_pss *p, unsigned bits, size_t size)
{
	size_t hash = digest_size(p->hash);

	return hash && digest_size(p->mgf) && bits >= 512 && bits % 8 != 1 && size == (bits + 7) / 8 &&
	       size <= BLOCK_MAX && p->salt <= size && hash + p->salt + 2 <= size;
}

/* H is the hash of eight zeros, the message's hash and the salt. */
static enum err pss_h(enum digest_alg a, struct rd hash, struct rd salt, uint8_t h[DIGEST_MAX])
{
	struct digest *d = NULL;
	enum err e = digest_new(a, &d);
	struct wr out;

	wr_init(&out, h, DIGEST_MAX);
	if (!e)
		e = digest_update(d, RD_LIT("\0\0\0\0\0\0\0\0"));
	if (!e)
		e = digest_update(d, hash);
	if (!e)
		e = digest_update(d, salt);
	if (!e)
		e = digest_final(d, &out);
	digest_free(&d);
	return e;
}

enum err rsa_pad_pss(const struct rsa_pss *p, struct rd hash, unsigned bits, struct wr *block)
{
	size_t size = ((size_t)bits + 7) / 8, db = size - digest_size(p->hash) - 1;
	uint8_t h[DIGEST_MAX], *em;
	enum err e;

	if (!is_pss_possible(p, bits, size) || hash.n != digest_size(p->hash))
		return ERR_ARG;
	em = wr_space(block, size);
	if (!em)
		return wr_done(block);
	memset(em, 0, size);
	em[db - p->salt - 1] = 0x01;
	e = p->salt ? rand_bytes(em + db - p->salt, p->salt) : ERR_OK;
	if (!e)
		e = pss_h(p->hash, hash, rd_of(em + db - p->salt, p->salt), h);
	if (e)
		return e;
	memcpy(em + db, h, hash.n);
	em[size - 1] = 0xBC;
	e = mgf1_xor(p->mgf, rd_of(h, hash.n), em, db);
	em[0] &= (uint8_t)(0xFF >> spare_bits(bits));
	return e;
}

enum err rsa_check_pss(const struct rsa_pss *p, struct rd hash, unsigned bits, uint8_t *block, size_t size)
{
	size_t db, ps;
	uint8_t own[DIGEST_MAX];
	struct rd h, salt;
	enum err e;

	if (!digest_size(p->hash) || hash.n != digest_size(p->hash))
		return ERR_ARG;
	if (!is_pss_possible(p, bits, size))
		return ERR_SIGNATURE;
	db = size - hash.n - 1;
	ps = db - p->salt - 1;
	h = rd_of(block + db, hash.n);
	if (block[size - 1] != 0xBC || block[0] >> (8 - spare_bits(bits)))
		return ERR_SIGNATURE;
	e = mgf1_xor(p->mgf, h, block, db);
	if (e)
		return e;
	block[0] &= (uint8_t)(0xFF >> spare_bits(bits));
	if (!rd_is_zero(rd_of(block, ps)) || block[ps] != 0x01)
		return ERR_SIGNATURE;
	salt = rd_of(block + ps + 1, p->salt);
	e = pss_h(p->hash, hash, salt, own);
	return e ? e : rd_eq(rd_of(own, hash.n), h) ? ERR_OK : ERR_SIGNATURE;
}

/* ---- encryption ---- */

/* All bits set if a is zero, else none; no branch. */
static size_t mask_zero(size_t a)
{
	return (size_t)0 - ((~a & (a - 1)) >> (sizeof(a) * 8 - 1));
}

/* Where the first byte of this value stands from at on; n if there is none. In time that depends on n only. */
static size_t find_first(const uint8_t *p, size_t at, size_t n, uint8_t value)
{
	size_t found = n, none = (size_t)-1;

	for (; at < n; at++) {
		size_t here = mask_zero((size_t)(p[at] ^ value)) & none;

		found = (found & ~here) | (at & here);
		none &= ~here;
	}
	return found;
}

enum err rsa_pad_crypt(struct rd message, size_t size, struct wr *block)
{
	size_t n = size - message.n - 3;
	enum err e = ERR_OK;
	uint8_t *ps;

	if (size < PAD_MIN || message.n > size - PAD_MIN)
		return ERR_ARG;
	wr_u16(block, 0x0002);
	ps = wr_space(block, n);
	if (ps)
		e = rand_bytes(ps, n);
	/* The zeros among them, about one in 256, are drawn again. */
	for (size_t i = 0; ps && !e && i < n; i++)
		while (!e && !ps[i])
			e = rand_bytes(&ps[i], 1);
	wr_u8(block, 0);
	wr_put(block, message);
	return e ? e : wr_done(block);
}

enum err rsa_unpad_crypt(struct rd block, struct wr *message)
{
	size_t at, bad;

	if (block.n < PAD_MIN)
		return ERR_DATA;
	at = find_first(block.p, 2, block.n, 0);
	bad = ~mask_zero(block.p[0]) | ~mask_zero((size_t)(block.p[1] ^ 0x02));
	bad |= ~mask_zero((at - (PAD_MIN - 1)) >> (sizeof(at) * 8 - 1));        /* fewer than eight bytes of padding */
	bad |= mask_zero(at ^ block.n);
	if (bad)
		return ERR_DATA;
	wr_put(message, rd_of(block.p + at + 1, block.n - at - 1));
	return wr_done(message);
}

/* EM is 00, the masked seed, and the masked DB: the label's hash, zeros, 01, the message. */
enum err rsa_pad_oaep(const struct rsa_oaep *p, struct rd message, size_t size, struct wr *block)
{
	size_t h = digest_size(p->hash), db = size - h - 1;
	uint8_t *em;
	enum err e;

	if (!h || !digest_size(p->mgf) || size > BLOCK_MAX || size < 2 * h + 2 || message.n > size - 2 * h - 2)
		return ERR_ARG;
	em = wr_space(block, size);
	if (!em)
		return wr_done(block);
	memset(em, 0, size);
	memcpy(em + 1 + h, p->label, h);
	em[size - message.n - 1] = 0x01;
	if (message.n)
		memcpy(em + size - message.n, message.p, message.n);
	e = rand_bytes(em + 1, h);
	if (!e)
		e = mgf1_xor(p->mgf, rd_of(em + 1, h), em + 1 + h, db);
	return e ? e : mgf1_xor(p->mgf, rd_of(em + 1 + h, db), em + 1, h);
}

static enum err unpad_oaep(const struct rsa_oaep *p, uint8_t *em, size_t size, size_t h, struct wr *message)
{
	size_t db = size - h - 1, at, bad;
	enum err e = mgf1_xor(p->mgf, rd_of(em + 1 + h, db), em + 1, h);

	if (!e)
		e = mgf1_xor(p->mgf, rd_of(em + 1, h), em + 1 + h, db);
	if (e)
		return e;
	at = find_first(em, 1 + 2 * h, size, 0x01);
	bad = em[0] | mask_zero(at ^ size);
	for (size_t i = 0; i < h; i++)
		bad |= (size_t)(em[1 + h + i] ^ p->label[i]);
	/* Before the 01 there are only zeros. */
	for (size_t i = 1 + 2 * h; i < size; i++)
		bad |= em[i] & ((size_t)0 - ((i - at) >> (sizeof(i) * 8 - 1)));
	if (bad)
		return ERR_DATA;
	wr_put(message, rd_of(em + at + 1, size - at - 1));
	return wr_done(message);
}

enum err rsa_unpad_oaep(const struct rsa_oaep *p, struct rd block, struct wr *message)
{
	size_t h = digest_size(p->hash);
	uint8_t em[BLOCK_MAX];
	enum err e;

	if (!h || !digest_size(p->mgf) || block.n > sizeof(em) || block.n < 2 * h + 2)
		return ERR_ARG;
	memcpy(em, block.p, block.n);
	e = unpad_oaep(p, em, block.n, h, message);
	wipe(em, sizeof(em));
	return e;
}
