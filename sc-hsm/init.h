/* SPDX-License-Identifier: Apache-2.0 */
/* INITIALIZE DEVICE, reference 3.4: erases everything. */
#ifndef SC_HSM_INIT_H
#define SC_HSM_INIT_H

#include "base/secret.h"
#include "sc-hsm/card.h"

struct hsm_init {
	uint16_t options;
	const struct secret *so_pin;       /* 8 bytes; sets it on first use, must match later */
	const struct secret *pin;          /* NULL: none (only with PKA) */
	unsigned pin_tries;                /* 0: the most that hsm_pin_tries_max allows, at most 3 */
	int dkek_shares;                   /* -1: key export off; 0: random DKEK */
	unsigned domains;                  /* places for key domains; with shares there is one, and this is 0 */
	unsigned total, required;          /* m and n of public key authentication; 0: none */
	struct rd label;                   /* token label, may be empty */
};
/*
 * Checks everything before it sends anything: ERR_ARG (n, m, tries, options), ERR_PIN_LENGTH, ERR_UNSUPPORTED
 * (something that the card, as it was selected, does not have), ERR_REFUSED (PKA and a PIN without HSM_OPT_COMBINED:
 * the PIN alone may open the card). force waives only that refusal. A wrong SO-PIN: ERR_PIN_WRONG with tries where the
 * card tells. ERR_CONDITIONS: it was initialised, but without public key authentication, which its firmware skipped.
 * Afterwards the applet is selected anew; the label is written where a PIN allows it.
 */
MUST enum err hsm_card_initialize(struct hsm_card *c, const struct hsm_init *i, bool force, struct deadline *dl);
/* The label of i alone, on a card that was just initialised so. */
MUST enum err hsm_init_label(struct hsm_card *c, const struct hsm_init *i, struct deadline *dl);
/* The token's label, by who has logged in. */
MUST enum err hsm_card_label(struct hsm_card *c, struct rd label, struct deadline *dl);

#endif
