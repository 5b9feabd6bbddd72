/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "apdu/usb/ccid_card.h"
#include "apdu/usb/usb_held.h"
#include "apdu/usb/usb_io.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/log.h"

#define END_MS            1000
#define PATIENCE_SLICE_MS 20
#define SETTLE_MS         1000  /* a reader tells of the card that it found at first so late */
#define TRUST_MS          500   /* the card was there when it answered; for so long nobody is asked */

struct usb {
	struct lock lock;       /* of who talks to the card; the link's owner, and whoever lists readers */
	libusb_context *context;
	struct usb_io io;
	struct usb_held held;
	struct ccid_card card;
	bool has_card;          /* card is initialised */
	atomic_uint_least64_t powered_ms;
	uint64_t answered_ms;
	struct libusb_transfer *notice;
	atomic_bool notice_out; /* it is with libusb */
	atomic_bool closing;    /* and does not go there again */
	atomic_bool doubt;      /* it has told of a card that may be ours */
	atomic_bool lost;       /* the card is not the one that was opened */
	uint8_t notice_bytes[64];
};

/* ---- what the reader tells by itself ---- */

/* In whichever thread libusb handles its events. */
static void LIBUSB_CALL on_notice(struct libusb_transfer *t)
{
	struct usb *u = t->user_data;
	bool present, changed;

	u->notice_out = false;
	if (t->status == LIBUSB_TRANSFER_NO_DEVICE)
		u->io.gone = true;
	/* Whatever else it is: the next exchange or look will meet it. */
	if (t->status != LIBUSB_TRANSFER_COMPLETED)
		return;
	if (ccid_notice(rd_of(t->buffer, t->actual_length > 0 ? (size_t)t->actual_length : 0), 0, &present, &changed) &&
	    changed) {
		if (present && clock_boot_ms() - u->powered_ms < SETTLE_MS)
			u->doubt = true;
		else
			u->lost = true;
	}
	if (!u->closing)
		u->notice_out = libusb_submit_transfer(t) == 0;
}

static void notice_begin(struct usb *u, const struct usb_reader *r)
{
	size_t n = r->notice_packet < sizeof(u->notice_bytes) ? r->notice_packet : sizeof(u->notice_bytes);

	u->notice = r->notice && n ? libusb_alloc_transfer(0) : NULL;
	if (!u->notice)
		return;
	libusb_fill_interrupt_transfer(u->notice, u->io.handle, r->notice, u->notice_bytes, (int)n, on_notice, u, 0);
	u->notice_out = true;
	if (libusb_submit_transfer(u->notice))
		u->notice_out = false;
}

/* What libusb has for us already. */
static void hear_notices(struct usb *u)
{
	struct timeval now = { 0, 0 };

	(void)libusb_handle_events_timeout_completed(u->context, &now, NULL);
}

static void notice_end(struct usb *u)
{
	struct deadline all = deadline_in(END_MS);

	if (!u->notice)
		return;
	u->closing = true;
	if (u->notice_out)
		(void)libusb_cancel_transfer(u->notice);
	while (u->notice_out && deadline_left_ms(&all)) {
		struct timeval slice = { 0, 10000 };

		(void)libusb_handle_events_timeout_completed(u->context, &slice, NULL);
	}
	/* libusb writes there as long as it has it. */
	if (!u->notice_out)
		libusb_free_transfer(u->notice);
	u->notice = NULL;
}

/* ---- the link ---- */

static enum err power(struct usb *u)
{
	enum err e;

	hear_notices(u);
	u->powered_ms = clock_boot_ms();
	e = ccid_card_power_on(&u->card);
	u->answered_ms = clock_boot_ms();
	u->powered_ms = u->answered_ms;
	return e;
}

/*
 * Every failure ends here: a card that lost its power gets it back, and whoever used it hears that it was reset. One
 * that is gone stays gone for this link, whatever is put in.
 */
static enum err after(struct usb *u, enum err e)
{
	if (u->io.gone && e)
		e = ERR_REMOVED;
	if (e == ERR_RESET) {
		e = power(u);
		if (e == ERR_NO_CARD || u->io.gone)
			e = ERR_REMOVED;
		else if (!e)
			e = ERR_RESET;
	}
	if (e == ERR_REMOVED) {
		u->lost = true;
		usb_held_lost(&u->held);
	}
	return e;
}

