/* SPDX-License-Identifier: Apache-2.0 */
#include "pka/receipt_line.h"

#include <string.h>

#include "base/text.h"

#define TIME   RECEIPT_FIELD_TIME
#define U32    RECEIPT_FIELD_U32
#define BYTE   RECEIPT_FIELD_BYTE
#define HEX    RECEIPT_FIELD_HEX
#define BASE64 RECEIPT_FIELD_BASE64
#define TEXT   RECEIPT_FIELD_TEXT
#define USE    TIME, BYTE, RECEIPT_FIELD_ALG
#define CLIENT U32, U32, U32, TEXT

static const struct receipt_row rows[RECEIPT_LINES] = {
	[RECEIPT_LINE_FIRST] = { RECEIPT_BEGIN " v1", 0, true, false, { 0 } },
	[RECEIPT_LINE_TIME] = { "time", 1, true, false, { TIME } },
	[RECEIPT_LINE_DEVICE] = { "device", 2, true, false, { TEXT, BASE64 } },
	[RECEIPT_LINE_LOGIN] = { "login", 3, true, false, { HEX } },
	[RECEIPT_LINE_REQUEST] = { "request", 4, true, false, { BASE64 } },
	[RECEIPT_LINE_QUORUM] = { "quorum", 5, true, false, { BYTE, BYTE } },
	[RECEIPT_LINE_CONSENT] = { "consent", 6, false, true, { BASE64, HEX, BASE64, BASE64, BASE64 } },
	[RECEIPT_LINE_LIMITS] = { "limits", 7, true, false, { TEXT } },
	[RECEIPT_LINE_KEY] = { "key", 9, false, true, { BYTE, TEXT, HEX, RECEIPT_FIELD_COUNTER, BASE64 } },
	[RECEIPT_LINE_SIGN] = { "sign", 10, false, true,
		{ USE, RECEIPT_FIELD_HASH, HEX, HEX, BASE64, RECEIPT_FIELD_REPEAT, CLIENT } },
	[RECEIPT_LINE_DECIPHER] = { "decipher", 10, false, true, { USE, HEX, CLIENT } },
	[RECEIPT_LINE_DERIVE] = { "derive", 10, false, true, { USE, HEX, CLIENT } },
	[RECEIPT_LINE_WRAP] = { "wrap", 10, false, true, { USE, HEX, CLIENT } },
	[RECEIPT_LINE_LEFT] = { "left", 11, false, true, { BYTE, U32 } },
	[RECEIPT_LINE_END] = { "end", 12, false, false, { TIME, TEXT } },
};

static const char *const hashes[] = {
	[DIGEST_NONE] = "-", [DIGEST_SHA1] = "sha1", [DIGEST_SHA224] = "sha224", [DIGEST_SHA256] = "sha256",
	[DIGEST_SHA384] = "sha384", [DIGEST_SHA512] = "sha512",
};
#define HASHES (sizeof(hashes) / sizeof(hashes[0]))
static const char *const repeats[] = { "first", "again" };

const struct receipt_row *receipt_row_get(enum receipt_line l)
{
	return &rows[l];
}

/* ---- one field; what cannot be written latches ---- */

static void put_number(struct wr *w, const struct receipt_value *v)
{
	wr_decimal(w, v->n);
}

static void put_counter(struct wr *w, const struct receipt_value *v)
{
	if (v->n == RECEIPT_NO_COUNTER)
		wr_u8(w, '-');
	else
		put_number(w, v);
}

static void put_alg(struct wr *w, const struct receipt_value *v)
{
	const uint8_t b = (uint8_t)v->n;

	wr_hex(w, rd_of(&b, 1));
}

static void put_hash(struct wr *w, const struct receipt_value *v)
{
	if (v->n < HASHES)
		wr_text(w, hashes[v->n]);
	else
		wr_fail(w, ERR_ARG);
}

static void put_repeat(struct wr *w, const struct receipt_value *v)
{
	wr_text(w, repeats[v->n ? 1 : 0]);
}

static void put_hex(struct wr *w, const struct receipt_value *v)
{
	if (v->bytes.n == 0)
		wr_u8(w, '-');
	wr_hex(w, v->bytes);
}

static void put_base64(struct wr *w, const struct receipt_value *v)
{
	if (v->bytes.n == 0)
		wr_u8(w, '-');
	wr_base64url(w, v->bytes);
}

