/* SPDX-License-Identifier: Apache-2.0 */
#include "login/open.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "sc-hsm/pin.h"

#define CLOSE_MS 5000           /* for the SELECT that closes the card */

struct opening {
	struct hsm_card *card;
	const struct login_params *p;
	struct hsm_status *status;
	struct login_result *out;
	struct deadline *dl;
};

static PRINTF(3, 4) enum err say(const struct opening *o, enum err e, const char *fmt, ...)
{
	char what[240];
	va_list ap;

	if (!e)
		return e;
	va_start(ap, fmt);
	if (vsnprintf(what, sizeof(what), fmt, ap) < 0)
		what[0] = 0;
	va_end(ap);
	(void)snprintf(o->out->why, sizeof(o->out->why), "card %.*s in %.60s: %s", (int)o->p->device_id.n,
		       (const char *)o->p->device_id.p, apdu_link_where(hsm_card_link(o->card)), what);
	return e;
}

static enum err ask_status(const struct opening *o)
{
	struct hsm_version v = o->status->version;

	return say(o, hsm_card_status(o->card, &v, o->status, o->dl), "it could not be asked for its state");
}

/* What the card says to the PIN that it was told. */
static enum err verified(const struct opening *o, enum err e)
{
	int tries = hsm_card_detail(o->card)->tries;

	if (e == ERR_PIN_WRONG && tries >= 0)
		return say(o, e, "wrong PIN, %d %s left", tries, tries == 1 ? "try" : "tries");
	return say(o, e, "%s", err_text(e));
}

static enum err verify(const struct opening *o, const struct secret *pin)
{
	return verified(o, hsm_pin_verify(o->card, HSM_REF_USER, pin, o->dl));
}

/* A person types it on the reader. */
static enum err verify_on_pad(const struct opening *o)
{
	if (!hsm_pin_has_pad(o->card))
		return say(o, ERR_ARG, "it opens only with its PIN, and none was given");
	if (o->p->progress)
		o->p->progress(o->p->ctx, "type the card's PIN on the reader");
	return verified(o, hsm_pin_verify_on_pad(o->card, o->dl));
}

/* SELECT closes what somebody else left open, and tells the options that the mode depends on. */
static enum err select_closed(const struct opening *o)
{
	enum err e = hsm_card_select(o->card, &o->status->version, o->dl);

	e = say(o, e, "the applet could not be selected: %s", err_text(e));
	return e ? e : ask_status(o);
}

/* A wrong PIN fails before anybody is asked; the ceremony's SELECT forgets it, so it is verified again after it. */
static enum err by_people(const struct opening *o, const struct secret *pin)
{
	struct login_params p = *o->p;
	enum err e = pin ? verify(o, pin) : ERR_OK;

	if (e)
		return e;
	p.status = *o->status;
	p.expect_closed_after = pin != NULL;
	apdu_link_end(hsm_card_link(o->card));
	e = login_run(o->card, &p, o->out, o->dl);
	if (apdu_link_begin(hsm_card_link(o->card), o->dl) && !e)
		e = say(o, ERR_RESET, "lost after the approvals");
	if (!e && pin)
		e = verify(o, pin);
	return e;
}

static enum err by_mode(const struct opening *o, const struct secret *pin)
{
	if (o->status->pin_transport && (pin || hsm_mode_needs_pin(o->status->mode)))
		return say(o, ERR_PIN_TRANSPORT, "its PIN is a transport PIN, which opens nothing until it is changed: "
			   "quorum11 pin change");
	switch (o->status->mode) {
	case HSM_MODE_UNSET:
		return say(o, ERR_PIN_UNSET, "not initialised, or its custodians' keys are not all registered: "
			   "quorum11 status shows which");
	case HSM_MODE_PIN:
		return pin ? verify(o, pin) : verify_on_pad(o);
	case HSM_MODE_PKA:
		if (pin)
			log_line(LOG_PKA, LOG_WARN, "card %.*s opens with approvals; the PIN that was given is ignored",
				 (int)o->p->device_id.n, (const char *)o->p->device_id.p);
		return by_people(o, NULL);
	case HSM_MODE_PKA_OR_PIN:
		return pin ? verify(o, pin) : by_people(o, NULL);
	case HSM_MODE_PKA_AND_PIN:
		return pin ? by_people(o, pin) :
			     say(o, ERR_ARG, "it opens only with its PIN besides, and none was given");
	}
	return ERR_BUG;
}

enum err login_open(struct hsm_card *card, const struct login_params *p, const struct secret *pin,
		    struct hsm_status *status, struct login_result *out, struct deadline *dl)
{
	struct opening o = { card, p, status, out, dl };
	struct deadline closing;
	struct hsm_version v;
	enum err e;

	*out = (struct login_result){ 0 };
	e = apdu_link_begin(hsm_card_link(card), dl);
	if (e)
		return say(&o, e, "%s", err_text(e));
	e = select_closed(&o);
	if (!e)
		e = by_mode(&o, pin);
	if (!e)
		e = ask_status(&o);
	if (!e && !status->open)
		e = say(&o, ERR_REFUSED, "approved, but the card says that it is not open; log in again");
	closing = deadline_in(CLOSE_MS);
	if (e && hsm_card_select(card, &v, &closing))
		log_line(LOG_CARD, LOG_WARN, "%s: not closed by SELECT", apdu_link_where(hsm_card_link(card)));
	apdu_link_end(hsm_card_link(card));
	out->e = e;
	return e;
}
