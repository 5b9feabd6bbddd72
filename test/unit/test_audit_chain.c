/* SPDX-License-Identifier: Apache-2.0 */
/* The audit's chain and what an auditor finds in it: pka/chain.c. */
#include "test/unit/test.h"

#include "pka/chain.h"

#define LINES 8         /* 4 and 8 are checkpoints */

static struct ec_key *key, *other;
static uint8_t point[CHAIN_POINT_SIZE];
static struct wr line[LINES + 1];       /* from 1 */

static void make(const struct ec_key *by, const struct chain_entry *last, unsigned i, struct chain_entry *out)
{
	static char event[400];
	struct wr w;

	WR_ARR(&w, event);
	if (i % 4)
		wr_printf(&w, "{\"event\":\"decision\",\"n\":%u}", i);
	else
		assert_int_equal(chain_checkpoint_write(by, last, 1000 + i, &w), ERR_OK);
	assert_int_equal(chain_entry_make(last, 1000 + i, wr_view(&w), out), ERR_OK);
}

static int setup(void **state)
{
	struct chain_entry last = { 0 }, next;
	struct wr w;

	(void)state;
	assert_int_equal(ec_key_generate(EC_SECP256R1, &key), ERR_OK);
	assert_int_equal(ec_key_generate(EC_SECP256R1, &other), ERR_OK);
	WR_ARR(&w, point);
	assert_int_equal(ec_key_public(key, &w), ERR_OK);
	for (unsigned i = 1; i <= LINES; i++) {
		make(key, &last, i, &next);
		wr_init_heap(&line[i], CHAIN_LINE_MAX);
		chain_line_write(&next, &line[i]);
		last = next;
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= LINES; i++)
		wr_free(&line[i]);
	ec_key_free(&key);
	ec_key_free(&other);
	return 0;
}

/* The lines with these numbers, one after another. */
static void text_make(struct wr *w, const char *order)
{
	wr_init_heap(w, 1 << 16);
	for (; *order; order++)
		wr_put(w, wr_view(&line[*order - '0']));
}

static enum err verify(const char *order, struct chain_verdict *v)
{
	struct wr w;
	enum err e;

	text_make(&w, order);
	e = chain_verify(wr_view(&w), RD_ARR(point), v);
	wr_free(&w);
	return e;
}

static void test_good(void **state)
{
	struct chain_verdict v;

	(void)state;
	assert_int_equal(verify("12345678", &v), ERR_OK);
	assert_int_equal(v.line, 0);
	assert_int_equal(v.entries, 8);
	assert_int_equal(v.first, 1);
	assert_int_equal(v.last, 8);
	assert_int_equal(v.checkpoints, 2);
	assert_int_equal(v.keys, 1);
	assert_int_equal(v.signed_seq, 8);
	assert_int_equal(v.signed_time, 1008);
	assert_memory_equal(v.key, point, sizeof(point));
	/* a part of it, and one whose end is not signed */
	assert_int_equal(verify("567", &v), ERR_OK);
	assert_int_equal(v.first, 5);
	assert_int_equal(v.signed_seq, 0);
	assert_int_equal(verify("1234567", &v), ERR_OK);
	assert_int_equal(v.signed_seq, 4);
	assert_int_equal(v.last, 7);
	assert_int_equal(verify("", &v), ERR_OK);
	assert_int_equal(v.entries, 0);
}

static void test_order(void **state)
{
	static const struct { const char *order; unsigned line; const char *why;
	} bad[] = {
		{ "1245678", 3, "entries 3 to 3 are missing" },
		{ "15678", 2, "entries 2 to 4 are missing" },
		{ "13245678", 2, "missing" },
		{ "12234", 3, "was added" },
		{ "123451", 6, "was added" },
	};
	struct chain_verdict v;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(verify(bad[i].order, &v), ERR_REFUSED);
		assert_int_equal(v.line, bad[i].line);
		assert_non_null(strstr(v.why, bad[i].why));
	}
}

