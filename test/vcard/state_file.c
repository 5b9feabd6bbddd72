/* SPDX-License-Identifier: Apache-2.0 */
/* The persistent state as bytes: BER-TLV, the elements in the order in which they are written here. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/tlv.h"
#include "test/vcard/state.h"

#define FORMAT 2

enum {
	T_FORMAT = 0x80,
	T_MADE = 0xA0,          /* with the card */
	T_SET = 0xA1,           /* by INITIALIZE */
	T_PIN = 0xA2, T_SO = 0xA3,
	T_DOMAIN = 0xA4,
	T_PKA = 0xA5, T_SLOT = 0xB0,
	T_KEY = 0xA6, T_FILE = 0xA7,
	/* inside: the elements of one of these, in order */
	T_A = 0x80, T_B, T_C, T_D, T_E, T_F, T_G, T_H
};

/* ---- writing ---- */

static void put_text(struct wr *w, uint32_t tag, const char *s)
{
	wr_tlv(w, tag, rd_str(s));
}

static void put_ec(struct wr *w, uint32_t tag, const struct ec_key *k)
{
	uint8_t d[VCARD_POINT_MAX];
	struct wr v;
	enum err e;

	WR_ARR(&v, d);
	e = ec_key_export(k, &v);
	if (e)
		wr_fail(w, e);
	wr_tlv(w, tag, wr_view(&v));
	wr_free(&v);
}

static void put_rsa(struct wr *w, uint32_t tag, const struct rsa_key *k)
{
	uint8_t der[4096];
	struct wr v;
	enum err e;

	WR_ARR(&v, der);
	e = rsa_key_export(k, &v);
	if (e)
		wr_fail(w, e);
	wr_tlv(w, tag, wr_view(&v));
	wr_free(&v);
}

static void put_ref(struct wr *w, uint32_t tag, const struct vcard_ref *r)
{
	const uint8_t numbers[] = { r->size, r->initial, r->left };
	size_t m;

	if (!r->set)
		return;
	m = wr_tlv_open(w, tag);
	wr_tlv(w, T_A, RD_ARR(numbers));
	wr_tlv(w, T_B, RD_ARR(r->salt));
	wr_tlv(w, T_C, RD_ARR(r->hash));
	wr_tlv_close(w, m);
}

static void put_slots(struct wr *w, const struct vcard_state *s)
{
	for (size_t i = 0; i < s->total && i < PKA_CUSTODIANS_MAX; i++) {
		const struct vcard_slot *slot = &s->slots[i];
		const uint8_t numbers[] = { (uint8_t)i, slot->own_car };
		size_t m;

		if (!slot->used)
			continue;
		m = wr_tlv_open(w, T_SLOT);
		wr_tlv(w, T_A, RD_ARR(numbers));
		wr_tlv(w, T_B, vcard_chr_view(&slot->key.chr));
		put_text(w, T_C, ec_domain_get(slot->key.curve)->name);
		wr_tlv(w, T_D, rd_of(slot->key.q, slot->key.q_n));
		wr_tlv_close(w, m);
	}
}

static void put_key(struct wr *w, const struct vcard_key *k)
{
	const uint8_t numbers[] = { k->id, k->counted, k->listed, k->domain };
	size_t m = wr_tlv_open(w, T_KEY);

	wr_tlv(w, T_A, RD_ARR(numbers));
	wr_tlv(w, T_B, vcard_chr_view(&k->chr));
	wr_u8(w, T_C);
	wr_u8(w, 4);
	wr_u32(w, k->uses);
	wr_tlv(w, T_D, rd_of(k->algs, k->algs_n));
	if (k->secret.rsa) {
		put_rsa(w, T_E, k->secret.rsa);
	} else if (k->secret.ec) {
		put_text(w, T_F, ec_domain_get(ec_key_curve(k->secret.ec))->name);
		put_ec(w, T_G, k->secret.ec);
	} else {
		wr_tlv(w, T_H, rd_of(k->secret.aes, k->secret.aes_n));
	}
	wr_tlv_close(w, m);
}