/* A reader with an interrupt endpoint would have told; and who has just heard the card need not ask. */
static bool must_ask(struct usb *u)
{
	return !u->card.powered || u->doubt || (!u->notice_out && clock_boot_ms() - u->answered_ms >= TRUST_MS);
}

static enum err look(struct usb *u)
{
	enum err e = ERR_OK;

	hear_notices(u);
	if (u->io.gone || u->lost)
		return ERR_REMOVED;
	if (must_ask(u)) {
		u->doubt = false;
		e = ccid_card_present(&u->card);
		if (!e)
			u->answered_ms = clock_boot_ms();
	}
	return e;
}

static enum err usb_present(void *ctx)
{
	struct usb *u = ctx;
	enum err e;

	lock_take(&u->lock);
	e = look(u);
	e = e ? after(u, e) : ERR_OK;
	lock_give(&u->lock);
	return e;
}

static enum err usb_begin(void *ctx, struct deadline *dl)
{
	(void)dl;
	return usb_present(ctx);
}

/*
 * For whoever lists readers, in any thread: is its card gone, and is one there? Who waits for the card will find out
 * himself.
 */
static bool is_lost(void *ctx, bool *card)
{
	struct usb *u = ctx;
	bool on;

	hear_notices(u);
	if (!u->io.gone && lock_try(&u->lock)) {
		/* What else befell it, its owner will meet. */
		if (!u->lost && u->card.powered && look(u) == ERR_REMOVED)
			u->lost = true;
		*card = !u->lost || (!u->io.gone && ccid_card_look(&u->card, &on) == ERR_OK);
		lock_give(&u->lock);
	} else {
		*card = !u->lost && !u->io.gone;
	}
	return u->lost || u->io.gone;
}

static enum err usb_transmit(void *ctx, struct rd cmd, struct wr *rsp, struct deadline *dl)
{
	struct usb *u = ctx;
	enum err e;

	lock_take(&u->lock);
	e = u->lost ? ERR_REMOVED : ccid_card_transmit(&u->card, cmd, rsp, dl);
	if (!e)
		u->answered_ms = clock_boot_ms();
	e = e ? after(u, e) : ERR_OK;
	lock_give(&u->lock);
	return e;
}

static enum err usb_reset(void *ctx, struct wr *atr)
{
	struct usb *u = ctx;
	enum err e;

	lock_take(&u->lock);
	ccid_card_power_off(&u->card);
	e = u->lost ? ERR_REMOVED : power(u);
	if (!e) {
		wr_put(atr, rd_of(u->card.atr_bytes, u->card.atr_size));
		e = wr_done(atr);
	} else {
		e = after(u, e == ERR_NO_CARD ? ERR_REMOVED : e);
	}
	lock_give(&u->lock);
	return e;
}

static bool usb_has_pad(void *ctx)
{
	return ccid_card_has_pad(&((struct usb *)ctx)->card);
}

static bool usb_has_pad_change(void *ctx)
{
	return ccid_card_has_pad_change(&((struct usb *)ctx)->card);
}

static enum err by_pad(struct usb *u, enum err (*op)(struct ccid_card *c, const struct pinpad_ask *ask, struct wr *rsp),
		       const struct pinpad_ask *ask, struct wr *rsp)
{
	enum err e;

	lock_take(&u->lock);
	e = u->lost ? ERR_REMOVED : op(&u->card, ask, rsp);
	if (!e)
		u->answered_ms = clock_boot_ms();
	e = e ? after(u, e) : ERR_OK;
	lock_give(&u->lock);
	return e;
}

static enum err usb_pad_verify(void *ctx, const struct pinpad_ask *ask, struct wr *rsp)
{
	return by_pad(ctx, ccid_card_pad_verify, ask, rsp);
}

static enum err usb_pad_change(void *ctx, const struct pinpad_ask *ask, struct wr *rsp)
{
	return by_pad(ctx, ccid_card_pad_change, ask, rsp);
}

static size_t usb_cmd_max(void *ctx)
{
	return ccid_card_cmd_max(&((struct usb *)ctx)->card);
}

/*
 * Off, so that nobody is logged in on a card that nobody holds; and on again: one without power is then one that was
 * put in since.
 */
static bool leave(struct usb *u)
{
	if (!u->has_card || u->io.gone || u->lost)
		return false;
	ccid_card_power_off(&u->card);
	return ccid_card_power_on(&u->card) == ERR_OK;
}

