/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of libusb that our programs make. */
#include "test/fake/usb_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apdu/usb/ccid.h"

#define EP_OUT          0x02
#define EP_IN           0x81
#define EP_NOTICE       0x83
#define SERIAL_INDEX    3
#define OTHER_INTERFACE 1       /* the number of the reader's; the first interface of the device is none */

/* ---- contexts and fake_usb.devices ---- */

static unsigned plugged_bits(void)
{
	unsigned bits = 0;

	for (size_t i = 0; i < FAKE_READERS; i++) {
		const struct fake_usb_device *d = fake_usb_device_at(i);

		bits = bits * 31 + (d ? d->address : 0);
	}
	return bits;
}

int LIBUSB_CALL libusb_init(libusb_context **context)
{
	libusb_context *c = calloc(1, sizeof(*c));

	if (!c)
		return LIBUSB_ERROR_NO_MEM;
	lock_take(&fake_usb.lock);
	c->seen = plugged_bits();
	fake_usb.open_things++;
	fake_usb.contexts++;
	lock_give(&fake_usb.lock);
	*context = c;
	return 0;
}

void LIBUSB_CALL libusb_exit(libusb_context *context)
{
	lock_take(&fake_usb.lock);
	fake_usb.open_things--;
	lock_give(&fake_usb.lock);
	free(context);
}

const char *LIBUSB_CALL libusb_error_name(int rc)
{
	return rc ? "LIBUSB_ERROR (fake)" : "LIBUSB_SUCCESS";
}

int LIBUSB_CALL libusb_has_capability(uint32_t capability)
{
	return capability == LIBUSB_CAP_HAS_HOTPLUG;
}

ssize_t LIBUSB_CALL libusb_get_device_list(libusb_context *context, libusb_device ***list)
{
	libusb_device **all = calloc(FAKE_READERS + 1, sizeof(*all));
	ssize_t n = 0;

	(void)context;
	if (!all)
		return LIBUSB_ERROR_NO_MEM;
	lock_take(&fake_usb.lock);
	for (size_t i = 0; i < FAKE_READERS; i++) {
		const struct fake_usb_device *d = fake_usb_device_at(i);

		if (!d)
			continue;
		all[n] = calloc(1, sizeof(**all));
		if (!all[n])
			fake_fatal("no memory");
		*all[n++] = (libusb_device){ .index = i, .address = d->address, .port = d->port, .refs = 1 };
	}
	lock_give(&fake_usb.lock);
	*list = all;
	return n;
}

libusb_device *LIBUSB_CALL libusb_ref_device(libusb_device *device)
{
	device->refs++;
	return device;
}

void LIBUSB_CALL libusb_unref_device(libusb_device *device)
{
	if (!--device->refs)
		free(device);
}

void LIBUSB_CALL libusb_free_device_list(libusb_device **list, int unref)
{
	for (size_t i = 0; list[i] && unref; i++)
		libusb_unref_device(list[i]);
	free(list);
}

uint8_t LIBUSB_CALL libusb_get_bus_number(libusb_device *device)
{
	(void)device;
	return 3;
}

uint8_t LIBUSB_CALL libusb_get_device_address(libusb_device *device)
{
	return device->address;
}

int LIBUSB_CALL libusb_get_port_numbers(libusb_device *device, uint8_t *ports, int n)
{
	if (n < 2)
		return LIBUSB_ERROR_OVERFLOW;
	ports[0] = 1;
	ports[1] = device->port;
	return 2;
}

int LIBUSB_CALL libusb_get_device_descriptor(libusb_device *device, struct libusb_device_descriptor *out)
{
	(void)device;
	*out = (struct libusb_device_descriptor){
		.bLength = 18, .bDescriptorType = LIBUSB_DT_DEVICE, .idVendor = 0x20A0,
		.idProduct = fake_usb.spec.product ? fake_usb.spec.product : 0x4230, .iSerialNumber = SERIAL_INDEX,
		.bNumConfigurations = 1,
	};
	return 0;
}

/* Two interfaces: a keyboard, and the reader. */
struct config {
	struct libusb_config_descriptor head;
	struct libusb_interface interfaces[2];
	struct libusb_interface_descriptor settings[2];
	struct libusb_endpoint_descriptor endpoints[3];
	uint8_t class_descriptor[FAKE_CCID_DESC];
};

