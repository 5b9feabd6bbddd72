/* SPDX-License-Identifier: Apache-2.0 */
/*
 * T=1 against scripted cards. A block is written "PCB:INFORMATION" in hex; the test adds NAD, length and EDC. In front
 * of one of the card's: '!' its EDC is wrong, '@' its NAD is wrong, '#' it is these bytes as they stand; "-": silence.
 */
#include "test/unit/test.h"

#include <stdlib.h>

#include "apdu/usb/t1.h"

#define STEPS_MAX 16

static uint8_t lrc(struct rd b)
{
	uint8_t x = 0;

	for (size_t i = 0; i < b.n; i++)
		x ^= b.p[i];
	return x;
}

/* Not the way in which the machine does it: a table of four bits. */
static uint16_t crc(struct rd b)
{
	static const uint16_t half[16] = {
		0x0000, 0x1081, 0x2102, 0x3183, 0x4204, 0x5285, 0x6306, 0x7387,
		0x8408, 0x9489, 0xA50A, 0xB58B, 0xC60C, 0xD68D, 0xE70E, 0xF78F,
	};
	uint16_t v = 0xFFFF;

	for (size_t i = 0; i < b.n; i++) {
		v = (uint16_t)(v >> 4 ^ half[(v ^ b.p[i]) & 15]);
		v = (uint16_t)(v >> 4 ^ half[(v ^ b.p[i] >> 4) & 15]);
	}
	return v;
}

static void make_block(struct wr *w, const struct t1_params *p, bool of_card, const char *text)
{
	size_t from = w->n, at;
	bool wrong = *text == '!', other = *text == '@';
	uint8_t nad = of_card ? (uint8_t)(p->nad << 4 | p->nad >> 4) : p->nad;
	char pcb[3] = "";

	if (*text == '#') {
		(void)test_unhex(w, text + 1);
		return;
	}
	text += wrong || other;
	memcpy(pcb, text, 2);
	assert_int_equal(text[2], ':');
	wr_u8(w, other ? nad ^ 1 : nad);
	(void)test_unhex(w, pcb);
	at = w->n;
	wr_u8(w, 0);
	(void)test_unhex(w, text + 3);
	w->p[at] = (uint8_t)(w->n - at - 1);
	if (p->crc)
		wr_u16(w, crc(rd_of(w->p + from, w->n - from)) ^ wrong);
	else
		wr_u8(w, lrc(rd_of(w->p + from, w->n - from)) ^ wrong);
}

struct scenario {
	const char *name, *cmd, *answer;
	struct { const char *sent, *heard; } step[STEPS_MAX];
	enum err e;
	struct t1_params params;
	size_t room;                    /* for the answer; 0: enough */
	enum err after;                 /* of the next t1_begin */
};
/* Blocks of three bytes keep scenarios short; IFSD 32 needs no telling. */
#define PLAIN .params = { .ifsc = 3, .ifsd = 32 }

/*
 * "scenario N" is one of ISO 7816-3, annex A (A.2.1 to A.3.4), as public tests of another implementation number them
 * (ANSSI's Open-ISO7816-Stack). They have no 7, 15, 17 and 22, and none from 25 on, on abort and resynchronisation:
 * these stand here without a number, made of the rules of 11.6.3 like what the rules name besides.
 */
