/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/card_int.h"
#include "agent/gate.h"
#include "agent/lease.h"
#include "base/clock.h"
#include "base/log.h"

/* ---- the approval ---- */

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
	agent_approval_end(&c->approval, c->hsm, why);
	log_line(LOG_AGENT, LOG_INFO, "card %s: the approval is over: %s", c->view.device_id, why);
	agent_view_end(&c->view, c->hsm ? AGENT_CLOSED : AGENT_EMPTY, by_limits, why);
	agent_view_noting(&c->view, AGENT_NOTE_CLOSED);
}

/* The card does not answer any more, or is not the one that it was. */
static bool is_gone(enum err e)
{
	return e == ERR_REMOVED || e == ERR_NO_CARD || e == ERR_NO_READER || e == ERR_NO_SERVICE;
}

/* What an error of an exchange says about the card and the login. */
void agent_card_heed(struct agent_card *c, enum err e)
{
	struct hsm_card *gone = c->hsm;

	if (!is_gone(e) && e != ERR_TRANSPORT && e != ERR_RESET)
		return;
	c->hsm = NULL;
	agent_card_end_approval(c, false, "%s", e == ERR_RESET ? "another program reset the card" :
							    "the card was removed");
	hsm_card_free(&gone, true);
	agent_view_card(&c->view, RD_NONE, 0);
}

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

/* The status queries that clients are answered from. */
enum err agent_card_learn(struct agent_card *c, enum agent_note n)
{
	struct deadline dl = deadline_in(CARD_CLOSE_MS);
	struct hsm_version v = { .options = 0 };
	struct hsm_status s;
	enum err e;

	agent_view_noting(&c->view, n);
	e = n == AGENT_NOTE_CLOSED ? hsm_card_select(c->hsm, &v, &dl) : ERR_OK;
	if (!e)
		e = hsm_card_status(c->hsm, &v, &s, &dl);
	/* An open one says less of it, and its options are told at SELECT. */
	if (!e && n == AGENT_NOTE_CLOSED)
		c->mode = s.mode;
	return e;
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
		.by = j->by, .pin = j->pin, .limits = j->limits, .progress = on_progress, .ctx = c,
	};
	struct agent_facts facts;
	enum err e, again;

	dl.cancel_fd = c->cancel_fd;
	agent_view_state(&c->view, AGENT_ASKING);
	agent_view_noting(&c->view, AGENT_NOTE_NOTHING);
	e = agent_approval_begin(c->rules, c->hsm, &c->keys, &a, &c->approval, why, cap, &dl);
	if (e == ERR_TIMEOUT && !deadline_left_ms(&dl))
		e = ERR_EXPIRED;
	note_cool(c, e);
	/* The tries that are left may be others now, and a failed login leaves the card closed. */
	again = is_gone(e) ? e : agent_card_learn(c, e ? AGENT_NOTE_CLOSED : AGENT_NOTE_OPEN);
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

static void run_login(struct agent_card *c, struct agent_job *j)
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

/* ---- commands ---- */

bool agent_card_is_in(const struct agent_card *c, const struct agent_job *j)
{
	return c->approval && j->of_approval && j->of_approval == c->view.approval;
}

static void put_sw(struct agent_job *j, uint16_t sw)
{
	wr_u16(&j->out, sw);
}

/* As the card would say it; but whose approval is used up is told so. */
static enum err not_in(struct agent_card *c, struct agent_job *j)
{
	if (j->of_approval && j->of_approval == c->view.ended && c->view.ended_by_limits) {
		(void)snprintf(j->why, sizeof(j->why), "%s", c->view.ended_why);
		return ERR_ALLOWANCE;
	}
	put_sw(j, 0x6982);
	return ERR_OK;
}

static enum err plain(struct agent_card *c, const struct hsm_cmd *row, struct agent_job *j)
{
	struct deadline dl = deadline_in(hsm_time_ms(row->time));

	return apdu_link_transmit(hsm_card_link(c->hsm), wr_view(&j->in), row->show, &j->out, &dl);
}

/* Whatever was changed, what was known of the card is read anew; at INITIALIZE the login went, too. */
static enum err changed(struct agent_card *c, const struct hsm_cmd *row)
{
	struct deadline dl = deadline_in(hsm_time_ms(T_KEYOP));
	enum err e = ERR_OK;

	agent_view_changed(&c->view);
	if (row->op == HSM_INITIALIZE)
		agent_card_end_approval(c, false, "the card was initialised");
	if (!c->approval)
		e = agent_card_learn(c, AGENT_NOTE_CLOSED);
	return e ? e : agent_keys_read(&c->keys, c->hsm, &dl);
}

/*
 * Who joins an approval shows the PIN of the card; a wrong one in CHANGE REFERENCE DATA has closed it, and one that the
 * SO-PIN sets is nobody's who is in (reference 3.2, 3.3).
 */
