/* SPDX-License-Identifier: Apache-2.0 */
/* WRAP KEY and UNWRAP KEY; APDU reference 3.17, 3.18. */
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "test/vcard/blob.h"
#include "test/vcard/card.h"

#define ALGORITHM_WRAP 0x92

struct rd vcard_transfer(const struct vcard *v, struct rd data)
{
	const struct vcard_file *f = vcard_state_file(v->state, FID_TRANSFER);

	return data.n || !f ? data : wr_view(&f->data);
}

uint16_t vcard_wrap(struct vcard *v, const struct vcard_command *c, struct wr *out)
{
	const struct vcard_state *s = v->state;
	const struct vcard_key *k = vcard_state_key(s, c->p1);
	struct vcard_blob b;
	uint8_t nonce[8];
	enum err e;

	if (!s->domains)
		return SW_INS;
	if (!k || k->domain >= s->domains || !vcard_domain_is_ready(&s->domain[k->domain]))
		return SW_REFERENCE;
	if (k->listed && !memchr(k->algs, ALGORITHM_WRAP, k->algs_n))
		return s->profile->sw_key_algorithm;
	if (!vcard_keys(v))
		return SW_NO_PIN_FOR_KEY;
	b = (struct vcard_blob){ .secret = k->secret, .algs = rd_of(k->algs, k->algs_n) };
	e = rand_bytes(nonce, sizeof(nonce));
	if (!e)
		e = vcard_blob_write(&b, s->domain[k->domain].kek, nonce, out);
	return vcard_sw(e);
}

/* The domain whose key the blob was made with: its check value stands in front. */
static uint16_t domain_of(const struct vcard_state *s, struct rd blob, uint8_t *domain)
{
	uint16_t sw = SW_REFERENCE;
	uint8_t check[VCARD_KCV_SIZE];
	struct rd kcv;

	if (!vcard_blob_check_value(blob, &kcv))
		return SW_DATA;
	for (uint8_t i = 0; i < s->domains; i++) {
		if (!vcard_domain_is_ready(&s->domain[i]))
			continue;
		if (vcard_kek_check(s->domain[i].kek, check))
			return SW_FAILURE;
		if (rd_eq(kcv, RD_ARR(check))) {
			*domain = i;
			return SW_OK;
		}
		sw = s->profile->sw_unwrap_foreign;
	}
	return sw;
}

static enum err key_of(uint8_t id, uint8_t domain, const struct vcard_blob *b, struct vcard_key **out)
{
	struct vcard_key *k = calloc(1, sizeof(*k));

	if (!k)
		return ERR_NOMEM;
	k->id = id;
	k->domain = domain;
	k->secret = b->secret;
	k->listed = b->algs.n;
	k->algs_n = b->algs.n;
	memcpy(k->algs, b->algs.p, b->algs.n);
	*out = k;
	return ERR_OK;
}

uint16_t vcard_unwrap(struct vcard *v, const struct vcard_command *c, struct wr *out)
{
	struct rd bytes = vcard_transfer(v, c->data);
	struct vcard_state *s = v->state;
	struct vcard_key *k = NULL;
	struct vcard_blob b = { 0 };
	uint8_t domain = 0;
	uint16_t sw;
	enum err e;

	(void)out;
	if (!s->domains)
		return SW_INS;
	sw = domain_of(s, bytes, &domain);
	if (sw == SW_OK)
		sw = vcard_key_can_be(v, c->p1, domain);
	if (sw != SW_OK)
		return sw;
	e = vcard_blob_read(bytes, s->domain[domain].kek, &b);
	if (!e && vcard_blob_has_primes(bytes) && rsa_key_bits(b.secret.rsa) > s->profile->primes_max)
		e = ERR_UNSUPPORTED;
	if (!e)
		e = key_of(c->p1, domain, &b, &k);
	if (e)
		vcard_private_free(&b.secret);
	if (e == ERR_SIGNATURE || e == ERR_FORMAT || e == ERR_UNSUPPORTED)
		return s->profile->sw_unwrap_foreign;
	if (!e)
		e = vcard_key_keep(v, &k);
	vcard_key_free(&k);
	return vcard_sw(e);
}
