/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu/usb/t1.h"

#include <string.h>

/* PCB, ISO 7816-3 11.3.2.2 */
#define I_SEQ        0x40
#define I_MORE       0x20
#define I_RESERVED   0x1F
#define R_BLOCK      0x80
#define R_SEQ        0x10
#define R_ERROR_EDC  0x01
#define R_ERROR      0x02
#define S_BLOCK      0xC0
#define S_ANSWER     0x20
#define S_KIND       0x1F
#define KIND_MASK    0xC0

enum { S_RESYNCH, S_IFS, S_ABORT, S_WTX, S_KINDS };
/* Bytes of information in each. */
static const uint8_t s_size[S_KINDS] = { [S_RESYNCH] = 0, [S_IFS] = 1, [S_ABORT] = 0, [S_WTX] = 1 };

#define EMPTY_MAX 8                     /* I-blocks of a chain that bring nothing, in a row */
#define IFS_FIRST 32                    /* of both sides before anything was said (11.4.2) */

struct block {
	uint8_t pcb;
	struct rd inf;
};

/* ---- bytes ---- */

/* The 16-bit code of ISO 13239: x^16 + x^12 + x^5 + 1, low bit first, preset to ones, the high byte sent first. */
static uint16_t crc_of(struct rd bytes)
{
	uint16_t v = 0xFFFF;

	for (size_t i = 0; i < bytes.n; i++) {
		v ^= bytes.p[i];
		for (int bit = 0; bit < 8; bit++)
			v = (uint16_t)(v & 1 ? v >> 1 ^ 0x8408 : v >> 1);
	}
	return v;
}

static uint8_t lrc_of(struct rd bytes)
{
	uint8_t v = 0;

	for (size_t i = 0; i < bytes.n; i++)
		v ^= bytes.p[i];
	return v;
}

static void put_block(struct t1 *t, enum t1_sent what, uint8_t pcb, struct rd inf)
{
	struct wr w;

	wipe(t->out, t->out_n);
	WR_ARR(&w, t->out);
	wr_u8(&w, t->params.nad);
	wr_u8(&w, pcb);
	wr_u8(&w, (uint8_t)inf.n);
	wr_put(&w, inf);
	if (t->params.crc)
		wr_u16(&w, crc_of(wr_view(&w)));
	else
		wr_u8(&w, lrc_of(wr_view(&w)));
	t->out_n = w.n;
	t->sent = what;
}

enum look { GOOD, BAD_EDC, BAD };

/* Is the block whole, and one of those that there are (11.3)? */
static enum look look_at(const struct t1 *t, struct rd bytes, struct block *b)
{
	uint8_t nad = (uint8_t)(t->params.nad << 4 | t->params.nad >> 4), got, n, lrc;
	size_t edc = t->params.crc ? 2 : 1;
	struct rd whole = bytes, r = bytes;
	uint16_t crc;

	if (bytes.n < 3 + edc || !rd_u8(&r, &got) || !rd_u8(&r, &b->pcb) || !rd_u8(&r, &n) ||
	    !rd_take(&r, n, &b->inf) || r.n != edc)
		return BAD;
	whole.n -= edc;
	if (t->params.crc ? !rd_u16(&r, &crc) || crc != crc_of(whole) : !rd_u8(&r, &lrc) || lrc != lrc_of(whole))
		return BAD_EDC;
	if (got != nad || n > T1_INF_MAX)
		return BAD;
	if (!(b->pcb & R_BLOCK))
		return b->pcb & I_RESERVED ? BAD : GOOD;
	if ((b->pcb & KIND_MASK) == R_BLOCK)
		return n || (b->pcb & ~R_SEQ & 0x3F) > R_ERROR ? BAD : GOOD;
	return (b->pcb & S_KIND) >= S_KINDS || n != s_size[b->pcb & S_KIND] ? BAD : GOOD;
}

/* ---- what is sent ---- */

static void send_i(struct t1 *t)
{
	bool more = t->cmd.n - t->done > t->chunk;

	put_block(t, T1_SENT_I, (uint8_t)((t->ns ? I_SEQ : 0) | (more ? I_MORE : 0)),
		  rd_of(t->cmd.p + t->done, t->chunk));
}

static void send_next_i(struct t1 *t)
{
	t->chunk = t->cmd.n - t->done;
	if (t->chunk > t->ifsc)
		t->chunk = t->ifsc;
	send_i(t);
}

static void send_r(struct t1 *t, uint8_t error)
{
	t->r_error = error;
	put_block(t, T1_SENT_R, (uint8_t)(R_BLOCK | (t->nr ? R_SEQ : 0) | error), RD_NONE);
}