static const struct scenario scenarios[] = {
	{ "scenario 1: one I-block each way", "010203", "9000", { { "00:010203", "00:9000" } }, PLAIN },
	{ "scenario 2: waiting time is extended", "010203", "9000",
	  { { "00:010203", "C3:05" }, { "E3:05", "C3:02" }, { "E3:02", "00:9000" } }, PLAIN },
	{ "scenario 3: the card tells its size before its answer", "010203", "9000",
	  { { "00:010203", "C1:20" }, { "E1:20", "00:9000" } }, PLAIN },
	{ "scenario 4: the reader tells its size", "010203", "9000",
	  { { "C1:FE", "E1:FE" }, { "00:010203", "00:9000" } }, .params = { .ifsc = 3, .ifsd = 254 } },
	{ "scenario 5: the reader chains", "01020304050607", "9000",
	  { { "20:010203", "90:" }, { "60:040506", "80:" }, { "00:07", "00:9000" } }, PLAIN },
	{ "scenario 6: the card chains", "01", "aabbcc9000",
	  { { "00:01", "20:AABB" }, { "90:", "60:CC" }, { "80:", "00:9000" } }, PLAIN },
	{ "both chain", "01020304", "aabb9000",
	  { { "20:010203", "90:" }, { "40:04", "20:AABB" }, { "90:", "40:9000" } }, PLAIN },
	{ "the card tells its size in our chain: the next block is as long", "0102030405060708", "9000",
	  { { "20:010203", "C1:05" }, { "E1:05", "90:" }, { "40:0405060708", "00:9000" } }, PLAIN },
	{ "the card extends in our chain", "01020304", "9000",
	  { { "20:010203", "C3:01" }, { "E3:01", "90:" }, { "40:04", "00:9000" } }, PLAIN },
	{ "the card extends in its chain", "01", "aabb9000",
	  { { "00:01", "20:AABB" }, { "90:", "C3:01" }, { "E3:01", "40:9000" } }, PLAIN },

	{ "scenario 8: our I-block arrives damaged", "010203", "9000",
	  { { "00:010203", "81:" }, { "00:010203", "00:9000" } }, PLAIN },
	{ "... and is not answered", "010203", "9000",
	  { { "00:010203", "-" }, { "82:", "82:" }, { "00:010203", "00:9000" } }, PLAIN },
	{ "scenario 9: the answer arrives damaged", "010203", "9000",
	  { { "00:010203", "!00:9000" }, { "81:", "00:9000" } }, PLAIN },
	{ "the answer does not arrive", "010203", "9000", { { "00:010203", "-" }, { "82:", "00:9000" } }, PLAIN },
	{ "scenario 11: our question for it arrives damaged", "010203", "9000",
	  { { "00:010203", "!00:9000" }, { "81:", "91:" }, { "81:", "00:9000" } }, PLAIN },
	{ "scenario 10: what arrived damaged was a question for our I-block", "010203", "9000",
	  { { "00:010203", "!81:" }, { "81:", "81:" }, { "00:010203", "00:9000" } }, PLAIN },
	{ "scenario 12: ... and so does what the card asks in return", "010203", "9000",
	  { { "00:010203", "!00:9000" }, { "81:", "!91:" }, { "81:", "00:9000" } }, PLAIN },
	{ "scenario 13: ... which it asks again", "010203", "9000",
	  { { "00:010203", "!00:9000" }, { "81:", "!91:" }, { "81:", "91:" }, { "81:", "00:9000" } }, PLAIN },
	{ "an answer with the wrong number", "010203", "9000",
	  { { "00:010203", "40:9000" }, { "82:", "00:9000" } }, PLAIN },
	{ "an answer to somebody else", "010203", "9000",
	  { { "00:010203", "@00:9000" }, { "82:", "00:9000" } }, PLAIN },
	{ "scenario 21: an acknowledgement of our chain arrives damaged", "01020304", "9000",
	  { { "20:010203", "!90:" }, { "81:", "90:" }, { "40:04", "00:9000" } }, PLAIN },
	{ "an I-block of our chain arrives damaged", "01020304", "9000",
	  { { "20:010203", "81:" }, { "20:010203", "90:" }, { "40:04", "00:9000" } }, PLAIN },
	{ "... and so does the question that it leads to", "01020304", "9000",
	  { { "20:010203", "!81:" }, { "81:", "82:" }, { "20:010203", "90:" }, { "40:04", "00:9000" } }, PLAIN },
	{ "an I-block of the card's chain arrives damaged", "01", "aabb9000",
	  { { "00:01", "20:AABB" }, { "90:", "!40:9000" }, { "90:", "40:9000" } }, PLAIN },
	{ "scenario 23: our acknowledgement arrives damaged", "01", "aabb9000",
	  { { "00:01", "20:AABB" }, { "90:", "91:" }, { "90:", "40:9000" } }, PLAIN },
	{ "scenario 24: ... and so does what the card asks in return", "01", "aabb9000",
	  { { "00:01", "20:AABB" }, { "90:", "!91:" }, { "90:", "40:9000" } }, PLAIN },
	{ "... and it asks by a number that is not the next one", "01", "aabb9000",
	  { { "00:01", "20:AABB" }, { "90:", "81:" }, { "90:", "40:9000" } }, PLAIN },
	{ "scenario 14: the question for time arrives damaged", "01", "9000",
	  { { "00:01", "!C3:01" }, { "81:", "C3:01" }, { "E3:01", "00:9000" } }, PLAIN },
	{ "scenario 16: the card's size arrives damaged", "01", "9000",
	  { { "00:01", "!C1:20" }, { "81:", "C1:20" }, { "E1:20", "00:9000" } }, PLAIN },
	{ "scenario 18: our answer to it does not arrive, it is told again", "01", "9000",
	  { { "00:01", "C1:20" }, { "E1:20", "C1:20" }, { "E1:20", "00:9000" } }, PLAIN },
	{ "scenario 19: ... arrives, and what follows is damaged", "01", "9000",
	  { { "00:01", "C1:20" }, { "E1:20", "!00:9000" }, { "81:", "00:9000" } }, PLAIN },
	{ "scenario 20: ... and so is our question for that", "01", "9000",
	  { { "00:01", "C1:20" }, { "E1:20", "!00:9000" }, { "81:", "91:" }, { "81:", "00:9000" } }, PLAIN },
	{ "our answer to a question for time arrives damaged", "01", "9000",
	  { { "00:01", "C3:01" }, { "E3:01", "91:" }, { "E3:01", "00:9000" } }, PLAIN },
	{ "... and the card does not say of what kind the error is", "01", "9000",
	  { { "00:01", "C3:01" }, { "E3:01", "90:" }, { "E3:01", "00:9000" } }, PLAIN },
	{ "... in our chain", "01020304", "9000",
	  { { "20:010203", "C1:05" }, { "E1:05", "91:" }, { "E1:05", "90:" }, { "40:04", "00:9000" } }, PLAIN },
	{ "what follows our answer arrives damaged", "01", "9000",
	  { { "00:01", "C3:01" }, { "E3:01", "!00:9000" }, { "81:", "00:9000" } }, PLAIN },
	{ "the card does not hear of our size", "01", "9000",
	  { { "C1:FE", "81:" }, { "C1:FE", "-" }, { "C1:FE", "E1:FE" }, { "00:01", "00:9000" } },
	  .params = { .ifsc = 3, .ifsd = 254 } },
	{ "the card does not know S(IFS): it is left out", "01", "9000",
	  { { "C1:FE", "82:" }, { "C1:FE", "82:" }, { "C1:FE", "82:" }, { "C0:", "E0:" }, { "00:01", "00:9000" } },
	  .params = { .ifsc = 3, .ifsd = 254 } },
	{ "the card confirms another size", "01", "9000",
	  { { "C1:FE", "E1:20" }, { "C1:FE", "E1:FE" }, { "00:01", "00:9000" } },
	  .params = { .ifsc = 3, .ifsd = 254 } },

	{ "nothing comes: resynchronised, and not sent again", "01", NULL,
	  { { "00:01", "-" }, { "82:", "-" }, { "82:", "-" }, { "C0:", "E0:" } }, ERR_TRANSPORT, PLAIN },
	{ "the card asks again and again", "01", NULL,
	  { { "00:01", "81:" }, { "00:01", "81:" }, { "00:01", "81:" }, { "C0:", "E0:" } }, ERR_TRANSPORT, PLAIN },
	{ "it acknowledges what wants an answer", "01", NULL,
	  { { "00:01", "90:" }, { "82:", "90:" }, { "82:", "90:" }, { "C0:", "E0:" } }, ERR_TRANSPORT, PLAIN },
	{ "it never gets our question for the answer", "01", NULL,
	  { { "00:01", "-" }, { "82:", "91:" }, { "82:", "91:" }, { "82:", "92:" }, { "C0:", "E0:" } },
	  ERR_TRANSPORT, PLAIN },
	{ "it answers before the command is whole", "01020304", NULL,
	  { { "20:010203", "00:9000" }, { "82:", "00:9000" }, { "82:", "00:9000" }, { "C0:", "E0:" } },
	  ERR_TRANSPORT, PLAIN },
	{ "the third try of a resynchronisation", "01", NULL,
	  { { "00:01", "-" }, { "82:", "-" }, { "82:", "-" }, { "C0:", "-" }, { "C0:", "81:" }, { "C0:", "E0:" } },
	  ERR_TRANSPORT, PLAIN },
	{ "a dead card", "01", NULL,
	  { { "00:01", "-" }, { "82:", "-" }, { "82:", "-" }, { "C0:", "-" }, { "C0:", "-" }, { "C0:", "-" } },
	  ERR_RESET, PLAIN, .after = ERR_RESET },
	{ "a card that says anything but what it should", "01", NULL,
	  { { "00:01", "E3:01" }, { "82:", "C0:" }, { "82:", "E2:" }, { "C0:", "00:9000" }, { "C0:", "C3:01" },
	    { "C0:", "E1:20" } }, ERR_RESET, PLAIN, .after = ERR_RESET },
	{ "a card that only asks", "01", NULL,
	  { { "00:01", "80:" }, { "00:01", "80:" }, { "00:01", "80:" }, { "C0:", "80:" }, { "C0:", "80:" },
	    { "C0:", "80:" } }, ERR_RESET, PLAIN, .after = ERR_RESET },

	{ "the card gives up our chain", "01020304", NULL,
	  { { "20:010203", "C2:" }, { "E2:", "90:" } }, ERR_TRANSPORT, PLAIN },
	{ "... and answers at once", "01020304", "6f00", { { "20:010203", "C2:" }, { "E2:", "00:6F00" } }, PLAIN },
	{ "the card gives up its chain", "01", NULL,
	  { { "00:01", "20:AABB" }, { "90:", "C2:" }, { "E2:", "90:" } }, ERR_TRANSPORT, PLAIN },
	{ "... and begins another one", "01", "6f00",
	  { { "00:01", "20:AABB" }, { "90:", "C2:" }, { "E2:", "40:6F00" } }, PLAIN },
	{ "we give up the card's chain: it has no room", "01", NULL,
	  { { "00:01", "20:AABBCC" }, { "C2:", "E2:" } }, ERR_LIMIT, PLAIN, .room = 2 },
	{ "... which the card is told again", "01", NULL,
	  { { "00:01", "20:AABBCC" }, { "C2:", "!E2:" }, { "C2:", "E2:" } }, ERR_LIMIT, PLAIN, .room = 2 },
	{ "... and does not take", "01", NULL,
	  { { "00:01", "20:AABBCC" }, { "C2:", "40:11" }, { "C2:", "40:11" }, { "C2:", "40:11" }, { "C0:", "E0:" } },
	  ERR_LIMIT, PLAIN, .room = 2 },
	{ "the last block of an answer has no room", "01", NULL,
	  { { "00:01", "00:AABBCC" } }, ERR_LIMIT, PLAIN, .room = 2 },
	{ "a chain of nothing", "01", NULL,
	  { { "00:01", "20:" }, { "90:", "60:" }, { "80:", "20:" }, { "90:", "60:" }, { "80:", "20:" },
	    { "90:", "60:" },
	    { "80:", "20:" }, { "90:", "60:" }, { "80:", "20:" }, { "C0:", "E0:" } }, ERR_TRANSPORT, PLAIN },

	{ "sizes that are reserved", "01", "9000",
	  { { "00:01", "C1:00" }, { "82:", "C1:FF" }, { "82:", "00:9000" } }, PLAIN },
	{ "no length", "01", "9000", { { "00:01", "#0000" }, { "82:", "00:9000" } }, PLAIN },
	{ "length 255", "01", "9000", { { "00:01", "#0000FF9000" }, { "82:", "00:9000" } }, PLAIN },
	{ "shorter than its length", "01", "9000", { { "00:01", "#00000390006D" }, { "82:", "00:9000" } }, PLAIN },
	{ "longer than its length", "01", "9000", { { "00:01", "#0000029000926D" }, { "82:", "00:9000" } }, PLAIN },
	{ "information in an R-block", "01", "9000", { { "00:01", "90:00" }, { "82:", "00:9000" } }, PLAIN },
	{ "reserved bits", "01", "9000", { { "00:01", "01:9000" }, { "82:", "93:" }, { "82:", "00:9000" } }, PLAIN },
	{ "no such S-block", "01", "9000", { { "00:01", "C4:" }, { "82:", "00:9000" } }, PLAIN },
	{ "S-blocks without what they are about", "01", "9000",
	  { { "00:01", "C1:" }, { "82:", "C3:0101" }, { "82:", "00:9000" } }, PLAIN },
	{ "an extension by nothing is one", "01", "9000", { { "00:01", "C3:00" }, { "E3:00", "00:9000" } }, PLAIN },

	{ "CRC", "010203", "9000", { { "00:010203", "00:9000" } }, .params = { .ifsc = 3, .ifsd = 32, .crc = true } },
	{ "a wrong CRC", "01020304", "9000",
	  { { "20:010203", "!90:" }, { "81:", "90:" }, { "40:04", "00:9000" } },
	  .params = { .ifsc = 3, .ifsd = 32, .crc = true } },
	{ "node addresses", "01020304", "9000", { { "20:010203", "90:" }, { "40:04", "00:9000" } },
	  .params = { .nad = 0x21, .ifsc = 3, .ifsd = 32 } },
};

