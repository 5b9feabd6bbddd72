/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit/test.h"

#include "base/tlv.h"

static void tags_of_one_to_three_bytes(void **state)
{
	static const struct { struct rd bytes; uint32_t tag; } rows[] = {
		{ RD_LIT("\x30\x01\xaa"), 0x30 },
		{ RD_LIT("\x5f\x29\x01\xaa"), 0x5f29 },
		{ RD_LIT("\x7f\x21\x01\xaa"), 0x7f21 },
		{ RD_LIT("\x7f\x81\x01\x01\xaa"), 0x7f8101 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rd r = rows[i].bytes, whole, val;
		uint32_t tag;

		assert_int_equal(rd_tlv_peek(r), rows[i].tag);
		assert_false(rd_tlv(&r, rows[i].tag + 1, &val));
		assert_int_equal(r.n, rows[i].bytes.n);
		assert_true(rd_tlv_whole(&r, rows[i].tag, &whole, &val));
		assert_true(rd_end(&r));
		assert_bytes_equal(whole, rows[i].bytes);
		assert_bytes_equal(val, RD_LIT("\xaa"));
		r = rows[i].bytes;
		assert_true(rd_tlv_any(&r, &tag, NULL, &val));
		assert_int_equal(tag, rows[i].tag);
	}
}

static void malformed_elements_move_nothing(void **state)
{
	static const struct rd rows[] = {
		RD_LIT(""), RD_LIT("\x30"), RD_LIT("\x30\x02\x01"), RD_LIT("\x00\x00"),
		RD_LIT("\x30\x80\x00\x00"),             /* indefinite */
		RD_LIT("\x30\x81\x01\xaa"),             /* longer than needed */
		RD_LIT("\x30\x82\x00\x01\xaa"), RD_LIT("\x30\x82\x00\x80"), RD_LIT("\x30\x83\x00\x01\x00"),
		RD_LIT("\x30\x85\x01\x01\x01\x01\x01"), RD_LIT("\x30\x84\xff\xff\xff\xff"), RD_LIT("\x30\xff"),
		RD_LIT("\x7f"), RD_LIT("\x7f\x1e\x00"), RD_LIT("\x7f\x80\x01\x00"), RD_LIT("\x7f\x81\x81\x01\x00"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rd r = rows[i], val;
		uint32_t tag;

		assert_false(rd_tlv_any(&r, &tag, NULL, &val));
		assert_ptr_equal(r.p, rows[i].p);
		assert_int_equal(r.n, rows[i].n);
		assert_int_equal(rd_tlv_peek(r), 0);
	}
}

static void lengths_round_trip_in_minimal_form(void **state)
{
	static const struct { size_t n, header; } rows[] = {
		{ 0, 2 }, { 1, 2 }, { 127, 2 }, { 128, 3 }, { 255, 3 }, { 256, 4 }, { 65535, 4 },
		{ 65536, 5 }, { 70000, 5 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wr a, b, content;
		struct rd r, val;
		size_t mark;

		wr_init_heap(&a, 100000);
		wr_init_heap(&b, 100000);
		wr_init_heap(&content, 100000);
		for (size_t j = 0; j < rows[i].n; j++)
			wr_u8(&content, (uint8_t)(j * 7));
		wr_tlv(&a, 0x53, wr_view(&content));
		mark = wr_tlv_open(&b, 0x53);
		wr_put(&b, wr_view(&content));
		wr_tlv_close(&b, mark);
		assert_int_equal(wr_done(&a), ERR_OK);
		assert_int_equal(wr_done(&b), ERR_OK);
		assert_int_equal(a.n, rows[i].n + rows[i].header);
		assert_bytes_equal(wr_view(&a), wr_view(&b));
		r = wr_view(&a);
		assert_true(rd_tlv(&r, 0x53, &val) && rd_end(&r));
		assert_bytes_equal(val, wr_view(&content));
		wr_free(&a);
		wr_free(&b);
		wr_free(&content);
	}
}

static void nested_elements_close_in_reverse_order(void **state)
{
	uint8_t room[16];
	struct wr w;
	size_t outer, inner;

	(void)state;
	WR_ARR(&w, room);
	outer = wr_tlv_open(&w, 0x7f49);
	inner = wr_tlv_open(&w, 0x06);
	wr_u8(&w, 0x2a);
	wr_tlv_close(&w, inner);
	wr_tlv_u8(&w, 0x53, 0xc0);
	wr_tlv_close(&w, outer);
	assert_bytes_equal(wr_view(&w), RD_LIT("\x7f\x49\x06\x06\x01\x2a\x53\x01\xc0"));
	/* No room for the longer length field: latched, not written. */
	wr_init(&w, room, 5);
	outer = wr_tlv_open(&w, 0x30);
	wr_zeros(&w, 4);
	wr_tlv_close(&w, outer);
	assert_int_equal(wr_done(&w), ERR_BUFFER);
}

static void find_wants_exactly_one(void **state)
{
	struct rd val;

	(void)state;
	assert_true(rd_tlv_find(RD_LIT("\x80\x01\x01\x82\x01\x02\x81\x00"), 0x82, &val));
	assert_bytes_equal(val, RD_LIT("\x02"));
	assert_false(rd_tlv_find(RD_LIT("\x80\x01\x01\x82\x01\x02"), 0x83, &val));
	assert_false(rd_tlv_find(RD_LIT("\x82\x01\x01\x82\x01\x02"), 0x82, &val));
	assert_false(rd_tlv_find(RD_LIT("\x82\x01\x01\x83\x05\x02"), 0x82, &val));
}

static void integers(void **state)
{
	uint8_t room[8];
	struct rd val;
	struct wr w;
	uint32_t v;

	(void)state;
	assert_true(rd_der_uint(RD_LIT("\x00\x80"), &val));
	assert_bytes_equal(val, RD_LIT("\x80"));
	assert_true(rd_der_uint(RD_LIT("\x00"), &val) && val.n == 0);
	assert_false(rd_der_uint(RD_LIT("\x00\x7f"), &val));
	assert_false(rd_der_uint(RD_LIT("\x80"), &val));
	assert_false(rd_der_uint(RD_NONE, &val));
	assert_true(rd_uint(RD_LIT("\x01\x00\x01"), &v));
	assert_int_equal(v, 65537);
	assert_false(rd_uint(RD_LIT("\x01\x02\x03\x04\x05"), &v));
	assert_false(rd_uint(RD_NONE, &v));
	WR_ARR(&w, room);
	wr_der_uint(&w, RD_LIT("\x00\x00\x80"));
	wr_der_uint(&w, RD_LIT("\x00"));
	assert_bytes_equal(wr_view(&w), RD_LIT("\x02\x02\x00\x80\x02\x01\x00"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(tags_of_one_to_three_bytes),
		cmocka_unit_test(malformed_elements_move_nothing),
		cmocka_unit_test(lengths_round_trip_in_minimal_form),
		cmocka_unit_test(nested_elements_close_in_reverse_order),
		cmocka_unit_test(find_wants_exactly_one),
		cmocka_unit_test(integers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
