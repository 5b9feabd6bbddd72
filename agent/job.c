/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apdu/agent_proto.h"
#include "base/fd.h"
#include "base/log.h"

enum err agent_job_new(enum agent_job_kind kind, const struct agent_peer *by, struct agent_job **out)
{
	struct agent_job *j = calloc(1, sizeof(*j));

	*out = j;
	if (!j)
		return ERR_NOMEM;
	j->kind = kind;
	j->fd = -1;
	if (by)
		j->by = *by;
	wr_init_heap(&j->in, AGENT_MESSAGE_MAX);
	wr_init_heap(&j->out, APDU_RSP_MAX);
	return ERR_OK;
}

void agent_job_free(struct agent_job **j)
{
	if (!*j)
		return;
	wr_free(&(*j)->in);
	wr_free(&(*j)->out);
	secret_free(&(*j)->pin);
	free((*j)->limits);
	free(*j);
	*j = NULL;
}

enum err agent_queue_init(struct agent_queue *q)
{
	*q = (struct agent_queue){ .fd = fd_event() };
	lock_init(&q->lock);
	q->last = &q->first;
	return q->fd < 0 ? ERR_IO : ERR_OK;
}

void agent_queue_fini(struct agent_queue *q)
{
	struct agent_job *j;

	while ((j = agent_queue_take(q)))
		agent_job_free(&j);
	if (q->fd >= 0)
		(void)close(q->fd);
	lock_fini(&q->lock);
}

/* Under the lock. Must the caller write to fd when he has given it? One wake is enough until it is heard. */
static bool must_wake(struct agent_queue *q)
{
	bool must = !q->woken;

	q->woken = true;
	return must;
}

static void wake(struct agent_queue *q)
{
	const uint64_t one = 1;

	if (write(q->fd, &one, sizeof(one)) < 0)
		log_line(LOG_AGENT, LOG_ERROR, "a thread cannot be woken: %s", strerror(errno));
}

/*
 * Under the lock: what is put before is seen, what is put later wakes again. A wake whose write is still to come stays:
 * fd must not be readable while nobody knows it.
 */
static void calm(struct agent_queue *q)
{
	uint64_t wakes;

	if (q->woken && read(q->fd, &wakes, sizeof(wakes)) == sizeof(wakes))
		q->woken = false;
}

void agent_queue_wake(struct agent_queue *q)
{
	bool must;

	lock_take(&q->lock);
	must = must_wake(q);
	lock_give(&q->lock);
	if (must)
		wake(q);
}

void agent_queue_put(struct agent_queue *q, struct agent_job *j)
{
	bool must;

	j->next = NULL;
	lock_take(&q->lock);
	*q->last = j;
	q->last = &j->next;
	must = must_wake(q);
	lock_give(&q->lock);
	if (must)
		wake(q);
}

static struct agent_job *unlink_job(struct agent_queue *q, struct agent_job **at)
{
	struct agent_job *j = *at;

	if (j) {
		*at = j->next;
		if (!j->next)
			q->last = at;
		j->next = NULL;
	}
	return j;
}

struct agent_job *agent_queue_take(struct agent_queue *q)
{
	struct agent_job *j;

	lock_take(&q->lock);
	j = unlink_job(q, &q->first);
	if (!j)
		calm(q);
	lock_give(&q->lock);
	return j;
}

struct agent_job *agent_queue_take_like(struct agent_queue *q, const struct agent_job *j,
					bool (*is_like)(const struct agent_job *a, const struct agent_job *b))
{
	struct agent_job **at, *found;

	lock_take(&q->lock);
	for (at = &q->first; *at && !is_like(*at, j); at = &(*at)->next)
		;
	found = unlink_job(q, at);
	lock_give(&q->lock);
	return found;
}
