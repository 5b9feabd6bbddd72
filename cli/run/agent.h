/* SPDX-License-Identifier: Apache-2.0 */
/* An agent, as verbs reach it. */
#ifndef CLI_RUN_AGENT_H
#define CLI_RUN_AGENT_H

#include <jansson.h>

#include "apdu/agent_link.h"
#include "cli/line/verb.h"

#define CLI_AGENT_ENV "QUORUM11_AGENT"  /* the socket's path: where "run" has put its agent */

/* --socket, then QUORUM11_AGENT, then [agent] socket. Texts live as long as cli. ERR_CONFIG: none of them; said. */
MUST enum err cli_agent_at(const struct cli *cli, struct agent_at *out);
/*
 * Its cards, an array of objects with the members of agent/status.c, each with a "reader". The caller's to drop.
 * ERR_FORMAT: not what an agent of ours says; agent_status's errors. Said.
 */
MUST enum err cli_agent_cards(const struct agent_at *at, json_t **out);
/* The one in this reader: borrowed from cards. NULL: the agent does not have it. */
const json_t *cli_agent_card(const json_t *cards, const char *reader);
/* A text of it; "" where there is none. */
const char *cli_agent_text(const json_t *card, const char *name);

#endif
