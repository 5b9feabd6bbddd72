/* SPDX-License-Identifier: Apache-2.0 */
/* What is plugged in, as the kernel numbers it: a mark that is another one whenever something came or went. */
#ifndef APDU_USB_USB_MARK_H
#define APDU_USB_USB_MARK_H

#include <stdbool.h>
#include <stdint.h>

struct usb_mark {
	bool known;             /* false: there is no sysfs */
	uint64_t value;
};
void usb_mark_read(struct usb_mark *out);

#endif
