/* SPDX-License-Identifier: Apache-2.0 */
/* Secure messaging after chip authentication: the card's side; APDU reference 4.2 to 4.4. */
#include <string.h>

#include "base/tlv.h"
#include "test/vcard/card.h"

#define MAC 8

void vcard_channel_end(struct vcard *v)
{
	struct vcard_session *s = &v->session;

	if (s->channel && s->bound && !s->kept) {
		s->pin = false;
		s->so = false;
		s->open = false;
		memset(s->flags, 0, sizeof(s->flags));
	}
	s->channel = false;
	s->bound = false;
	s->kept = false;
	wipe(&s->keys, sizeof(s->keys));
}

static size_t block(const struct vcard_session *s)
{
	return s->keys.is_3des ? DES_BLOCK : AES_BLOCK;
}

/* Before each command and each answer. */
static void count(struct vcard_session *s)
{
	for (size_t i = block(s); i-- && ++s->keys.ssc[i] == 0;)
		;
}

static void pad(const struct vcard_session *s, struct wr *w, size_t from)
{
	wr_u8(w, 0x80);
	while ((w->n - from) % block(s))
		wr_u8(w, 0);
}

/* 80 00.. at the end of a decrypted text. */
static bool unpad(struct rd *r)
{
	while (r->n && r->p[r->n - 1] == 0)
		r->n--;
	return r->n && r->p[--r->n] == 0x80;
}

/* The IV is the counter, encrypted. */
static enum err make_iv(const struct vcard_session *s, uint8_t iv[AES_BLOCK])
{
	static const uint8_t zeros[AES_BLOCK];
	struct wr w;

	wr_init(&w, iv, AES_BLOCK);
	return aes_cbc_encrypt(RD_ARR(s->keys.k_enc), zeros, RD_ARR(s->keys.ssc), &w);
}

/* Over the counter, a header (4 bytes, or none) and data objects, each padded. */
static enum err make_mac(const struct vcard_session *s, struct rd header, struct rd objects, uint8_t mac[AES_BLOCK])
{
	struct wr w;
	enum err e;

	wr_init_heap(&w, APDU_RSP_MAX + 4 * AES_BLOCK);
	wr_put(&w, rd_of(s->keys.ssc, block(s)));
	if (header.n) {
		wr_put(&w, header);
		pad(s, &w, 0);
	}
	if (objects.n) {
		wr_put(&w, objects);
		pad(s, &w, 0);
	}
	e = wr_done(&w);
	if (!e)
		e = s->keys.is_3des ? des_mac(s->keys.k_mac, wr_view(&w), mac)
				    : aes_cmac(RD_ARR(s->keys.k_mac), wr_view(&w), mac);
	wr_free(&w);
	return e;
}

static bool read_le(struct rd r, struct vcard_command *c)
{
	uint8_t one;
	uint16_t two;

	c->has_le = true;
	c->extended = r.n == 2;
	if (r.n == 1 && rd_u8(&r, &one))
		c->le = one ? one : 256;
	else if (r.n == 2 && rd_u16(&r, &two))
		c->le = two ? two : 65536;
	else
		return false;
	return true;
}

/* 87 with an indicator 01, of odd instructions 85 without; then 97; then 8E. */
struct objects {
	bool has_data, has_le;
	struct rd data, le, mac, before;        /* before: all but the MAC */
};

static bool read_objects(struct rd r, bool odd, size_t whole, struct objects *o)
{
	struct rd all = r;
	uint8_t indicator = 1;

	*o = (struct objects){ .has_data = false };
	o->has_data = rd_tlv(&r, odd ? 0x85 : 0x87, &o->data);
	if (o->has_data && !odd && (!rd_u8(&o->data, &indicator) || indicator != 1))
		return false;
	o->has_le = rd_tlv(&r, 0x97, &o->le);
	o->before = rd_of(all.p, all.n - r.n);
	return rd_tlv(&r, 0x8E, &o->mac) && rd_end(&r) && o->mac.n == MAC &&
	       (!o->has_data || (o->data.n && o->data.n % whole == 0));
}

