/* SPDX-License-Identifier: Apache-2.0 */
/* apdu/usb/usb_mark.h of the fake devices. */
#include "apdu/usb/usb_mark.h"

#include "test/fake/usb_int.h"

void usb_mark_read(struct usb_mark *out)
{
	*out = (struct usb_mark){ .known = true };
	lock_take(&fake_usb.lock);
	for (size_t i = 0; i < FAKE_READERS; i++) {
		const struct fake_usb_device *d = fake_usb_device_at(i);

		out->value = out->value * 257 + (d ? d->address + 1u : 0);
	}
	lock_give(&fake_usb.lock);
}
