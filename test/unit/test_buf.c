/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit/test.h"

#include "base/buf.h"

static void reads_move_only_on_success(void **state)
{
	static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7 };
	struct rd r = RD_ARR(bytes), part;
	uint32_t u32;
	uint16_t u16;
	uint8_t u8;

	(void)state;
	assert_true(rd_u8(&r, &u8));
	assert_int_equal(u8, 1);
	assert_true(rd_u16(&r, &u16));
	assert_int_equal(u16, 0x0203);
	assert_true(rd_u32(&r, &u32));
	assert_int_equal(u32, 0x04050607);
	assert_true(rd_end(&r));
	assert_false(rd_u8(&r, &u8));

	r = RD_ARR(bytes);
	assert_true(rd_take(&r, 5, &part));
	assert_false(rd_u32(&r, &u32));
	assert_false(rd_take(&r, 3, &part));
	assert_int_equal(r.n, 2);
	assert_int_equal(part.n, 5);
	assert_true(rd_take(&r, 0, &part));
	assert_true(rd_take(&r, 2, &part) && rd_end(&r));
	r = RD_NONE;
	assert_true(rd_take(&r, 0, &part));
	assert_false(rd_take(&r, SIZE_MAX, &part));
}

static void comparisons(void **state)
{
	(void)state;
	assert_true(rd_eq(RD_LIT("abc"), rd_str("abc")));
	assert_false(rd_eq(RD_LIT("abc"), rd_str("abd")));
	assert_false(rd_eq(RD_LIT("abc"), rd_str("ab")));
	assert_true(rd_eq(RD_NONE, rd_str(NULL)));
	assert_true(rd_eq_str(RD_LIT("x"), "x"));
	assert_true(rd_eq_secret(RD_LIT("abc"), rd_str("abc")));
	assert_false(rd_eq_secret(RD_LIT("abc"), rd_str("xbc")));
	assert_false(rd_eq_secret(RD_LIT("abc"), rd_str("abx")));
	assert_false(rd_eq_secret(RD_LIT("abc"), rd_str("ab")));
	assert_true(rd_is_zero(RD_LIT("\0\0")));
	assert_false(rd_is_zero(RD_LIT("\0\1")));
}

static void a_full_array_latches_and_is_never_overrun(void **state)
{
	uint8_t room[8];
	struct wr w;

	(void)state;
	memset(room, 0x55, sizeof(room));
	wr_init(&w, room, 6);
	wr_u32(&w, 0x01020304);
	wr_u8(&w, 5);
	assert_int_equal(wr_done(&w), ERR_OK);
	wr_u16(&w, 0x0607);
	assert_int_equal(wr_done(&w), ERR_BUFFER);
	assert_int_equal(w.n, 5 + 1);
	wr_reset(&w);
	assert_int_equal(wr_done(&w), ERR_OK);
	assert_true(rd_is_zero(rd_of(room, 6)));
	wr_put(&w, RD_LIT("abcdef"));
	assert_int_equal(wr_done(&w), ERR_OK);
	wr_zeros(&w, 1);
	assert_int_equal(wr_done(&w), ERR_BUFFER);
	wr_u8(&w, 1);
	assert_int_equal(wr_done(&w), ERR_BUFFER);
	assert_int_equal(room[6], 0x55);
	wr_free(&w);
	assert_int_equal(w.n, 0);
}

static void the_heap_grows_to_its_ceiling(void **state)
{
	struct wr w;

	(void)state;
	wr_init_heap(&w, 1000);
	for (int i = 0; i < 1000; i++)
		wr_u8(&w, (uint8_t)i);
	assert_int_equal(wr_done(&w), ERR_OK);
	assert_int_equal(w.n, 1000);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(w.p[i], (uint8_t)i);
	assert_int_equal(strlen(wr_cstr(&w)), 0);
	wr_u8(&w, 0);
	assert_int_equal(wr_done(&w), ERR_BUFFER);
	wr_free(&w);
	assert_int_equal(wr_done(&w), ERR_OK);
	wr_put(&w, RD_LIT("again"));
	assert_string_equal(wr_cstr(&w), "again");
	wr_put(&w, rd_of(NULL, SIZE_MAX));
	assert_int_equal(wr_done(&w), ERR_BUFFER);
	wr_free(&w);
	wr_free(NULL);
}

static void text_has_a_terminator_that_is_not_counted(void **state)
{
	char room[6];
	struct wr w;

	(void)state;
	WR_ARR(&w, room);
	wr_printf(&w, "%d-%s", 12, "ab");
	assert_int_equal(w.n, 5);
	assert_string_equal(wr_cstr(&w), "12-ab");
	wr_u8(&w, 'c');
	assert_int_equal(wr_done(&w), ERR_OK);
	assert_string_equal(wr_cstr(&w), "");

	wr_init_heap(&w, 5);
	wr_printf(&w, "%s", "12345");
	assert_int_equal(wr_done(&w), ERR_OK);
	assert_string_equal(wr_cstr(&w), "12345");
	wr_printf(&w, "%s", "6");
	assert_int_equal(wr_done(&w), ERR_BUFFER);
	assert_string_equal(wr_cstr(&w), "");
	wr_free(&w);
}

static void cut_wipes_and_a_failure_of_the_callers_stays(void **state)
{
	uint8_t room[4];
	struct wr w;

	(void)state;
	WR_ARR(&w, room);
	wr_put(&w, RD_LIT("abcd"));
	wr_cut(&w, 1);
	assert_memory_equal(room, "a\0\0\0", 4);
	wr_fail(&w, ERR_FORMAT);
	wr_fail(&w, ERR_LIMIT);
	wr_u8(&w, 1);
	assert_int_equal(wr_done(&w), ERR_FORMAT);
	assert_int_equal(w.n, 1);
	assert_null(wr_space(&w, 1));
	wr_reset(&w);
	wr_cut(&w, 1);
	assert_int_equal(wr_done(&w), ERR_BUG);
}

static void every_error_has_a_text(void **state)
{
	(void)state;
	for (int e = 0; e < ERR_COUNT; e++)
		assert_string_not_equal(err_text((enum err)e), "unknown error");
	assert_string_equal(err_text(ERR_COUNT), "unknown error");
	assert_string_equal(err_name(ERR_COUNT), "unknown");
}

static void every_error_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (int e = 0; e < ERR_COUNT; e++) {
		const char *name = err_name((enum err)e);

		assert_true(*name && strspn(name, "abcdefghijklmnopqrstuvwxyz-") == strlen(name));
		assert_string_not_equal(name, "unknown");
		for (int other = 0; other < e; other++)
			assert_string_not_equal(name, err_name((enum err)other));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_move_only_on_success),
		cmocka_unit_test(comparisons),
		cmocka_unit_test(a_full_array_latches_and_is_never_overrun),
		cmocka_unit_test(the_heap_grows_to_its_ceiling),
		cmocka_unit_test(text_has_a_terminator_that_is_not_counted),
		cmocka_unit_test(cut_wipes_and_a_failure_of_the_callers_stays),
		cmocka_unit_test(every_error_has_a_text),
		cmocka_unit_test(every_error_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
