/* SPDX-License-Identifier: Apache-2.0 */
/* INITIALIZE DEVICE; APDU reference 1.6, 3.4. */
#include <string.h>

#include "base/tlv.h"
#include "test/vcard/card.h"

#define SO_TRIES 15

struct request {
	uint16_t options;
	struct rd pin, so;
	bool has_pin;
	uint8_t tries;
	bool has_shares;
	uint8_t shares;
	bool has_pka;
	uint8_t total, required;
	uint8_t domains;
};

/* APDU reference 3.4: the retry counter may be as high as the PIN is long. */
static unsigned tries_max(size_t pin_size)
{
	return pin_size >= 8 ? 10 : pin_size == 7 ? 5 : 3;
}

/* An element of one byte. *there: whether it was; false: malformed. */
static bool take_u8(struct rd *r, uint32_t tag, bool *there, uint8_t *out)
{
	struct rd val;

	*there = rd_tlv_peek(*r) == tag;
	return !*there || (rd_tlv(r, tag, &val) && rd_u8(&val, out) && rd_end(&val));
}

/* The elements in the order in which all hosts send them. */
static bool request_read(struct rd r, const struct vcard_profile *p, struct request *q)
{
	struct rd val;
	bool has_tries, has_domains;

	*q = (struct request){ 0 };
	if (!rd_tlv(&r, 0x80, &val) || !rd_u16(&val, &q->options) || !rd_end(&val))
		return false;
	q->has_pin = rd_tlv(&r, 0x81, &q->pin);
	if (!rd_tlv(&r, 0x82, &q->so) || q->so.n != SO_PIN_SIZE)
		return false;
	if (!take_u8(&r, 0x91, &has_tries, &q->tries) || !take_u8(&r, 0x92, &q->has_shares, &q->shares))
		return false;
	q->has_pka = rd_tlv(&r, 0x93, &val);
	if (q->has_pka && (!rd_u8(&val, &q->total) || !rd_u8(&val, &q->required) || !rd_end(&val)))
		return false;
	if (!take_u8(&r, 0x97, &has_domains, &q->domains))
		return false;
	if (p->init_skips) {
		q->has_pka = q->has_pka && p->pka_max;
		q->domains = p->domain_slots ? q->domains : 0;
		q->total = q->has_pka ? q->total : 0;
	}
	if ((q->has_pka && !p->pka_max) || (q->domains && !p->domain_slots))
		return false;
	return rd_end(&r) && (!q->has_pin || has_tries);
}

static bool request_allowed(const struct request *q, const struct vcard_profile *p)
{
	if (q->has_pin && (!vcard_pin_size_ok(q->pin.n) || q->tries == 0 || q->tries > tries_max(q->pin.n)))
		return false;
	if (!q->has_pin && !q->has_pka)
		return false;
	if (q->has_pka && p->pka_checked &&
	    (q->total == 0 || q->total > p->pka_max || q->required == 0 || q->required > q->total))
		return false;
	return !(q->has_shares && q->domains) && q->domains <= VCARD_DOMAINS_MAX;
}

static enum err apply(struct vcard *v, const struct request *q)
{
	struct vcard_state *s = v->state;
	enum err e = ERR_OK;

	vcard_state_erase(s);
	s->initialised = true;
	s->options = q->options;
	s->transport = q->has_pin && q->options & VCARD_OPT_TRANSPORT;
	s->domains = q->has_shares ? 1 : q->domains;
	s->total = q->total;
	s->required = q->required;
	if (q->has_shares)
		e = vcard_domain_set(&s->domain[0], q->shares);
	if (!e && q->has_pin)
		e = vcard_ref_set(&s->pin, q->pin, q->tries);
	if (!e && !s->so.set)
		e = vcard_ref_set(&s->so, q->so, SO_TRIES);
	return e;
}

/* Free memory, then the version in the last two bytes; the byte between is not known. */
static uint16_t version(const struct vcard *v, struct wr *out)
{
	size_t used = vcard_state_used(v->state);

	wr_u32(out, used < VCARD_MEMORY ? (uint32_t)(VCARD_MEMORY - used) : 0);
	wr_u8(out, 0);
	wr_u8(out, v->state->profile->major);
	wr_u8(out, v->state->profile->minor);
	return SW_OK;
}

uint16_t vcard_initialize(struct vcard *v, const struct vcard_command *c, struct wr *out)
{
	const struct vcard_profile *p = v->state->profile;
	struct request q;
	uint16_t sw;
	enum err e;

	if (c->data.n == 0 && p->tells_memory)
		return version(v, out);
	if (!request_read(c->data, p, &q) || !request_allowed(&q, p))
		return SW_DATA;
	if (v->state->so.set) {
		sw = vcard_ref_present(v, &v->state->so, q.so);
		if (sw != SW_OK)
			return (sw & 0xFFF0) == SW_TRIES ? p->sw_so_pin : sw;
	}
	e = apply(v, &q);
	if (e)
		return vcard_sw(e);
	vcard_session_clear(v);
	v->session.selected = true;
	v->session.pin = p->open_after_init && v->state->pin.set;
	return SW_OK;
}