static void put_domains(struct wr *w, const struct vcard_state *s)
{
	for (size_t i = 0; i < s->domains && i < VCARD_DOMAINS_MAX; i++) {
		const struct vcard_domain *d = &s->domain[i];
		const uint8_t numbers[] = { (uint8_t)i, (uint8_t)d->kind, d->shares, d->missing };
		size_t m;

		if (d->kind == DOMAIN_EMPTY)
			continue;
		m = wr_tlv_open(w, T_DOMAIN);
		wr_tlv(w, T_A, RD_ARR(numbers));
		wr_tlv(w, T_B, RD_ARR(d->kek));
		wr_tlv(w, T_C, RD_ARR(d->uid));
		wr_tlv_close(w, m);
	}
}

static void put_state(struct wr *w, const struct vcard_state *s)
{
	const uint8_t set[] = { s->initialised, (uint8_t)(s->options >> 8), (uint8_t)s->options, s->transport,
				s->domains };
	const uint8_t pka[] = { s->total, s->required };
	size_t m;

	wr_tlv_u8(w, T_FORMAT, FORMAT);
	m = wr_tlv_open(w, T_MADE);
	put_text(w, T_A, s->profile->name);
	wr_tlv(w, T_B, vcard_chr_view(&s->id));
	put_text(w, T_C, ec_domain_get(ec_key_curve(s->device))->name);
	put_ec(w, T_D, s->device);
	wr_tlv(w, T_E, wr_view(&s->devaut));
	wr_tlv(w, T_F, wr_view(&s->root));
	wr_tlv_close(w, m);
	wr_tlv(w, T_SET, RD_ARR(set));
	put_ref(w, T_PIN, &s->pin);
	put_ref(w, T_SO, &s->so);
	put_domains(w, s);
	if (s->total) {
		m = wr_tlv_open(w, T_PKA);
		wr_tlv(w, T_A, RD_ARR(pka));
		put_slots(w, s);
		wr_tlv_close(w, m);
	}
	for (size_t i = 0; i < s->keys_n; i++)
		put_key(w, s->keys[i]);
	for (size_t i = 0; i < s->files_n; i++) {
		m = wr_tlv_open(w, T_FILE);
		wr_u8(w, T_A);
		wr_u8(w, 2);
		wr_u16(w, s->files[i]->fid);
		wr_tlv(w, T_B, wr_view(&s->files[i]->data));
		wr_tlv_close(w, m);
	}
}

/* ---- reading ---- */

static bool get_bytes(struct rd *r, uint32_t tag, void *out, size_t n)
{
	struct rd v;

	if (!rd_tlv(r, tag, &v) || v.n != n)
		return false;
	memcpy(out, v.p, n);
	return true;
}

static bool get_chr(struct rd *r, uint32_t tag, struct vcard_chr *out)
{
	struct rd v;

	return rd_tlv(r, tag, &v) && vcard_chr_set(out, v);
}

static bool get_text(struct rd *r, uint32_t tag, char *out, size_t cap)
{
	struct rd v;

	if (!rd_tlv(r, tag, &v) || v.n >= cap)
		return false;
	memcpy(out, v.p, v.n);
	out[v.n] = '\0';
	return true;
}

static bool get_curve(struct rd *r, uint32_t tag, enum ec_curve *out)
{
	const struct ec_domain *d;
	char name[32];

	if (!get_text(r, tag, name, sizeof(name)))
		return false;
	d = ec_domain_by_name(name);
	if (!d)
		return false;
	*out = d->curve;
	return true;
}

static enum err get_ec(struct rd *r, uint32_t curve_tag, uint32_t key_tag, struct ec_key **out)
{
	enum ec_curve curve;
	struct rd d;

	if (!get_curve(r, curve_tag, &curve) || !rd_tlv(r, key_tag, &d))
		return ERR_FORMAT;
	return ec_key_import(curve, d, out);
}

