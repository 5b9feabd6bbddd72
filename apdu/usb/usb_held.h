/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which readers this process holds, and how often a reader's card was seen to change: USB has no counter of such
 * events, as pcscd has. One table for the process; the child of a fork holds nothing of its parent's. For any thread.
 */
#ifndef APDU_USB_USB_HELD_H
#define APDU_USB_USB_HELD_H

#include "apdu/readers.h"

struct usb_held {                       /* of one link */
	char place[READER_NAME_MAX];
	bool is;
};

/*
 * is_lost: is the card that was there at first gone; and is one there now? Called in any thread, until usb_held_end,
 * and must use none of these functions.
 */
void usb_held_begin(struct usb_held *h, const char *place, bool (*is_lost)(void *ctx, bool *card), void *ctx);
void usb_held_lost(struct usb_held *h);         /* its card or reader is gone, though the link is still there */
/* on: the card is left with power, so that one without is another one. */
void usb_held_end(struct usb_held *h, bool on);
/* Does a link of this process hold the reader; and is a card there, its own or another one? */
bool usb_held_by_us(const char *place, bool *card);
/* The counter, after this has been seen: another address is another device that was plugged in there. on: has power. */
uint32_t usb_held_events(const char *place, uint8_t address, bool card, bool on);

#endif
