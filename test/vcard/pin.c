/* SPDX-License-Identifier: Apache-2.0 */
/* VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER; APDU reference 3.1 to 3.3. */
#include "base/rand.h"
#include "test/vcard/card.h"

#define REF_PIN  0x81
#define REF_SO   0x88
#define REF_BIO1 0x85
#define REF_BIO2 0x86

bool vcard_pin_size_ok(size_t n)
{
	return n >= PIN_MIN && n <= PIN_MAX;
}

uint16_t vcard_ref_present(struct vcard *v, struct vcard_ref *r, struct rd value)
{
	uint16_t sw;
	bool yes;

	if (!r->set)
		return SW_REFERENCE;
	if (r->left == 0)
		return SW_BLOCKED;
	/* On disk first: pulling the card during the comparison must not give the try back. */
	r->left--;
	v->state->dirty = true;
	sw = vcard_commit(v);
	if (sw != SW_OK)
		return sw;
	if (vcard_ref_matches(r, value, &yes))
		return SW_FAILURE;
	if (!yes)
		return r->left ? SW_TRIES | (r->left & 0x0F) : v->state->profile->sw_last_try;
	r->left = r->initial;
	v->state->dirty = true;
	return SW_OK;
}

/* ---- VERIFY ---- */

static uint16_t ref_status(const struct vcard_ref *r, bool verified)
{
	if (!r->set)
		return SW_REFERENCE;
	if (verified)
		return SW_OK;
	return r->left ? SW_TRIES | (r->left & 0x0F) : SW_BLOCKED;
}

/* public-key-authentication 7, last rows of its second table. */
static uint16_t pin_status(const struct vcard *v)
{
	const struct vcard_state *s = v->state;
	const struct vcard_profile *p = s->profile;
	bool pin_would_open = s->pin.set && p->pin_opens && !(s->options & VCARD_OPT_COMBINED);

	if (!s->initialised)
		return p->sw_pin_blank;
	if (s->transport)
		return SW_TRANSPORT;
	if (!s->total)
		return ref_status(&s->pin, v->session.pin);
	if (p->status_by_pka && vcard_user(v))
		return SW_OK;
	if (p->status_6300 && !v->session.open && !(p->status_pin_first && pin_would_open))
		return SW_PKA_CLOSED;
	return ref_status(&s->pin, v->session.pin);
}

static uint16_t verify_pin(struct vcard *v, struct rd value)
{
	struct vcard_state *s = v->state;
	uint16_t sw;

	if (!s->pin.set)
		return s->initialised ? SW_REFERENCE : s->profile->sw_pin_blank;
	if (s->transport)
		return SW_TRANSPORT;
	if (!vcard_pin_size_ok(value.n))
		return s->profile->sw_pin_length;
	v->session.pin = false;
	/* The counter is not touched: who has it had the PIN. */
	if (v->has_session_pin && s->pin.left && rd_eq_secret(value, RD_ARR(v->session_pin)))
		sw = SW_OK;
	else
		sw = vcard_ref_present(v, &s->pin, value);
	v->session.pin = sw == SW_OK;
	return sw;
}

static uint16_t verify_so(struct vcard *v, struct rd value)
{
	uint16_t sw;

	if (!v->state->so.set)
		return SW_REFERENCE;
	if (value.n != SO_PIN_SIZE)
		return v->state->profile->sw_pin_length;
	v->session.so = false;
	sw = vcard_ref_present(v, &v->state->so, value);
	v->session.so = sw == SW_OK;
	return sw;
}

uint16_t vcard_verify(struct vcard *v, const struct vcard_command *c, struct wr *out)
{
	bool query = c->data.n == 0;

	(void)out;
	/* P1 = 01 keeps a login beyond its channel and means nothing outside secure messaging (4.3). */
	if (c->p1 != 0x00)
		return v->state->profile->sw_verify_p1;
	switch (c->p2) {
	case REF_PIN:
		return query ? pin_status(v) : verify_pin(v, c->data);
	case REF_SO:
		if (v->state->profile->so_hidden)
			return v->state->profile->sw_verify_p2;
		return query ? ref_status(&v->state->so, v->session.so) : verify_so(v, c->data);
	case REF_BIO1:
	case REF_BIO2:
		return SW_REFERENCE;    /* no biometric template */
	default:
		return v->state->profile->sw_verify_p2;
	}
}

