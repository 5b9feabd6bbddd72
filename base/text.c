/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <string.h>

static const char hex_digits[] = "0123456789abcdef";
static const char base64url_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char base32_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

bool rd_utf8(struct rd *r, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	struct rd rest = *r;
	uint32_t v;
	uint8_t b;
	size_t more;

	if (!rd_u8(&rest, &b))
		return false;
	if (b < 0x80)
		more = 0, v = b;
	else if (b >= 0xc0 && b < 0xe0)
		more = 1, v = b & 0x1f;
	else if (b >= 0xe0 && b < 0xf0)
		more = 2, v = b & 0x0f;
	else if (b >= 0xf0 && b < 0xf8)
		more = 3, v = b & 0x07;
	else
		return false;
	for (size_t i = 0; i < more; i++) {
		if (!rd_u8(&rest, &b) || (b & 0xc0) != 0x80)
			return false;
		v = v << 6 | (b & 0x3f);
	}
	if (v < least[more] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return false;
	*c = v;
	*r = rest;
	return true;
}

bool text_is_typed(struct rd text)
{
	uint32_t c;

	while (rd_utf8(&text, &c))
		if (c < ' ' || c == 0x7f)
			return false;
	return rd_end(&text);
}

void wr_hex(struct wr *w, struct rd bytes)
{
	uint8_t *p = wr_space(w, bytes.n * 2);

	for (size_t i = 0; p && i < bytes.n; i++) {
		*p++ = (uint8_t)hex_digits[bytes.p[i] >> 4];
		*p++ = (uint8_t)hex_digits[bytes.p[i] & 15];
	}
}

void wr_decimal(struct wr *w, uint64_t n)
{
	uint8_t digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (uint8_t)('0' + n % 10);
		n /= 10;
	} while (n);
	wr_put(w, rd_of(digits + at, sizeof(digits) - at));
}

void wr_duration(struct wr *w, uint32_t seconds)
{
	static const struct {
		uint32_t unit;
		const char *name;
	} parts[] = { { 3600, "h" }, { 60, "min" }, { 1, "s" } };
	bool says = false;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		uint32_t n = seconds / parts[i].unit;

		seconds %= parts[i].unit;
		if (!n && (says || parts[i].unit > 1))
			continue;
		if (says)
			wr_text(w, " ");
		wr_decimal(w, n);
		wr_printf(w, " %s", parts[i].name);
		says = true;
	}
}

/* -1: not a digit of this alphabet. */
static int digit_value(const char *alphabet, uint8_t c)
{
	const char *at = c ? strchr(alphabet, c) : NULL;

	return at ? (int)(at - alphabet) : -1;
}

enum err text_unhex(struct rd text, struct wr *out)
{
	if (text.n % 2)
		return ERR_FORMAT;
	for (size_t i = 0; i < text.n; i += 2) {
		int v[2];

		for (size_t j = 0; j < 2; j++) {
			uint8_t c = text.p[i + j];

			v[j] = digit_value(hex_digits, c >= 'A' && c <= 'F' ? (uint8_t)(c - 'A' + 'a') : c);
			if (v[j] < 0)
				return ERR_FORMAT;
		}
		wr_u8(out, (uint8_t)(v[0] << 4 | v[1]));
	}
	return wr_done(out);
}

bool text_unpercent(struct rd in, bool plus, char *out, size_t size)
{
	struct wr w;
	uint8_t c;

	wr_init(&w, out, size);
	while (rd_u8(&in, &c)) {
		if (c == '+' && plus) {
			wr_u8(&w, ' ');
		} else if (c != '%') {
			wr_u8(&w, c);
		} else {
			if (in.n < 2 || text_unhex(rd_of(in.p, 2), &w))
				return false;
			in = rd_of(in.p + 2, in.n - 2);
		}
	}
	wr_u8(&w, 0);
	return !wr_done(&w) && strlen(out) + 1 == w.n;
}

