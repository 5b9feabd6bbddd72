/* SPDX-License-Identifier: Apache-2.0 */
/* The reader in software at the end of a struct ccid_io: nothing is waited for, silence is a time-out at once. */
#ifndef TEST_UNIT_CCID_LINE_H
#define TEST_UNIT_CCID_LINE_H

#include "test/unit/test.h"

#include "apdu/usb/ccid_card.h"
#include "test/fake/ccid.h"
#include "test/vcard/vcard.h"

struct line {
	struct vcard *in_slot;                  /* NULL: empty */
	struct fake_ccid reader;
	struct ccid_card card;
	unsigned out, in, aborts, clears;       /* transfers */
	bool gone;
};

static bool slot_present(void *ctx)
{
	return ((struct line *)ctx)->in_slot;
}

static bool slot_power(void *ctx, bool on, struct wr *atr)
{
	struct line *l = ctx;

	vcard_power(l->in_slot, on);
	if (on)
		wr_put(atr, vcard_atr(l->in_slot));
	return true;
}

static bool slot_run(void *ctx, struct rd cmd, struct wr *rsp)
{
	return vcard_exchange(((struct line *)ctx)->in_slot, cmd, rsp) == ERR_OK;
}

static inline void line_card(struct line *l, struct vcard *v)
{
	l->in_slot = v;
	fake_ccid_moved(&l->reader);
}

static enum err line_out(void *ctx, struct rd message, uint32_t ms)
{
	struct line *l = ctx;

	assert_true(ms > 0);
	l->out++;
	if (l->gone)
		return ERR_REMOVED;
	return fake_ccid_hear(&l->reader, message) ? ERR_OK : ERR_TRANSPORT;
}

static enum err line_in(void *ctx, struct wr *message, size_t max, uint32_t ms)
{
	struct line *l = ctx;
	size_t had = message->n;

	assert_true(ms > 0 && max > 0 && max % l->card.ccid.io.packet == 0);
	l->in++;
	if (l->gone)
		return ERR_REMOVED;
	if (!fake_ccid_say(&l->reader, message, max))
		return ERR_TIMEOUT;
	return fake_ccid_unended(&l->reader, message->n - had, max) ? ERR_TIMEOUT : wr_done(message);
}

static enum err line_abort(void *ctx, uint8_t slot, uint8_t seq)
{
	struct line *l = ctx;

	(void)slot;
	(void)seq;
	l->aborts++;
	return l->reader.spec.no_abort ? ERR_TRANSPORT : ERR_OK;
}

static void line_clear(void *ctx)
{
	struct line *l = ctx;

	l->clears++;
}

static void line_pause(void *ctx, uint32_t ms)
{
	(void)ctx;
	(void)ms;
}

static inline void line_open(struct line *l, const struct fake_ccid_spec *spec, struct vcard *v)
{
	uint8_t bytes[FAKE_CCID_DESC];
	struct ccid_io io = { line_out, line_in, line_abort, line_clear, line_pause, l,
			      spec->packet ? spec->packet : 64 };
	const struct fake_ccid_card slot = { slot_present, slot_power, slot_run, l };
	struct ccid_desc desc;

	memset(l, 0, sizeof(*l));
	fake_ccid_init(&l->reader, spec, &slot);
	line_card(l, v);
	fake_ccid_desc(&l->reader, bytes);
	assert_int_equal(ccid_desc_read(RD_ARR(bytes), &desc), ERR_OK);
	assert_int_equal(desc.level, spec->level);
	assert_int_equal(ccid_card_init(&l->card, &io, &desc, "reader"), ERR_OK);
}

static inline void line_close(struct line *l)
{
	ccid_card_free(&l->card);
	fake_ccid_free(&l->reader);
}

#endif
