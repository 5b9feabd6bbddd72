/* SPDX-License-Identifier: Apache-2.0 */
/* apdu/link.c on a link that a table plays. */
#include "test/unit/test.h"

#include <stdlib.h>
#include <unistd.h>

#include "apdu/link.h"
#include "apdu/quirk.h"
#include "base/log.h"

#define MARKER "7365637265744D41524B4552"      /* "secretMARKER" */

/* Exchanges to come: what must be sent, what is answered. */
struct script {
	const char *const *lines;
	unsigned closed, resets;
	bool reset_card;
	enum err fail;          /* of the next transmit */
};

static enum err play(void *ctx, struct rd cmd, struct wr *rsp, struct deadline *dl)
{
	struct script *s = ctx;
	struct wr expected, answer;

	(void)dl;
	if (s->fail) {
		wr_u8(rsp, 0x55);       /* half an answer */
		return s->fail;
	}
	assert_non_null(s->lines[0]);
	wr_init_heap(&expected, APDU_CMD_MAX);
	assert_bytes_equal(cmd, test_unhex(&expected, s->lines[0]));
	wr_init_heap(&answer, APDU_RSP_MAX);
	wr_put(rsp, test_unhex(&answer, s->lines[1]));
	s->lines += 2;
	wr_free(&expected);
	wr_free(&answer);
	return wr_done(rsp);
}

static enum err play_reset(void *ctx, struct wr *atr)
{
	((struct script *)ctx)->resets++;
	wr_put(atr, RD_LIT("\x3B\x80"));
	return ERR_OK;
}

static void play_close(void *ctx, bool reset_card)
{
	((struct script *)ctx)->closed++;
	((struct script *)ctx)->reset_card = reset_card;
}

static const struct apdu_link_ops ops = { .name = "script", .transmit = play, .close = play_close };
static const struct apdu_link_ops ops_reset = {
	.name = "script", .transmit = play, .reset = play_reset, .close = play_close,
};

/* Send, expect this whole answer; every line of the script must have been used. */
static void exchange(const char *const *lines, const char *cmd_hex, const char *answer_hex, enum err expected)
{
	struct script s = { .lines = lines };
	struct apdu_link *l = NULL;
	struct wr cmd, rsp, answer;

	wr_init_heap(&cmd, APDU_CMD_MAX);
	wr_init_heap(&answer, APDU_RSP_MAX);
	wr_init_heap(&rsp, APDU_RSP_MAX);
	wr_text(&rsp, "kept");
	assert_int_equal(apdu_link_new(&ops, &s, "here", RD_NONE, &l), ERR_OK);
	assert_int_equal(apdu_link_transmit(l, test_unhex(&cmd, cmd_hex), 0, &rsp, NULL), expected);
	wr_text(&answer, "kept");
	if (!expected)
		(void)test_unhex(&answer, answer_hex);
	assert_bytes_equal(wr_view(&rsp), wr_view(&answer));
	assert_null(s.lines[0]);
	assert_int_equal(apdu_link_count(l), (s.lines - lines) / 2);
	apdu_link_close(&l, true);
	assert_int_equal(s.closed, 1);
	assert_true(s.reset_card);
	wr_free(&cmd);
	wr_free(&rsp);
	wr_free(&answer);
}
#define LINES(...) (const char *const[]){ __VA_ARGS__, NULL, NULL }

static void test_plain(void **state)
{
	(void)state;
	exchange(LINES("0084000002", "AABB9000"), "0084000002", "AABB9000", ERR_OK);
	exchange(LINES("00200081", "63C3"), "00200081", "63C3", ERR_OK);
}

/* ISO 7816-4 5.1.3: 61xx, fetch the rest; parts are put together. */
static void test_more(void **state)
{
	(void)state;
	exchange(LINES("80580000000000", "AABB6102", "00C0000002", "CCDD6101", "00C0000001", "EE9000"),
		 "80580000000000", "AABBCCDDEE9000", ERR_OK);
	exchange(LINES("0084000000", "6100", "00C0000000", "019000"), "0084000000", "019000", ERR_OK);
	/* On the command's own channel. */
	exchange(LINES("0184000000", "6101", "01C0000001", "019000"), "0184000000", "019000", ERR_OK);
	/* The rest fails: its status word is the answer's. */
	exchange(LINES("0084000000", "AA6101", "00C0000001", "6F00"), "0084000000", "AA6F00", ERR_OK);
	/* A card that promises and sends nothing. */
	exchange(LINES("0084000000", "6101", "00C0000001", "6101"), "0084000000", "", ERR_FORMAT);
}

