/* SPDX-License-Identifier: Apache-2.0 */
/* A virtual card in readers of each kind: power, parameters, exchanges, what breaks and when. */
#include "test/unit/ccid_line.h"
#include "test/unit/vcard.h"

static struct card *card;

static int setup(void **state)
{
	if (test_folder_make(state))
		return -1;
	card = card_new(NULL);
	return 0;
}

static int teardown(void **state)
{
	card_free(card);
	return test_folder_remove(state);
}

/* SELECT; a whole certificate by extended Le; a file written by a long command; a VERIFY. */
static const char *const commands[] = {
	"00A404000BE82B0601040181C31F020100",
	"00B12F0200000454020000" "0000",
	"00B12F02045402000000",
	"0020008106363438323139",
	"8050000000",
};

#define EXTENDED_LE 1

static struct rd command(size_t i, struct wr *w)
{
	wr_reset(w);
	(void)test_unhex(w, commands[i]);

	return wr_view(w);
}

static void same_answers(struct line *l, bool with_long)
{
	struct wr cmd, got, wanted;

	wr_init_heap(&cmd, 5000);
	wr_init_heap(&got, APDU_RSP_MAX);
	wr_init_heap(&wanted, APDU_RSP_MAX);
	assert_int_equal(ccid_card_power_on(&l->card), ERR_OK);
	assert_bytes_equal(rd_of(l->card.atr_bytes, l->card.atr_size), vcard_atr(card->v));
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		struct rd c = command(i, &cmd);

		if (!with_long && i == EXTENDED_LE)
			continue;
		wr_reset(&got);
		wr_reset(&wanted);
		assert_int_equal(ccid_card_transmit(&l->card, c, &got, NULL), ERR_OK);
		assert_int_equal(vcard_exchange(card->v, c, &wanted), ERR_OK);
		assert_bytes_equal(wr_view(&got), wr_view(&wanted));
	}
	/* Longer than a block, and than a message of the small readers: whatever the card says to it. */
	if (with_long) {
		wr_reset(&cmd);
		(void)test_unhex(&cmd, "00D7CF0100" "0BB8" "54020000" "53820BB0");
		wr_zeros(&cmd, 3000 - 8);
		wr_reset(&got);
		wr_reset(&wanted);
		assert_int_equal(ccid_card_transmit(&l->card, wr_view(&cmd), &got, NULL), ERR_OK);
		assert_int_equal(vcard_exchange(card->v, wr_view(&cmd), &wanted), ERR_OK);
		assert_bytes_equal(wr_view(&got), wr_view(&wanted));
		assert_int_equal(ccid_card_present(&l->card), ERR_OK);
	}
	wr_free(&cmd);
	wr_free(&got);
	wr_free(&wanted);
}

/* Each level; packets of full and high speed, short and long messages, with and without empty packets at their end. */
static void test_readers(void **state)
{
	static const enum ccid_level levels[] = { CCID_TPDU, CCID_SHORT, CCID_EXTENDED };
	static const size_t packets[] = { 64, 512 };
	static const uint32_t messages[] = { 271, 522, 0 };

	(void)state;
	for (size_t i = 0; i < 3; i++)
		for (size_t j = 0; j < 2; j++)
			for (size_t k = 0; k < 3; k++)
				for (unsigned more = 0; more < 3; more++) {
					struct fake_ccid_spec s = {
						.level = levels[i], .packet = packets[j], .message_max = messages[k],
						.features = FAKE_CCID_AUTO, .empty_packet = more & 1, .extend = more,
						.busy = more,
					};
					struct line l;

					line_open(&l, &s, card->v);
					same_answers(&l, levels[i] != CCID_SHORT);
					assert_int_equal(l.aborts, 0);
					assert_int_equal(l.clears, 0);
					ccid_card_power_off(&l.card);
					assert_false(l.reader.powered);
					line_close(&l);
				}
}

/* What the card of this one hears, and answers. */
static uint8_t heard[300];
static size_t heard_n;

static size_t say_n;

static bool hear(void *ctx, struct rd cmd, struct wr *rsp)
{
	(void)ctx;
	assert_true(cmd.n <= sizeof(heard));
	wr_zeros(rsp, say_n);
	memcpy(heard, cmd.p, cmd.n);
	heard_n = cmd.n;
	wr_u16(rsp, 0x9000);
	return true;
}

