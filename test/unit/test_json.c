/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit/test.h"

#include <jansson.h>

#include "base/json.h"

static void members_are_separated_and_escaped(void **state)
{
	struct wr w;

	(void)state;
	wr_init_heap(&w, 1000);
	wr_json_open(&w);
	wr_json_close(&w);
	assert_string_equal(wr_cstr(&w), "{}");
	wr_reset(&w);
	wr_json_open(&w);
	wr_json_text(&w, "a", RD_LIT("q\"b\\n\n{"));
	wr_json_number(&w, "n", INT64_MIN);
	wr_json_bool(&w, "t", true);
	wr_json_bool(&w, "f", false);
	wr_json_text(&w, "u", RD_LIT("\xc3\xbc\xff"));
	wr_json_close(&w);
	assert_string_equal(wr_cstr(&w), "{\"a\":\"q\\\"b\\\\n\\u000a{\",\"n\":-9223372036854775808,\"t\":true,"
			    "\"f\":false,\"u\":\"\xc3\xbc\xef\xbf\xbd\"}");
	wr_free(&w);
}

/* Every byte value, read back by a parser that is not ours. */
static void another_parser_reads_it(void **state)
{
	json_t *root, *v;
	json_error_t error;
	struct wr w;

	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		uint8_t text[3] = { 'x', (uint8_t)c, 'y' };

		wr_init_heap(&w, 1000);
		wr_json_open(&w);
		wr_json_text(&w, "k", rd_of(text, 3));
		wr_json_close(&w);
		root = json_loadb((const char *)w.p, w.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
		assert_non_null(root);
		v = json_object_get(root, "k");
		assert_true(json_is_string(v));
		if (c < 0x80)
			assert_bytes_equal(rd_of(json_string_value(v), json_string_length(v)), rd_of(text, 3));
		else
			assert_string_equal(json_string_value(v), "x\xef\xbf\xbdy");
		json_decref(root);
		wr_free(&w);
	}
}

static void a_full_buffer_is_latched(void **state)
{
	uint8_t room[12];
	struct wr w;

	(void)state;
	WR_ARR(&w, room);
	wr_json_open(&w);
	wr_json_number(&w, "abc", 12345);
	assert_int_equal(wr_done(&w), ERR_OK);
	wr_json_close(&w);
	assert_int_equal(wr_done(&w), ERR_BUFFER);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_separated_and_escaped),
		cmocka_unit_test(another_parser_reads_it),
		cmocka_unit_test(a_full_buffer_is_latched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
