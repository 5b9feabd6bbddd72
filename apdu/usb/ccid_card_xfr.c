/* SPDX-License-Identifier: Apache-2.0 */
/* Exchanges at each level: T=1 blocks, short APDUs, APDUs in parts. */
#include "apdu/usb/ccid_card_int.h"

#include "apdu/apdu.h"
#include "base/log.h"

#define XFR_MAX_MS (20 * 60 * 1000)     /* no exchange takes longer, whatever the reader asks for */
#define SHORT_MAX  261                  /* a short APDU: header, Lc, 255 bytes, Le */

/* wLevelParameter and bChainParameter (6.1.4, 6.2.1). */
enum { CHAIN_ONE, CHAIN_FIRST, CHAIN_LAST, CHAIN_MORE, CHAIN_GO_ON = 0x10 };

/* One XfrBlock. *mute: the card has said nothing, or nothing that the reader could read. */
static enum err xfr(struct ccid_card *c, uint8_t factor, uint16_t level, struct rd data, const struct deadline *all,
		    struct ccid_answer *a, bool *mute)
{
	const uint8_t param[3] = { factor, (uint8_t)level, (uint8_t)(level >> 8) };
	const struct ccid_wait wait = { c->wait_ms * (factor ? factor : 1) + SLACK_MS, c->wait_ms + SLACK_MS, all };
	enum err e = ccid_ask(&c->ccid, CCID_XFR_BLOCK, param, data, &wait, a);

	*mute = false;
	if (!e)
		e = ccid_card_judge(c, a->icc);
	if (e)
		return e;
	*mute = a->failed && (a->error == CCID_E_MUTE || a->error == CCID_E_PARITY);
	if (a->failed && !*mute) {
		log_line(LOG_APDU, LOG_WARN, "usb: exchange: reader's error %02x", a->error);
		return ERR_TRANSPORT;
	}
	return ERR_OK;
}

enum err ccid_card_t1_go_on(struct ccid_card *c, struct ccid_answer *a, bool mute, bool by_pad,
			    const struct deadline *all)
{
	bool over = false;
	enum err e = ERR_OK;

	for (;;) {
		e = t1_hear(&c->t1, mute ? RD_NONE : a->data, &over);
		if (over)
			return e;
		if (by_pad && c->t1.sent == T1_SENT_I)
			return ERR_TRANSPORT;
		e = xfr(c, t1_wait(&c->t1), 0, t1_block(&c->t1), all, a, &mute);
		if (e)
			return e;
	}
}

static enum err transmit_t1(struct ccid_card *c, struct rd cmd, struct wr *rsp, const struct deadline *all)
{
	struct ccid_answer a;
	bool mute;
	enum err e = t1_begin(&c->t1, cmd, rsp);

	if (!e)
		e = xfr(c, t1_wait(&c->t1), 0, t1_block(&c->t1), all, &a, &mute);
	if (!e)
		e = ccid_card_t1_go_on(c, &a, mute, false, all);
	t1_wipe(&c->t1);
	return e;
}

/*
 * The same command in the short form, if its data fit. The card knows no chains (reference 1.2), so longer ones cannot
 * be sent at all. *cut: more is expected than a short one can say.
 */
static enum err shorten(struct rd cmd, struct wr *out, bool *cut)
{
	struct apdu a;
	enum err e = apdu_decode(cmd, &a);

	if (e)
		return e;
	if (a.data.n > UINT8_MAX)
		return ERR_LIMIT;
	a.extended = false;
	*cut = a.ne > APDU_LE_SHORT_MAX;
	if (*cut)
		a.ne = APDU_LE_SHORT_MAX;
	return apdu_encode(&a, out);
}

static enum err transmit_short(struct ccid_card *c, struct rd cmd, struct wr *rsp, const struct deadline *all)
{
	struct ccid_answer a;
	bool mute;
	enum err e = xfr(c, 0, 0, cmd, all, &a, &mute);

	if (!e && (mute || a.data.n < 2))
		e = ERR_TRANSPORT;
	if (!e) {
		wr_put(rsp, a.data);
		e = wr_done(rsp);
	}
	return e;
}

