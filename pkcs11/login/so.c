/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/login/so.h"

#include "apdu/agent_link.h"
#include "base/log.h"
#include "base/rand.h"
#include "base/text.h"
#include "pkcs11/ck/rv.h"
#include "pkcs11/module/call.h"
#include "pkcs11/module/ceremony.h"
#include "sc-hsm/ability.h"
#include "sc-hsm/init.h"
#include "sc-hsm/pin.h"

#define LABEL_SIZE 32
#define RANDOM_PIN_SIZE 8
#define PIN_TRIES 3

static void tell(const struct p11_token *t, enum err e, const char *what)
{
	log_tell("card %s in reader %s: %s: %s", t->device_id, t->reader, what, err_text(e));
}

/* People write it as 16 hex digits. */
static enum err parse(struct rd pin, struct secret **so_pin)
{
	struct secret *typed = NULL;
	enum err e = pin.n > 2 * PIN_MAX ? ERR_PIN_LENGTH : secret_new(pin, &typed);

	if (!e)
		e = hsm_so_pin_parse(typed, so_pin);
	secret_free(&typed);
	return e == ERR_FORMAT ? ERR_PIN_LENGTH : e;
}

static enum err verify(struct p11_token *t, const struct secret *so_pin)
{
	struct deadline dl = deadline_never();
	struct hsm_version v = t->status.version;
	enum err e = p11_token_begin(t), after;

	if (e)
		return e;
	/* An agent lets nobody verify anything, and the first cards cannot: the SO-PIN is judged when it is used. */
	if (p11_token_is_by_agent(t) || !hsm_can(&v, HSM_CAN_VERIFY_SO))
		return p11_token_end(t, ERR_OK);
	e = hsm_pin_verify(t->card, HSM_REF_SO, so_pin, &dl);
	after = p11_token_read_status(t, &v, &dl);
	after = p11_token_end(t, after);
	return e ? e : after;
}

CK_RV p11_so_login(struct p11_call *c, struct secret *pin)
{
	struct p11_token *t = c->token;
	struct secret *so_pin = NULL;
	enum err e;

	if (t->so_pin)
		return CKR_USER_ALREADY_LOGGED_IN;
	if (t->login != P11_CLOSED)
		return CKR_USER_ANOTHER_ALREADY_LOGGED_IN;
	if (atomic_load(&t->read_only))
		return CKR_SESSION_READ_ONLY_EXISTS;
	e = pin ? hsm_so_pin_parse(pin, &so_pin) : ERR_ARG;
	if (!e)
		e = verify(t, so_pin);
	if (!e) {
		t->so_pin = so_pin;
		return CKR_OK;
	}
	secret_free(&so_pin);
	tell(t, e, "no login with the SO-PIN");
	return e == ERR_PIN_LENGTH || e == ERR_FORMAT ? CKR_PIN_INCORRECT : p11_rv(e);
}

/*
 * The new PIN, of so many digits, typed on the reader, without the token's lock; the token is pending meanwhile. The
 * SO-PIN is a copy, as a logout may take the token's.
 */
static enum err reset_on_pad(struct p11_call *c, unsigned digits)
{
	struct deadline dl = deadline_never();
	struct p11_token *t = c->token;
	struct hsm_version v = t->status.version;
	enum p11_login_state was = t->login;
	struct secret *so_pin = NULL;
	enum err e = secret_new(secret_view(t->so_pin), &so_pin);

	if (!e)
		e = p11_token_begin(t);
	if (!e) {
		e = hsm_pin_has_pad_change(t->card) ? p11_call_ceremony(c, false) : ERR_ARG;
		if (!e) {
			log_tell("card %s in reader %s: type on the reader a new PIN of %u digits, and that once more",
				 t->device_id, t->reader, digits);
			lock_give(&t->lock);
			e = hsm_pin_set_on_pad(t->card, so_pin, digits, &dl);
			lock_take(&t->lock);
			t->login = was;
			if (!e)
				e = p11_token_read_status(t, &v, &dl);
			p11_ceremony_end(t, p11_rv(e));
		}
		e = p11_token_end(t, e);
	}
	secret_free(&so_pin);
	return e;
}

static enum err reset(struct p11_token *t, struct rd pin)
{
	struct deadline dl = deadline_never();
	struct hsm_version v = t->status.version;
	struct secret *fresh = NULL;
	enum err e = secret_new(pin, &fresh);

	if (!e)
		e = p11_token_begin(t);
	if (!e) {
		e = hsm_pin_reset(t->card, t->so_pin, fresh, &dl);
		if (!e)
			e = p11_token_read_status(t, &v, &dl);
		e = p11_token_end(t, e);
	}
	secret_free(&fresh);
	return e;
}