int LIBUSB_CALL libusb_get_active_config_descriptor(libusb_device *device, struct libusb_config_descriptor **out)
{
	struct config *c = calloc(1, sizeof(*c));
	uint16_t packet = fake_usb.spec.packet ? (uint16_t)fake_usb.spec.packet : 64;
	struct fake_usb_device *d;

	if (!c)
		return LIBUSB_ERROR_NO_MEM;
	lock_take(&fake_usb.lock);
	d = fake_usb_device_of(device);
	if (d)
		fake_usb_pad(d, false);
	if (d)
		fake_ccid_desc(&d->reader, c->class_descriptor);
	lock_give(&fake_usb.lock);
	c->endpoints[0] = (struct libusb_endpoint_descriptor){ .bEndpointAddress = EP_NOTICE, .wMaxPacketSize = 8,
		.bmAttributes = LIBUSB_TRANSFER_TYPE_INTERRUPT };
	c->endpoints[1] = (struct libusb_endpoint_descriptor){ .bEndpointAddress = EP_IN, .wMaxPacketSize = packet,
		.bmAttributes = LIBUSB_TRANSFER_TYPE_BULK };
	c->endpoints[2] = (struct libusb_endpoint_descriptor){ .bEndpointAddress = EP_OUT, .wMaxPacketSize = packet,
		.bmAttributes = LIBUSB_TRANSFER_TYPE_BULK };
	c->settings[0] = (struct libusb_interface_descriptor){ .bInterfaceClass = LIBUSB_CLASS_HID };
	c->settings[1] = (struct libusb_interface_descriptor){
		.bInterfaceNumber = OTHER_INTERFACE, .bNumEndpoints = 3,
		.bInterfaceClass = fake_usb.spec.interface_class ? fake_usb.spec.interface_class : CCID_CLASS,
		.endpoint = c->endpoints, .extra = c->class_descriptor, .extra_length = FAKE_CCID_DESC,
	};
	for (size_t i = 0; i < 2; i++)
		c->interfaces[i] = (struct libusb_interface){ &c->settings[i], 1 };
	c->head.bNumInterfaces = 2;
	c->head.interface = c->interfaces;
	*out = &c->head;
	return 0;
}

int LIBUSB_CALL libusb_get_config_descriptor(libusb_device *device, uint8_t index,
					     struct libusb_config_descriptor **out)
{
	(void)index;
	return libusb_get_active_config_descriptor(device, out);
}

void LIBUSB_CALL libusb_free_config_descriptor(struct libusb_config_descriptor *config)
{
	free(config);
}

/* ---- handles ---- */

int LIBUSB_CALL libusb_open(libusb_device *device, libusb_device_handle **out)
{
	const struct fake_usb_device *d;
	int rc = 0;

	lock_take(&fake_usb.lock);
	d = fake_usb_device_of(device);
	if (!d || d->forbidden)
		rc = d ? LIBUSB_ERROR_ACCESS : LIBUSB_ERROR_NO_DEVICE;
	*out = rc ? NULL : calloc(1, sizeof(**out));
	if (*out) {
		(*out)->device = libusb_ref_device(device);
		fake_usb.open_things++;
	}
	lock_give(&fake_usb.lock);
	return rc;
}

/* With our lock. */
static void unclaim(struct fake_usb_device *d)
{
	if (!d->claimed)
		return;
	d->claimed = NULL;
	fake_usb_leave(d);
	lock_take(&fake.lock);
	fake_usb_reader_of(d)->claimed = false;
	lock_give(&fake.lock);
}

void LIBUSB_CALL libusb_close(libusb_device_handle *h)
{
	struct fake_usb_device *d;

	lock_take(&fake_usb.lock);
	d = fake_usb_device_of(h->device);
	if (d && d->claimed == h)
		unclaim(d);
	fake_usb.open_things--;
	lock_give(&fake_usb.lock);
	libusb_unref_device(h->device);
	free(h);
}

int LIBUSB_CALL libusb_get_string_descriptor_ascii(libusb_device_handle *h, uint8_t index, unsigned char *data, int n)
{
	const struct fake_usb_device *d;
	int rc = LIBUSB_ERROR_PIPE;

	lock_take(&fake_usb.lock);
	d = fake_usb_device_of(h->device);
	if (d && index == SERIAL_INDEX)
		rc = snprintf((char *)data, (size_t)n, "%s", fake_usb_reader_of(d)->name + strlen("usb:"));
	lock_give(&fake_usb.lock);
	return rc;
}

