/* SPDX-License-Identifier: Apache-2.0 */
#include "sc-hsm/wrap.h"

#include <string.h>

#include "sc-hsm/card_int.h"

#define BLOCK 16
/* A blob that is sent in one command: longer ones fail on cards that could take them by their size (reference 3.18). */
#define DIRECT_MAX 1000

/* How a blob says what it holds, reference 10.1. */
static const struct {
	uint8_t is;
	enum p15_type type;
} types[] = {
	{ 5, P15_RSA }, { 6, P15_RSA }, { 12, P15_EC }, { 15, P15_AES },
};

/*
 * The size of a key shows in the length of its cipher text: so many fields with two bytes of length, of one size each,
 * and padding to a block. The sizes that cards know are further apart than a block can hide.
 */
static const struct {
	uint8_t is;
	unsigned bits;
	size_t fields, halves, points, rest;    /* of the size, of half of it, of 1 + twice; fixed bytes */
} lengths[] = {
#define RSA_LENGTHS(bits) { 5, bits, 2, 0, 0, 5 }, { 6, bits, 1, 5, 0, 5 }
#define EC_LENGTHS(bits)  { 12, bits, 5, 0, 2, 0 }
	RSA_LENGTHS(1024), RSA_LENGTHS(1536), RSA_LENGTHS(2048), RSA_LENGTHS(3072), RSA_LENGTHS(4096),
	EC_LENGTHS(192), EC_LENGTHS(224), EC_LENGTHS(256), EC_LENGTHS(320), EC_LENGTHS(384), EC_LENGTHS(512),
	EC_LENGTHS(521),
	/* Of 192 and 256 bits both fill three blocks. */
	{ 15, 128, 0, 0, 0, 16 },
};

static unsigned bits_of(uint8_t is, size_t cipher_text)
{
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		size_t size = (lengths[i].bits + 7) / 8, n = 8 + 2;

		n += lengths[i].fields * (2 + size) + lengths[i].halves * (2 + size / 2) +
		     lengths[i].points * (2 + 1 + 2 * size) + lengths[i].rest;
		if (lengths[i].is == is && (n + BLOCK - 1) / BLOCK * BLOCK == cipher_text)
			return lengths[i].bits;
	}
	return 0;
}

static bool take_field(struct rd *r, struct rd *out)
{
	uint16_t n;

	return rd_u16(r, &n) && rd_take(r, n, out);
}

enum err hsm_wrapped_read(struct rd blob, struct hsm_wrapped *out)
{
	struct hsm_wrapped w;
	struct rd oid, conditions, key_oid;
	uint8_t is;

	if (!rd_take(&blob, HSM_KCV_SIZE, &w.kcv) || !rd_u8(&blob, &is) || !take_field(&blob, &oid) ||
	    !take_field(&blob, &w.algorithms) || !take_field(&blob, &conditions) || !take_field(&blob, &key_oid))
		return ERR_FORMAT;
	/* Cipher text and MAC. */
	if (blob.n < 2 * BLOCK || blob.n % BLOCK)
		return ERR_FORMAT;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		if (types[i].is == is) {
			w.type = types[i].type;
			w.bits = bits_of(is, blob.n - BLOCK);
			*out = w;
			return ERR_OK;
		}
	}
	return ERR_UNSUPPORTED;
}

enum err hsm_key_may_leave(struct hsm_card *c, uint8_t domain, struct rd algorithms, bool *may, struct deadline *dl)
{
	struct hsm_domain d = { .is_ready = false };
	enum err e = ERR_OK;

	*may = !algorithms.n || memchr(algorithms.p, HSM_ALG_WRAP, algorithms.n);
	if (*may)
		e = hsm_domain_status(c, domain, &d, dl);
	*may = *may && !e && d.is_ready;
	return e;
}

/* ---- the file ---- */

enum err hsm_backup_read(struct rd file, struct hsm_backup *out)
{
	struct hsm_backup b = { .certificate = RD_NONE };
	struct rd body, unused;
	uint32_t tag;

	if (!rd_tlv(&file, 0x30, &body) || !rd_end(&file) || !rd_tlv(&body, 0x04, &b.blob) ||
	    !rd_tlv_any(&body, &tag, &b.description, &unused))
		return ERR_FORMAT;
	if (body.n && !rd_tlv_any(&body, &tag, &b.certificate, &unused))
		return ERR_FORMAT;
	if (!rd_end(&body))
		return ERR_FORMAT;
	*out = b;
	return ERR_OK;
}

enum err hsm_backup_write(const struct hsm_backup *b, struct wr *file)
{
	size_t m = wr_tlv_open(file, 0x30);

	wr_tlv(file, 0x04, b->blob);
	wr_put(file, b->description);
	wr_put(file, b->certificate);
	wr_tlv_close(file, m);
	return wr_done(file);
}

/* ---- the card ---- */

enum err hsm_key_wrap(struct hsm_card *c, uint8_t key, struct wr *blob, struct deadline *dl)
{
	size_t before = blob->n;
	struct hsm_wrapped unused;
	struct wr cmd;
	enum err e;

	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_wrap(&cmd, key);
	e = hsm_card_send(c, HSM_WRAP, &cmd, blob, dl);
	return e ? e : hsm_wrapped_read(rd_of(blob->p + before, blob->n - before), &unused);
}

enum err hsm_key_unwrap(struct hsm_card *c, uint8_t key, struct rd blob, struct deadline *dl)
{
	struct wr cmd;

	if (key == 0 || !blob.n)
		return hsm_card_refuse(c, ERR_ARG);
	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_unwrap(&cmd, key, blob);
	if (blob.n <= DIRECT_MAX && hsm_card_fits(c, &cmd))
		return hsm_card_send(c, HSM_UNWRAP, &cmd, NULL, dl);
	wr_reset(&cmd);
	hsm_enc_unwrap(&cmd, key, RD_NONE);
	return hsm_card_send_by_file(c, HSM_UNWRAP_FILE, &cmd, blob, NULL, dl);
}
