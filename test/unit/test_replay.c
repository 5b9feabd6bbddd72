/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit/test.h"

#include "test/replay.h"

static enum err send(struct apdu_link *l, const char *hex, struct wr *rsp)
{
	struct wr cmd;
	enum err e;

	wr_init_heap(&cmd, APDU_CMD_MAX);
	wr_reset(rsp);
	e = apdu_link_transmit(l, test_unhex(&cmd, hex), 0, rsp, NULL);
	wr_free(&cmd);
	return e;
}

/* Lines as the trace writes them, with what people add. */
static void test_play(void **state)
{
	static const char text[] =
		"# two exchanges\n"
		"> 0084000002 (a remark)\n"
		"< aabb9000\n"
		"# 12 ms\n"
		"\n"
		"\t> 00A4040C0B\r\n"
		"+ E82B0601040181C31F0201\n"
		"<6A\n"
		"+ 86";
	struct apdu_link *l = NULL;
	struct wr rsp, expected;

	(void)state;
	wr_init_heap(&rsp, APDU_RSP_MAX);
	wr_init_heap(&expected, 64);
	assert_int_equal(replay_open(text, &l), ERR_OK);
	assert_false(replay_is_done(l));
	assert_int_equal(send(l, "0084000002", &rsp), ERR_OK);
	assert_bytes_equal(wr_view(&rsp), test_unhex(&expected, "AABB9000"));
	assert_false(replay_is_done(l));
	assert_int_equal(send(l, "00A4040C0BE82B0601040181C31F0201", &rsp), ERR_OK);
	assert_bytes_equal(wr_view(&rsp), test_unhex(&expected, "6A86"));
	assert_true(replay_is_done(l));
	assert_int_equal(send(l, "0084000002", &rsp), ERR_BUG);
	apdu_link_close(&l, false);

	assert_int_equal(replay_open(text, &l), ERR_OK);
	assert_int_equal(send(l, "0084000003", &rsp), ERR_BUG);
	assert_int_equal(rsp.n, 0);
	apdu_link_abandon(&l);
	wr_free(&rsp);
	wr_free(&expected);
}

static void test_bad_text(void **state)
{
	static const char *const bad[] = {
		"< 9000\n", "> 0084000002\n", "> 00840000\n> 00840000\n", "+ 00\n", "> 0084\n< 90\n< 00\n",
		"> 008\n< 9000\n",
		"> 00x4\n< 9000\n", "00840000\n", "> 00200081: 6 bytes not shown\n< 9000\n",
	};
	struct apdu_link *l = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(replay_open(bad[i], &l), ERR_FORMAT);
		assert_null(l);
	}
	assert_int_equal(replay_open("", &l), ERR_OK);
	assert_true(replay_is_done(l));
	apdu_link_close(&l, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_play),
		cmocka_unit_test(test_bad_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
