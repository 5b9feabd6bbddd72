/* SPDX-License-Identifier: Apache-2.0 */
/* The three ways of `approve` by files: fetch a request into one, decide on it without a network, send the decision. */
#ifndef CLI_APPROVE_OFFLINE_H
#define CLI_APPROVE_OFFLINE_H

#include "cli/line/verb.h"

MUST enum err cli_approve_save(struct cli *cli);                /* --save-request. Said. */
MUST enum err cli_approve_file(struct cli *cli);                /* --request-file and --out. Said. */
MUST enum err cli_approve_send(struct cli *cli);                /* --send. Said. */

#endif
