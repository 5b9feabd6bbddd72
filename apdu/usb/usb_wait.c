/* SPDX-License-Identifier: Apache-2.0 */
#include <libusb.h>

#include "apdu/usb/usb.h"
#include "base/fd.h"

#define SLICE_MS 250            /* a caller who gives up is noticed after this */

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
	unsigned filled = fd_plug();
	int plugged = 0, rc = libusb_init(&context);
	enum err e = ERR_OK;

	fd_unplug(filled);
	if (rc || !libusb_has_capability(LIBUSB_CAP_HAS_HOTPLUG))
		e = deadline_wait(dl, -1);
	else
		(void)libusb_hotplug_register_callback(context,
						       LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED |
						       LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT, 0, LIBUSB_HOTPLUG_MATCH_ANY,
						       LIBUSB_HOTPLUG_MATCH_ANY, LIBUSB_HOTPLUG_MATCH_ANY, on_plug,
						       &plugged, NULL);
	while (!e && !plugged) {
		struct timeval slice = { 0, SLICE_MS * 1000 };

		e = deadline_check(dl);
		if (!e && deadline_left_ms(dl) < SLICE_MS)
			slice.tv_usec = (suseconds_t)deadline_left_ms(dl) * 1000;
		if (!e)
			(void)libusb_handle_events_timeout_completed(context, &slice, &plugged);
	}
	if (context)
		libusb_exit(context);
	return e;
}
