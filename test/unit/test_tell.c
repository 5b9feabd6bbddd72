/* SPDX-License-Identifier: Apache-2.0 */
/* What the helper tell sends: mails that nobody can add a header to, signatures of webhooks, addresses. */
#include "test/unit/test.h"

#include <stdlib.h>

#include "tell/address.h"
#include "tell/mail.h"
#include "tell/webhook.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct mail plain = { .from = "quorum11@example.org", .to = "anna@example.org", .subject = "Card",
				   .text = "One\n.\nTwo\n", .id = "ab12.request.1", .when = 1700000000 };

/* Headers and body of what was written, ended by terminators; free with wr_free. */
static const char *written(const struct mail *m, struct wr *w, const char **body)
{
	char *end;

	wr_init_heap(w, MAIL_MAX);
	assert_int_equal(mail_write(m, w), ERR_OK);
	end = strstr(wr_cstr(w), "\r\n\r\n");
	assert_non_null(end);
	end[2] = '\0';
	*body = end + 4;
	return wr_cstr(w);
}

static void test_mail(void **state)
{
	const char *body;
	struct wr w;

	(void)state;
	assert_string_equal(written(&plain, &w, &body),
			    "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
			    "From: quorum11 <quorum11@example.org>\r\n"
			    "To: <anna@example.org>\r\n"
			    "Message-ID: <ab12.request.1@example.org>\r\n"
			    "Subject: =?UTF-8?B?Q2FyZA==?=\r\n"
			    "Auto-Submitted: auto-generated\r\n"
			    "MIME-Version: 1.0\r\n"
			    "Content-Type: text/plain; charset=utf-8\r\n"
			    "Content-Transfer-Encoding: 7bit\r\n");
	assert_string_equal(body, "One\r\n.\r\nTwo\r\n");
	wr_free(&w);
}

static unsigned base64_value(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	assert_non_null(strchr(digits, c));
	return (unsigned)(strchr(digits, c) - digits);
}

/* Of n characters, appended. */
static void unbase64(const char *s, size_t n, struct wr *out)
{
	size_t i, k;

	assert_int_equal(n % 4, 0);
	for (i = 0; i < n; i += 4) {
		uint32_t v = 0;

		for (k = 0; k < 4; k++)
			v = v << 6 | (s[i + k] == '=' ? 0 : base64_value(s[i + k]));
		wr_u8(out, (uint8_t)(v >> 16));
		if (s[i + 2] != '=')
			wr_u8(out, (uint8_t)(v >> 8));
		if (s[i + 3] != '=')
			wr_u8(out, (uint8_t)v);
	}
}

/* The subject as a reader sees it; every one of its lines must be short, and each word whole characters. */
static void subject_of(const char *headers, struct wr *out)
{
	const char *at = strstr(headers, "Subject: ") + strlen("Subject: "), *end;
	size_t from;

	for (;;) {
		assert_int_equal(strncmp(at, "=?UTF-8?B?", 10), 0);
		end = strstr(at, "?=\r\n");
		assert_non_null(end);
		assert_in_range(end + 2 - at, 1, 76 - strlen("Subject: "));
		from = out->n;
		unbase64(at + 10, (size_t)(end - at) - 10, out);
		assert_int_not_equal(out->p[from] & 0xC0, 0x80);
		if (end[4] != ' ')
			return;
		at = end + 5;
	}
}

/* Whatever a subject holds, the headers are ours, and it reads the same but for what would end a line. */
static void test_subjects(void **state)
{
	static const struct { const char *in, *out;
	} rows[] = {
		{ "Card\r\nBcc: eve@example.org\r\n\r\nbody", "Card  Bcc: eve@example.org    body" },
		{ "\x7f\x01 tab\t", "   tab " },
		{ "Stra\xC3\x9F" "e \xE2\x82\xAC \xF0\x9F\x94\x91", "Stra\xC3\x9F" "e \xE2\x82\xAC \xF0\x9F\x94\x91" },
		{ "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC"
		  "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC" "a\xC3\xA9\xC3\xA9 more words than fit one line",
		  "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC"
		  "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC" "a\xC3\xA9\xC3\xA9 more words than fit one line" },
	};
	const char *headers, *body;
	struct wr w, subject;
	struct mail m = plain;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		m.subject = rows[i].in;
		headers = written(&m, &w, &body);
		wr_init_heap(&subject, 1000);
		subject_of(headers, &subject);
		assert_string_equal(wr_cstr(&subject), rows[i].out);
		assert_null(strstr(headers, "Bcc"));
		assert_string_equal(body, "One\r\n.\r\nTwo\r\n");
		wr_free(&subject);
		wr_free(&w);
	}
}

