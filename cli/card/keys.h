/* SPDX-License-Identifier: Apache-2.0 */
/* The keys on a card, as its files describe them (sc-hsm-apdu 7.2). Public reading only: no login. */
#ifndef CLI_CARD_KEYS_H
#define CLI_CARD_KEYS_H

#include "base/spki.h"
#include "cli/card/card.h"
#include "sc-hsm/file.h"
#include "sc-hsm/key.h"
#include "sc-hsm/p15.h"

enum cli_ce { CE_NONE, CE_REQUEST, CE_CERTIFICATE, CE_OTHER };  /* what EF CEnn holds */

struct cli_key {
	uint8_t number;                 /* CCnn */
	struct wr prkd, ce;             /* the files; what follows views into them */
	bool has_description;
	struct p15_key description;
	enum cli_ce kind;
	struct rd attestation;          /* REQUEST: the whole 67 object */
	struct cvc_request request;     /* REQUEST */
	bool has_public;
	struct spki pub;
	struct hsm_key_attributes attributes;
	char chr[CHR_MAX + 1];          /* REQUEST; otherwise "" */
	char label[SHOWN_MAX + 1];      /* safe to show */
	char id[2 * SHOWN_MAX + 1];     /* CKA_ID in hex */
};
struct cli_keys {
	size_t n;
	struct cli_key v[KEYS_MAX];
};

/* The card is held; heap: end by cli_keys_free. Said. */
MUST enum err cli_keys_read(struct cli *cli, struct cli_card *c, struct cli_keys **out);
void cli_keys_free(struct cli_keys **k);
/* "rsa:2048", "ec:secp256r1", or "unknown". */
const char *cli_key_type(const struct cli_key *k, char *buf, size_t cap);
/* Of this card, by label, or by id in hex (label first). ERR_NOT_FOUND, ERR_REFUSED: several; said. */
MUST enum err cli_keys_find(const struct cli_card *c, const struct cli_keys *keys, const char *name,
			    const struct cli_key **out);

#endif
