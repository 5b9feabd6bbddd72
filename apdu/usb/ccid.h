/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages to one slot of a CCID reader and back (CCID 1.1, chapter 6), over bulk transfers that somebody else does. A
 * reader is not trusted: lengths, slot, number and type of each answer are checked, and every wait ends.
 */
#ifndef APDU_USB_CCID_H
#define APDU_USB_CCID_H

#include "apdu/usb/ccid_desc.h"
#include "base/deadline.h"

/* Transfers, and time between them. ERR_REMOVED: the device is gone; ERR_TIMEOUT; ERR_TRANSPORT: anything else. */
struct ccid_io {
	MUST enum err (*out)(void *ctx, struct rd message, uint32_t ms);
	/*
	 * One transfer of at most max bytes, appended; it may be empty. ERR_TIMEOUT: it did not end; what came until
	 * then is appended all the same.
	 */
	MUST enum err (*in)(void *ctx, struct wr *message, size_t max, uint32_t ms);
	/* The control request ABORT (5.3.1). */
	MUST enum err (*abort)(void *ctx, uint8_t slot, uint8_t seq);
	/* After a stall. */
	void (*clear)(void *ctx);
	void (*pause)(void *ctx, uint32_t ms);
	void *ctx;
	size_t packet;                  /* wMaxPacketSize of the endpoint in */
};

enum ccid_type {
	CCID_SET_PARAMETERS = 0x61, CCID_POWER_ON, CCID_POWER_OFF, CCID_SLOT_STATUS = 0x65, CCID_SECURE = 0x69,
	CCID_XFR_BLOCK = 0x6F, CCID_ABORT = 0x72
};
/* bError of a command that failed (6.2.6), where the difference counts. */
enum {
	CCID_E_UNSUPPORTED = 0x00, CCID_E_PARAMETER_MAX = 0x7F, CCID_E_PIN_CANCELLED = 0xEF, CCID_E_PIN_TIMEOUT = 0xF0,
	CCID_E_AUTO_SEQUENCE = 0xF2,
	CCID_E_PARITY = 0xFD, CCID_E_MUTE = 0xFE, CCID_E_SLOT_BUSY = 0xE0
};
enum ccid_icc { CCID_ACTIVE, CCID_INACTIVE, CCID_ABSENT };

struct ccid {
	struct ccid_io io;
	struct ccid_desc desc;
	uint8_t slot, seq;
	uint64_t exchanges;             /* messages that were sent, for tests and bench */
	bool by_packet;                 /* it does not end a message of whole packets by an empty one */
	struct wr out, in;
};

struct ccid_answer {
	enum ccid_icc icc;
	bool failed;
	uint8_t error;                  /* if it failed */
	uint8_t chain;                  /* the byte in front of the data: bChainParameter of a DataBlock */
	struct rd data;                 /* a view that lives until the next message */
};

void ccid_init(struct ccid *c, const struct ccid_io *io, const struct ccid_desc *d, uint8_t slot);
void ccid_free(struct ccid *c);                                /* wipes */

struct ccid_wait {
	uint32_t ms;                    /* for the answer, or the reader's word that it takes longer */
	uint32_t more_ms;               /* for each unit of such an extension */
	const struct deadline *all;     /* for everything; NULL: a minute */
};
/*
 * One message and its answer. param: bytes 7 to 9 of the header. ERR_OK also where the reader says that the command
 * failed. ERR_REMOVED; ERR_TIMEOUT, after the command was aborted; ERR_TRANSPORT: the reader says what it must not;
 * ERR_LIMIT: longer than it takes, nothing was sent.
 */
MUST enum err ccid_ask(struct ccid *c, enum ccid_type type, const uint8_t param[3], struct rd data,
		       const struct ccid_wait *wait, struct ccid_answer *a);

/* NotifySlotChange (6.3.1): what is told of a slot. false: it is something else, or says nothing of it. */
MUST bool ccid_notice(struct rd message, uint8_t slot, bool *present, bool *changed);

#endif