/* Each command in the short form, whatever form it has; what does not fit is refused, and nothing is lost. */
static void test_short_reader(void **state)
{
	const struct fake_ccid_spec s = { .level = CCID_SHORT, .features = FAKE_CCID_AUTO };
#define BYTES(s) { (const uint8_t *)(s), sizeof(s) - 1 }
	static const struct { struct rd cmd, sent; } rows[] = {
		{ BYTES("\0\x84\0\0\x08"), BYTES("\0\x84\0\0\x08") },
		{ BYTES("\0\x84\0\0\0\0\x08"), BYTES("\0\x84\0\0\x08") },
		{ BYTES("\0\x84\0\0\0\x01\0"), BYTES("\0\x84\0\0\0") },
		{ BYTES("\x80\x58\0\0\0\0\0"), BYTES("\x80\x58\0\0\0") },
		{ BYTES("\0\xB1\0\0\0\0\x04\x54\x02\0\0\0\0"),
		  BYTES("\0\xB1\0\0\x04\x54\x02\0\0\0") },
		{ BYTES("\0\x20\0\x81"), BYTES("\0\x20\0\x81") },
		{ BYTES("\0\xD7\0\0\0\0\x01\x42"), BYTES("\0\xD7\0\0\x01\x42") },
	};
	uint8_t cmd[7 + 256] = { 0, 0xD6, 0, 0, 0, 1, 0 };
	uint8_t room[300];
	struct line l;
	struct wr w;

	(void)state;
	line_open(&l, &s, card->v);
	l.reader.card.run = hear;
	assert_int_equal(ccid_card_power_on(&l.card), ERR_OK);
	assert_int_equal(ccid_card_cmd_max(&l.card), 261);
	WR_ARR(&w, room);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(ccid_card_transmit(&l.card, rows[i].cmd, &w, NULL), ERR_OK);
		assert_bytes_equal(rd_of(heard, heard_n), rows[i].sent);
	}
	/* 255 bytes in the extended form are 262, and in the short one 260 */
	cmd[5] = 0;
	cmd[6] = 255;
	assert_int_equal(ccid_card_transmit(&l.card, rd_of(cmd, 7 + 255), &w, NULL), ERR_OK);
	assert_int_equal(heard_n, 5 + 255);
	cmd[5] = 1;
	cmd[6] = 0;
	heard_n = 0;
	wr_reset(&w);
	assert_int_equal(ccid_card_transmit(&l.card, RD_ARR(cmd), &w, NULL), ERR_LIMIT);
	assert_int_equal(heard_n, 0);
	/* "All" of just 256 bytes may be half; who asks for 256 knows what he gets */
	say_n = 256;
	assert_int_equal(ccid_card_transmit(&l.card, rows[3].cmd, &w, NULL), ERR_LIMIT);
	assert_int_equal(w.n, 0);
	assert_int_equal(ccid_card_transmit(&l.card, rows[2].cmd, &w, NULL), ERR_OK);
	assert_int_equal(w.n, 258);
	say_n = 0;
	assert_int_equal(ccid_card_present(&l.card), ERR_OK);
	line_close(&l);
}

static void test_character_reader(void **state)
{
	const struct ccid_desc d = { .level = CCID_CHARACTER, .message_max = 271 };
	const struct ccid_io io = { .packet = 64 };
	struct ccid_card c;

	(void)state;
	assert_int_equal(ccid_card_init(&c, &io, &d, "reader"), ERR_UNSUPPORTED);
}

