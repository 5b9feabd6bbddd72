/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reader that says anything: the input is its class descriptor (54 bytes), then transfers, each behind its length (0
 * to 127). With the top bit set the transfer is put right: the number of the command, the slot, and the length.
 */
#include <stdlib.h>
#include <string.h>

#include "apdu/usb/ccid_card.h"
#include "base/clock.h"
#include "test/fake/clock.h"

#define MINUTE 60000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct peer {
	struct rd left;
	uint8_t seq;
};

static enum err peer_out(void *ctx, struct rd message, uint32_t ms)
{
	struct peer *p = ctx;

	if (message.n < CCID_HEADER || !ms)
		abort();
	p->seq = message.p[6];
	return ERR_OK;
}

static enum err peer_in(void *ctx, struct wr *w, size_t max, uint32_t ms)
{
	struct peer *p = ctx;
	uint8_t n, *to;
	struct rd part;

	if (!ms || !max)
		abort();
	if (!rd_u8(&p->left, &n) || !rd_take(&p->left, (n & 0x7f) < max ? n & 0x7f : max, &part)) {
		p->left = RD_NONE;
		fake_clock_pass(ms);
		return ERR_TIMEOUT;
	}
	to = wr_space(w, part.n);
	if (!to)
		return wr_done(w);
	memcpy(to, part.p, part.n);
	if (n & 0x80 && part.n >= CCID_HEADER) {
		to[1] = (uint8_t)(part.n - CCID_HEADER);
		memset(to + 2, 0, 4);
		to[6] = p->seq;
	}
	return ERR_OK;
}

static enum err peer_abort(void *ctx, uint8_t slot, uint8_t seq)
{
	(void)ctx;
	(void)slot;
	(void)seq;
	return ERR_OK;
}

static void peer_clear(void *ctx)
{
	(void)ctx;
}

static void peer_pause(void *ctx, uint32_t ms)
{
	(void)ctx;
	fake_clock_pass(ms);
}

static const struct pinpad_ask ask = { .ins = 0x20, .p2 = 0x81, .min = 6, .max = 16, .seconds = 1 };

/* The most that a command may take, whatever the reader asks for: one of us, or entries that people make at a pad. */
static uint64_t most_ms(const struct ccid_card *c, unsigned entries)
{
	uint64_t key_ms = ask.seconds * 1000 + c->wait_ms + 2000;

	return (entries ? key_ms * (ask.max + 1u) * entries : 20 * MINUTE) + 2 * MINUTE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct peer p = { .left = rd_of(data, size) };
	struct ccid_io io = { peer_out, peer_in, peer_abort, peer_clear, peer_pause, &p, 64 };
	struct ccid_desc d;
	struct ccid_card c;
	struct rd desc;
	struct wr rsp;
	bool a, b;

	if (!rd_take(&p.left, 54, &desc) || ccid_desc_read(desc, &d) || d.level == CCID_CHARACTER ||
	    ccid_card_init(&c, &io, &d, "fuzz"))
		return 0;
	/* Whatever it says of the card. */
	a = ccid_notice(p.left, 0, &a, &b);
	wr_init_heap(&rsp, 4096);
	for (unsigned i = 0; i < 8 && p.left.n; i++) {
		size_t before = rsp.n;
		uint64_t begin_ms = clock_boot_ms();
		enum err e = c.powered ? ERR_OK : ccid_card_power_on(&c);
		uint64_t end_ms = begin_ms + most_ms(&c, i == 3 ? 1 : i == 5 ? 3 : 0);

		if (!e && i == 3)
			e = ccid_card_pad_verify(&c, &ask, &rsp);
		else if (!e && i == 5)
			e = ccid_card_pad_change(&c, &ask, &rsp);
		else if (!e)
			e = ccid_card_transmit(&c, RD_LIT("\x00\xA4\x04\x00\x04\xE8\x2B\x06\x01\x00"), &rsp, NULL);
		/* A failure leaves the card off, and nothing behind. */
		if (e && ((c.powered && e != ERR_UNSUPPORTED) || rsp.n != before))
			abort();
		if (clock_boot_ms() > end_ms)
			abort();
		wr_reset(&rsp);
	}
	wr_free(&rsp);
	ccid_card_free(&c);
	return 0;
}