/* 6Cxx: the same command once more with this Le; never twice, and never one that asked for no data. */
static void test_wrong_le(void **state)
{
	(void)state;
	exchange(LINES("0084000000", "6C02", "0084000002", "AABB9000"), "0084000000", "AABB9000", ERR_OK);
	exchange(LINES("00B12F02045402000000", "6C02", "00B12F02045402000002", "AABB9000"), "00B12F02045402000000",
		 "AABB9000", ERR_OK);
	exchange(LINES("0084000000", "6C02", "0084000002", "6C01"), "0084000000", "6C01", ERR_OK);
	exchange(LINES("0020008106363438323139", "6C02"), "0020008106363438323139", "6C02", ERR_OK);
	exchange(LINES("0084000002", "AA6C02"), "0084000002", "AA6C02", ERR_OK);
}

static void test_bad_bytes(void **state)
{
	(void)state;
	exchange(LINES("0084000000", "90"), "0084000000", "", ERR_FORMAT);
	exchange(LINES("0084000000", ""), "0084000000", "", ERR_FORMAT);
	exchange(LINES("0084000000", "AA6101", "00C0000001", ""), "0084000000", "", ERR_FORMAT);
	/* Not a command: the link is not troubled. */
	exchange(LINES(NULL), "008400", "", ERR_FORMAT);
	exchange(LINES(NULL), "0020008107363438323139", "", ERR_FORMAT);
}

static void test_failures(void **state)
{
	const char *const lines[] = { "0084000001", "AA9000", NULL, NULL };
	struct script s = { .lines = lines, .fail = ERR_REMOVED };
	struct deadline dl = deadline_in(0);
	const uint8_t cmd[] = { 0, 0x84, 0, 0, 1 };
	struct apdu_link *l = NULL;
	uint8_t big[ATR_MAX + 1] = { 0 };
	struct wr rsp;

	(void)state;
	/* A link that cannot be made closes what it was given. */
	assert_int_equal(apdu_link_new(&ops, &s, "here", RD_ARR(big), &l), ERR_LIMIT);
	assert_null(l);
	assert_int_equal(s.closed, 1);

	wr_init_heap(&rsp, APDU_RSP_MAX);
	assert_int_equal(apdu_link_new(&ops, &s, "here", RD_NONE, &l), ERR_OK);
	assert_int_equal(apdu_link_transmit(l, RD_ARR(cmd), 0, &rsp, NULL), ERR_REMOVED);
	assert_int_equal(rsp.n, 0);
	s.fail = ERR_OK;
	assert_int_equal(apdu_link_transmit(l, RD_ARR(cmd), 0, &rsp, &dl), ERR_TIMEOUT);
	assert_int_equal(apdu_link_begin(l, &dl), ERR_TIMEOUT);
	assert_int_equal(apdu_link_begin(l, NULL), ERR_OK);     /* nothing to begin */
	apdu_link_end(l);
	assert_ptr_equal(s.lines, lines);
	assert_int_equal(apdu_link_transmit(l, RD_ARR(cmd), 0, &rsp, NULL), ERR_OK);
	assert_int_equal(apdu_link_present(l), ERR_OK);
	assert_int_equal(apdu_link_reset(l), ERR_UNSUPPORTED);
	/* Our buffer is too small for the answer. */
	uint8_t three[3];
	struct wr small;
	WR_ARR(&small, three);
	wr_u8(&small, 1);
	s.lines = lines;
	assert_int_equal(apdu_link_transmit(l, RD_ARR(cmd), 0, &small, NULL), ERR_BUFFER);
	apdu_link_close(&l, false);
	assert_false(s.reset_card);
	apdu_link_close(&l, false);
	wr_free(&rsp);
}

static void test_reset(void **state)
{
	struct script s = { .lines = NULL };
	struct apdu_link *l = NULL;

	(void)state;
	assert_int_equal(apdu_link_new(&ops_reset, &s, "here", RD_LIT("\x3B\xDE\x18"), &l), ERR_OK);
	assert_int_equal(apdu_link_reset(l), ERR_OK);
	assert_int_equal(s.resets, 1);
	assert_bytes_equal(apdu_link_atr(l), RD_LIT("\x3B\x80"));
	assert_ptr_equal(apdu_link_ctx(l, &ops_reset), &s);
	assert_null(apdu_link_ctx(l, &ops));
	apdu_link_close(&l, false);

	/* No op for it: a forked child leaves everything alone. */
	s.closed = 0;
	assert_int_equal(apdu_link_new(&ops, &s, "here", RD_NONE, &l), ERR_OK);
	apdu_link_abandon(&l);
	assert_null(l);
	assert_int_equal(s.closed, 0);
}

