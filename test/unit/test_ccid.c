/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of CCID against readers that say what they should not, and its descriptor. */
/* fake: clock */
#include "test/unit/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "apdu/usb/ccid.h"
#include "test/fake/clock.h"

/*
 * What a reader answers: transfers in hex, separated by blanks; "ss" is the number of the command, "tt" that of the one
 * before, "-" an empty transfer, "!" a stall, "x" that the device is gone, "~" behind one that it does not end in time;
 * after the last one it is silent.
 */
struct peer {
	const char *left;
	uint8_t seq;
	unsigned sent, aborts, clears;
	size_t max;                     /* of the last transfer in, and its time */
	uint32_t ms;
};

static enum err peer_out(void *ctx, struct rd message, uint32_t ms)
{
	struct peer *p = ctx;

	assert_true(ms > 0);
	assert_true(message.n >= 10);
	p->seq = message.p[6];
	p->sent++;
	return ERR_OK;
}

static enum err peer_in(void *ctx, struct wr *w, size_t max, uint32_t ms)
{
	struct peer *p = ctx;
	char hex[3] = "";
	size_t had = w->n;

	assert_true(ms > 0);
	p->max = max;
	p->ms = ms;
	while (*p->left == ' ' || *p->left == '\n' || *p->left == '\t')
		p->left++;
	if (!*p->left)
		return ERR_TIMEOUT;
	for (; *p->left && !strchr(" \n\t", *p->left); p->left++) {
		if (*p->left == '-')
			continue;
		if (*p->left == '~') {
			p->left++;
			return ERR_TIMEOUT;
		}
		if (*p->left == '!' || *p->left == 'x')
			return *p->left++ == '!' ? ERR_TRANSPORT : ERR_REMOVED;
		memcpy(hex, p->left++, 2);
		if (strcmp(hex, "ss") == 0)
			wr_u8(w, p->seq);
		else if (strcmp(hex, "tt") == 0)
			wr_u8(w, (uint8_t)(p->seq - 1));
		else
			assert_int_equal(text_unhex(rd_of(hex, 2), w), ERR_OK);
	}
	assert_true(w->n - had <= max);
	return wr_done(w);
}

static enum err peer_abort(void *ctx, uint8_t slot, uint8_t seq)
{
	struct peer *p = ctx;

	assert_int_equal(slot, 0);
	assert_int_equal(seq, (uint8_t)(p->seq + 1));
	p->aborts++;
	return ERR_OK;
}

static void peer_clear(void *ctx)
{
	((struct peer *)ctx)->clears++;
}

static void peer_pause(void *ctx, uint32_t ms)
{
	(void)ctx;
	assert_true(ms > 0 && ms < 1000);
}

