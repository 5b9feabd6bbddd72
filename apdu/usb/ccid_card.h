/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The card in a slot of a CCID reader: power, answer to reset, PPS and parameters where the reader leaves them to us,
 * and exchanges at each level: T=1 blocks, short APDUs, APDUs in parts.
 *
 * Whatever breaks in the middle of an exchange leaves nobody knowing what the card has done or who is logged in: then
 * it is powered off, which logs it out, and the next use finds ERR_RESET.
 */
#ifndef APDU_USB_CCID_CARD_H
#define APDU_USB_CCID_CARD_H

#include "apdu/pinpad.h"
#include "apdu/usb/atr.h"
#include "apdu/usb/ccid.h"
#include "apdu/usb/t1.h"
#include "base/limits.h"

struct ccid_card {
	struct ccid ccid;
	struct atr atr;
	uint8_t atr_bytes[ATR_MAX];
	size_t atr_size;
	uint8_t fi_di;                  /* in use */
	uint32_t wait_ms;               /* the card's block waiting time */
	struct t1 t1;                   /* at TPDU level */
	bool powered;                   /* by us, and nothing has gone wrong since */
};

/*
 * io and desc are copied. ERR_UNSUPPORTED: a reader that leaves single characters to us (said). Nothing is sent. End it
 * by ccid_card_free, which sends nothing either.
 */
MUST enum err ccid_card_init(struct ccid_card *c, const struct ccid_io *io, const struct ccid_desc *desc,
			     const char *reader);
void ccid_card_free(struct ccid_card *c);
/*
 * From off to ready for commands: with the lowest voltage that reader and card share. ERR_NO_CARD: the slot is empty,
 * the card is mute, or one that we and this reader cannot speak to.
 */
MUST enum err ccid_card_power_on(struct ccid_card *c);
void ccid_card_power_off(struct ccid_card *c);
/* Is there a card? ERR_OK, and *on: it has power, whoever gave it; ERR_NO_CARD. Powers nothing. */
MUST enum err ccid_card_look(struct ccid_card *c, bool *on);
/* The one that we powered? ERR_OK, ERR_REMOVED (also: another one), ERR_RESET (it was powered off, also by us). */
MUST enum err ccid_card_present(struct ccid_card *c);
/*
 * One command, one answer, appended. The command's time is dl's, but never less than CCID_CARD_LEAST_MS, as one that is
 * cut off costs the card's login; who gives up is heeded before, not during it. ERR_REMOVED, ERR_RESET: it was not
 * powered, and nothing was sent; ERR_LIMIT: longer than the reader takes, and nothing was sent, or a longer answer
 * than it gives (both said); ERR_TIMEOUT, ERR_TRANSPORT.
 */
#define CCID_CARD_LEAST_MS 5000
MUST enum err ccid_card_transmit(struct ccid_card *c, struct rd cmd, struct wr *rsp, const struct deadline *dl);
/* The longest command APDU in bytes. */
size_t ccid_card_cmd_max(const struct ccid_card *c);
/* A pad of the reader's own (6.1.11); as struct apdu_link_ops. */
bool ccid_card_has_pad(const struct ccid_card *c);
MUST enum err ccid_card_pad_verify(struct ccid_card *c, const struct pinpad_ask *ask, struct wr *rsp);
bool ccid_card_has_pad_change(const struct ccid_card *c);
MUST enum err ccid_card_pad_change(struct ccid_card *c, const struct pinpad_ask *ask, struct wr *rsp);

#endif