static void heed_pin(struct agent_card *c, const struct hsm_cmd *row, const struct apdu *a, uint16_t sw)
{
	if (!c->approval || a->p2 != HSM_REF_USER)
		return;
	if (row->op == HSM_RESET_RETRY && sw == APDU_SW_OK)
		agent_card_end_approval(c, false, "the PIN was set anew by the SO-PIN");
	if (row->op != HSM_CHANGE_PIN)
		return;
	if (sw >> 8 == 0x63 || sw == 0x6983)
		agent_card_end_approval(c, false, "a change of the PIN began with a wrong one");
	if (sw == APDU_SW_OK && agent_approval_new_pin(c->approval, a->data))
		agent_card_end_approval(c, false, "the PIN was changed");
}

enum err agent_card_use(struct agent_card *c, const struct apdu *a, struct rd cmd, struct agent_job *j)
{
	uint32_t digests;
	uint64_t uses;
	enum err e;

	if (!agent_card_is_in(c, j))
		return not_in(c, j);
	e = agent_approval_use(c->approval, c->hsm, a, cmd, &j->by, &j->out, j->why, sizeof(j->why));
	if (e == ERR_ALLOWANCE) {
		/* Who is refused tells his person: under "quorum11 run" a warning of ours would be the second. */
		log_line(LOG_AGENT, LOG_INFO, "card %s: refused to uid %u, %s (process %u): %s", c->view.device_id,
			 j->by.uid, j->by.program, j->by.pid, j->why);
		if (clock_boot_ms() >= agent_approval_ends_ms(c->approval))
			agent_card_end_approval(c, true, "the approval's time is over");
	} else if (e && !is_gone(e)) {
		agent_card_end_approval(c, false, "%s", *j->why ? j->why : err_text(e));
	}
	if (c->approval) {
		agent_approval_used(c->approval, &digests, &uses);
		agent_view_used(&c->view, digests, uses);
	}
	return e == ERR_AUTH ? not_in(c, j) : e;
}

static enum err exchange(struct agent_card *c, struct agent_job *j)
{
	const struct hsm_cmd *row;
	enum agent_class class;
	bool needs_login;
	struct rd data;
	struct apdu a;
	uint16_t sw = 0;
	enum err e;

	e = apdu_decode(wr_view(&j->in), &a);
	if (e)
		return e;
	class = agent_gate(&a, &c->rules->conf->agent.admit, &row, &needs_login, j->why, sizeof(j->why));
	switch (class) {
	case AGENT_NEVER:
		return ERR_REFUSED;
	case AGENT_NO_LEAVE:
		return ERR_READ_ONLY;
	case AGENT_VIEW:
		/* The view knows all that can be known of it. */
		put_sw(j, 0x6A88);
		return ERR_OK;
	case AGENT_USE:
		e = agent_card_use(c, &a, wr_view(&j->in), j);
		j->used_key = !e;
		return e;
	case AGENT_USE_NEW:
		e = agent_card_use(c, &a, wr_view(&j->in), j);
		break;
	case AGENT_USER:
	case AGENT_CHANGE:
		if (needs_login && !agent_card_is_in(c, j))
			return not_in(c, j);
		e = plain(c, row, j);
		break;
	case AGENT_PUBLIC:
	case AGENT_ANYONE:
		e = plain(c, row, j);
		break;
	}
	if (e || (class != AGENT_CHANGE && class != AGENT_USE_NEW) || apdu_answer(wr_view(&j->out), &data, &sw))
		return e;
	heed_pin(c, row, &a, sw);
	return sw == APDU_SW_OK ? changed(c, row) : ERR_OK;
}

void agent_card_run(struct agent_card *c, struct agent_job *j)
{
	enum err e;

	if (j->kind == AGENT_JOB_LEASE) {
		agent_lease_take(c, j);
		return;
	}
	/* Also where who asked for it is gone: he wanted nothing else. What is not in force is over. */
	if (j->kind == AGENT_JOB_END) {
		agent_card_end_approval(c, false, "%s", j->why);
		c->ending--;
		agent_card_done(c, j, ERR_OK, NULL);
		return;
	}
	if (j->abandoned) {
		agent_card_done(c, j, ERR_CANCELLED, NULL);
		return;
	}
	if (!c->hsm || j->of_card != c->view.card) {
		agent_card_done(c, j, ERR_REMOVED, "the card was removed");
		return;
	}
	switch (j->kind) {
	case AGENT_JOB_LOGIN:
		run_login(c, j);
		return;
	case AGENT_JOB_EXCHANGE:
		e = exchange(c, j);
		agent_card_heed(c, e);
		agent_card_done(c, j, e, NULL);
		return;
	case AGENT_JOB_END:
	case AGENT_JOB_LEASE:
	case AGENT_JOB_PROGRESS:
	case AGENT_JOB_READER:
		break;
	}
	agent_card_done(c, j, ERR_BUG, NULL);
}