int LIBUSB_CALL libusb_claim_interface(libusb_device_handle *h, int interface)
{
	struct fake_usb_device *d;
	int rc = 0;

	if (interface != OTHER_INTERFACE)
		return LIBUSB_ERROR_NOT_FOUND;
	lock_take(&fake_usb.lock);
	d = fake_usb_device_of(h->device);
	if (!d)
		rc = LIBUSB_ERROR_NO_DEVICE;
	else if (d->claimed)
		rc = LIBUSB_ERROR_BUSY;
	lock_take(&fake.lock);
	for (size_t i = 0; !rc && i < FAKE_HANDLES; i++)
		if (fake.handles[i].id && fake.handles[i].other && fake.handles[i].reader == fake_usb_reader_of(d))
			rc = LIBUSB_ERROR_BUSY;
	if (!rc) {
		d->claimed = h;
		fake_usb_reader_of(d)->claimed = true;
		d->told = fake_usb_reader_of(d)->events;
	}
	lock_give(&fake.lock);
	lock_give(&fake_usb.lock);
	return rc;
}

int LIBUSB_CALL libusb_release_interface(libusb_device_handle *h, int interface)
{
	struct fake_usb_device *d;

	(void)interface;
	lock_take(&fake_usb.lock);
	d = fake_usb_device_of(h->device);
	if (d && d->claimed == h)
		unclaim(d);
	lock_give(&fake_usb.lock);
	return d ? 0 : LIBUSB_ERROR_NO_DEVICE;
}

int LIBUSB_CALL libusb_set_interface_alt_setting(libusb_device_handle *h, int interface, int setting)
{
	(void)h;
	(void)interface;
	return setting ? LIBUSB_ERROR_NOT_FOUND : 0;
}

/* ---- transfers ---- */

/* Done when it is submitted, and told by the events. */
static enum libusb_transfer_status bulk(struct libusb_transfer *t)
{
	enum libusb_transfer_status status = LIBUSB_TRANSFER_COMPLETED;
	libusb_device_handle *h = t->dev_handle;
	struct fake_usb_device *d;
	struct wr w;

	t->actual_length = 0;
	lock_take(&fake_usb.lock);
	d = fake_usb_device_of(h->device);
	if (!d || d->claimed != h) {
		status = d ? LIBUSB_TRANSFER_ERROR : LIBUSB_TRANSFER_NO_DEVICE;
	} else if (t->endpoint == EP_OUT) {
		/* One thing at a time goes on in a reader; the card may take long, and others may use theirs. */
		lock_give(&fake_usb.lock);
		fake_usb_pad(d, t->length && t->buffer[0] == CCID_SECURE);
		if (fake_ccid_hear(&d->reader, rd_of(t->buffer, (size_t)t->length)))
			t->actual_length = t->length;
		else
			status = LIBUSB_TRANSFER_STALL;
		lock_take(&fake_usb.lock);
		if (fake_usb_device_of(h->device) != d)
			status = LIBUSB_TRANSFER_NO_DEVICE;
	} else {
		wr_init(&w, t->buffer, (size_t)t->length);
		if (!fake_ccid_say(&d->reader, &w, (size_t)t->length) ||
		    fake_ccid_unended(&d->reader, w.n, (size_t)t->length))
			status = LIBUSB_TRANSFER_TIMED_OUT;
		t->actual_length = (int)w.n;
	}
	lock_give(&fake_usb.lock);
	return status;
}

int LIBUSB_CALL libusb_control_transfer(libusb_device_handle *h, uint8_t type, uint8_t request, uint16_t value,
					uint16_t index, unsigned char *data, uint16_t n, unsigned timeout)
{
	(void)h;
	(void)type;
	(void)value;
	(void)index;
	(void)data;
	(void)n;
	(void)timeout;
	return request == 1 ? 0 : LIBUSB_ERROR_PIPE;
}

int LIBUSB_CALL libusb_clear_halt(libusb_device_handle *h, unsigned char endpoint)
{
	(void)h;
	(void)endpoint;
	return 0;
}

struct libusb_transfer *LIBUSB_CALL libusb_alloc_transfer(int packets)
{
	struct libusb_transfer *t = calloc(1, sizeof(*t));

	(void)packets;
	lock_take(&fake_usb.lock);
	fake_usb.open_things += t != NULL;
	lock_give(&fake_usb.lock);
	return t;
}

