/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu/pcsc.h"

#include <stdlib.h>
#include <string.h>
#include <winscard.h>
#include <reader.h>

#include "base/fd.h"
#include "base/log.h"

#define WAIT_SLICE_MS 250       /* a caller who gives up is noticed after this */
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
	char reader[PCSC_NAME_MAX];
	uint8_t rsp[APDU_RSP_MAX];
};

/*
 * Each return value of PC/SC twice: for whoever is looking for a card, and for whoever is connected to one. Anything
 * not listed is ERR_TRANSPORT.
 */
#define ROW(code, opening, connected) { (uint32_t)code, #code, opening, connected }
static const struct pcsc_code {
	uint32_t code;
	const char *name;
	enum err opening, connected;
} codes[] = {
	ROW(SCARD_S_SUCCESS, ERR_OK, ERR_OK),
	ROW(SCARD_E_NO_SERVICE, ERR_NO_SERVICE, ERR_NO_SERVICE),
	ROW(SCARD_E_SERVICE_STOPPED, ERR_NO_SERVICE, ERR_NO_SERVICE),
	ROW(SCARD_F_COMM_ERROR, ERR_NO_SERVICE, ERR_NO_SERVICE),
	ROW(SCARD_E_SERVER_TOO_BUSY, ERR_NO_SERVICE, ERR_NO_SERVICE),
	ROW(SCARD_E_NO_MEMORY, ERR_NOMEM, ERR_NOMEM),
	ROW(SCARD_E_NO_READERS_AVAILABLE, ERR_NO_READER, ERR_REMOVED),
	ROW(SCARD_E_UNKNOWN_READER, ERR_NO_READER, ERR_REMOVED),
	ROW(SCARD_E_READER_UNAVAILABLE, ERR_NO_READER, ERR_REMOVED),
	ROW(SCARD_E_NO_SMARTCARD, ERR_NO_CARD, ERR_REMOVED),
	ROW(SCARD_W_REMOVED_CARD, ERR_NO_CARD, ERR_REMOVED),
	/* A handle that was good: the reader went away, or the service was started anew. */
	ROW(SCARD_E_INVALID_HANDLE, ERR_BUG, ERR_REMOVED),
	ROW(SCARD_W_UNRESPONSIVE_CARD, ERR_NO_CARD, ERR_TRANSPORT),
	ROW(SCARD_W_UNSUPPORTED_CARD, ERR_NO_CARD, ERR_TRANSPORT),
	ROW(SCARD_E_PROTO_MISMATCH, ERR_NO_CARD, ERR_TRANSPORT),
	ROW(SCARD_W_UNPOWERED_CARD, ERR_NO_CARD, ERR_RESET),
	ROW(SCARD_W_RESET_CARD, ERR_RESET, ERR_RESET),
	ROW(SCARD_E_SHARING_VIOLATION, ERR_SHARING, ERR_SHARING),
	ROW(SCARD_E_TIMEOUT, ERR_TIMEOUT, ERR_TIMEOUT),
	ROW(SCARD_E_CANCELLED, ERR_CANCELLED, ERR_CANCELLED),
	ROW(SCARD_E_INSUFFICIENT_BUFFER, ERR_LIMIT, ERR_LIMIT),
	ROW(SCARD_W_SECURITY_VIOLATION, ERR_NO_SERVICE, ERR_NO_SERVICE), /* access to the service denied, by polkit */
	ROW(SCARD_E_NOT_TRANSACTED, ERR_TRANSPORT, ERR_TRANSPORT),
};

/* LONG has 64 bits here, and libraries differ in the sign of these values: the low 32 bits are what counts. */
static const struct pcsc_code *find_code(LONG rv)
{
	static const struct pcsc_code unknown = { 0, "PC/SC error", ERR_TRANSPORT, ERR_TRANSPORT };

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		if (codes[i].code == (uint32_t)rv)
			return &codes[i];
	return &unknown;
}

static enum err opening(const char *call, const char *reader, LONG rv)
{
	const struct pcsc_code *c = find_code(rv);

	if (c->opening)
		log_line(LOG_APDU, LOG_INFO, "%s: %s: %s (%08x)", reader, call, c->name, (unsigned)rv);
	return c->opening;
}

