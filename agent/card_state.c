/* SPDX-License-Identifier: Apache-2.0 */
/* The card that is held, and the approval in force, as everything that works with them sees it. */
#include <stdarg.h>
#include <stdio.h>

#include "agent/card_int.h"
#include "base/log.h"

bool agent_card_is_stopping(const struct agent_card *c)
{
	return c->stopping;
}

void agent_card_done(struct agent_card *c, struct agent_job *j, enum err e, const char *why)
{
	j->e = e;
	if (why)
		(void)snprintf(j->why, sizeof(j->why), "%s", why);
	j->card = c;
	agent_queue_put(c->results, j);
}

void agent_card_end_approval(struct agent_card *c, bool by_limits, const char *fmt, ...)
{
	char why[AGENT_PROGRESS_MAX];
	va_list ap;

	if (!c->approval)
		return;
	va_start(ap, fmt);
	if (vsnprintf(why, sizeof(why), fmt, ap) < 0)
		why[0] = 0;
	va_end(ap);
	agent_view_noting(&c->view, AGENT_NOTE_NOTHING);
	agent_approval_end(&c->approval, why);
	log_line(LOG_AGENT, LOG_INFO, "card %s: the approval is over: %s", c->view.device_id, why);
	agent_view_end(&c->view, c->held.hsm ? AGENT_CLOSED : AGENT_EMPTY, by_limits, why);
	agent_view_noting(&c->view, AGENT_NOTE_CLOSED);
}

bool agent_card_is_gone(enum err e)
{
	return e == ERR_REMOVED || e == ERR_NO_CARD || e == ERR_NO_READER || e == ERR_NO_SERVICE;
}

void agent_card_heed(struct agent_card *c, enum err e)
{
	struct hsm_card *gone = c->held.hsm;

	if (!agent_card_is_gone(e) && e != ERR_TRANSPORT && e != ERR_RESET)
		return;
	c->held.hsm = NULL;
	agent_card_end_approval(c, false, "%s", e == ERR_RESET ? "another program reset the card" :
							    "the card was removed");
	hsm_card_free(&gone, true);
	agent_view_card(&c->view, RD_NONE, 0);
}

enum err agent_card_learn(struct agent_card *c, enum agent_note n)
{
	struct deadline dl = deadline_in(CARD_CLOSE_MS);
	struct hsm_version v = { .options = 0 };
	struct hsm_status s;
	enum err e;

	agent_view_noting(&c->view, n);
	e = n == AGENT_NOTE_CLOSED ? hsm_card_select(c->held.hsm, &v, &dl) : ERR_OK;
	if (!e)
		e = hsm_card_status(c->held.hsm, &v, &s, &dl);
	/* An open one says less of it, and its options are told at SELECT. */
	if (!e && n == AGENT_NOTE_CLOSED)
		c->mode = s.mode;
	return e;
}

bool agent_card_is_in(const struct agent_card *c, const struct agent_job *j)
{
	return c->approval && j->of_approval && j->of_approval == c->view.approval;
}
