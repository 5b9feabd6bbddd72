/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/login/login.h"

#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "pkcs11/ck/rv.h"
#include "pkcs11/login/agent.h"
#include "pkcs11/login/people.h"
#include "pkcs11/login/pin.h"
#include "pkcs11/login/so.h"
#include "pkcs11/module/call.h"
#include "pkcs11/module/ceremony.h"
#include "pkcs11/module/program.h"

void p11_login_session_closed(struct p11_token *t, const struct p11_session *s)
{
	if (t->ceremony && (!s || t->ceremony->owner == s || !atomic_load(&t->sessions))) {
		p11_ceremony_cancel(t);
		(void)p11_ceremony_wait(t);
	}
	p11_objects_end_session(&t->objects, s ? s->handle : 0);
	if (!atomic_load(&t->sessions) && !t->ceremony)
		p11_token_close(t);
}

CK_RV p11_logout(struct p11_call *c)
{
	p11_ceremony_wait_pin(c->token);
	if (c->token->ceremony) {
		p11_ceremony_cancel(c->token);
		(void)p11_ceremony_wait(c->token);
		return CKR_OK;
	}
	if (c->token->login != P11_OPEN && !c->token->so_pin)
		return CKR_USER_NOT_LOGGED_IN;
	p11_token_close(c->token);
	return CKR_OK;
}

/* ---- by PIN ---- */

static enum err login_by_pin(struct p11_token *t, const struct secret *pin)
{
	struct deadline dl = deadline_never();
	struct hsm_version v;
	enum err e = p11_token_begin(t);

	if (e)
		return p11_login_cannot(t, e);
	e = p11_pin_verify(t, pin, &dl);
	/*
	 * Whatever was open on the card, a failed login leaves it closed. A PIN of a wrong length was not sent, and
	 * changes nothing.
	 */
	if (e && e != ERR_PIN_LENGTH && hsm_card_select(t->card, &v, &dl))
		log_line(LOG_P11, LOG_WARN, "card %s could not be closed after a failed login", t->device_id);
	e = p11_token_end(t, e);
	if (!e)
		p11_token_opened(t);
	return e;
}

/* As by PIN, but a person types it on the reader, and the token is pending meanwhile. */
static enum err login_by_pad(struct p11_call *c)
{
	struct deadline dl = deadline_never();
	struct p11_token *t = c->token;
	struct hsm_version v;
	/* What people look at while we wait comes from memory. */
	enum err e = p11_login_cannot(t, p11_token_load(t));

	if (!e)
		e = p11_login_cannot(t, p11_token_begin(t));
	if (e)
		return e;
	e = p11_call_ceremony(c, true);
	if (!e) {
		e = p11_pin_verify_on_pad(t, &dl);
		t->login = P11_CLOSED;
		if (!e && t->ceremony->cancelled)
			e = ERR_CANCELLED;
	}
	if (e && e != ERR_PIN_LENGTH && hsm_card_select(t->card, &v, &dl))
		log_line(LOG_P11, LOG_WARN, "card %s could not be closed after a failed login", t->device_id);
	e = p11_token_end(t, e);
	if (!e)
		p11_token_opened(t);
	if (t->ceremony)
		p11_ceremony_end(t, p11_rv(e));
	return e;
}

/* ---- C_Login ---- */

/*
 * A login in our books can be gone on the card: another program may have selected the applet. Then it is said, and a
 * new one may begin.
 */
static bool is_still_open(struct p11_token *t)
{
	struct deadline dl = deadline_never();
	struct hsm_version v = t->status.version;
	enum err e = p11_token_begin_user(t);

	if (e)
		return false;
	e = p11_token_read_status(t, &v, &dl);
	if (!e && !t->status.open)
		e = ERR_AUTH;
	return !p11_token_end(t, e);
}

/*
 * A card that was open when we first saw it was not selected, and its options, which its mode depends on, are not
 * known. Now it is closed to learn them, unless it may be used as it is.
 */
static enum err learn_options(struct p11_token *t)
{
	struct deadline dl = deadline_never();
	struct hsm_version v = t->status.version;
	enum err e;

	if (t->options_known || !t->status.has_pka)
		return ERR_OK;
	e = p11_token_begin(t);
	if (e)
		return e;
	e = p11_token_read_status(t, &v, &dl);
	if (!e && t->status.open && t->conf->login.reuse)
		return p11_token_end(t, ERR_OK);
	if (!e && t->status.open)
		log_line(LOG_P11, LOG_WARN, P11_FOUND_OPEN, t->device_id);
	e = hsm_card_select(t->card, &v, &dl);
	if (!e)
		e = p11_token_read_status(t, &v, &dl);
	t->options_known = !e;
	return p11_token_end(t, e);
}

/*
 * A card that an agent holds is opened by the agent. people: they are asked, unless it is open there already.
 */
static CK_RV open_card(struct p11_call *c, const struct secret *pin, bool people)
{
	struct p11_token *t = c->token;
	char program[64];
	enum err e = ERR_OK;

	if (t->conf->agent.socket)
		e = p11_login_cannot(t, p11_token_connect(t));
	if (!e && !p11_token_is_by_agent(t))
		return p11_rv(people ? p11_login_people(c, pin) : pin ? login_by_pin(t, pin) : login_by_pad(c));
	if (!e && people)
		e = p11_login_may_ask(t, p11_program_name(program, sizeof(program)));
	return p11_rv(e ? e : p11_login_agent(c, pin));
}

