/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readers and cards by PC/SC; only pcsc*.c see SCARD types. Each call or link uses a context of its
 * own.
 */
#ifndef APDU_PCSC_H
#define APDU_PCSC_H

#include "apdu/link.h"
#include "apdu/readers.h"

/* Readers and what is in them; talks to the service, not to a card. No readers: ERR_OK and n = 0. ERR_NO_SERVICE. */
MUST enum err pcsc_list(struct apdu_readers *out);
/*
 * Wait for a change of readers or cards (not of who is connected) against *last, which is updated, or for the
 * deadline. Looks for a caller who gives up every 250 ms. ERR_OK, ERR_TIMEOUT, ERR_CANCELLED, ERR_NO_SERVICE.
 */
MUST enum err pcsc_wait(struct apdu_readers *last, struct deadline *dl);

enum pcsc_share {
	/* Begin and end are transactions. */
	PCSC_SHARED,
	/* Nobody else may connect; begin and end do nothing; the death of the process resets the card. */
	PCSC_EXCLUSIVE,
};
/* Programs that only look come and go (a list of cards, a desktop's card service); one that stays does not. */
#define PCSC_PATIENCE_MS 1000
/*
 * ERR_NO_SERVICE, ERR_NO_READER, ERR_NO_CARD, ERR_TRANSPORT; ERR_SHARING: at once for a shared connection to a card
 * that somebody holds alone, after PCSC_PATIENCE_MS for an exclusive one to a card where somebody stays connected. To
 * change share, close and open again: with pcscd 1.9.9 SCardReconnect into or out of exclusive blocks, or keeps the
 * lock. The service knows no limits of time for begin (somebody else's transaction) and transmit (the card's own time):
 * a deadline is looked at before them, not while they run.
 */
MUST enum err pcsc_open(const char *reader, enum pcsc_share share, struct apdu_link **out);

#endif
