/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit/test.h"

#include "base/date.h"

static void hexadecimal(void **state)
{
	uint8_t room[16];
	struct wr w;

	(void)state;
	WR_ARR(&w, room);
	wr_hex(&w, RD_LIT("\x00\xaf\x10"));
	assert_bytes_equal(wr_view(&w), RD_LIT("00af10"));
	wr_reset(&w);
	assert_int_equal(text_unhex(RD_LIT("00aF10"), &w), ERR_OK);
	assert_bytes_equal(wr_view(&w), RD_LIT("\x00\xaf\x10"));
	assert_int_equal(text_unhex(RD_LIT("0"), &w), ERR_FORMAT);
	assert_int_equal(text_unhex(RD_LIT("0g"), &w), ERR_FORMAT);
	assert_int_equal(text_unhex(RD_LIT("0 "), &w), ERR_FORMAT);
	assert_int_equal(text_unhex(RD_LIT("\0\0"), &w), ERR_FORMAT);
	wr_init(&w, room, 1);
	assert_int_equal(text_unhex(RD_LIT("0011"), &w), ERR_BUFFER);
}

static void decimal(void **state)
{
	uint8_t room[20];
	struct wr w;

	(void)state;
	WR_ARR(&w, room);
	wr_decimal(&w, 0);
	wr_decimal(&w, 1009);
	assert_bytes_equal(wr_view(&w), RD_LIT("01009"));
	wr_reset(&w);
	wr_decimal(&w, UINT64_MAX);
	assert_bytes_equal(wr_view(&w), RD_LIT("18446744073709551615"));
	wr_decimal(&w, 7);
	assert_int_equal(wr_done(&w), ERR_BUFFER);
}

static void durations(void **state)
{
	static const struct {
		uint32_t seconds;
		const char *text;
	} rows[] = {
		{ 0, "0 s" }, { 59, "59 s" }, { 60, "1 min" }, { 3600, "1 h" }, { 3601, "1 h 1 s" },
		{ 5400, "1 h 30 min" }, { 604799, "167 h 59 min 59 s" }, { UINT32_MAX, "1193046 h 28 min 15 s" },
	};
	uint8_t room[40];
	struct wr w;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		WR_ARR(&w, room);
		wr_duration(&w, rows[i].seconds);
		assert_string_equal(wr_cstr(&w), rows[i].text);
	}
}

/* RFC 4648 10, without padding. */
static void base64_and_base32(void **state)
{
	static const struct { struct rd plain, text; } rows[] = {
		{ RD_LIT(""), RD_LIT("") }, { RD_LIT("f"), RD_LIT("Zg") }, { RD_LIT("fo"), RD_LIT("Zm8") },
		{ RD_LIT("foo"), RD_LIT("Zm9v") }, { RD_LIT("foob"), RD_LIT("Zm9vYg") },
		{ RD_LIT("foobar"), RD_LIT("Zm9vYmFy") }, { RD_LIT("\xfb\xff\xfe"), RD_LIT("-__-") },
	};
	static const char *const bad[] = { "Z", "Zg=", "Zg==", "Zh", "Zm9", "Z+8", "Z/8", "Zm9vY", "Z g" };
	uint8_t room[32];
	struct wr w;

	(void)state;
	WR_ARR(&w, room);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		wr_init(&w, room, rows[i].text.n);
		wr_base64url(&w, rows[i].plain);
		assert_bytes_equal(wr_view(&w), rows[i].text);
		WR_ARR(&w, room);
		assert_int_equal(text_unbase64url(rows[i].text, &w), ERR_OK);
		assert_bytes_equal(wr_view(&w), rows[i].plain);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(text_unbase64url(rd_str(bad[i]), &w), ERR_FORMAT);
	wr_reset(&w);
	wr_base32(&w, RD_LIT("fooba"));
	assert_bytes_equal(wr_view(&w), RD_LIT("MZXW6YTB"));
	wr_base32(&w, RD_LIT("f"));
	assert_int_equal(wr_done(&w), ERR_ARG);
}

static void typed(void **state)
{
	(void)state;
	assert_true(text_is_typed(RD_LIT("")));
	assert_true(text_is_typed(RD_LIT("a b\xc3\xa9~")));
	assert_false(text_is_typed(RD_LIT("a\n")));
	assert_false(text_is_typed(RD_LIT("a\0b")));
	assert_false(text_is_typed(RD_LIT("\x7f")));
	assert_false(text_is_typed(RD_LIT("a\xe9")));
}

