/* SPDX-License-Identifier: Apache-2.0 */
/* DERIVE EC KEY; APDU reference 3.16. */
#include <stdlib.h>
#include <string.h>

#include "test/vcard/card.h"

#define ALGORITHM 0x98          /* in the data, and in the source key's list */

/* Unsigned big endian numbers of the same size: a -= b. */
static void take_off(uint8_t *a, const uint8_t *b, size_t n)
{
	unsigned borrow = 0;

	while (n--) {
		unsigned d = 256u + a[n] - b[n] - borrow;

		a[n] = (uint8_t)d;
		borrow = d < 256;
	}
}

static void widen(struct rd r, uint8_t *out, size_t n)
{
	memset(out, 0, n - r.n);
	memcpy(out + n - r.n, r.p, r.n);
}

static bool is_below(const uint8_t *a, const uint8_t *b, size_t n)
{
	return memcmp(a, b, n) < 0;
}

/* a + b modulo m, in m's size. ERR_ARG: one of them is not below m. */
static enum err add_mod(struct rd a, struct rd b, struct rd m, uint8_t out[EC_FIELD_MAX])
{
	uint8_t sum[EC_FIELD_MAX + 1], more[EC_FIELD_MAX + 1], most[EC_FIELD_MAX + 1];
	size_t size = m.n + 1;
	unsigned carry = 0;
	enum err e = ERR_OK;

	if (a.n > m.n || b.n > m.n || m.n > EC_FIELD_MAX)
		return ERR_ARG;
	widen(a, sum, size);
	widen(b, more, size);
	widen(m, most, size);
	if (!is_below(sum, most, size) || !is_below(more, most, size))
		e = ERR_ARG;
	for (size_t i = size; i--;) {
		carry += sum[i] + more[i];
		sum[i] = (uint8_t)carry;
		carry >>= 8;
	}
	if (!is_below(sum, most, size))
		take_off(sum, most, size);
	memcpy(out, sum + 1, m.n);
	wipe(sum, sizeof(sum));
	return e;
}

/*
 * The source's private value plus the parameter: additive by what hosts do with the public key (reference 3.16; one
 * source, and 15.9). Modulo the order, as the group wants it, which is inferred of the vendor's card, or, of open
 * firmware, modulo the field's prime.
 */
static enum err derive(const struct ec_key *from, bool mod_p, struct rd parameter, struct ec_key **out)
{
	const struct ec_domain *d = ec_domain_get(ec_key_curve(from));
	uint8_t value[EC_FIELD_MAX], sum[EC_FIELD_MAX];
	struct rd modulus = mod_p ? d->p : d->n;
	struct wr w;
	enum err e;

	WR_ARR(&w, value);
	e = ec_key_export(from, &w);
	if (!e)
		e = add_mod(wr_view(&w), parameter, modulus, sum);
	if (!e)
		e = ec_key_import(d->curve, rd_of(sum, modulus.n), out);
	wipe(sum, sizeof(sum));
	wr_free(&w);
	return e;
}

uint16_t vcard_derive(struct vcard *v, const struct vcard_command *c, struct wr *out)
{
	const struct vcard_profile *p = v->state->profile;
	struct vcard_key *from = vcard_state_key(v->state, c->p1), *k;
	struct rd parameter = c->data;
	uint8_t algorithm;
	uint16_t sw;
	enum err e;

	if (!from)
		return p->sw_key_absent;
	if (!rd_u8(&parameter, &algorithm) || algorithm != ALGORITHM)
		return SW_DATA;
	if (!from->secret.ec)
		return SW_FUNCTION;
	sw = vcard_key_may(v, from, ALGORITHM);
	if (sw == SW_OK && c->p2 == c->p1)
		sw = SW_CONDITIONS;
	if (sw == SW_OK)
		sw = vcard_key_can_be(v, c->p2, from->domain);
	if (sw != SW_OK)
		return sw;
	k = calloc(1, sizeof(*k));
	if (!k)
		return SW_FAILURE;
	k->id = c->p2;
	k->domain = from->domain;
	k->chr = from->chr;
	e = derive(from->secret.ec, p->derive_mod_p, parameter, &k->secret.ec);
	if (!e)
		e = vcard_key_keep_attested(v, &k, RD_NONE, RD_NONE, out);
	vcard_key_free(&k);
	if (e)
		return e == ERR_ARG || e == ERR_FORMAT ? SW_DATA : vcard_sw(e);
	vcard_key_used(v, from);
	return SW_OK;
}