/* The command in parts as long as the reader's messages; each but the last is answered by "go on" (6.1.4). */
static enum err send_parts(struct ccid_card *c, struct rd cmd, const struct deadline *all, struct ccid_answer *a,
			   bool *mute)
{
	static const uint16_t chain[2][2] = { { CHAIN_MORE, CHAIN_LAST }, { CHAIN_FIRST, CHAIN_ONE } };
	size_t most = c->ccid.desc.message_max - CCID_HEADER;
	bool first = true;
	struct rd part;
	enum err e;

	for (;; first = false) {
		bool last = cmd.n <= most;

		if (!rd_take(&cmd, last ? cmd.n : most, &part))
			return ERR_BUG;
		e = xfr(c, 0, chain[first][last], part, all, a, mute);
		if (e || last || *mute)
			return e;
		if (a->chain != CHAIN_GO_ON || a->data.n)
			return ERR_TRANSPORT;
	}
}

static enum err transmit_extended(struct ccid_card *c, struct rd cmd, struct wr *rsp, const struct deadline *all)
{
	bool mute, first = true;
	size_t before = rsp->n;
	struct ccid_answer a;
	enum err e;

	for (e = send_parts(c, cmd, all, &a, &mute); !e; first = false) {
		bool begins = a.chain == CHAIN_ONE || a.chain == CHAIN_FIRST;
		bool ends = a.chain == CHAIN_ONE || a.chain == CHAIN_LAST;

		if (mute || a.chain > CHAIN_MORE || begins != first || (!ends && !a.data.n))
			return ERR_TRANSPORT;
		wr_put(rsp, a.data);
		e = wr_done(rsp);
		if (e || ends)
			break;
		e = xfr(c, 0, CHAIN_GO_ON, RD_NONE, all, &a, &mute);
	}
	return e ? e : rsp->n - before < 2 ? ERR_TRANSPORT : ERR_OK;
}

static enum err exchange(struct ccid_card *c, struct rd cmd, struct wr *rsp, const struct deadline *dl)
{
	static enum err (*const by_level[])(struct ccid_card *, struct rd, struct wr *, const struct deadline *) = {
		[CCID_TPDU] = transmit_t1, [CCID_SHORT] = transmit_short, [CCID_EXTENDED] = transmit_extended,
	};
	uint64_t left = deadline_left_ms(dl);
	struct deadline all = deadline_in(left < CCID_CARD_LEAST_MS ? CCID_CARD_LEAST_MS :
					  left < XFR_MAX_MS ? left : XFR_MAX_MS);
	size_t before = rsp->n;
	enum err e = by_level[c->ccid.desc.level](c, cmd, rsp, &all);

	if (e && rsp->n > before)
		wr_cut(rsp, before);
	/* T=1 is in order again after what it calls ERR_TRANSPORT; but is the card, with a login and half a command? */
	return e ? ccid_card_broken(c, e == ERR_RESET ? ERR_TRANSPORT : e) : ERR_OK;
}

enum err ccid_card_transmit(struct ccid_card *c, struct rd cmd, struct wr *rsp, const struct deadline *dl)
{
	size_t before = rsp->n;
	bool cut = false;
	struct wr brief;
	enum err e = ERR_OK;

	if (!c->powered)
		return ERR_RESET;
	wr_init_heap(&brief, SHORT_MAX);
	if (c->ccid.desc.level == CCID_SHORT) {
		e = shorten(cmd, &brief, &cut);
		if (!e)
			cmd = wr_view(&brief);
	}
	if (!e && cmd.n > ccid_card_cmd_max(c))
		e = ERR_LIMIT;
	if (e == ERR_LIMIT)
		log_tell("a command of %zu bytes: this reader (%s) carries %zu, and the card takes none in parts; use "
			 "another reader (docs/HARDWARE.md)", cmd.n, ccid_level_name(c->ccid.desc.level),
			 ccid_card_cmd_max(c));
	if (!e)
		e = exchange(c, cmd, rsp, dl);
	/* Full, and nobody knows of what more: half of a list or a file is not taken for all of it. */
	if (!e && cut && rsp->n - before >= APDU_LE_SHORT_MAX + 2) {
		log_tell("an answer of more than %u bytes: this reader (%s) carries no longer one; use another reader "
			 "(docs/HARDWARE.md)", APDU_LE_SHORT_MAX, ccid_level_name(c->ccid.desc.level));
		wr_cut(rsp, before);
		e = ERR_LIMIT;
	}
	wr_free(&brief);
	return e;
}

size_t ccid_card_cmd_max(const struct ccid_card *c)
{
	size_t one = c->ccid.desc.message_max - CCID_HEADER;

	if (c->ccid.desc.level != CCID_SHORT)
		return APDU_CMD_MAX;
	return one < SHORT_MAX ? one : SHORT_MAX;
}
