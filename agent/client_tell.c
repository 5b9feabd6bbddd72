/* SPDX-License-Identifier: Apache-2.0 */
/* What a client is told, and what it is to its card. */
#include <string.h>

#include "agent/client_int.h"
#include "base/log.h"

bool agent_client_write(struct agent_client *c)
{
	struct deadline now = deadline_in(0);
	enum err e;

	if (!c->out.n)
		return !c->closing;
	e = agent_msg_send(c->fd, wr_view(&c->out), &now);
	if (e == ERR_TIMEOUT)
		return true;
	wr_reset(&c->out);
	return !e && !c->closing;
}

void client_send_out(struct agent_client *c)
{
	if (wr_done(&c->out)) {
		wr_reset(&c->out);
		agent_msg_fail(&c->out, ERR_NOMEM, NULL);
	}
	if (!agent_client_write(c))
		c->closing = true;
}

void client_fail(struct agent_client *c, enum err e, const char *text)
{
	agent_msg_fail(&c->out, e, text && *text ? text : err_text(e));
	client_send_out(c);
}

void client_ok(struct agent_client *c, enum agent_tag tag, struct rd value)
{
	agent_msg_begin(&c->out, AGENT_OK);
	if (value.p)
		wr_tlv(&c->out, tag, value);
	client_send_out(c);
}

/* Progress is not worth waiting for: who does not take it goes without. */
void agent_client_progress(struct agent_client *c, const char *text)
{
	struct deadline now = deadline_in(0);
	struct wr w;

	wr_init_heap(&w, AGENT_MESSAGE_MAX);
	agent_msg_begin(&w, AGENT_PROGRESS);
	wr_tlv(&w, AGENT_T_TEXT, rd_str(text));
	if (!wr_done(&w) && !c->out.n && agent_msg_send(c->fd, wr_view(&w), &now))
		log_line(LOG_AGENT, LOG_TRACE, "process %u takes no progress", c->peer.pid);
	wr_free(&w);
}

void client_ended(struct agent_client *c)
{
	if (c->end_e)
		client_fail(c, c->end_e, NULL);
	else
		client_ok(c, AGENT_T_TEXT, RD_NONE);
}

void client_stand(struct agent_client *c, struct client_standing *s)
{
	struct agent_view *v = agent_card_view(c->card);

	*s = (struct client_standing){ .there = false };
	lock_take(&v->lock);
	s->there = v->state != AGENT_EMPTY && v->card == c->of_card;
	s->in = s->there && v->state == AGENT_OPENED && c->of_approval && c->of_approval == v->approval;
	s->asking = v->state == AGENT_ASKING;
	s->was_ended = c->of_approval && !s->in && v->ended == c->of_approval && v->ended_by_limits;
	if (s->was_ended)
		memcpy(s->why, v->ended_why, sizeof(s->why));
	lock_give(&v->lock);
	if (!s->in)
		c->of_approval = 0;
}

struct agent_card *agent_house_find(struct agent_house *h, const char *reader)
{
	for (size_t i = 0; i < h->cards_n; i++)
		if (strcmp(agent_card_view(h->cards[i])->reader, reader) == 0)
			return h->cards[i];
	return NULL;
}