/* Eight bits in, digits of the alphabet out; the last digit is filled with zero bits. */
static void put_digits(struct wr *w, struct rd bytes, const char *alphabet, unsigned bits)
{
	uint8_t *p = wr_space(w, bytes.n / bits * 8 + (bytes.n % bits * 8 + bits - 1) / bits);
	uint32_t acc = 0;
	unsigned have = 0;

	for (size_t i = 0; p && i < bytes.n; i++) {
		acc = acc << 8 | bytes.p[i];
		for (have += 8; have >= bits; have -= bits)
			*p++ = (uint8_t)alphabet[acc >> (have - bits) & ((1u << bits) - 1)];
	}
	if (p && have)
		*p = (uint8_t)alphabet[acc << (bits - have) & ((1u << bits) - 1)];
}

void wr_base64url(struct wr *w, struct rd bytes)
{
	put_digits(w, bytes, base64url_digits, 6);
}

void wr_base32(struct wr *w, struct rd bytes)
{
	if (bytes.n % 5)
		wr_fail(w, ERR_ARG);
	put_digits(w, bytes, base32_digits, 5);
}

enum err text_unbase64url(struct rd text, struct wr *out)
{
	uint32_t acc = 0;
	unsigned have = 0;

	if (text.n % 4 == 1)
		return ERR_FORMAT;
	for (size_t i = 0; i < text.n; i++) {
		int v = digit_value(base64url_digits, text.p[i]);

		if (v < 0)
			return ERR_FORMAT;
		acc = acc << 6 | (uint32_t)v;
		have += 6;
		if (have >= 8) {
			have -= 8;
			wr_u8(out, (uint8_t)(acc >> have));
		}
	}
	/* RFC 4648 3.5: bits that carry nothing are zero, so that each value has one text. */
	if (acc & ((1u << have) - 1))
		return ERR_FORMAT;
	return wr_done(out);
}

/*
 * What moves the cursor, turns the direction of text or cannot be seen: C0, DEL, C1 (Unicode class Cc), line ends
 * (Zl, Zp), format characters (Cf) of the common blocks, letters and patterns that are blank, joiners and tags. Not the
 * variation selectors that follow pictures.
 */
static bool is_unsafe(uint32_t c)
{
	static const struct { uint32_t from, to; } ranges[] = {
		{ 0x00, 0x1f }, { 0x7f, 0x9f }, { 0xad, 0xad }, { 0x34f, 0x34f }, { 0x61c, 0x61c },
		{ 0x115f, 0x1160 }, { 0x17b4, 0x17b5 }, { 0x180b, 0x180f }, { 0x200b, 0x200f }, { 0x2028, 0x202e },
		{ 0x2060, 0x206f }, { 0x2800, 0x2800 }, { 0x3164, 0x3164 }, { 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 },
		{ 0xfff9, 0xfffb }, { 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i].from && c <= ranges[i].to)
			return true;
	return false;
}

static void show(struct wr *w, struct rd text, size_t max, bool quoted)
{
	size_t used = 0;

	while (!rd_end(&text)) {
		struct rd rest = text;
		uint8_t buf[16];
		struct wr piece;
		uint32_t c;

		WR_ARR(&piece, buf);
		if (!rd_utf8(&rest, &c)) {
			wr_printf(&piece, "\\x%02x", text.p[0]);
			rest = rd_of(text.p + 1, text.n - 1);
		} else if (!is_unsafe(c) && !(quoted && c == '"')) {
			wr_put(&piece, rd_of(text.p, text.n - rest.n));
		} else if (c < 0x80) {
			wr_printf(&piece, "\\x%02x", (unsigned)c);
		} else {
			wr_printf(&piece, "\\u{%04x}", (unsigned)c);
		}
		if (piece.n > max - used) {
			wr_text(w, "...");
			return;
		}
		used += piece.n;
		wr_put(w, wr_view(&piece));
		text = rest;
	}
}

void wr_shown(struct wr *w, struct rd text, size_t max)
{
	show(w, text, max, false);
}

void wr_quoted(struct wr *w, struct rd text, size_t max)
{
	wr_u8(w, '"');
	show(w, text, max, true);
	wr_u8(w, '"');
}

const char *text_shown(struct rd text, char *buf, size_t cap)
{
	const size_t room = sizeof("...");
	struct wr w;

	wr_init(&w, buf, cap);
	if (cap > room)
		wr_shown(&w, text, cap - room);
	return wr_cstr(&w);
}
