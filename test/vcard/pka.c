/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET CHALLENGE, MANAGE PUBLIC KEY AUTHENTICATION, EXTERNAL AUTHENTICATE; APDU reference 5, public-key-authentication
 * 3 to 7.
 */
#include <string.h>

#include "base/rand.h"
#include "base/tlv.h"
#include "test/vcard/card.h"

enum { STATUS = 0x00, REPLACE = 0x01, INFO = 0x02 };    /* P1; STATUS with data registers */

size_t vcard_pka_slots(const struct vcard_state *s)
{
	return s->total < s->profile->pka_max ? s->total : s->profile->pka_max;
}

/* The first empty slot; as many as there are slots if there is none. */
static size_t slot_empty(const struct vcard_state *s)
{
	size_t i = 0;

	while (i < vcard_pka_slots(s) && s->slots[i].used)
		i++;
	return i;
}

size_t vcard_pka_missing(const struct vcard_state *s)
{
	size_t n = 0;

	for (size_t i = 0; i < vcard_pka_slots(s); i++)
		n += !s->slots[i].used;
	return n + s->total - vcard_pka_slots(s);
}

static uint8_t authenticated(const struct vcard *v)
{
	uint8_t n = 0;

	for (size_t i = 0; i < PKA_CUSTODIANS_MAX; i++)
		n += v->session.flags[i];
	return n;
}

/* ---- GET CHALLENGE ---- */

uint16_t vcard_challenge(struct vcard *v, const struct vcard_command *c, struct wr *out)
{
	const struct vcard_profile *p = v->state->profile;
	struct vcard_session *s = &v->session;
	uint8_t *fresh;

	if (!c->has_le || c->le > VCARD_CHALLENGE_MAX || (c->le == 256 && !c->extended && !p->challenge_256))
		return SW_LENGTH;
	fresh = wr_space(out, c->le);
	if (!fresh || rand_bytes(fresh, c->le))
		return SW_FAILURE;
	s->challenge_n = 0;
	if (p->challenge_8_only ? c->le == PKA_CHALLENGE_SIZE : c->le <= VCARD_CHALLENGE_AUTH) {
		memcpy(s->challenge, fresh, c->le);
		s->challenge_n = c->le;
	}
	if (s->open ? p->challenge_drops_count : p->challenge_drops_flags)
		memset(s->flags, 0, sizeof(s->flags));
	return SW_OK;
}

/* ---- registration ---- */

/*
 * public-key-authentication 4.3: neither a registered key nor a key of the card itself may have this reference
 * already.
 */
static bool chr_is_taken(const struct vcard_state *s, struct rd chr, size_t but)
{
	for (size_t i = 0; i < vcard_pka_slots(s); i++)
		if (i != but && s->slots[i].used && rd_eq(vcard_chr_view(&s->slots[i].key.chr), chr))
			return true;
	for (size_t i = 0; i < s->keys_n; i++)
		if (rd_eq(vcard_chr_view(&s->keys[i]->chr), chr))
			return true;
	return false;
}

static uint16_t slot_fill(struct vcard *v, size_t i, struct rd data)
{
	struct vcard_state *s = v->state;
	struct vcard_request r;
	uint16_t sw = vcard_request_read(v, data, &r);

	if (sw == SW_OK && !s->profile->pka_twice && chr_is_taken(s, r.cvc.inner.chr, i))
		sw = SW_CONDITIONS;
	if (sw == SW_OK) {
		s->slots[i] = (struct vcard_slot){
			.used = true,
			.own_car = !r.cvc.inner.car.n || rd_eq(r.cvc.inner.car, r.cvc.inner.chr),
			.key = r.key,
		};
		s->dirty = true;
		v->session.flags[i] = false;
	}
	vcard_request_free(&r);
	return sw;
}

static uint16_t put_status(const struct vcard *v, struct wr *out)
{
	wr_u8(out, v->state->total);
	wr_u8(out, (uint8_t)vcard_pka_missing(v->state));
	wr_u8(out, v->state->required);
	wr_u8(out, authenticated(v));
	return SW_OK;
}

