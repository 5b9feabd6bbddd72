/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reader with a pad of its own (PC/SC part 10, CCID): the PIN goes from its keys to the card, and through no program.
 * Bytes only; apdu/pcsc.c and apdu/usb/ send them.
 */
#ifndef APDU_PINPAD_H
#define APDU_PINPAD_H

#include "base/buf.h"

/* The features that are asked for. */
#define PINPAD_VERIFY_DIRECT 0x06
#define PINPAD_MODIFY_DIRECT 0x07
#define PINPAD_ASK_MAX       40         /* bytes of each of pinpad_*_write* */

/* What the reader says in the card's place where nothing was entered (part 10, 2.5.2). */
#define PINPAD_SW_TIMEOUT    0x6400
#define PINPAD_SW_CANCELLED  0x6401
#define PINPAD_SW_DIFFERENT  0x6402     /* the new PIN was not typed the same twice */

struct pinpad_ask {
	uint8_t cla, ins, p1, p2;       /* of VERIFY, or CHANGE REFERENCE DATA */
	uint8_t min, max;               /* digits */
	uint8_t seconds;                /* for each key; the reader gives up then */
};

/* What GET_FEATURE_REQUEST answered: the control code of a feature. false: it has none, or the answer is malformed. */
MUST bool pinpad_feature(struct rd features, uint8_t feature, uint32_t *code);
/* The PIN_VERIFY_STRUCTURE: digits as ASCII, from the first byte of data on, without padding; the reader sets Lc. */
void pinpad_ask_write(const struct pinpad_ask *a, struct wr *w);
/*
 * The PIN_MODIFY_STRUCTURE: old PIN and new PIN, which is typed twice, one behind the other. A reader puts the new one
 * at a fixed place, so both have max digits, and min is max.
 */
void pinpad_change_write(const struct pinpad_ask *a, struct wr *w);
/*
 * The same two as the data of PC_to_RDR_Secure (CCID 1.1, 6.1.11). prologue: header of the block of T=1; empty: none.
 */
void pinpad_ask_write_ccid(const struct pinpad_ask *a, struct rd prologue, struct wr *w);
void pinpad_change_write_ccid(const struct pinpad_ask *a, struct rd prologue, struct wr *w);

#endif
