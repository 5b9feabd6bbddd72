/* SPDX-License-Identifier: Apache-2.0 */
/* MANAGE KEY DOMAIN; APDU reference 3.19, 6.1, 6.2. What exchanged keys are about: xkek.c. */
#include <string.h>

#include "base/rand.h"
#include "test/vcard/blob.h"
#include "test/vcard/card.h"

bool vcard_domain_is_ready(const struct vcard_domain *d)
{
	return d->kind != DOMAIN_EMPTY && d->missing == 0;
}

enum err vcard_domain_set(struct vcard_domain *d, uint8_t shares)
{
	*d = (struct vcard_domain){ .kind = DOMAIN_DKEK, .shares = shares, .missing = shares };
	/* 0 shares: a key that nobody knows. */
	return shares ? ERR_OK : rand_bytes(d->kek, sizeof(d->kek));
}

uint16_t vcard_domain_status(const struct vcard_state *s, const struct vcard_domain *d, struct wr *out)
{
	bool unshared = d->kind == DOMAIN_XKEK && s->profile->xkek_no_shares;
	uint8_t kcv[VCARD_KCV_SIZE] = { 0 };
	enum err e = ERR_OK;

	if (vcard_domain_is_ready(d))
		e = vcard_kek_check(d->kek, kcv);
	wr_u8(out, unshared ? 0xFF : d->shares);
	wr_u8(out, unshared ? 0 : d->missing);
	wr_put(out, RD_ARR(kcv));
	if (d->kind == DOMAIN_XKEK)
		wr_put(out, RD_ARR(d->uid));
	return vcard_sw(e);
}

/* No login is asked for: who holds a share may bring it. */
static uint16_t query_or_import(struct vcard *v, const struct vcard_command *c, struct vcard_domain *d, struct wr *out)
{
	if (d->kind == DOMAIN_EMPTY)
		return SW_REFERENCE;
	if (c->data.n == 0)
		return vcard_domain_status(v->state, d, out);
	if (c->data.n != sizeof(d->kek))
		return SW_LENGTH;
	if (d->kind != DOMAIN_DKEK || d->missing == 0)
		return v->state->profile->sw_domain_complete;
	for (size_t i = 0; i < sizeof(d->kek); i++)
		d->kek[i] ^= c->data.p[i];
	d->missing--;
	v->state->dirty = true;
	return vcard_domain_status(v->state, d, out);
}

static uint16_t create(struct vcard *v, const struct vcard_command *c, struct vcard_domain *d, struct wr *out)
{
	struct rd r = c->data;
	uint8_t shares;
	enum err e;

	if (d->kind != DOMAIN_EMPTY)
		return SW_CONDITIONS;
	if (!rd_u8(&r, &shares) || !rd_end(&r))
		return SW_LENGTH;
	if (shares == 0)
		return SW_DATA;
	e = vcard_domain_set(d, shares);
	v->state->dirty = true;
	return e ? vcard_sw(e) : vcard_domain_status(v->state, d, out);
}

static uint16_t delete(struct vcard *v, const struct vcard_command *c, struct vcard_domain *d, struct wr *out)
{
	const struct vcard_state *s = v->state;
	uint16_t sw;

	(void)out;
	if (d->kind == DOMAIN_EMPTY)
		return SW_REFERENCE;
	for (size_t i = 0; i < s->keys_n; i++)
		if (s->keys[i]->domain == c->p2)
			return s->profile->sw_domain_keys;
	wipe(d, sizeof(*d));
	/* Not every card calls it a success: so it is on disk before the answer. */
	sw = vcard_commit(v);
	return sw == SW_OK ? s->profile->sw_domain_deleted : sw;
}

static uint16_t forget(struct vcard *v, const struct vcard_command *c, struct vcard_domain *d, struct wr *out)
{
	(void)c;
	if (d->kind == DOMAIN_EMPTY)
		return SW_REFERENCE;
	wipe(d->kek, sizeof(d->kek));
	d->missing = d->shares ? d->shares : 1;
	v->state->dirty = true;
	return vcard_domain_status(v->state, d, out);
}

uint16_t vcard_domain(struct vcard *v, const struct vcard_command *c, struct wr *out)
{
	static const struct {
		bool user;
		uint16_t (*run)(struct vcard *, const struct vcard_command *, struct vcard_domain *, struct wr *);
	} uses[] = {
		{ false, query_or_import }, { true, create }, { true, vcard_xkek_create }, { true, delete },
		{ true, forget },
	};
	struct vcard_state *s = v->state;

	if (!s->domains)
		return SW_INS;
	if (c->p2 >= s->domains)
		return SW_PARAMETERS;
	if (uses[c->p1].user && !vcard_user(v))
		return s->profile->sw_domain_closed;
	return uses[c->p1].run(v, c, &s->domain[c->p2], out);
}