static bool is_plain(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c && strchr("._:/=+,@-", c));
}

/* The characters at its start that are written as they are. */
static struct rd take_plain(struct rd *r)
{
	struct rd plain;
	size_t n = 0;

	while (n < r->n && is_plain(r->p[n]))
		n++;
	return rd_take(r, n, &plain) ? plain : RD_NONE;
}

static void put_text(struct wr *w, const struct receipt_value *v)
{
	struct rd r = v->bytes;
	uint8_t c;

	if (r.n == 0) {
		wr_u8(w, '-');
	} else if (rd_eq_str(r, "-")) {
		wr_text(w, "%2D");
	} else {
		wr_put(w, take_plain(&r));
		while (rd_u8(&r, &c)) {
			if (c)
				wr_printf(w, "%%%02X", c);
			else
				wr_fail(w, ERR_ARG);
			wr_put(w, take_plain(&r));
		}
	}
}

/*
 * Readers are lenient where the comparison afterwards is not: other cases, leading zeros, what need not be escaped.
 */
static bool take_number(struct rd text, struct receipt_value *v, uint64_t max)
{
	uint8_t c;

	v->n = 0;
	if (text.n == 0 || text.n > 19)
		return false;
	while (rd_u8(&text, &c)) {
		if (c < '0' || c > '9')
			return false;
		v->n = v->n * 10 + (c - '0');
	}
	return v->n <= max;
}

static bool take_time(struct rd text, struct receipt_value *v, struct wr *arena)
{
	(void)arena;
	return take_number(text, v, INT64_MAX);
}

static bool take_u32(struct rd text, struct receipt_value *v, struct wr *arena)
{
	(void)arena;
	return take_number(text, v, UINT32_MAX);
}

static bool take_byte(struct rd text, struct receipt_value *v, struct wr *arena)
{
	(void)arena;
	return take_number(text, v, UINT8_MAX);
}

static bool take_counter(struct rd text, struct receipt_value *v, struct wr *arena)
{
	v->n = RECEIPT_NO_COUNTER;
	return rd_eq_str(text, "-") || take_u32(text, v, arena);
}

static bool take_alg(struct rd text, struct receipt_value *v, struct wr *arena)
{
	uint8_t b = 0;
	struct wr w;

	(void)arena;
	wr_init(&w, &b, 1);
	if (text.n != 2 || text_unhex(text, &w) != ERR_OK)
		return false;
	v->n = b;
	return true;
}

static bool take_word(struct rd text, struct receipt_value *v, const char *const *words, size_t n)
{
	for (v->n = 0; v->n < n; v->n++)
		if (rd_eq_str(text, words[v->n]))
			return true;
	return false;
}

static bool take_hash(struct rd text, struct receipt_value *v, struct wr *arena)
{
	(void)arena;
	return take_word(text, v, hashes, HASHES);
}

static bool take_repeat(struct rd text, struct receipt_value *v, struct wr *arena)
{
	(void)arena;
	return take_word(text, v, repeats, 2);
}

static bool take_bytes(struct rd text, struct receipt_value *v, struct wr *arena,
		       enum err (*decode)(struct rd text, struct wr *out))
{
	size_t before = arena->n;

	if (!rd_eq_str(text, "-") && decode(text, arena) != ERR_OK)
		return false;
	v->bytes = rd_of(arena->p + before, arena->n - before);
	return true;
}

static bool take_hex(struct rd text, struct receipt_value *v, struct wr *arena)
{
	return take_bytes(text, v, arena, text_unhex);
}

static bool take_base64(struct rd text, struct receipt_value *v, struct wr *arena)
{
	return take_bytes(text, v, arena, text_unbase64url);
}

static enum err unescape(struct rd text, struct wr *out)
{
	struct rd digits;
	uint8_t c;

	while (rd_u8(&text, &c)) {
		if (c != '%')
			wr_u8(out, c);
		else if (!rd_take(&text, 2, &digits) || text_unhex(digits, out))
			return ERR_FORMAT;
	}
	return wr_done(out);
}

static bool take_text(struct rd text, struct receipt_value *v, struct wr *arena)
{
	if (!take_bytes(text, v, arena, unescape))
		return false;
	wr_u8(arena, 0);
	return wr_done(arena) == ERR_OK;
}