static CK_RV needs_pin(const struct p11_token *t)
{
	log_tell("card %s in reader %s opens only with its PIN, and none was given", t->device_id, t->reader);
	return CKR_ARGUMENTS_BAD;
}

/*
 * A transport PIN is never sent, typed on a reader or followed by questions to people. Somebody may have changed it
 * since we looked.
 */
static enum err check_transport(struct p11_token *t, bool has_pin)
{
	struct deadline dl = deadline_never();
	struct hsm_version v = t->status.version;
	enum err e;

	if (!t->status.pin_transport || (!has_pin && !hsm_mode_needs_pin(t->status.mode)))
		return ERR_OK;
	e = p11_token_begin(t);
	if (!e)
		e = p11_token_end(t, p11_token_read_status(t, &v, &dl));
	if (e)
		return p11_login_cannot(t, e);
	if (!t->status.pin_transport)
		return ERR_OK;
	log_tell("card %s in reader %s: its PIN is a transport PIN, which opens nothing until it is changed: "
		 "quorum11 pin change", t->device_id, t->reader);
	return ERR_PIN_TRANSPORT;
}

static CK_RV login(struct p11_call *c, const struct secret *pin)
{
	struct p11_token *t = c->token;
	enum err e = p11_login_cannot(t, learn_options(t));

	if (!e)
		e = check_transport(t, pin);
	if (e)
		return p11_rv(e);
	/*
	 * In PKCS#11 a PIN is text (CK_UTF8CHAR). A program whose question nobody could see may give what lies in its
	 * memory, and a card has three tries.
	 */
	if (pin && t->status.mode != HSM_MODE_PKA && !text_is_typed(secret_view(pin))) {
		log_tell("reader %s: no login: the PIN that this program gives is no text; it was not sent to the card",
			 t->reader);
		return CKR_PIN_INCORRECT;
	}
	switch (t->status.mode) {
	case HSM_MODE_UNSET:
		log_tell("card %s in reader %s is not initialised, or its custodians' keys are not all registered: "
			 "quorum11 status shows which; quorum11 init, quorum11 register", t->device_id, t->reader);
		return CKR_USER_PIN_NOT_INITIALIZED;
	case HSM_MODE_PIN:
		return pin || t->has_pad ? open_card(c, pin, false) : needs_pin(t);
	case HSM_MODE_PKA:
		if (pin)
			log_line(LOG_P11, LOG_WARN, "card %s opens with approvals; the PIN that was given is ignored",
				 t->device_id);
		return open_card(c, NULL, true);
	case HSM_MODE_PKA_OR_PIN:
		return open_card(c, pin, !pin);
	case HSM_MODE_PKA_AND_PIN:
		return pin ? open_card(c, pin, true) : needs_pin(t);
	}
	return CKR_GENERAL_ERROR;
}

/* The user's login is under way, and its end is no answer to the security officer. */
static CK_RV join(struct p11_token *t, CK_USER_TYPE user)
{
	if (user == CKU_SO)
		return CKR_USER_ANOTHER_ALREADY_LOGGED_IN;
	log_line(LOG_P11, LOG_INFO, "card %s: this login joins the one that is waiting", t->device_id);
	return p11_ceremony_wait(t);
}

CK_RV p11_login(struct p11_call *c, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG n)
{
	struct p11_token *t = c->token;
	struct secret *secret = NULL;
	enum err e = ERR_OK;
	CK_RV rv;

	if (user == CKU_CONTEXT_SPECIFIC)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (user != CKU_USER && user != CKU_SO)
		return CKR_USER_TYPE_INVALID;
	if (n > PIN_MAX && pin) {
		log_tell("reader %s: no login: a PIN has at most %d bytes; it was not sent to the card", t->reader,
			 PIN_MAX);
		return CKR_PIN_INCORRECT;
	}
	p11_ceremony_wait_pin(t);
	if (t->ceremony)
		return join(t, user);
	e = p11_token_look(t);
	if (!e && t->login == P11_OPEN && is_still_open(t))
		return user == CKU_SO ? CKR_USER_ANOTHER_ALREADY_LOGGED_IN : CKR_USER_ALREADY_LOGGED_IN;
	/* Both may have found that the card this session was opened on is gone. */
	if (!p11_session_is_alive(c->session))
		e = ERR_REMOVED;
	if (e)
		return p11_rv(p11_login_cannot(t, e));

	if (user == CKU_USER && t->so_pin)
		return CKR_USER_ANOTHER_ALREADY_LOGGED_IN;

	/* A pointer to nothing is no PIN: some callers have no NULL. */
	if (pin && n)
		e = secret_new(rd_of(pin, n), &secret);
	rv = e ? p11_rv(p11_login_cannot(t, e)) : user == CKU_SO ? p11_so_login(c, secret) : login(c, secret);
	secret_free(&secret);
	/* The one of a wrong length is for a PIN that is set (PKCS#11 2.40 5.1.6). */
	return rv == CKR_PIN_LEN_RANGE ? CKR_PIN_INCORRECT : rv;
}
