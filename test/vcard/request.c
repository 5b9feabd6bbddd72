/* SPDX-License-Identifier: Apache-2.0 */
/* Authenticated requests that commands bring from other cards; APDU reference 5.2, 6.3, 9.3. */
#include "base/tlv.h"
#include "test/vcard/card.h"

/* The other card's device key, chosen and verified before, made the outer signature; the new key made the inner one. */
static uint16_t verify(const struct vcard *v, const struct vcard_request *r)
{
	const struct vcard_holder *device = &v->session.verifier;

	if (!v->session.verifier_set || !rd_eq(vcard_chr_view(&device->chr), r->cvc.outer_car))
		return SW_REFERENCE;
	if (device->role != CVC_ROLE_DEVICE || vcard_holder_verify(device, r->cvc.signed_part, r->cvc.sig) ||
	    vcard_holder_verify(&r->key, r->cvc.inner.body, r->cvc.inner.sig))
		return v->state->profile->sw_pka_signature;
	return SW_OK;
}

/* Where no chain is asked for, a certificate alone will do. */
static bool read(const struct vcard_profile *p, struct rd content, struct vcard_request *out)
{
	struct rd r = content, alone = content;

	if (!p->pka_chain && !cvc_read(&alone, &out->cvc.inner) && rd_end(&alone))
		return true;
	wr_tlv(&out->wrapped, 0x67, content);
	r = wr_view(&out->wrapped);
	return !wr_done(&out->wrapped) && !cvc_request_read(&r, &out->cvc) && rd_end(&r);
}

uint16_t vcard_request_read(const struct vcard *v, struct rd content, struct vcard_request *out)
{
	*out = (struct vcard_request){ .wrapped.p = NULL };
	wr_init_heap(&out->wrapped, CVC_MAX);
	if (!read(v->state->profile, content, out) || vcard_holder_of(&out->cvc.inner, EC_NONE, &out->key))
		return SW_DATA;
	return v->state->profile->pka_chain ? verify(v, out) : SW_OK;
}

void vcard_request_free(struct vcard_request *r)
{
	wr_free(&r->wrapped);
}