static const struct row {
	const char *name, *answers;
	enum err e;
	unsigned aborts, sent;
	struct ccid_answer a;
	const char *data;
} rows[] = {
	{ "good", "8000000000" "00ss" "000000", ERR_OK, 0, 1, { .icc = CCID_ACTIVE }, "" },
	{ "no card", "8000000000" "00ss" "42FE00",
	  ERR_OK, 0, 1, { .icc = CCID_ABSENT, .failed = true, .error = 0xFE }, "" },
	{ "with data", "8002000000" "00ss" "010010" "9000",
	  ERR_OK, 0, 1, { .icc = CCID_INACTIVE, .chain = 0x10 }, "9000" },
	{ "in two transfers", "8008000000" "00ss" "000000" "010203040506 0708", ERR_OK, 0, 1,
	  { .icc = CCID_ACTIVE }, "0102030405060708" },
	{ "of just a packet", "8006000000" "00ss" "000000" "010203040506", ERR_OK, 0, 1, { .icc = CCID_ACTIVE },
	  "010203040506" },
	{ "of just a packet, without an end", "8006000000" "00ss" "000000" "010203040506~", ERR_OK, 0, 1,
	  { .icc = CCID_ACTIVE }, "010203040506" },
	{ "of two packets, without an end",
	  "8016000000" "00ss" "000000" "010203040506~ 01020304050607080910111213141516", ERR_OK, 0, 1,
	  { .icc = CCID_ACTIVE }, "01020304050601020304050607080910111213141516" },
	{ "behind empty packets", "- - 8000000000" "00ss" "000000", ERR_OK, 0, 1, { .icc = CCID_ACTIVE }, "" },
	{ "behind a late answer", "8002000000" "00tt" "0000009000 8000000000" "00ss" "000000", ERR_OK, 0, 1,
	  { .icc = CCID_ACTIVE }, "" },
	{ "after more time", "8000000000" "00ss" "800100 8000000000" "00ss" "800000 8000000000" "00ss" "000000",
	  ERR_OK, 0, 1,
	  { .icc = CCID_ACTIVE }, "" },
	{ "busy, then not", "8000000000" "00ss" "40E000 8000000000" "00ss" "40F200 8000000000" "00ss" "000000",
	  ERR_OK, 0, 3,
	  { .icc = CCID_ACTIVE }, "" },

	{ "silent: aborted", "", ERR_TIMEOUT, 1, 2, { 0 }, NULL },
	{ "more time, then silent", "8000000000" "00ss" "800100", ERR_TIMEOUT, 1, 2, { 0 }, NULL },
	{ "gone", "x", ERR_REMOVED, 0, 1, { 0 }, NULL },
	{ "gone in the middle", "8008000000" "00ss" "000000" "010203040506 x", ERR_REMOVED, 0, 1, { 0 }, NULL },
	{ "stalled", "!", ERR_TRANSPORT, 0, 1, { 0 }, NULL },
	{ "silent in the middle", "8008000000" "00ss" "000000" "010203040506", ERR_TIMEOUT, 1, 2, { 0 }, NULL },
	{ "nothing but empty packets", "- - - - - - - - - - - - - - - - - - - -", ERR_TRANSPORT, 0, 1, { 0 }, NULL },
	{ "shorter than a header", "8000000000" "00ss" "0000", ERR_TRANSPORT, 0, 1, { 0 }, NULL },
	{ "longer than its length", "8001000000" "00ss" "000000" "9000", ERR_TRANSPORT, 0, 1, { 0 }, NULL },
	{ "longer in the second transfer", "8007000000" "00ss" "000000" "010203040506 0708",
	  ERR_TRANSPORT, 0, 1, { 0 }, NULL },
	{ "shorter than its length, without an end", "8008000000" "00ss" "000000" "010203040506~", ERR_TIMEOUT, 1, 2,
	  { 0 }, NULL },
	{ "shorter than its length", "8003000000" "00ss" "000000" "9000", ERR_TRANSPORT, 0, 1, { 0 }, NULL },
	{ "an empty packet where the rest should be", "8008000000" "00ss" "000000" "010203040506 -",
	  ERR_TRANSPORT, 0, 1,
	  { 0 }, NULL },
	{ "a length of 4 GB", "80FFFFFFFF" "00ss" "000000", ERR_TRANSPORT, 0, 1, { 0 }, NULL },
	{ "a length that wraps", "80F6FFFFFF" "00ss" "000000", ERR_TRANSPORT, 0, 1, { 0 }, NULL },
	{ "one more than there may be", "8009000100" "00ss" "000000" "010203040506", ERR_TRANSPORT, 0, 1, { 0 }, NULL },
	{ "of another slot", "8000000000" "01ss" "000000", ERR_TRANSPORT, 0, 1, { 0 }, NULL },
	{ "of another kind", "8100000000" "00ss" "000000", ERR_TRANSPORT, 0, 1, { 0 }, NULL },
	{ "status 3", "8000000000" "00ss" "C00000", ERR_TRANSPORT, 0, 1, { 0 }, NULL },
	{ "card status 3", "8000000000" "00ss" "030000", ERR_TRANSPORT, 0, 1, { 0 }, NULL },
	{ "of other commands, on and on",
	  "8000000000" "00tt" "000000 8000000000" "00tt" "000000 8000000000" "00tt" "000000 8000000000" "00tt" "000000 "
	  "8000000000" "00tt" "000000 8000000000" "00tt" "000000 8000000000" "00tt" "000000 8000000000" "00tt" "000000 "
	  "8000000000" "00tt" "000000 8000000000" "00tt" "000000 8000000000" "00tt" "000000 8000000000" "00tt" "000000 "
	  "8000000000" "00tt" "000000 8000000000" "00tt" "000000 8000000000" "00tt" "000000 8000000000" "00tt" "000000 "
	  "8000000000" "00tt" "000000", ERR_TRANSPORT, 0, 1, { 0 }, NULL },
};

static const uint8_t none[3];

static struct ccid_io io_of(struct peer *p)
{
	return (struct ccid_io){ peer_out, peer_in, peer_abort, peer_clear, peer_pause, p, 16 };
}

