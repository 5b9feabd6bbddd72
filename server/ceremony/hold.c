/* SPDX-License-Identifier: Apache-2.0 */
/* Cards that clients of other makers hold connected: idle, asked for, open, closed again. */
#include "server/ceremony/ceremony_int.h"

#include <stdio.h>

static void tell(const struct srv_ceremony *c, const char *result, const char *why)
{
	struct srv_event ev;

	srv_ceremony_event(c, "hold", &ev);
	srv_event_word(&ev, "from", c->from);
	srv_event_word(&ev, "result", result);
	srv_event_text(&ev, "why", why);
	srv_event_emit(c->env->events, &ev);
}

void srv_hold_opened(struct srv_ceremony *c, const struct pka_facts *f, uint64_t now_ms)
{
	if (c->hold != SRV_HOLD_ASKED || f->state != PKA_OPEN)
		return;
	c->hold = SRV_HOLD_OPEN;
	c->hold_until_ms = now_ms + c->env->hold_ms;
	c->told.is_told = false;
	tell(c, "open", "");
}

bool srv_hold_close(struct srv_ceremony *c, const char *why)
{
	if (c->hold != SRV_HOLD_OPEN)
		return false;
	c->hold = SRV_HOLD_CLOSE;
	(void)snprintf(c->hold_why, sizeof(c->hold_why), "%s", why);
	tell(c, "closing", why);
	return true;
}

void srv_hold_lost(struct srv_ceremony *c, const char *why)
{
	if (c->hold == SRV_HOLD_OPEN || c->hold == SRV_HOLD_CLOSE)
		tell(c, "closed", why);
	if (c->hold >= SRV_HOLD_OPEN)
		c->hold = SRV_HOLD_CLOSED;
}

/* Such a client ends at a notification of 0, so that it is open is told as progress. */
static enum err reply_open(struct srv_ceremony *c, uint64_t now_ms)
{
	const struct srv_note n = { .id = 1, .text = "open" };
	bool is_told = c->told.is_told;

	if (is_told && now_ms < c->session.until_ms)
		return ERR_TIMEOUT;
	c->told.is_told = true;
	return srv_session_send(&c->session, NULL, is_told ? NULL : &n, now_ms, &c->held->reply.body);
}

enum err srv_hold_reply(struct srv_ceremony *c, uint64_t now_ms)
{
	const struct srv_note n = { .id = 0, .text = c->hold_why };

	if (c->hold == SRV_HOLD_OPEN)
		return reply_open(c, now_ms);
	if (c->hold == SRV_HOLD_CLOSED)
		return srv_session_last(&c->session, &n, now_ms, &c->held->reply.body);
	tell(c, "closed", c->hold_why);
	c->hold = SRV_HOLD_CLOSED;
	return srv_session_reset(&c->session, now_ms, &c->held->reply.body);
}
