/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu/usb/usb_find.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/log.h"

#define PORTS_MAX  7            /* hubs in a row, USB 3.1 */
#define SERIAL_MAX 64

const char *usb_device_name(uint16_t vendor, uint16_t product)
{
	for (const struct usb_device_row *d = usb_devices; d->name; d++)
		if (d->vendor == vendor && d->product == product)
			return d->name;
	return NULL;
}

enum err usb_err(int rc)
{
	static const struct { int rc; enum err e; } rows[] = {
		{ LIBUSB_SUCCESS, ERR_OK }, { LIBUSB_ERROR_NO_DEVICE, ERR_REMOVED },
		{ LIBUSB_ERROR_NOT_FOUND, ERR_REMOVED }, { LIBUSB_ERROR_TIMEOUT, ERR_TIMEOUT },
		{ LIBUSB_ERROR_BUSY, ERR_SHARING }, { LIBUSB_ERROR_ACCESS, ERR_REFUSED },
		{ LIBUSB_ERROR_NO_MEM, ERR_NOMEM },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].rc == rc)
			return rows[i].e;
	return ERR_TRANSPORT;
}

/* ---- names ---- */

static void name_place(struct usb_reader *r)
{
	uint8_t ports[PORTS_MAX];
	int n = libusb_get_port_numbers(r->device, ports, PORTS_MAX);
	struct wr w;

	wr_init(&w, r->place, sizeof(r->place));
	wr_printf(&w, USB_PREFIX "%u-", libusb_get_bus_number(r->device));
	for (int i = 0; i < n; i++)
		wr_printf(&w, "%s%u", i ? "." : "", ports[i]);
	(void)wr_cstr(&w);
}

/* What can stand in a name: no blanks, nothing that is taken for something else. */
static bool is_plain(const char *text)
{
	for (const char *p = text; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '.' && *p != '_' && *p != '-')
			return false;
	return *text;
}

/* The serial number is asked of the device itself, which needs the right to open it. */
static void name_serial(struct usb_reader *r, uint8_t index)
{
	unsigned char serial[SERIAL_MAX] = "";
	libusb_device_handle *h = NULL;
	int n;

	memcpy(r->name, r->place, sizeof(r->name));
	r->access = usb_err(libusb_open(r->device, &h));
	if (r->access)
		return;
	n = index ? libusb_get_string_descriptor_ascii(h, index, serial, sizeof(serial) - 1) : 0;
	libusb_close(h);
	if (n > 0 && is_plain((const char *)serial))
		(void)snprintf(r->name, sizeof(r->name), USB_PREFIX "%s", (const char *)serial);
}

/* Two with one name: each by its place, further interfaces of a device by their number. */
static void make_unique(struct usb_readers *all)
{
	struct usb_reader *last = &all->v[all->n - 1];

	for (size_t i = 0; i + 1 < all->n; i++) {
		struct usb_reader *r = &all->v[i];

		if (strcmp(r->place, last->place) == 0) {
			size_t at = strlen(last->place);

			(void)snprintf(last->place + at, sizeof(last->place) - at, ":%u", last->interface);
			memcpy(last->name, last->place, sizeof(last->name));
		} else if (strcmp(r->name, last->name) == 0) {
			memcpy(r->name, r->place, sizeof(r->name));
			memcpy(last->name, last->place, sizeof(last->name));
		}
	}
}

/* ---- interfaces ---- */

static bool take_endpoints(const struct libusb_interface_descriptor *d, struct usb_reader *r)
{
	r->in = r->out = r->notice = 0;
	for (int i = 0; i < d->bNumEndpoints; i++) {
		const struct libusb_endpoint_descriptor *e = &d->endpoint[i];
		bool in = e->bEndpointAddress & LIBUSB_ENDPOINT_IN;

		if ((e->bmAttributes & LIBUSB_TRANSFER_TYPE_MASK) == LIBUSB_TRANSFER_TYPE_BULK && in) {
			r->in = e->bEndpointAddress;
			r->packet = e->wMaxPacketSize & 0x7ff;
		} else if ((e->bmAttributes & LIBUSB_TRANSFER_TYPE_MASK) == LIBUSB_TRANSFER_TYPE_BULK) {
			r->out = e->bEndpointAddress;
		} else if ((e->bmAttributes & LIBUSB_TRANSFER_TYPE_MASK) == LIBUSB_TRANSFER_TYPE_INTERRUPT && in) {
			r->notice = e->bEndpointAddress;
			r->notice_packet = e->wMaxPacketSize & 0x7ff;
		}
	}
	return r->in && r->out && r->packet;
}

