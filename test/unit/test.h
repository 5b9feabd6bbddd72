/* SPDX-License-Identifier: Apache-2.0 */
/* cmocka with the headers that it wants before it, and hexadecimal text as bytes. */
#ifndef TEST_UNIT_TEST_H
#define TEST_UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

/*
 * How long a test waits for what comes without fail: on a machine that has much else to do it takes its time, and only
 * a test that fails needs all of this. Who must not wait for something is given something that takes longer.
 */
#define PATIENCE_S  60
#define PATIENCE_MS (PATIENCE_S * 1000)

#define assert_bytes_equal(a, b) test_bytes_equal((a), (b), __FILE__, __LINE__)

static inline void test_bytes_equal(struct rd a, struct rd b, const char *file, int line)
{
	struct wr shown;

	if (rd_eq(a, b))
		return;
	wr_init_heap(&shown, 1 << 20);
	wr_hex(&shown, a);
	wr_text(&shown, "\n is not \n");
	wr_hex(&shown, b);
	print_error("%s\n", wr_cstr(&shown));
	wr_free(&shown);
	_fail(file, line);
}

/* Into a writer of the test's; white space is layout. */
static inline struct rd test_unhex(struct wr *w, const char *hex)
{
	size_t from = w->n;
	char pair[2];
	size_t n = 0;

	for (; *hex; hex++) {
		if (strchr(" \n\t", *hex))
			continue;
		pair[n++] = *hex;
		if (n == 2) {
			assert_int_equal(text_unhex(rd_of(pair, 2), w), ERR_OK);
			n = 0;
		}
	}
	assert_int_equal(n, 0);
	assert_int_equal(wr_done(w), ERR_OK);
	return rd_of(w->p + from, w->n - from);
}

#endif
