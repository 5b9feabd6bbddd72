/* SPDX-License-Identifier: Apache-2.0 */
/* The class descriptor of a CCID reader (CCID 1.1, 5.1): what it does by itself, and what it takes. Bytes only. */
#ifndef APDU_USB_CCID_DESC_H
#define APDU_USB_CCID_DESC_H

#include "base/buf.h"

#define CCID_CLASS       0x0B           /* bInterfaceClass */
#define CCID_HEADER      10             /* bytes in front of each message's data */
#define CCID_MESSAGE_MAX (CCID_HEADER + 65544)  /* what we believe of dwMaxCCIDMessageLength: CCID 5.1 */

/* bVoltageSupport */
enum { CCID_5V = 1, CCID_3V = 2, CCID_1V8 = 4 };
/* dwFeatures: what the reader does by itself */
enum {
	CCID_AUTO_PARAMETERS_ATR = 0x02, CCID_AUTO_VOLTAGE = 0x08, CCID_AUTO_NEGOTIATION = 0x40, CCID_AUTO_PPS = 0x80,
	CCID_AUTO_IFSD = 0x400
};
/* bPINSupport */
enum { CCID_PAD_VERIFY = 1, CCID_PAD_MODIFY = 2 };

/* What is exchanged: single characters, T=0 and T=1 blocks, APDUs of up to 261 bytes, APDUs of any length. */
enum ccid_level { CCID_CHARACTER, CCID_TPDU, CCID_SHORT, CCID_EXTENDED };

struct ccid_desc {
	enum ccid_level level;
	uint8_t slots, voltages, pad;
	uint32_t features;
	uint32_t khz;                   /* dwDefaultClock */
	uint32_t max_rate;              /* dwMaxDataRate, bit/s */
	uint32_t ifsd;                  /* dwMaxIFSD */
	uint32_t message_max;           /* bytes with the header; never more than CCID_MESSAGE_MAX */
};

/*
 * From what stands beside the interface's descriptor, or an endpoint's: descriptors, each behind its length and type.
 * ERR_NOT_FOUND: it is not among them; ERR_FORMAT: it is, and says what cannot be.
 */
MUST enum err ccid_desc_read(struct rd extra, struct ccid_desc *out);
const char *ccid_level_name(enum ccid_level level);

#endif
