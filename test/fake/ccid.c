/* SPDX-License-Identifier: Apache-2.0 */
#include "test/fake/ccid.h"

#include <stdio.h>
#include <string.h>

#define HEADER 10
#define CHAIN_ONE 0
#define CHAIN_FIRST 1
#define CHAIN_LAST 2
#define CHAIN_MORE 3
#define CHAIN_GO_ON 0x10

enum { ERROR_MUTE = 0xFE, ERROR_SLOT_BUSY = 0xE0, ERROR_CANCELLED = 0xEF, ERROR_NOBODY = 0xF0, ERROR_LENGTH = 1 };

struct msg {
	uint8_t type, slot, seq, param[3];
	struct rd data;
};

static void le32(struct wr *w, size_t v)
{
	for (int i = 0; i < 4; i++)
		wr_u8(w, (uint8_t)(v >> (8 * i)));
}

static uint32_t message_max(const struct fake_ccid *f)
{
	return f->spec.message_max ? f->spec.message_max : 65554;
}

static size_t packet(const struct fake_ccid *f)
{
	return f->spec.packet ? f->spec.packet : 64;
}

/* ---- what it says ---- */

static void put_message(struct fake_ccid *f, uint8_t type, const struct msg *m, uint8_t status, uint8_t error,
			uint8_t chain, struct rd data)
{
	struct wr w;

	if (f->silent)
		return;
	wr_init_heap(&w, 1 << 20);
	wr_u8(&w, type);
	le32(&w, data.n);
	wr_u8(&w, m->slot);
	wr_u8(&w, m->seq);
	wr_u8(&w, (uint8_t)(status << 6 | (!f->card.present(f->card.ctx) ? 2 : !f->powered ? 1 : 0)));
	wr_u8(&w, error);
	wr_u8(&w, chain);
	wr_put(&w, data);
	if (f->spoil)
		f->spoil(f->spoil_ctx, &w);
	wr_u32(&f->queue, (uint32_t)w.n);
	wr_put(&f->queue, wr_view(&w));
	wr_free(&w);
}

static void refuse(struct fake_ccid *f, uint8_t type, const struct msg *m, uint8_t error)
{
	put_message(f, type, m, 1, error, 0, RD_NONE);
}

static void status(struct fake_ccid *f, const struct msg *m)
{
	put_message(f, 0x81, m, 0, 0, 0, RD_NONE);
}

/* A DataBlock with what the card said; at the extended level in parts as long as a message may be. */
static void put_part(struct fake_ccid *f, const struct msg *m)
{
	size_t most = message_max(f) - HEADER, left = f->answer.n - f->answer_at, n = left < most ? left : most;
	bool first = f->answer_at == 0, last = n == left;

	put_message(f, 0x80, m, 0, 0, first ? last ? CHAIN_ONE : CHAIN_FIRST : last ? CHAIN_LAST : CHAIN_MORE,
		    rd_of(f->answer.p + f->answer_at, n));
	f->answer_at += n;
}

static void extend(struct fake_ccid *f, const struct msg *m)
{
	for (unsigned i = 0; i < f->spec.extend; i++)
		put_message(f, 0x80, m, 2, 1, 0, RD_NONE);
}

/* ---- the card ---- */

/* T=1 wants an answer; one that the card did not give is not sent. */
static void run(void *ctx, struct rd cmd, struct wr *rsp)
{
	struct fake_ccid *f = ctx;

	f->broken = !f->card.run(f->card.ctx, cmd, rsp);
	if (f->broken)
		wr_u16(rsp, 0x6F00);
}

void fake_ccid_moved(struct fake_ccid *f)
{
	f->powered = false;
	vcard_t1_reset(&f->t1);
}

static void power(struct fake_ccid *f, const struct msg *m)
{
	static const uint8_t bits[] = { 0, CCID_5V, CCID_3V, CCID_1V8 };
	uint8_t by = m->param[0] < sizeof(bits) ? bits[m->param[0]] : 0, room[ATR_MAX];
	struct wr atr;

	f->power_select = m->param[0];
	WR_ARR(&atr, room);
	if (!f->card.present(f->card.ctx) || (f->spec.works_by && by != f->spec.works_by && by) ||
	    !f->card.power(f->card.ctx, true, &atr)) {
		refuse(f, 0x80, m, ERROR_MUTE);
		return;
	}
	vcard_t1_reset(&f->t1);
	f->powered = true;
	f->parameters_set = false;
	f->fi_di = f->spec.features & (CCID_AUTO_PPS | CCID_AUTO_NEGOTIATION) ? 0 : 0x11;
	put_message(f, 0x80, m, 0, 0, 0, wr_view(&atr));
}