/* How many transfers an exchange takes: two is the least; a third where the answer is longer than most are. */
static void test_transfers(void **state)
{
	static const struct { enum ccid_level level; size_t packet; unsigned out, in; } rows[] = {
		{ CCID_TPDU, 64, 1, 1 }, { CCID_SHORT, 64, 1, 1 }, { CCID_EXTENDED, 64, 1, 1 },
		{ CCID_EXTENDED, 512, 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct fake_ccid_spec s = { .level = rows[i].level, .features = FAKE_CCID_AUTO,
					    .packet = rows[i].packet };
		uint8_t room[4096];
		unsigned in, out;
		struct line l;
		struct wr w, cmd;
		uint8_t bytes[64];

		line_open(&l, &s, card->v);
		assert_int_equal(ccid_card_power_on(&l.card), ERR_OK);
		WR_ARR(&cmd, bytes);
		/* the first one at TPDU level tells the size of blocks, too */
		for (unsigned j = 0; j < 2; j++) {
			WR_ARR(&w, room);
			in = l.in;
			out = l.out;
			assert_int_equal(ccid_card_transmit(&l.card, command(0, &cmd), &w, NULL), ERR_OK);
		}
		assert_int_equal(l.out - out, rows[i].out);
		assert_int_equal(l.in - in, rows[i].in);
		if (rows[i].level == CCID_EXTENDED) {
			in = l.in;
			wr_reset(&w);
			assert_int_equal(ccid_card_transmit(&l.card, command(EXTENDED_LE, &cmd), &w, NULL), ERR_OK);
			assert_true(w.n > 256);
			assert_int_equal(l.in - in, 10 + w.n > 512 ? 2 : 1);
		}
		line_close(&l);
	}
}

/* ---- power and parameters ---- */

static void test_voltages(void **state)
{
	static const struct { uint8_t has, works_by, features; uint8_t select; enum err e; } rows[] = {
		{ 7, 0, 0, 3, ERR_OK }, { 7, CCID_3V, 0, 2, ERR_OK }, { 7, CCID_5V, 0, 1, ERR_OK },
		{ CCID_5V, 0, 0, 1, ERR_OK }, { CCID_3V | CCID_1V8, CCID_5V, 0, 2, ERR_NO_CARD },
		{ 7, CCID_3V, CCID_AUTO_VOLTAGE, 0, ERR_OK },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct fake_ccid_spec s = { .level = CCID_EXTENDED, .voltages = rows[i].has,
					    .works_by = rows[i].works_by, .features = 0xF6u | rows[i].features };
		struct line l;

		line_open(&l, &s, card->v);
		assert_int_equal(ccid_card_power_on(&l.card), rows[i].e);
		assert_int_equal(l.reader.power_select, rows[i].select);
		assert_int_equal(l.reader.powered, rows[i].e == ERR_OK);
		line_close(&l);
	}
}

/* The virtual card offers 18 (372 / 12): 129032 bit/s at 4 MHz. */
static void test_parameters(void **state)
{
	static const struct {
		struct fake_ccid_spec s;
		unsigned pps;
		uint8_t fi_di;
		bool set;
	} rows[] = {
		{ { .level = CCID_TPDU, .features = FAKE_CCID_AUTO }, 0, 0, false },
		{ { .level = CCID_TPDU, .features = CCID_AUTO_PPS }, 0, 0, true },
		{ { .level = CCID_TPDU, .features = CCID_AUTO_NEGOTIATION }, 0, 0, false },
		{ { .level = CCID_TPDU, .features = CCID_AUTO_PARAMETERS_ATR }, 1, 0x18, false },
		{ { .level = CCID_TPDU }, 1, 0x18, true },
		{ { .level = CCID_TPDU, .max_rate = 129031 }, 0, 0x11, true },
		{ { .level = CCID_TPDU, .pps = FAKE_PPS_MUTE }, 1, 0x11, true },
		{ { .level = CCID_TPDU, .pps = FAKE_PPS_OTHER }, 1, 0x11, true },
		{ { .level = CCID_EXTENDED }, 0, 0x11, true },
		{ { .level = CCID_TPDU, .features = CCID_AUTO_IFSD }, 1, 0x18, true },
		{ { .level = CCID_TPDU, .features = FAKE_CCID_AUTO, .ifsd = 40 }, 0, 0, false },
		{ { .level = CCID_TPDU, .features = FAKE_CCID_AUTO, .message_max = 60 }, 0, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct line l;

		line_open(&l, &rows[i].s, card->v);
		same_answers(&l, true);
		assert_int_equal(l.reader.pps_seen, rows[i].pps);
		assert_int_equal(l.reader.fi_di, rows[i].fi_di);
		assert_int_equal(l.reader.parameters_set, rows[i].set);
		line_close(&l);
	}
}

/* ---- the card goes ---- */

static void test_removed(void **state)
{
	const struct fake_ccid_spec s = { .level = CCID_TPDU, .features = FAKE_CCID_AUTO };
	uint8_t room[4096], bytes[64];
	struct wr w, cmd;
	struct line l;
	bool on = true;

	(void)state;
	line_open(&l, &s, NULL);
	WR_ARR(&w, room);
	WR_ARR(&cmd, bytes);
	assert_int_equal(ccid_card_look(&l.card, &on), ERR_NO_CARD);
	assert_int_equal(ccid_card_power_on(&l.card), ERR_NO_CARD);
	assert_int_equal(ccid_card_present(&l.card), ERR_RESET);
	assert_int_equal(ccid_card_transmit(&l.card, command(0, &cmd), &w, NULL), ERR_RESET);
	line_card(&l, card->v);
	assert_int_equal(ccid_card_look(&l.card, &on), ERR_OK);
	assert_false(on);
	assert_int_equal(ccid_card_power_on(&l.card), ERR_OK);
	assert_int_equal(ccid_card_look(&l.card, &on), ERR_OK);
	assert_true(on);
	assert_int_equal(ccid_card_present(&l.card), ERR_OK);
	/* pulled and put in again between two questions: it has no power */
	line_card(&l, NULL);
	line_card(&l, card->v);
	assert_int_equal(ccid_card_present(&l.card), ERR_REMOVED);
	assert_int_equal(ccid_card_power_on(&l.card), ERR_OK);
	/* and the exchange that meets it says so, too */
	line_card(&l, NULL);
	assert_int_equal(ccid_card_transmit(&l.card, command(0, &cmd), &w, NULL), ERR_REMOVED);
	assert_int_equal(w.n, 0);
	line_card(&l, card->v);
	assert_int_equal(ccid_card_power_on(&l.card), ERR_OK);
	l.gone = true;
	assert_int_equal(ccid_card_present(&l.card), ERR_REMOVED);
	assert_int_equal(ccid_card_transmit(&l.card, command(0, &cmd), &w, NULL), ERR_RESET);
	line_close(&l);
}

/* ---- readers that die, and that lie ---- */

struct spoiler {
	struct line *l;
	unsigned at, n;         /* which answer, counted from 0 */
	size_t cut;             /* to so many bytes, and then silence; SIZE_MAX: one byte is changed */
	size_t byte;
};

static void spoil(void *ctx, struct wr *message)
{
	struct spoiler *s = ctx;

	if (s->n++ != s->at)
		return;
	if (s->cut != SIZE_MAX) {
		if (s->cut < message->n)
			wr_cut(message, s->cut);
		s->l->reader.silent = true;
	} else if (s->byte < message->n) {
		message->p[s->byte] ^= 0x41;
	}
}

/* SELECT, a PIN, a read; ends at the first failure. */
static enum err some_work(struct line *l)
{
	static const size_t work[] = { 0, 3, 2 };
	uint8_t bytes[64];
	struct wr w, cmd;
	enum err e = ccid_card_power_on(&l->card);

	WR_ARR(&cmd, bytes);
	wr_init_heap(&w, APDU_RSP_MAX);
	for (size_t i = 0; i < 3 && !e; i++) {
		size_t before = w.n;

		e = ccid_card_transmit(&l->card, command(work[i], &cmd), &w, NULL);
		if (e)
			assert_int_equal(w.n, before);
	}
	wr_free(&w);
	return e;
}

static void test_death(void **state)
{
	static const enum ccid_level levels[] = { CCID_TPDU, CCID_EXTENDED };
	unsigned answers;
	size_t longest = 10 + 300;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct fake_ccid_spec s = { .level = levels[i], .message_max = 271 };
		struct spoiler sp = { .at = UINT32_MAX };
		struct line l;

		line_open(&l, &s, card->v);
		l.reader.spoil = spoil;
		l.reader.spoil_ctx = &sp;
		assert_int_equal(some_work(&l), ERR_OK);
		answers = sp.n;
		line_close(&l);
		for (unsigned at = 0; at < answers; at++)
			for (size_t cut = 0; cut < longest; cut += cut < 20 ? 1 : 37) {
				enum err e;

				line_open(&l, &s, card->v);
				sp = (struct spoiler){ .l = &l, .at = at, .cut = cut };
				l.reader.spoil = spoil;
				l.reader.spoil_ctx = &sp;
				e = some_work(&l);
				/* it was the last one, and whole */
				if (e)
					assert_false(l.card.powered);
				else
					assert_true(at == answers - 1);
				line_close(&l);
			}
	}
}

/* One byte of one answer is wrong: never more than an error, and the card is off after it; T=1 mends its own. */
static void test_lies(void **state)
{
	static const enum ccid_level levels[] = { CCID_TPDU, CCID_EXTENDED };

	(void)state;
	for (size_t i = 0; i < 2; i++)
		for (unsigned at = 0; at < 5; at++)
			for (size_t byte = 0; byte < 20; byte++) {
				struct fake_ccid_spec s = { .level = levels[i], .message_max = 271 };
				struct spoiler sp = { .at = at, .cut = SIZE_MAX, .byte = byte };
				struct line l;
				enum err e;

				line_open(&l, &s, card->v);
				l.reader.spoil = spoil;
				l.reader.spoil_ctx = &sp;
				e = some_work(&l);
				if (e)
					assert_false(l.card.powered);
				/* header: type, length, slot, number; PowerOn has another try, with more voltage */
				if (byte < 7 && at > 0 && levels[i] != CCID_TPDU)
					assert_int_not_equal(e, ERR_OK);
				line_close(&l);
			}
}

/* ---- PIN pad ---- */

static void test_pad(void **state)
{
	static const enum ccid_level levels[] = { CCID_TPDU, CCID_SHORT, CCID_EXTENDED };
	static const struct pinpad_ask ask = { .ins = 0x20, .p2 = 0x81, .min = 6, .max = 16, .seconds = 30 };
	uint8_t room[600], bytes[64];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct fake_ccid_spec s = { .level = levels[i], .features = FAKE_CCID_AUTO, .pad = true,
					    .extend = i & 1 };
		struct wr w, cmd;
		struct line l;

		line_open(&l, &s, card->v);
		WR_ARR(&cmd, bytes);
		WR_ARR(&w, room);
		assert_true(ccid_card_has_pad(&l.card));
		assert_int_equal(ccid_card_pad_verify(&l.card, &ask, &w), ERR_RESET);
		assert_int_equal(ccid_card_power_on(&l.card), ERR_OK);
		assert_int_equal(ccid_card_transmit(&l.card, command(0, &cmd), &w, NULL), ERR_OK);
		wr_reset(&w);
		assert_int_equal(ccid_card_pad_verify(&l.card, &ask, &w), ERR_OK);
		assert_bytes_equal(wr_view(&w), RD_LIT("\x64\x00"));
		wr_reset(&w);
		l.reader.typed = "";
		assert_int_equal(ccid_card_pad_verify(&l.card, &ask, &w), ERR_OK);
		assert_bytes_equal(wr_view(&w), RD_LIT("\x64\x01"));
		/* the card's own answer: a blank card has no PIN */
		wr_reset(&w);
		l.reader.typed = "648219";
		assert_int_equal(ccid_card_pad_verify(&l.card, &ask, &w), ERR_OK);
		assert_int_equal(w.n, 2);
		assert_true(w.p[0] != 0x64);
		/* and the next exchange goes on from there */
		wr_reset(&w);
		assert_int_equal(ccid_card_transmit(&l.card, command(0, &cmd), &w, NULL), ERR_OK);
		assert_bytes_equal(rd_of(w.p + w.n - 2, 2), RD_LIT("\x90\x00"));
		line_close(&l);
		s.pad = false;
		line_open(&l, &s, card->v);
		assert_int_equal(ccid_card_power_on(&l.card), ERR_OK);
		assert_false(ccid_card_has_pad(&l.card));
		assert_int_equal(ccid_card_pad_verify(&l.card, &ask, &w), ERR_UNSUPPORTED);
		line_close(&l);
	}
}

