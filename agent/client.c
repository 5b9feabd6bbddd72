/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/client_int.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"

enum err agent_client_new(int fd, struct agent_client **out)
{
	struct agent_client *c = calloc(1, sizeof(*c));
	enum err e = c ? agent_peer_read(fd, &c->peer) : ERR_NOMEM;

	*out = NULL;
	if (e) {
		free(c);
		(void)close(fd);
		return e;
	}
	c->fd = fd;
	wr_init_heap(&c->out, AGENT_MESSAGE_MAX);
	*out = c;
	return ERR_OK;
}

/* Nobody waits any more; a login that nobody else waits for ends. */
static void abandon(struct agent_house *h, struct agent_client *c)
{
	bool login = c->job && c->job->kind == AGENT_JOB_LOGIN;

	if (!c->job)
		return;
	c->job->abandoned = true;
	c->job = NULL;
	if (login && !h->is_awaited(h->ctx, c->card))
		agent_card_cancel(c->card);
}

void agent_client_free(struct agent_house *h, struct agent_client **c)
{
	if (!*c)
		return;
	abandon(h, *c);
	(void)close((*c)->fd);
	wr_free(&(*c)->out);
	free(*c);
	*c = NULL;
}

bool agent_client_awaits(const struct agent_client *c, const struct agent_card *card)
{
	return c->card == card && c->job && !c->lent && c->job->kind == AGENT_JOB_LOGIN;
}

/* ---- packets ---- */

static enum err handle(struct agent_house *h, struct agent_client *c, enum agent_type type, struct rd elements)
{
	/* It said that it gives up when the answer was on its way: nothing is left to give up. */
	if (type == AGENT_CANCEL && c->greeted && !c->end_cards && !(c->job && c->job->kind != AGENT_JOB_LOGIN)) {
		if (c->job) {
			abandon(h, c);
			client_fail(c, ERR_CANCELLED, NULL);
		}
		return ERR_OK;
	}
	/* One question at a time; HELLO first, and once. */
	if (c->job || c->end_cards || c->out.n || c->greeted != (type != AGENT_HELLO))
		return ERR_PROTOCOL;
	return client_ask(h, c, type, elements);
}

/* What was heard, or why nothing was. false: the end. */
static bool heard(struct agent_house *h, struct agent_client *c, enum err e, struct rd packet)
{
	enum agent_type type;
	struct rd elements;

	if (!e)
		e = agent_msg_read(packet, &type, &elements);
	if (!e)
		e = handle(h, c, type, elements);
	if (e && e != ERR_REMOVED)
		log_line(LOG_AGENT, LOG_WARN, "uid %u, process %u: hung up on: %s", c->peer.uid, c->peer.pid,
			 err_text(e));
	return !e && !(c->closing && !c->out.n);
}

bool agent_client_read(struct agent_house *h, struct agent_client *c)
{
	struct deadline now = deadline_in(0);
	struct wr packet;
	bool goes_on;
	enum err e;

	wr_init_heap(&packet, AGENT_MESSAGE_MAX);
	e = agent_msg_receive(c->fd, &packet, &now);
	goes_on = e == ERR_TIMEOUT ? !(c->closing && !c->out.n) : heard(h, c, e, wr_view(&packet));
	wr_free(&packet);
	return goes_on;
}

/* ---- what comes back ---- */

/* Its second signature in a row, nobody else's between: it is likely to make more. */
static void lend(struct agent_client *c, struct agent_job **j)
{
	if ((*j)->kind != AGENT_JOB_EXCHANGE || !(*j)->used_key || !c->again || c->out.n || c->closing)
		return;
	wr_reset(&(*j)->in);
	wr_reset(&(*j)->out);
	(*j)->kind = AGENT_JOB_LEASE;
	(*j)->fd = c->fd;
	c->job = *j;
	c->lent = true;
	*j = NULL;
	(void)agent_card_submit(c->card, c->job);
}

bool agent_client_ends(const struct agent_client *c, const struct agent_job *j)
{
	return c->end_cards && c->end == j->end;
}

bool agent_client_ended(struct agent_client *c)
{
	if (!--c->end_cards)
		client_ended(c);
	return !(c->closing && !c->out.n);
}

bool agent_client_done(struct agent_house *h, struct agent_client *c, struct agent_job **job)
{
	struct agent_job *j = *job;
	struct client_standing s;

	c->job = NULL;
	c->lent = false;
	if (j->kind == AGENT_JOB_LEASE && !j->ran)
		return !j->e && !j->in.n ? true : heard(h, c, j->e, wr_view(&j->in));
	if (j->e) {
		/* An approval that has ended is said once; then the login is gone. */
		if (j->e == ERR_ALLOWANCE)
			client_stand(c, &s);
		client_fail(c, j->e, j->why);
	} else if (j->kind == AGENT_JOB_EXCHANGE || j->kind == AGENT_JOB_PAD || j->kind == AGENT_JOB_LEASE) {
		client_ok(c, AGENT_T_APDU, wr_view(&j->out));
	} else {
		if (j->kind == AGENT_JOB_LOGIN)
			c->of_approval = j->of_approval;
		client_ok(c, AGENT_T_TEXT, RD_NONE);
	}
	lend(c, job);
	return !(c->closing && !c->out.n);
}
