/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit/test.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/log_json.h"

/* The line of a text, as a JSON reader understands it; the caller's. */
static json_t *line_of(struct rd text, size_t cap)
{
	struct log_head head = { .time = 1764000000, .pid = 42, .area = "srv", .level = "info", .text = text };
	json_error_t why;
	char buf[4096];
	struct wr w;
	json_t *j;

	assert_true(cap <= sizeof(buf));
	wr_init(&w, buf, cap);
	wr_log_json(&w, &head);
	assert_int_equal(wr_done(&w), ERR_OK);
	assert_int_equal(buf[w.n - 1], '\n');
	assert_null(memchr(buf, '\n', w.n - 1));
	j = json_loadb(buf, w.n, JSON_REJECT_DUPLICATES, &why);
	if (!j)
		fail_msg("%s: %.*s", why.text, (int)w.n, buf);
	assert_string_equal(json_string_value(json_object_get(j, "time")), "2025-11-24T16:00:00Z");
	assert_int_equal(json_integer_value(json_object_get(j, "pid")), 42);
	assert_string_equal(json_string_value(json_object_get(j, "area")), "srv");
	assert_string_equal(json_string_value(json_object_get(j, "level")), "info");
	return j;
}

static void fields_become_members(void **state)
{
	json_t *j = line_of(rd_str("event=open from=192.0.2.9 n=2 zero=0 id=007 why=\"\" device=\"A \\x0a b=c\" last="),
			    4096);

	(void)state;
	assert_string_equal(json_string_value(json_object_get(j, "event")), "open");
	assert_string_equal(json_string_value(json_object_get(j, "from")), "192.0.2.9");
	assert_true(json_is_integer(json_object_get(j, "n")));
	assert_int_equal(json_integer_value(json_object_get(j, "n")), 2);
	assert_true(json_is_integer(json_object_get(j, "zero")));
	assert_string_equal(json_string_value(json_object_get(j, "id")), "007");
	assert_string_equal(json_string_value(json_object_get(j, "why")), "");
	assert_string_equal(json_string_value(json_object_get(j, "device")), "A \\x0a b=c");
	assert_string_equal(json_string_value(json_object_get(j, "last")), "");
	assert_null(json_object_get(j, "message"));
	json_decref(j);
}

static void numbers_that_a_reader_would_round_are_text(void **state)
{
	json_t *j = line_of(rd_str("a=999999999999999 b=9999999999999999 c=\"3\" d=-1 e=1.5"), 4096);

	(void)state;
	assert_int_equal(json_integer_value(json_object_get(j, "a")), 999999999999999);
	assert_string_equal(json_string_value(json_object_get(j, "b")), "9999999999999999");
	assert_string_equal(json_string_value(json_object_get(j, "c")), "3");
	assert_string_equal(json_string_value(json_object_get(j, "d")), "-1");
	assert_string_equal(json_string_value(json_object_get(j, "e")), "1.5");
	json_decref(j);
}

static void anything_else_is_a_message(void **state)
{
	static const char *const texts[] = {
		"one two", "event=open and more", "=x", "Event=x", "event=\"open", "event=\"open\"x", "event=a\"b",
		"event=x ", " event=x", "level=none event=x", "time=1", "message=x", "a=1  b=2",
		"a_name_that_is_longer_than_any_name_of_ours=1",
	};
	json_t *j;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		j = line_of(rd_str(texts[i]), 4096);
		if (strcmp(json_string_value(json_object_get(j, "message")), texts[i]) != 0)
			fail_msg("%s", texts[i]);
		assert_int_equal(json_object_size(j), 5);
		json_decref(j);
	}
	j = line_of(RD_NONE, 4096);
	assert_string_equal(json_string_value(json_object_get(j, "message")), "");
	json_decref(j);
}

static void escapes_hold(void **state)
{
	json_t *j = line_of(RD_LIT("say \"no\" \\ \x01 \xff \xe2\x82 \xe2\x82\xac"), 4096);

	(void)state;
	assert_string_equal(json_string_value(json_object_get(j, "message")),
			    "say \"no\" \\ \x01 \xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd \xe2\x82\xac");
	json_decref(j);
}

/* However small the line is, what comes out is one whole object. */
static void a_long_text_is_cut(void **state)
{
	static char text[2000];
	size_t cap, most = 0;
	json_t *j;

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = "event=\"\xff\\"[i % 9];
	for (cap = 100; cap <= 4096; cap += 37) {
		j = line_of(RD_ARR(text), cap);
		if (json_string_length(json_object_get(j, "message")) > most)
			most = json_string_length(json_object_get(j, "message"));
		json_decref(j);
	}
	assert_true(most > 1000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_become_members),
		cmocka_unit_test(numbers_that_a_reader_would_round_are_text),
		cmocka_unit_test(anything_else_is_a_message),
		cmocka_unit_test(escapes_hold),
		cmocka_unit_test(a_long_text_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
