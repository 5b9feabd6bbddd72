/* SPDX-License-Identifier: Apache-2.0 */
#include "pka/file.h"

#include <stdio.h>
#include <string.h>

#include "base/tlv.h"

#define CHR_STANDARD_MAX 16         /* TR-03110; cards have taken longer ones, but the target has to store this one */
#define KEY_BITS 256                /* larger ones register but never authenticate (public-key-authentication 4.3) */

/* 1.3.6.1.4.1.24991.4.3.1 and .4.2.1 */
static const uint8_t oid_new_form[] = { 0x2B, 0x06, 0x01, 0x04, 0x01, 0x81, 0xC3, 0x1F, 0x04, 0x03, 0x01 };
static const uint8_t oid_member[] = { 0x2B, 0x06, 0x01, 0x04, 0x01, 0x81, 0xC3, 0x1F, 0x04, 0x02, 0x01 };

enum { TAG_SEQUENCE = 0x30, TAG_OID = 0x06, TAG_ISSUER = 0x61, TAG_DEVICE = 0x62, TAG_REQUEST = 0x63,
       TAG_MEMBERSHIP = 0x54 };

struct parts {
	struct cvc cert[2];
	size_t certs;
	struct cvc_request request;
};

static bool read_cert(struct rd *r, struct parts *p)
{
	if (p->certs == 2 || cvc_read(r, &p->cert[p->certs]) != ERR_OK)
		return false;
	p->certs++;
	return true;
}

/* 30 { 67 request, 7F21 ... } */
static bool read_old(struct rd r, struct parts *p)
{
	if (cvc_request_read(&r, &p->request) != ERR_OK)
		return false;
	while (r.n > 0)
		if (!read_cert(&r, p))
			return false;
	return true;
}

/*
 * 06 form, 61 { 7F21 }, 62 { 7F21 }, 63 { 67 request }; one of 61 and 62 may be missing: a self-signed device. What
 * follows stays in r.
 */
static bool read_new(struct rd *r, struct rd form, struct parts *p)
{
	struct rd oid, in;

	if (!rd_tlv(r, TAG_OID, &oid) || !rd_eq(oid, form))
		return false;
	for (uint32_t tag = TAG_ISSUER; tag <= TAG_DEVICE; tag++)
		if (rd_tlv(r, tag, &in) && (!read_cert(&in, p) || !rd_end(&in)))
			return false;
	return rd_tlv(r, TAG_REQUEST, &in) && cvc_request_read(&in, &p->request) == ERR_OK && rd_end(&in);
}

/* Which certificate is which: sources disagree on the tags, so the content decides. */
static bool sort(const struct parts *p, struct pka_file *out)
{
	size_t device = 0;

	while (device < p->certs && !rd_eq(p->cert[device].chr, p->request.outer_car))
		device++;
	if (device == p->certs)
		return false;
	out->device = p->cert[device];
	out->has_issuer = p->certs == 2;
	if (out->has_issuer)
		out->issuer = p->cert[1 - device];
	return !out->has_issuer || !rd_eq(out->issuer.chr, out->device.chr);
}

/* ok: p was read. out is zeros on failure. */
static enum err finish(const struct parts *p, bool ok, struct pka_file *out)
{
	const struct cvc_key *key;

	memset(out, 0, sizeof(*out));
	if (!ok || !sort(p, out)) {
		memset(out, 0, sizeof(*out));
		return ERR_FORMAT;
	}
	out->request = p->request;
	key = &out->request.inner.key;
	out->curve = key->is_rsa ? EC_NONE : cvc_key_curve(key, EC_NONE);
	if (out->curve != EC_NONE && !ec_point_is_valid(out->curve, key->q))
		out->curve = EC_NONE;
	return ERR_OK;
}

enum err pka_file_read(struct rd bytes, struct pka_file *out)
{
	struct parts p = { .certs = 0 };
	struct rd r = bytes, in;
	bool ok = rd_tlv(&r, TAG_SEQUENCE, &in) && rd_end(&r);

	if (ok && rd_tlv_peek(in) == TAG_OID)
		ok = read_new(&in, RD_ARR(oid_new_form), &p) && rd_end(&in);
	else if (ok)
		ok = read_old(in, &p);
	return finish(&p, ok, out);
}

struct hsm_proof pka_file_proof(const struct pka_file *f, bool verifies)
{
	return (struct hsm_proof){ f->has_issuer && verifies ? &f->issuer : NULL, &f->device, &f->request };
}

enum err pka_member_read(struct rd bytes, struct pka_file *out, struct rd *sig)
{
	struct parts p = { .certs = 0 };
	struct rd r = bytes, in;

	return finish(&p, rd_tlv(&r, TAG_SEQUENCE, &in) && rd_end(&r) && read_new(&in, RD_ARR(oid_member), &p) &&
		      rd_tlv(&in, TAG_MEMBERSHIP, sig) && rd_end(&in), out);
}

