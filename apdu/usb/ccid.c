/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu/usb/ccid.h"

#include "base/log.h"

#define OUT_MS        3000              /* until the reader has taken a message */
#define ABORT_MS      2000
#define STALE_MAX     16                /* late answers to what was given up, before ours */
#define EMPTY_MAX     16                /* packets without anything in them, before an answer */
#define FIRST_READ    512               /* bytes: a block of T=1, a short APDU's answer */
#define SLICE_MS      1000              /* of a wait in which a message may lie there unended */
#define BUSY_TRIES    10
#define BUSY_MS       50
#define EXTENSION_MS  100               /* the least that an extension gives, whatever its factor */
#define EXTENDED_MS   60000             /* the most that all of them give, where nobody says */

enum { DATA_BLOCK = 0x80, SLOT_STATUS = 0x81, PARAMETERS = 0x82, NOTIFY_SLOT_CHANGE = 0x50 };
enum { DONE, FAILED, EXTENDED };        /* bmCommandStatus */

static uint8_t answer_type(enum ccid_type type)
{
	static const struct { enum ccid_type type; uint8_t answer; } rows[] = {
		{ CCID_POWER_ON, DATA_BLOCK }, { CCID_XFR_BLOCK, DATA_BLOCK }, { CCID_SECURE, DATA_BLOCK },
		{ CCID_SET_PARAMETERS, PARAMETERS },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].type == type)
			return rows[i].answer;
	return SLOT_STATUS;
}

static void put_le32(struct wr *w, size_t v)
{
	for (int i = 0; i < 4; i++)
		wr_u8(w, (uint8_t)(v >> (8 * i)));
}

static size_t le32(const uint8_t *p)
{
	return (size_t)p[3] << 24 | (size_t)p[2] << 16 | (size_t)p[1] << 8 | p[0];
}

void ccid_init(struct ccid *c, const struct ccid_io *io, const struct ccid_desc *d, uint8_t slot)
{
	*c = (struct ccid){ .io = *io, .desc = *d, .slot = slot };
	wr_init_heap(&c->out, d->message_max);
	wr_init_heap(&c->in, CCID_MESSAGE_MAX + FIRST_READ + io->packet);
}

void ccid_free(struct ccid *c)
{
	wr_free(&c->out);
	wr_free(&c->in);
}

static enum err lies(const char *what)
{
	log_line(LOG_APDU, LOG_WARN, "usb: the reader's answer is refused: %s", what);
	return ERR_TRANSPORT;
}

/* The part of a wait that is left of the whole; 0 is none. */
static uint32_t part_of(uint32_t ms, const struct deadline *all)
{
	uint64_t left = deadline_left_ms(all);

	return left < ms ? (uint32_t)left : ms;
}

static enum err send(struct ccid *c, enum ccid_type type, const uint8_t param[3], struct rd data)
{
	enum err e;

	wr_reset(&c->out);
	wr_u8(&c->out, (uint8_t)type);
	put_le32(&c->out, data.n);
	wr_u8(&c->out, c->slot);
	wr_u8(&c->out, ++c->seq);
	wr_put(&c->out, rd_of(param, 3));
	wr_put(&c->out, data);
	e = wr_done(&c->out);
	if (e == ERR_BUFFER)
		return ERR_LIMIT;
	c->exchanges++;
	if (!e)
		e = c->io.out(c->io.ctx, wr_view(&c->out), OUT_MS);
	if (e == ERR_TRANSPORT)
		c->io.clear(c->io.ctx);
	wr_reset(&c->out);
	return e;
}

static size_t whole_packets(const struct ccid *c, size_t n)
{
	return (n + c->io.packet - 1) / c->io.packet * c->io.packet;
}

/*
 * A message's beginning, mostly all of it. A reader ends a message of whole packets by an empty one. One that does not
 * has said all, and the transfer goes on: it is asked for single packets from then on.
 */
static enum err receive_first(struct ccid *c, uint32_t ms)
{
	size_t most = c->by_packet ? c->io.packet : whole_packets(c, FIRST_READ);
	uint32_t slice;
	enum err e;

	do {
		slice = c->by_packet || ms < SLICE_MS ? ms : SLICE_MS;
		ms -= slice;
		e = c->io.in(c->io.ctx, &c->in, most, slice);
	} while (e == ERR_TIMEOUT && !c->in.n && ms);
	if (e != ERR_TIMEOUT || !c->in.n)
		return e;
	c->by_packet = true;
	return ERR_OK;
}

/*
 * One message, whoever's. Its header says how long it is; then exactly the packets that are missing are read, as nobody
 * knows how it ends. Empty ones are skipped.
 */
static enum err receive(struct ccid *c, uint32_t ms)
{
	const struct deadline all = deadline_in(ms);
	unsigned empty = 0;
	size_t total, had;
	enum err e;

