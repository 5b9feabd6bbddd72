/* SPDX-License-Identifier: Apache-2.0 */
/* What every use of a private key has in common; APDU reference 3.13, 13.2. */
#include <string.h>

#include "test/vcard/card.h"

/* A Nitrokey HSM 2: RSA-2048 0.6 s, P-256 0.17 s. Others by the cube of their size, as both grow. */
static unsigned duration_ms(const struct vcard_private *k)
{
	double base = k->rsa ? 600 : 170;
	double ratio = k->rsa ? rsa_key_bits(k->rsa) / 2048.0 : ec_domain_get(ec_key_curve(k->ec))->bits / 256.0;

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
