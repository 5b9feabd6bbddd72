/* SPDX-License-Identifier: Apache-2.0 */
/* Proof by behaviour, with the custodians' cards at hand: n - 1 of them do not open the card, n do. */
#ifndef CLI_CUSTODIAN_PROVE_H
#define CLI_CUSTODIAN_PROVE_H

#include "cli/trust/pkafiles.h"

/*
 * Every custodian whose card is at hand takes part at least once; fewer than n: ERR_NOT_FOUND. What is asked of the
 * card is to write a file that needs a login. The PIN comes in where the card's mode needs it. The card is closed
 * afterwards. Writes --token-label while the card is open. Said.
 */
MUST enum err cli_prove(struct cli *cli, const char *reader, const struct cli_pkafiles *files);

#endif