/* From the beginning to the end of the script; in memory of exactly the size, so that a sanitizer sees what is read. */
static void play(struct t1 *t, const struct scenario *s, const char *cmd, struct wr *rsp)
{
	uint8_t room[64], expected[T1_BLOCK_MAX], heard[T1_BLOCK_MAX], *copy;
	bool over = false;
	enum err e = ERR_OK;
	struct wr c, w;

	WR_ARR(&c, room);
	(void)test_unhex(&c, cmd);
	assert_int_equal(t1_begin(t, wr_view(&c), rsp), ERR_OK);
	for (size_t i = 0; !over; i++) {
		if (i == STEPS_MAX || !s->step[i].sent) {
			print_error("%s: goes on after step %zu\n", s->name, i);
			fail();
		}
		WR_ARR(&w, expected);
		make_block(&w, &s->params, false, s->step[i].sent);
		if (!rd_eq(t1_block(t), wr_view(&w)))
			print_error("%s: step %zu\n", s->name, i + 1);
		assert_bytes_equal(t1_block(t), wr_view(&w));
		WR_ARR(&w, heard);
		if (*s->step[i].heard != '-')
			make_block(&w, &s->params, true, s->step[i].heard);
		copy = malloc(w.n ? w.n : 1);
		memcpy(copy, heard, w.n);
		e = t1_hear(t, rd_of(copy, w.n), &over);
		free(copy);
		if (!over)
			assert_int_equal(e, ERR_OK);
		else if (i + 1 < STEPS_MAX && s->step[i + 1].sent) {
			print_error("%s: over after step %zu\n", s->name, i + 1);
			fail();
		}
	}
	if (e != s->e)
		print_error("%s: %s\n", s->name, err_text(e));
	assert_int_equal(e, s->e);
}

