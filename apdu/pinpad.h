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
#define PINPAD_COMMAND_MAX   32         /* bytes of the command that is told to a reader */
#define PINPAD_ASK_MAX       64         /* bytes of each of pinpad_*_write* */

/* What the reader says in the card's place where nothing was entered (part 10, 2.5.2). */
#define PINPAD_SW_TIMEOUT    0x6400
#define PINPAD_SW_CANCELLED  0x6401
#define PINPAD_SW_DIFFERENT  0x6402     /* the new PIN was not typed the same twice */
#define PINPAD_SW_LENGTH     0x6403
#define PINPAD_SW_CANNOT     0x6B80     /* it does not do what it is asked */

struct pinpad_ask {
	uint8_t cla, ins, p1, p2;       /* of VERIFY, CHANGE REFERENCE DATA or RESET RETRY COUNTER */
	uint8_t min, max;               /* digits */
	uint8_t seconds;                /* for each key; the reader gives up then */
	bool packed;                    /* two digits in each byte (BCD), the first one high; min is max, even */
	/*
	 * Of a change: what stands in the old one's place, so that only the new one is typed; min is max, and not more
	 * than 15. Empty: the old one is typed, too. The caller's; PINPAD_COMMAND_MAX holds it all.
	 */
	struct rd old;
};

/* What GET_FEATURE_REQUEST answered: the control code of a feature. false: it has none, or the answer is malformed. */
MUST bool pinpad_feature(struct rd features, uint8_t feature, uint32_t *code);
/*
 * The command as the reader is told it. ASCII that is typed alone: the header, to which the reader adds it and sets Lc.
 * Otherwise the whole command, with zeros where digits go. changes: two PINs, of which pinpad_change_write speaks.
 */
void pinpad_command_write(const struct pinpad_ask *a, bool changes, struct wr *w);
/* Bytes of data that the card gets at most. */
size_t pinpad_data_max(const struct pinpad_ask *a, bool changes);
/* The PIN_VERIFY_STRUCTURE: digits from the first byte of data on, without padding. */
void pinpad_ask_write(const struct pinpad_ask *a, struct wr *w);
/*
 * The PIN_MODIFY_STRUCTURE: old PIN and new PIN, which is typed twice, one behind the other. A reader puts the new one
 * at a fixed place, so both have max digits, and min is max. What is written is secret if a->old is.
 */
void pinpad_change_write(const struct pinpad_ask *a, struct wr *w);
/*
 * The same two as the data of PC_to_RDR_Secure (CCID 1.1, 6.1.11). prologue: header of the block of T=1; empty: none.
 */
void pinpad_ask_write_ccid(const struct pinpad_ask *a, struct rd prologue, struct wr *w);
void pinpad_change_write_ccid(const struct pinpad_ask *a, struct rd prologue, struct wr *w);

#endif
