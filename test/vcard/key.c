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
	bool counted;
	uint32_t uses;
	bool listed;
	struct rd algs;
	uint8_t domain;
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

static bool attributes_read(struct rd *r, struct template *t)
{
	struct rd val;

	t->counted = rd_tlv(r, 0x90, &val);
	if (t->counted && (val.n != 4 || !rd_u32(&val, &t->uses) || t->uses == 0))
		return false;
	t->listed = rd_tlv(r, 0x91, &t->algs);
	if (t->algs.n > VCARD_ALGS_MAX)
		return false;
	if (rd_tlv(r, 0x92, &val) && (!rd_u8(&val, &t->domain) || !rd_end(&val)))
		return false;
	return rd_end(r);
}

static bool template_read(struct rd r, struct template *t)
{
	struct rd val, key, oid;

	*t = (struct template){ 0 };
	if (!rd_tlv(&r, 0x5F29, &val) || !rd_eq(val, RD_LIT("\x00")))
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
	return attributes_read(&r, t);
}

static bool template_is_supported(const struct template *t)
{
	if (t->is_rsa)
		return t->bits == 1024 || t->bits == 1536 || t->bits == 2048 || t->bits == 3072 || t->bits == 4096;
	return t->curve != EC_NONE;
}

static enum err key_new(uint8_t id, const struct template *t, struct vcard_key **out)
{
	struct vcard_key *k = calloc(1, sizeof(*k));
	enum err e;

	if (!k)
		return ERR_NOMEM;
	k->id = id;
	k->counted = t->counted;
	k->uses = t->uses;
	k->listed = t->listed;
	if (t->algs.n)
		memcpy(k->algs, t->algs.p, t->algs.n);
	k->algs_n = t->algs.n;
	k->domain = t->domain;
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
static enum err attest(const struct vcard_state *s, const struct template *t, const struct vcard_key *k, struct wr *out)
{
	const struct vcard_mint body = { .car = t->car, .chr = t->chr, .key = &k->secret, .params = true };
	struct wr request;
	enum err e;

	wr_init_heap(&request, CVC_MAX);
	e = vcard_mint_cvc(&body, &k->secret, &request);
	if (!e)
		e = vcard_mint_request(wr_view(&request), t->outer_car.n ? t->outer_car : vcard_chr_view(&s->id),
				       s->device, out);
	wr_free(&request);
	return e;
}

uint16_t vcard_generate(struct vcard *v, const struct vcard_command *c, struct wr *out)
{
	struct vcard_state *s = v->state;
	struct vcard_key *k = NULL;
	struct vcard_file *ee;
	struct template t;
	enum err e;

	if (!template_read(c->data, &t))
		return SW_DATA;
	if (!template_is_supported(&t))
		return SW_FUNCTION;
	if (t.domain && t.domain >= s->domains)
		return SW_PARAMETERS;
	/* While shares of the key encryption key are missing, no key can be made (3.4). */
	if (s->missing || (vcard_state_key(s, c->p1) && !s->profile->key_overwrite))
		return SW_CONDITIONS;
	if (!vcard_keys(v))
		return SW_NO_PIN_FOR_KEY;
	e = key_new(c->p1, &t, &k);
	if (!e)
		e = attest(s, &t, k, out);
	if (!e)
		e = vcard_state_key_add(s, &k);
	/* Also as CEnn, for readers that cannot take the long answer. */
	if (!e)
		e = vcard_state_file_make(s, (uint16_t)(0xCE00 | c->p1), &ee);
	if (!e) {
		wr_cut(&ee->data, 0);
		wr_put(&ee->data, wr_view(out));
		e = wr_done(&ee->data);
	}
	vcard_key_free(&k);
	if (e == ERR_ARG || e == ERR_FORMAT)
		return SW_DATA;
	if (!e && vcard_state_used(s) > VCARD_MEMORY)
		e = ERR_LIMIT;
	return vcard_sw(e);
}
