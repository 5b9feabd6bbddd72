/* SPDX-License-Identifier: Apache-2.0 */
/* The answer to reset of ISO 7816-3, clause 8: what a reader must know to speak to the card. Bytes only. */
#ifndef APDU_USB_ATR_H
#define APDU_USB_ATR_H

#include "base/buf.h"

#define ATR_FI_DI_DEFAULT 0x11          /* TA1 absent: Fi 372, Di 1 */
#define ATR_IFSC_DEFAULT  32            /* ISO 7816-3 11.4.2 */

struct atr {
	bool inverse;                   /* TS 3F */
	uint8_t fi_di;                  /* TA1 */
	uint8_t guard;                  /* TC1, N */
	unsigned protocols;             /* bit T for each protocol that is offered; T=0 if none is named */
	uint8_t first;                  /* the first offered */
	bool specific;                  /* TA2: no choice is left to the reader */
	uint8_t specific_protocol;
	bool specific_default;          /* ... and the rates are not those of TA1 but implicit (bit 5 of TA2) */
	/* T=1, 11.4: first TA, TB and TC for it */
	uint8_t ifsc;                   /* bytes of information the card takes in one block */
	uint8_t bwi, cwi;
	bool crc;
	uint8_t waiting;                /* T=0: TC2, WI */
	struct rd history;              /* historical bytes; a view into the answer */
};

/*
 * The whole answer, not a byte more; TCK is checked where there must be one (8.2.5). ERR_FORMAT; ERR_LIMIT: longer than
 * ATR_MAX.
 */
MUST enum err atr_read(struct rd bytes, struct atr *out);
/*
 * How long the card may take to begin its answer, milliseconds, rounded up: T=1, 11.4.3: 11 etu + 2^BWI * 960 * 372/f.
 * khz: the clock that the reader gives; fi_di: the rates in use.
 */
uint32_t atr_t1_wait_ms(const struct atr *a, uint8_t fi_di, uint32_t khz);
/* Bits in a second at these rates and a clock of khz; 0: reserved values. */
uint32_t atr_rate(uint8_t fi_di, uint32_t khz);

#endif