static const struct {
	void (*put)(struct wr *w, const struct receipt_value *v);
	bool (*take)(struct rd text, struct receipt_value *v, struct wr *arena);
} codecs[RECEIPT_FIELD_KINDS] = {
	[RECEIPT_FIELD_TIME] = { put_number, take_time },
	[RECEIPT_FIELD_U32] = { put_number, take_u32 },
	[RECEIPT_FIELD_COUNTER] = { put_counter, take_counter },
	[RECEIPT_FIELD_BYTE] = { put_number, take_byte },
	[RECEIPT_FIELD_ALG] = { put_alg, take_alg },
	[RECEIPT_FIELD_HASH] = { put_hash, take_hash },
	[RECEIPT_FIELD_REPEAT] = { put_repeat, take_repeat },
	[RECEIPT_FIELD_HEX] = { put_hex, take_hex },
	[RECEIPT_FIELD_BASE64] = { put_base64, take_base64 },
	[RECEIPT_FIELD_TEXT] = { put_text, take_text },
};

/* ---- a line ---- */

static void put_line(struct wr *w, enum receipt_line l, const struct receipt_value *v)
{
	const enum receipt_field *f = rows[l].fields;

	wr_text(w, rows[l].name);
	for (size_t i = 0; f[i] != RECEIPT_FIELD_NONE; i++) {
		wr_u8(w, ' ');
		codecs[f[i]].put(w, &v[i]);
	}
}

enum err receipt_line_write(struct receipt_chain *c, enum receipt_line l, const struct receipt_value *v, struct wr *out)
{
	uint8_t hash[SHA256_SIZE];
	size_t before = out->n;
	struct rd line;
	enum err e;

	put_line(out, l, v);
	e = wr_done(out);
	line = e ? RD_NONE : rd_of(out->p + before, out->n - before);
	if (!e && line.n > RECEIPT_LINE_MAX)
		e = ERR_LIMIT;
	if (!e)
		e = sha256_parts((struct rd[]){ RD_ARR(c->hash), line }, 2, hash);
	if (!e) {
		wr_u8(out, ' ');
		wr_hex(out, RD_ARR(hash));
		wr_u8(out, '\n');
		e = wr_done(out);
	}
	if (e) {
		wr_cut(out, before);
		return e;
	}
	memcpy(c->hash, hash, sizeof(hash));
	c->lines++;
	return ERR_OK;
}

/* The text up to the next blank; the blank goes. */
static bool take_word_text(struct rd *r, struct rd *word)
{
	const uint8_t *blank;

	if (r->n == 0)
		return false;
	blank = memchr(r->p, ' ', r->n);
	*word = rd_of(r->p, blank ? (size_t)(blank - r->p) : r->n);
	*r = blank ? rd_of(blank + 1, r->n - word->n - 1) : rd_of(r->p + r->n, 0);
	return true;
}

static bool take_name(struct rd *r, const char *name)
{
	struct rd look = *r, start, blank;

	if (!rd_take(&look, strlen(name), &start) || !rd_eq_str(start, name))
		return false;
	if (look.n > 0 && (!rd_take(&look, 1, &blank) || !rd_eq_str(blank, " ")))
		return false;
	*r = look;
	return true;
}

enum err receipt_line_read(struct rd text, enum receipt_line *l, struct receipt_value v[RECEIPT_FIELDS_MAX],
			   struct wr *arena)
{
	const enum receipt_field *f;
	struct rd r = text, word;
	struct wr again;
	enum err e;

	for (*l = 0; *l < RECEIPT_LINES && !take_name(&r, rows[*l].name); (*l)++)
		;
	if (*l == RECEIPT_LINES || text.n > RECEIPT_LINE_MAX)
		return ERR_FORMAT;
	f = rows[*l].fields;
	for (size_t i = 0; f[i] != RECEIPT_FIELD_NONE; i++) {
		v[i] = (struct receipt_value){ .n = 0 };
		if (!take_word_text(&r, &word) || !codecs[f[i]].take(word, &v[i], arena))
			return ERR_FORMAT;
	}
	wr_init_heap(&again, RECEIPT_LINE_MAX);
	put_line(&again, *l, v);
	e = wr_done(&again);
	if (e != ERR_NOMEM)
		e = e || !rd_eq(wr_view(&again), text) ? ERR_FORMAT : ERR_OK;
	wr_free(&again);
	return e;
}
