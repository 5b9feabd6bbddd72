/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu/usb/usb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apdu/usb/ccid_card.h"
#include "apdu/usb/usb_find.h"
#include "apdu/usb/usb_held.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"

#define CONTROL_MS   1000
#define PATIENCE_SLICE_MS 20
#define WAIT_SLICE_MS 250       /* a caller who gives up is noticed after this */
#define FRESH_MS     3000       /* how long a reader that was plugged in is left to pcscd */
#define SETTLE_MS    1000       /* a reader tells of the card that it found at first so late */
#define TRUST_MS     500        /* the card was there when it answered; for so long nobody is asked */
#define REQUEST_ABORT 0x01      /* CCID 5.3.1 */

struct usb {
	libusb_context *context;
	libusb_device_handle *handle;
	struct usb_held held;
	uint8_t interface, in, out;
	struct ccid_card card;
	bool has_card;          /* card is initialised */
	uint64_t powered_ms, answered_ms;
	uint64_t transfers;
	struct libusb_transfer *notice;
	bool notice_out;        /* it is with libusb */
	bool closing;           /* and does not go there again */
	bool gone, doubt;       /* doubt: it has told of a card that may be ours */
	uint8_t notice_bytes[64];
};

/* ---- transfers ---- */

static enum err bulk(struct usb *u, uint8_t endpoint, uint8_t *p, size_t n, uint32_t ms, size_t *done)
{
	int moved = 0, rc;

	u->transfers++;
	rc = libusb_bulk_transfer(u->handle, endpoint, p, (int)n, &moved, ms);
	*done = moved > 0 ? (size_t)moved : 0;
	/* What came before its time was over has come. */
	if (rc == LIBUSB_ERROR_TIMEOUT && *done)
		rc = 0;
	if (rc)
		log_line(LOG_APDU, LOG_INFO, "%s: endpoint %02x: %s", u->held.place, endpoint, libusb_error_name(rc));
	u->gone |= rc == LIBUSB_ERROR_NO_DEVICE;
	return usb_err(rc);
}

static enum err io_out(void *ctx, struct rd message, uint32_t ms)
{
	struct usb *u = ctx;
	size_t done;
	/* libusb takes no const; it writes nothing there. */
	enum err e = bulk(u, u->out, (uint8_t *)(uintptr_t)message.p, message.n, ms, &done);

	return !e && done != message.n ? ERR_TRANSPORT : e;
}

static enum err io_in(void *ctx, struct wr *message, size_t max, uint32_t ms)
{
	uint8_t *to = wr_room(message, max);
	struct usb *u = ctx;
	size_t done = 0;
	enum err e;

	if (!to)
		return wr_done(message);
	e = bulk(u, u->in, to, max, ms, &done);
	wr_took(message, e ? 0 : done);
	return e;
}

static enum err io_abort(void *ctx, uint8_t slot, uint8_t seq)
{
	struct usb *u = ctx;
	const uint8_t to = LIBUSB_RECIPIENT_INTERFACE | LIBUSB_REQUEST_TYPE_CLASS;
	int rc = libusb_control_transfer(u->handle, to, REQUEST_ABORT, (uint16_t)(seq << 8 | slot), u->interface, NULL,
					 0, CONTROL_MS);

	return usb_err(rc < 0 ? rc : 0);
}

static void io_clear(void *ctx)
{
	struct usb *u = ctx;

	(void)libusb_clear_halt(u->handle, u->out);
	(void)libusb_clear_halt(u->handle, u->in);
}

static void io_pause(void *ctx, uint32_t ms)
{
	struct deadline dl = deadline_in(ms);

	(void)ctx;
	if (deadline_wait(&dl, -1) != ERR_TIMEOUT)
		log_line(LOG_APDU, LOG_WARN, "usb: no pause");
}

/* ---- what the reader tells by itself ---- */

