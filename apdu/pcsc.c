/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu/pcsc.h"

#include <stdlib.h>
#include <string.h>
#include <reader.h>

#include "apdu/pcsc_int.h"

#define PATIENCE_SLICE_MS 20    /* how soon a card that has become free is taken */

struct pcsc {
	SCARDCONTEXT context;
	SCARDHANDLE card;
	enum pcsc_share share;
	bool in_transaction;
	bool asked_pad;         /* what follows is known */
	struct pad {
		bool there;
		uint32_t code;  /* for SCardControl */
	} verify, change;       /* on the reader's pad */
	DWORD events;           /* the reader's event counter when we connected */
	char reader[READER_NAME_MAX];
	uint8_t rsp[APDU_RSP_MAX];
};

static DWORD share_mode(enum pcsc_share share)
{
	return share == PCSC_EXCLUSIVE ? SCARD_SHARE_EXCLUSIVE : SCARD_SHARE_SHARED;
}

/*
 * Every call on a connected card ends here. After somebody else's reset a shared connection is good again once it is
 * renewed; the card's state is lost, which ERR_RESET tells. The command is not repeated: the caller must think first.
 */
static enum err after(const char *call, struct pcsc *p, LONG rv)
{
	enum err e = pcsc_connected(call, p->reader, rv);
	DWORD protocol;

	if ((uint32_t)rv == (uint32_t)SCARD_W_RESET_CARD && p->share == PCSC_SHARED) {
		p->in_transaction = false;
		rv = SCardReconnect(p->card, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T1, SCARD_LEAVE_CARD, &protocol);
		if (rv != SCARD_S_SUCCESS)
			e = pcsc_connected("SCardReconnect", p->reader, rv);
	}
	return e;
}

static enum err pcsc_begin(void *ctx, struct deadline *dl)
{
	struct pcsc *p = ctx;
	enum err e;

	(void)dl; /* the service offers no limit of time here; nobody should hold a transaction for long */
	if (p->share == PCSC_EXCLUSIVE)
		return ERR_OK;
	if (p->in_transaction)
		return ERR_BUG;
	e = after("SCardBeginTransaction", p, SCardBeginTransaction(p->card));
	p->in_transaction = !e;
	return e;
}

static void pcsc_end(void *ctx)
{
	struct pcsc *p = ctx;

	if (!p->in_transaction)
		return;
	p->in_transaction = false;
	/* Nothing to do about a failure: a card that is gone or was reset is met again at the next call. */
	(void)pcsc_connected("SCardEndTransaction", p->reader, SCardEndTransaction(p->card, SCARD_LEAVE_CARD));
}

static enum err pcsc_transmit(void *ctx, struct rd cmd, struct wr *rsp, struct deadline *dl)
{
	const SCARD_IO_REQUEST t1 = { SCARD_PROTOCOL_T1, sizeof(SCARD_IO_REQUEST) };
	struct pcsc *p = ctx;
	DWORD n = sizeof(p->rsp);
	enum err e;

	(void)dl; /* SCardTransmit ends when the card answers, or when the reader gives the card up */
	e = after("SCardTransmit", p, SCardTransmit(p->card, &t1, cmd.p, (DWORD)cmd.n, NULL, p->rsp, &n));
	if (!e) {
		wr_put(rsp, rd_of(p->rsp, n));
		e = wr_done(rsp);
		wipe(p->rsp, n);
	}
	return e;
}

/* Readers without features say so in many ways. */
static void ask_pad(struct pcsc *p)
{
	uint8_t features[256];
	DWORD n = 0;

	if (p->asked_pad)
		return;
	p->asked_pad = true;
	if (SCardControl(p->card, CM_IOCTL_GET_FEATURE_REQUEST, NULL, 0, features, sizeof(features), &n) !=
	    SCARD_S_SUCCESS || n > sizeof(features))
		return;
	p->verify.there = pinpad_feature(rd_of(features, n), PINPAD_VERIFY_DIRECT, &p->verify.code);
	p->change.there = pinpad_feature(rd_of(features, n), PINPAD_MODIFY_DIRECT, &p->change.code);
}

static bool pcsc_has_pad(void *ctx)
{
	struct pcsc *p = ctx;

	ask_pad(p);
	return p->verify.there;
}

static bool pcsc_has_pad_change(void *ctx)
{
	struct pcsc *p = ctx;

	ask_pad(p);
	return p->change.there;
}

static enum err by_pad(struct pcsc *p, const struct pad *pad, void (*write)(const struct pinpad_ask *a, struct wr *w),
		       const struct pinpad_ask *ask, struct wr *rsp)
{
	uint8_t bytes[PINPAD_ASK_MAX], answer[8];
	DWORD n = 0;
	struct wr w;
	enum err e;

	ask_pad(p);
	if (!pad->there)
		return ERR_UNSUPPORTED;
	WR_ARR(&w, bytes);
	write(ask, &w);
	e = wr_done(&w);
	if (!e)
		e = after("SCardControl", p,
			  SCardControl(p->card, pad->code, bytes, (DWORD)w.n, answer, sizeof(answer), &n));
	wipe(bytes, sizeof(bytes));
	if (!e && n > sizeof(answer))
		e = ERR_TRANSPORT;
	if (!e) {
		wr_put(rsp, rd_of(answer, n));
		e = wr_done(rsp);
	}
	return e;
}

static enum err pcsc_pad_verify(void *ctx, const struct pinpad_ask *ask, struct wr *rsp)
{
	struct pcsc *p = ctx;

	return by_pad(p, &p->verify, pinpad_ask_write, ask, rsp);
}

static enum err pcsc_pad_change(void *ctx, const struct pinpad_ask *ask, struct wr *rsp)
{
	struct pcsc *p = ctx;