static void test_answers(void **state)
{
	const struct ccid_desc d = { .level = CCID_TPDU, .message_max = 271 };
	const struct ccid_wait wait = { 1000, 1000, NULL };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct peer p = { .left = rows[i].answers };
		struct ccid_io io = io_of(&p);
		struct ccid_answer a = { 0 };
		uint8_t room[64];
		struct ccid c;
		struct wr w;
		enum err e;

		ccid_init(&c, &io, &d, 0);
		e = ccid_ask(&c, CCID_XFR_BLOCK, none, RD_LIT("x"), &wait, &a);
		if (e != rows[i].e || p.aborts != rows[i].aborts || p.sent != rows[i].sent)
			print_error("%s: %s\n", rows[i].name, err_text(e));
		assert_int_equal(e, rows[i].e);
		assert_int_equal(p.aborts, rows[i].aborts);
		assert_int_equal(p.sent, rows[i].sent);
		assert_int_equal(c.exchanges, p.sent);
		assert_int_equal(p.clears, e == ERR_TRANSPORT);
		if (!e) {
			assert_int_equal(a.icc, rows[i].a.icc);
			assert_int_equal(a.failed, rows[i].a.failed);
			if (a.failed)
				assert_int_equal(a.error, rows[i].a.error);
			assert_int_equal(a.chain, rows[i].a.chain);
			WR_ARR(&w, room);
			assert_bytes_equal(a.data, test_unhex(&w, rows[i].data));
		}
		ccid_free(&c);
	}
}

/* Who has not ended a message once is asked for single packets; everybody else for what most answers fit in. */
static void test_unended(void **state)
{
	static const char answer[] = "8006000000" "00ss" "000000" "010203040506", unended[] = "~";
	const struct ccid_desc d = { .level = CCID_TPDU, .message_max = 271 };
	const struct ccid_wait wait = { 60000, 1000, NULL };
	char text[64];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct peer p = { 0 };
		struct ccid_io io = io_of(&p);
		struct ccid_answer a;
		struct ccid c;

		ccid_init(&c, &io, &d, 0);
		for (unsigned j = 0; j < 2; j++) {
			(void)snprintf(text, sizeof(text), "%s%s", answer, i && !j ? unended : "");
			p.left = text;
			assert_int_equal(ccid_ask(&c, CCID_XFR_BLOCK, none, RD_LIT("x"), &wait, &a), ERR_OK);
			assert_int_equal(a.data.n, 6);
			assert_int_equal(p.max, i && j ? 16 : 512);
			/* No longer than a second where a message may lie there. */
			assert_int_equal(p.ms, i && j ? 60000 : 1000);
		}
		ccid_free(&c);
	}
}

/* A reader that asks for more time for ever, ten seconds each time, and one that is busy for ever. */
static enum err for_ever(void *ctx, struct wr *w, size_t max, uint32_t ms)
{
	struct peer *p = ctx;
	const uint8_t message[] = { 0x80, 0, 0, 0, 0, 0, p->seq, 0x80, 1, 0 };

	(void)max;
	(void)ms;
	fake_clock_pass(10000);
	wr_put(w, RD_ARR(message));
	if (*p->left)
		w->p[w->n - 3] = 0x40, w->p[w->n - 2] = 0xE0;
	return wr_done(w);
}

static void test_for_ever(void **state)
{
	const struct ccid_desc d = { .level = CCID_TPDU, .message_max = 271 };
	struct deadline all = deadline_in(50000);
	const struct ccid_wait wait = { 20000, 20000, &all }, alone = { 20000, 20000, NULL };
	struct peer p = { .left = "" };
	struct ccid_io io = io_of(&p);
	struct ccid_answer a;
	struct ccid c;

	(void)state;
	io.in = for_ever;
	ccid_init(&c, &io, &d, 0);
	assert_int_equal(ccid_ask(&c, CCID_XFR_BLOCK, none, RD_LIT("x"), &wait, &a), ERR_TIMEOUT);
	assert_int_equal(p.aborts, 1);
	/* nobody says how long everything may take: it ends all the same */
	assert_int_equal(ccid_ask(&c, CCID_XFR_BLOCK, none, RD_LIT("x"), &alone, &a), ERR_TIMEOUT);
	assert_int_equal(p.aborts, 2);
	p.left = "busy";
	all = deadline_never();
	assert_int_equal(ccid_ask(&c, CCID_XFR_BLOCK, none, RD_LIT("x"), &wait, &a), ERR_OK);
	assert_true(a.failed);
	assert_int_equal(a.error, CCID_E_SLOT_BUSY);
	ccid_free(&c);
}

