/* SPDX-License-Identifier: Apache-2.0 */
/* A pad of the reader's own, by PC_to_RDR_Secure (CCID 1.1, 6.1.11). */
#include "apdu/usb/ccid_card_int.h"

#include "base/log.h"

#define HEADER 5        /* bytes of a command before its data */

bool ccid_card_has_pad(const struct ccid_card *c)
{
	return c->ccid.desc.pad & CCID_PAD_VERIFY;
}

bool ccid_card_has_pad_change(const struct ccid_card *c)
{
	return c->ccid.desc.pad & CCID_PAD_MODIFY;
}

/*
 * At TPDU level the reader makes the I-block; which is the next one, we say. It cannot be made where the card must be
 * told first how long blocks may be (any command does that, and one came before), nor as a chain.
 */
static enum err begin_block(struct ccid_card *c, struct rd command, size_t data_max, struct wr *rsp,
			    struct rd *prologue)
{
	enum err e;

	*prologue = RD_NONE;
	if (c->ccid.desc.level != CCID_TPDU)
		return ERR_OK;
	e = t1_begin(&c->t1, command, rsp);
	if (!e && (t1_block(&c->t1).n != command.n + 4 + c->atr.crc || HEADER + data_max > c->t1.ifsc))
		e = ERR_UNSUPPORTED;
	if (!e)
		*prologue = rd_of(t1_block(&c->t1).p, 3);
	return e;
}

/* What part 10 has the reader answer in the card's place; 0: it has not. */
static uint16_t own_answer(const struct ccid_card *c, const struct ccid_answer *a)
{
	if (a->failed)
		return a->error == CCID_E_PIN_TIMEOUT ? PINPAD_SW_TIMEOUT :
		       a->error == CCID_E_PIN_CANCELLED ? PINPAD_SW_CANCELLED :
		       a->error <= CCID_E_PARAMETER_MAX ? PINPAD_SW_CANNOT : 0;
	/* Shorter than any block: no card has said this. */
	if (c->ccid.desc.level == CCID_TPDU && a->data.n == 2 &&
	    (a->data.p[0] == PINPAD_SW_TIMEOUT >> 8 || a->data.p[0] == PINPAD_SW_CANNOT >> 8))
		return (uint16_t)(a->data.p[0] << 8 | a->data.p[1]);
	return 0;
}

static enum err take_answer(struct ccid_card *c, struct ccid_answer *a, struct wr *rsp, const struct deadline *all)
{
	uint16_t own = own_answer(c, a);

	if (!own && a->failed) {
		log_line(LOG_APDU, LOG_WARN, "usb: the reader's pad: error %02x", a->error);
		return ERR_TRANSPORT;
	}
	if (!own && c->ccid.desc.level == CCID_TPDU)
		return ccid_card_t1_go_on(c, a, false, true, all);
	if (!own && a->data.n < 2)
		return ERR_TRANSPORT;
	if (own)
		wr_u16(rsp, own);
	else
		wr_put(rsp, a->data);
	return wr_done(rsp);
}

struct pad_op {
	unsigned entries;               /* how often something is typed */
	bool changes;
	void (*write)(const struct pinpad_ask *ask, struct rd prologue, struct wr *w);
};

static enum err by_pad(struct ccid_card *c, const struct pinpad_ask *ask, const struct pad_op *op, struct wr *rsp)
{
	/* Each key may take as long as the first, and so the one that ends an entry; not more by the reader's word. */
	uint32_t ms = (ask->seconds * 1000u + SLACK_MS + c->wait_ms) * (ask->max + 1u) * op->entries;
	struct deadline all = deadline_in(ms);
	const struct ccid_wait wait = { ms, ms, &all };
	uint8_t bytes[PINPAD_ASK_MAX], template[PINPAD_COMMAND_MAX];
	static const uint8_t none[3];
	size_t before = rsp->n;
	struct ccid_answer a;
	struct rd prologue;
	struct wr w, command;
	enum err e;

	WR_ARR(&w, bytes);
	WR_ARR(&command, template);
	pinpad_command_write(ask, op->changes, &command);
	e = wr_done(&command);
	if (!e)
		e = c->powered ? begin_block(c, wr_view(&command), pinpad_data_max(ask, op->changes), rsp, &prologue)
			       : ERR_RESET;
	if (e)
		goto out;
	op->write(ask, prologue, &w);
	e = wr_done(&w);
	if (!e)
		e = ccid_ask(&c->ccid, CCID_SECURE, none, wr_view(&w), &wait, &a);
	if (!e)
		e = ccid_card_judge(c, a.icc);
	if (!e)
		e = take_answer(c, &a, rsp, &all);
	if (e && rsp->n > before)
		wr_cut(rsp, before);
	e = e ? ccid_card_broken(c, e) : ERR_OK;
out:
	wipe(bytes, sizeof(bytes));
	wipe(template, sizeof(template));
	return e;
}

enum err ccid_card_pad_verify(struct ccid_card *c, const struct pinpad_ask *ask, struct wr *rsp)
{
	static const struct pad_op op = { 1, false, pinpad_ask_write_ccid };

	return ccid_card_has_pad(c) ? by_pad(c, ask, &op, rsp) : ERR_UNSUPPORTED;
}

enum err ccid_card_pad_change(struct ccid_card *c, const struct pinpad_ask *ask, struct wr *rsp)
{
	static const struct pad_op op = { 3, true, pinpad_change_write_ccid };

	return ccid_card_has_pad_change(c) ? by_pad(c, ask, &op, rsp) : ERR_UNSUPPORTED;
}
