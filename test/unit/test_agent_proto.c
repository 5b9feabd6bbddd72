/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit/test.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "apdu/agent_proto.h"
#include "base/fd.h"

static const struct apdu_reader one = {
	.name = "Reader 0", .has_card = true, .events = 0x01020304, .atr = { 0x3b, 0x00 }, .atr_size = 2,
};

/* ---- bytes ---- */

static void a_message_comes_out_as_it_went_in(void **state)
{
	uint8_t room[64];
	enum agent_type type;
	struct rd elements, val;
	struct wr w;

	(void)state;
	WR_ARR(&w, room);
	agent_msg_begin(&w, AGENT_SEND);
	wr_tlv(&w, AGENT_T_APDU, RD_LIT("\x00\x20\x00\x81"));
	wr_tlv(&w, AGENT_T_REASON, RD_NONE);
	assert_int_equal(wr_done(&w), ERR_OK);
	assert_bytes_equal(wr_view(&w), RD_LIT("\x04\x85\x04\x00\x20\x00\x81\x82\x00"));
	assert_int_equal(agent_msg_read(wr_view(&w), &type, &elements), ERR_OK);
	assert_int_equal(type, AGENT_SEND);
	assert_true(rd_tlv(&elements, AGENT_T_APDU, &val));
	assert_bytes_equal(val, RD_LIT("\x00\x20\x00\x81"));
	assert_true(rd_tlv(&elements, AGENT_T_REASON, &val));
	assert_int_equal(val.n, 0);
	assert_true(rd_end(&elements));
}

static void a_change_on_a_pad_comes_out_as_it_went_in(void **state)
{
	const struct pinpad_ask packed = { .ins = 0x24, .p2 = 0x88, .min = 16, .max = 16, .seconds = 30,
					   .packed = true };
	const struct pinpad_ask fresh = { .ins = 0x2C, .p2 = 0x81, .min = 15, .max = 15, .seconds = 30,
					  .old = RD_LIT("\1\2\3\4\5\6\7\x08") };
	static const struct rd bad[] = {
		RD_NONE, RD_LIT("\x8B\x06\x00\x24\x00\x81\x06\x1E"), RD_LIT("\x8B\x07\x00\x24\x00\x81\x05\x1E\x00"),
		RD_LIT("\x8B\x07\x00\x24\x00\x81\x11\x1E\x00"), RD_LIT("\x8B\x07\x00\x24\x00\x81\x07\x1E\x01"),
		RD_LIT("\x8B\x07\x00\x24\x00\x81\x06\x1E\x02"),
		RD_LIT("\x8B\x07\x00\x2C\x00\x81\x06\x1E\x00\x86\x09" "123456789"),
	};
	const struct pinpad_ask *good[] = { &packed, &fresh };
	struct pinpad_ask got;
	uint8_t room[64];
	struct wr w;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		WR_ARR(&w, room);
		agent_msg_pad(&w, good[i]);
		assert_int_equal(wr_done(&w), ERR_OK);
		assert_int_equal(agent_pad_read(wr_view(&w), &got), ERR_OK);
		assert_int_equal(got.ins, good[i]->ins);
		assert_int_equal(got.p2, good[i]->p2);
		assert_int_equal(got.min, good[i]->min);
		assert_int_equal(got.max, good[i]->max);
		assert_int_equal(got.seconds, good[i]->seconds);
		assert_int_equal(got.packed, good[i]->packed);
		assert_bytes_equal(got.old, good[i]->old);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(agent_pad_read(bad[i], &got), ERR_FORMAT);
}

static void every_type_is_known_and_no_other(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 256; i++) {
		const uint8_t byte = (uint8_t)i;
		bool known = (i >= AGENT_HELLO && i <= AGENT_PAD) || (i >= AGENT_OK && i <= AGENT_PROGRESS);
		enum agent_type type;
		struct rd elements;

		assert_int_equal(agent_msg_read(rd_of(&byte, 1), &type, &elements), known ? ERR_OK : ERR_FORMAT);
		if (known)
			assert_int_equal(type, i);
	}
}