static enum err connected(const char *call, const struct pcsc *p, LONG rv)
{
	const struct pcsc_code *c = find_code(rv);

	if (c->connected)
		log_line(LOG_APDU, LOG_INFO, "%s: %s: %s (%08x)", p->reader, call, c->name, (unsigned)rv);
	return c->connected;
}

/* A connection to the service; it is none of the host's descriptors 0 to 2, whatever the host has closed. */
static LONG establish(SCARDCONTEXT *context)
{
	unsigned plugged = fd_plug();
	LONG rv = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, context);

	fd_unplug(plugged);
	return rv;
}

/* ---- readers ---- */

static DWORD events_of(DWORD event_state)
{
	return event_state >> 16 & 0xffff;
}

static enum err list_names(SCARDCONTEXT context, struct pcsc_readers *out)
{
	char names[PCSC_READERS_MAX * PCSC_NAME_MAX + 1];
	DWORD size = sizeof(names) - 1;
	LONG rv = SCardListReaders(context, NULL, names, &size);
	size_t n;

	out->n = 0;
	if ((uint32_t)rv == (uint32_t)SCARD_E_NO_READERS_AVAILABLE)
		return ERR_OK;
	if (rv != SCARD_S_SUCCESS)
		return opening("SCardListReaders", "readers", rv);
	names[size] = 0;
	/* One name after the other, each with its terminator; an empty one is the end. */
	for (const char *name = names; *name && out->n < PCSC_READERS_MAX; name += n + 1) {
		struct pcsc_reader *r = &out->v[out->n];

		n = strlen(name);
		if (n >= sizeof(r->name))
			return ERR_LIMIT;
		memset(r, 0, sizeof(*r));
		memcpy(r->name, name, n);
		out->n++;
	}
	return ERR_OK;
}

/* The readers and what is in them now; states can then be given to SCardGetStatusChange to wait for the next change. */
static enum err look(SCARDCONTEXT context, struct pcsc_readers *out, SCARD_READERSTATE states[PCSC_READERS_MAX])
{
	enum err e = list_names(context, out);
	LONG rv;

	if (e || out->n == 0)
		return e;
	memset(states, 0, out->n * sizeof(*states));
	for (size_t i = 0; i < out->n; i++)
		states[i].szReader = out->v[i].name;
	rv = SCardGetStatusChange(context, 0, states, (DWORD)out->n);
	if (rv != SCARD_S_SUCCESS && (uint32_t)rv != (uint32_t)SCARD_E_TIMEOUT)
		return opening("SCardGetStatusChange", "readers", rv);
	for (size_t i = 0; i < out->n; i++) {
		struct pcsc_reader *r = &out->v[i];
		DWORD state = states[i].dwEventState;

		r->has_card = state & SCARD_STATE_PRESENT;
		/* pcscd says one or the other */
		r->in_use = state & (SCARD_STATE_INUSE | SCARD_STATE_EXCLUSIVE);
		r->exclusive = state & SCARD_STATE_EXCLUSIVE;
		r->events = (uint32_t)events_of(state);
		if (r->has_card && states[i].cbAtr <= sizeof(r->atr)) {
			r->atr_size = states[i].cbAtr;
			memcpy(r->atr, states[i].rgbAtr, r->atr_size);
		}
		states[i].dwCurrentState = state & ~(DWORD)SCARD_STATE_CHANGED;
	}
	return ERR_OK;
}

enum err pcsc_list(struct pcsc_readers *out)
{
	SCARD_READERSTATE states[PCSC_READERS_MAX];
	SCARDCONTEXT context;
	LONG rv;
	enum err e;

	out->n = 0;
	rv = establish(&context);
	if (rv != SCARD_S_SUCCESS)
		return opening("SCardEstablishContext", "readers", rv);
	e = look(context, out, states);
	(void)SCardReleaseContext(context);
	return e;
}

bool pcsc_is_same(const struct pcsc_readers *a, const struct pcsc_readers *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->v[i].name, b->v[i].name) != 0 || a->v[i].has_card != b->v[i].has_card ||
		    a->v[i].events != b->v[i].events)
			return false;
	return true;
}

enum err pcsc_wait(struct pcsc_readers *last, struct deadline *dl)
{
	SCARD_READERSTATE states[PCSC_READERS_MAX];
	struct pcsc_readers *now = malloc(sizeof(*now));
	SCARDCONTEXT context;
	struct deadline slice;
	enum err e = ERR_OK;
	LONG rv;

