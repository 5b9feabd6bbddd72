/* SPDX-License-Identifier: Apache-2.0 */
#include "test/vcard/t1.h"

#include <string.h>

#define IFSD_FIRST 32
#define INF_MAX 254

static void say(struct vcard_t1 *t, uint8_t nad, uint8_t pcb, struct rd inf)
{
	uint8_t sum = 0;
	struct wr w;

	WR_ARR(&w, t->last);
	wr_u8(&w, (uint8_t)(nad << 4 | nad >> 4));
	wr_u8(&w, pcb);
	wr_u8(&w, (uint8_t)inf.n);
	wr_put(&w, inf);
	for (size_t i = 0; i < w.n; i++)
		sum ^= w.p[i];
	wr_u8(&w, sum);
	t->last_n = w.n;
}

static void say_r(struct vcard_t1 *t, uint8_t nad, uint8_t error)
{
	say(t, nad, (uint8_t)(0x80 | t->nr << 4 | error), RD_NONE);
}

static void say_part(struct vcard_t1 *t, uint8_t nad)
{
	size_t left = t->rsp.n - t->sent;

	t->chunk = left < t->ifsd ? left : t->ifsd;
	say(t, nad, (uint8_t)(t->ns << 6 | (left > t->chunk ? 0x20 : 0)), rd_of(t->rsp.p + t->sent, t->chunk));
}

static void say_wait(struct vcard_t1 *t, uint8_t nad)
{
	const uint8_t factor = 1;

	say(t, nad, 0xC3, rd_of(&factor, 1));
}

/* A command is whole: more time first, if it wants it, then the answer. */
static void work(struct vcard_t1 *t, uint8_t nad)
{
	t->waiting = t->asked < t->extend;
	if (t->waiting) {
		t->asked++;
		say_wait(t, nad);
		return;
	}
	t->run(t->ctx, wr_view(&t->cmd), &t->rsp);
	wr_reset(&t->cmd);
	t->sent = 0;
	t->sending = true;
	say_part(t, nad);
}

static void hear_i(struct vcard_t1 *t, uint8_t nad, uint8_t pcb, struct rd inf)
{
	if (pcb >> 6 != t->nr || pcb & 0x1F || t->waiting) {
		say_r(t, nad, 2);
		return;
	}
	/* Also the acknowledgement of what we said last. */
	if (t->sending) {
		t->ns ^= 1;
		t->sending = false;
		wr_reset(&t->rsp);
	}
	t->nr ^= 1;
	wr_put(&t->cmd, inf);
	if (wr_done(&t->cmd)) {         /* longer than any command: the reader's mistake */
		wr_reset(&t->cmd);
		say(t, nad, 0xC2, RD_NONE);
		return;
	}
	if (pcb & 0x20) {
		say_r(t, nad, 0);
		return;
	}
	t->asked = 0;
	work(t, nad);
}

static void hear_r(struct vcard_t1 *t, uint8_t nad, uint8_t pcb)
{
	uint8_t wanted = pcb >> 4 & 1;

	if (t->sending && wanted != t->ns && t->rsp.n - t->sent > t->chunk) {
		t->sent += t->chunk;
		t->ns ^= 1;
		say_part(t, nad);
	} else if (t->waiting) {
		say_wait(t, nad);
	} else if (!t->sending) {
		say_r(t, nad, 0);
	}
	/* Otherwise what we said last is asked for again. */
}

static void hear_s(struct vcard_t1 *t, uint8_t nad, uint8_t pcb, struct rd inf)
{
	switch (pcb) {
	case 0xC0:
		vcard_t1_reset(t);
		say(t, nad, 0xE0, RD_NONE);
		break;
	case 0xC1:
		if (inf.n == 1 && inf.p[0] >= 1 && inf.p[0] <= INF_MAX)
			t->ifsd = inf.p[0];
		say(t, nad, 0xE1, inf);
		break;
	case 0xC2:                      /* our chain is not wanted */
		t->ns ^= t->sending;
		t->sending = false;
		wr_reset(&t->rsp);
		say(t, nad, 0xE2, RD_NONE);
		break;
	case 0xE3:
		if (t->waiting)
			work(t, nad);
		break;
	case 0xE2:
		say_r(t, nad, 0);
		break;
	default:
		say_r(t, nad, 2);
	}
}

void vcard_t1_init(struct vcard_t1 *t, void (*run)(void *ctx, struct rd cmd, struct wr *rsp), void *ctx)
{
	memset(t, 0, sizeof(*t));
	t->run = run;
	t->ctx = ctx;
	wr_init_heap(&t->cmd, APDU_CMD_MAX);
	wr_init_heap(&t->rsp, APDU_RSP_MAX);
	t->ifsd = IFSD_FIRST;
}

void vcard_t1_reset(struct vcard_t1 *t)
{
	wr_reset(&t->cmd);
	wr_reset(&t->rsp);
	t->ns = t->nr = 0;
	t->sending = t->waiting = false;
	t->last_n = 0;
	t->ifsd = IFSD_FIRST;
}

void vcard_t1_free(struct vcard_t1 *t)
{
	wr_free(&t->cmd);
	wr_free(&t->rsp);
}

void vcard_t1_hear(struct vcard_t1 *t, struct rd block, struct wr *out)
{
	uint8_t nad, pcb, n, sum = 0;
	struct rd r = block, inf;

	for (size_t i = 0; i < block.n; i++)
		sum ^= block.p[i];
	/* Without even a header there is nothing to answer. */
	if (!rd_u8(&r, &nad) || !rd_u8(&r, &pcb) || !rd_u8(&r, &n))
		return;
	if (sum || !rd_take(&r, n, &inf) || r.n != 1)
		say_r(t, 0, 1);         /* whose it was is not known: the readers here have no address */
	else if (!(pcb & 0x80))
		hear_i(t, nad, pcb, inf);
	else if (!(pcb & 0x40))
		hear_r(t, nad, pcb);
	else
		hear_s(t, nad, pcb, inf);
	wr_put(out, rd_of(t->last, t->last_n));
}