/* Where a packet ends between two elements it is a shorter message; everywhere else it is none. */
static void a_cut_message_is_none(void **state)
{
	uint8_t room[256];
	size_t ends[3];
	enum agent_type type;
	struct rd elements;
	struct wr w;

	(void)state;
	WR_ARR(&w, room);
	agent_msg_begin(&w, AGENT_OK);
	ends[0] = w.n;
	agent_msg_card(&w, &one);
	ends[1] = w.n;
	wr_tlv(&w, AGENT_T_TEXT, RD_LIT("text"));
	ends[2] = w.n;
	for (size_t n = 0; n <= w.n; n++) {
		/* A copy of its own, so that the sanitizer sees each byte that is read behind the end. */
		uint8_t *cut = malloc(n ? n : 1);
		bool whole = n == ends[0] || n == ends[1] || n == ends[2];

		assert_non_null(cut);
		memcpy(cut, room, n);
		assert_int_equal(agent_msg_read(rd_of(cut, n), &type, &elements), whole ? ERR_OK : ERR_FORMAT);
		free(cut);
	}
}

static void a_message_is_bounded(void **state)
{
	uint8_t *big = calloc(1, AGENT_MESSAGE_MAX + 1);
	enum agent_type type;
	struct rd elements;
	struct wr w;

	(void)state;
	assert_non_null(big);
	big[0] = AGENT_OK;
	assert_int_equal(agent_msg_read(rd_of(big, AGENT_MESSAGE_MAX + 1), &type, &elements), ERR_LIMIT);
	assert_int_equal(agent_msg_read(rd_of(big, AGENT_MESSAGE_MAX), &type, &elements), ERR_FORMAT);
	free(big);
	/* The longest answer of a card fits. */
	wr_init_heap(&w, AGENT_MESSAGE_MAX);
	agent_msg_begin(&w, AGENT_OK);
	big = calloc(1, APDU_RSP_MAX);
	assert_non_null(big);
	wr_tlv(&w, AGENT_T_APDU, rd_of(big, APDU_RSP_MAX));
	assert_int_equal(wr_done(&w), ERR_OK);
	assert_int_equal(agent_msg_read(wr_view(&w), &type, &elements), ERR_OK);
	free(big);
	wr_free(&w);
}

static void every_error_survives(void **state)
{
	(void)state;
	for (int e = ERR_OK + 1; e < ERR_COUNT; e++) {
		uint8_t room[64];
		enum agent_type type;
		struct rd elements;
		char why[32];
		struct wr w;

		WR_ARR(&w, room);
		agent_msg_fail(&w, (enum err)e, "for this reason");
		assert_int_equal(agent_msg_read(wr_view(&w), &type, &elements), ERR_OK);
		assert_int_equal(type, AGENT_FAIL);
		assert_int_equal(agent_fail_read(elements, why, sizeof(why)), e);
		assert_string_equal(why, "for this reason");
		assert_int_equal(agent_fail_read(elements, NULL, 0), e);
	}
}