/* The card's answer is the same whether a PIN is changed by the pad or by us. */
static void test_pad_change(void **state)
{
	static const enum ccid_level levels[] = { CCID_TPDU, CCID_SHORT, CCID_EXTENDED };
	static const struct pinpad_ask ask = { .ins = 0x24, .p2 = 0x81, .min = 6, .max = 6, .seconds = 30 };
	static const struct { const char *typed, *fresh, *again; uint16_t sw; } own[] = {
		{ NULL, "", "", 0x6400 }, { "", "", "", 0x6401 }, { "648219", "135790", "135791", 0x6402 },
		{ "6482190", "135790", "135790", 0x6403 }, { "648219", "13579", "13579", 0x6403 },
	};
	uint8_t room[600], bytes[64], expected[64];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct fake_ccid_spec s = { .level = levels[i], .features = FAKE_CCID_AUTO, .pad_changes = true,
					    .extend = i & 1 };
		struct wr w, cmd, wanted;
		struct line l;

		line_open(&l, &s, card->v);
		WR_ARR(&cmd, bytes);
		WR_ARR(&w, room);
		WR_ARR(&wanted, expected);
		assert_true(ccid_card_has_pad_change(&l.card) && !ccid_card_has_pad(&l.card));
		assert_int_equal(ccid_card_pad_change(&l.card, &ask, &w), ERR_RESET);
		assert_int_equal(ccid_card_power_on(&l.card), ERR_OK);
		assert_int_equal(ccid_card_transmit(&l.card, command(0, &cmd), &w, NULL), ERR_OK);
		for (size_t j = 0; j < sizeof(own) / sizeof(*own); j++) {
			wr_reset(&w);
			l.reader.typed = own[j].typed;
			l.reader.typed_new = own[j].fresh;
			l.reader.typed_again = own[j].again;
			assert_int_equal(ccid_card_pad_change(&l.card, &ask, &w), ERR_OK);
			assert_int_equal(w.n, 2);
			assert_int_equal(w.p[0] << 8 | w.p[1], own[j].sw);
		}
		assert_int_equal(vcard_exchange(card->v, RD_LIT("\x00\x24\x00\x81\x0C" "648219135790"), &wanted),
				 ERR_OK);
		wr_reset(&w);
		l.reader.typed_new = l.reader.typed_again = "135790";
		assert_int_equal(ccid_card_pad_change(&l.card, &ask, &w), ERR_OK);
		assert_bytes_equal(wr_view(&w), wr_view(&wanted));
		/* and the next exchange goes on from there */
		wr_reset(&w);
		assert_int_equal(ccid_card_transmit(&l.card, command(0, &cmd), &w, NULL), ERR_OK);
		assert_bytes_equal(rd_of(w.p + w.n - 2, 2), RD_LIT("\x90\x00"));
		assert_int_equal(ccid_card_pad_verify(&l.card, &ask, &w), ERR_UNSUPPORTED);
		line_close(&l);
	}
}

