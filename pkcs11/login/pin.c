/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/login/pin.h"

#include "base/log.h"
#include "base/text.h"
#include "pkcs11/ck/rv.h"
#include "pkcs11/login/so.h"
#include "pkcs11/module/call.h"
#include "pkcs11/module/ceremony.h"
#include "sc-hsm/pin.h"

/*
 * What a VERIFY with a PIN told about the tries; after a good one the counter is back at a value that the card does not
 * tell.
 */
static void note_tries(struct p11_token *t, enum err e)
{
	if (!e)
		t->status.pin_tries = -1;
	if (e == ERR_PIN_WRONG)
		t->status.pin_tries = hsm_card_detail(t->card)->tries;
	if (e == ERR_PIN_BLOCKED || (e == ERR_PIN_WRONG && t->status.pin_tries == 0))
		t->status.pin_blocked = true;
}

static void tell_pin(const struct p11_token *t, enum err e)
{
	if (e == ERR_PIN_WRONG && t->status.pin_tries >= 0)
		log_tell("card %s in reader %s: wrong PIN, %d %s left", t->device_id, t->reader, t->status.pin_tries,
			 t->status.pin_tries == 1 ? "try" : "tries");
	else
		log_tell("card %s in reader %s: the PIN was not accepted: %s%s", t->device_id, t->reader, err_text(e),
			 e == ERR_PIN_BLOCKED ? "; it can be set anew with the SO-PIN only" : "");
}

enum err p11_pin_verify(struct p11_token *t, const struct secret *pin, struct deadline *dl)
{
	enum err e = hsm_pin_verify(t->card, HSM_REF_USER, pin, dl);

	note_tries(t, e);
	if (e)
		tell_pin(t, e);
	return e;
}

enum err p11_pin_verify_on_pad(struct p11_token *t, struct deadline *dl)
{
	enum err e;

	log_tell("card %s in reader %s: type its PIN on the reader", t->device_id, t->reader);
	lock_give(&t->lock);
	e = hsm_pin_verify_on_pad(t->card, dl);
	lock_take(&t->lock);
	note_tries(t, e);
	if (e)
		tell_pin(t, e);
	return e;
}

/* What a change of PIN has left: the books, and the card as it was for who was not logged in. */
static void settle_change(struct p11_token *t, enum err e)
{
	struct deadline dl = deadline_never();
	struct hsm_version v = t->status.version;
	enum err after = ERR_OK;

	note_tries(t, e);
	if (e)
		tell_pin(t, e);
	/*
	 * A good change verifies the PIN, a bad one ends a login by it (reference 3.2). Who was not logged in before is
	 * not afterwards.
	 */
	if (e != ERR_PIN_LENGTH) {
		if (t->login != P11_OPEN)
			after = hsm_card_select(t->card, &v, &dl);
		if (!after)
			after = p11_token_read_status(t, &v, &dl);
		if (!after && t->login == P11_OPEN && !t->status.open)
			after = ERR_AUTH;
	}
	after = p11_token_end(t, after);
	if (after == ERR_AUTH && t->by_ceremony)
		p11_token_close(t);
}

static enum err change_pin(struct p11_token *t, const struct secret *old, const struct secret *fresh)
{
	struct deadline dl = deadline_never();
	enum err e = p11_token_begin(t);

	if (e)
		return e;
	e = hsm_pin_change(t->card, HSM_REF_USER, old, fresh, &dl);
	if (e == ERR_READ_ONLY)
		return p11_token_end(t, e);
	settle_change(t, e);
	return e;
}

/* Without the token's lock, as a person types; the token is pending meanwhile. */
static enum err change_on_pad(struct p11_call *c, unsigned digits)
{
	struct deadline dl = deadline_never();
	struct p11_token *t = c->token;
	enum p11_login_state was;
	/* What others look at while we wait comes from memory. */
	enum err e = p11_token_load(t);

	if (!e)
		e = p11_token_begin(t);
	if (e)
		return e;
	was = t->login;
	e = hsm_pin_has_pad_change(t->card) ? p11_call_ceremony(c, false) : ERR_ARG;
	if (e)
		return p11_token_end(t, e);
	log_tell("card %s in reader %s: type on the reader its PIN, the new one of as many digits (%u), and that once "
		 "more", t->device_id, t->reader, digits);
	lock_give(&t->lock);
	e = hsm_pin_change_on_pad(t->card, digits, &dl);
	lock_take(&t->lock);
	t->login = was;
	if (e == ERR_READ_ONLY)         /* an agent's, and the card was not asked */
		e = p11_token_end(t, e);
	else
		settle_change(t, e);
	p11_ceremony_end(t, p11_rv(e));
	return e;
}

/* Both have as many digits; a program that does not say how many means the fewest that a PIN may have. */
static CK_RV set_on_pad(struct p11_call *c, CK_ULONG old_n, CK_ULONG fresh_n)
{
	CK_ULONG digits = old_n ? old_n : PIN_MIN;

	if (old_n != fresh_n || digits < PIN_MIN || digits > HSM_PAD_PIN_MAX)
		return CKR_PIN_LEN_RANGE;
	return p11_rv(change_on_pad(c, (unsigned)digits));
}

CK_RV p11_pin_set(struct p11_call *c, CK_UTF8CHAR *old, CK_ULONG old_n, CK_UTF8CHAR *fresh, CK_ULONG fresh_n)
{
	struct secret *a = NULL, *b = NULL;
	enum err e;

	if (!c->session->rw)
		return CKR_SESSION_READ_ONLY;
	if (!old && !fresh && !c->token->so_pin)
		return set_on_pad(c, old_n, fresh_n);
	if (!old || !fresh)
		return CKR_ARGUMENTS_BAD;
	if (c->token->so_pin)
		return p11_so_set_pin(c, rd_of(old, old_n), rd_of(fresh, fresh_n));
	if (fresh_n > PIN_MAX)
		return CKR_PIN_LEN_RANGE;
	if (!text_is_typed(rd_of(fresh, fresh_n)))
		return CKR_PIN_INVALID;
	/* CKR_PIN_LEN_RANGE is for a PIN that is set (PKCS#11 2.40 5.1.6). */
	if (old_n < PIN_MIN || old_n > PIN_MAX)
		return CKR_PIN_INCORRECT;
	e = secret_new(rd_of(old, old_n), &a);
	if (!e)
		e = secret_new(rd_of(fresh, fresh_n), &b);
	if (!e)
		e = change_pin(c->token, a, b);
	secret_free(&b);
	secret_free(&a);
	return p11_rv(e);
}
