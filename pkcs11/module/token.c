/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "apdu/agent_link.h"
#include "base/log.h"
#include "pkcs11/module/readers.h"
#include "pkcs11/module/token_int.h"

void p11_token_init(struct p11_token *t, const struct conf *conf, const char *reader)
{
	t->conf = conf;
	lock_init(&t->lock);
	cond_init(&t->changed);
	(void)snprintf(t->reader, sizeof(t->reader), "%s", reader);
	atomic_init(&t->sessions, 0);
	atomic_init(&t->read_only, 0);
	atomic_init(&t->insertion, 0);
	wr_init_heap(&t->devaut, 2 * CVC_MAX);
}

void p11_token_fini(struct p11_token *t)
{
	p11_token_close(t);
	hsm_card_free(&t->card, false);
	p11_objects_clear(&t->objects);
	wr_free(&t->devaut);
	cond_fini(&t->changed);
	lock_fini(&t->lock);
}

void p11_token_abandon(struct p11_token *t)
{
	secret_free(&t->so_pin);
	hsm_card_abandon(&t->card);
	p11_objects_clear(&t->objects);
	wr_free(&t->devaut);
}

void p11_token_lose_login(struct p11_token *t, const char *why)
{
	if (t->login == P11_OPEN)
		log_line(LOG_P11, LOG_WARN, "the login on card %s is lost: %s", t->device_id, why);
	t->login = P11_CLOSED;
	p11_objects_doubt(&t->objects);
}

void p11_token_opened(struct p11_token *t)
{
	t->login = P11_OPEN;
	p11_objects_doubt(&t->objects);
}

bool p11_token_is_by_agent(const struct p11_token *t)
{
	return t->card && agent_is_link(hsm_card_link(t->card));
}

/*
 * The agent's card: only our own login ends, and the connection, which keeps nobody from the card, is kept. The end of
 * the connection is a logout, too.
 */
static void leave_agent(struct p11_token *t)
{
	enum err e = t->login == P11_OPEN ? agent_logout(hsm_card_link(t->card)) : ERR_OK;

	if (e) {
		log_line(LOG_P11, LOG_WARN, "logout of card %s: %s", t->device_id, err_text(e));
		hsm_card_free(&t->card, false);
		t->awake = false;
	}
	t->login = P11_CLOSED;
}

void p11_token_close(struct p11_token *t)
{
	struct deadline dl = deadline_never();
	struct hsm_version v;
	/* A verified SO-PIN lets anybody set a PIN (reference 3.3). */
	bool is_open = t->login == P11_OPEN || t->so_pin || t->by_ceremony;
	enum err e = ERR_OK;

	secret_free(&t->so_pin);
	/*
	 * PKCS#11 2.40 5.6, C_Logout: handles to private objects stay invalid even after another login. Those of a
	 * login that was lost stay good: nobody asked for its end.
	 */
	if (t->login == P11_OPEN) {
		p11_objects_end_private(&t->objects);
		p11_objects_renew_private(&t->objects);
	}
	if (p11_token_is_by_agent(t)) {
		leave_agent(t);
		return;
	}
	if (t->card && is_open) {
		e = apdu_link_begin(hsm_card_link(t->card), &dl);
		if (!e) {
			e = hsm_card_select(t->card, &v, &dl);
			apdu_link_end(hsm_card_link(t->card));
		}
		if (e)
			log_line(LOG_P11, LOG_WARN, "logout of card %s: %s", t->device_id, err_text(e));
	}
	/* Where SELECT could not close the card, the reset does. */
	hsm_card_free(&t->card, t->by_ceremony || e);
	t->login = P11_CLOSED;
	t->by_ceremony = false;
	t->awake = false;
}

void p11_token_drop(struct p11_token *t)
{
	p11_token_lose_login(t, "the card was removed");
	secret_free(&t->so_pin);
	hsm_card_free(&t->card, false);
	p11_objects_clear(&t->objects);
	t->by_ceremony = false;
	t->awake = false;
	t->known = false;
	t->is_hsm = false;
	atomic_fetch_add(&t->insertion, 1);
}

static enum err connect_shared(struct p11_token *t)
{
	struct apdu_link *link = NULL;
	enum err e = p11_readers_open(t->conf, t->reader, &link);

	if (e)
		return e;
	t->awake = false;
	return hsm_card_new(link, &t->card);
}

/*
 * Does this answer to a VERIFY status query come from the applet? Without it the card manager answers 6D00, 6E00 or
 * 6900 (reference 1.3).
 */
static bool is_from_applet(uint16_t sw)
{
	return sw == APDU_SW_OK || sw >> 8 == 0x63 || sw == 0x6983 || sw == 0x6984 || sw == 0x6A88;
}

uint16_t p11_token_ask_status(struct p11_token *t, enum err *e, struct deadline *dl)
{
	uint8_t cmd[16];
	struct wr w;

	WR_ARR(&w, cmd);
	hsm_enc_verify_status(&w, HSM_REF_USER);
	*e = wr_done(&w);
	if (!*e)
		*e = hsm_card_exchange(t->card, HSM_VERIFY_STATUS, wr_view(&w), NULL, dl);
	return *e ? hsm_card_detail(t->card)->sw : APDU_SW_OK;
}