/* By the SO-PIN 57621880: what the reader is told whole, at each level, and as the card must hear it. */
static void test_pad_so(void **state)
{
	static const enum ccid_level levels[] = { CCID_TPDU, CCID_SHORT, CCID_EXTENDED };
	static const struct {
		struct pinpad_ask ask;
		const char *typed, *fresh;      /* fresh NULL: no change */
		struct rd heard;
	} rows[] = {
		{ { .ins = 0x2C, .p1 = 1, .p2 = 0x81, .min = 8, .max = 8, .seconds = 30 }, "57621880", NULL,
		  RD_LIT("\x00\x2C\x01\x81\x08" "57621880") },
		{ { .ins = 0x2C, .p1 = 1, .p2 = 0x81, .min = 16, .max = 16, .seconds = 30, .packed = true },
		  "3537363231383830", NULL, RD_LIT("\x00\x2C\x01\x81\x08" "57621880") },
		{ { .ins = 0x24, .p2 = 0x88, .min = 16, .max = 16, .seconds = 30, .packed = true }, "3537363231383830",
		  "0123456789012345", RD_LIT("\x00\x24\x00\x88\x10" "57621880\x01\x23\x45\x67\x89\x01\x23\x45") },
		{ { .ins = 0x2C, .p2 = 0x81, .min = 6, .max = 6, .seconds = 30,
		    .old = RD_LIT("\xA0\xB0\xC0\xD0\x01\x02\x03\x04") },
		  "", "135790", RD_LIT("\x00\x2C\x00\x81\x0E\xA0\xB0\xC0\xD0\x01\x02\x03\x04" "135790") },
	};
	uint8_t room[600], bytes[64], expected[64];

	(void)state;
	for (size_t i = 0; i < 3 * sizeof(rows) / sizeof(*rows); i++) {
		const struct fake_ccid_spec s = { .level = levels[i % 3], .features = FAKE_CCID_AUTO, .pad = true,
						  .pad_changes = true };
		struct wr w, cmd, wanted;
		struct line l;

		line_open(&l, &s, card->v);
		WR_ARR(&cmd, bytes);
		WR_ARR(&w, room);
		WR_ARR(&wanted, expected);
		assert_int_equal(ccid_card_power_on(&l.card), ERR_OK);
		assert_int_equal(ccid_card_transmit(&l.card, command(0, &cmd), &w, NULL), ERR_OK);
		l.reader.typed = rows[i / 3].typed;
		l.reader.typed_new = l.reader.typed_again = rows[i / 3].fresh;
		wr_reset(&w);
		assert_int_equal((rows[i / 3].fresh ? ccid_card_pad_change : ccid_card_pad_verify)
				 (&l.card, &rows[i / 3].ask, &w), ERR_OK);
		assert_bytes_equal(rd_of(l.reader.pins, l.reader.pins_n), rows[i / 3].heard);
		assert_int_equal(vcard_exchange(card->v, rows[i / 3].heard, &wanted), ERR_OK);
		assert_bytes_equal(wr_view(&w), wr_view(&wanted));
		wr_reset(&w);
		assert_int_equal(ccid_card_transmit(&l.card, command(0, &cmd), &w, NULL), ERR_OK);
		assert_bytes_equal(rd_of(w.p + w.n - 2, 2), RD_LIT("\x90\x00"));
		line_close(&l);
	}
}

