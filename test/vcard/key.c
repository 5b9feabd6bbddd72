/* SPDX-License-Identifier: Apache-2.0 */
/* GENERATE ASYMMETRIC KEY PAIR; APDU reference 3.11. */
#include <stdlib.h>
#include <string.h>

#include "base/tlv.h"
#include "test/vcard/card.h"
#include "test/vcard/mint.h"

struct template {
	struct rd car, chr, outer_car;
	bool is_rsa;
	struct rd exponent;
	uint32_t bits;
	enum ec_curve curve;
	struct vcard_attributes about;
};

static bool rsa_read(struct rd r, struct template *t)
{
	struct rd bits;

	return rd_tlv(&r, 0x82, &t->exponent) && rd_tlv(&r, 0x02, &bits) && rd_uint(bits, &t->bits) && rd_end(&r);
}

/* Explicit parameters only; they must be those of a curve the card knows. */
static bool ec_read(struct rd r, struct template *t)
{
	const struct ec_domain *d;
	struct rd p, a, b, g, n, h;

	if (!rd_tlv(&r, 0x81, &p) || !rd_tlv(&r, 0x82, &a) || !rd_tlv(&r, 0x83, &b) || !rd_tlv(&r, 0x84, &g) ||
	    !rd_tlv(&r, 0x85, &n) || !rd_tlv(&r, 0x87, &h) || !rd_end(&r))
		return false;
	d = ec_domain_find(p, a, b, g, n, h);
	t->curve = d ? d->curve : EC_NONE;
	return true;
}

/* Reference 3.11, 3.12; each at most once, in any order. */
bool vcard_attributes_read(struct rd r, bool symmetric, struct vcard_attributes *out)
{
	struct vcard_attributes a = { .counted = false };
	bool has_domain = false, wrapped = false, ok = true;
	struct rd val;
	uint32_t tag;
	uint8_t key;

	while (ok && rd_tlv_any(&r, &tag, NULL, &val)) {
		switch (tag) {
		case 0x90:
			ok = !a.counted && val.n == 4 && rd_u32(&val, &a.uses) && a.uses;
			a.counted = true;
			break;
		case 0x91:
			ok = !a.listed && val.n <= VCARD_ALGS_MAX;
			a.listed = true;
			a.algs = val;
			break;
		case 0x92:
			ok = !has_domain && rd_u8(&val, &a.domain) && rd_end(&val);
			has_domain = true;
			break;
		case 0x93:
			/* The number of a wrapping key. What it does is not known (reference 3.12): nothing here. */
			ok = symmetric && !wrapped && rd_u8(&val, &key) && rd_end(&val);
			wrapped = true;
			break;
		default:
			ok = false;
		}
	}
	*out = a;
	return ok && rd_end(&r);
}

void vcard_attributes_apply(const struct vcard_attributes *a, struct vcard_key *k)
{
	k->counted = a->counted;
	k->uses = a->uses;
	k->listed = a->listed;
	if (a->algs.n)
		memcpy(k->algs, a->algs.p, a->algs.n);
	k->algs_n = a->algs.n;
	k->domain = a->domain;
}

uint16_t vcard_key_can_be(const struct vcard *v, uint8_t id, uint8_t domain)
{
	const struct vcard_state *s = v->state;

	if (domain && domain >= s->domains)
		return SW_PARAMETERS;
	/* Without a domain the key is of the first, which may be an empty slot: then it cannot be exported (6.2). */
	if (domain && s->domain[domain].kind == DOMAIN_EMPTY)
		return SW_REFERENCE;
	/* While shares of the key encryption key are missing, no key can be made (3.4). */
	if (s->domain[domain].kind == DOMAIN_DKEK && s->domain[domain].missing)
		return SW_CONDITIONS;
	if (vcard_state_key(s, id) && !s->profile->key_overwrite)
		return SW_CONDITIONS;
	return vcard_keys(v) ? SW_OK : SW_NO_PIN_FOR_KEY;
}

enum err vcard_key_keep(struct vcard *v, struct vcard_key **k)
{
	enum err e = vcard_state_key_add(v->state, k);

	return !e && vcard_state_used(v->state) > VCARD_MEMORY ? ERR_LIMIT : e;
}

