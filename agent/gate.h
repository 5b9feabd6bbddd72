/* SPDX-License-Identifier: Apache-2.0 */
/* What a client of the agent may send to a card, and who answers it: one row per command. Bytes only. */
#ifndef AGENT_GATE_H
#define AGENT_GATE_H

#include "base/conf.h"
#include "sc-hsm/cmd.h"

enum agent_class {
	AGENT_NEVER,    /* refused: it would touch the login or the challenge of others */
	AGENT_NO_LEAVE, /* refused: it would change the card, and the operator has not admitted it */
	AGENT_VIEW,     /* the agent answers: the state as this client may see it */
	AGENT_PUBLIC,   /* read-only, for everybody, from memory where it is known */
	AGENT_ANYONE,   /* goes to the card, for everybody */
	AGENT_USER,     /* goes to the card for who has logged in */
	AGENT_USE,      /* uses a private key: for who has logged in, within the limits */
	AGENT_USE_NEW,  /* both: makes a key of another, within the limits and with the operator's leave */
	AGENT_CHANGE,   /* changes the card: with the operator's leave, for who has logged in where the row says so */
};
/*
 * A decoded command; row gets its row in sc-hsm/cmd.h. admit: [agent] admit. Refused: why says it for people.
 * needs_login: the card answers 6982 to who has not logged in.
 */
enum agent_class agent_gate(const struct apdu *a, const struct conf_list *admit, const struct hsm_cmd **row,
			    bool *needs_login, char *why, size_t cap);
/* A word of [agent] admit that is none: its text, otherwise NULL. */
const char *agent_gate_unknown(const struct conf_list *admit);

#endif
