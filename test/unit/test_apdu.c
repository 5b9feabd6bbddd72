/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit/test.h"

#include <stdlib.h>

#include "apdu/apdu.h"

struct row {
	const char *hex;
	struct apdu a;
};

/* ISO 7816-4 5.1: each case in its short and extended form. */
static const uint8_t three[] = { 1, 2, 3 };
static const struct row rows[] = {
	{ "80500000", { .cla = 0x80, .ins = 0x50 } },
	{ "0084000008", { .ins = 0x84, .ne = 8 } },
	{ "8054000000", { .cla = 0x80, .ins = 0x54, .ne = 256 } },
	{ "00E4020003010203", { .ins = 0xE4, .p1 = 2, .data = { three, 3 } } },
	{ "00A4040C03010203FF", { .ins = 0xA4, .p1 = 4, .p2 = 0x0C, .data = { three, 3 }, .ne = 255 } },
	{ "80580000000000", { .cla = 0x80, .ins = 0x58, .ne = 65536, .extended = true } },
	{ "00840000000101", { .ins = 0x84, .ne = 257, .extended = true } },
	{ "00D7CF01000003010203", { .ins = 0xD7, .p1 = 0xCF, .p2 = 1, .data = { three, 3 }, .extended = true } },
	{ "00B12F020000030102030000",
	  { .ins = 0xB1, .p1 = 0x2F, .p2 = 2, .data = { three, 3 }, .ne = 65536, .extended = true } },
};

static void test_both_ways(void **state)
{
	struct wr expected, made;
	struct apdu a;

	(void)state;
	wr_init_heap(&expected, 4096);
	wr_init_heap(&made, 4096);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		wr_reset(&expected);
		wr_reset(&made);
		(void)test_unhex(&expected, rows[i].hex);
		assert_int_equal(apdu_encode(&rows[i].a, &made), ERR_OK);
		assert_bytes_equal(wr_view(&made), wr_view(&expected));
		assert_int_equal(apdu_decode(wr_view(&made), &a), ERR_OK);
		assert_int_equal(a.cla, rows[i].a.cla);
		assert_int_equal(a.ins, rows[i].a.ins);
		assert_int_equal(a.p1, rows[i].a.p1);
		assert_int_equal(a.p2, rows[i].a.p2);
		assert_int_equal(a.ne, rows[i].a.ne);
		assert_int_equal(a.extended, rows[i].a.extended);
		assert_bytes_equal(a.data, rows[i].a.data);
	}
	wr_free(&expected);
	wr_free(&made);
}

static void test_refused(void **state)
{
	static const char *const bad[] = {
		"", "00", "0084", "008400",
		"00A4000000" "01",              /* no case has six bytes that begin with a zero length */
		"00A40000" "02" "01",           /* less data than Lc */
		"00A40000" "01" "01" "0000",    /* more than an Le behind it */
		"00A40000" "000000" "01",       /* extended Lc of zero */
		"00A40000" "000001",            /* extended: that is an Le of one ... */
		"00A40000" "000002" "01",       /* extended: less data than Lc */
		"00A40000" "000001" "01" "00",  /* extended: half an Le */
		"00A40000" "000001" "01" "000000",
		"00A40000" "01" "01" "0000" "00",
	};
	struct apdu a;
	struct wr cmd;

	(void)state;
	wr_init_heap(&cmd, 64);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		wr_reset(&cmd);
		(void)test_unhex(&cmd, bad[i]);
		/* The one that is well formed after all shows that the others are not refused for their length only. */
		assert_int_equal(apdu_decode(wr_view(&cmd), &a), i == 8 ? ERR_OK : ERR_FORMAT);
	}
	wr_free(&cmd);
}

static void test_limits(void **state)
{
	struct apdu a = { .ins = 0xD7, .ne = 65536 }, back;
	uint8_t *data = calloc(1, APDU_DATA_MAX + 1);
	struct wr cmd;

	(void)state;
	assert_non_null(data);
	wr_init_heap(&cmd, 8192);
	a.data = rd_of(data, APDU_DATA_MAX);
	assert_int_equal(apdu_encode(&a, &cmd), ERR_OK);
	assert_int_equal(cmd.n, APDU_CMD_MAX);
	assert_int_equal(apdu_decode(wr_view(&cmd), &back), ERR_OK);
	assert_int_equal(back.data.n, APDU_DATA_MAX);
	wr_u8(&cmd, 0);
	assert_int_equal(apdu_decode(wr_view(&cmd), &back), ERR_LIMIT);

	wr_reset(&cmd);
	a.data = rd_of(data, APDU_DATA_MAX + 1);
	assert_int_equal(apdu_encode(&a, &cmd), ERR_LIMIT);
	a.data = RD_NONE;
	a.ne = 65537;
	assert_int_equal(apdu_encode(&a, &cmd), ERR_LIMIT);
	assert_int_equal(cmd.n, 0);

	/* One byte more than fits after all: the data is over the limit although the command is not. */
	wr_u32(&cmd, 0x00D70000);
	wr_u8(&cmd, 0);
	wr_u16(&cmd, APDU_DATA_MAX + 1);
	wr_put(&cmd, rd_of(data, APDU_DATA_MAX + 1));
	assert_int_equal(apdu_decode(wr_view(&cmd), &back), ERR_LIMIT);

	/* No room: latched by the writer. */
	uint8_t small[6];
	struct wr w;
	WR_ARR(&w, small);
	a = (struct apdu){ .data = RD_ARR(three) };
	assert_int_equal(apdu_encode(&a, &w), ERR_BUFFER);
	wr_free(&cmd);
	free(data);
}

static void test_answer(void **state)
{
	const uint8_t bytes[] = { 1, 2, 0x90, 0x00 };
	struct rd data;
	uint16_t sw;

	(void)state;
	assert_int_equal(apdu_answer(RD_ARR(bytes), &data, &sw), ERR_OK);
	assert_int_equal(sw, 0x9000);
	assert_int_equal(data.n, 2);
	assert_int_equal(apdu_answer(rd_of(bytes, 2), &data, &sw), ERR_OK);
	assert_int_equal(sw, 0x0102);
	assert_int_equal(data.n, 0);
	assert_int_equal(apdu_answer(rd_of(bytes, 1), &data, &sw), ERR_FORMAT);
	assert_int_equal(apdu_answer(RD_NONE, &data, &sw), ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
