/* SPDX-License-Identifier: Apache-2.0 */
/* For ccid_card*.c: what exchanges and pads need of the card. */
#ifndef APDU_USB_CCID_CARD_INT_H
#define APDU_USB_CCID_CARD_INT_H

#include "apdu/usb/ccid_card.h"

#define SLACK_MS 2000                   /* the reader's and the bus' own time, besides the card's */

/* Something went wrong and nobody knows what: logged out for certain. Returns e. */
enum err ccid_card_broken(struct ccid_card *c, enum err e);
/* What the status beside an answer says of the card that we powered: ERR_OK, ERR_REMOVED. */
MUST enum err ccid_card_judge(struct ccid_card *c, enum ccid_icc icc);
/*
 * The answer to the machine's block that is out, until it is over. by_pad: the command's block was the reader's, with
 * the PIN in it; what we could send in its place is not that command.
 */
MUST enum err ccid_card_t1_go_on(struct ccid_card *c, struct ccid_answer *a, bool mute, bool by_pad,
				 const struct deadline *all);

#endif
