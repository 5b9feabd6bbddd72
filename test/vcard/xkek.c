/* SPDX-License-Identifier: Apache-2.0 */
/* Key domains whose key two cards agree on; APDU reference 6.3. */
#include <string.h>

#include "base/tlv.h"
#include "test/vcard/card.h"

static const uint8_t oid_uid[] = { 0x2B, 0x06, 0x01, 0x04, 0x01, 0x81, 0xC3, 0x1F, 0x03, 0x02, 0x02 };

/* The content of 67 as a request whose outer signature was made by the chosen, verified device. */
static uint16_t request_read(const struct vcard *v, struct rd content, struct wr *wrapped, struct cvc_request *out)
{
	const struct vcard_holder *device = &v->session.verifier;
	struct vcard_holder key;
	struct rd r;

	wr_tlv(wrapped, 0x67, content);
	r = wr_view(wrapped);
	if (wr_done(wrapped) || cvc_request_read(&r, out) || !rd_end(&r) || vcard_holder_of(&out->inner, EC_NONE, &key))
		return SW_DATA;
	if (!v->session.verifier_set || !rd_eq(vcard_chr_view(&device->chr), out->outer_car))
		return SW_REFERENCE;
	if (device->role != CVC_ROLE_DEVICE || vcard_holder_verify(device, out->signed_part, out->sig) ||
	    vcard_holder_verify(&key, out->inner.body, out->inner.sig))
		return v->state->profile->sw_pka_signature;
	return SW_OK;
}

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
	struct cvc_request request;
	struct rd content, sig;
	struct vcard_holder signer;
	struct wr wrapped, m;
	uint16_t sw;

	if (d->kind != DOMAIN_EMPTY)
		return SW_CONDITIONS;
	if (!kdm_read(vcard_transfer(v, c->data), &content, &sig))
		return SW_DATA;
	wr_init_heap(&wrapped, CVC_MAX);
	WR_ARR(&m, message);
	sw = request_read(v, content, &wrapped, &request);
	if (sw != SW_OK)
		goto out;
	sw = SW_DATA;
	if (vcard_holder_of(&request.inner, EC_NONE, &signer) || signer.q_n != 1 + sizeof(d->uid))
		goto out;
	sw = v->state->profile->sw_pka_signature;
	if (membership(v, &m) || vcard_holder_verify(&signer, wr_view(&m), sig))
		goto out;
	*d = (struct vcard_domain){ .kind = DOMAIN_XKEK, .shares = 1, .missing = 1 };
	memcpy(d->uid, signer.q + 1, sizeof(d->uid));
	v->state->dirty = true;
	sw = vcard_domain_status(d, out);
out:
	wr_free(&wrapped);
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
 * How the shared point becomes the key is not public for the vendor's card (15.8); open firmware takes x as it is.
 */
static enum err kek_agree(const struct ec_key *k, struct rd peer, uint8_t kek[VCARD_KEK_SIZE])
{
	uint8_t bytes[VCARD_POINT_MAX];
	struct wr x;
	enum err e;

	WR_ARR(&x, bytes);
	e = ec_key_agree(k, peer, &x);
	if (!e && x.n != VCARD_KEK_SIZE)
		e = ERR_FORMAT;
	if (!e)
		memcpy(kek, x.p, VCARD_KEK_SIZE);
	wr_free(&x);
	return e;
}

uint16_t vcard_xkek_agree(struct vcard *v, const struct vcard_command *c)
{
	struct vcard_state *s = v->state;
	struct vcard_key *k = vcard_state_key(s, c->p1);
	struct cvc_request request;
	struct vcard_domain *d;
	struct wr wrapped;
	uint16_t sw;
	enum err e;

	if (!k)
		return s->profile->sw_key_absent;
	if (vcard_key_kind(k) != VCARD_EC)
		return SW_FUNCTION;
	sw = vcard_key_may(v, k, c->p2);
	if (sw != SW_OK)
		return sw;
	if (k->domain >= s->domains || s->domain[k->domain].kind != DOMAIN_XKEK)
		return SW_CONDITIONS;
	d = &s->domain[k->domain];
	wr_init_heap(&wrapped, CVC_MAX);
	sw = request_read(v, vcard_transfer(v, c->data), &wrapped, &request);
	if (sw == SW_OK && !is_member(&request.inner, d))
		sw = SW_CONDITIONS;
	if (sw == SW_OK) {
		e = kek_agree(k->secret.ec, request.inner.key.q, d->kek);
		d->missing = 0;
		s->dirty = true;
		sw = e == ERR_FORMAT ? SW_DATA : vcard_sw(e);
	}
	wr_free(&wrapped);
	return sw;
}