static void pps(struct fake_ccid *f, const struct msg *m)
{
	uint8_t other[] = { 0xFF, 0x01, 0xFE };

	f->pps_seen++;
	if (f->spec.pps == FAKE_PPS_MUTE || m->data.n != 4) {
		refuse(f, 0x80, m, ERROR_MUTE);
	} else if (f->spec.pps == FAKE_PPS_OTHER) {
		put_message(f, 0x80, m, 0, 0, 0, RD_ARR(other));
	} else {
		f->fi_di = m->data.p[2];
		put_message(f, 0x80, m, 0, 0, 0, m->data);
	}
}

static void block(struct fake_ccid *f, const struct msg *m, struct rd in)
{
	uint8_t room[VCARD_T1_BLOCK_MAX];
	struct wr w;

	WR_ARR(&w, room);
	f->broken = false;
	vcard_t1_hear(&f->t1, in, &w);
	extend(f, m);
	if (w.n && !f->broken)
		put_message(f, 0x80, m, 0, 0, 0, wr_view(&w));
	else
		refuse(f, 0x80, m, ERROR_MUTE);
}

static void apdu(struct fake_ccid *f, const struct msg *m, struct rd cmd)
{
	wr_reset(&f->answer);
	f->answer_at = 0;
	run(f, cmd, &f->answer);
	extend(f, m);
	if (f->broken)
		refuse(f, 0x80, m, ERROR_MUTE);
	else
		put_part(f, m);
}

static void extended(struct fake_ccid *f, const struct msg *m)
{
	uint8_t level = m->param[1];

	if (level == CHAIN_GO_ON) {
		put_part(f, m);
		return;
	}
	if (level == CHAIN_ONE || level == CHAIN_FIRST)
		wr_reset(&f->chain);
	wr_put(&f->chain, m->data);
	if (level == CHAIN_FIRST || level == CHAIN_MORE)
		put_message(f, 0x80, m, 0, 0, CHAIN_GO_ON, RD_NONE);
	else
		apdu(f, m, wr_view(&f->chain));
}

static void xfr(struct fake_ccid *f, const struct msg *m)
{
	if (!f->card.present(f->card.ctx) || !f->powered) {
		put_message(f, 0x80, m, 1, ERROR_MUTE, 0, RD_NONE);
	} else if (f->busy) {
		f->busy--;
		refuse(f, 0x80, m, ERROR_SLOT_BUSY);
	} else if (f->spec.level == CCID_TPDU && m->data.n && m->data.p[0] == 0xFF) {
		pps(f, m);
	} else if (f->spec.level == CCID_TPDU) {
		block(f, m, m->data);
	} else if (f->spec.level == CCID_EXTENDED) {
		extended(f, m);
	} else if (m->data.n > 261) {
		refuse(f, 0x80, m, ERROR_LENGTH);
	} else {
		apdu(f, m, m->data);
	}
}

/* ---- its pad ---- */

/* What the reader says in the card's place: two bytes, at each level. */
static void own_answer(struct fake_ccid *f, const struct msg *m, uint8_t low)
{
	const uint8_t sw[] = { 0x64, low };

	put_message(f, 0x80, m, 0, 0, 0, RD_ARR(sw));
}

/* The command with the PINs in it, as a block where the computer has left that to the reader. */
static void send_pins(struct fake_ccid *f, const struct msg *m, const uint8_t *prologue, struct rd pins)
{
	uint8_t room[80], sum = 0;
	struct wr w;

	WR_ARR(&w, room);
	if (f->spec.level == CCID_TPDU) {
		wr_put(&w, rd_of(prologue, 2));
		wr_u8(&w, (uint8_t)(5 + pins.n));
	}
	wr_put(&w, rd_of(prologue + 3, 4));
	wr_u8(&w, (uint8_t)pins.n);
	wr_put(&w, pins);
	f->pins_n = 5 + pins.n;
	memcpy(f->pins, w.p + w.n - f->pins_n, f->pins_n);
	if (f->spec.level != CCID_TPDU) {
		apdu(f, m, wr_view(&w));
		return;
	}
	for (size_t i = 0; i < w.n; i++)
		sum ^= w.p[i];
	wr_u8(&w, sum);
	block(f, m, wr_view(&w));
}