/* ---- GENERATE SESSION PIN ---- */

/* Reference 3.5; the status words are those of ISO 7816-4 for it. */
uint16_t vcard_session_pin(struct vcard *v, const struct vcard_command *c, struct wr *out)
{
	(void)c;
	if (!(v->state->options & VCARD_OPT_SESSION) || !v->state->profile->chain)
		return SW_FUNCTION;
	if (!v->session.channel)
		return SW_CONDITIONS;
	if (!v->session.pin)
		return SW_USER;
	if (rand_bytes(v->session_pin, sizeof(v->session_pin)))
		return SW_FAILURE;
	v->has_session_pin = true;
	wr_put(out, RD_ARR(v->session_pin));
	return SW_OK;
}

/* ---- CHANGE REFERENCE DATA ---- */

uint16_t vcard_change(struct vcard *v, const struct vcard_command *c, struct wr *out)
{
	struct vcard_state *s = v->state;
	bool user = c->p2 == REF_PIN;
	struct vcard_ref *ref = user ? &s->pin : &s->so;
	bool *verified = user ? &v->session.pin : &v->session.so;
	struct rd r = c->data, old;
	uint16_t sw;
	enum err e;

	(void)out;
	if (!user && c->p2 != REF_SO)
		return SW_PARAMETERS;
	if (!ref->set)
		return SW_REFERENCE;
	if (!rd_take(&r, ref->size, &old) || !(user ? vcard_pin_size_ok(r.n) : r.n == SO_PIN_SIZE))
		return s->profile->sw_pin_length;
	*verified = false;
	sw = vcard_ref_present(v, ref, old);
	if (sw != SW_OK)
		return sw;
	e = vcard_ref_set(ref, r, ref->initial);
	if (e)
		return vcard_sw(e);
	if (user)
		s->transport = s->transport && s->profile->transport_for_good;
	*verified = true;
	return SW_OK;
}

/* ---- RESET RETRY COUNTER ---- */

enum { SET_PIN = 0x00, RESET_ONLY = 0x01, SET_PIN_AFTER = 0x02, RESET_AFTER = 0x03 };

static bool unblock_allowed(const struct vcard_state *s, uint8_t p1)
{
	bool option = s->options & VCARD_OPT_RESETONLY;
	bool sets = p1 == SET_PIN || p1 == SET_PIN_AFTER;

	if (!(s->options & VCARD_OPT_RESET))
		return false;
	return s->profile->reset_only ? !(option && sets) : option || sets;
}

uint16_t vcard_unblock(struct vcard *v, const struct vcard_command *c, struct wr *out)
{
	struct vcard_state *s = v->state;
	struct rd r = c->data, so = RD_NONE;
	bool sets = c->p1 == SET_PIN || c->p1 == SET_PIN_AFTER;
	bool after = c->p1 == SET_PIN_AFTER || c->p1 == RESET_AFTER;
	uint16_t sw;

	(void)out;
	if (after && !s->profile->reset_split)
		return SW_PARAMETERS;
	if (!s->so.set || !s->pin.set)
		return SW_REFERENCE;
	if (!unblock_allowed(s, c->p1))
		return s->profile->sw_reset_off;
	if ((!after && !rd_take(&r, SO_PIN_SIZE, &so)) || (sets ? !vcard_pin_size_ok(r.n) : !rd_end(&r)))
		return s->profile->sw_pin_length;
	if (after) {
		if (!v->session.so)
			return SW_USER;
	} else {
		sw = vcard_ref_present(v, &s->so, so);
		if (sw != SW_OK)
			return sw;
	}
	v->session.pin = false;
	s->dirty = true;
	if (sets)
		return vcard_sw(vcard_ref_set(&s->pin, r, s->pin.initial));
	s->pin.left = s->pin.initial;
	return SW_OK;
}