static void a_failure_never_becomes_a_success(void **state)
{
	static const struct { struct rd elements; const char *why; } rows[] = {
		{ RD_LIT(""), "" },
		{ RD_LIT("\x88\x01\x00\x89\x02no"), "no" },             /* ERR_OK */
		{ RD_LIT("\x88\x01\xff"), "" },                         /* no error of ours */
		{ RD_LIT("\x88\x00"), "" },
		{ RD_LIT("\x88\x05\x00\x00\x00\x00\x01"), "" },
		{ RD_LIT("\x88\x04\xff\xff\xff\xff"), "" },
		{ RD_LIT("\x88\x01\x01\x88\x01\x01"), "" },             /* twice */
		{ RD_LIT("\x89\x03\x1b[m"), "\\x1b[m" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char why[32] = "old";

		assert_int_equal(agent_fail_read(rows[i].elements, why, sizeof(why)), ERR_PROTOCOL);
		assert_string_equal(why, rows[i].why);
	}
}

static void a_long_text_of_a_failure_is_cut(void **state)
{
	static char text[4 * AGENT_TEXT_MAX];
	uint8_t room[AGENT_TEXT_MAX + 64];
	enum agent_type type;
	struct rd elements;
	char why[100];
	struct wr w;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	WR_ARR(&w, room);
	agent_msg_fail(&w, ERR_ALLOWANCE, text);
	assert_int_equal(wr_done(&w), ERR_OK);
	assert_int_equal(agent_msg_read(wr_view(&w), &type, &elements), ERR_OK);
	assert_int_equal(agent_fail_read(elements, why, sizeof(why)), ERR_ALLOWANCE);
	assert_true(strlen(why) < sizeof(why) && strncmp(why, "xxxx", 4) == 0);
}

static void cards_come_out_as_they_went_in(void **state)
{
	struct apdu_reader two = { .events = UINT32_MAX, .atr_size = ATR_MAX }, out;
	struct rd elements;
	struct wr w;
	bool bad;

	(void)state;
	memset(two.name, 'n', sizeof(two.name) - 1);
	memset(two.atr, 0xa5, sizeof(two.atr));
	wr_init_heap(&w, AGENT_MESSAGE_MAX);
	agent_msg_card(&w, &one);
	agent_msg_card(&w, &two);
	elements = wr_view(&w);
	assert_true(agent_card_read(&elements, &out, &bad));
	assert_memory_equal(&out, &one, sizeof(out));
	assert_true(agent_card_read(&elements, &out, &bad));
	assert_memory_equal(&out, &two, sizeof(out));
	assert_false(agent_card_read(&elements, &out, &bad));
	assert_false(bad);
	wr_free(&w);
}

static void as_many_cards_as_there_can_be_fit(void **state)
{
	struct apdu_reader r = one;
	struct wr w;

	(void)state;
	memset(r.name, 'n', sizeof(r.name) - 1);
	r.atr_size = ATR_MAX;
	wr_init_heap(&w, AGENT_MESSAGE_MAX);
	agent_msg_begin(&w, AGENT_OK);
	for (size_t i = 0; i < APDU_READERS_MAX; i++)
		agent_msg_card(&w, &r);
	assert_int_equal(wr_done(&w), ERR_OK);
	wr_free(&w);
}

/* A card of these parts, in this order; a part of NULL is left out. */
static bool reads_card(struct rd name, struct rd state, struct rd events, struct rd atr, struct rd more)
{
	struct apdu_reader out;
	struct rd elements;
	struct wr w;
	size_t mark;
	bool bad, ok;

	wr_init_heap(&w, AGENT_MESSAGE_MAX);
	mark = wr_tlv_open(&w, AGENT_T_CARD);
	if (name.p)
		wr_tlv(&w, AGENT_T_READER, name);
	if (state.p)
		wr_tlv(&w, AGENT_T_STATE, state);
	if (events.p)
		wr_tlv(&w, AGENT_T_EVENTS, events);
	if (atr.p)
		wr_tlv(&w, AGENT_T_ATR, atr);
	wr_put(&w, more);
	wr_tlv_close(&w, mark);
	assert_int_equal(wr_done(&w), ERR_OK);
	elements = wr_view(&w);
	ok = agent_card_read(&elements, &out, &bad);
	assert_int_equal(bad, !ok);
	wr_free(&w);
	return ok;
}

static void a_card_that_is_not_whole_is_bad(void **state)
{
	uint8_t long_name[READER_NAME_MAX], long_atr[ATR_MAX + 1] = { 0x3b };
	const struct rd n = RD_LIT("R"), s = RD_LIT("\1"), ev = RD_LIT("\0\0\0\1"), a = RD_LIT("\x3b");
	struct apdu_reader out;
	struct rd other = RD_LIT("\x89\x01x");
	bool bad;

	(void)state;
	memset(long_name, 'n', sizeof(long_name));
	assert_true(reads_card(n, s, ev, a, RD_NONE));
	assert_true(reads_card(n, s, ev, RD_LIT(""), RD_NONE));
	assert_false(reads_card(RD_NONE, s, ev, a, RD_NONE));
	assert_false(reads_card(n, RD_NONE, ev, a, RD_NONE));
	assert_false(reads_card(n, s, RD_NONE, a, RD_NONE));
	assert_false(reads_card(n, s, ev, RD_NONE, RD_NONE));
	assert_false(reads_card(n, s, ev, a, RD_LIT("\x84\x00")));
	assert_false(reads_card(n, s, ev, a, RD_LIT("\x84\x01")));
	assert_false(reads_card(RD_LIT(""), s, ev, a, RD_NONE));
	assert_false(reads_card(RD_LIT("R\0S"), s, ev, a, RD_NONE));
	assert_false(reads_card(RD_ARR(long_name), s, ev, a, RD_NONE));
	assert_true(reads_card(rd_of(long_name, READER_NAME_MAX - 1), s, ev, a, RD_NONE));
	assert_false(reads_card(n, RD_LIT(""), ev, a, RD_NONE));
	assert_false(reads_card(n, s, RD_LIT(""), a, RD_NONE));
	assert_false(reads_card(n, s, RD_LIT("\0\0\0\0\1"), a, RD_NONE));
	assert_false(reads_card(n, s, ev, RD_ARR(long_atr), RD_NONE));
	assert_false(agent_card_read(&other, &out, &bad));
	assert_true(bad);
}

/* ---- packets ---- */

static void pair(int fds[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
}

static void unpair(int fds[2])
{
	(void)close(fds[0]);
	(void)close(fds[1]);
}

static void packets_keep_their_borders(void **state)
{
	struct deadline dl = deadline_in(PATIENCE_MS);
	struct wr w;
	int fds[2];

	(void)state;
	pair(fds);
	wr_init_heap(&w, AGENT_MESSAGE_MAX);
	assert_int_equal(agent_msg_send(fds[0], RD_LIT("\x01one"), &dl), ERR_OK);
	assert_int_equal(agent_msg_send(fds[0], RD_LIT("\x02"), &dl), ERR_OK);
	assert_int_equal(agent_msg_receive(fds[1], &w, &dl), ERR_OK);
	assert_bytes_equal(wr_view(&w), RD_LIT("\x01one"));
	/* Appended. */
	assert_int_equal(agent_msg_receive(fds[1], &w, &dl), ERR_OK);
	assert_bytes_equal(wr_view(&w), RD_LIT("\x01one\x02"));
	wr_free(&w);
	unpair(fds);
}

static void the_longest_packet_passes_and_no_longer_one(void **state)
{
	uint8_t *big = calloc(1, AGENT_MESSAGE_MAX + 1);
	struct deadline dl = deadline_in(PATIENCE_MS);
	struct wr w, small;
	uint8_t room[8];
	int fds[2];

	(void)state;
	assert_non_null(big);
	pair(fds);
	wr_init_heap(&w, AGENT_MESSAGE_MAX);
	assert_int_equal(agent_msg_send(fds[0], rd_of(big, AGENT_MESSAGE_MAX), &dl), ERR_OK);
	assert_int_equal(agent_msg_receive(fds[1], &w, &dl), ERR_OK);
	assert_int_equal(w.n, AGENT_MESSAGE_MAX);
	assert_int_equal(agent_msg_send(fds[0], rd_of(big, AGENT_MESSAGE_MAX + 1), &dl), ERR_LIMIT);
	assert_int_equal(agent_msg_send(fds[0], RD_NONE, &dl), ERR_LIMIT);
	/* Nobody who keeps to the protocol sends it, but somebody can. */
	assert_int_equal(send(fds[0], big, AGENT_MESSAGE_MAX + 1, 0), AGENT_MESSAGE_MAX + 1);
	wr_reset(&w);
	assert_int_equal(agent_msg_receive(fds[1], &w, &dl), ERR_LIMIT);
	assert_int_equal(w.n, 0);
	wr_free(&w);
	unpair(fds);

	pair(fds);
	WR_ARR(&small, room);
	assert_int_equal(agent_msg_send(fds[0], rd_of(big, 9), &dl), ERR_OK);
	assert_int_equal(agent_msg_receive(fds[1], &small, &dl), ERR_BUFFER);
	unpair(fds);
	free(big);
}

static void waiting_ends(void **state)
{
	struct deadline dl = deadline_in(0);
	struct wr w;
	int fds[2];

	(void)state;
	pair(fds);
	wr_init_heap(&w, 64);
	assert_int_equal(agent_msg_receive(fds[1], &w, &dl), ERR_TIMEOUT);
	dl = deadline_in(10);
	assert_int_equal(agent_msg_receive(fds[1], &w, &dl), ERR_TIMEOUT);
	dl = deadline_in(PATIENCE_MS);
	dl.cancel_fd = fd_event();
	assert_int_equal(write(dl.cancel_fd, "\1\0\0\0\0\0\0\0", 8), 8);
	assert_int_equal(agent_msg_receive(fds[1], &w, &dl), ERR_CANCELLED);
	/* Nobody reads: the socket takes a number of packets, then waits. */
	for (unsigned i = 0; agent_msg_send(fds[0], RD_LIT("\x01"), &dl) == ERR_OK; i++)
		assert_true(i < 100000);
	assert_int_equal(agent_msg_send(fds[0], RD_LIT("\x01"), &dl), ERR_CANCELLED);
	(void)close(dl.cancel_fd);
	dl = deadline_in(10);
	assert_int_equal(agent_msg_send(fds[0], RD_LIT("\x01"), &dl), ERR_TIMEOUT);
	wr_free(&w);
	unpair(fds);
}

static void *read_all(void *arg)
{
	struct deadline dl = deadline_in(PATIENCE_MS);
	const int *fd = arg;
	struct wr w;
	size_t n = 0;

	wr_init_heap(&w, 64);
	while (agent_msg_receive(*fd, &w, &dl) == ERR_OK) {
		n++;
		wr_reset(&w);
	}
	wr_free(&w);
	return (void *)n;
}

static void a_full_socket_goes_on_when_it_is_read(void **state)
{
	struct deadline dl = deadline_in(PATIENCE_MS);
	pthread_t reader;
	void *n;
	int fds[2];

	(void)state;
	pair(fds);
	assert_int_equal(pthread_create(&reader, NULL, read_all, &fds[1]), 0);
	for (unsigned i = 0; i < 2000; i++)
		assert_int_equal(agent_msg_send(fds[0], RD_LIT("\x01\x82\x01x"), &dl), ERR_OK);
	(void)close(fds[0]);
	assert_int_equal(pthread_join(reader, &n), 0);
	assert_int_equal((size_t)n, 2000);
	(void)close(fds[1]);
}

static void an_end_that_is_gone_is_removed(void **state)
{
	struct deadline dl = deadline_in(PATIENCE_MS);
	struct wr w;
	int fds[2];

	(void)state;
	wr_init_heap(&w, 64);
	pair(fds);
	assert_int_equal(agent_msg_send(fds[0], RD_LIT("\x01"), &dl), ERR_OK);
	(void)close(fds[0]);
	/* What it said before is still heard. */
	assert_int_equal(agent_msg_receive(fds[1], &w, &dl), ERR_OK);
	assert_int_equal(agent_msg_receive(fds[1], &w, &dl), ERR_REMOVED);
	assert_int_equal(agent_msg_send(fds[1], RD_LIT("\x01"), &dl), ERR_REMOVED);
	(void)close(fds[1]);

	/* It went without reading what it was sent. */
	pair(fds);
	assert_int_equal(agent_msg_send(fds[1], RD_LIT("\x01"), &dl), ERR_OK);
	(void)close(fds[0]);
	assert_int_equal(agent_msg_receive(fds[1], &w, &dl), ERR_REMOVED);
	(void)close(fds[1]);

	/* An empty packet cannot be told from an end. */
	pair(fds);
	assert_int_equal(send(fds[0], "", 0, 0), 0);
	assert_int_equal(agent_msg_receive(fds[1], &w, &dl), ERR_REMOVED);
	unpair(fds);
	assert_int_equal(agent_msg_receive(-1, &w, &dl), ERR_IO);
	assert_int_equal(agent_msg_send(-1, RD_LIT("\x01"), &dl), ERR_IO);
	wr_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_comes_out_as_it_went_in),
		cmocka_unit_test(a_change_on_a_pad_comes_out_as_it_went_in),
		cmocka_unit_test(every_type_is_known_and_no_other),
		cmocka_unit_test(a_cut_message_is_none),
		cmocka_unit_test(a_message_is_bounded),
		cmocka_unit_test(every_error_survives),
		cmocka_unit_test(a_failure_never_becomes_a_success),
		cmocka_unit_test(a_long_text_of_a_failure_is_cut),
		cmocka_unit_test(cards_come_out_as_they_went_in),
		cmocka_unit_test(as_many_cards_as_there_can_be_fit),
		cmocka_unit_test(a_card_that_is_not_whole_is_bad),
		cmocka_unit_test(packets_keep_their_borders),
		cmocka_unit_test(the_longest_packet_passes_and_no_longer_one),
		cmocka_unit_test(waiting_ends),
		cmocka_unit_test(a_full_socket_goes_on_when_it_is_read),
		cmocka_unit_test(an_end_that_is_gone_is_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
