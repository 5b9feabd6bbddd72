/* SPDX-License-Identifier: Apache-2.0 */
/* Key domains whose key two cards agree on; APDU reference 6.3. */
#include <string.h>

#include "base/tlv.h"
#include "test/vcard/card.h"

static const uint8_t oid_uid[] = { 0x2B, 0x06, 0x01, 0x04, 0x01, 0x81, 0xC3, 0x1F, 0x03, 0x02, 0x02 };

/* 54 and the x coordinate of this card's device key: what the group's signer signs of a member. */
static enum err membership(const struct vcard *v, struct wr *out)
{
	uint8_t point[VCARD_POINT_MAX];
	struct wr q;
	enum err e;

	WR_ARR(&q, point);
	e = ec_key_public(v->state->device, &q);
	if (e)
		return e;
	wr_u8(out, 0x54);
	wr_put(out, rd_of(q.p + 1, (q.n - 1) / 2));
	return wr_done(out);
}

/* The last element, 54, is the membership's signature; what is before it is the signer's request. */
static bool kdm_read(struct rd data, struct rd *request, struct rd *sig)
{
	struct rd r = data, whole, skipped;
	uint32_t tag;

	while (rd_tlv_peek(r) != 0x54)
		if (!rd_tlv_any(&r, &tag, &whole, &skipped))
			return false;
	*request = rd_of(data.p, (size_t)(r.p - data.p));
	return rd_tlv(&r, 0x54, sig) && rd_end(&r);
}

uint16_t vcard_xkek_create(struct vcard *v, const struct vcard_command *c, struct vcard_domain *d, struct wr *out)
{
	uint8_t message[1 + VCARD_POINT_MAX];
	struct vcard_request signer;
	struct rd content, sig;
	struct wr m;
	uint16_t sw;

	if (d->kind != DOMAIN_EMPTY)
		return SW_CONDITIONS;
	if (!kdm_read(vcard_transfer(v, c->data), &content, &sig))
		return SW_DATA;
	WR_ARR(&m, message);
	sw = vcard_request_read(v, content, &signer);
	if (sw == SW_OK && signer.key.q_n != 1 + sizeof(d->uid))
		sw = SW_DATA;
	if (sw == SW_OK && (membership(v, &m) || vcard_holder_verify(&signer.key, wr_view(&m), sig)))
		sw = v->state->profile->sw_pka_signature;
	if (sw == SW_OK) {
		*d = (struct vcard_domain){ .kind = DOMAIN_XKEK, .shares = 1, .missing = 1 };
		memcpy(d->uid, signer.key.q + 1, sizeof(d->uid));
		v->state->dirty = true;
		sw = vcard_domain_status(v->state, d, out);
	}
	vcard_request_free(&signer);
	return sw;
}

void vcard_xkek_put_extension(const struct vcard_domain *d, struct wr *out)
{
	size_t m;

	if (d->kind != DOMAIN_XKEK)
		return;
	m = wr_tlv_open(out, 0x73);
	wr_tlv(out, 0x06, RD_ARR(oid_uid));
	wr_tlv(out, 0x80, RD_ARR(d->uid));
	wr_tlv_close(out, m);
}

static bool is_member(const struct cvc *c, const struct vcard_domain *d)
{
	struct rd r = c->extensions, in, oid, uid;

	return rd_tlv(&r, 0x73, &in) && rd_end(&r) && rd_tlv(&in, 0x06, &oid) && rd_tlv(&in, 0x80, &uid) &&
	       rd_end(&in) && rd_eq(oid, RD_ARR(oid_uid)) && rd_eq(uid, RD_ARR(d->uid));
}

/*
 * How the shared point becomes the key is not public for the vendor's card (15.8); open firmware takes x as it is (6.3,
 * one source). So the one is the profile's other choice, and the host asks only whether two cards have agreed.
 */
static enum err kek_agree(const struct vcard_profile *p, const struct ec_key *k, struct rd peer,
			  uint8_t kek[VCARD_KEK_SIZE])
{
	uint8_t bytes[VCARD_POINT_MAX];
	struct wr x;
	enum err e;

	WR_ARR(&x, bytes);
	e = ec_key_agree(k, peer, &x);
	if (!e && x.n != VCARD_KEK_SIZE)
		e = ERR_FORMAT;
	if (!e && p->xkek_hashed)
		e = sha256(wr_view(&x), kek);
	else if (!e)
		memcpy(kek, x.p, VCARD_KEK_SIZE);
	wr_free(&x);
	return e;
}

static uint16_t domain_agree(struct vcard_state *s, struct vcard_key *k, const struct vcard_request *peer)
{
	struct vcard_domain *d;
	enum err e;

	if (k->domain >= s->domains)
		return SW_CONDITIONS;
	d = &s->domain[k->domain];
	if (d->kind != DOMAIN_XKEK || !is_member(&peer->cvc.inner, d))
		return SW_CONDITIONS;
	e = kek_agree(s->profile, k->secret.ec, peer->cvc.inner.key.q, d->kek);
	if (e)
		return e == ERR_FORMAT ? SW_DATA : vcard_sw(e);
	d->missing = 0;
	s->dirty = true;
	return SW_OK;
}

/*
 * That a request is what DECIPHER 83 wants, as 84 does, is inferred: two sources name the algorithm, none its data
 * (3.14, 15.8).
 */
static uint16_t agree_signed(const struct vcard_state *s, const struct vcard_key *k, const struct vcard_request *peer,
			     struct wr *out)
{
	enum err e = vcard_agree(s->profile, k->secret.ec, peer->cvc.inner.key.q, out);

	return e == ERR_FORMAT || e == ERR_ARG ? SW_DATA : vcard_sw(e);
}

uint16_t vcard_xkek_agree(struct vcard *v, const struct vcard_command *c, struct wr *out)
{
	struct vcard_state *s = v->state;
	struct vcard_key *k = vcard_state_key(s, c->p1);
	bool of_domain = c->p2 == VCARD_AGREE_XKEK;
	struct vcard_request peer;
	uint16_t sw;

	if (!k)
		return s->profile->sw_key_absent;
	if (vcard_key_kind(k) != VCARD_EC)
		return SW_FUNCTION;
	sw = vcard_key_may(v, k, c->p2);
	if (sw != SW_OK)
		return sw;
	sw = vcard_request_read(v, vcard_transfer(v, c->data), &peer);
	if (sw == SW_OK)
		sw = of_domain ? domain_agree(s, k, &peer) : agree_signed(s, k, &peer, out);
	if (sw == SW_OK && (!of_domain || s->profile->xkek_counts))
		vcard_key_used(v, k);
	vcard_request_free(&peer);
	return sw;
}
