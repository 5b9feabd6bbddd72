/* SPDX-License-Identifier: Apache-2.0 */
/* A card opened for work with its keys: by PIN, by ceremony or by both, as the card wants it. */
#ifndef CLI_CARD_WORK_H
#define CLI_CARD_WORK_H

#include "cli/card/card.h"

/*
 * --url, --ca and --reason into the configuration that a login uses. url: an operand that goes before --url; may be
 * NULL.
 */
MUST enum err cli_work_settings(struct cli *cli, const char *url);
/* Can anybody log in at all? ERR_CONDITIONS, said. */
MUST enum err cli_work_check(const struct cli_card *c);
/*
 * Pick the card, open it and log in by what its mode asks for; held afterwards. A card that needs a ceremony is held
 * exclusively from before the first SELECT. Every failure leaves the card closed. Ends with cli_card_close(c, true).
 * Said.
 */
MUST enum err cli_work_open(struct cli *cli, struct cli_card *out);
/* The same, but only the ceremony, whatever else the card may want. */
MUST enum err cli_work_ceremony(struct cli *cli, struct cli_card *out);
/* cli_work_settings without an operand, then cli_work_open. */
MUST enum err cli_work_begin(struct cli *cli, struct cli_card *out);

#endif
