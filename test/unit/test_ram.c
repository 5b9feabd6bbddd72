/* SPDX-License-Identifier: Apache-2.0 */
/* RAMOverHTTP templates: the bytes of reference ramoverhttp 9, in both directions, and what must not be read. */
#include "test/unit/test.h"

#include <stdlib.h>

#include "ramoverhttp/ram.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ATR "3BDE96FF8191FE1FC38031815448534D3173802140810792"
#define SELECT "00A404000BE82B0601040181C31F020100"
#define READ_DEVAUT "00B12F02000004540200000000"
#define REMOVED "1143617264207761732072656D6F7665642E"

static uint8_t store[1 << 17];
static struct wr bytes;

static struct rd hex(const char *text)
{
	return test_unhex(&bytes, text);
}

static int forget_bytes(void **state)
{
	(void)state;
	WR_ARR(&bytes, store);
	return 0;
}

static void initiation(void **state)
{
	struct ram_initiation i = { .atr = hex(ATR) }, in;
	struct wr w;

	(void)state;
	wr_init_heap(&w, 1000);
	ram_write_initiation(&w, &i);
	assert_bytes_equal(wr_view(&w), hex("E81AC018" ATR));
	assert_int_equal(ram_read_initiation(wr_view(&w), &in), ERR_OK);
	assert_bytes_equal(in.atr, i.atr);
	assert_int_equal(in.max_cmd, 0);

	/* With the limits that later Java clients send. */
	wr_reset(&w);
	i.max_cmd = i.max_rsp = 4095;
	ram_write_initiation(&w, &i);
	assert_bytes_equal(wr_view(&w), hex("E822C018" ATR "C1020FFFC2020FFF"));
	assert_int_equal(ram_read_initiation(wr_view(&w), &in), ERR_OK);
	assert_int_equal(in.max_cmd, 4095);
	assert_int_equal(in.max_rsp, 4095);
	wr_free(&w);
}

static void bad_initiations(void **state)
{
	static const char *const bad[] = {
		"", "E800", "E802C000", "E803C10110", "E8", "E804C0023B", "E805C0023B0000", "AA04C0023B00",
		"E804C0023B0000",
		"E807C0023B00C101FF", "E8048E023B00", "E80AC0023B00C1050102030405",
		"E824C0223B0000000000000000000000000000000000000000000000000000000000000000",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct ram_initiation in;

		if (ram_read_initiation(hex(bad[i]), &in) != ERR_FORMAT)
			fail_msg("%s", bad[i]);
	}
}

/* Objects as text, so that a test can say what it wants to see: "cmd HEX", "reset", "note ID TEXT SECONDS". */
static const char *units_text(struct rd units, struct wr *w)
{
	struct ram_unit u;
	enum err e;

	while (!(e = ram_next_unit(&units, &u))) {
		wr_text(w, w->n ? " | " : "");
		if (u.kind == RAM_COMMAND) {
			wr_text(w, "cmd ");
			wr_hex(w, u.cmd);
		} else if (u.kind == RAM_RESET) {
			wr_text(w, "reset");
		} else {
			wr_printf(w, "note %d %.*s %u", u.id, (int)u.message.n, (const char *)u.message.p, u.seconds);
		}
	}
	if (e != ERR_NOT_FOUND)
		wr_printf(w, "%s%s", w->n ? " | " : "", err_text(e));
	return wr_cstr(w);
}

