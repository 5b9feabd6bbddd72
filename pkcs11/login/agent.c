/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/login/agent.h"

#include "apdu/agent_link.h"
#include "base/log.h"
#include "pkcs11/ck/rv.h"
#include "pkcs11/module/call.h"
#include "pkcs11/module/ceremony.h"

/* The agent's own end of a login comes first, with its reason: its time is the same, and began a moment later. */
#define GRACE_MS 5000

static enum err cannot(const struct p11_token *t, enum err e)
{
	if (e)
		log_tell("reader %s, by its agent: no login: %s", t->reader, err_text(e));
	return e;
}

/* Before anybody is asked: is it the card that we know? Another one may have come with another agent. */
static enum err check_card(struct p11_token *t)
{
	struct deadline dl = deadline_never();
	enum err e = p11_token_begin(t);

	return e ? e : p11_token_end(t, p11_token_check_identity(t, &dl));
}

/* The part without the lock: nobody else touches the link of a pending token. */
static enum err ask_agent(struct p11_token *t, const struct secret *pin)
{
	struct deadline dl = deadline_in((uint64_t)t->conf->login.timeout * 1000 + GRACE_MS);
	struct apdu_link *link = hsm_card_link(t->card);
	char why[AGENT_TEXT_MAX];
	enum err e;

	dl.cancel_fd = t->ceremony->cancel_fd;
	lock_give(&t->lock);
	e = agent_login(link, &(struct agent_login_params){ .pin = pin, .progress = p11_ceremony_progress, .ctx = t },
			why, sizeof(why), &dl);
	if (e)
		log_tell("reader %s, by its agent: no login: %s", t->reader, why);
	lock_take(&t->lock);
	return p11_ceremony_error(e, &dl);
}

/* The card itself says whether it is open, to us. */
static enum err confirm(struct p11_token *t)
{
	struct deadline dl = deadline_never();
	struct hsm_version v = t->status.version;
	enum err e = cannot(t, p11_token_read_status(t, &v, &dl));

	if (!e && !t->status.open) {
		log_tell("card %s in reader %s: approved, but its agent says that it is not open; log in again",
			 t->device_id, t->reader);
		e = ERR_REFUSED;
	}
	return e;
}

/* After a wrong PIN the token's flags tell of the tries that are left. */
static void learn_tries(struct p11_token *t)
{
	struct deadline dl = deadline_never();
	struct hsm_version v = t->status.version;

	if (p11_token_read_status(t, &v, &dl))
		log_line(LOG_P11, LOG_INFO, "card %s: the tries that are left are not known", t->device_id);
}

/* A connection whose login failed is not used again: the agent forgets everything about it. */
static void leave(struct p11_token *t, enum err e)
{
	if (e == ERR_REMOVED || e == ERR_NO_CARD || e == ERR_NO_READER) {
		p11_token_drop(t);
		return;
	}
	if (e == ERR_PIN_WRONG || e == ERR_PIN_BLOCKED)
		learn_tries(t);
	hsm_card_free(&t->card, false);
	t->awake = false;
}

enum err p11_login_agent(struct p11_call *c, const struct secret *pin)
{
	struct p11_token *t = c->token;
	/* What people look at while we wait comes from memory. */
	enum err e = cannot(t, p11_token_load(t));

	if (!e)
		e = cannot(t, check_card(t));
	if (!e)
		e = cannot(t, p11_call_ceremony(c, true));
	if (e)
		return e;
	e = ask_agent(t, pin);
	t->login = P11_CLOSED;
	if (!e && t->ceremony->cancelled)
		e = cannot(t, ERR_CANCELLED);
	if (!e)
		e = confirm(t);
	if (e)
		leave(t, e);
	else
		p11_token_opened(t);
	p11_ceremony_end(t, p11_rv(e));
	return e;
}
