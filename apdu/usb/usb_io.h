/* SPDX-License-Identifier: Apache-2.0 */
/* A reader's interface, claimed: bulk transfers for the messages of CCID. */
#ifndef APDU_USB_USB_IO_H
#define APDU_USB_USB_IO_H

#include <stdatomic.h>

#include "apdu/usb/ccid.h"
#include "apdu/usb/usb_find.h"

struct usb_io {
	libusb_context *context;
	libusb_device_handle *handle;
	struct libusb_transfer *bulk;   /* one for all that is sent and heard, one at a time */
	int bulk_over;                  /* libusb's to look at */
	atomic_bool bulk_back;          /* it is ours again */
	char place[READER_NAME_MAX];      /* for the log */
	uint8_t interface, in, out;
	uint16_t packet;
	uint64_t transfers;
	atomic_bool gone;               /* the device */
};

/*
 * The device open and its interface ours; end it by usb_io_close, in any case. context: the one of r's device; it must
 * outlive u. ERR_SHARING: somebody else's; ERR_REFUSED: this user may not; ERR_REMOVED.
 */
MUST enum err usb_io_open(struct usb_io *u, libusb_context *context, const struct usb_reader *r);
void usb_io_close(struct usb_io *u);
struct ccid_io usb_io_ccid(struct usb_io *u);

#endif