static bool get_ref(struct rd *r, uint32_t tag, struct vcard_ref *out)
{
	uint8_t n[3];
	struct rd in;

	if (rd_tlv_peek(*r) != tag)
		return true;
	if (!rd_tlv(r, tag, &in) || !get_bytes(&in, T_A, n, sizeof(n)) ||
	    !get_bytes(&in, T_B, out->salt, sizeof(out->salt)) ||
	    !get_bytes(&in, T_C, out->hash, sizeof(out->hash)) || !rd_end(&in))
		return false;
	out->set = true;
	out->size = n[0];
	out->initial = n[1];
	out->left = n[2];
	return true;
}

static bool get_domains(struct rd *r, struct vcard_state *s)
{
	struct vcard_domain *d;
	uint8_t n[4];
	struct rd in;

	while (rd_tlv(r, T_DOMAIN, &in)) {
		if (!get_bytes(&in, T_A, n, sizeof(n)) || n[0] >= VCARD_DOMAINS_MAX || n[1] > DOMAIN_XKEK)
			return false;
		d = &s->domain[n[0]];
		if (!get_bytes(&in, T_B, d->kek, sizeof(d->kek)) ||
		    !get_bytes(&in, T_C, d->uid, sizeof(d->uid)) || !rd_end(&in))
			return false;
		d->kind = n[1];
		d->shares = n[2];
		d->missing = n[3];
	}
	return true;
}

static bool get_pka(struct rd *r, struct vcard_state *s)
{
	struct rd in, one, q;
	uint8_t n[2];

	if (rd_tlv_peek(*r) != T_PKA)
		return true;
	if (!rd_tlv(r, T_PKA, &in) || !get_bytes(&in, T_A, n, sizeof(n)))
		return false;
	s->total = n[0];
	s->required = n[1];
	while (rd_tlv(&in, T_SLOT, &one)) {
		struct vcard_slot *slot;

		if (!get_bytes(&one, T_A, n, sizeof(n)) || n[0] >= PKA_CUSTODIANS_MAX)
			return false;
		slot = &s->slots[n[0]];
		if (!get_chr(&one, T_B, &slot->key.chr) || !get_curve(&one, T_C, &slot->key.curve) ||
		    !rd_tlv(&one, T_D, &q) || q.n > sizeof(slot->key.q) || !rd_end(&one))
			return false;
		memcpy(slot->key.q, q.p, q.n);
		slot->key.q_n = q.n;
		slot->own_car = n[1];
		slot->used = true;
	}
	return rd_end(&in);
}

static enum err get_aes(struct rd value, struct vcard_private *out)
{
	if (value.n != 16 && value.n != 24 && value.n != 32)
		return ERR_FORMAT;
	memcpy(out->aes, value.p, value.n);
	out->aes_n = value.n;
	return ERR_OK;
}

static enum err get_key(struct rd in, struct vcard_state *s)
{
	struct vcard_key *k = calloc(1, sizeof(*k));
	enum err e = ERR_FORMAT;
	struct rd uses, algs, der;
	uint8_t n[4];

	if (!k)
		return ERR_NOMEM;
	if (!get_bytes(&in, T_A, n, sizeof(n)) || !get_chr(&in, T_B, &k->chr) || !rd_tlv(&in, T_C, &uses) ||
	    !rd_uint(uses, &k->uses) || !rd_tlv(&in, T_D, &algs) || algs.n > sizeof(k->algs))
		goto out;
	k->id = n[0];
	k->counted = n[1];
	k->listed = n[2];
	k->domain = n[3];
	memcpy(k->algs, algs.p, algs.n);
	k->algs_n = algs.n;
	if (rd_tlv(&in, T_E, &der))
		e = rsa_key_import(der, &k->secret.rsa);
	else if (rd_tlv(&in, T_H, &der))
		e = get_aes(der, &k->secret);
	else
		e = get_ec(&in, T_F, T_G, &k->secret.ec);
	if (!e)
		e = rd_end(&in) ? vcard_state_key_add(s, &k) : ERR_FORMAT;
out:
	vcard_key_free(&k);
	return e;
}

static enum err get_file(struct rd in, struct vcard_state *s)
{
	struct vcard_file *f;
	struct rd fid, data;
	uint32_t number;
	enum err e;