/* ---- the trace ---- */

static struct wr logged;

static void read_log(const char *path)
{
	FILE *f = fopen(path, "r");
	uint8_t bytes[4096];
	size_t n;

	assert_non_null(f);
	wr_reset(&logged);
	while ((n = fread(bytes, 1, sizeof(bytes), f)) > 0)
		wr_put(&logged, rd_of(bytes, n));
	assert_int_equal(fclose(f), 0);
	assert_int_equal(remove(path), 0);
}

static bool has(const char *text)
{
	return strstr(wr_cstr(&logged), text);
}

/* One exchange of the marker each way. */
static void trace(unsigned show)
{
	const char *const lines[] = { "002000810C" MARKER, MARKER "9000", NULL, NULL };
	static char path[] = "/tmp/quorum11-trace.XXXXXX";
	struct script s = { .lines = lines };
	struct apdu_link *l = NULL;
	struct wr cmd, rsp;
	int fd;

	memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(log_open(path), ERR_OK);
	assert_int_equal(log_configure("trace"), ERR_OK);
	wr_init_heap(&cmd, APDU_CMD_MAX);
	wr_init_heap(&rsp, APDU_RSP_MAX);
	assert_int_equal(apdu_link_new(&ops, &s, "here", RD_NONE, &l), ERR_OK);
	assert_int_equal(apdu_link_transmit(l, test_unhex(&cmd, lines[0]), show, &rsp, NULL), ERR_OK);
	apdu_link_close(&l, false);
	wr_free(&cmd);
	wr_free(&rsp);
	assert_int_equal(log_configure(NULL), ERR_OK);
	assert_int_equal(log_open(NULL), ERR_OK);
	read_log(path);
}

static void test_trace(void **state)
{
	(void)state;
	wr_init_heap(&logged, 1 << 20);
	trace(0);
	assert_true(has("> 00200081: 12 bytes not shown"));
	assert_true(has("< 12 bytes not shown, 9000"));
	assert_false(has("7365637265") || has("secret"));
	trace(APDU_SHOW_CMD);
	assert_true(has("> 002000810c7365637265744d41524b4552"));
	assert_true(has("< 12 bytes not shown, 9000"));
	trace(APDU_SHOW_RSP);
	assert_true(has("> 00200081: 12 bytes not shown"));
	assert_true(has("< 7365637265744d41524b45529000"));
	wr_free(&logged);
}

/* ---- limits of cards and readers ---- */

static void test_quirks(void **state)
{
	static const uint8_t hsm2[] = { 0x3B, 0xDE, 0x18, 0xFF, 0x81, 0x91, 0xFE, 0x1F, 0xC3, 0x80, 0x31, 0x81, 0x54,
					0x48, 0x53, 0x4D, 0x31, 0x73, 0x80, 0x21, 0x40, 0x81, 0x07, 0x1C };
	static const uint8_t old[] = { 0x3B, 0xFE, 0x18, 0x00, 0x00, 0x81, 0x31, 0xFE, 0x45, 0x80, 0x31, 0x81, 0x54,
				       0x48, 0x53, 0x4D, 0x31, 0x73, 0x80, 0x21, 0x40, 0x81, 0x07, 0xFA };
	const char *const lines[] = { NULL };
	struct script s = { .lines = lines };
	struct apdu_link *l = NULL;

	(void)state;
	assert_int_equal(quirk_cmd_max(RD_ARR(hsm2), "Nitrokey"), 1232);
	assert_int_equal(quirk_cmd_max(RD_ARR(old), "Nitrokey"), 1454);
	assert_int_equal(quirk_cmd_max(RD_ARR(old), "REINER SCT cyberJack"), 1014);
	assert_int_equal(quirk_cmd_max(rd_of(hsm2, 5), ""), 1454);
	assert_int_equal(quirk_cmd_max(RD_NONE, ""), 1454);
	assert_int_equal(apdu_link_new(&ops_reset, &s, "Nitrokey", RD_ARR(hsm2), &l), ERR_OK);
	assert_int_equal(apdu_link_cmd_max(l), 1232);
	assert_int_equal(apdu_link_reset(l), ERR_OK);
	assert_int_equal(apdu_link_cmd_max(l), 1454);
	apdu_link_close(&l, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_more),
		cmocka_unit_test(test_wrong_le),
		cmocka_unit_test(test_bad_bytes),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_trace),
		cmocka_unit_test(test_quirks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
