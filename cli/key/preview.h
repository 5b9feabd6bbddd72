/* SPDX-License-Identifier: Apache-2.0 */
/* What is on a card, looked at before anybody logs in: what cannot be done is said before custodians are asked. */
#ifndef CLI_KEY_PREVIEW_H
#define CLI_KEY_PREVIEW_H

#include "cli/key/certs.h"

struct cli_preview {                    /* of zeros before the first use */
	struct cli_card card;           /* looked at; devaut and id stay valid after it is closed */
	struct cli_keys *keys;
	struct cli_certs *certs;
};
/* Ends with cli_preview_end, also on failure. Said. */
MUST enum err cli_preview(struct cli *cli, struct cli_preview *p);
void cli_preview_end(struct cli *cli, struct cli_preview *p);
/*
 * Lets go of it, and opens the same card for work (cli/card/work.h); ends with cli_card_close(c, true). ERR_REFUSED:
 * another card is there now. Said.
 */
MUST enum err cli_preview_open(struct cli *cli, struct cli_preview *p, struct cli_card *out);

#endif
