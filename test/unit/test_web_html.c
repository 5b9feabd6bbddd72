/* SPDX-License-Identifier: Apache-2.0 */
/* No text becomes markup, and no address leads where it should not. */
#include "test/unit/test.h"

#include "server/web/form.h"
#include "server/web/html.h"

static struct wr out;
static struct html h;

static void begin(void)
{
	wr_free(&out);
	wr_init_heap(&out, 1 << 16);
	html_begin(&h, &out);
}

static void written(const char *want)
{
	assert_int_equal(wr_done(&out), ERR_OK);
	assert_string_equal(wr_cstr(&out) + strlen("<!DOCTYPE html>\n"), want);
}

static void test_escape(void **state)
{
	(void)state;
	begin();
	html_open(&h, "p", "a\"b");
	html_attr(&h, "title", "<&>'\"\n\x1b");
	html_text(&h, "</p><script>alert('&amp;')</script>");
	html_bytes(&h, rd_of("\xff\0\xe2\x80\xae" "x", 6));
	html_close(&h);
	html_element(&h, "b", NULL, "\xc3\xa4 \xc2\xb7");
	written("<p class=\"a&quot;b\" title=\"&lt;&amp;&gt;&#39;&quot;\\x0a\\x1b\">"
		"&lt;/p&gt;&lt;script&gt;alert(&#39;&amp;amp;&#39;)&lt;/script&gt;\\xff\\x00\\u{202e}x</p>"
		"<b>\xc3\xa4 \xc2\xb7</b>");
}

static void test_structure(void **state)
{
	(void)state;
	begin();
	html_open(&h, "ul", NULL);
	html_open(&h, "li", NULL);
	html_open(&h, "input", NULL);
	html_attr_number(&h, "value", -5);
	html_close(&h);
	html_close(&h);
	html_open(&h, "li", NULL);
	html_printf(&h, "%d <%s>", 7, "&");
	html_close(&h);
	html_close(&h);
	html_end(&h);
	written("<ul><li><input value=\"-5\" /></li><li>7 &lt;&amp;&gt;</li></ul>\n");
}

/* What a page must not do is no page. */
static void test_misuse(void **state)
{
	(void)state;
	begin();
	html_open(&h, "p", NULL);
	html_end(&h);
	assert_int_equal(wr_done(&out), ERR_BUG);
	begin();
	html_close(&h);
	assert_int_equal(wr_done(&out), ERR_BUG);
	begin();
	html_open(&h, "p", NULL);
	html_text(&h, "x");
	html_attr(&h, "title", "too late");
	assert_int_equal(wr_done(&out), ERR_BUG);
	begin();
	html_open(&h, "br", NULL);
	html_text(&h, "x");
	assert_int_equal(wr_done(&out), ERR_BUG);
	begin();
	for (int i = 0; i <= HTML_DEPTH; i++)
		html_open(&h, "p", NULL);
	assert_int_equal(wr_done(&out), ERR_BUG);
}

static void test_addresses(void **state)
{
	static const char *const good[] = { "/", "/r/x?y=1", "#main", "https://hsm.example.org/r/x",
					    "http://[::1]:1/" };
	static const char *const bad[] = { "", "javascript:alert(1)", "//elsewhere", "/\\elsewhere", "data:,x", "x",
					   " https://x", "JAVASCRIPT:x" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		begin();
		html_open(&h, "a", NULL);
		html_attr(&h, "href", good[i]);
		assert_int_equal(wr_done(&out), ERR_OK);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		begin();
		html_open(&h, "a", NULL);
		html_attr(&h, "href", bad[i]);
		assert_int_equal(wr_done(&out), ERR_BUG);
	}
}

static void test_long(void **state)
{
	static char text[3 * HTML_TEXT_MAX];

	(void)state;
	memset(text, '<', sizeof(text) - 1);
	begin();
	html_element(&h, "p", NULL, text);
	assert_int_equal(wr_done(&out), ERR_OK);
	assert_true(out.n < 4 * HTML_TEXT_MAX + 100);
	assert_non_null(strstr(wr_cstr(&out), "&lt;...</p>"));
}

static void test_form(void **state)
{
	static const struct { const char *form, *want; } cases[] = {
		{ "q=a+b%20%c3%a4%26", "a b \xc3\xa4&" }, { "x=1&q=2&y", "2" }, { "q=", "" }, { "", "" }, { "q", "" },
		{ "q=1&q=2", "" }, { "q=%", "" }, { "q=%4", "" }, { "q=%zz", "" }, { "q=a%00b", "" }, { "qq=1", "" },
		{ "q=123456789", "123456789" }, { "q=1234567890", "" }, { "%71=1", "" }, { "q=a=b", "a=b" },
	};
	char text[10];
	struct wr w;
	char address[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		form_get(rd_str(cases[i].form), "q", text, sizeof(text));
		assert_string_equal(text, cases[i].want);
	}
	WR_ARR(&w, address);
	form_put(&w, "/a b&\xc3\xa4\"");
	assert_string_equal(wr_cstr(&w), "%2Fa%20b%26%C3%A4%22");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escape), cmocka_unit_test(test_structure), cmocka_unit_test(test_misuse),
		cmocka_unit_test(test_addresses), cmocka_unit_test(test_long), cmocka_unit_test(test_form),
	};
	int rc = cmocka_run_group_tests(tests, NULL, NULL);

	wr_free(&out);
	return rc;
}
