/* SPDX-License-Identifier: Apache-2.0 */
/* CCID interfaces among the devices that libusb sees, their names, and why one cannot be had. */
#ifndef APDU_USB_USB_FIND_H
#define APDU_USB_USB_FIND_H

#include <libusb.h>

#include "apdu/usb/ccid_desc.h"
#include "apdu/usb/usb.h"

/* One interface that speaks CCID; composite devices have others, and it need not be the first. */
struct usb_reader {
	libusb_device *device;                                  /* a reference of its own, while there is a context */
	uint8_t interface, setting, in, out, notice;            /* endpoints; notice 0: none */
	uint16_t packet, notice_packet;
	struct ccid_desc desc;
	bool usable;                                            /* desc could be read */
	uint16_t vendor, product;
	char name[READER_NAME_MAX], place[READER_NAME_MAX];
	enum err access;                                        /* of opening it to ask for its serial number */
};
struct usb_readers {
	libusb_context *context;
	size_t n;
	struct usb_reader v[APDU_READERS_MAX];
};

/* A context, and what it sees. ERR_OK and n = 0 where there is no USB. End it by usb_forget, in any case. */
MUST enum err usb_find(struct usb_readers *out);
void usb_forget(struct usb_readers *r);
/* By either name; NULL. */
struct usb_reader *usb_find_name(struct usb_readers *r, const char *name);
/* What udev/devices.list makes (udev/table.sh); the last one has no name. */
struct usb_device_row {
	uint16_t vendor, product;
	const char *name;
};
extern const struct usb_device_row usb_devices[];
/* The name there; NULL. */
const char *usb_device_name(uint16_t vendor, uint16_t product);
enum err usb_err(int rc);               /* of libusb's codes, for whoever has a device */

/* Milliseconds since it was plugged in; UINT64_MAX: not known. */
uint64_t usb_plugged_ms(const struct usb_reader *r);
/* Why a reader could not be opened or claimed (e): who has it, and what to do. For people. */
void usb_explain(const struct usb_reader *r, enum err e, char *why, size_t cap);

#endif
