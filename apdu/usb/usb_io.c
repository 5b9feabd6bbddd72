/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu/usb/usb_io.h"

#include <stdio.h>

#include "base/fd.h"
#include "base/log.h"

#define CONTROL_MS    1000
#define BACK_MS       5000      /* until a transfer that was cancelled must be back */
#define REQUEST_ABORT 0x01      /* CCID 5.3.1 */

/* ---- transfers ---- */

/* In whichever thread libusb handles its events. */
static void LIBUSB_CALL on_bulk(struct libusb_transfer *t)
{
	struct usb_io *u = t->user_data;

	u->bulk_over = 1;
	u->bulk_back = true;
}

static int code_of(enum libusb_transfer_status status)
{
	static const int codes[] = {
		[LIBUSB_TRANSFER_COMPLETED] = 0, [LIBUSB_TRANSFER_ERROR] = LIBUSB_ERROR_IO,
		[LIBUSB_TRANSFER_TIMED_OUT] = LIBUSB_ERROR_TIMEOUT, [LIBUSB_TRANSFER_CANCELLED] = LIBUSB_ERROR_TIMEOUT,
		[LIBUSB_TRANSFER_STALL] = LIBUSB_ERROR_PIPE, [LIBUSB_TRANSFER_NO_DEVICE] = LIBUSB_ERROR_NO_DEVICE,
		[LIBUSB_TRANSFER_OVERFLOW] = LIBUSB_ERROR_OVERFLOW,
	};

	return (size_t)status < sizeof(codes) / sizeof(*codes) ? codes[status] : LIBUSB_ERROR_OTHER;
}

static bool comes_back(struct usb_io *u, uint32_t ms)
{
	struct deadline all = deadline_in(ms);
	uint64_t left;

	do {
		struct timeval slice;

		left = deadline_left_ms(&all);
		slice = (struct timeval){ (time_t)(left / 1000), (suseconds_t)(left % 1000 * 1000) };
		(void)libusb_handle_events_timeout_completed(u->context, &slice, &u->bulk_over);
	} while (!u->bulk_back && left);
	return u->bulk_back;
}

/*
 * The time is ours to watch: libusb would set its timer for each transfer and stop it again, a third of all calls.
 * What was cancelled is back at once, as the kernel ends it before the call returns. If it is not, nothing works any
 * more, and it stays libusb's, as the memory does until the device is closed.
 */
static int wait_bulk(struct usb_io *u, uint32_t ms)
{
	if (comes_back(u, ms))
		return code_of(u->bulk->status);
	(void)libusb_cancel_transfer(u->bulk);
	if (comes_back(u, BACK_MS))
		return code_of(u->bulk->status);
	u->bulk = NULL;
	return LIBUSB_ERROR_NO_DEVICE;
}

static enum err bulk(struct usb_io *u, uint8_t endpoint, uint8_t *p, size_t n, uint32_t ms, size_t *done)
{
	int rc;

	*done = 0;
	if (!u->bulk)
		return ERR_REMOVED;
	u->transfers++;
	u->bulk_over = 0;
	u->bulk_back = false;
	libusb_fill_bulk_transfer(u->bulk, u->handle, endpoint, p, (int)n, on_bulk, u, 0);
	rc = libusb_submit_transfer(u->bulk);
	if (!rc)
		rc = wait_bulk(u, ms);
	if (u->bulk && u->bulk_back)
		*done = u->bulk->actual_length > 0 ? (size_t)u->bulk->actual_length : 0;
	if (rc && rc != LIBUSB_ERROR_TIMEOUT)
		log_line(LOG_APDU, LOG_INFO, "%s: endpoint %02x: %s", u->place, endpoint, libusb_error_name(rc));
	if (rc == LIBUSB_ERROR_NO_DEVICE)
		u->gone = true;
	return usb_err(rc);
}

static enum err io_out(void *ctx, struct rd message, uint32_t ms)
{
	struct usb_io *u = ctx;
	size_t done;
	/* libusb takes no const; it writes nothing there. */
	enum err e = bulk(u, u->out, (uint8_t *)(uintptr_t)message.p, message.n, ms, &done);

	/* All of it was taken just when its time was over; or a part, and nobody knows of what. */
	if (e == ERR_TIMEOUT && done)
		e = ERR_OK;
	return !e && done != message.n ? ERR_TRANSPORT : e;
}

static enum err io_in(void *ctx, struct wr *message, size_t max, uint32_t ms)
{
	uint8_t *to = wr_room(message, max);
	struct usb_io *u = ctx;
	size_t done = 0;
	enum err e;

	if (!to)
		return wr_done(message);
	e = bulk(u, u->in, to, max, ms, &done);
	wr_took(message, e && e != ERR_TIMEOUT ? 0 : done);
	return e;
}

static enum err io_abort(void *ctx, uint8_t slot, uint8_t seq)
{
	struct usb_io *u = ctx;
	const uint8_t to = LIBUSB_RECIPIENT_INTERFACE | LIBUSB_REQUEST_TYPE_CLASS;
	int rc = libusb_control_transfer(u->handle, to, REQUEST_ABORT, (uint16_t)(seq << 8 | slot), u->interface, NULL,
					 0, CONTROL_MS);

	return usb_err(rc < 0 ? rc : 0);
}

static void io_clear(void *ctx)
{
	struct usb_io *u = ctx;

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

struct ccid_io usb_io_ccid(struct usb_io *u)
{
	return (struct ccid_io){ io_out, io_in, io_abort, io_clear, io_pause, u, u->packet };
}

/* ---- the claim ---- */

enum err usb_io_open(struct usb_io *u, libusb_context *context, const struct usb_reader *r)
{
	unsigned plugged = fd_plug();
	int rc;

	*u = (struct usb_io){ .context = context, .interface = r->interface, .in = r->in, .out = r->out,
			      .packet = r->packet };
	(void)snprintf(u->place, sizeof(u->place), "%s", r->place);
	rc = libusb_open(r->device, &u->handle);
	fd_unplug(plugged);
	if (rc) {
		u->handle = NULL;
		return usb_err(rc);
	}
	rc = libusb_claim_interface(u->handle, r->interface);
	if (!rc && r->setting)
		rc = libusb_set_interface_alt_setting(u->handle, r->interface, r->setting);
	if (!rc && !(u->bulk = libusb_alloc_transfer(0)))
		rc = LIBUSB_ERROR_NO_MEM;
	if (rc)
		usb_io_close(u);
	return usb_err(rc);
}

void usb_io_close(struct usb_io *u)
{
	if (!u->handle)
		return;
	/* NULL-safe, both; an interface that is not ours is none to release. */
	libusb_free_transfer(u->bulk);
	(void)libusb_release_interface(u->handle, u->interface);
	libusb_close(u->handle);
	u->handle = NULL;
	u->bulk = NULL;
}
