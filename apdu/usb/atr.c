/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu/usb/atr.h"

#include "base/limits.h"

#define TS_DIRECT   0x3B
#define TS_INVERSE  0x3F
#define T_GLOBAL    15                  /* not a protocol: what follows is for all (8.2.3) */
#define BWI_DEFAULT 4
#define BWI_MAX     9                   /* 10 to 15 are reserved (11.4.3) */
#define CWI_DEFAULT 13
#define WI_DEFAULT  10
#define IFSC_MAX    254

/* Interface bytes in the order in which they follow a Y: bits 5 to 8 (8.2.2). */
enum { TA, TB, TC, TD, KINDS };

/* The first two groups have meanings of their own (8.3); TB1 and TB2 were a programming voltage, to be ignored. */
static void take_global(struct atr *a, int kind, unsigned group, uint8_t v)
{
	if (group == 1 && kind == TA)
		a->fi_di = v;
	if (group == 1 && kind == TC)
		a->guard = v;
	if (group == 2 && kind == TA) {
		a->specific = true;
		a->specific_protocol = v & 0x0f;
		a->specific_default = v & 0x10;
	}
	if (group == 2 && kind == TC)
		a->waiting = v;
}

/* The first TA, TB and TC after a TD that names T=1, from the third group on (11.4.1); later ones do not count. */
static bool take_t1(struct atr *a, int kind, uint8_t v, unsigned *seen)
{
	if (*seen & 1u << kind)
		return true;
	*seen |= 1u << kind;
	if (kind == TA) {
		a->ifsc = v;
		return v >= 1 && v <= IFSC_MAX;
	}
	if (kind == TB) {
		a->bwi = v >> 4;
		a->cwi = v & 0x0f;
		return a->bwi <= BWI_MAX;
	}
	if (kind == TC)
		a->crc = v & 1;
	return true;
}

/* TD: the protocol of the next group. A named one counts as offered. */
static void offer(struct atr *a, uint8_t protocol)
{
	if (protocol == T_GLOBAL)
		return;
	if (!a->protocols)
		a->first = protocol;
	a->protocols |= 1u << protocol;
}

/*
 * The groups of interface bytes; a group is announced by the high half of T0 or of the TD before it. all: bits of the
 * values of T in TD, with 15.
 */
static bool take_interface(struct rd *r, uint8_t t0, struct atr *a, unsigned *all)
{
	unsigned group = 1, seen_t1 = 0;
	uint8_t y = t0 >> 4, protocol = 0, v, next;

	while (y) {
		next = 0;
		for (int kind = TA; kind < KINDS; kind++) {
			if (!(y & 1u << kind))
				continue;
			if (!rd_u8(r, &v))
				return false;
			if (kind == TD) {
				next = v >> 4;
				protocol = v & 0x0f;
				offer(a, protocol);
				*all |= 1u << protocol;
			} else if (group <= 2) {
				take_global(a, kind, group, v);
			} else if (protocol == 1 && !take_t1(a, kind, v, &seen_t1)) {
				return false;
			}
		}
		y = next;
		group++;
	}
	return true;
}

enum err atr_read(struct rd bytes, struct atr *out)
{
	struct atr a = { .fi_di = ATR_FI_DI_DEFAULT, .ifsc = ATR_IFSC_DEFAULT, .bwi = BWI_DEFAULT, .cwi = CWI_DEFAULT,
			 .waiting = WI_DEFAULT };
	struct rd r = bytes;
	uint8_t ts, t0, tck, sum = 0;
	unsigned all = 0;

	if (bytes.n > ATR_MAX)
		return ERR_LIMIT;
	if (!rd_u8(&r, &ts) || (ts != TS_DIRECT && ts != TS_INVERSE) || !rd_u8(&r, &t0))
		return ERR_FORMAT;
	a.inverse = ts == TS_INVERSE;
	if (!take_interface(&r, t0, &a, &all) || !rd_take(&r, t0 & 0x0f, &a.history))
		return ERR_FORMAT;
	if (!a.protocols)
		a.protocols = 1u << 0;
	/* TCK is absent only where T=0 alone is named, even by default (8.2.5). */
	if (all & ~1u) {
		if (!rd_u8(&r, &tck))
			return ERR_FORMAT;
		for (size_t i = 1; i < bytes.n; i++)
			sum ^= bytes.p[i];
		if (sum)
			return ERR_FORMAT;
	}
	if (!rd_end(&r))
		return ERR_FORMAT;
	*out = a;
	return ERR_OK;
}

/* Tables 7 and 8 of ISO 7816-3; 0: reserved. */
static const uint16_t f_of[16] = { 372, 372, 558, 744, 1116, 1488, 1860, 0, 0, 512, 768, 1024, 1536, 2048, 0, 0 };
static const uint8_t d_of[16] = { 0, 1, 2, 4, 8, 16, 32, 64, 12, 20, 0, 0, 0, 0, 0, 0 };

uint32_t atr_t1_wait_ms(const struct atr *a, uint8_t fi_di, uint32_t khz)
{
	uint32_t f = f_of[fi_di >> 4], d = d_of[fi_di & 0x0f];
	uint64_t cycles = (uint64_t)(1u << a->bwi) * 960 * 372;

	if (!f || !d) {
		f = 372;
		d = 1;
	}
	cycles += 11u * f / d;
	if (!khz)
		khz = 1000;             /* the slowest that a card must take (5.2.3): the longest wait */
	return (uint32_t)((cycles + khz - 1) / khz);
}

uint32_t atr_rate(uint8_t fi_di, uint32_t khz)
{
	uint32_t f = f_of[fi_di >> 4], d = d_of[fi_di & 0x0f];

	return f ? (uint32_t)((uint64_t)khz * 1000 * d / f) : 0;
}