static void send_s(struct t1 *t, enum t1_sent what, uint8_t kind, struct rd inf)
{
	put_block(t, what, (uint8_t)(S_BLOCK | kind | (what == T1_SENT_ANSWER ? S_ANSWER : 0)), inf);
}

/* ---- how it ends ---- */

static enum err end(struct t1 *t, enum err e, bool *over)
{
	if (e && t->rsp->n > t->rsp_before)
		wr_cut(t->rsp, t->rsp_before);
	*over = true;
	return e;
}

/*
 * The exchange has failed; before that is said, both sides begin anew (rule 6). That must not itself go on for ever
 * (rule 7.5). A card that did not understand S(IFS) has not seen the command yet, which is then tried without.
 */
static enum err resynch(struct t1 *t, bool *over)
{
	if (t->sent == T1_SENT_RESYNCH) {
		t->dead = true;
		return end(t, ERR_RESET, over);
	}
	if (t->sent != T1_SENT_IFS && !t->failed)
		t->failed = ERR_TRANSPORT;
	t->bad = 0;
	send_s(t, T1_SENT_RESYNCH, S_RESYNCH, RD_NONE);
	return ERR_OK;
}

static enum err resynched(struct t1 *t, bool *over)
{
	t->ns = t->nr = 0;
	t->ifsc = t->params.ifsc;
	t->ifs_told = !t->failed;
	t->bad = 0;
	if (t->failed)
		return end(t, t->failed, over);
	send_next_i(t);
	return ERR_OK;
}

/* Nothing, or nothing that fits: rule 7. */
static enum err heard_badly(struct t1 *t, uint8_t error, bool *over)
{
	if (++t->bad >= T1_TRIES)
		return resynch(t, over);
	switch (t->sent) {
	case T1_SENT_I:                 /* 7.1: ask for the block that was to come */
	case T1_SENT_ANSWER:            /* 7.3 */
		send_r(t, error);
		break;
	case T1_SENT_R:                 /* 7.2: the same again */
		send_r(t, t->r_error);
		break;
	case T1_SENT_IFS:
	case T1_SENT_RESYNCH:
	case T1_SENT_ABORT:             /* 7.3: the request again, which stands in t->out */
		break;
	}
	return ERR_OK;
}

/* ---- what comes ---- */

static enum err heard_i(struct t1 *t, const struct block *b, bool *over)
{
	bool last_was_sent = t->done + t->chunk == t->cmd.n, more = b->pcb & I_MORE;
	bool expected = t->sent == T1_SENT_I || t->sent == T1_SENT_R || t->sent == T1_SENT_ANSWER;

	/* An answer before the command is whole is none, unless the chain was given up. */
	if (!expected || (!last_was_sent && !t->aborted) || !!(b->pcb & I_SEQ) != t->nr)
		return heard_badly(t, R_ERROR, over);
	if (b->inf.n == 0 && more && ++t->empty > EMPTY_MAX)
		return resynch(t, over);
	if (b->inf.n)
		t->empty = 0;
	if (!t->receiving) {            /* it says that our I-block has arrived (rule 2) */
		t->receiving = true;
		t->ns ^= 1;
	}
	t->nr ^= 1;
	t->bad = t->asked_again = 0;
	wr_put(t->rsp, b->inf);
	if (wr_done(t->rsp)) {
		t->failed = wr_done(t->rsp) == ERR_NOMEM ? ERR_NOMEM : ERR_LIMIT;
		if (!more)
			return end(t, t->failed, over);
		send_s(t, T1_SENT_ABORT, S_ABORT, RD_NONE);     /* rule 9: the rest has no room */
		return ERR_OK;
	}
	if (!more)
		return end(t, ERR_OK, over);
	send_r(t, 0);
	return ERR_OK;
}

/* The same again. It is the card that asks, and not for ever. */
static enum err again(struct t1 *t, bool *over)
{
	if (++t->asked_again >= T1_TRIES)
		return resynch(t, over);
	if (t->sent == T1_SENT_R && !t->receiving)
		send_i(t);              /* rule 7.6: what our R-block asked about has never arrived */
	return ERR_OK;
}

/*
 * It has our I-block, but not our question for the answer: which was no failure of the card's (annex A, scenario 13).
 */
static enum err once_more(struct t1 *t, bool *over)
{
	return ++t->asked_again >= T1_TRIES ? resynch(t, over) : ERR_OK;
}

static enum err heard_r(struct t1 *t, const struct block *b, bool *over)
{
	bool more = t->done + t->chunk < t->cmd.n, is_ack = !!(b->pcb & R_SEQ) != t->ns;