static enum err decrypt(const struct vcard_session *s, struct rd cipher, struct wr *room, struct rd *out)
{
	uint8_t iv[AES_BLOCK];
	enum err e = s->keys.is_3des ? des_cbc_decrypt(s->keys.k_enc, cipher, room) : make_iv(s, iv);

	if (!e && !s->keys.is_3des)
		e = aes_cbc_decrypt(RD_ARR(s->keys.k_enc), iv, cipher, room);
	*out = wr_view(room);
	return e ? e : unpad(out) ? ERR_OK : ERR_FORMAT;
}

static uint16_t unwrap(struct vcard_session *s, const struct vcard_command *c, struct wr *room,
		       struct vcard_command *plain)
{
	const uint8_t header[] = { c->cla, c->ins, c->p1, c->p2 };
	uint8_t mac[AES_BLOCK];
	struct objects o;

	*plain = (struct vcard_command){ .cla = c->cla & (uint8_t)~0x0C, .ins = c->ins, .p1 = c->p1, .p2 = c->p2 };
	if (!read_objects(c->data, c->ins & 1, block(s), &o))
		return SW_SM_MISSING;
	count(s);
	if (make_mac(s, RD_ARR(header), o.before, mac))
		return SW_FAILURE;
	if (!rd_eq_secret(o.mac, rd_of(mac, MAC)))
		return SW_SM_WRONG;
	if (o.has_data && decrypt(s, o.data, room, &plain->data))
		return SW_SM_WRONG;
	return !o.has_le || read_le(o.le, plain) ? SW_OK : SW_SM_WRONG;
}

uint16_t vcard_channel_unwrap(struct vcard *v, const struct vcard_command *c, struct wr *room,
			      struct vcard_command *plain)
{
	uint16_t sw;

	if ((c->cla & 0x0C) != 0x0C || !v->session.channel)
		return SW_NO_SM;
	sw = unwrap(&v->session, c, room, plain);
	if (sw != SW_OK) {
		v->session.bound = true;        /* whatever login there is, goes (13.1) */
		v->session.kept = false;
		vcard_channel_end(v);
	}
	return sw;
}

static enum err encrypt(const struct vcard_session *s, bool odd, struct rd data, struct wr *objects)
{
	uint8_t iv[AES_BLOCK];
	struct wr text, cipher;
	enum err e = s->keys.is_3des ? ERR_OK : make_iv(s, iv);

	wr_init_heap(&text, APDU_RSP_MAX);
	wr_init_heap(&cipher, APDU_RSP_MAX);
	wr_put(&text, data);
	pad(s, &text, 0);
	if (!odd)
		wr_u8(&cipher, 1);
	if (!e)
		e = wr_done(&text);
	if (!e)
		e = s->keys.is_3des ? des_cbc_encrypt(s->keys.k_enc, wr_view(&text), &cipher)
				    : aes_cbc_encrypt(RD_ARR(s->keys.k_enc), iv, wr_view(&text), &cipher);
	if (!e)
		wr_tlv(objects, odd ? 0x85 : 0x87, wr_view(&cipher));
	wr_free(&cipher);
	wr_free(&text);
	return e;
}

enum err vcard_channel_wrap(struct vcard *v, uint8_t ins, uint16_t sw, struct wr *out)
{
	struct vcard_session *s = &v->session;
	uint8_t mac[AES_BLOCK];
	struct wr objects;
	enum err e = ERR_OK;

	count(s);
	wr_init_heap(&objects, APDU_RSP_MAX);
	if (out->n)
		e = encrypt(s, ins & 1, wr_view(out), &objects);
	wr_u8(&objects, 0x99);
	wr_u8(&objects, 2);
	wr_u16(&objects, sw);
	if (!e)
		e = wr_done(&objects);
	if (!e)
		e = make_mac(s, RD_NONE, wr_view(&objects), mac);
	wr_cut(out, 0);
	if (!e) {
		wr_put(out, wr_view(&objects));
		wr_tlv(out, 0x8E, rd_of(mac, MAC));
		e = wr_done(out);
	}
	wr_free(&objects);
	return e;
}