/* Every byte of every line counts. */
static void test_changed(void **state)
{
	struct chain_verdict v;
	struct wr w;
	size_t i, at = 0;
	unsigned number = 1;

	(void)state;
	text_make(&w, "12345678");
	for (i = 0; i < w.n; i++) {
		while (i >= at + line[number].n)
			at += line[number++].n;
		w.p[i] ^= 1;
		assert_int_equal(chain_verify(wr_view(&w), RD_ARR(point), &v), ERR_REFUSED);
		assert_int_equal(v.line, number);
		w.p[i] ^= 1;
	}
	assert_int_equal(chain_verify(wr_view(&w), RD_ARR(point), &v), ERR_OK);
	assert_int_equal(chain_verify(rd_of(w.p, w.n - 1), RD_ARR(point), &v), ERR_REFUSED);
	assert_non_null(strstr(v.why, "cut off"));
	assert_int_equal(v.line, 8);
	wr_free(&w);
}

/* Who computes the hashes anew is found by what follows, or by the signature. */
static void test_forged(void **state)
{
	struct chain_entry last = { 0 }, next;
	struct chain_verdict v;
	struct wr w;
	unsigned i;

	(void)state;
	assert_int_equal(chain_line_read(rd_of(line[2].p, line[2].n - 1), &last), ERR_OK);
	assert_int_equal(chain_entry_make(&last, 1003, RD_LIT("{\"event\":\"forged\"}"), &next), ERR_OK);
	text_make(&w, "12");
	chain_line_write(&next, &w);
	wr_put(&w, wr_view(&line[4]));
	assert_int_equal(chain_verify(wr_view(&w), RD_ARR(point), &v), ERR_REFUSED);
	assert_int_equal(v.line, 4);
	assert_non_null(strstr(v.why, "does not follow"));
	wr_free(&w);

	/* all of it written anew, with a key of one's own */
	text_make(&w, "");
	last = (struct chain_entry){ 0 };
	for (i = 1; i <= 4; i++) {
		make(other, &last, i, &next);
		chain_line_write(&next, &w);
		last = next;
	}
	assert_int_equal(chain_verify(wr_view(&w), RD_NONE, &v), ERR_OK);
	assert_memory_not_equal(v.key, point, sizeof(point));
	assert_int_equal(chain_verify(wr_view(&w), RD_ARR(point), &v), ERR_REFUSED);
	assert_int_equal(v.line, 4);
	assert_non_null(strstr(v.why, "another key"));
	wr_free(&w);
}

/* A signature of one place is none of another. */
static void test_checkpoint_moved(void **state)
{
	struct chain_entry c, last, next;
	uint8_t by[CHAIN_POINT_SIZE];

	(void)state;
	assert_int_equal(chain_line_read(rd_of(line[4].p, line[4].n - 1), &c), ERR_OK);
	assert_int_equal(chain_checkpoint_check(&c, by), ERR_OK);
	assert_int_equal(chain_line_read(rd_of(line[7].p, line[7].n - 1), &last), ERR_OK);
	assert_int_equal(chain_entry_make(&last, c.time, c.event, &next), ERR_OK);
	assert_int_equal(chain_checkpoint_check(&next, by), ERR_SIGNATURE);
	next = c;
	next.time++;
	assert_int_equal(chain_checkpoint_check(&next, by), ERR_SIGNATURE);
	assert_int_equal(chain_checkpoint_check(&last, by), ERR_NOT_FOUND);
}

static void test_long(void **state)
{
	static char event[CHAIN_LINE_MAX];
	struct chain_entry none = { 0 }, next;

	(void)state;
	memset(event, 'x', sizeof(event));
	assert_int_equal(chain_entry_make(&none, 1, rd_of(event, sizeof(event)), &next), ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good), cmocka_unit_test(test_order), cmocka_unit_test(test_changed),
		cmocka_unit_test(test_forged), cmocka_unit_test(test_checkpoint_moved), cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
