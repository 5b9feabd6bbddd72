/* SPDX-License-Identifier: Apache-2.0 */
/* What is public on a card: read once when it is put in, which fills the view, and the keys by name for limits. */
#ifndef AGENT_KEYS_H
#define AGENT_KEYS_H

#include "pka/receipt.h"
#include "sc-hsm/file.h"

struct agent_keys {
	char device_id[CHR_MAX + 1];
	struct wr devaut;                       /* EF 2F02 */
	size_t n;
	struct receipt_key v[KEYS_MAX];         /* views into kept */
	struct wr kept[KEYS_MAX][2];            /* description, certificate or attestation */
};
void agent_keys_init(struct agent_keys *k);
void agent_keys_fini(struct agent_keys *k);
/* The applet is selected, nobody is logged in. Reads every public file. ERR_NO_CARD: without a device certificate. */
MUST enum err agent_keys_read(struct agent_keys *k, struct hsm_card *card, struct deadline *dl);
/* The use counters as they are now; a card that tells none has none. */
void agent_keys_count(struct agent_keys *k, struct hsm_card *card, struct deadline *dl);

#endif
