/* SPDX-License-Identifier: Apache-2.0 */
/* Making a key on an open card, described for PKCS#11 programs; used by keygen and custodian keygen. */
#ifndef CLI_KEY_GENERATE_H
#define CLI_KEY_GENERATE_H

#include "cli/card/card.h"
#include "cli/key/keytype.h"

struct cli_generate {
	struct cli_keytype type;
	const char *label;
	struct rd id;                   /* empty: the key's number */
	const char *chr;                /* NULL: cli_chr_of_key; becomes the inner CAR, too */
	struct rd algorithms;           /* allowed; empty: all */
	uint32_t use_counter;           /* 0: no limit */
	uint8_t domain;                 /* key domain */
	unsigned usage;                 /* P15_USE_* */
};
/* Can the card that the options name make it? Before anybody types a PIN for nothing. ERR_UNSUPPORTED; said. */
MUST enum err cli_generate_check(struct cli *cli, const struct cli_generate *g);
/*
 * Generates, and writes the description C4nn. The answer, an authenticated request, is appended to request; an AES key
 * has none. If the description cannot be written the key is deleted: without one no program would see it. Said.
 */
MUST enum err cli_generate(struct cli *cli, struct cli_card *c, const struct cli_generate *g, uint8_t *key,
			   struct wr *request);

#endif
