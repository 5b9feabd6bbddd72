/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of a client share: its connection and jobs (client.c), what it asks (client_ask.c), what it is told
 * (client_tell.c).
 */
#ifndef AGENT_CLIENT_INT_H
#define AGENT_CLIENT_INT_H

#include "agent/client.h"

/* What this client is to its card now. */
struct client_standing {
	bool there, in, asking;
	bool was_ended;                 /* by the limits; said once */
	char why[AGENT_PROGRESS_MAX];
};
/* A login that is over is forgotten by the client, too. */
void client_stand(struct agent_client *c, struct client_standing *s);
/* The one answer to what was asked. text NULL or empty: the error's own. */
void client_fail(struct agent_client *c, enum err e, const char *text);
void client_ok(struct agent_client *c, enum agent_tag tag, struct rd value);
void client_ended(struct agent_client *c);              /* what it wanted to end is over */
void client_send_out(struct agent_client *c);          /* what is in c->out */
/* One question, of a client that has nothing else on its way. ERR_FORMAT, ERR_PROTOCOL: none of ours asks so. */
MUST enum err client_ask(struct agent_house *h, struct agent_client *c, enum agent_type type, struct rd elements);

#endif
