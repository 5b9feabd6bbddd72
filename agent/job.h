/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the clients' thread asks of a card's thread, and the queues between them. A job belongs to who has it: the
 * clients' thread, the queue, the card's thread, the queue back.
 */
#ifndef AGENT_JOB_H
#define AGENT_JOB_H

#include <stdatomic.h>

#include "agent/peer.h"
#include "base/lock.h"
#include "base/secret.h"

enum agent_job_kind {
	AGENT_JOB_EXCHANGE,     /* in: a command APDU; out: the answer */
	AGENT_JOB_PAD,          /* in: the elements of an AGENT_PAD; out: the answer */
	AGENT_JOB_LOGIN,        /* pin, limits */
	AGENT_JOB_END,          /* why: the reason, for the receipt; end: which question it is of */
	AGENT_JOB_LEASE,        /* a client that works alone is lent, see lease.h */
	AGENT_JOB_PROGRESS,     /* from a card's thread: why is the text, for all who wait for this card */
	AGENT_JOB_READER        /* from the scanner: why is the name of a reader */
};
struct agent_job {
	struct agent_job *next;
	enum agent_job_kind kind;
	void *card;             /* the card's thread that had it */
	atomic_bool abandoned;  /* nobody waits for it any more: what has not begun is left */
	struct agent_peer by;
	uint32_t of_card;       /* which card and approval the client means, as in its view */
	uint32_t of_approval;
	struct wr in, out;
	struct secret *pin;
	char *limits;
	uint64_t end;
	enum err e;
	char why[AGENT_PROGRESS_MAX];
	bool used_key;          /* of an exchange: an operation of a private key, and it was good */
	/* Of a lease; when it is back: are e, out and why the result of a command? Else in is a packet, or empty. */
	int fd;
	bool ran;
};
MUST enum err agent_job_new(enum agent_job_kind kind, const struct agent_peer *by, struct agent_job **out);
void agent_job_free(struct agent_job **j);                      /* NULL-safe */

/* First in, first out. fd is readable while something may be in it, or who takes from it was woken. */
struct agent_queue {
	struct lock lock;
	int fd;
	bool woken;                                             /* fd is readable */
	struct agent_job *first, **last;
};
MUST enum err agent_queue_init(struct agent_queue *q);
void agent_queue_fini(struct agent_queue *q);                   /* frees what is in it */
void agent_queue_put(struct agent_queue *q, struct agent_job *j);
/* NULL: it is empty, and fd is quiet. */
struct agent_job *agent_queue_take(struct agent_queue *q);
/* The next job that is like this one, wherever it stands; NULL: none. */
struct agent_job *agent_queue_take_like(struct agent_queue *q, const struct agent_job *j,
					bool (*is_like)(const struct agent_job *a, const struct agent_job *b));
void agent_queue_wake(struct agent_queue *q);

#endif
