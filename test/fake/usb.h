/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libusb_* in place of libusb's at link time. Without fake_usb_start there is no device. With it, the readers of
 * test/fake/scard.h are CCID readers on a USB, each with its card: what the tests do to them, what they count and what
 * they break is the same; pcscd is not there. A reader's name must be "usb:SERIAL".
 */
#ifndef TEST_FAKE_USB_H
#define TEST_FAKE_USB_H

#include "test/fake/ccid.h"

/* For all readers that are plugged in from now on; after fake_scard_start. */
void fake_usb_start(const struct fake_ccid_spec *spec);
/* "tpdu", "short", "extended" of the environment's QUORUM11_TEST_USB: started so. false: it is not set. */
bool fake_usb_start_env(void);
/* How many contexts, handles, claims and transfers our side has left open: a test wants 0. */
unsigned fake_usb_stop(void);

/* pcscd is there, too; only those readers are on the USB whose names say so, and pcscd has all. */
void fake_usb_both(bool both);
void fake_usb_forbid(const char *reader, bool forbid);          /* this user may not open it */
void fake_usb_replug(const char *reader, bool other_port);      /* out and in again, with its card */
/* How often our side has begun to use libusb, which then makes a thread. */
unsigned fake_usb_contexts(void);

#endif
