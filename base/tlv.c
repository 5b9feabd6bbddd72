/* SPDX-License-Identifier: Apache-2.0 */
#include "base/tlv.h"

#include <string.h>

/*
 * ISO 7816-4 5.2.2.1, X.690 8.1.2: more tag bytes follow a first byte that ends in five ones; the number of such a
 * tag is at least 31 and its first byte is not 80. A zero byte is no tag here: it is padding.
 */
static bool take_tag(struct rd *r, uint32_t *tag)
{
	uint8_t b;

	if (!rd_u8(r, &b) || b == 0)
		return false;
	*tag = b;
	if ((b & 0x1f) != 0x1f)
		return true;
	if (!rd_u8(r, &b) || b < 0x1f || b == 0x80)
		return false;
	*tag = *tag << 8 | b;
	if (!(b & 0x80))
		return true;
	if (!rd_u8(r, &b) || b & 0x80)
		return false;
	*tag = *tag << 8 | b;
	return true;
}

static bool take_length(struct rd *r, size_t *n)
{
	uint8_t first, b;

	if (!rd_u8(r, &first))
		return false;
	*n = first;
	if (first < 0x80)
		return true;
	if (first == 0x80 || first > 0x84)
		return false;
	*n = 0;
	for (unsigned i = first & 0x7f; i; i--) {
		if (!rd_u8(r, &b) || (*n == 0 && b == 0))
			return false;
		*n = *n << 8 | b;
	}
	return *n > 0x7f;
}

bool rd_tlv_any(struct rd *r, uint32_t *tag, struct rd *whole, struct rd *val)
{
	struct rd rest = *r;
	uint32_t t;
	struct rd v;
	size_t n;

	if (!take_tag(&rest, &t) || !take_length(&rest, &n) || !rd_take(&rest, n, &v))
		return false;
	if (whole)
		*whole = rd_of(r->p, r->n - rest.n);
	*tag = t;
	*val = v;
	*r = rest;
	return true;
}

bool rd_tlv_whole(struct rd *r, uint32_t tag, struct rd *whole, struct rd *val)
{
	struct rd rest = *r, w, v;
	uint32_t t;

	if (!rd_tlv_any(&rest, &t, &w, &v) || t != tag)
		return false;
	if (whole)
		*whole = w;
	*val = v;
	*r = rest;
	return true;
}

bool rd_tlv(struct rd *r, uint32_t tag, struct rd *val)
{
	return rd_tlv_whole(r, tag, NULL, val);
}

uint32_t rd_tlv_peek(struct rd r)
{
	struct rd val;
	uint32_t tag;

	return rd_tlv_any(&r, &tag, NULL, &val) ? tag : 0;
}

bool rd_tlv_find(struct rd r, uint32_t tag, struct rd *val)
{
	struct rd v, found = RD_NONE;
	unsigned times = 0;
	uint32_t t;

	while (!rd_end(&r)) {
		if (!rd_tlv_any(&r, &t, NULL, &v))
			return false;
		if (t == tag) {
			found = v;
			times++;
		}
	}
	if (times != 1)
		return false;
	*val = found;
	return true;
}

bool rd_der_uint(struct rd val, struct rd *magnitude)
{
	if (val.n == 0 || val.p[0] & 0x80)
		return false;
	if (val.n > 1 && val.p[0] == 0 && !(val.p[1] & 0x80))
		return false;
	*magnitude = val.p[0] == 0 ? rd_of(val.p + 1, val.n - 1) : val;
	return true;
}

bool rd_uint(struct rd val, uint32_t *v)
{
	uint32_t number = 0;

	if (val.n == 0 || val.n > sizeof(number))
		return false;
	for (size_t i = 0; i < val.n; i++)
		number = number << 8 | val.p[i];
	*v = number;
	return true;
}

/* The n low bytes of v, big endian. */
static void put_number(uint8_t *p, size_t v, size_t n)
{
	while (n--) {
		p[n] = (uint8_t)v;
		v >>= 8;
	}
}

/* How many bytes follow the first byte of a length field. */
static size_t length_extra(size_t len)
{
	size_t n = 0;

	if (len < 0x80)
		return 0;
	for (; len; len >>= 8)
		n++;
	return n;
}

static void put_length(uint8_t *p, size_t len)
{
	size_t extra = length_extra(len);

	p[0] = (uint8_t)(extra ? 0x80 | extra : len);
	put_number(p + 1, len, extra);
}

static void put_tag(struct wr *w, uint32_t tag)
{
	size_t n = tag > 0xffff ? 3 : tag > 0xff ? 2 : 1;
	uint8_t *p = wr_space(w, n);

	if (p)
		put_number(p, tag, n);
}

void wr_tlv(struct wr *w, uint32_t tag, struct rd val)
{
	uint8_t *p;

	put_tag(w, tag);
	if (length_extra(val.n) > 4)
		wr_fail(w, ERR_LIMIT);
	p = wr_space(w, 1 + length_extra(val.n));
	if (p)
		put_length(p, val.n);
	wr_put(w, val);
}

void wr_tlv_u8(struct wr *w, uint32_t tag, uint8_t v)
{
	wr_tlv(w, tag, rd_of(&v, 1));
}

void wr_der_uint(struct wr *w, struct rd magnitude)
{
	size_t mark = wr_tlv_open(w, 0x02);

	magnitude = rd_magnitude(magnitude);
	if (magnitude.n == 0 || magnitude.p[0] & 0x80)
		wr_u8(w, 0);
	wr_put(w, magnitude);
	wr_tlv_close(w, mark);
}

size_t wr_tlv_open(struct wr *w, uint32_t tag)
{
	put_tag(w, tag);
	wr_u8(w, 0);
	return w->n;
}

void wr_tlv_close(struct wr *w, size_t mark)
{
	size_t len = w->n - mark, extra = length_extra(len);

	if (wr_done(w) != ERR_OK)
		return;
	if (mark == 0 || mark > w->n || extra > 4) {
		wr_fail(w, ERR_BUG);
		return;
	}
	if (extra) {
		if (!wr_space(w, extra))
			return;
		memmove(w->p + mark + extra, w->p + mark, len);
	}
	put_length(w->p + mark - 1, len);
}
