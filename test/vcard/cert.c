/* SPDX-License-Identifier: Apache-2.0 */
/* MANAGE SECURITY ENVIRONMENT and PSO VERIFY CERTIFICATE; APDU reference 3.21, 3.22. */
#include <string.h>

#include "base/tlv.h"
#include "test/vcard/card.h"
#include "test/vcard/mint.h"

enum err vcard_holder_of(const struct cvc *c, enum ec_curve inherited, struct vcard_holder *out)
{
	enum ec_curve curve = cvc_key_curve(&c->key, inherited);
	struct vcard_holder h = { .role = c->role, .curve = curve };

	if (c->key.is_rsa || !rd_eq(c->key.oid, vcard_oid_ecdsa) || curve == EC_NONE)
		return ERR_UNSUPPORTED;
	if (!ec_point_is_valid(curve, c->key.q) || c->key.q.n > sizeof(h.q) || !vcard_chr_set(&h.chr, c->chr))
		return ERR_FORMAT;
	memcpy(h.q, c->key.q.p, c->key.q.n);
	h.q_n = c->key.q.n;
	*out = h;
	return ERR_OK;
}

enum err vcard_holder_verify(const struct vcard_holder *h, struct rd message, struct rd sig)
{
	uint8_t hash[SHA256_SIZE];
	enum err e = sha256(message, hash);

	return e ? e : ec_verify(h->curve, rd_of(h->q, h->q_n), RD_ARR(hash), sig);
}

/* The first one brings the curve, the others inherit it. */
static enum err own_add(struct vcard *v, const struct cvc *c)
{
	enum err e = vcard_holder_of(c, v->own_n ? v->own[0].curve : EC_NONE, &v->own[v->own_n]);

	if (!e)
		v->own_n++;
	return e;
}

/* What the card knows without being told: its root, its issuer, itself. */
enum err vcard_own_load(struct vcard *v)
{
	struct rd root = wr_view(&v->state->root);
	struct cvc c, device, issuer;
	bool has_issuer;
	enum err e;

	v->own_n = 0;
	if (root.n) {
		e = cvc_read(&root, &c);
		if (!e)
			e = own_add(v, &c);
		if (e)
			return e;
	}
	e = cvc_devaut_read(wr_view(&v->state->devaut), &device, &issuer, &has_issuer);
	if (!e && has_issuer)
		e = own_add(v, &issuer);
	if (!e)
		e = own_add(v, &device);
	return e;
}

/* ---- PSO VERIFY CERTIFICATE ---- */

/* Roles go down: a root signs issuers, an issuer signs devices, nobody else signs. */
static bool role_may_sign(uint8_t signer, uint8_t subject)
{
	return (signer == CVC_ROLE_ROOT && subject == CVC_ROLE_ISSUER) ||
	       (signer == CVC_ROLE_ISSUER && subject == CVC_ROLE_DEVICE);
}

static uint16_t known_add(struct vcard_session *s, const struct vcard_holder *h)
{
	size_t i = 0;

	while (i < s->known_n && !rd_eq(vcard_chr_view(&s->known[i].chr), vcard_chr_view(&h->chr)))
		i++;
	if (i == VCARD_KNOWN_MAX)
		return SW_FULL;
	s->known[i] = *h;
	if (i == s->known_n)
		s->known_n++;
	return SW_OK;
}

uint16_t vcard_verify_certificate(struct vcard *v, const struct vcard_command *c, struct wr *out)
{
	const struct vcard_profile *p = v->state->profile;
	const struct vcard_holder *signer = &v->session.verifier;
	struct vcard_holder h;
	struct wr wrapped;
	struct cvc cert;
	uint16_t sw = p->sw_cert_format;
	struct rd r;

	(void)out;
	if (!v->session.verifier_set)
		return SW_REFERENCE;
	/* The command has the content of 7F21. */
	wr_init_heap(&wrapped, CVC_MAX);
	wr_tlv(&wrapped, 0x7F21, c->data);
	r = wr_view(&wrapped);
	if (wr_done(&wrapped) || cvc_read(&r, &cert) || !rd_end(&r) || !cert.has_chat)
		goto out;
	if (vcard_holder_of(&cert, signer->curve, &h))
		goto out;
	sw = p->sw_cert_signature;
	if (!rd_eq(cert.car, vcard_chr_view(&signer->chr)) || !role_may_sign(signer->role, cert.role) ||
	    vcard_holder_verify(signer, cert.body, cert.sig))
		goto out;
	sw = known_add(&v->session, &h);
out:
	wr_free(&wrapped);
	return sw;
}

/* ---- MANAGE SECURITY ENVIRONMENT ---- */

static const struct vcard_holder *holder_find(const struct vcard *v, struct rd chr)
{
	for (size_t i = 0; i < v->own_n; i++)
		if (rd_eq(vcard_chr_view(&v->own[i].chr), chr))
			return &v->own[i];
	for (size_t i = 0; i < v->session.known_n; i++)
		if (rd_eq(vcard_chr_view(&v->session.known[i].chr), chr))
			return &v->session.known[i];
	return NULL;
}

static uint16_t choose_verifier(struct vcard *v, struct rd chr)
{
	const struct vcard_holder *h = holder_find(v, chr);

	v->session.verifier_set = h;
	if (!h)
		return SW_REFERENCE;
	v->session.verifier = *h;
	return SW_OK;
}

static uint16_t choose_registered(struct vcard *v, struct rd chr)
{
	const struct vcard_profile *p = v->state->profile;

	v->session.at = -1;
	for (size_t i = 0; i < vcard_pka_slots(v->state); i++) {
		const struct vcard_slot *slot = &v->state->slots[i];
		struct rd rest = chr, head = RD_NONE;

		if (!slot->used || !rd_take(&rest, slot->key.chr.n, &head) ||
		    !rd_eq(head, vcard_chr_view(&slot->key.chr)) || (!p->pka_prefix && !rd_end(&rest)))
			continue;
		if (p->pka_once && v->session.flags[i])
			return SW_CONDITIONS;
		v->session.at = (int)i;
		return SW_OK;
	}
	return SW_REFERENCE;
}

static uint16_t choose_protocol(struct vcard *v, struct rd oid)
{
	const struct vcard_profile *p = v->state->profile;

	v->session.chip_3des = p->chip_3des && rd_eq(oid, vcard_oid_chip_3des);
	v->session.chip = v->session.chip_3des || (p->chip_aes && rd_eq(oid, vcard_oid_chip));
	return v->session.chip ? SW_OK : SW_DATA;
}

uint16_t vcard_manage_se(struct vcard *v, const struct vcard_command *c, struct wr *out)
{
	static const struct {
		uint8_t p1, p2, tag;
		uint16_t (*run)(struct vcard *, struct rd);
	} uses[] = {
		{ 0x41, 0xA4, 0x80, choose_protocol },
		{ 0x81, 0xB6, 0x83, choose_verifier },
		{ 0x81, 0xA4, 0x83, choose_registered },
	};
	struct rd r = c->data, val;

	(void)out;
	for (size_t i = 0; i < sizeof(uses) / sizeof(*uses); i++) {
		if (uses[i].p1 != c->p1 || uses[i].p2 != c->p2)
			continue;
		if (!rd_tlv(&r, uses[i].tag, &val) || !rd_end(&r))
			return SW_DATA;
		return uses[i].run(v, val);
	}
	return SW_PARAMETERS;
}
