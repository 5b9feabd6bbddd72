/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readers by USB, without pcscd. A reader is called "usb:SERIAL", by the serial number of its device, or
 * "usb:BUS-PORT", by the place where it is plugged in; both are understood, and shown is the first where there is one.
 * They are what libusb sees, in a context of its own for each call or link: in a container without udevd a context
 * knows only what was there when it was made.
 *
 * A link holds the reader alone, for the time that it lives: no other process can use it, pcscd neither.
 */
#ifndef APDU_USB_USB_H
#define APDU_USB_USB_H

#include <string.h>

#include "apdu/link.h"
#include "apdu/readers.h"

#define USB_PREFIX "usb:"
#define USB_WHY_MAX 400

/*
 * As pcsc_list. A reader that another process holds has a card, as far as anybody knows, and is exclusive; one that
 * this process may not open is left out, and logged. polite: pcscd runs here, and what was plugged in just now is left
 * to it. ERR_OK and n = 0 also where there is no USB at all.
 */
MUST enum err usb_list(bool polite, struct apdu_readers *out);
/*
 * Until something is plugged in or out, as libusb tells: ERR_OK; where it cannot tell (no udevd), and of cards, nothing
 * is heard. ERR_TIMEOUT; ERR_CANCELLED within 250 ms.
 */
MUST enum err usb_wait(struct deadline *dl);
/*
 * The reader, powered, with its card. ERR_NO_READER, ERR_NO_CARD, ERR_SHARING after USB_PATIENCE_MS, ERR_REFUSED: this
 * user may not (both said, with what to do); ERR_UNSUPPORTED: a reader of a kind that cannot be used (said).
 */
#define USB_PATIENCE_MS 1000
MUST enum err usb_open(const char *reader, struct apdu_link **out);
static inline bool usb_is_name(const char *reader) { return strncmp(reader, USB_PREFIX, strlen(USB_PREFIX)) == 0; }
/* Bulk transfers of a link so far, both ways; 0: not a link of this kind. For tests and bench. */
uint64_t usb_transfers(const struct apdu_link *l);

/* ---- for people ---- */

struct usb_found {
	char name[READER_NAME_MAX];     /* usb:SERIAL */
	char place[READER_NAME_MAX];    /* usb:BUS-PORT; also the name if there is no serial number */
	char what[80];                  /* of the device list, and its numbers; for people */
	char why[USB_WHY_MAX];          /* why it cannot be used: who holds it, and what to do; "": it can */
};
/* All readers, also those that cannot be used: at most max of them. */
MUST enum err usb_survey(struct usb_found *out, size_t max, size_t *n);

#endif
