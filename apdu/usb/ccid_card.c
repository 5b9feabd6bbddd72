/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu/usb/ccid_card_int.h"

#include <string.h>

#include "base/log.h"

#define POWER_MS     10000              /* a reader may try several voltages by itself */
#define STATUS_MS    3000
#define OFF_MS       20                 /* without power, before another voltage (7816-3 6.4: 10 ms) */
#define T1_FRAME     5                  /* NAD, PCB, LEN, two bytes of CRC at most */

static const uint8_t none[3];
static const struct ccid_wait quickly = { STATUS_MS, STATUS_MS, NULL };

enum err ccid_card_init(struct ccid_card *c, const struct ccid_io *io, const struct ccid_desc *desc,
			const char *reader)
{
	if (desc->level == CCID_CHARACTER) {
		log_tell("reader %s leaves single characters to the computer, which is not supported: use it by "
			 "pcscd, or another reader", reader);
		return ERR_UNSUPPORTED;
	}
	memset(c, 0, sizeof(*c));
	ccid_init(&c->ccid, io, desc, 0);
	return ERR_OK;
}

void ccid_card_free(struct ccid_card *c)
{
	t1_wipe(&c->t1);
	ccid_free(&c->ccid);
}

static bool does(const struct ccid_card *c, uint32_t feature)
{
	return c->ccid.desc.features & feature;
}

/* ---- power ---- */

void ccid_card_power_off(struct ccid_card *c)
{
	struct ccid_answer a;
	enum err e = ccid_ask(&c->ccid, CCID_POWER_OFF, none, RD_NONE, &quickly, &a);

	c->powered = false;
	if (e || a.failed)
		log_line(LOG_APDU, LOG_INFO, "usb: power off: %s", e ? err_text(e) : "refused");
}

enum err ccid_card_broken(struct ccid_card *c, enum err e)
{
	if (e == ERR_REMOVED)
		c->powered = false;
	else
		ccid_card_power_off(c);
	return e;
}

/* One voltage: bPowerSelect. ERR_NO_CARD: nothing there; ERR_TRANSPORT: a card, but no answer to reset from it. */
static enum err power_by(struct ccid_card *c, uint8_t select)
{
	const uint8_t param[3] = { select };
	const struct ccid_wait wait = { POWER_MS, POWER_MS, NULL };
	struct ccid_answer a;
	enum err e = ccid_ask(&c->ccid, CCID_POWER_ON, param, RD_NONE, &wait, &a);

	if (e)
		return e;
	/* A reader may send an answer to reset along with its failure. */
	if (a.icc == CCID_ABSENT)
		return ERR_NO_CARD;
	if (a.failed || a.data.n > ATR_MAX || atr_read(a.data, &c->atr)) {
		log_line(LOG_APDU, LOG_INFO, "usb: power on (%u): error %02x, %zu bytes", select,
			 a.failed ? a.error : 0, a.data.n);
		return ERR_TRANSPORT;
	}
	memcpy(c->atr_bytes, a.data.p, a.data.n);
	c->atr_size = a.data.n;
	if (atr_read(rd_of(c->atr_bytes, c->atr_size), &c->atr))        /* its views point at our copy now */
		return ERR_BUG;
	return ERR_OK;
}

/* From the lowest voltage up (ISO 7816-3 6.2): a higher one could harm a card that takes less. */
static enum err power_up(struct ccid_card *c)
{
	static const struct { uint8_t bit, select; } classes[] = { { CCID_1V8, 3 }, { CCID_3V, 2 }, { CCID_5V, 1 } };
	enum err e = ERR_TRANSPORT;

	if (does(c, CCID_AUTO_VOLTAGE) || !c->ccid.desc.voltages)
		return power_by(c, 0);
	for (size_t i = 0; i < sizeof(classes) / sizeof(*classes) && e == ERR_TRANSPORT; i++) {
		if (!(c->ccid.desc.voltages & classes[i].bit))
			continue;
		e = power_by(c, classes[i].select);
		if (e != ERR_TRANSPORT)
			break;
		ccid_card_power_off(c);
		c->ccid.io.pause(c->ccid.io.ctx, OFF_MS);
	}
	return e;
}

/* ---- parameters ---- */

/* Bits in a second by these rates, of ISO 7816-3, tables 7 and 8. */
static bool reader_has_rate(const struct ccid_card *c, uint8_t fi_di)
{
	return atr_rate(fi_di, c->ccid.desc.khz) && atr_rate(fi_di, c->ccid.desc.khz) <= c->ccid.desc.max_rate;
}

/* T=1, and the rates that the card offers (ISO 7816-3, clause 9). The card confirms by saying the same. */
static enum err pps(struct ccid_card *c, uint8_t fi_di)
{
	const uint8_t ask[] = { 0xFF, 0x11, fi_di, (uint8_t)(0xFF ^ 0x11 ^ fi_di) };
	struct ccid_answer a;
	enum err e = ccid_ask(&c->ccid, CCID_XFR_BLOCK, none, RD_ARR(ask), &quickly, &a);

	if (e)
		return e;
	return !a.failed && rd_eq(a.data, RD_ARR(ask)) ? ERR_OK : ERR_TRANSPORT;
}

