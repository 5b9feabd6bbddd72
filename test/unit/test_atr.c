/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit/test.h"

#include <stdlib.h>

#include "apdu/usb/atr.h"
#include "base/limits.h"

static enum err read_hex(const char *hex, struct atr *a)
{
	static uint8_t room[64];
	struct wr w;

	WR_ARR(&w, room);
	return atr_read(test_unhex(&w, hex), a);
}

/* What the answers of known cards say; those of the SmartCard-HSM first. */
static const struct row {
	const char *hex;
	struct atr a;
	size_t history;
} rows[] = {
	{ "3BDE96FF8191FE1FC38031815448534D3173802140810792",
	  { .fi_di = 0x96, .guard = 0xFF, .protocols = 1u << 1, .first = 1, .ifsc = 254, .bwi = 4, .cwi = 13,
	    .waiting = 10 }, 14 },
	{ "3BFE1800008131FE458031815448534D31738021408107FA",
	  { .fi_di = 0x18, .guard = 0, .protocols = 1u << 1, .first = 1, .ifsc = 254, .bwi = 4, .cwi = 5,
	    .waiting = 10 }, 14 },
	/* T=0 and T=1; the parameters of T=1 stand in the third group */
	{ "3BD518FF8091FE1FC38073C8211308",
	  { .fi_di = 0x18, .guard = 0xFF, .protocols = 1u << 0 | 1u << 1, .first = 0, .ifsc = 254, .bwi = 4, .cwi = 13,
	    .waiting = 10 }, 5 },
	/* no interface bytes at all: T=0, no TCK */
	{ "3B00", { .fi_di = 0x11, .protocols = 1, .ifsc = 32, .bwi = 4, .cwi = 13, .waiting = 10 }, 0 },
	{ "3F024142", { .inverse = true, .fi_di = 0x11, .protocols = 1, .ifsc = 32, .bwi = 4, .cwi = 13,
			.waiting = 10 }, 2 },
	/* T=0 named: TC2 is its waiting time; still no TCK */
	{ "3B804020", { .fi_di = 0x11, .protocols = 1, .ifsc = 32, .bwi = 4, .cwi = 13, .waiting = 0x20 }, 0 },
};

static uint8_t xor_of(struct rd bytes)
{
	uint8_t x = 0;

	for (size_t i = 1; i < bytes.n; i++)
		x ^= bytes.p[i];
	return x;
}

static void same(const struct atr *a, const struct atr *b)
{
	assert_int_equal(a->inverse, b->inverse);
	assert_int_equal(a->fi_di, b->fi_di);
	assert_int_equal(a->guard, b->guard);
	assert_int_equal(a->protocols, b->protocols);
	assert_int_equal(a->first, b->first);
	assert_int_equal(a->specific, b->specific);
	assert_int_equal(a->specific_protocol, b->specific_protocol);
	assert_int_equal(a->specific_default, b->specific_default);
	assert_int_equal(a->ifsc, b->ifsc);
	assert_int_equal(a->bwi, b->bwi);
	assert_int_equal(a->cwi, b->cwi);
	assert_int_equal(a->crc, b->crc);
	assert_int_equal(a->waiting, b->waiting);
}

static void test_known(void **state)
{
	struct atr a;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(read_hex(rows[i].hex, &a), ERR_OK);
		same(&a, &rows[i].a);
		assert_int_equal(a.history.n, rows[i].history);
	}
}

/* Answers without their TCK, which the test adds. */
static const struct row made[] = {
	/* TD1 = 90: T=0, TA2 and TD2; TA2 = 11: specific, T=1, implicit rates; TD2 = 71: T=1, TA TB TC */
	{ "3B8090117120" "5501",
	  { .fi_di = 0x11, .protocols = 3, .first = 0, .specific = true, .specific_protocol = 1,
	    .specific_default = true, .ifsc = 32, .bwi = 5, .cwi = 5, .crc = true, .waiting = 10 }, 0 },
	/* TD1 = 81, TD2 = F1, TD3 = 71: the second set for T=1 does not count */
	{ "3B8081F180550071" "104401",
	  { .fi_di = 0x11, .protocols = 2, .first = 1, .ifsc = 128, .bwi = 5, .cwi = 5, .waiting = 10 }, 0 },
};

static void test_made(void **state)
{
	uint8_t room[64];
	struct atr a;
	struct wr w;

	(void)state;
	for (size_t i = 0; i < sizeof(made) / sizeof(*made); i++) {
		WR_ARR(&w, room);
		(void)test_unhex(&w, made[i].hex);
		assert_int_equal(atr_read(wr_view(&w), &a), ERR_FORMAT);        /* there must be a TCK */
		wr_u8(&w, xor_of(wr_view(&w)));
		assert_int_equal(atr_read(wr_view(&w), &a), ERR_OK);
		same(&a, &made[i].a);
		wr_u8(&w, 0);                                                   /* and nothing after it */
		assert_int_equal(atr_read(wr_view(&w), &a), ERR_FORMAT);
	}
}

static void test_refused(void **state)
{
	static const char *const bad[] = {
		"", "3B", "00", "3C00", "3B10", "3B0141" "42", "3B80", "3B8081", "3B80810180" "80",
		"3B80817100550125",             /* IFSC 0 */
		"3B808171FF5501DA",             /* IFSC 255 */
		"3B80817120A501D5",             /* BWI 10 */
		"3BDE96FF8191FE1FC38031815448534D3173802140810793",     /* TCK */
	};
	uint8_t many[ATR_MAX + 1] = { 0x3B };
	struct atr a;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(read_hex(bad[i], &a), ERR_FORMAT);
	assert_int_equal(atr_read(RD_ARR(many), &a), ERR_LIMIT);
}

/* Cut at every byte, and each byte changed: never more than what was given is read, and TCK sees it. */
static void test_every_byte(void **state)
{
	uint8_t room[64];
	struct atr a;
	struct wr w;
	struct rd r;

	(void)state;
	WR_ARR(&w, room);
	r = test_unhex(&w, rows[0].hex);
	for (size_t n = 0; n < r.n; n++) {
		uint8_t *copy = malloc(n ? n : 1);

		memcpy(copy, r.p, n);
		assert_int_equal(atr_read(rd_of(copy, n), &a), ERR_FORMAT);
		free(copy);
		room[n] ^= 0x01;
		assert_int_equal(atr_read(r, &a), ERR_FORMAT);
		room[n] ^= 0x01;
	}
	assert_int_equal(atr_read(r, &a), ERR_OK);
}

static void test_waiting(void **state)
{
	struct atr a;

	(void)state;
	assert_int_equal(read_hex(rows[0].hex, &a), ERR_OK);
	/* 2^4 * 960 * 372 / 4 MHz = 1428.48 ms; 11 etu of 512/32 = 0.044 ms */
	assert_int_equal(atr_t1_wait_ms(&a, a.fi_di, 4000), 1429);
	a.bwi = 9;
	assert_int_equal(atr_t1_wait_ms(&a, 0x11, 4000), 45713);
	/* a clock that is not told is taken for the slowest; reserved rates for the default ones */
	assert_int_equal(atr_t1_wait_ms(&a, 0x11, 0), 182850);
	assert_int_equal(atr_t1_wait_ms(&a, 0x7E, 1000), 182850);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_made),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