static void usb_close(void *ctx, bool reset_card)
{
	struct usb *u = ctx;

	(void)reset_card;
	usb_held_end(&u->held, leave(u));
	notice_end(u);
	if (u->has_card)
		ccid_card_free(&u->card);
	usb_io_close(&u->io);
	if (u->context)
		libusb_exit(u->context);
	lock_fini(&u->lock);
	free(u);
}

/* libusb's memory stays: its descriptors are the parent's, and its threads are not here. */
static void usb_abandon(void *ctx)
{
	free(ctx);
}

static const struct apdu_link_ops usb_ops = {
	.name = "usb",
	.begin = usb_begin,
	.transmit = usb_transmit,
	.reset = usb_reset,
	.present = usb_present,
	.has_pad = usb_has_pad,
	.pad_verify = usb_pad_verify,
	.has_pad_change = usb_has_pad_change,
	.pad_change = usb_pad_change,
	.cmd_max = usb_cmd_max,
	.close = usb_close,
	.abandon = usb_abandon,
};

uint64_t usb_transfers(const struct apdu_link *l)
{
	const struct usb *u = apdu_link_ctx(l, &usb_ops);

	return u ? u->io.transfers : 0;
}

/* ---- open ---- */

static enum err claim_patiently(struct usb *u, const struct usb_reader *r)
{
	struct deadline dl = deadline_in(USB_PATIENCE_MS);
	enum err e;

	/* Programs that only look come and go. */
	while ((e = usb_io_open(&u->io, u->context, r)) == ERR_SHARING && deadline_left_ms(&dl)) {
		struct deadline again = deadline_within(&dl, PATIENCE_SLICE_MS);

		if (deadline_wait(&again, -1) != ERR_TIMEOUT)
			break;
	}
	return e;
}

static void tell(const struct usb_reader *r, enum err e)
{
	char why[USB_WHY_MAX];

	usb_explain(r, e, why, sizeof(why));
	if (e == ERR_SHARING || e == ERR_REFUSED)
		log_tell("reader %s: %s", r->name, why);
	else
		log_line(LOG_APDU, LOG_INFO, "reader %s: %s", r->name, why);
}

static enum err begin(struct usb *u, struct usb_reader *r)
{
	enum err e = r->usable ? claim_patiently(u, r) : ERR_UNSUPPORTED;
	struct ccid_io io;

	if (e) {
		tell(r, e);
		return e == ERR_REMOVED ? ERR_NO_READER : e;
	}
	if (r->desc.slots > 1)
		log_line(LOG_APDU, LOG_INFO, "reader %s: has %u slots, only the first is used (docs/HARDWARE.md)",
			 r->name, r->desc.slots);
	io = usb_io_ccid(&u->io);
	e = ccid_card_init(&u->card, &io, &r->desc, r->name);
	if (e)
		return e;
	u->has_card = true;
	usb_held_begin(&u->held, r->place, is_lost, u);
	/* What is told of the card that is there already comes from here on. */
	u->powered_ms = clock_boot_ms();
	notice_begin(u, r);
	/* Off first: a program that was killed has left it on, and somebody logged in. */
	ccid_card_power_off(&u->card);
	e = power(u);
	return u->io.gone ? ERR_NO_READER : e;
}

enum err usb_open(const char *reader, struct apdu_link **out)
{
	struct usb_readers *all = malloc(sizeof(*all));
	struct usb *u = calloc(1, sizeof(*u));
	struct usb_reader *r;
	char name[READER_NAME_MAX];
	enum err e;

	if (!all || !u) {
		free(all);
		free(u);
		return ERR_NOMEM;
	}
	lock_init(&u->lock);
	lock_take(&u->lock);
	e = usb_find(all);
	/* The link keeps the context that its device is of. */
	u->context = all->context;
	all->context = NULL;
	r = e ? NULL : usb_find_name(all, reader);
	if (r) {
		memcpy(name, r->name, sizeof(name));
		e = begin(u, r);
	} else if (!e) {
		e = ERR_NO_READER;
	}
	usb_forget(all);
	free(all);
	lock_give(&u->lock);
	if (e) {
		usb_close(u, true);
		return e;
	}
	return apdu_link_new(&usb_ops, u, name, rd_of(u->card.atr_bytes, u->card.atr_size), out);
}
