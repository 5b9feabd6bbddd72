/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/job.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"

enum err agent_job_new(enum agent_job_kind kind, const struct agent_peer *by, struct agent_job **out)
{
	struct agent_job *j = calloc(1, sizeof(*j));

	*out = j;
	if (!j)
		return ERR_NOMEM;
	j->kind = kind;
	if (by)
		j->by = *by;
	wr_init_heap(&j->in, APDU_CMD_MAX);
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

void agent_queue_wake(struct agent_queue *q)
{
	const uint64_t one = 1;

	/* It only fails when it is as good as full of wakes. */
	if (write(q->fd, &one, sizeof(one)) < 0)
		log_line(LOG_AGENT, LOG_TRACE, "a wake was one of very many");
}

void agent_queue_put(struct agent_queue *q, struct agent_job *j)
{
	j->next = NULL;
	lock_take(&q->lock);
	*q->last = j;
	q->last = &j->next;
	lock_give(&q->lock);
	agent_queue_wake(q);
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
	uint64_t wakes;

	lock_take(&q->lock);
	j = unlink_job(q, &q->first);
	/* Under the lock: a put comes before it, and is seen, or after it, and wakes again. */
	if (!j && read(q->fd, &wakes, sizeof(wakes)) < 0)
		wakes = 0;
	lock_give(&q->lock);
	return j;
}

struct agent_job *agent_queue_take_kind(struct agent_queue *q, enum agent_job_kind kind)
{
	struct agent_job *j = NULL;

	lock_take(&q->lock);
	for (struct agent_job **at = &q->first; *at && !j; at = &(*at)->next) {
		if ((*at)->kind != kind)
			continue;
		j = unlink_job(q, at);
		break;
	}
	lock_give(&q->lock);
	return j;
}