	if (!rd_tlv(&in, T_A, &fid) || !rd_uint(fid, &number) || number > UINT16_MAX || !rd_tlv(&in, T_B, &data) ||
	    !rd_end(&in))
		return ERR_FORMAT;
	e = vcard_state_file_make(s, (uint16_t)number, &f);
	if (e)
		return e;
	wr_put(&f->data, data);
	return wr_done(&f->data);
}

static enum err get_made(struct rd in, struct vcard_state **out)
{
	const struct vcard_profile *profile;
	struct vcard_state *s = NULL;
	struct rd devaut, root;
	char name[32];
	enum err e;

	if (!get_text(&in, T_A, name, sizeof(name)))
		return ERR_FORMAT;
	profile = vcard_profile_find(name);
	if (!profile)
		return ERR_FORMAT;
	e = vcard_state_new(profile, &s);
	if (e)
		return e;
	e = get_chr(&in, T_B, &s->id) ? get_ec(&in, T_C, T_D, &s->device) : ERR_FORMAT;
	if (!e && (!rd_tlv(&in, T_E, &devaut) || !rd_tlv(&in, T_F, &root) || !rd_end(&in)))
		e = ERR_FORMAT;
	if (!e) {
		wr_put(&s->devaut, devaut);
		wr_put(&s->root, root);
		e = wr_done(&s->devaut) ? wr_done(&s->devaut) : wr_done(&s->root);
	}
	if (!e) {
		*out = s;
		s = NULL;
	}
	vcard_state_free(&s);
	return e;
}

static enum err get_state(struct rd r, struct vcard_state **out)
{
	struct vcard_state *s = NULL;
	struct rd in, format;
	uint8_t set[5];
	enum err e;

	if (!rd_tlv(&r, T_FORMAT, &format) || !rd_eq(format, rd_of(&(uint8_t){ FORMAT }, 1)) ||
	    !rd_tlv(&r, T_MADE, &in))
		return ERR_FORMAT;
	e = get_made(in, &s);
	if (e)
		return e;
	if (!get_bytes(&r, T_SET, set, sizeof(set)) || !get_ref(&r, T_PIN, &s->pin) || !get_ref(&r, T_SO, &s->so) ||
	    !get_domains(&r, s) || !get_pka(&r, s)) {
		e = ERR_FORMAT;
		goto out;
	}
	s->initialised = set[0];
	s->options = (uint16_t)(set[1] << 8 | set[2]);
	s->transport = set[3];
	s->domains = set[4];
	if (s->domains > VCARD_DOMAINS_MAX)
		e = ERR_FORMAT;
	while (!e && rd_tlv(&r, T_KEY, &in))
		e = get_key(in, s);
	while (!e && rd_tlv(&r, T_FILE, &in))
		e = get_file(in, s);
	if (!e && !rd_end(&r))
		e = ERR_FORMAT;
	if (!e) {
		s->dirty = false;
		*out = s;
		s = NULL;
	}
out:
	vcard_state_free(&s);
	return e;
}

/* ---- the file ---- */

enum err vcard_state_load(const char *dir, struct vcard_state **out)
{
	struct wr path, bytes;
	enum err e;

	wr_init_heap(&path, PATH_MAX);
	wr_init_heap(&bytes, VCARD_STATE_MAX);
	wr_printf(&path, "%s/state", dir);
	e = wr_done(&path);
	if (!e)
		e = file_read(wr_cstr(&path), VCARD_STATE_MAX, &bytes);
	if (!e)
		e = get_state(wr_view(&bytes), out);
	wr_free(&bytes);
	wr_free(&path);
	return e;
}

enum err vcard_state_save(struct vcard_state *s, const char *dir, bool fresh)
{
	struct wr path, bytes;
	enum err e;

	wr_init_heap(&path, PATH_MAX);
	wr_init_heap(&bytes, VCARD_STATE_MAX);
	put_state(&bytes, s);
	wr_printf(&path, "%s/state", dir);
	e = wr_done(&bytes);
	if (!e)
		e = wr_done(&path);
	if (!e)
		e = (fresh ? file_create : file_write)(wr_cstr(&path), 0600, wr_view(&bytes));
	if (!e)
		s->dirty = false;
	wr_free(&bytes);
	wr_free(&path);
	return e;
}