static void test_too_long(void **state)
{
	const struct ccid_desc d = { .level = CCID_TPDU, .message_max = 20 };
	const struct ccid_wait wait = { 1000, 1000, NULL };
	struct peer p = { .left = "" };
	struct ccid_io io = io_of(&p);
	struct ccid_answer a;
	struct ccid c;

	(void)state;
	ccid_init(&c, &io, &d, 0);
	assert_int_equal(ccid_ask(&c, CCID_XFR_BLOCK, none, RD_LIT("eleven byte"), &wait, &a), ERR_LIMIT);
	assert_int_equal(p.sent, 0);
	ccid_free(&c);
}

/* ---- descriptor ---- */

#define QEMU_DESC \
	"36211001000701000000a00f000000000100008025000000c2010000fe0000000000000000000000fe04010012000100ffff00000101"

static enum err desc_of(const char *hex, struct ccid_desc *d)
{
	static uint8_t room[128];
	struct wr w;

	WR_ARR(&w, room);
	return ccid_desc_read(test_unhex(&w, hex), d);
}

static void test_descriptor(void **state)
{
	static const char *const bad[] = { "00", "0021", "0121", "3621", "FF21" "0000" };
	struct ccid_desc d;
	uint8_t bytes[54];
	struct wr w;

	(void)state;
	assert_int_equal(desc_of(QEMU_DESC, &d), ERR_OK);
	assert_int_equal(d.level, CCID_TPDU);
	assert_int_equal(d.slots, 1);
	assert_int_equal(d.voltages, 7);
	assert_int_equal(d.khz, 4000);
	assert_int_equal(d.max_rate, 115200);
	assert_int_equal(d.ifsd, 254);
	assert_int_equal(d.features, 0x000104FE);
	assert_int_equal(d.message_max, CCID_MESSAGE_MAX);      /* 65554 is told */
	assert_int_equal(d.pad, 1);
	/* another descriptor in front of it */
	assert_int_equal(desc_of("0424FF00" QEMU_DESC, &d), ERR_OK);
	assert_int_equal(desc_of("", &d), ERR_NOT_FOUND);
	assert_int_equal(desc_of("0424FF00", &d), ERR_NOT_FOUND);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		enum err e = desc_of(bad[i], &d);

		assert_int_equal(e, i == 0 ? ERR_NOT_FOUND : ERR_FORMAT);
	}
	WR_ARR(&w, bytes);
	(void)test_unhex(&w, QEMU_DESC);
	for (size_t n = 1; n < sizeof(bytes); n++)
		assert_int_equal(ccid_desc_read(rd_of(bytes, n), &d), n == 1 ? ERR_NOT_FOUND : ERR_FORMAT);
	bytes[42] = 2;
	assert_int_equal(ccid_desc_read(RD_ARR(bytes), &d), ERR_OK);
	assert_int_equal(d.level, CCID_SHORT);
	bytes[42] = 7;
	assert_int_equal(ccid_desc_read(RD_ARR(bytes), &d), ERR_OK);
	assert_int_equal(d.level, CCID_EXTENDED);
	bytes[42] = 0;
	assert_int_equal(ccid_desc_read(RD_ARR(bytes), &d), ERR_OK);
	assert_int_equal(d.level, CCID_CHARACTER);
	memset(bytes + 44, 0, 4);
	bytes[44] = 46;
	assert_int_equal(ccid_desc_read(RD_ARR(bytes), &d), ERR_FORMAT);
	bytes[44] = 47;
	assert_int_equal(ccid_desc_read(RD_ARR(bytes), &d), ERR_OK);
	bytes[4] = 0xFF;
	assert_int_equal(ccid_desc_read(RD_ARR(bytes), &d), ERR_FORMAT);
	for (int level = CCID_CHARACTER; level <= CCID_EXTENDED; level++)
		assert_non_null(ccid_level_name((enum ccid_level)level));
}

static void test_notice(void **state)
{
	bool present, changed;

	(void)state;
	assert_true(ccid_notice(RD_LIT("\x50\x03"), 0, &present, &changed));
	assert_true(present && changed);
	assert_true(ccid_notice(RD_LIT("\x50\x02"), 0, &present, &changed));
	assert_true(!present && changed);
	assert_true(ccid_notice(RD_LIT("\x50\x00\x04"), 5, &present, &changed));
	assert_true(present && !changed);
	assert_false(ccid_notice(RD_LIT("\x50\x03"), 4, &present, &changed));
	assert_false(ccid_notice(RD_LIT("\x51\x03\x00\x00"), 0, &present, &changed));
	assert_false(ccid_notice(RD_NONE, 0, &present, &changed));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_unended),
		cmocka_unit_test(test_for_ever),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_descriptor),
		cmocka_unit_test(test_notice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
