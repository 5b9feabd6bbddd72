/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of a card share: the thread that holds it (card.c), and what is done with it. All functions: that
 * thread.
 */
#ifndef AGENT_CARD_INT_H
#define AGENT_CARD_INT_H

#include <pthread.h>

#include "agent/card.h"

#define CARD_CLOSE_MS 5000      /* for the few commands around a login's end */

struct agent_card {
	const struct agent_rules *rules;
	struct agent_queue *results;
	struct agent_view view;
	struct agent_queue jobs;
	atomic_bool stopping, look;     /* look: see agent_card_look */
	atomic_uint ending;             /* jobs AGENT_JOB_END that are on their way */
	int stop_fd, cancel_fd;         /* events */
	uint64_t submitted;             /* jobs; the clients' thread's */
	pthread_t thread;
	bool has_thread;

	/* the thread's own */
	struct agent_held held;
	struct agent_approval *approval;
	enum hsm_mode mode;             /* of the card, closed */
	enum err cool;                  /* what people answered last, and until when it is the answer */
	uint64_t cool_until_ms;
	bool told_held;
	struct agent_job *lease;        /* who is lent to this thread, lease.h; NULL: nobody */
};

/* card_state.c */
bool agent_card_is_stopping(const struct agent_card *c);
/* The job goes back. why may be NULL: what is in the job. */
void agent_card_done(struct agent_card *c, struct agent_job *j, enum err e, const char *why);
/* The approval, if there is one, is over. by_limits: because it is used up. */
void agent_card_end_approval(struct agent_card *c, bool by_limits, const char *fmt, ...) PRINTF(3, 4);
/* The card does not answer any more, or is not the one that it was. */
bool agent_card_is_gone(enum err e);
/* What an error of an exchange says about the card and the login. */
void agent_card_heed(struct agent_card *c, enum err e);
/* The status queries that clients are answered from; AGENT_NOTE_CLOSED: by SELECT first. */
MUST enum err agent_card_learn(struct agent_card *c, enum agent_note n);
/* Has this job's client logged in to the approval that is in force? */
bool agent_card_is_in(const struct agent_card *c, const struct agent_job *j);

/* One job; it goes back by itself. A login: card_login.c. */
void agent_card_run(struct agent_card *c, struct agent_job *j);
void agent_card_login(struct agent_card *c, struct agent_job *j);

/* One use of a private key: judged, done, in the receipt; its answer to j->out. Else why is in j. */
MUST enum err agent_card_use(struct agent_card *c, const struct apdu *a, struct rd cmd, struct agent_job *j);
/* The answer for who is not logged in, as the card would say it; but whose approval is used up is told so. */
MUST enum err agent_card_not_in(struct agent_card *c, struct agent_job *j);

#endif