/* issuer empty: there is none; sig empty: a PKA file. */
static enum err put_new(struct rd issuer, struct rd device, struct rd request, struct rd sig, struct wr *out)
{
	size_t mark = wr_tlv_open(out, TAG_SEQUENCE);

	wr_tlv(out, TAG_OID, sig.n ? RD_ARR(oid_member) : RD_ARR(oid_new_form));
	if (issuer.n)
		wr_tlv(out, TAG_ISSUER, issuer);
	wr_tlv(out, TAG_DEVICE, device);
	wr_tlv(out, TAG_REQUEST, request);
	if (sig.n)
		wr_tlv(out, TAG_MEMBERSHIP, sig);
	wr_tlv_close(out, mark);
	return wr_done(out);
}

enum err pka_member_write(const struct pka_file *signer, struct rd sig, struct wr *out)
{
	if (!sig.n)
		return ERR_ARG;
	return put_new(signer->has_issuer ? signer->issuer.whole : RD_NONE, signer->device.whole,
		       signer->request.whole, sig, out);
}

enum err pka_file_write(struct rd devaut, struct rd request, struct wr *out)
{
	struct cvc device, issuer;
	struct cvc_request q;
	struct rd r = request;
	bool has_issuer;
	enum err e = cvc_devaut_read(devaut, &device, &issuer, &has_issuer);

	if (!e)
		e = cvc_request_read(&r, &q);
	if (e)
		return e;
	if (!rd_end(&r) || !rd_eq(q.outer_car, device.chr))
		return ERR_FORMAT;
	return put_new(has_issuer ? issuer.whole : RD_NONE, device.whole, q.whole, RD_NONE, out);
}

enum err pka_file_check(const struct pka_file *f, const struct att_anchors *anchors, int64_t now, struct att_verdict *v)
{
	struct att_chain chain;
	struct att_key key;
	struct wr devaut;
	enum err e;

	wr_init_heap(&devaut, 2 * CVC_MAX);
	wr_put(&devaut, f->device.whole);
	if (f->has_issuer)
		wr_put(&devaut, f->issuer.whole);
	e = wr_done(&devaut);
	if (!e)
		e = att_chain_check(anchors, wr_view(&devaut), now, &chain, v);
	if (!e)
		e = att_key_check(&chain, f->request.whole, RD_NONE, &key, v);
	if (!e && !chain.is_genuine)
		e = ERR_ATTESTATION;
	wr_free(&devaut);
	return e;
}

static enum err problem(struct pka_file_set_problem *out, size_t a, size_t b, const struct pka_file *f,
			const char *text)
{
	struct rd chr = f->request.inner.chr, id = f->device.chr;

	out->a = a;
	out->b = b;
	snprintf(out->text, sizeof(out->text), "key %.*s of device %.*s: %s", (int)chr.n, (const char *)chr.p,
		 (int)id.n, (const char *)id.p, text);
	return ERR_REFUSED;
}

/* What is wrong with one file, NULL if nothing. */
static const char *alone(const struct pka_file *f, struct rd target_id)
{
	struct rd chr = f->request.inner.chr;
	const struct ec_domain *d = f->curve == EC_NONE ? NULL : ec_domain_get(f->curve);

	if (!d || d->bits != KEY_BITS)
		return "not an EC key of 256 bits; the target could never verify it";
	if (!cvc_reference_is_valid(chr) || chr.n > CHR_STANDARD_MAX)
		return "its name is not 2 letters and up to 14 more characters";
	if (target_id.n > 0 && rd_eq(f->device.chr, target_id))
		return "it is a key of the target itself";
	if (target_id.n > 0 && rd_eq(chr, target_id))
		return "it has the name of the target";
	return NULL;
}

static const char *together(const struct pka_file *f, const struct pka_file *g, bool same_device)
{
	const struct cvc *a = &f->request.inner, *b = &g->request.inner;

	if (rd_eq(a->chr, b->chr))
		return "another key has the same name; the card would find only the first";
	if (rd_eq(a->key.q, b->key.q))
		return "the same key under two names";
	if (!same_device && rd_eq(f->device.chr, g->device.chr))
		return "another key is of the same device, so one person would count twice";
	return NULL;
}

enum err pka_file_set_check(const struct pka_file *files, size_t n, struct rd target_id, bool same_device,
			    struct pka_file_set_problem *out)
{
	const char *text;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < n; i++) {
		text = alone(&files[i], target_id);
		if (text)
			return problem(out, i, i, &files[i], text);
		for (size_t k = 0; k < i; k++) {
			text = together(&files[k], &files[i], same_device);
			if (text)
				return problem(out, k, i, &files[i], text);
		}
	}
	return ERR_OK;
}
