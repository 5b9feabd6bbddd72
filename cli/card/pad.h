/* SPDX-License-Identifier: Apache-2.0 */
/* A reader's own pad, for PINs of which no source was named: typed there, they never come to us. */
#ifndef CLI_CARD_PAD_H
#define CLI_CARD_PAD_H

#include "cli/card/card.h"

/* No source was named, and the reader has a pad. */
bool cli_pin_is_on_pad(const struct cli *cli, const struct cli_card *c);
/* As cli_pin_get and cli_pin_login, with the pad. ERR_CANCELLED, ERR_TIMEOUT: the person did not. */
MUST enum err cli_pin_login_on_pad(struct cli *cli, struct cli_card *c);

/* The same of a change of PIN: neither PIN's source was named, and the pad can do that. */
bool cli_pin_change_is_on_pad(const struct cli *cli, const struct cli_card *c);
/* Asks how long the PIN is; then old and new are typed on the pad. Said. */
MUST enum err cli_pin_change_on_pad(struct cli *cli, struct cli_card *c);

/*
 * By the SO-PIN, as far as a pad can carry it. *done false and ERR_OK: nothing has happened, and it is for the
 * keyboard, as a source was named, there is no such pad (said), or the person wants so. Said.
 */
MUST enum err cli_so_pin_change_on_pad(struct cli *cli, struct cli_card *c, bool *done);
MUST enum err cli_pin_unblock_on_pad(struct cli *cli, struct cli_card *c, bool *done);
MUST enum err cli_pin_set_on_pad(struct cli *cli, struct cli_card *c, bool *done);

#define CLI_PAD_NO_CHANGE "it cannot change a PIN"
/* Tells a person with a pad why it is not the pad that is used here; nothing without one, or if given (a source) is. */
void cli_pin_tell_keyboard(const struct cli_card *c, bool given, const char *why);

#endif
