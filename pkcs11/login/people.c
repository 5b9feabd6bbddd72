/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/login/people.h"

#include "apdu/others.h"
#include "base/log.h"
#include "login/login.h"
#include "pkcs11/ck/rv.h"
#include "pkcs11/login/cooldown.h"
#include "pkcs11/login/pin.h"
#include "pkcs11/module/call.h"
#include "pkcs11/module/ceremony.h"
#include "pkcs11/module/program.h"
#include "pkcs11/module/readers.h"

enum err p11_login_cannot(const struct p11_token *t, enum err e)
{
	if (e && t->known)
		log_tell("card %s in reader %s: no login: %s", t->device_id, t->reader, err_text(e));
	else if (e)
		log_tell("reader %s: no login: %s", t->reader, err_text(e));
	return e;
}

enum err p11_login_may_ask(const struct p11_token *t, const char *program)
{
	if (p11_program_may(t->conf, program))
		return ERR_OK;
	log_tell("card %s: %s may not ask for approvals here: it is not among programs in section [login] of %s",
		 t->device_id, program, CONF_FILE);
	return ERR_POLICY;
}

/* What can be said before anybody is asked. */
static enum err may_ask(const struct p11_token *t, const char *program)
{
	const struct conf *conf = t->conf;
	unsigned seconds;
	enum err e;

	if (!conf->login.url) {
		log_tell("card %s in reader %s opens only with approvals, but no management server is configured: "
			 "set url in section [login] of %s, or QUORUM11_URL", t->device_id, t->reader, CONF_FILE);
		return ERR_CONFIG;
	}
	e = p11_login_may_ask(t, program);
	if (e)
		return e;
	e = p11_cooldown_check(t->device_id, &seconds);
	if (e)
		log_tell("card %s, server %s: the last request was %s; nobody is asked again for %u seconds (cooldown "
			 "in section [login]); talk to the custodians, then log in again", t->device_id,
			 conf->login.url, e == ERR_DENIED ? "denied" : "not approved in time", seconds);
	return e;
}

/* Let go of the shared connection and hold the card alone, from before the first SELECT. */
static enum err hold(struct p11_token *t)
{
	struct apdu_link *link = NULL;
	char who[APDU_OTHERS_MAX];
	enum err e;

	p11_token_close(t);
	e = p11_readers_hold(t->conf, t->reader, &link);
	if (!e)
		e = hsm_card_new(link, &t->card);
	if (!e)
		t->by_ceremony = true;
	else if (e == ERR_SHARING)
		log_tell("card %s in reader %s: another program is connected to it, close that first; %s", t->device_id,
			 t->reader, apdu_others(who, sizeof(who)));
	else
		log_tell("card %s in reader %s: %s", t->device_id, t->reader, err_text(e));
	return e;
}

/*
 * Close a card that somebody else opened, unless it may be reused (*open); learn its state anew; give it the PIN if it
 * needs one besides, so that a wrong one fails before anybody is asked.
 */
static enum err prepare(struct p11_token *t, const struct secret *pin, bool *open, struct deadline *dl)
{
	struct hsm_version v = t->status.version;
	enum err e = p11_token_read_status(t, &v, dl);

	*open = !e && t->status.open && t->conf->login.reuse;
	if (*open)
		return ERR_OK;
	if (!e && t->status.open)
		log_line(LOG_P11, LOG_WARN, P11_FOUND_OPEN, t->device_id);
	/* A failure above means nothing: before the first SELECT after power-on there is no applet to answer. */
	e = hsm_card_select(t->card, &v, dl);
	if (!e)
		e = p11_token_check_identity(t, dl);
	if (!e)
		e = p11_token_read_status(t, &v, dl);
	if (e)
		log_tell("card %s in reader %s: it could not be asked for its state: %s", t->device_id, t->reader,
			 err_text(e));
	return e || !pin ? e : p11_pin_verify(t, pin, dl);
}

/* The part without the lock: nobody else touches the card of a pending token. */
static enum err ask_people(struct p11_token *t, const char *program, bool and_pin)
{
	struct deadline dl = deadline_in((uint64_t)t->conf->login.timeout * 1000);
	struct login_result result = { .e = ERR_BUG };
	struct login_params p = {
		.conf = t->conf,
		.program = program,
		.device_id = rd_str(t->device_id),
		.status = t->status,
		.expect_closed_after = and_pin,
		.progress = p11_ceremony_progress,
		.ctx = t,
	};
	struct hsm_card *card = t->card;
	enum err e;

	dl.cancel_fd = t->ceremony->cancel_fd;
	lock_give(&t->lock);
	e = login_run(card, &p, &result, &dl);
	if (e)
		log_tell("%s", result.why[0] ? result.why : err_text(e));
	lock_take(&t->lock);
	return p11_ceremony_error(e, &dl);
}

/*
 * After the approvals: the PIN again, which the ceremony's SELECT wiped; then the card itself says whether it is open.
 */
static enum err confirm(struct p11_token *t, const struct secret *pin)
{
	struct deadline dl = deadline_never();
	struct hsm_version v = t->status.version;
	enum err e = p11_login_cannot(t, apdu_link_begin(hsm_card_link(t->card), &dl));

	if (e)
		return e;
	if (pin)
		e = p11_pin_verify(t, pin, &dl);
	if (!e)
		e = p11_login_cannot(t, p11_token_read_status(t, &v, &dl));
	if (!e && !t->status.open) {
		log_tell("card %s in reader %s: approved, but the card says that it is not open; log in again",
			 t->device_id, t->reader);
		e = ERR_REFUSED;
	}
	apdu_link_end(hsm_card_link(t->card));
	return e;
}

/* State is pessimistic: closed until everything was good. */
static enum err run_ceremony(struct p11_call *c, const char *program, const struct secret *pin)
{
	struct p11_token *t = c->token;
	enum err e = p11_login_cannot(t, p11_call_ceremony(c, true));

	if (e)
		return e;
	e = ask_people(t, program, pin != NULL);
	t->login = P11_CLOSED;
	if (!e && t->ceremony->cancelled)
		e = ERR_CANCELLED;
	if (!e)
		e = confirm(t, pin);
	if (!e) {
		p11_token_opened(t);
		t->awake = true;
	}
	p11_cooldown_note(t->device_id, e, t->conf->login.cooldown);
	if (e == ERR_REMOVED)
		p11_token_drop(t);
	else if (e)
		p11_token_close(t);
	p11_ceremony_end(t, p11_rv(e));
	return e;
}

enum err p11_login_people(struct p11_call *c, const struct secret *pin)
{
	struct deadline dl = deadline_never();
	struct p11_token *t = c->token;
	bool open = false;
	char program[64];
	enum err e;

	e = may_ask(t, p11_program_name(program, sizeof(program)));
	if (e)
		return e;
	/* What people look at while we wait comes from memory. */
	e = p11_login_cannot(t, p11_token_load(t));
	if (!e)
		e = hold(t);
	if (e)
		return e;
	e = p11_login_cannot(t, apdu_link_begin(hsm_card_link(t->card), &dl));
	if (!e) {
		e = prepare(t, pin, &open, &dl);
		apdu_link_end(hsm_card_link(t->card));
	}
	if (e) {
		p11_token_close(t);
		if (e == ERR_REMOVED || e == ERR_NO_CARD)
			p11_token_drop(t);
		return e;
	}
	if (open) {
		log_line(LOG_P11, LOG_WARN, "card %s was found open and is used as it is", t->device_id);
		p11_token_opened(t);
		t->awake = true;
		return ERR_OK;
	}
	return run_ceremony(c, program, pin);
}
