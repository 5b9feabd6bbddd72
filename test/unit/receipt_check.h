/* SPDX-License-Identifier: Apache-2.0 */
/* One session with its receipt, and questions about verdicts, for the tests of receipt_check.h. */
#ifndef TEST_UNIT_RECEIPT_CHECK_H
#define TEST_UNIT_RECEIPT_CHECK_H

#include "test/unit/receipt.h"

#define TEXT_MAX 8192

static struct session s;
static struct wr good;                  /* of session_make(3) */
static struct receipt_verdict v;

static inline int make(void **state)
{
	(void)state;
	session_open(&s, "vendor-shared");
	session_make(&s, 3);
	wr_init_heap(&good, 1 << 20);
	wr_put(&good, wr_view(&s.file));
	return 0;
}

static inline int drop(void **state)
{
	(void)state;
	wr_free(&good);
	session_close(&s);
	return 0;
}

static inline void is(enum receipt_check c, enum receipt_result r)
{
	if (v.v[c].result != r)
		fail_msg("%s: %d, line %u: %s", receipt_check_name(c), v.v[c].result, (unsigned)v.v[c].line,
			 v.v[c].text);
}

/* All checks but these hold (PASS or NOTE). */
static inline void only_fails(enum receipt_check a, enum receipt_check b)
{
	for (enum receipt_check c = 0; c < RECEIPT_CHECKS; c++)
		if ((v.v[c].result == RECEIPT_FAIL || v.v[c].result == RECEIPT_NOT_MADE) != (c == a || c == b))
			fail_msg("%s: %d: %s", receipt_check_name(c), v.v[c].result, v.v[c].text);
	assert_false(receipt_verdict_is_good(&v));
}
#define ONLY(c) only_fails((c), (c))

static inline void says(enum receipt_check c, const char *text)
{
	if (!strstr(v.v[c].text, text))
		fail_msg("%s: %s", receipt_check_name(c), v.v[c].text);
}

static inline void judge_forged(struct rd file, size_t line, const char *text)
{
	struct wr out;

	assert_int_not_equal(line, 0);
	wr_init_heap(&out, 1 << 20);
	receipt_forge(file, line, text, &out);
	session_judge(&s, wr_view(&out), &v);
	wr_free(&out);
}

/* The good receipt with one word of a line replaced, counted from 0. */
static inline void judge_word(size_t line, unsigned word, const char *with)
{
	char text[TEXT_MAX], changed[TEXT_MAX], *at = text;
	size_t n;

	(void)receipt_line_text(wr_view(&good), line, text, sizeof(text));
	while (word-- > 0)
		at = strchr(at, ' ') + 1;
	n = strcspn(at, " ");
	assert_true(n != strlen(with) || strncmp(at, with, n));
	n = (size_t)snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - text), text, with, at + n);
	assert_true(n < sizeof(changed));
	judge_forged(wr_view(&good), line, changed);
}

static inline size_t line(const char *start, unsigned nth)
{
	return receipt_find_line(wr_view(&good), start, nth);
}

static inline const char *word(size_t n, unsigned w, char *buf, size_t cap)
{
	char *at = buf;

	(void)receipt_line_text(wr_view(&good), n, buf, cap);
	while (w-- > 0)
		at = strchr(at, ' ') + 1;
	at[strcspn(at, " ")] = '\0';
	return at;
}

#endif