CK_RV p11_so_init_pin(struct p11_call *c, CK_UTF8CHAR *pin, CK_ULONG n)
{
	struct p11_token *t = c->token;
	enum err e;

	if (!t->so_pin)
		return CKR_USER_NOT_LOGGED_IN;
	/* As at C_SetPIN: a program that does not say how many digits means the fewest. */
	if (!pin && n == 0)
		n = PIN_MIN;
	if (n < PIN_MIN || n > (pin ? PIN_MAX : HSM_PAD_PIN_MAX))
		return CKR_PIN_LEN_RANGE;
	if (pin && !text_is_typed(rd_of(pin, n)))
		return CKR_PIN_INVALID;
	e = pin ? reset(t, rd_of(pin, n)) : reset_on_pad(c, (unsigned)n);
	if (e)
		tell(t, e, e == ERR_CONDITIONS ? "the card was initialised so that the SO-PIN sets no PIN" :
		     "the PIN was not set");
	return p11_rv(e);
}

static enum err change(struct p11_token *t, const struct secret *fresh)
{
	struct deadline dl = deadline_never();
	struct hsm_version v = t->status.version;
	enum err e = p11_token_begin(t), after;

	if (e)
		return e;
	e = hsm_pin_change(t->card, HSM_REF_SO, t->so_pin, fresh, &dl);
	if (e == ERR_READ_ONLY)
		return p11_token_end(t, e);
	/* A wrong one has spent a try; a good one is verified, but not for a user. */
	after = p11_token_read_status(t, &v, &dl);
	after = p11_token_end(t, after);
	return e ? e : after;
}

CK_RV p11_so_set_pin(struct p11_call *c, struct rd old, struct rd fresh)
{
	struct p11_token *t = c->token;
	struct secret *was = NULL, *so_pin = NULL;
	enum err e = parse(fresh, &so_pin);
	CK_RV rv = p11_rv(e);

	if (!rv) {
		e = parse(old, &was);
		rv = e == ERR_PIN_LENGTH ? CKR_PIN_INCORRECT : p11_rv(e);
	}
	if (!rv && !rd_eq_secret(secret_view(was), secret_view(t->so_pin)))
		rv = CKR_PIN_INCORRECT;
	if (!rv) {
		e = change(t, so_pin);
		rv = p11_rv(e);
		if (e)
			tell(t, e, "the SO-PIN was not changed");
	}
	if (!rv) {
		secret_free(&t->so_pin);
		t->so_pin = so_pin;
		so_pin = NULL;
	}
	secret_free(&so_pin);
	secret_free(&was);
	return rv;
}

/* An agent lets nobody verify a PIN: the login that writes the label is one of its own. */
static enum err initialise_at_agent(struct p11_token *t, struct hsm_init *init, struct deadline *dl)
{
	struct apdu_link *link = hsm_card_link(t->card);
	const struct rd label = init->label;
	char why[AGENT_TEXT_MAX];
	enum err e, after;

	init->label = RD_NONE;
	e = hsm_card_initialize(t->card, init, false, dl);
	if (e || !label.n)
		return e;
	e = agent_login(link, &(struct agent_login_params){ .pin = init->pin }, why, sizeof(why), dl);
	if (e) {
		log_tell("reader %s, by its agent: initialised, but not named: %s", t->reader, why);
		return e;
	}
	e = hsm_card_label(t->card, label, dl);
	after = agent_logout(link);
	return e ? e : after;
}

static enum err initialise(struct p11_token *t, const struct secret *so_pin, struct rd label)
{
	struct deadline dl = deadline_never();
	struct hsm_init init = {
		.options = HSM_OPT_RESET_RETRY, .so_pin = so_pin, .pin_tries = PIN_TRIES, .dkek_shares = -1,
		.label = label,
	};
	uint8_t bytes[RANDOM_PIN_SIZE];
	struct secret *pin = NULL;
	enum err e = rand_bytes(bytes, sizeof(bytes));

	if (!e)
		e = secret_new(RD_ARR(bytes), &pin);
	wipe(bytes, sizeof(bytes));
	init.pin = pin;
	if (!e)
		e = p11_token_begin(t);
	if (!e)
		e = p11_token_end(t, p11_token_is_by_agent(t) ? initialise_at_agent(t, &init, &dl) :
				     hsm_card_initialize(t->card, &init, false, &dl));
	secret_free(&pin);
	return e;
}

CK_RV p11_so_init_token(struct p11_call *c, CK_UTF8CHAR *pin, CK_ULONG n, const CK_UTF8CHAR *label)
{
	struct p11_token *t = c->token;
	struct rd name = rd_of(label, LABEL_SIZE);
	struct secret *so_pin = NULL;
	enum err e;

	if (!pin || !label)
		return CKR_ARGUMENTS_BAD;
	if (c->sessions)
		return CKR_SESSION_EXISTS;
	e = p11_token_look(t);
	if (e)
		return p11_rv(e);
	if (t->status.has_pka) {
		log_tell("card %s in reader %s is one of custodians, and a program is not let initialise it: "
			 "quorum11 init", t->device_id, t->reader);
		return CKR_FUNCTION_REJECTED;
	}
	while (name.n && name.p[name.n - 1] == ' ')
		name.n--;
	e = parse(rd_of(pin, n), &so_pin);
	if (e)
		return e == ERR_PIN_LENGTH ? CKR_PIN_LEN_RANGE : p11_rv(e);
	e = initialise(t, so_pin, name);
	secret_free(&so_pin);
	if (e)
		tell(t, e, "not initialised");
	else
		/* Nothing that was known of it is true any more. */
		p11_token_drop(t);
	return p11_rv(e);
}