	if (!now)
		return ERR_NOMEM;
	rv = establish(&context);
	if (rv != SCARD_S_SUCCESS) {
		free(now);
		return opening("SCardEstablishContext", "readers", rv);
	}
	while (!e) {
		e = look(context, now, states);
		if (!e && !pcsc_is_same(now, last)) {
			*last = *now;
			break;
		}
		if (!e)
			e = deadline_check(dl);
		if (e)
			break;
		slice = deadline_within(dl, WAIT_SLICE_MS);
		if (now->n == 0) {
			/* Nothing to wait on: a reader that is plugged in is found by looking again. */
			e = deadline_wait(&slice, -1);
			if (e == ERR_TIMEOUT)
				e = ERR_OK;
			continue;
		}
		rv = SCardGetStatusChange(context, (DWORD)deadline_left_ms(&slice), states, (DWORD)now->n);
		if (rv != SCARD_S_SUCCESS && (uint32_t)rv != (uint32_t)SCARD_E_TIMEOUT &&
		    (uint32_t)rv != (uint32_t)SCARD_E_UNKNOWN_READER)
			e = opening("SCardGetStatusChange", "readers", rv);
	}
	(void)SCardReleaseContext(context);
	free(now);
	return e;
}

/* ---- one card ---- */

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
	enum err e = connected(call, p, rv);
	DWORD protocol;

	if ((uint32_t)rv == (uint32_t)SCARD_W_RESET_CARD && p->share == PCSC_SHARED) {
		p->in_transaction = false;
		rv = SCardReconnect(p->card, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T1, SCARD_LEAVE_CARD, &protocol);
		if (rv != SCARD_S_SUCCESS)
			e = connected("SCardReconnect", p, rv);
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
	(void)connected("SCardEndTransaction", p, SCardEndTransaction(p->card, SCARD_LEAVE_CARD));
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
		return connected("SCardStatus", p, rv);
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
		return connected("SCardReconnect", p, rv);
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

	if (rv != SCARD_S_SUCCESS && (uint32_t)rv != (uint32_t)SCARD_E_TIMEOUT)
		return connected("SCardGetStatusChange", p, rv);
	if (!(state.dwEventState & SCARD_STATE_PRESENT) || events_of(state.dwEventState) != p->events)
		return ERR_REMOVED;
	if (p->share != PCSC_EXCLUSIVE)
		return ERR_OK;
	rv = SCardStatus(p->card, NULL, &name_n, &status, &protocol, NULL, &atr_n);
	return connected("SCardStatus", p, rv);
}

static void pcsc_close(void *ctx, bool reset_card)
{
	struct pcsc *p = ctx;

	pcsc_end(p);
	if (p->card)
		(void)connected("SCardDisconnect", p,
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

	rv = establish(&p->context);
	if (rv != SCARD_S_SUCCESS) {
		p->context = 0;
		return opening("SCardEstablishContext", p->reader, rv);
	}
	rv = SCardConnect(p->context, p->reader, share_mode(p->share), SCARD_PROTOCOL_T1, &p->card, &protocol);
	if (rv != SCARD_S_SUCCESS) {
		p->card = 0;
		return opening("SCardConnect", p->reader, rv);
	}
	rv = SCardGetStatusChange(p->context, 0, &state, 1);
	if (rv != SCARD_S_SUCCESS && (uint32_t)rv != (uint32_t)SCARD_E_TIMEOUT)
		return opening("SCardGetStatusChange", p->reader, rv);
	if (!(state.dwEventState & SCARD_STATE_PRESENT) || state.cbAtr > ATR_MAX)
		return ERR_NO_CARD;
	p->events = events_of(state.dwEventState);
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

	if (strlen(reader) >= PCSC_NAME_MAX)
		return ERR_NO_READER;
	while ((e = open_once(reader, share, out)) == ERR_SHARING && deadline_left_ms(&dl)) {
		struct deadline again = deadline_within(&dl, PATIENCE_SLICE_MS);

		/* The service tells nobody when a program disconnects. */
		if (deadline_wait(&again, -1) != ERR_TIMEOUT)
			break;
	}
	return e;
}