static void LIBUSB_CALL on_notice(struct libusb_transfer *t)
{
	struct usb *u = t->user_data;
	bool present, changed;

	u->notice_out = false;
	if (t->status == LIBUSB_TRANSFER_NO_DEVICE)
		u->gone = true;
	/* Whatever else it is: the next exchange or look will meet it. */
	if (t->status != LIBUSB_TRANSFER_COMPLETED)
		return;
	if (ccid_notice(rd_of(t->buffer, t->actual_length > 0 ? (size_t)t->actual_length : 0), 0, &present, &changed) &&
	    changed) {
		u->doubt = present && clock_boot_ms() - u->powered_ms < SETTLE_MS;
		u->card.noticed |= !u->doubt;
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
	libusb_fill_interrupt_transfer(u->notice, u->handle, r->notice, u->notice_bytes, (int)n, on_notice, u, 0);
	u->notice_out = libusb_submit_transfer(u->notice) == 0;
}

/* What libusb has for us already. */
static void hear_notices(struct usb *u)
{
	struct timeval now = { 0, 0 };

	(void)libusb_handle_events_timeout_completed(u->context, &now, NULL);
}

static void notice_end(struct usb *u)
{
	struct deadline all = deadline_in(CONTROL_MS);

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
	u->answered_ms = u->powered_ms = clock_boot_ms();
	return e;
}

/* Every failure ends here: a card that lost its power gets it back, and whoever used it hears that it was reset. */
static enum err after(struct usb *u, enum err e)
{
	if (u->gone && e)
		e = ERR_REMOVED;
	if (e == ERR_REMOVED)
		usb_held_lost(&u->held);
	if (e != ERR_RESET)
		return e;
	e = power(u);
	if (e == ERR_NO_CARD || u->gone) {
		usb_held_lost(&u->held);
		return ERR_REMOVED;
	}
	return e ? e : ERR_RESET;
}

static enum err usb_present(void *ctx)
{
	struct usb *u = ctx;

	hear_notices(u);
	if (u->gone)
		return after(u, ERR_REMOVED);
	/* A reader with an interrupt endpoint would have told; and who has just heard the card need not ask. */
	if (u->card.powered && !u->card.noticed && !u->doubt &&
	    (u->notice_out || clock_boot_ms() - u->answered_ms < TRUST_MS))
		return ERR_OK;
	u->doubt = false;
	return after(u, ccid_card_present(&u->card));
}

static enum err usb_begin(void *ctx, struct deadline *dl)
{
	(void)dl;
	return usb_present(ctx);
}

static enum err usb_transmit(void *ctx, struct rd cmd, struct wr *rsp, struct deadline *dl)
{
	struct usb *u = ctx;
	enum err e;

	if (u->card.noticed)
		return after(u, ccid_card_present(&u->card));
	e = ccid_card_transmit(&u->card, cmd, rsp, dl);
	if (!e)
		u->answered_ms = clock_boot_ms();
	return e ? after(u, e) : ERR_OK;
}

static enum err usb_reset(void *ctx, struct wr *atr)
{
	struct usb *u = ctx;
	enum err e;

	ccid_card_power_off(&u->card);
	e = power(u);
	if (e)
		return after(u, e == ERR_NO_CARD ? ERR_REMOVED : e);
	wr_put(atr, rd_of(u->card.atr_bytes, u->card.atr_size));
	return wr_done(atr);
}

static bool usb_has_pad(void *ctx)
{
	return ccid_card_has_pad(&((struct usb *)ctx)->card);
}

static enum err usb_pad_verify(void *ctx, const struct pinpad_ask *ask, struct wr *rsp)
{
	struct usb *u = ctx;
	enum err e = ccid_card_pad_verify(&u->card, ask, rsp);

	u->answered_ms = clock_boot_ms();
	return e ? after(u, e) : ERR_OK;
}

static size_t usb_cmd_max(void *ctx)
{
	return ccid_card_cmd_max(&((struct usb *)ctx)->card);
}

/* Always without power: nobody is logged in on a card that nobody holds. */
static void usb_close(void *ctx, bool reset_card)
{
	struct usb *u = ctx;

	(void)reset_card;
	if (u->card.powered && !u->gone)
		ccid_card_power_off(&u->card);
	notice_end(u);
	if (u->has_card)
		ccid_card_free(&u->card);
	if (u->handle) {
		(void)libusb_release_interface(u->handle, u->interface);
		libusb_close(u->handle);
	}
	if (u->context)
		libusb_exit(u->context);
	usb_held_end(&u->held);
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
	.cmd_max = usb_cmd_max,
	.close = usb_close,
	.abandon = usb_abandon,
};

uint64_t usb_transfers(const struct apdu_link *l)
{
	const struct usb *u = apdu_link_ctx(l, &usb_ops);

	return u ? u->transfers : 0;
}

/* ---- open ---- */

/* The device open and its interface ours. */
static enum err claim(const struct usb_reader *r, libusb_device_handle **out)
{
	unsigned plugged = fd_plug();
	int rc = libusb_open(r->device, out);

	fd_unplug(plugged);
	if (rc) {
		*out = NULL;
		return usb_err(rc);
	}
	rc = libusb_claim_interface(*out, r->interface);
	if (!rc && r->setting)
		rc = libusb_set_interface_alt_setting(*out, r->interface, r->setting);
	if (rc) {
		libusb_close(*out);
		*out = NULL;
	}
	return usb_err(rc);
}

static enum err claim_patiently(const struct usb_reader *r, libusb_device_handle **out)
{
	struct deadline dl = deadline_in(USB_PATIENCE_MS);
	enum err e;

	/* Programs that only look come and go. */
	while ((e = claim(r, out)) == ERR_SHARING && deadline_left_ms(&dl)) {
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
	const struct ccid_io io = { io_out, io_in, io_abort, io_clear, io_pause, u, r->packet };
	enum err e;

	u->interface = r->interface;
	u->in = r->in;
	u->out = r->out;
	e = r->usable ? claim_patiently(r, &u->handle) : ERR_UNSUPPORTED;
	if (e) {
		tell(r, e);
		return e == ERR_REMOVED ? ERR_NO_READER : e;
	}
	e = ccid_card_init(&u->card, &io, &r->desc, r->name);
	if (e)
		return e;
	u->has_card = true;
	usb_held_begin(&u->held, r->place);
	notice_begin(u, r);
	e = power(u);
	return u->gone ? ERR_NO_READER : e;
}

enum err usb_open(const char *reader, struct apdu_link **out)
{
	struct usb_readers *all = malloc(sizeof(*all));
	struct usb *u = calloc(1, sizeof(*u));
	struct usb_reader *r;
	char name[PCSC_NAME_MAX];
	enum err e;

	if (!all || !u) {
		free(all);
		free(u);
		return ERR_NOMEM;
	}
	e = usb_find(all);
	r = e ? NULL : usb_find_name(all, reader);
	if (r) {
		memcpy(name, r->name, sizeof(name));
		e = begin(u, r);
	} else if (!e) {
		e = ERR_NO_READER;
	}
	/* The link keeps the context that its device is of. */
	u->context = all->context;
	all->context = NULL;
	usb_forget(all);
	free(all);
	if (e) {
		usb_close(u, true);
		return e;
	}
	return apdu_link_new(&usb_ops, u, name, rd_of(u->card.atr_bytes, u->card.atr_size), out);
}

/* ---- list ---- */

/* The card in a reader that nobody holds: its slot is asked, nothing is powered. */
static enum err look(const struct usb_reader *r, bool *card)
{
	struct usb u = { .interface = r->interface, .in = r->in, .out = r->out };
	const struct ccid_io io = { io_out, io_in, io_abort, io_clear, io_pause, &u, r->packet };
	enum err e = claim(r, &u.handle);

	if (e)
		return e;
	(void)snprintf(u.held.place, sizeof(u.held.place), "%s", r->place);
	e = ccid_card_init(&u.card, &io, &r->desc, r->name);
	if (!e) {
		e = ccid_card_look(&u.card);
		*card = !e;
		if (e == ERR_NO_CARD)
			e = ERR_OK;
		ccid_card_free(&u.card);
	}
	(void)libusb_release_interface(u.handle, u.interface);
	libusb_close(u.handle);
	return e;
}

/* One line of the list; false: it is left out. */
static bool list_one(const struct usb_reader *r, bool polite, struct pcsc_reader *out)
{
	char why[USB_WHY_MAX];
	bool card = true, ours;
	enum err e = ERR_OK;

	memset(out, 0, sizeof(*out));
	memcpy(out->name, r->name, sizeof(out->name));
	memcpy(out->place, r->place, sizeof(out->place));
	if (!r->usable || r->desc.level == CCID_CHARACTER)
		return false;
	ours = usb_held_by_us(r->place, &card);
	if (!ours && polite && usb_plugged_ms(r) < FRESH_MS)
		return false;
	if (!ours)
		e = look(r, &card);
	if (e && e != ERR_SHARING) {
		usb_explain(r, e, why, sizeof(why));
		log_line(LOG_APDU, LOG_INFO, "reader %s: %s", r->name, why);
		return false;
	}
	out->has_card = card;
	out->ours = ours;
	out->in_use = out->exclusive = ours || e == ERR_SHARING;
	out->events = usb_held_events(r->place, libusb_get_device_address(r->device), card);
	return true;
}

enum err usb_list(bool polite, struct pcsc_readers *out)
{
	struct usb_readers *all = malloc(sizeof(*all));
	enum err e;

	out->n = 0;
	if (!all)
		return ERR_NOMEM;
	e = usb_find(all);
	for (size_t i = 0; !e && i < all->n; i++)
		out->n += list_one(&all->v[i], polite, &out->v[out->n]);
	usb_forget(all);
	free(all);
	return e;
}

enum err usb_survey(struct usb_found *out, size_t max, size_t *n)
{
	struct usb_readers *all = malloc(sizeof(*all));
	enum err e;

	*n = 0;
	if (!all)
		return ERR_NOMEM;
	e = usb_find(all);
	for (size_t i = 0; !e && i < all->n && *n < max; i++) {
		const struct usb_reader *r = &all->v[i];
		const char *known = usb_device_name(r->vendor, r->product);
		struct usb_found *f = &out[(*n)++];
		libusb_device_handle *h = NULL;
		enum err had = claim(r, &h);

		if (h) {
			(void)libusb_release_interface(h, r->interface);
			libusb_close(h);
		}
		memcpy(f->name, r->name, sizeof(f->name));
		memcpy(f->place, r->place, sizeof(f->place));
		(void)snprintf(f->what, sizeof(f->what), "%.40s%s%04x:%04x", known ? known : "", known ? ", " : "",
			       r->vendor, r->product);
		usb_explain(r, had, f->why, sizeof(f->why));
	}
	usb_forget(all);
	free(all);
	return e;
}

/* ---- wait ---- */

static int LIBUSB_CALL on_plug(libusb_context *context, libusb_device *device, libusb_hotplug_event event, void *ctx)
{
	(void)context;
	(void)device;
	(void)event;
	*(int *)ctx = 1;        /* libusb's way to end a wait */
	return 0;
}

enum err usb_wait(struct deadline *dl)
{
	libusb_context *context = NULL;
	int plugged = 0;
	enum err e = ERR_OK;

	if (libusb_init(&context) || !libusb_has_capability(LIBUSB_CAP_HAS_HOTPLUG))
		e = deadline_wait(dl, -1);
	else
		(void)libusb_hotplug_register_callback(context,
						       LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED |
						       LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT, 0, LIBUSB_HOTPLUG_MATCH_ANY,
						       LIBUSB_HOTPLUG_MATCH_ANY, LIBUSB_HOTPLUG_MATCH_ANY, on_plug,
						       &plugged, NULL);
	while (!e && !plugged) {
		struct timeval slice = { 0, WAIT_SLICE_MS * 1000 };

		e = deadline_check(dl);
		if (!e && deadline_left_ms(dl) < WAIT_SLICE_MS)
			slice.tv_usec = (suseconds_t)deadline_left_ms(dl) * 1000;
		if (!e)
			(void)libusb_handle_events_timeout_completed(context, &slice, &plugged);
	}
	if (context)
		libusb_exit(context);
	return e;
}