static void put_digits(const char *digits, bool packed, struct wr *w)
{
	for (const char *d = digits; *d; d += packed ? 2 : 1)
		wr_u8(w, packed ? (uint8_t)((d[0] - '0') << 4 | (d[1] - '0')) : (uint8_t)*d);
}

/* Is the command whole where the blocks' sizes are told, and only its header where not? */
static bool is_template(const struct fake_ccid *f, struct rd command, const uint8_t *format, const uint8_t *prologue,
			size_t data)
{
	if (command.n != 5 + (format[1] ? data : 0) || command.p[4] != command.n - 5)
		return false;
	return f->spec.level != CCID_TPDU || prologue[2] == command.n;
}

/* bTimeOut, three of format, lengths, condition, number, language, index, prologue, APDU */
static void verify(struct fake_ccid *f, const struct msg *m)
{
	const uint8_t *p = m->data.p;
	bool packed = p[2] == 0x81;
	size_t n = strlen(f->typed);
	uint8_t room[32];
	struct wr pin;

	WR_ARR(&pin, room);
	if (m->data.n < 15 + 5 || (p[2] != 0x82 && !packed) || (packed ? p[3] != p[5] / 2 : p[3] != 0) || p[4] ||
	    p[7] != 2 || !is_template(f, rd_of(p + 15, m->data.n - 15), p + 2, p + 12, p[3])) {
		refuse(f, 0x80, m, 2);
	} else if (n > p[5] || n < p[6]) {
		own_answer(f, m, 0x03);
	} else {
		put_digits(f->typed, packed, &pin);
		send_pins(f, m, p + 12, wr_view(&pin));
	}
}

/* bTimeOut, three of format, two offsets, lengths, confirmation, condition, number, language, its indices, ... */
static void change(struct fake_ccid *f, const struct msg *m)
{
	const uint8_t *p = m->data.p, *q = p + 14 + p[11];      /* the prologue */
	bool packed = p[2] == 0x81, asks_old = p[9] == 3;
	size_t old = strlen(f->typed), fresh = strlen(f->typed_new), block = packed ? p[7] / 2 : p[7];
	uint8_t room[64];
	struct wr pins;

	WR_ARR(&pins, room);
	if (m->data.n < 14u + p[11] + 3 + 5 || (p[2] != 0x82 && !packed) || p[4] || p[5] || p[7] != p[8] ||
	    (!asks_old && p[9] != 1) || (asks_old ? p[6] != block : !p[3]) || (p[3] && p[3] != block) ||
	    (packed && !p[3]) || p[10] != 2 || p[11] != (asks_old ? 3 : 2) || p[14] != !asks_old ||
	    p[15] != p[14] + 1 || (asks_old && p[16] != 2) ||
	    !is_template(f, rd_of(q + 3, m->data.n - (size_t)(q + 3 - p)), p + 2, q, p[6] + block)) {
		refuse(f, 0x80, m, 2);
	} else if ((asks_old && old != p[7]) || fresh != p[7]) {
		own_answer(f, m, 0x03);
	} else if (strcmp(f->typed_new, f->typed_again) != 0) {
		own_answer(f, m, 0x02);
	} else {
		if (asks_old)
			put_digits(f->typed, packed, &pins);
		else
			wr_put(&pins, rd_of(q + 3 + 5, p[6]));
		put_digits(f->typed_new, packed, &pins);
		send_pins(f, m, q, wr_view(&pins));
	}
}

static void secure(struct fake_ccid *f, const struct msg *m)
{
	bool changes = m->data.n && m->data.p[0] == 1;

	if (!f->powered || !m->data.n || m->data.p[0] > 1 || !(changes ? f->spec.pad_changes : f->spec.pad))
		refuse(f, 0x80, m, 0);
	else if (f->pad_knows && (m->data.n < 20 || m->data.p[16] != f->pad_knows))
		refuse(f, 0x80, m, 16);
	else if (!f->typed || (!*f->typed && !(changes && f->typed_new && *f->typed_new && m->data.p[9] == 1)))
		refuse(f, 0x80, m, f->typed ? ERROR_CANCELLED : ERROR_NOBODY);
	else if (changes)
		change(f, m);
	else
		verify(f, m);
}

/* ---- messages ---- */