/* bFindexDindex, bmTCCKST1, bGuardTimeT1, bmWaitingIntegersT1, bClockStop, bIFSC, bNadValue (6.1.7). */
static enum err set_parameters(struct ccid_card *c)
{
	const uint8_t checks = (uint8_t)(0x10 | (c->atr.inverse ? 2 : 0) | (c->atr.crc ? 1 : 0));
	const uint8_t data[] = { c->fi_di, checks, c->atr.guard, (uint8_t)(c->atr.bwi << 4 | c->atr.cwi), 0,
				 c->atr.ifsc, 0 };
	const uint8_t param[3] = { 1 };
	struct ccid_answer a;
	enum err e = ccid_ask(&c->ccid, CCID_SET_PARAMETERS, param, RD_ARR(data), &quickly, &a);

	if (!e && a.failed && a.error != CCID_E_UNSUPPORTED) {
		log_line(LOG_APDU, LOG_WARN, "usb: the reader refuses the card's parameters, error %02x", a.error);
		e = ERR_TRANSPORT;
	}
	return e;
}

/* What the reader does not do by itself. *again: the card must be powered anew, and goes by its first rates then. */
static enum err negotiate(struct ccid_card *c, bool may_pps, bool *again)
{
	bool negotiable = !c->atr.specific, reader_does = does(c, CCID_AUTO_NEGOTIATION | CCID_AUTO_PPS);
	uint8_t wanted = c->atr.fi_di;
	enum err e = ERR_OK;

	*again = false;
	if (!negotiable) {
		c->fi_di = c->atr.specific_default ? ATR_FI_DI_DEFAULT : c->atr.fi_di;
	} else if (reader_does) {
		c->fi_di = c->atr.fi_di;
	} else {
		c->fi_di = ATR_FI_DI_DEFAULT;
		if (!reader_has_rate(c, wanted))
			wanted = ATR_FI_DI_DEFAULT;
		if (may_pps && (wanted != ATR_FI_DI_DEFAULT || c->atr.first != 1)) {
			e = pps(c, wanted);
			*again = e == ERR_TRANSPORT && c->atr.first == 1;
			if (!e)
				c->fi_di = wanted;
		}
	}
	if (!e && !does(c, CCID_AUTO_PARAMETERS_ATR | CCID_AUTO_NEGOTIATION))
		e = set_parameters(c);
	return e;
}

static bool speaks_t1(const struct atr *a)
{
	return a->specific ? a->specific_protocol == 1 : a->protocols & 1u << 1;
}

static void begin_t1(struct ccid_card *c)
{
	size_t most = c->ccid.desc.message_max - CCID_HEADER - T1_FRAME;
	struct t1_params p = { .ifsc = c->atr.ifsc, .ifsd = T1_INF_MAX, .crc = c->atr.crc };

	if (c->ccid.desc.ifsd < p.ifsd)
		p.ifsd = c->ccid.desc.ifsd ? (uint8_t)c->ccid.desc.ifsd : 32;
	if (most < p.ifsc)
		p.ifsc = (uint8_t)most;
	if (most < p.ifsd)
		p.ifsd = (uint8_t)most;
	t1_init(&c->t1, &p);
	if (does(c, CCID_AUTO_IFSD))
		t1_ifs_is_told(&c->t1);
}

enum err ccid_card_power_on(struct ccid_card *c)
{
	bool again = false;
	enum err e = power_up(c);

	if (!e && c->ccid.desc.level == CCID_TPDU && !speaks_t1(&c->atr)) {
		log_line(LOG_APDU, LOG_INFO, "usb: a card without T=1");
		e = ERR_UNSUPPORTED;
	}
	/* A reader that exchanges APDUs sees to its protocol itself. */
	if (!e && speaks_t1(&c->atr))
		e = negotiate(c, c->ccid.desc.level == CCID_TPDU, &again);
	if (again) {
		log_line(LOG_APDU, LOG_INFO, "usb: the card does not confirm its rates: the slow ones are used");
		ccid_card_power_off(c);
		e = power_up(c);
		if (!e)
			e = negotiate(c, false, &again);
	}
	if (e) {
		if (e != ERR_REMOVED && e != ERR_NO_CARD)
			ccid_card_power_off(c);
		return e == ERR_TRANSPORT || e == ERR_UNSUPPORTED ? ERR_NO_CARD : e;
	}
	c->wait_ms = atr_t1_wait_ms(&c->atr, c->fi_di, c->ccid.desc.khz);
	begin_t1(c);
	c->powered = true;
	return ERR_OK;
}

/* ---- is it there ---- */

enum err ccid_card_look(struct ccid_card *c, bool *on)
{
	struct ccid_answer a;
	enum err e = ccid_ask(&c->ccid, CCID_SLOT_STATUS, none, RD_NONE, &quickly, &a);

	if (e)
		return e;
	*on = a.icc == CCID_ACTIVE;
	return a.icc == CCID_ABSENT ? ERR_NO_CARD : ERR_OK;
}

enum err ccid_card_judge(struct ccid_card *c, enum ccid_icc icc)
{
	if (icc == CCID_ACTIVE)
		return ERR_OK;
	/* One without power is one that was put in since. */
	c->powered = false;
	return ERR_REMOVED;
}

enum err ccid_card_present(struct ccid_card *c)
{
	struct ccid_answer a;
	enum err e;

	if (!c->powered)
		return ERR_RESET;
	e = ccid_ask(&c->ccid, CCID_SLOT_STATUS, none, RD_NONE, &quickly, &a);
	return e ? ccid_card_broken(c, e) : ccid_card_judge(c, a.icc);
}