static bool template_read(struct rd r, const struct vcard_profile *p, struct template *t)
{
	struct rd val, key, oid;

	*t = (struct template){ 0 };
	if (!rd_tlv(&r, 0x5F29, &val) || !rd_eq(val, RD_LIT("\x00")))
		return false;
	if (rd_tlv_peek(r) != 0x42 && p->car_must)
		return false;
	if (rd_tlv(&r, 0x42, &t->car) && !cvc_reference_is_valid(t->car))
		return false;
	if (!rd_tlv(&r, 0x7F49, &key) || !rd_tlv(&key, 0x06, &oid))
		return false;
	t->is_rsa = rd_eq(oid, vcard_oid_rsa);
	if (!t->is_rsa && !rd_eq(oid, vcard_oid_ecdsa))
		return false;
	if (!(t->is_rsa ? rsa_read : ec_read)(key, t))
		return false;
	if (!rd_tlv(&r, 0x5F20, &t->chr) || !cvc_reference_is_valid(t->chr))
		return false;
	/* The outer reference comes as 45, from newer hosts as a second 42. */
	if ((rd_tlv(&r, 0x45, &t->outer_car) || rd_tlv(&r, 0x42, &t->outer_car)) &&
	    !cvc_reference_is_valid(t->outer_car))
		return false;
	return (p->keys_limited || rd_end(&r)) && vcard_attributes_read(r, false, &t->about);
}

static bool template_is_supported(const struct vcard_profile *p, const struct template *t)
{
	bool small = t->bits == 1024 || t->bits == 1536 || t->bits == 2048;

	if (t->is_rsa)
		return small || (p->keys_large && (t->bits == 3072 || t->bits == 4096));
	return t->curve != EC_NONE && (p->keys_large || ec_domain_get(t->curve)->bits <= 320);
}

static enum err key_new(uint8_t id, const struct template *t, struct vcard_key **out)
{
	struct vcard_key *k = calloc(1, sizeof(*k));
	enum err e;

	if (!k)
		return ERR_NOMEM;
	k->id = id;
	vcard_attributes_apply(&t->about, k);
	e = vcard_chr_set(&k->chr, t->chr) ? ERR_OK : ERR_FORMAT;
	if (!e)
		e = t->is_rsa ? rsa_key_generate(t->bits, t->exponent, &k->secret.rsa)
			      : ec_key_generate(t->curve, &k->secret.ec);
	if (e)
		vcard_key_free(&k);
	else
		*out = k;
	return e;
}

/* The request, signed by the new key and then by the device. */
static enum err attest(const struct vcard_state *s, const struct vcard_key *k, struct rd car, struct rd outer,
		       struct wr *out)
{
	struct vcard_mint body = {
		.car = car, .chr = vcard_chr_view(&k->chr), .key = &k->secret, .params = true,
	};
	struct wr request, extensions;
	enum err e;

	wr_init_heap(&request, CVC_MAX);
	wr_init_heap(&extensions, CVC_MAX);
	if (k->domain < s->domains)
		vcard_xkek_put_extension(&s->domain[k->domain], &extensions);
	body.extensions = wr_view(&extensions);
	e = wr_done(&extensions);
	if (!e)
		e = vcard_mint_cvc(&body, &k->secret, &request);
	if (!e)
		e = vcard_mint_request(wr_view(&request), outer.n ? outer : vcard_chr_view(&s->id), s->device, out);
	wr_free(&extensions);
	wr_free(&request);
	return e;
}

enum err vcard_key_keep_attested(struct vcard *v, struct vcard_key **k, struct rd car, struct rd outer, struct wr *out)
{
	uint16_t fid = (uint16_t)(0xCE00 | (*k)->id);
	enum err e = attest(v->state, *k, car, outer, out);
	struct vcard_file *ee;

	/* Also as CEnn, for readers that cannot take the long answer. */
	if (!e)
		e = vcard_state_file_make(v->state, fid, &ee);
	if (!e) {
		wr_cut(&ee->data, 0);
		wr_put(&ee->data, wr_view(out));
		e = wr_done(&ee->data);
	}
	return e ? e : vcard_key_keep(v, k);
}

uint16_t vcard_generate(struct vcard *v, const struct vcard_command *c, struct wr *out)
{
	struct vcard_key *k = NULL;
	struct template t;
	uint16_t sw;
	enum err e;

	if (!template_read(c->data, v->state->profile, &t))
		return SW_DATA;
	if (!template_is_supported(v->state->profile, &t))
		return SW_FUNCTION;
	sw = vcard_key_can_be(v, c->p1, t.about.domain);
	if (sw != SW_OK)
		return sw;
	e = key_new(c->p1, &t, &k);
	if (!e)
		e = vcard_key_keep_attested(v, &k, t.car, t.outer_car, out);
	vcard_key_free(&k);
	return e == ERR_ARG || e == ERR_FORMAT ? SW_DATA : vcard_sw(e);
}
