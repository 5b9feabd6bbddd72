/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One reader that the agent owns: a thread of its own that holds the card alone from when it is put in, does jobs in
 * the order in which they come, keeps the approval, and ends it. Everything but agent_card_view is safe to call from
 * the clients' thread only.
 */
#ifndef AGENT_CARD_H
#define AGENT_CARD_H

#include "agent/approval.h"
#include "agent/job.h"
#include "agent/view.h"

struct agent_card;
/* results: where jobs go back to. */
MUST enum err agent_card_new(const struct agent_rules *rules, const char *reader, struct agent_queue *results,
			     struct agent_card **out);
/* Ends the approval, closes the card, joins the thread; then every job that it had is back. */
void agent_card_stop(struct agent_card *c);
/* Stops it, and frees the jobs that were submitted later. NULL-safe. */
void agent_card_free(struct agent_card **c);
struct agent_view *agent_card_view(struct agent_card *c);
/* Takes the job; it comes back through results. Says the how manieth it is. */
uint64_t agent_card_submit(struct agent_card *c, struct agent_job *j);
/* Something happened in a reader, perhaps in its own: it looks at once. */
void agent_card_look(struct agent_card *c);
/* Nobody waits for the login that runs, if one runs: end it. */
void agent_card_cancel(struct agent_card *c);
/* As submit, of an AGENT_JOB_END; whatever login is asked for then fails, and nobody is asked for it any more. */
void agent_card_end(struct agent_card *c, struct agent_job *j);

#endif
