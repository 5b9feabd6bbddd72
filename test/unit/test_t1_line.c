/* SPDX-License-Identifier: Apache-2.0 */
/* T=1 between the machine and the virtual card's side of it, over a line that loses and damages blocks. */
#include "test/unit/test.h"

#include "apdu/usb/t1.h"
#include "test/vcard/t1.h"

enum harm { WHOLE, CUT, FLIPPED, HARMS };

struct line {
	struct vcard_t1 card;
	struct t1 t;
	unsigned commands;              /* that the card has run */
	size_t answer;                  /* its bytes */
	/* block number at, counted from both sides, is harmed: cut to that many bytes, or one of its bytes changed */
	unsigned at, blocks;
	enum harm harm;
	size_t byte;
};

static void run(void *ctx, struct rd cmd, struct wr *rsp)
{
	struct line *l = ctx;

	l->commands++;
	for (size_t i = 0; i + 2 < l->answer; i++)
		wr_u8(rsp, (uint8_t)(i ^ cmd.p[i % cmd.n]));
	wr_u16(rsp, 0x9000);
}

/* A block that goes over the line, in place. */
static void carry(struct line *l, struct wr *block)
{
	if (l->blocks++ != l->at || l->harm == WHOLE)
		return;
	if (l->harm == CUT)
		wr_cut(block, l->byte < block->n ? l->byte : block->n);
	else
		block->p[l->byte % block->n] ^= 0x10;
}

static enum err exchange(struct line *l, struct rd cmd, struct wr *rsp)
{
	uint8_t there[T1_BLOCK_MAX], back[T1_BLOCK_MAX];
	bool over = false;
	enum err e;
	struct wr a, b;

	e = t1_begin(&l->t, cmd, rsp);
	for (unsigned i = 0; !e && !over; i++) {
		assert_true(i < 2000);
		WR_ARR(&a, there);
		wr_put(&a, t1_block(&l->t));
		carry(l, &a);
		WR_ARR(&b, back);
		vcard_t1_hear(&l->card, wr_view(&a), &b);
		assert_int_equal(wr_done(&b), ERR_OK);
		if (b.n)
			carry(l, &b);
		e = t1_hear(&l->t, wr_view(&b), &over);
	}
	return e;
}

static void begin(struct line *l, uint8_t ifsc, size_t answer)
{
	memset(l, 0, sizeof(*l));
	vcard_t1_init(&l->card, run, l);
	t1_init(&l->t, &(struct t1_params){ .ifsc = ifsc, .ifsd = 254 });
	l->answer = answer;
}

static void expect(struct line *l, size_t command)
{
	static uint8_t cmd[5000];
	struct wr rsp, wanted;

	for (size_t i = 0; i < command; i++)
		cmd[i] = (uint8_t)(i * 7);
	wr_init_heap(&rsp, APDU_RSP_MAX);
	wr_init_heap(&wanted, APDU_RSP_MAX);
	assert_int_equal(exchange(l, rd_of(cmd, command), &rsp), ERR_OK);
	run(l, rd_of(cmd, command), &wanted);
	l->commands--;
	assert_bytes_equal(wr_view(&rsp), wr_view(&wanted));
	wr_free(&rsp);
	wr_free(&wanted);
}

/* Every length around the sizes of blocks, both ways. */
static void test_lengths(void **state)
{
	static const size_t sizes[] = { 2, 3, 31, 32, 33, 253, 254, 255, 256, 507, 508, 509, 762, 4000 };
	struct line l;

	(void)state;
	begin(&l, 254, 0);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		for (size_t j = 0; j < sizeof(sizes) / sizeof(*sizes); j++) {
			l.answer = sizes[j];
			expect(&l, sizes[i]);
		}
	l.answer = APDU_RSP_MAX;
	l.card.extend = 3;
	expect(&l, 4000);
	vcard_t1_free(&l.card);
}

/*
 * One block is harmed, whichever, at whichever byte: the exchange is good all the same, and the command was run once.
 * With blocks of 5 bytes to the card and an answer of two blocks, every kind of block comes.
 */
static void test_one_harm(void **state)
{
	unsigned blocks;
	struct line l;

	(void)state;
	begin(&l, 5, 300);
	l.card.extend = 1;
	expect(&l, 12);
	blocks = l.blocks;
	assert_int_equal(blocks, 2 * 6);
	vcard_t1_free(&l.card);
	for (enum harm harm = CUT; harm < HARMS; harm++)
		for (unsigned at = 0; at < blocks; at++)
			for (size_t byte = 0; byte < T1_BLOCK_MAX; byte++) {
				begin(&l, 5, 300);
				l.card.extend = 1;
				l.at = at;
				l.harm = harm;
				l.byte = byte;
				expect(&l, 12);
				assert_int_equal(l.commands, 1);
				assert_true(l.blocks <= blocks + 6);
				vcard_t1_free(&l.card);
			}
}

/* The card dies at a block, and at each byte of it: the machine ends, soon, and says so. */
static void test_death(void **state)
{
	uint8_t room[512];
	struct wr rsp;
	struct line l;
	enum err e;

	(void)state;
	for (unsigned at = 0; at < 6; at++)
		for (size_t byte = 0; byte < 24; byte++) {
			bool over = false;
			unsigned rounds = 0;

			begin(&l, 5, 300);
			WR_ARR(&rsp, room);
			e = t1_begin(&l.t, RD_LIT("twelve bytes"), &rsp);
			while (!e && !over) {
				uint8_t back[T1_BLOCK_MAX];
				struct wr b;

				WR_ARR(&b, back);
				if (rounds <= at)
					vcard_t1_hear(&l.card, t1_block(&l.t), &b);
				if (rounds >= at && b.n > byte)
					wr_cut(&b, byte);
				assert_true(++rounds < at + 16);
				e = t1_hear(&l.t, wr_view(&b), &over);
			}
			/* Whoever was whole all the same had nothing more to say. */
			assert_true(e == ERR_RESET || (e == ERR_OK && at == 5));
			if (e)
				assert_int_equal(rsp.n, 0);
			vcard_t1_free(&l.card);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_one_harm),
		cmocka_unit_test(test_death),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