	wr_reset(&c->in);
	while (c->in.n == 0) {
		if (empty++ == EMPTY_MAX)
			return lies("nothing but empty packets");
		ms = part_of(ms, &all);
		e = ms ? receive_first(c, ms) : ERR_TIMEOUT;
		if (e)
			return e;
	}
	if (c->in.n < CCID_HEADER)
		return lies("no header");
	total = le32(c->in.p + 1);
	if (total > CCID_MESSAGE_MAX - CCID_HEADER)
		return lies("its length is more than there may be");
	total += CCID_HEADER;
	if (c->in.n > total)
		return lies("more bytes than its length says");
	while (c->in.n < total) {
		/* A packet that is not full was the last one. */
		if (c->in.n % c->io.packet)
			return lies("fewer bytes than its length says");
		had = c->in.n;
		ms = part_of(ms, &all);
		e = ms ? c->io.in(c->io.ctx, &c->in, whole_packets(c, total - had), ms) : ERR_TIMEOUT;
		if (e && (e != ERR_TIMEOUT || c->in.n == had))
			return e;
		if (c->in.n == had)
			return lies("fewer bytes than its length says");
	}
	return c->in.n == total ? ERR_OK : lies("more bytes than its length says");
}

/* Until the answer to our last message; late ones to what was given up come before it. */
static enum err hear(struct ccid *c, uint8_t type, const struct ccid_wait *wait, struct ccid_answer *a)
{
	const struct deadline all = wait->all ? *wait->all : deadline_in(EXTENDED_MS);
	uint32_t ms = wait->ms, now_ms;
	unsigned stale = 0;
	enum err e;

	for (;;) {
		const uint8_t *p;

		now_ms = part_of(ms, &all);
		e = now_ms ? receive(c, now_ms) : ERR_TIMEOUT;
		if (e)
			return e;
		p = c->in.p;
		if (p[5] != c->slot)
			return lies("of another slot");
		if (p[6] != c->seq) {
			if (stale++ == STALE_MAX)
				return lies("of another command");
			continue;
		}
		if (p[0] != type)
			return lies("of another kind");
		if ((p[7] & 3) > CCID_ABSENT || p[7] >> 6 > EXTENDED)
			return lies("a status that there is not");
		if (p[7] >> 6 != EXTENDED)
			break;
		/* More time, in units of the card's block waiting time (6.2.1). */
		ms = p[8] ? p[8] * wait->more_ms : wait->more_ms;
		if (ms < EXTENSION_MS)
			ms = EXTENSION_MS;
	}
	*a = (struct ccid_answer){
		.icc = (enum ccid_icc)(c->in.p[7] & 3), .failed = c->in.p[7] >> 6 == FAILED, .error = c->in.p[8],
		.chain = c->in.p[9], .data = rd_of(c->in.p + CCID_HEADER, c->in.n - CCID_HEADER),
	};
	return ERR_OK;
}

/*
 * Nobody waits for the last command's answer any more: the reader is told twice, as 5.3.1 wants it, by the same number.
 * What it still says to the command comes before its answer to that.
 */
static void give_up(struct ccid *c)
{
	static const uint8_t none[3];
	const struct ccid_wait wait = { ABORT_MS, ABORT_MS, NULL };
	struct ccid_answer a;
	uint8_t seq = (uint8_t)(c->seq + 1);
	enum err e = c->io.abort(c->io.ctx, c->slot, seq);

	if (!e)
		e = send(c, CCID_ABORT, none, RD_NONE);
	if (!e)
		e = hear(c, SLOT_STATUS, &wait, &a);
	if (!e && a.failed)
		e = ERR_UNSUPPORTED;
	log_line(LOG_APDU, LOG_INFO, "usb: abort: %s", e ? err_text(e) : "done");
}

static bool is_busy(const struct ccid_answer *a)
{
	return a->failed && (a->error == CCID_E_SLOT_BUSY || a->error == CCID_E_AUTO_SEQUENCE);
}

enum err ccid_ask(struct ccid *c, enum ccid_type type, const uint8_t param[3], struct rd data,
		  const struct ccid_wait *wait, struct ccid_answer *a)
{
	enum err e;

	for (unsigned i = 0;; i++) {
		e = send(c, type, param, data);
		if (e)
			return e;
		e = hear(c, answer_type(type), wait, a);
		if (e == ERR_TIMEOUT)
			give_up(c);
		if (e == ERR_TRANSPORT)
			c->io.clear(c->io.ctx);
		/* It has done nothing with the command. */
		if (e || !is_busy(a) || i == BUSY_TRIES)
			return e;
		c->io.pause(c->io.ctx, BUSY_MS);
	}
}

bool ccid_notice(struct rd message, uint8_t slot, bool *present, bool *changed)
{
	size_t at = 1 + slot / 4;
	uint8_t bits;

	if (message.n <= at || message.p[0] != NOTIFY_SLOT_CHANGE)
		return false;
	bits = (uint8_t)(message.p[at] >> (2 * (slot % 4)));
	*present = bits & 1;
	*changed = bits & 2;
	return true;
}