void LIBUSB_CALL libusb_free_transfer(struct libusb_transfer *t)
{
	if (!t)
		return;
	lock_take(&fake_usb.lock);
	fake_usb.open_things--;
	lock_give(&fake_usb.lock);
	free(t);
}

int LIBUSB_CALL libusb_submit_transfer(struct libusb_transfer *t)
{
	int rc = LIBUSB_ERROR_NO_MEM;

	if (t->type == LIBUSB_TRANSFER_TYPE_BULK)
		t->status = bulk(t);
	lock_take(&fake_usb.lock);
	for (size_t i = 0; rc && i < FAKE_USB_TRANSFERS; i++)
		if (!fake_usb.pending[i]) {
			fake_usb.pending[i] = t;
			fake_usb.cancelled[i] = false;
			rc = 0;
		}
	if (t->type != LIBUSB_TRANSFER_TYPE_BULK && !fake_usb_device_of(t->dev_handle->device))
		rc = LIBUSB_ERROR_NO_DEVICE;
	lock_give(&fake_usb.lock);
	return rc;
}

int LIBUSB_CALL libusb_cancel_transfer(struct libusb_transfer *t)
{
	lock_take(&fake_usb.lock);
	for (size_t i = 0; i < FAKE_USB_TRANSFERS; i++)
		if (fake_usb.pending[i] == t)
			fake_usb.cancelled[i] = true;
	lock_give(&fake_usb.lock);
	return 0;
}

/* With our lock: is transfer i over, and how? */
static bool is_over(size_t i)
{
	struct libusb_transfer *t = fake_usb.pending[i];
	struct fake_usb_device *d;
	DWORD events;
	bool card;

	if (t->type == LIBUSB_TRANSFER_TYPE_BULK)
		return true;
	d = fake_usb_device_of(t->dev_handle->device);
	if (fake_usb.cancelled[i] || !d) {
		t->status = d ? LIBUSB_TRANSFER_CANCELLED : LIBUSB_TRANSFER_NO_DEVICE;
		return true;
	}
	lock_take(&fake.lock);
	events = fake_usb_reader_of(d)->events;
	card = fake_usb_reader_of(d)->card;
	lock_give(&fake.lock);
	if (events == d->told)
		return false;
	d->told = events;
	t->buffer[0] = 0x50;
	t->buffer[1] = card ? 3 : 2;
	t->actual_length = 2;
	t->status = LIBUSB_TRANSFER_COMPLETED;
	return true;
}

int LIBUSB_CALL libusb_handle_events_timeout_completed(libusb_context *context, struct timeval *tv, int *completed)
{
	struct deadline all = deadline_in((uint64_t)tv->tv_sec * 1000 + (uint64_t)tv->tv_usec / 1000);
	bool over;

	for (;;) {
		struct deadline slice = deadline_within(&all, 5);

		lock_take(&fake_usb.lock);
		for (size_t i = 0; i < FAKE_USB_TRANSFERS; i++) {
			struct libusb_transfer *t = fake_usb.pending[i];

			if (!t || !is_over(i))
				continue;
			fake_usb.pending[i] = NULL;
			/* Who waits for it reads what this writes, as soon as we give the lock. */
			if (t->type == LIBUSB_TRANSFER_TYPE_BULK)
				t->callback(t);
			lock_give(&fake_usb.lock);
			if (t->type != LIBUSB_TRANSFER_TYPE_BULK)
				t->callback(t);
			return 0;
		}
		if (context && context->plug && context->seen != plugged_bits()) {
			context->seen = plugged_bits();
			lock_give(&fake_usb.lock);
			(void)context->plug(context, NULL, LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED, context->plug_ctx);
			return 0;
		}
		over = completed && *completed;
		lock_give(&fake_usb.lock);
		if (over || !deadline_left_ms(&all) || deadline_wait(&slice, -1) != ERR_TIMEOUT)
			return 0;
	}
}

int LIBUSB_CALL libusb_hotplug_register_callback(libusb_context *context, int events, int flags, int vendor,
						 int product, int class, libusb_hotplug_callback_fn callback, void *ctx,
						 libusb_hotplug_callback_handle *handle)
{
	(void)events;
	(void)flags;
	(void)vendor;
	(void)product;
	(void)class;
	(void)handle;
	lock_take(&fake_usb.lock);
	context->plug = callback;
	context->plug_ctx = ctx;
	lock_give(&fake_usb.lock);
	return 0;
}
