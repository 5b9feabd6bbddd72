/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/lease.h"

#include <poll.h>

#include "agent/gate.h"
#include "apdu/agent_proto.h"

void agent_lease_end(struct agent_card *c)
{
	struct agent_job *l = c->lease;

	c->lease = NULL;
	if (l)
		agent_queue_put(c->results, l);
}

void agent_lease_take(struct agent_card *c, struct agent_job *j)
{
	agent_lease_end(c);
	c->lease = j;
	if (!c->held.hsm || !agent_card_is_in(c, j))
		agent_lease_end(c);
}

/* A command that uses a private key under the approval in force? It is a view into the packet. */
static bool is_use(const struct agent_card *c, const struct agent_job *l, struct apdu *a, struct rd *cmd)
{
	const struct hsm_cmd *row;
	enum agent_type type;
	struct rd elements;
	bool needs_login;
	char why[16];

	return !agent_msg_read(wr_view(&l->in), &type, &elements) && type == AGENT_SEND &&
	       rd_tlv_find(elements, AGENT_T_APDU, cmd) && !apdu_decode(*cmd, a) &&
	       agent_gate(a, &c->rules->conf->agent.admit, &row, &needs_login, why, sizeof(why)) == AGENT_USE &&
	       l->of_card == c->view.card && agent_card_is_in(c, l);
}

/* ERR_TIMEOUT: he does not take it now; the clients' thread waits for him. */
static enum err answer(struct agent_job *l)
{
	struct deadline now = deadline_in(0);
	enum err e;

	wr_reset(&l->in);
	agent_msg_begin(&l->in, AGENT_OK);
	wr_tlv(&l->in, AGENT_T_APDU, wr_view(&l->out));
	e = wr_done(&l->in);
	if (!e)
		e = agent_msg_send(l->fd, wr_view(&l->in), &now);
	wr_reset(&l->in);
	return e;
}

void agent_lease_serve(struct agent_card *c, short events)
{
	struct deadline now = deadline_in(0);
	struct agent_job *l = c->lease;
	struct apdu a;
	struct rd cmd;

	wr_reset(&l->in);
	wr_reset(&l->out);
	/* Who is gone wants nothing signed any more, whatever he said before. */
	l->e = events & (POLLHUP | POLLERR) ? ERR_REMOVED : agent_msg_receive(l->fd, &l->in, &now);
	if (l->e == ERR_TIMEOUT)
		return;
	if (l->e || !is_use(c, l, &a, &cmd)) {
		agent_lease_end(c);
		return;
	}
	l->e = agent_card_use(c, &a, cmd, l);
	agent_card_heed(c, l->e);
	/* Whatever is not an answer at once is told by the clients' thread. */
	l->ran = l->e || answer(l);
	if (l->ran)
		agent_lease_end(c);
}