/* The class descriptor stands behind the interface's, or, in some readers, behind the last endpoint's. */
static void take_desc(const struct libusb_interface_descriptor *d, struct usb_reader *r)
{
	enum err e = ccid_desc_read(rd_of(d->extra, d->extra_length > 0 ? (size_t)d->extra_length : 0), &r->desc);

	for (int i = 0; i < d->bNumEndpoints && e == ERR_NOT_FOUND; i++)
		e = ccid_desc_read(rd_of(d->endpoint[i].extra, d->endpoint[i].extra_length > 0 ?
					 (size_t)d->endpoint[i].extra_length : 0), &r->desc);
	r->usable = !e;
}

/* By the class of CCID; readers older than the class say "vendor's own", and are in the list. */
static bool is_reader(const struct libusb_interface_descriptor *d, bool listed)
{
	return d->bInterfaceClass == CCID_CLASS || (listed && d->bInterfaceClass == LIBUSB_CLASS_VENDOR_SPEC);
}

static void add_device(struct usb_readers *all, libusb_device *device)
{
	struct libusb_device_descriptor dd;
	struct libusb_config_descriptor *config;
	bool listed;

	if (libusb_get_device_descriptor(device, &dd) || dd.bDeviceClass == LIBUSB_CLASS_HUB ||
	    (libusb_get_active_config_descriptor(device, &config) && libusb_get_config_descriptor(device, 0, &config)))
		return;
	listed = usb_device_name(dd.idVendor, dd.idProduct);
	for (int i = 0; i < config->bNumInterfaces; i++)
		for (int j = 0; j < config->interface[i].num_altsetting && all->n < APDU_READERS_MAX; j++) {
			const struct libusb_interface_descriptor *d = &config->interface[i].altsetting[j];
			struct usb_reader *r = &all->v[all->n];

			*r = (struct usb_reader){ .device = device, .vendor = dd.idVendor, .product = dd.idProduct,
						  .interface = d->bInterfaceNumber, .setting = d->bAlternateSetting };
			if (!is_reader(d, listed) || !take_endpoints(d, r))
				continue;
			take_desc(d, r);
			libusb_ref_device(device);
			name_place(r);
			name_serial(r, dd.iSerialNumber);
			all->n++;
			make_unique(all);
			break;
		}
	libusb_free_config_descriptor(config);
}

enum err usb_find(struct usb_readers *out)
{
	unsigned plugged = fd_plug();
	libusb_device **list = NULL;
	ssize_t n = 0;
	int rc;

	memset(out, 0, sizeof(*out));
	rc = libusb_init(&out->context);
	fd_unplug(plugged);
	if (rc) {
		out->context = NULL;
		log_line(LOG_APDU, LOG_INFO, "usb: %s", libusb_error_name(rc));
		return rc == LIBUSB_ERROR_NO_MEM ? ERR_NOMEM : ERR_OK;
	}
	n = libusb_get_device_list(out->context, &list);
	for (ssize_t i = 0; i < n; i++)
		add_device(out, list[i]);
	if (n >= 0)
		libusb_free_device_list(list, 1);
	return ERR_OK;
}

void usb_forget(struct usb_readers *r)
{
	for (size_t i = 0; i < r->n; i++)
		libusb_unref_device(r->v[i].device);
	if (r->context)
		libusb_exit(r->context);
	r->n = 0;
	r->context = NULL;
}

struct usb_reader *usb_find_name(struct usb_readers *r, const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->v[i].name, name) == 0 || strcmp(r->v[i].place, name) == 0)
			return &r->v[i];
	return NULL;
}