static void templates_that_were_recorded(void **state)
{
	static const struct { const char *hex, *text; } rows[] = {
		{ "AA132211" SELECT, "cmd 00a404000be82b0601040181c31f020100" },
		{ "AA222211" SELECT "220D" READ_DEVAUT,
		  "cmd 00a404000be82b0601040181c31f020100 | cmd 00b12f02000004540200000000" },
		{ "AA00", "" },
		{ "AA1FE0170201010C1257616974696E6720666F722032206F662033220400200081",
		  "note 1 Waiting for 2 of 3 0 | cmd 00200081" },
		{ "AA0722058054000000", "cmd 8054000000" },
		{ "AA02C000", "reset" },
		{ "AA0BE0090201000C04446F6E65", "note 0 Done 0" },
		{ "AA2B220400A40400C000E00A0201050C026869C3010AE00C0201FF0C076661696C757265E007020200C80C0178",
		  "cmd 00a40400 | reset | note 5 hi 10 | note -1 failure 0 | note 200 x 0" },
		{ "AA12E0100201FF0C0B4E6F20617070726F76616C", "note -1 No approval 0" },
		{ "AA05E00302019C", "note -100  0" },
		{ "AA07E1050C03627965", "malformed data" },                     /* close by the server: never sent */
		{ "AA042202AABBCC", NULL }, { "AA", NULL }, { "", NULL }, { "AA0222", NULL }, { "AB00", NULL },
		{ "AA800000", NULL }, { "AA810122", NULL }, { "AA82000122", NULL }, { "AA8300000122", NULL },
		{ "AA03220200", "malformed data" },                             /* child past its parent */
		{ "AA022200", "malformed data" }, { "AA03C00100", "malformed data" }, { "AA02E000", "malformed data" },
		{ "AA05E0030C0178", "malformed data" }, { "AA09E00702010002010001", "malformed data" },
		{ "AA0AE0080206010203040506", "malformed data" }, { "AA05E003020001", "malformed data" },
		{ "AA04E2020102", "malformed data" }, { "AA03C30101", "malformed data" },
		{ "AA08E006020101C301FF", "malformed data" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		enum err want = rows[i].text ? ERR_OK : ERR_FORMAT;
		struct rd units = RD_NONE;
		struct wr w;

		if (ram_open_template(hex(rows[i].hex), &units) != want)
			fail_msg("%s", rows[i].hex);
		wr_init_heap(&w, 4096);
		if (rows[i].text && strcmp(units_text(units, &w), rows[i].text) != 0)
			fail_msg("%s is \"%s\"", rows[i].hex, wr_cstr(&w));
		wr_free(&w);
	}
}

static void templates_that_we_write(void **state)
{
	struct wr units, w;

	(void)state;
	wr_init_heap(&units, RAM_BODY_MAX);
	wr_init_heap(&w, RAM_BODY_MAX);
	ram_write_command(&units, hex("00A40400"));
	ram_write_reset(&units);
	ram_write_notify(&units, -1, RD_LIT("failure"));
	ram_write_notify(&units, 200, RD_LIT("x"));
	ram_write_template(&w, wr_view(&units));
	assert_bytes_equal(wr_view(&w), hex("AA1F220400A40400C000E00C0201FF0C076661696C757265E007020200C80C0178"));
	wr_reset(&w);
	ram_write_template(&w, RD_NONE);
	assert_bytes_equal(wr_view(&w), hex("AA00"));
	wr_free(&units);
	wr_free(&w);
}

/* Two's complement, minimal (section 3). */
static void integers(void **state)
{
	static const struct { int32_t v; const char *hex; } rows[] = {
		{ 0, "00" }, { 127, "7F" }, { 128, "0080" }, { 200, "00C8" }, { 255, "00FF" }, { 256, "0100" },
		{ 300, "012C" },
		{ -1, "FF" }, { -128, "80" }, { -129, "FF7F" }, { -100, "9C" }, { -101, "9B" }, { 32767, "7FFF" },
		{ 32768, "008000" }, { -32768, "8000" }, { -32769, "FF7FFF" }, { INT32_MAX, "7FFFFFFF" },
		{ INT32_MIN, "80000000" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rd want = hex(rows[i].hex), units;
		struct ram_unit u;
		struct wr w;

		wr_init_heap(&w, 100);
		ram_write_notify(&w, rows[i].v, RD_NONE);
		assert_int_equal(w.p[3], want.n);
		assert_bytes_equal(rd_of(w.p + 4, want.n), want);
		units = wr_view(&w);
		assert_int_equal(ram_next_unit(&units, &u), ERR_OK);
		assert_int_equal(u.id, rows[i].v);
		wr_free(&w);
	}
}

static void results_that_were_recorded(void **state)
{
	struct wr results, w;

	(void)state;
	wr_init_heap(&results, RAM_BODY_MAX);
	wr_init_heap(&w, RAM_BODY_MAX);
	ram_write_answer(&results, hex("9000"));
	ram_write_results(&w, wr_view(&results), 1);
	assert_bytes_equal(wr_view(&w), hex("AB0723029000800101"));
	ram_write_answer(&results, hex("9000"));
	wr_reset(&w);
	ram_write_results(&w, wr_view(&results), 2);
	assert_bytes_equal(wr_view(&w), hex("AB0B2302900023029000800102"));
	wr_reset(&results);
	wr_reset(&w);
	ram_write_results(&w, RD_NONE, 0);
	assert_bytes_equal(wr_view(&w), hex("AB03800100"));
	wr_reset(&w);
	ram_write_new_atr(&results, hex("3B80800101"));
	ram_write_results(&w, wr_view(&results), 0);
	assert_bytes_equal(wr_view(&w), hex("AB0AC0053B80800101800100"));
	wr_reset(&results);
	wr_reset(&w);
	ram_write_answer(&results, hex("9000"));
	ram_write_close(&results, RD_LIT("Card was removed."));
	ram_write_results(&w, wr_view(&results), 1);
	assert_bytes_equal(wr_view(&w), hex("AB1C23029000E1130C" REMOVED "800101"));
	wr_free(&results);
	wr_free(&w);
}

/* 700, 128 and 255 bytes of answer: the length forms. */
static void long_answers(void **state)
{
	static const struct { size_t n; const char *head; } rows[] = {
		{ 700, "AB8202C3238202BC" }, { 128, "AB8186238180" }, { 255, "AB8201052381FF" },
	};
	static uint8_t answer[700];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rd head = hex(rows[i].head), tail = hex("800101"), results;
		struct ram_result r;
		struct wr one, w;

		wr_init_heap(&one, RAM_BODY_MAX);
		wr_init_heap(&w, RAM_BODY_MAX);
		ram_write_answer(&one, rd_of(answer, rows[i].n));
		ram_write_results(&w, wr_view(&one), 1);
		assert_int_equal(w.n, head.n + rows[i].n + tail.n);
		assert_bytes_equal(rd_of(w.p, head.n), head);
		assert_bytes_equal(rd_of(w.p + w.n - tail.n, tail.n), tail);
		assert_int_equal(ram_open_results(wr_view(&w), &results), ERR_OK);
		assert_int_equal(ram_next_result(&results, &r), ERR_OK);
		assert_int_equal(r.kind, RAM_ANSWER);
		assert_int_equal(r.bytes.n, rows[i].n);
		assert_int_equal(ram_next_result(&results, &r), ERR_NOT_FOUND);
		wr_free(&one);
		wr_free(&w);
	}
}

static void a_body_has_a_ceiling(void **state)
{
	static uint8_t big[RAM_BODY_MAX];
	struct rd units;
	struct wr w;

	(void)state;
	wr_init_heap(&w, 70000);
	ram_write_template(&w, rd_of(big, RAM_BODY_MAX - 4));
	assert_int_equal(wr_done(&w), ERR_OK);
	assert_int_equal(w.n, RAM_BODY_MAX);
	wr_reset(&w);
	ram_write_template(&w, rd_of(big, RAM_BODY_MAX - 3));
	assert_int_equal(wr_done(&w), ERR_LIMIT);
	wr_reset(&w);
	ram_write_results(&w, rd_of(big, RAM_BODY_MAX - 4), 1);
	assert_int_equal(wr_done(&w), ERR_LIMIT);
	wr_reset(&w);
	/* A length of three bytes, well formed as BER. */
	wr_put(&w, RD_LIT("\xaa\x83\x01\x00\x00"));
	wr_zeros(&w, 65536);
	assert_int_equal(ram_open_template(wr_view(&w), &units), ERR_FORMAT);
	wr_free(&w);
}

static const char *results_text(struct rd results, struct wr *w)
{
	struct ram_result r;
	enum err e;

	while (!(e = ram_next_result(&results, &r))) {
		wr_text(w, w->n ? " | " : "");
		if (r.kind == RAM_CLOSE) {
			wr_printf(w, "close %d %.*s", r.code, (int)r.bytes.n, (const char *)r.bytes.p);
		} else {
			wr_text(w, r.kind == RAM_ANSWER ? "rsp " : "atr ");
			wr_hex(w, r.bytes);
		}
	}
	if (e != ERR_NOT_FOUND)
		wr_printf(w, "%s%s", w->n ? " | " : "", err_text(e));
	return wr_cstr(w);
}

static void results_of_other_clients(void **state)
{
	static const struct { const char *hex, *text; } rows[] = {
		{ "AB0723029000800101", "rsp 9000" },
		{ "AB03800100", "" },
		{ "AB00", "" },                                                 /* without a count */
		{ "AB0423029000", "rsp 9000" },
		{ "AB082302900080020080", "rsp 9000" },                         /* counts of several bytes, wrong */
		{ "AB07230263C3800177", "rsp 63c3" },
		{ "AB0B2306030002019000800101", "rsp 030002019000" },
		{ "AB0AC0053B80800101800100", "atr 3b80800101" },
		{ "AB18E1130C" REMOVED "800100", "close 0 Card was removed." },
		{ "AB1B23029000E1120C1053657373696F6E2063616E63656C6564800101", "rsp 9000 | close 0 Session canceled" },
		{ "AB0AE1080C0378797A0201FE", "close -2 xyz" },
		{ "AB0780010123029000", NULL },                                 /* the count is not the last */
		{ "AB06800100800100", NULL }, { "AB028000", NULL }, { "AB0780050102030405", NULL },
		{ "AA00", NULL }, { "AB", NULL }, { "", NULL }, { "AB0001", NULL }, { "AB022302", NULL },
		{ "AB032301AA", "malformed data" }, { "AB02C000", "malformed data" },
		{ "AB04220200A4", "malformed data" },
		{ "AB04E102020100", NULL }, { "AB05E103020501", "malformed data" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		enum err want = rows[i].text ? ERR_OK : ERR_FORMAT;
		struct rd results = RD_NONE;
		struct wr w;

		if (ram_open_results(hex(rows[i].hex), &results) != want)
			fail_msg("%s", rows[i].hex);
		wr_init_heap(&w, 4096);
		if (rows[i].text && strcmp(results_text(results, &w), rows[i].text) != 0)
			fail_msg("%s is \"%s\"", rows[i].hex, wr_cstr(&w));
		wr_free(&w);
	}
}

/* Cut off at each byte, in memory of exactly that size: nothing but ERR_FORMAT, and no byte behind the end. */
static void truncation(void **state)
{
	static const char *const whole[] = {
		"AA2B220400A40400C000E00A0201050C026869C3010AE00C0201FF0C076661696C757265E007020200C80C0178",
		"AB1B23029000E1120C1053657373696F6E2063616E63656C6564800101",
		"E822C018" ATR "C1020FFFC2020FFF",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(whole); i++) {
		struct rd all = hex(whole[i]);

		for (size_t n = 0; n < all.n; n++) {
			uint8_t *copy = malloc(n ? n : 1);
			struct ram_initiation in;
			struct rd r = rd_of(copy, n), out;

			assert_non_null(copy);
			memcpy(copy, all.p, n);
			assert_int_equal(ram_open_template(r, &out), ERR_FORMAT);
			assert_int_equal(ram_open_results(r, &out), ERR_FORMAT);
			assert_int_equal(ram_read_initiation(r, &in), ERR_FORMAT);
			free(copy);
		}
	}
}

static void a_message_has_a_ceiling(void **state)
{
	static uint8_t text[4096];
	struct ram_unit u;
	struct rd units;
	struct wr w;

	(void)state;
	wr_init_heap(&w, 10000);
	ram_write_notify(&w, 1, rd_of(text, 4095));
	units = wr_view(&w);
	assert_int_equal(ram_next_unit(&units, &u), ERR_OK);
	wr_reset(&w);
	ram_write_notify(&w, 1, rd_of(text, 4096));
	units = wr_view(&w);
	assert_int_equal(ram_next_unit(&units, &u), ERR_LIMIT);
	assert_int_equal(units.n, w.n);
	wr_free(&w);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, forget_bytes)
	static const struct CMUnitTest tests[] = {
		TEST(initiation),
		TEST(bad_initiations),
		TEST(templates_that_were_recorded),
		TEST(templates_that_we_write),
		TEST(integers),
		TEST(results_that_were_recorded),
		TEST(long_answers),
		TEST(a_body_has_a_ceiling),
		TEST(results_of_other_clients),
		TEST(truncation),
		TEST(a_message_has_a_ceiling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