/* What is no plain text travels as base64, in short lines, with line ends as a mail has them. */
static void test_bodies(void **state)
{
	char long_line[1200], *one;
	const char *rows[] = { "Stra\xC3\x9F" "e\nOne\n", "bell \a\n", "a\rb\n", long_line };
	const char *headers, *body, *at, *end;
	struct mail m = plain;
	struct wr w, text;

	(void)state;
	memset(long_line, 'x', sizeof(long_line));
	long_line[1199] = '\0';
	for (size_t i = 0; i < COUNT(rows); i++) {
		m.text = rows[i];
		headers = written(&m, &w, &body);
		assert_non_null(strstr(headers, "Content-Transfer-Encoding: base64\r\n"));
		wr_init_heap(&text, 4000);
		for (at = body; *at; at = end + 2) {
			end = strstr(at, "\r\n");
			assert_non_null(end);
			assert_in_range(end - at, 1, 76);
			unbase64(at, (size_t)(end - at), &text);
		}
		assert_int_equal(wr_done(&text), ERR_OK);
		one = strstr(wr_cstr(&text), "\r\n");
		assert_non_null(one);
		assert_memory_equal(wr_cstr(&text), rows[i], (size_t)(one - wr_cstr(&text)));
		wr_free(&text);
		wr_free(&w);
	}
}

static void test_mails_refused(void **state)
{
	static const char *const bad[] = { "", "anna", "@example.org", "anna@", "a@b@c", "anna@example.org\r\nBcc: x",
					   "anna @example.org", "<anna@example.org>", "\"a b\"@example.org", "a..b@c",
					   ".a@b", "a.@b", "a@b.", "anna@ex\xC3\xA4mple.org", "a,b@c",
					   "a@[127.0.0.1]" };
	struct mail m = plain;
	char huge[300];
	struct wr w;

	(void)state;
	wr_init_heap(&w, MAIL_MAX);
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (tell_is_mail(bad[i]))
			fail_msg("%s", bad[i]);
		m.to = bad[i];
		assert_int_equal(mail_write(&m, &w), ERR_ARG);
		m = plain;
		m.from = bad[i];
		assert_int_equal(mail_write(&m, &w), ERR_ARG);
		m = plain;
	}
	m.id = "a>\r\nBcc: x";
	assert_int_equal(mail_write(&m, &w), ERR_ARG);
	assert_int_equal(w.n, 0);
	memset(huge, 'a', sizeof(huge));
	memcpy(huge + 252, "@b", 3);
	assert_true(tell_is_mail(huge));
	memcpy(huge + 253, "@b", 3);
	huge[252] = 'a';
	assert_false(tell_is_mail(huge));
	assert_true(tell_is_mail("o'neil+hsm@mail.example-1.org"));
	wr_free(&w);
}

static void test_servers(void **state)
{
	static const struct { const char *url; bool is_server, is_local;
	} rows[] = {
		{ "smtp://mail.example.org:587", true, false },
		{ "smtps://mail.example.org", true, false },
		{ "smtp://127.0.0.1:25", true, true },
		{ "smtp://localhost", true, true },
		{ "smtps://[::1]:465/host", true, true },
		{ "smtp://127.0.0.1.example.org:25", true, false },
		{ "smtp://localhost.example.org", true, false },
		{ "smtp://127.0.0.1:25@example.org", false, true },
		{ "smtp://user:word@example.org", false, false },
		{ "smtp://", false, false },
		{ "smtp:///x", false, false },
		{ "http://example.org", false, false },
		{ "smtp://a b", false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (tell_is_mail_server(rows[i].url) != rows[i].is_server)
			fail_msg("%s", rows[i].url);
		/* Asked only of what is a server. */
		if (rows[i].is_server && tell_is_local_server(rows[i].url) != rows[i].is_local)
			fail_msg("%s", rows[i].url);
	}
	assert_true(tell_is_webhook("https://chat.example.org/hook"));
	assert_true(tell_is_webhook("http://127.0.0.1:9000/hook"));
	assert_false(tell_is_webhook("http://chat.example.org/hook"));
	assert_false(tell_is_webhook("ftp://chat.example.org/hook"));
}

/* RFC 4231, test case 2; and 6, whose key is longer than a block. */
static void test_signature(void **state)
{
	const struct rd long_body = RD_LIT("Test Using Larger Than Block-Size Key - Hash Key First");
	uint8_t key[131];
	struct wr w;

	(void)state;
	wr_init_heap(&w, 200);
	assert_int_equal(webhook_signature(RD_LIT("Jefe"), RD_LIT("what do ya want for nothing?"), &w), ERR_OK);
	assert_string_equal(wr_cstr(&w), "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	wr_free(&w);
	memset(key, 0xaa, sizeof(key));
	wr_init_heap(&w, 200);
	assert_int_equal(webhook_signature(RD_ARR(key), long_body, &w), ERR_OK);
	assert_string_equal(wr_cstr(&w), "sha256=60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	wr_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mail),
		cmocka_unit_test(test_subjects),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_mails_refused),
		cmocka_unit_test(test_servers),
		cmocka_unit_test(test_signature),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