static void test_scenarios(void **state)
{
	uint8_t room[64], wanted[64];
	struct wr rsp, w;
	struct t1 t;

	(void)state;
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(*scenarios); i++) {
		const struct scenario *s = &scenarios[i];

		wr_init(&rsp, room, s->room ? s->room + 1 : sizeof(room));
		wr_u8(&rsp, 0x77);              /* what stands there already stays */
		WR_ARR(&w, wanted);
		wr_u8(&w, 0x77);
		if (s->answer)
			(void)test_unhex(&w, s->answer);
		t1_init(&t, &s->params);
		play(&t, s, s->cmd, &rsp);
		assert_bytes_equal(wr_view(&rsp), wr_view(&w));
		assert_int_equal(t1_begin(&t, RD_LIT("x"), &rsp), s->after);
	}
}

/* One after the other with the same card: numbers go on, also after what has failed. */
static void test_in_a_row(void **state)
{
	static const struct scenario first = {
		"a chain each way", "01020304", NULL,
		{ { "C1:FE", "E1:FE" }, { "20:010203", "90:" }, { "40:04", "20:AABB" }, { "90:", "40:9000" } },
		.params = { .ifsc = 3, .ifsd = 254 },
	}, second = {
		"numbers go on", "01", NULL, { { "00:01", "00:9000" } }, .params = { .ifsc = 3, .ifsd = 254 },
	}, third = {
		"and again", "01", NULL,
		{ { "40:01", "-" }, { "92:", "-" }, { "92:", "-" }, { "C0:", "E0:" } }, ERR_TRANSPORT,
		.params = { .ifsc = 3, .ifsd = 254 },
	}, fourth = {
		"from the beginning", "01", NULL, { { "C1:FE", "E1:FE" }, { "00:01", "00:9000" } },
		.params = { .ifsc = 3, .ifsd = 254 },
	}, fifth = {
		"given up", "01020304", NULL, { { "60:010203", "C2:" }, { "E2:", "80:" } }, ERR_TRANSPORT,
		.params = { .ifsc = 3, .ifsd = 254 },
	}, sixth = {
		"with the number that the card waits for", "01", NULL, { { "00:01", "40:9000" } },
		.params = { .ifsc = 3, .ifsd = 254 },
	};
	static const struct scenario *const all[] = { &first, &second, &third, &fourth, &fifth, &sixth };
	uint8_t room[64];
	struct wr rsp;
	struct t1 t;

	(void)state;
	t1_init(&t, &first.params);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		WR_ARR(&rsp, room);
		play(&t, all[i], all[i]->cmd, &rsp);
	}
	assert_int_equal(t1_begin(&t, RD_NONE, &rsp), ERR_ARG);
	t1_wipe(&t);
	assert_int_equal(t1_block(&t).n, 0);
}

static void test_waiting(void **state)
{
	const struct t1_params p = { .ifsc = 3, .ifsd = 32 };
	uint8_t room[64], bytes[T1_BLOCK_MAX];
	struct wr rsp, w;
	struct t1 t;
	bool over;

	(void)state;
	WR_ARR(&rsp, room);
	t1_init(&t, &p);
	assert_int_equal(t1_begin(&t, RD_LIT("x"), &rsp), ERR_OK);
	assert_int_equal(t1_wait(&t), 1);
	WR_ARR(&w, bytes);
	make_block(&w, &p, true, "C3:07");
	assert_int_equal(t1_hear(&t, wr_view(&w), &over), ERR_OK);
	assert_int_equal(t1_wait(&t), 7);
	/* for one block only */
	assert_int_equal(t1_hear(&t, RD_NONE, &over), ERR_OK);
	assert_int_equal(t1_wait(&t), 1);
	/* the check value of this code: "123456789" gives 6F91 without the complement of ISO 13239's frames */
	assert_int_equal(crc(RD_LIT("123456789")), 0x6F91);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scenarios),
		cmocka_unit_test(test_in_a_row),
		cmocka_unit_test(test_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
