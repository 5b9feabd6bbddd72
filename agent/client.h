/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One program that uses the agent: its connection, its card, and its own view of that card's login. Parses what it
 * sends and trusts none of it. Belongs to the clients' thread.
 */
#ifndef AGENT_CLIENT_H
#define AGENT_CLIENT_H

#include "agent/card.h"
#include "apdu/agent_proto.h"

struct agent_house {                    /* all that clients share */
	const struct agent_rules *rules;
	size_t cards_n;
	struct agent_card *cards[APDU_READERS_MAX];
	uint32_t owner;                 /* uid of the agent */
	uint64_t ends;                  /* questions so far that end approvals */
	/* Is there a client that waits for a login of this card? */
	bool (*is_awaited)(void *ctx, const struct agent_card *card);
	void *ctx;
};
struct agent_card *agent_house_find(struct agent_house *h, const char *reader);

struct agent_client {
	int fd;
	struct agent_peer peer;
	bool greeted, closing;          /* closing: to be dropped when everything is sent */
	struct agent_card *card;        /* NULL: none is open */
	uint32_t of_card, of_approval;  /* as in the card's view; approval 0: not logged in */
	struct agent_job *job;          /* what it waits for, or by which it is lent; the card's thread has it */
	bool lent;                      /* its socket is the card's thread's, see lease.h */
	uint64_t turn;                  /* its last exchange was this job of the card's */
	bool again;                     /* and the one before was the job before: nobody else was at the card */
	uint64_t end;                   /* its question that ends approvals, and how many cards have not done it yet */
	unsigned end_cards;
	enum err end_e;                 /* it could not be asked of all */
	struct wr out;                  /* an answer that is not sent yet */
};
/* Takes fd. ERR_NOMEM, ERR_IO, ERR_LIMIT; closed then. */
MUST enum err agent_client_new(int fd, struct agent_client **out);
/* What it waits for is abandoned. NULL-safe. */
void agent_client_free(struct agent_house *h, struct agent_client **c);
/* It has something to say, or to take. false: it is gone, or said what no client of ours says. */
MUST bool agent_client_read(struct agent_house *h, struct agent_client *c);
MUST bool agent_client_write(struct agent_client *c);
/* Its job is back: freed by the caller, or (*j NULL) submitted again. false: as agent_client_read. */
MUST bool agent_client_done(struct agent_house *h, struct agent_client *c, struct agent_job **j);
/* Is this the end of one of the approvals that it wanted to end? It is answered when all are. false: as before. */
MUST bool agent_client_ends(const struct agent_client *c, const struct agent_job *j);
MUST bool agent_client_ended(struct agent_client *c);
void agent_client_progress(struct agent_client *c, const char *text);
/* Does it wait for a login of this card? */
bool agent_client_awaits(const struct agent_client *c, const struct agent_card *card);

#endif
