/* SPDX-License-Identifier: Apache-2.0 */
/* Custodians' keys on the cards at hand: finding the one that somebody waits for, and signing with it. */
#ifndef CLI_CUSTODIAN_CUSTODIAN_H
#define CLI_CUSTODIAN_CUSTODIAN_H

#include "cli/card/keys.h"
#include "cli/card/pin.h"
#include "pka/activation.h"

struct cli_custodian {
	char reader[READER_NAME_MAX];
	char device[CHR_MAX + 1];
	char chr[CHR_MAX + 1];
	uint8_t key;                    /* CCkk */
	enum ec_curve curve;
	uint8_t q[EC_POINT_MAX];
	size_t q_size;
	struct secret *pin;             /* NULL: not asked for yet, or typed on a pad */
	bool on_pad;                    /* it will be typed on the reader */
};
struct cli_custodians {
	size_t n;
	struct cli_custodian v[PKA_CUSTODIANS_MAX];
};

/* Could this key be a custodian's: an EC key of 256 bits with its attestation (public-key-authentication 4.4)? */
bool cli_custodian_key_is(const struct cli_key *k);
/*
 * Of every card that --reader and --device (reader, device) admit. A card that cannot be read (the one that asks is in
 * use, for instance) is passed over, and said only if no key is found. Said.
 */
MUST enum err cli_custodians_find(struct cli *cli, const char *reader, const char *device, struct cli_custodians **out);
void cli_custodians_free(struct cli_custodians **c);            /* PINs, too */

/* The point that the key's signatures verify with. */
struct rd cli_custodian_point(const struct cli_custodian *c);
/*
 * Open the card that has the key, check that it still is that card, and verify its PIN, which is asked for once
 * (cli_pin_get; pin_file may be NULL) and kept. A wrong one that was typed is asked for again, while there are tries.
 * Held afterwards; ends with cli_card_close(out, true). Said.
 */
MUST enum err cli_custodian_open(struct cli *cli, struct cli_custodian *c, const char *pin_file, struct cli_card *out);
/*
 * Ask for the PIN now, and try it, so that signing will ask no more. Said. Not of a reader with a pad: what is typed
 * there cannot be kept, so it is asked for when the card signs.
 */
MUST enum err cli_custodian_try_pin(struct cli *cli, struct cli_custodian *c);
/*
 * The same, and the SIGN commands of a batch, and the card closed. answers: a writer for the bytes that in views, each
 * with its status word. Said.
 */
#define CUSTODIAN_ANSWER_MAX 512        /* one of them */
MUST enum err cli_custodian_sign(struct cli *cli, struct cli_custodian *c, const struct pka_batch *batch,
				 struct wr *answers, struct pka_answers *in);

#endif