static uint16_t status_or_register(struct vcard *v, struct rd data, struct wr *out)
{
	const struct vcard_state *s = v->state;
	const struct vcard_file *transfer = vcard_state_file(s, FID_TRANSFER);
	bool full = slot_empty(s) == vcard_pka_slots(s);
	uint16_t sw;

	/* The same bytes ask for the status or register what is in the transfer file. */
	if (!data.n && s->profile->pka_from_file && transfer && !full)
		data = wr_view(&transfer->data);
	if (!data.n)
		return put_status(v, out);
	if (!s->profile->pka_any_caller && !v->session.pin && !v->session.so)
		return s->profile->sw_pka_closed;
	if (full)
		return s->profile->sw_pka_full;
	sw = slot_fill(v, slot_empty(s), data);
	return sw == SW_OK ? put_status(v, out) : sw;
}

static uint16_t replace(struct vcard *v, uint8_t i, struct rd data, struct wr *out)
{
	uint16_t sw;

	if (!(v->state->options & VCARD_OPT_REPLACE) || !vcard_user(v))
		return SW_CONDITIONS;
	if (i >= vcard_pka_slots(v->state))
		return SW_PARAMETERS;
	if (!data.n)
		return SW_LENGTH;
	sw = slot_fill(v, i, data);
	return sw == SW_OK ? put_status(v, out) : sw;
}

static uint16_t info(const struct vcard *v, uint8_t i, struct wr *out)
{
	if (i >= vcard_pka_slots(v->state))
		return SW_PARAMETERS;
	if (!v->state->slots[i].used)
		return SW_REFERENCE;
	wr_put(out, vcard_chr_view(&v->state->slots[i].key.chr));
	return v->session.flags[i] ? SW_AUTHENTICATED : SW_OK;
}

uint16_t vcard_manage_pka(struct vcard *v, const struct vcard_command *c, struct wr *out)
{
	const struct vcard_profile *p = v->state->profile;

	if (!v->state->total)
		return c->data.n ? p->sw_pka_none_data : p->sw_pka_none;
	switch (c->p1) {
	case STATUS:
		return c->p2 ? SW_PARAMETERS : status_or_register(v, c->data, out);
	case REPLACE:
		return replace(v, c->p2, c->data, out);
	case INFO:
		return c->data.n ? SW_LENGTH : info(v, c->p2, out);
	default:
		return SW_PARAMETERS;
	}
}

/* ---- EXTERNAL AUTHENTICATE ---- */

/* Over the card's own device id and the challenge: an approval for one card does not open another. */
static bool approval_is_good(const struct vcard *v, const struct vcard_slot *slot, struct rd sig)
{
	const struct vcard_profile *p = v->state->profile;
	uint8_t bytes[CHR_MAX + VCARD_CHALLENGE_AUTH];
	struct wr m;

	if (p->pka_256_only && ec_domain_get(slot->key.curve)->bits != 256)
		return false;
	if (p->pka_own_car_only && !slot->own_car)
		return false;
	WR_ARR(&m, bytes);
	wr_put(&m, vcard_chr_view(&v->state->id));
	wr_put(&m, rd_of(v->session.challenge, v->session.challenge_n));
	return !wr_done(&m) && !vcard_holder_verify(&slot->key, wr_view(&m), sig);
}

uint16_t vcard_external_authenticate(struct vcard *v, const struct vcard_command *c, struct wr *out)
{
	const struct vcard_state *s = v->state;
	const struct vcard_profile *p = s->profile;
	struct vcard_session *session = &v->session;

	(void)out;
	if (!s->total)
		return p->sw_auth_none;
	if (p->pka_needs_all && vcard_pka_missing(s))
		return SW_CONDITIONS;
	if (session->at < 0)
		return p->sw_auth_no_key;
	if (!session->challenge_n)
		return p->sw_auth_no_challenge;
	session->flags[session->at] = approval_is_good(v, &s->slots[session->at], c->data);
	if (!session->flags[session->at])
		return p->sw_auth_wrong;
	if (authenticated(v) >= s->required) {
		session->open = true;
		session->challenge_n = 0;
	}
	if (p->challenge_per_key)
		session->challenge_n = 0;
	return SW_OK;
}
