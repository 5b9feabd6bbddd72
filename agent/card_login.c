/* SPDX-License-Identifier: Apache-2.0 */
/* Logins at a card: who is asked, and who has the same answer. */
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/card_int.h"
#include "base/clock.h"
#include "base/log.h"

static void on_progress(void *ctx, const char *text)
{
	struct agent_card *c = ctx;
	struct agent_job *j;

	log_line(LOG_AGENT, LOG_INFO, "card %s: %s", c->view.device_id, text);
	agent_view_progress(&c->view, text);
	if (!agent_job_new(AGENT_JOB_PROGRESS, NULL, &j))
		agent_card_done(c, j, ERR_OK, text);
}

/* A card may open by its PIN alone, whatever people have said. */
static bool asks_people(const struct agent_card *c, const struct agent_job *j)
{
	return hsm_mode_needs_pka(c->mode) && !(c->mode == HSM_MODE_PKA_OR_PIN && j->pin);
}

static enum err check_cool(struct agent_card *c, char *why, size_t cap)
{
	uint64_t now = clock_boot_ms();

	if (now >= c->cool_until_ms)
		return ERR_OK;
	(void)snprintf(why, cap, "card %s: the last request was %s; nobody is asked again for %u seconds (cooldown in "
		       "section [login]); talk to the custodians, then log in again", c->view.device_id,
		       c->cool == ERR_DENIED ? "denied" : "not approved in time",
		       (unsigned)((c->cool_until_ms - now + 999) / 1000));
	return c->cool;
}

static void note_cool(struct agent_card *c, enum err e)
{
	if (e != ERR_DENIED && e != ERR_EXPIRED)
		return;
	c->cool = e;
	c->cool_until_ms = clock_boot_ms() + (uint64_t)c->rules->conf->login.cooldown * 1000;
}

static void clear_cancel(const struct agent_card *c)
{
	uint64_t n;

	if (read(c->cancel_fd, &n, sizeof(n)) < 0)
		n = 0;
}

static enum err ask(struct agent_card *c, struct agent_job *j, char *why, size_t cap)
{
	struct deadline dl = deadline_in((uint64_t)c->rules->conf->login.timeout * 1000);
	struct agent_ask a = {
		.rules = c->rules, .by = j->by, .pin = j->pin, .limits = j->limits, .progress = on_progress, .ctx = c,
	};
	struct agent_facts facts;
	enum err e, again;

	dl.cancel_fd = c->cancel_fd;
	agent_view_state(&c->view, AGENT_ASKING);
	agent_view_noting(&c->view, AGENT_NOTE_NOTHING);
	e = agent_approval_begin(&c->held, &a, &c->approval, why, cap, &dl);
	if (e == ERR_TIMEOUT && !deadline_left_ms(&dl))
		e = ERR_EXPIRED;
	note_cool(c, e);
	/* The tries that are left may be others now, and a failed login leaves the card closed. */
	again = agent_card_is_gone(e) ? e : agent_card_learn(c, e ? AGENT_NOTE_CLOSED : AGENT_NOTE_OPEN);
	agent_view_noting(&c->view, e ? AGENT_NOTE_CLOSED : AGENT_NOTE_OPEN);
	if (!e)
		e = again;
	if (!e) {
		agent_approval_facts(c->approval, &facts);
		agent_view_open(&c->view, &facts);
	} else {
		agent_view_state(&c->view, AGENT_CLOSED);
	}
	if (e && c->approval)
		agent_card_end_approval(c, false, "the card did not answer");
	agent_card_heed(c, e);
	return e;
}

/* Two logins that ask for the same: people, or with the same PIN. */
static bool is_same_login(const struct agent_job *a, const struct agent_job *b)
{
	if (a->kind != b->kind || !a->pin != !b->pin)
		return false;
	return !a->pin || rd_eq_secret(secret_view(a->pin), secret_view(b->pin));
}

/* Did all its clients give the login up? Not if a person cancelled it, on a PIN pad or at the server. */
static bool is_given_up(const struct agent_card *c, enum err e)
{
	struct pollfd p = { .fd = c->cancel_fd, .events = POLLIN };

	return e == ERR_CANCELLED && !c->ending && poll(&p, 1, 0) > 0;
}

/* Who waited for the same has the same answer. */
static void fail_others(struct agent_card *c, const struct agent_job *as, enum err e, const char *why)
{
	struct agent_job *j;

	while ((j = agent_queue_take_like(&c->jobs, as, is_same_login)))
		agent_card_done(c, j, e, why);
}

/* Nobody is to be asked for it, and why. */
static const char *is_pointless(const struct agent_card *c, const struct agent_job *j)
{
	return agent_card_is_stopping(c) ? "the agent ends" : c->ending ? "ended by quorum11 agent end" :
	       j->abandoned ? "given up" : NULL;
}

void agent_card_login(struct agent_card *c, struct agent_job *j)
{
	char why[AGENT_PROGRESS_MAX] = "";
	const char *pointless;
	enum err e;

	/* Whoever gives it up, or ends it, does that before he raises the event, or it is seen by login_run. */
	clear_cancel(c);
	pointless = is_pointless(c, j);
	if (pointless) {
		agent_card_done(c, j, ERR_CANCELLED, pointless);
		return;
	}
	/* A card that opens by people alone has no use for it, and who joins need not know it. */
	if (c->mode == HSM_MODE_PKA)
		secret_free(&j->pin);
	if (c->approval) {
		e = agent_approval_join(c->approval, &j->by, j->pin, why, sizeof(why));
		if (agent_approval_is_attacked(c->approval))
			agent_card_end_approval(c, false, "wrong PINs were tried on the opened card");
	} else {
		e = asks_people(c, j) ? check_cool(c, why, sizeof(why)) : ERR_OK;
		if (!e)
			e = ask(c, j, why, sizeof(why));
		/* Those who came when nobody waited for it any more ask anew. */
		if (e && !is_given_up(c, e))
			fail_others(c, j, e, why);
	}
	if (!e)
		j->of_approval = c->view.approval;
	log_line(LOG_AGENT, LOG_INFO, "card %s: login of uid %u, %s (process %u): %s", c->view.device_id, j->by.uid,
		 j->by.program, j->by.pid, e ? err_text(e) : "in");
	agent_card_done(c, j, e, why);
}