	return by_pad(p, &p->change, pinpad_change_write, ask, rsp);
}

static enum err read_atr(struct pcsc *p, struct wr *atr)
{
	uint8_t bytes[MAX_ATR_SIZE];
	DWORD n = sizeof(bytes), name_n = 0, state, protocol;
	LONG rv = SCardStatus(p->card, NULL, &name_n, &state, &protocol, bytes, &n);

	if (rv != SCARD_S_SUCCESS)
		return pcsc_connected("SCardStatus", p->reader, rv);
	wr_put(atr, rd_of(bytes, n));
	return wr_done(atr);
}

static enum err pcsc_reset(void *ctx, struct wr *atr)
{
	struct pcsc *p = ctx;
	DWORD protocol;
	LONG rv = SCardReconnect(p->card, share_mode(p->share), SCARD_PROTOCOL_T1, SCARD_UNPOWER_CARD, &protocol);

	p->in_transaction = false;
	if (rv != SCARD_S_SUCCESS)
		return pcsc_connected("SCardReconnect", p->reader, rv);
	return read_atr(p, atr);
}

/*
 * Asks the service, which never waits for the card. An exclusive card is also asked whether it was reset: nobody can
 * lock it.
 */
static enum err pcsc_present(void *ctx)
{
	struct pcsc *p = ctx;
	SCARD_READERSTATE state = { .szReader = p->reader };
	DWORD atr_n = 0, name_n = 0, protocol, status;
	LONG rv = SCardGetStatusChange(p->context, 0, &state, 1);

	if (!pcsc_has_looked(rv))
		return pcsc_connected("SCardGetStatusChange", p->reader, rv);
	if (!(state.dwEventState & SCARD_STATE_PRESENT) || pcsc_events(state.dwEventState) != p->events)
		return ERR_REMOVED;
	if (p->share != PCSC_EXCLUSIVE)
		return ERR_OK;
	rv = SCardStatus(p->card, NULL, &name_n, &status, &protocol, NULL, &atr_n);
	return pcsc_connected("SCardStatus", p->reader, rv);
}

static void pcsc_close(void *ctx, bool reset_card)
{
	struct pcsc *p = ctx;

	pcsc_end(p);
	if (p->card)
		(void)pcsc_connected("SCardDisconnect", p->reader,
				     SCardDisconnect(p->card, reset_card ? SCARD_RESET_CARD : SCARD_LEAVE_CARD));
	if (p->context)
		(void)SCardReleaseContext(p->context);
	wipe(p->rsp, sizeof(p->rsp));
	free(p);
}

static void pcsc_abandon(void *ctx)
{
	free(ctx);
}

static const struct apdu_link_ops pcsc_ops = {
	.name = "pcsc",
	.begin = pcsc_begin,
	.transmit = pcsc_transmit,
	.end = pcsc_end,
	.reset = pcsc_reset,
	.present = pcsc_present,
	.has_pad = pcsc_has_pad,
	.pad_verify = pcsc_pad_verify,
	.has_pad_change = pcsc_has_pad_change,
	.pad_change = pcsc_pad_change,
	.close = pcsc_close,
	.abandon = pcsc_abandon,
};

/* Connect, then note which card it is, so that present() knows it from the next one. */
static enum err connect_card(struct pcsc *p, struct wr *atr)
{
	SCARD_READERSTATE state = { .szReader = p->reader };
	DWORD protocol;
	LONG rv;

	rv = pcsc_establish(&p->context);
	if (rv != SCARD_S_SUCCESS) {
		p->context = 0;
		return pcsc_opening("SCardEstablishContext", p->reader, rv);
	}
	rv = SCardConnect(p->context, p->reader, share_mode(p->share), SCARD_PROTOCOL_T1, &p->card, &protocol);
	if (rv != SCARD_S_SUCCESS) {
		p->card = 0;
		return pcsc_opening("SCardConnect", p->reader, rv);
	}
	rv = SCardGetStatusChange(p->context, 0, &state, 1);
	if (!pcsc_has_looked(rv))
		return pcsc_opening("SCardGetStatusChange", p->reader, rv);
	if (!(state.dwEventState & SCARD_STATE_PRESENT) || state.cbAtr > ATR_MAX)
		return ERR_NO_CARD;
	p->events = pcsc_events(state.dwEventState);
	wr_put(atr, rd_of(state.rgbAtr, state.cbAtr));
	return wr_done(atr);
}

static enum err open_once(const char *reader, enum pcsc_share share, struct apdu_link **out)
{
	uint8_t bytes[ATR_MAX];
	struct wr atr;
	struct pcsc *p;
	enum err e;

	p = calloc(1, sizeof(*p));
	if (!p)
		return ERR_NOMEM;
	p->share = share;
	memcpy(p->reader, reader, strlen(reader));
	WR_ARR(&atr, bytes);
	e = connect_card(p, &atr);
	if (e) {
		pcsc_close(p, false);
		return e;
	}
	return apdu_link_new(&pcsc_ops, p, reader, wr_view(&atr), out);
}

enum err pcsc_open(const char *reader, enum pcsc_share share, struct apdu_link **out)
{
	struct deadline dl = deadline_in(share == PCSC_EXCLUSIVE ? PCSC_PATIENCE_MS : 0);
	enum err e;

	if (strlen(reader) >= READER_NAME_MAX)
		return ERR_NO_READER;
	while ((e = open_once(reader, share, out)) == ERR_SHARING && deadline_left_ms(&dl)) {
		struct deadline again = deadline_within(&dl, PATIENCE_SLICE_MS);

		/* The service tells nobody when a program disconnects. */
		if (deadline_wait(&again, -1) != ERR_TIMEOUT)
			break;
	}
	return e;
}
