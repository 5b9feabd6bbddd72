/* SPDX-License-Identifier: Apache-2.0 */
/* For test/fake/usb*.c: what the fake libusb knows. */
#ifndef TEST_FAKE_USB_INT_H
#define TEST_FAKE_USB_INT_H

#include <libusb.h>

#include "test/fake/scard_int.h"
#include "test/fake/usb.h"

#define FAKE_USB_TRANSFERS 16

struct fake_usb_device {                /* of one fake_reader, by index */
	bool made;
	struct fake_ccid reader;
	uint8_t address, port;
	bool forbidden;
	libusb_device_handle *claimed;
	SCARDCONTEXT context;           /* our way to the card, while it is powered */
	SCARDHANDLE card;
	DWORD seen;                     /* events of the reader when its slot was looked at last */
	DWORD told;                     /* events of the reader that were told by the interrupt endpoint */
};

struct libusb_device {
	size_t index;
	uint8_t address, port;
	unsigned refs;
};
struct libusb_device_handle {
	libusb_device *device;
};
struct libusb_context {
	unsigned seen;                  /* which devices were plugged in */
	libusb_hotplug_callback_fn plug;
	void *plug_ctx;
};

struct fake_usb_bus {
	struct lock lock;               /* taken before the one of the readers */
	bool started;
	struct fake_ccid_spec spec;
	struct fake_usb_device devices[FAKE_READERS];
	struct libusb_transfer *pending[FAKE_USB_TRANSFERS];
	bool cancelled[FAKE_USB_TRANSFERS];
	uint8_t next_address;
	unsigned open_things;
	unsigned contexts;
};
extern struct fake_usb_bus fake_usb;

/* With the lock: what is plugged in at an index, and the device of a handle if it is still there; NULL. */
struct fake_usb_device *fake_usb_device_at(size_t index);
struct fake_usb_device *fake_usb_device_of(const libusb_device *device);
/* Our way to the card ends; the card keeps its power. */
void fake_usb_leave(struct fake_usb_device *d);
struct fake_reader *fake_usb_reader_of(const struct fake_usb_device *d);
/* What its pad is, and what is typed there. asked: now; who is held takes his time before it. Without the bus' lock. */
void fake_usb_pad(struct fake_usb_device *d, bool asked);

#endif
