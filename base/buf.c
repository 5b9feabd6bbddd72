/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAP_FIRST 64

void wipe(void *p, size_t n)
{
	if (n)
		explicit_bzero(p, n);
}

struct rd rd_str(const char *s)
{
	return rd_of(s, s ? strlen(s) : 0);
}

bool rd_take(struct rd *r, size_t n, struct rd *out)
{
	if (n > r->n)
		return false;
	*out = rd_of(r->p, n);
	if (n)
		*r = rd_of(r->p + n, r->n - n);
	return true;
}

static bool take_number(struct rd *r, size_t n, uint32_t *v)
{
	struct rd bytes;

	if (!rd_take(r, n, &bytes))
		return false;
	*v = 0;
	for (size_t i = 0; i < n; i++)
		*v = *v << 8 | bytes.p[i];
	return true;
}

bool rd_u8(struct rd *r, uint8_t *v)
{
	uint32_t number;

	if (!take_number(r, 1, &number))
		return false;
	*v = (uint8_t)number;
	return true;
}

bool rd_u16(struct rd *r, uint16_t *v)
{
	uint32_t number;

	if (!take_number(r, 2, &number))
		return false;
	*v = (uint16_t)number;
	return true;
}

bool rd_u32(struct rd *r, uint32_t *v)
{
	return take_number(r, 4, v);
}

bool rd_end(const struct rd *r)
{
	return r->n == 0;
}

struct rd rd_magnitude(struct rd n)
{
	while (n.n && n.p[0] == 0)
		n = rd_of(n.p + 1, n.n - 1);
	return n;
}

bool rd_eq(struct rd a, struct rd b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool rd_eq_str(struct rd a, const char *s)
{
	return rd_eq(a, rd_str(s));
}

bool rd_eq_secret(struct rd a, struct rd b)
{
	volatile uint8_t differ = 0;

	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		differ = (uint8_t)(differ | (a.p[i] ^ b.p[i]));
	return differ == 0;
}

bool rd_is_zero(struct rd a)
{
	for (size_t i = 0; i < a.n; i++)
		if (a.p[i])
			return false;
	return true;
}

void wr_init(struct wr *w, void *buf, size_t cap)
{
	*w = (struct wr){ .p = buf, .cap = cap, .max = cap };
}

void wr_init_heap(struct wr *w, size_t max)
{
	*w = (struct wr){ .max = max, .heap = true };
}

void wr_free(struct wr *w)
{
	if (!w)
		return;
	wr_reset(w);
	if (w->heap) {
		free(w->p);
		w->p = NULL;
		w->cap = 0;
	}
}

void wr_reset(struct wr *w)
{
	wipe(w->p, w->n);
	w->n = 0;
	w->bad = ERR_OK;
}

void wr_fail(struct wr *w, enum err e)
{
	if (!w->bad)
		w->bad = e;
}

/*
 * Memory is never handed to realloc: what was written may be secret, and realloc leaves a copy. Heap memory has one
 * byte more than cap says, for the terminator of wr_cstr and wr_printf.
 */
__attribute__((noinline)) static bool grow(struct wr *w, size_t n)
{
	size_t cap = w->cap ? w->cap : HEAP_FIRST;
	uint8_t *p;

	if (n > w->max - w->n) {
		w->bad = ERR_BUFFER;
		return false;
	}
	if (!w->heap)
		return true;

	while (cap < w->max && cap - w->n < n)
		cap = cap > w->max / 2 ? w->max : cap * 2;
	if (cap > w->max)
		cap = w->max;
	p = malloc(cap + 1);
	if (!p) {
		w->bad = ERR_NOMEM;
		return false;
	}
	if (w->n)
		memcpy(p, w->p, w->n);
	wipe(w->p, w->n);
	free(w->p);
	w->p = p;
	w->cap = cap;
	return true;
}

/* Room for n more bytes, which nearly always is there: this is part of each wr_put, and grow is not. */
static inline bool reserve(struct wr *w, size_t n)
{
	if (w->bad)
		return false;
	return (w->p && n <= w->cap - w->n) || grow(w, n);
}

uint8_t *wr_space(struct wr *w, size_t n)
{
	uint8_t *p;

	if (!reserve(w, n))
		return NULL;
	p = w->n ? w->p + w->n : w->p;
	w->n += n;
	return p;
}

uint8_t *wr_room(struct wr *w, size_t n)
{
	if (!reserve(w, n))
		return NULL;
	return w->n ? w->p + w->n : w->p;
}

void wr_took(struct wr *w, size_t n)
{
	if (n > w->cap - w->n)
		wr_fail(w, ERR_BUG);
	else
		w->n += n;
}

void wr_put(struct wr *w, struct rd bytes)
{
	uint8_t *p = wr_space(w, bytes.n);

	if (p && bytes.n)
		memcpy(p, bytes.p, bytes.n);
}

void wr_u8(struct wr *w, uint8_t v)
{
	uint8_t *p = wr_space(w, 1);

	if (p)
		*p = v;
}

void wr_u16(struct wr *w, uint16_t v)
{
	wr_u8(w, (uint8_t)(v >> 8));
	wr_u8(w, (uint8_t)v);
}

void wr_u32(struct wr *w, uint32_t v)
{
	wr_u16(w, (uint16_t)(v >> 16));
	wr_u16(w, (uint16_t)v);
}

void wr_zeros(struct wr *w, size_t n)
{
	uint8_t *p = wr_space(w, n);

	if (p && n)
		memset(p, 0, n);
}

void wr_text(struct wr *w, const char *s)
{
	wr_put(w, rd_str(s));
}

void wr_printf(struct wr *w, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0) {
		wr_fail(w, ERR_BUG);
		return;
	}
	/* vsnprintf writes a terminator; only an array of the caller's has no byte of ours behind its end for it. */
	if (!reserve(w, (size_t)n + (w->heap ? 0 : 1)))
		return;
	va_start(ap, fmt);
	(void)vsnprintf((char *)w->p + w->n, (size_t)n + 1, fmt, ap);
	va_end(ap);
	w->n += (size_t)n;
}

void wr_cut(struct wr *w, size_t n)
{
	if (n > w->n) {
		wr_fail(w, ERR_BUG);
		return;
	}
	/* Where nothing was written there may be no memory, and even NULL + 0 is not defined (C11 6.5.6). */
	if (n < w->n)
		wipe(w->p + n, w->n - n);
	w->n = n;
}

enum err wr_done(const struct wr *w)
{
	return w->bad;
}

struct rd wr_view(const struct wr *w)
{
	return rd_of(w->p, w->n);
}

const char *wr_cstr(struct wr *w)
{
	if (!reserve(w, w->heap ? 0 : 1))
		return "";
	w->p[w->n] = 0;
	return (const char *)w->p;
}