bool fake_ccid_hear(struct fake_ccid *f, struct rd message)
{
	const uint8_t *p = message.p;
	struct msg m;

	if (message.n < HEADER || message.n > message_max(f) ||
	    message.n - HEADER != (p[1] | p[2] << 8 | p[3] << 16 | (size_t)p[4] << 24))
		return false;
	m = (struct msg){ p[0], p[5], p[6], { p[7], p[8], p[9] }, rd_of(p + HEADER, message.n - HEADER) };
	switch (m.type) {
	case 0x62:
		power(f, &m);
		break;
	case 0x63:
		if (f->powered)
			(void)f->card.power(f->card.ctx, false, NULL);
		f->powered = false;
		status(f, &m);
		break;
	case 0x65:
		status(f, &m);
		break;
	case 0x61:
		f->parameters_set = true;
		put_message(f, 0x82, &m, 0, 0, m.param[0], m.data);
		break;
	case 0x6F:
		xfr(f, &m);
		break;
	case 0x69:
		secure(f, &m);
		break;
	case 0x72:
		if (f->spec.no_abort)
			refuse(f, 0x81, &m, 0);
		else
			status(f, &m);
		break;
	default:
		refuse(f, 0x81, &m, 0);
	}
	return true;
}

bool fake_ccid_say(struct fake_ccid *f, struct wr *out, size_t max)
{
	struct rd r = rd_of(f->queue.p + f->queue_at, f->queue.n - f->queue_at), part;
	uint32_t n;

	if (f->empty_due) {
		f->empty_due = false;
		return true;
	}
	if (!f->message_left) {
		if (!rd_u32(&r, &n))
			return false;
		f->message_left = n;
		f->queue_at += 4;
	}
	if (!rd_take(&r, f->message_left < max ? f->message_left : max, &part))
		return false;
	wr_put(out, part);
	f->queue_at += part.n;
	f->message_left -= part.n;
	/* The transfer went on until it was full: then the empty packet is a transfer of its own. */
	f->empty_due = f->spec.empty_packet && !f->message_left && part.n && part.n % packet(f) == 0 && part.n == max;
	if (f->queue_at == f->queue.n) {
		wr_reset(&f->queue);
		f->queue_at = 0;
	}
	return true;
}

bool fake_ccid_unended(const struct fake_ccid *f, size_t n, size_t max)
{
	return n && n < max && n % packet(f) == 0 && !f->spec.empty_packet;
}

/* ---- the reader itself ---- */

void fake_ccid_init(struct fake_ccid *f, const struct fake_ccid_spec *spec, const struct fake_ccid_card *card)
{
	memset(f, 0, sizeof(*f));
	f->card = *card;
	f->spec = *spec;
	f->busy = spec->busy;
	vcard_t1_init(&f->t1, run, f);
	wr_init_heap(&f->chain, APDU_CMD_MAX);
	wr_init_heap(&f->answer, APDU_RSP_MAX);
	wr_init_heap(&f->queue, 1 << 20);
}

void fake_ccid_free(struct fake_ccid *f)
{
	vcard_t1_free(&f->t1);
	wr_free(&f->chain);
	wr_free(&f->answer);
	wr_free(&f->queue);
}

void fake_ccid_desc(const struct fake_ccid *f, uint8_t out[FAKE_CCID_DESC])
{
	static const uint32_t levels[] = { 0, 0x10000, 0x20000, 0x40000 };
	struct wr w;

	wr_init(&w, out, FAKE_CCID_DESC);
	wr_put(&w, RD_LIT("\x36\x21\x10\x01"));
	wr_u8(&w, f->spec.slots ? (uint8_t)(f->spec.slots - 1) : 0);
	wr_u8(&w, f->spec.voltages ? f->spec.voltages : CCID_5V | CCID_3V | CCID_1V8);
	le32(&w, 3);                                    /* dwProtocols */
	le32(&w, 4000);
	le32(&w, 4000);
	wr_u8(&w, 0);
	le32(&w, 10752);
	le32(&w, f->spec.max_rate ? f->spec.max_rate : 1000000);
	wr_u8(&w, 0);
	le32(&w, f->spec.ifsd ? f->spec.ifsd : 254);
	le32(&w, 0);
	le32(&w, 0);
	le32(&w, levels[f->spec.level] | f->spec.features);
	le32(&w, message_max(f));
	wr_put(&w, RD_LIT("\xFF\xFF\x00\x00"));
	wr_u8(&w, (uint8_t)((f->spec.pad ? CCID_PAD_VERIFY : 0) | (f->spec.pad_changes ? CCID_PAD_MODIFY : 0)));
	wr_u8(&w, 1);
}