	switch (t->sent) {
	case T1_SENT_IFS:
	case T1_SENT_RESYNCH:
	case T1_SENT_ABORT:             /* 7.3 */
		return heard_badly(t, R_ERROR, over);
	case T1_SENT_ANSWER:
		if (t->aborted) {       /* we have the right to send again, and this is what it waits for */
			t->ns = !!(b->pcb & R_SEQ);
			return end(t, ERR_TRANSPORT, over);
		}
		/* It has not understood our answer, unless this is the acknowledgement that its question delayed. */
		if (t->receiving || !is_ack || !more || b->pcb & (R_ERROR | R_ERROR_EDC))
			return again(t, over);
		break;
	case T1_SENT_I:
	case T1_SENT_R:
		if (t->receiving || !is_ack)
			return again(t, over);
		if (!more)              /* the answer is an I-block */
			return t->sent == T1_SENT_R && b->pcb & (R_ERROR | R_ERROR_EDC) ? once_more(t, over) :
			       heard_badly(t, R_ERROR, over);
		break;
	}
	t->done += t->chunk;            /* rule 2.2 */
	t->ns ^= 1;
	t->bad = t->asked_again = 0;
	send_next_i(t);
	return ERR_OK;
}

static enum err heard_request(struct t1 *t, const struct block *b, bool *over)
{
	uint8_t kind = b->pcb & S_KIND, v = b->inf.n ? b->inf.p[0] : 0;

	/* Only we may ask for a resynchronisation; and while we do, nothing else counts. */
	if (kind == S_RESYNCH || t->sent == T1_SENT_RESYNCH || (kind == S_IFS && (v == 0 || v > T1_INF_MAX)))
		return heard_badly(t, R_ERROR, over);
	t->bad = 0;
	if (kind == S_IFS)
		t->ifsc = v;
	if (kind == S_WTX)
		t->wait = v ? v : 1;
	if (kind == S_ABORT) {          /* rule 9: of its chain or of ours */
		t->aborted = true;
		if (t->receiving && t->rsp->n > t->rsp_before)
			wr_cut(t->rsp, t->rsp_before);
		if (!t->receiving)
			t->ns ^= 1;
		t->receiving = true;
	}
	send_s(t, T1_SENT_ANSWER, kind, b->inf);
	return ERR_OK;
}

static enum err heard_answer(struct t1 *t, const struct block *b, bool *over)
{
	uint8_t kind = b->pcb & S_KIND;

	if (t->sent == T1_SENT_RESYNCH && kind == S_RESYNCH)
		return resynched(t, over);
	if (t->sent == T1_SENT_ABORT && kind == S_ABORT)
		return end(t, t->failed, over);
	if (t->sent == T1_SENT_IFS && kind == S_IFS && b->inf.p[0] == t->params.ifsd) {
		t->ifs_told = true;
		t->bad = 0;
		send_next_i(t);
		return ERR_OK;
	}
	return heard_badly(t, R_ERROR, over);
}

/* ---- interface ---- */

void t1_init(struct t1 *t, const struct t1_params *p)
{
	memset(t, 0, sizeof(*t));
	t->params = *p;
	t->ifsc = p->ifsc;
}

void t1_ifs_is_told(struct t1 *t)
{
	t->ifs_told = true;
}

enum err t1_begin(struct t1 *t, struct rd cmd, struct wr *rsp)
{
	if (t->dead)
		return ERR_RESET;
	if (!cmd.n)
		return ERR_ARG;
	t->cmd = cmd;
	t->rsp = rsp;
	t->rsp_before = rsp->n;
	t->done = t->chunk = 0;
	t->receiving = t->aborted = false;
	t->failed = ERR_OK;
	t->bad = t->empty = t->asked_again = 0;
	t->wait = 1;
	if (!t->ifs_told && t->params.ifsd != IFS_FIRST)
		send_s(t, T1_SENT_IFS, S_IFS, rd_of(&t->params.ifsd, 1));
	else
		send_next_i(t);
	return ERR_OK;
}

struct rd t1_block(const struct t1 *t)
{
	return rd_of(t->out, t->out_n);
}

uint8_t t1_wait(const struct t1 *t)
{
	return t->wait;
}

enum err t1_hear(struct t1 *t, struct rd bytes, bool *over)
{
	enum look look;
	struct block b;

	*over = false;
	t->wait = 1;                    /* an extension is for one block (rule 3) */
	look = look_at(t, bytes, &b);
	if (look != GOOD)
		return heard_badly(t, look == BAD_EDC ? R_ERROR_EDC : R_ERROR, over);
	if (!(b.pcb & R_BLOCK))
		return heard_i(t, &b, over);
	if ((b.pcb & KIND_MASK) == R_BLOCK)
		return heard_r(t, &b, over);
	return b.pcb & S_ANSWER ? heard_answer(t, &b, over) : heard_request(t, &b, over);
}

void t1_wipe(struct t1 *t)
{
	wipe(t->out, t->out_n);
	t->out_n = 0;
	t->cmd = RD_NONE;
	t->rsp = NULL;
}
