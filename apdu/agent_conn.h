/* SPDX-License-Identifier: Apache-2.0 */
/* A connection to an agent, from the client's side: for agent_link.c and agent_ask.c only. */
#ifndef APDU_AGENT_CONN_H
#define APDU_AGENT_CONN_H

#include "apdu/agent_link.h"

struct agent_conn {
	int fd;                         /* -1: over; whoever asks again hears that it is gone */
	char why[AGENT_TEXT_MAX];       /* of the last refusal */
	struct wr packet;               /* room for commands and their answers; wiped after each */
	bool has_pad;                   /* the agent's login asks for a PIN there, if it is given none */
	bool has_pad_change;
};

/* As agent_list; connected, the other end known, both of one version. */
MUST enum err agent_conn_open(const struct agent_at *at, struct agent_conn **out, char *why, size_t cap);
void agent_conn_free(struct agent_conn **a);            /* NULL-safe */
/* Nothing is asked over it any more. */
void agent_conn_end(struct agent_conn *a);

/*
 * Sends what is in packet; then packet holds the answer, and elements is a view into it. Buffers are wiped by whoever
 * made packet. A refusal is noted with its reason; any other failure is the end.
 */
MUST enum err agent_conn_ask(struct agent_conn *a, struct wr *packet, struct rd *elements, const struct deadline *dl);
/* The same of a message without content, whose answer has none. */
MUST enum err agent_conn_ask_plain(struct agent_conn *a, enum agent_type type, uint64_t ms);
/* The next message. After a failure nobody knows whose answer the next one would be: the caller ends it. */
MUST enum err agent_conn_hear(struct agent_conn *a, struct wr *packet, enum agent_type *type, struct rd *elements,
			      const struct deadline *dl);
/* What an answer means; a refusal is noted with its reason. */
enum err agent_conn_judge(struct agent_conn *a, enum agent_type type, struct rd elements);
/*
 * What went wrong after connect, with the agent's own words if it said any. One that ended at this moment is one that
 * was not there.
 */
enum err agent_conn_explain(const struct agent_conn *a, const char *path, enum err e, char *why, size_t cap);
/* why: may be NULL. */
void agent_say(char *why, size_t cap, const char *fmt, ...) PRINTF(3, 4);

#endif
