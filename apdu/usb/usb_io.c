/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu/usb/usb_io.h"

#include <stdio.h>

#include "base/fd.h"
#include "base/log.h"

#define CONTROL_MS    1000
#define REQUEST_ABORT 0x01      /* CCID 5.3.1 */

/* ---- transfers ---- */

static enum err bulk(struct usb_io *u, uint8_t endpoint, uint8_t *p, size_t n, uint32_t ms, size_t *done)
{
	int moved = 0, rc;

	u->transfers++;
	rc = libusb_bulk_transfer(u->handle, endpoint, p, (int)n, &moved, ms);
	*done = moved > 0 ? (size_t)moved : 0;
	/* What came before its time was over has come. */
	if (rc == LIBUSB_ERROR_TIMEOUT && *done)
		rc = 0;
	if (rc)
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
	wr_took(message, e ? 0 : done);
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

enum err usb_io_open(struct usb_io *u, const struct usb_reader *r)
{
	unsigned plugged = fd_plug();
	int rc;

	*u = (struct usb_io){ .interface = r->interface, .in = r->in, .out = r->out, .packet = r->packet };
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
	if (rc) {
		libusb_close(u->handle);
		u->handle = NULL;
	}
	return usb_err(rc);
}

void usb_io_close(struct usb_io *u)
{
	if (!u->handle)
		return;
	(void)libusb_release_interface(u->handle, u->interface);
	libusb_close(u->handle);
	u->handle = NULL;
}
