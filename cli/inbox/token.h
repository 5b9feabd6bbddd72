/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens that open a custodian's inbox at a server: one for each key and server, obtained by a signature of his card
 * (pka/inbox.h), kept in $XDG_STATE_HOME/quorum11/inbox (mode 0600) until the server does not take it any more. They
 * show requests and take turns; they decide nothing.
 */
#ifndef CLI_INBOX_TOKEN_H
#define CLI_INBOX_TOKEN_H

#include "cli/custodian/custodian.h"
#include "cli/remote/api.h"

struct cli_inbox_token;
/*
 * From now on this connection shows the token of one of these keys whenever the server asks who calls; one that is
 * missing is obtained then, which needs the card's PIN. mine is borrowed until cli_inbox_token_free. ERR_NOMEM, said.
 */
MUST enum err cli_inbox_token_use(struct cli_api *api, struct cli_custodians *mine, struct cli_inbox_token **out);
/* NULL-safe. Before the connection is closed. */
void cli_inbox_token_free(struct cli_inbox_token **t);

#endif
