/* SPDX-License-Identifier: Apache-2.0 */
/* The readers that there are, by whichever way they are reached, and what is in them. */
#ifndef APDU_READERS_H
#define APDU_READERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"

#define APDU_READERS_MAX 64
#define READER_NAME_MAX 128     /* MAX_READERNAME of pcsc-lite, with terminator */

struct apdu_reader {
	char name[READER_NAME_MAX];
	char place[READER_NAME_MAX]; /* another name, by the port that it is plugged into; "": none is known */
	bool has_card;
	bool in_use;                /* some program is connected */
	bool exclusive;             /* some program holds it exclusively */
	bool ours;                  /* ... this process; known of USB only */
	uint32_t events;            /* pcscd's event counter: changes when a card is put in or taken out */
	uint8_t atr[ATR_MAX];
	size_t atr_size;
};
struct apdu_readers {
	size_t n;
	struct apdu_reader v[APDU_READERS_MAX];
};
/* The same readers and cards, in the same order? Who is connected does not count. */
bool apdu_readers_is_same(const struct apdu_readers *a, const struct apdu_readers *b);

#endif