static void utf8(void **state)
{
	static const struct { struct rd text; uint32_t c; } good[] = {
		{ RD_LIT("a"), 'a' }, { RD_LIT("\xc3\xa4"), 0xe4 }, { RD_LIT("\xe2\x82\xac"), 0x20ac },
		{ RD_LIT("\xf0\x9f\x94\x91"), 0x1f511 }, { RD_LIT("\xf4\x8f\xbf\xbf"), 0x10ffff },
	};
	static const struct rd bad[] = {
		RD_LIT(""), RD_LIT("\x80"), RD_LIT("\xc3"), RD_LIT("\xc3("), RD_LIT("\xc0\xaf"), RD_LIT("\xe0\x80\xaf"),
		RD_LIT("\xed\xa0\x80"), RD_LIT("\xf4\x90\x80\x80"), RD_LIT("\xf8\x88\x80\x80\x80"), RD_LIT("\xff"),
	};
	uint32_t c;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct rd r = good[i].text;

		assert_true(rd_utf8(&r, &c) && rd_end(&r));
		assert_int_equal(c, good[i].c);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct rd r = bad[i];

		assert_false(rd_utf8(&r, &c));
		assert_int_equal(r.n, bad[i].n);
	}
}

static void foreign_text_cannot_drive_a_terminal(void **state)
{
	static const struct { struct rd in; const char *out; } rows[] = {
		{ RD_LIT("plain"), "plain" },
		{ RD_LIT("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f" },
		{ RD_LIT("a\x1b[31m\n\x7f"), "a\\x1b[31m\\x0a\\x7f" },
		{ RD_LIT("a\xe2\x80\xae" "b"), "a\\u{202e}b" },
		{ RD_LIT("\xc2\x9b"), "\\u{009b}" },
		{ RD_LIT("\xe2\x80\xa8\xe2\x81\xa6\xef\xbb\xbf"), "\\u{2028}\\u{2066}\\u{feff}" },
		{ RD_LIT("a\xe3\x85\xa4" "b\xe2\xa0\x80" "c\xcd\x8f" "d\xef\xbe\xa0"),
		  "a\\u{3164}b\\u{2800}c\\u{034f}d\\u{ffa0}" },
		{ RD_LIT("\xe1\x85\x9f\xe1\x85\xa0\xf0\x9d\x85\xb3"), "\\u{115f}\\u{1160}\\u{1d173}" },
		{ RD_LIT("\xff\xc3"), "\\xff\\xc3" },
	};
	char room[128], small[8];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(text_shown(rows[i].in, room, sizeof(room)), rows[i].out);
	assert_string_equal(text_shown(RD_LIT("1234"), small, sizeof(small)), "1234");
	assert_string_equal(text_shown(RD_LIT("12345"), small, sizeof(small)), "1234...");
	/* Never half a character. */
	assert_string_equal(text_shown(RD_LIT("123\xc3\xbc"), small, sizeof(small)), "123...");
	assert_string_equal(text_shown(RD_LIT("1\n2"), small, sizeof(small)), "1...");
	assert_string_equal(text_shown(RD_LIT("1"), small, 3), "");
}

static void dates(void **state)
{
	static const struct { int64_t t; const char *text; } rows[] = {
		{ 0, "1970-01-01T00:00:00Z" },
		{ 951782399, "2000-02-28T23:59:59Z" },
		{ 951782400, "2000-02-29T00:00:00Z" },
		{ 1709251199, "2024-02-29T23:59:59Z" },
		{ 1735689599, "2024-12-31T23:59:59Z" },
		{ 1735689600, "2025-01-01T00:00:00Z" },
		{ 4107542400, "2100-03-01T00:00:00Z" },
		{ -5, "1970-01-01T00:00:00Z" },
	};
	int64_t days;
	struct wr w;

	(void)state;
	wr_init_heap(&w, 64);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		wr_reset(&w);
		wr_time(&w, rows[i].t);
		assert_string_equal(wr_cstr(&w), rows[i].text);
	}
	wr_free(&w);
	assert_int_equal(date_days(2026, 5, 28, &days), ERR_OK);
	assert_int_equal(days, 20601);
	assert_int_equal(date_days(2024, 2, 29, &days), ERR_OK);
	assert_int_equal(date_days(2023, 2, 29, &days), ERR_FORMAT);
	assert_int_equal(date_days(2100, 2, 29, &days), ERR_FORMAT);
	assert_int_equal(date_days(2023, 13, 1, &days), ERR_FORMAT);
	assert_int_equal(date_days(2023, 0, 1, &days), ERR_FORMAT);
	assert_int_equal(date_days(2023, 4, 31, &days), ERR_FORMAT);
	assert_int_equal(date_days(2023, 4, 0, &days), ERR_FORMAT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(hexadecimal),
		cmocka_unit_test(decimal),
		cmocka_unit_test(durations),
		cmocka_unit_test(base64_and_base32),
		cmocka_unit_test(utf8),
		cmocka_unit_test(typed),
		cmocka_unit_test(foreign_text_cannot_drive_a_terminal),
		cmocka_unit_test(dates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
