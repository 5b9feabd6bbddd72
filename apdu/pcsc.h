/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readers and cards by PC/SC; pcsc.c is the only file that sees SCARD types. Each call or link uses a context of its
 * own.
 */
#ifndef APDU_PCSC_H
#define APDU_PCSC_H

#include "apdu/link.h"

#define PCSC_READERS_MAX 64
#define PCSC_NAME_MAX 128       /* MAX_READERNAME of pcsc-lite, with terminator */

struct pcsc_reader {
	char name[PCSC_NAME_MAX];
	char place[PCSC_NAME_MAX];  /* another name, by the port that it is plugged into; "": none is known */
	bool has_card;
	bool in_use;                /* some program is connected */
	bool exclusive;             /* some program holds it exclusively */
	bool ours;                  /* ... this process; known of USB only */
	uint32_t events;            /* pcscd's event counter: changes when a card is put in or taken out */
	uint8_t atr[ATR_MAX];
	size_t atr_size;
};
struct pcsc_readers {
	size_t n;
	struct pcsc_reader v[PCSC_READERS_MAX];
};
/* Readers and what is in them; talks to the service, not to a card. No readers: ERR_OK and n = 0. ERR_NO_SERVICE. */
MUST enum err pcsc_list(struct pcsc_readers *out);
/* The same readers and cards, in the same order? Who is connected does not count. */
bool pcsc_is_same(const struct pcsc_readers *a, const struct pcsc_readers *b);
/*
 * Wait for a change of readers or cards (not of who is connected) against *last, which is updated, or for the
 * deadline. Looks for a caller who gives up every 250 ms. ERR_OK, ERR_TIMEOUT, ERR_CANCELLED, ERR_NO_SERVICE.
 */
MUST enum err pcsc_wait(struct pcsc_readers *last, struct deadline *dl);

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
