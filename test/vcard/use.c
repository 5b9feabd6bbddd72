/* SPDX-License-Identifier: Apache-2.0 */
/* What every use of a private or secret key has in common; APDU reference 3.13 to 3.15, 13.2. */
#include <string.h>

#include "test/vcard/card.h"

#define AES_MS 60               /* not known of any card: about one exchange */

/* A Nitrokey HSM 2: RSA-2048 0.6 s, P-256 0.17 s. Others by the cube of their size, as both grow. */
static unsigned duration_ms(const struct vcard_private *k)
{
	double base = k->rsa ? 600 : 170;
	double ratio;

	if (!k->rsa && !k->ec)
		return AES_MS;
	ratio = k->rsa ? rsa_key_bits(k->rsa) / 2048.0 : ec_domain_get(ec_key_curve(k->ec))->bits / 256.0;
	return (unsigned)(base * ratio * ratio * ratio + 0.5);
}

uint16_t vcard_key_may(const struct vcard *v, const struct vcard_key *k, uint8_t algorithm)
{
	const struct vcard_profile *p = v->state->profile;

	if (k->listed && !memchr(k->algs, algorithm, k->algs_n))
		return p->sw_key_algorithm;
	if (k->counted && k->uses == 0)
		return p->sw_key_uses;
	return vcard_keys(v) ? SW_OK : SW_NO_PIN_FOR_KEY;
}

void vcard_key_used(struct vcard *v, struct vcard_key *k)
{
	v->delay_ms = duration_ms(&k->secret);
	if (k->counted) {
		k->uses--;
		v->state->dirty = true;
	}
}

static const struct vcard_algorithm *find(struct vcard_algorithms all, uint8_t id)
{
	for (size_t i = 0; i < all.n; i++)
		if (all.v[i].id == id)
			return &all.v[i];
	return NULL;
}

/* Not every card has every hash for RSA, nor PSS (3.13). */
static bool is_known(const struct vcard_profile *p, const struct vcard_algorithm *a)
{
	if (a->kind != VCARD_RSA)
		return true;
	if (a->id >> 4 == 4)
		return p->pss && (a->digest != DIGEST_SHA224 || p->sha224);
	return a->digest == DIGEST_SHA224 ? p->sha224 : a->digest <= DIGEST_SHA256 || p->sha2_rsa_long;
}

uint16_t vcard_key_use(struct vcard *v, const struct vcard_command *c, struct vcard_algorithms all, struct wr *out)
{
	const struct vcard_algorithm *a = find(all, c->p2);
	struct vcard_key *k = vcard_state_key(v->state, c->p1);
	struct vcard_use u = { .profile = v->state->profile, .algorithm = a };
	uint16_t sw;
	enum err e;

	if (!k)
		return u.profile->sw_key_absent;
	if (!a || a->kind != vcard_key_kind(k) || !is_known(u.profile, a))
		return SW_FUNCTION;
	sw = vcard_key_may(v, k, c->p2);
	if (sw != SW_OK)
		return sw;
	u.key = &k->secret;
	e = a->run(&u, c->data, out);
	if (e == ERR_ARG || e == ERR_DATA || e == ERR_FORMAT)
		return SW_DATA;
	if (e)
		return vcard_sw(e);
	vcard_key_used(v, k);
	return SW_OK;
}