/* A reader that refuses what it is asked: the card has heard nothing, and is as it was. */
static void test_pad_refuses(void **state)
{
	const struct fake_ccid_spec s = { .level = CCID_TPDU, .features = FAKE_CCID_AUTO, .pad = true };
	const struct pinpad_ask ask = { .ins = 0x2C, .p1 = 1, .p2 = 0x81, .min = 8, .max = 8, .seconds = 30 };
	uint8_t room[600], bytes[64];
	struct wr w, cmd;
	struct line l;

	(void)state;
	line_open(&l, &s, card->v);
	WR_ARR(&cmd, bytes);
	WR_ARR(&w, room);
	assert_int_equal(ccid_card_power_on(&l.card), ERR_OK);
	assert_int_equal(ccid_card_transmit(&l.card, command(0, &cmd), &w, NULL), ERR_OK);
	l.reader.typed = "57621880";
	l.reader.pad_knows = 0x20;
	wr_reset(&w);
	assert_int_equal(ccid_card_pad_verify(&l.card, &ask, &w), ERR_OK);
	assert_bytes_equal(wr_view(&w), RD_LIT("\x6B\x80"));
	assert_true(l.card.powered);
	wr_reset(&w);
	assert_int_equal(ccid_card_transmit(&l.card, command(0, &cmd), &w, NULL), ERR_OK);
	line_close(&l);
}