bool p11_is_of_link(enum err e)
{
	return e == ERR_REMOVED || e == ERR_RESET || e == ERR_TRANSPORT || e == ERR_SHARING || e == ERR_NO_CARD ||
	       e == ERR_NO_READER || e == ERR_NO_SERVICE || e == ERR_TIMEOUT || e == ERR_CANCELLED || e == ERR_NOMEM ||
	       e == ERR_BUG || e == ERR_IO || e == ERR_REFUSED || e == ERR_PROTOCOL;
}

/*
 * Select the applet, unless it is selected: another program may be logged in (reference public-key-authentication 7.1).
 */
static enum err wake(struct p11_token *t, struct deadline *dl)
{
	struct hsm_version v;
	enum err e;
	uint16_t sw = p11_token_ask_status(t, &e, dl);

	if (p11_is_of_link(e))
		return e;
	if (is_from_applet(sw)) {
		hsm_card_know_version(t->card, &t->status.version);
		e = ERR_OK;
	} else {
		e = hsm_card_select(t->card, &v, dl);
	}
	if (!e)
		t->awake = true;
	return e;
}

bool p11_is_gone(enum err e)
{
	return e == ERR_REMOVED || e == ERR_NO_CARD || e == ERR_NO_READER || e == ERR_NO_SERVICE;
}

enum err p11_token_connect(struct p11_token *t)
{
	enum err e = t->card ? ERR_OK : connect_shared(t);

	if (!p11_is_gone(e))
		return e;
	p11_token_drop(t);
	return ERR_REMOVED;
}

enum err p11_token_begin_link(struct p11_token *t, struct deadline *dl)
{
	enum err e = t->card ? ERR_OK : connect_shared(t);

	if (e)
		return e;
	e = apdu_link_begin(hsm_card_link(t->card), dl);
	if (e == ERR_RESET) {
		t->awake = false;
		p11_token_lose_login(t, "another program reset the card");
		e = apdu_link_begin(hsm_card_link(t->card), dl);
	}
	return e;
}

enum err p11_token_begin(struct p11_token *t)
{
	struct deadline dl = deadline_never();
	enum err e;

	if (t->login == P11_PENDING) {
		log_line(LOG_P11, LOG_WARN,
			 "reader %s: a login is waiting for approvals, the card cannot be used for anything else",
			 t->reader);
		return ERR_REFUSED;
	}
	e = p11_token_begin_link(t, &dl);
	if (p11_is_gone(e)) {
		p11_token_drop(t);
		return ERR_REMOVED;
	}
	if (e)
		return e;
	if (!t->awake)
		e = wake(t, &dl);
	return e ? p11_token_end(t, e) : ERR_OK;
}

enum err p11_token_begin_user(struct p11_token *t)
{
	enum err e;

	if (t->login != P11_OPEN)
		return ERR_AUTH;
	e = p11_token_begin(t);
	if (!e && t->login != P11_OPEN)
		e = p11_token_end(t, ERR_AUTH);
	return e;
}

/*
 * What the agent refuses goes to the log. The first thing over the limits also to the person: it may be a thousand; and
 * each change.
 */
static void tell_refusal(const struct p11_token *t, enum err e)
{
	static atomic_flag told = ATOMIC_FLAG_INIT;
	const char *why = t->card ? agent_why(hsm_card_link(t->card)) : "";

	if (!*why)
		return;
	if (e == ERR_READ_ONLY || (e == ERR_ALLOWANCE && !atomic_flag_test_and_set(&told)))
		log_tell("card %s in reader %s: the agent refuses: %s", t->device_id, t->reader, why);
	else
		log_line(LOG_P11, LOG_WARN, "card %s in reader %s: the agent refuses: %s", t->device_id, t->reader,
			 why);
}

/* "Unknown command" is the card manager's answer to every command, and that of an older applet to a newer one. */
static bool has_applet(struct p11_token *t)
{
	struct deadline dl = deadline_never();
	enum err e;
	uint16_t sw = p11_token_ask_status(t, &e, &dl);

	return !p11_is_of_link(e) && is_from_applet(sw);
}

enum err p11_token_end(struct p11_token *t, enum err e)
{
	bool had_login;

	if (e == ERR_INS && t->card && has_applet(t))
		e = ERR_UNSUPPORTED;
	if (t->card)
		apdu_link_end(hsm_card_link(t->card));
	if (e == ERR_ALLOWANCE || e == ERR_REFUSED || e == ERR_READ_ONLY)
		tell_refusal(t, e);
	if (p11_is_gone(e)) {
		p11_token_drop(t);
		return ERR_REMOVED;
	}
	switch (e) {
	case ERR_RESET:
	case ERR_INS:
		t->awake = false;
		had_login = t->login == P11_OPEN;
		p11_token_lose_login(t, e == ERR_RESET ? "another program reset the card"
						       : "another application was selected");
		return had_login ? ERR_AUTH : e;
	case ERR_AUTH:
		p11_token_lose_login(t, "the card says that nobody is logged in");
		return e;
	default:
		return e;
	}
}