/* The reader makes one block of it, and no chain. */
static void test_pad_block(void **state)
{
	const struct fake_ccid_spec s = { .level = CCID_TPDU, .features = FAKE_CCID_AUTO, .pad_changes = true,
					  .message_max = 47 };
	struct pinpad_ask ask = { .ins = 0x24, .p2 = 0x81, .min = 15, .max = 15, .seconds = 30 };
	uint8_t room[600], bytes[64];
	struct wr w, cmd;
	struct line l;

	(void)state;
	line_open(&l, &s, card->v);
	WR_ARR(&cmd, bytes);
	WR_ARR(&w, room);
	assert_int_equal(ccid_card_power_on(&l.card), ERR_OK);
	ask.min = ask.max = 13;
	l.reader.typed = "";
	assert_int_equal(ccid_card_transmit(&l.card, command(0, &cmd), &w, NULL), ERR_OK);
	wr_reset(&w);
	assert_int_equal(ccid_card_pad_change(&l.card, &ask, &w), ERR_OK);
	assert_bytes_equal(wr_view(&w), RD_LIT("\x64\x01"));
	ask.min = ask.max = 14;
	assert_int_equal(ccid_card_pad_change(&l.card, &ask, &w), ERR_UNSUPPORTED);
	assert_true(l.card.powered);
	line_close(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_readers),
		cmocka_unit_test(test_short_reader),
		cmocka_unit_test(test_character_reader),
		cmocka_unit_test(test_transfers),
		cmocka_unit_test(test_voltages),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_removed),
		cmocka_unit_test(test_death),
		cmocka_unit_test(test_lies),
		cmocka_unit_test(test_pad),
		cmocka_unit_test(test_pad_change),
		cmocka_unit_test(test_pad_so),
		cmocka_unit_test(test_pad_refuses),
		cmocka_unit_test(test_pad_block),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
