/* SPDX-License-Identifier: Apache-2.0 */
/* A virtual card with the driver on it. */
#ifndef TEST_UNIT_RIG_H
#define TEST_UNIT_RIG_H

#include "test/unit/vcard.h"

#include "sc-hsm/init.h"
#include "sc-hsm/key.h"
#include "sc-hsm/pin.h"
#include "test/link_vcard.h"

struct rig {
	struct card *card;
	struct hsm_card *h;
	struct hsm_version version;
};

static inline struct secret *secret(struct rd bytes)
{
	struct secret *s = NULL;

	assert_int_equal(secret_new(bytes, &s), ERR_OK);
	return s;
}

static inline struct rig rig_new(const char *profile)
{
	struct apdu_link *link = NULL;
	struct rig r = { .card = card_new(profile) };

	assert_int_equal(link_vcard_open(r.card->v, &link), ERR_OK);
	assert_int_equal(hsm_card_new(link, &r.h), ERR_OK);
	assert_int_equal(hsm_card_select(r.h, &r.version, NULL), ERR_OK);
	return r;
}

static inline void rig_free(struct rig *r)
{
	hsm_card_free(&r->h, true);
	card_free(r->card);
}

static inline uint64_t rig_count(const struct rig *r)
{
	return apdu_link_count(hsm_card_link(r->h));
}

static inline enum err rig_init_forced(struct rig *r, uint16_t options, bool pin, unsigned m, unsigned n,
				       const char *label, bool force)
{
	struct hsm_init i = {
		.options = options, .dkek_shares = -1, .total = m, .required = n, .label = rd_str(label),
	};
	struct secret *so = secret(SO_PIN), *user = secret(PIN);
	enum err e;

	i.so_pin = so;
	i.pin = pin ? user : NULL;
	e = hsm_card_initialize(r->h, &i, force, NULL);
	if (!e)
		e = hsm_card_select(r->h, &r->version, NULL);
	secret_free(&so);
	secret_free(&user);
	return e;
}

static inline enum err rig_init(struct rig *r, uint16_t options, bool pin, unsigned m, unsigned n, const char *label)
{
	return rig_init_forced(r, options, pin, m, n, label, false);
}

static inline enum err rig_verify(struct rig *r, struct rd value)
{
	struct secret *pin = secret(value);
	enum err e = hsm_pin_verify(r->h, HSM_REF_USER, pin, NULL);

	secret_free(&pin);
	return e;
}

static inline struct hsm_status rig_status(struct rig *r)
{
	struct hsm_status s = { 0 };

	assert_int_equal(hsm_card_status(r->h, &r->version, &s, NULL), ERR_OK);
	return s;
}

static inline enum err rig_generate(struct rig *r, uint8_t key, enum ec_curve curve, unsigned bits,
				    struct rd algorithms, uint32_t counter, struct wr *request)
{
	struct hsm_keygen g = {
		.key = key, .curve = curve, .rsa_bits = bits, .car = RD_LIT("UTCA00001"), .chr = RD_LIT("UTKEY00001"),
		.algorithms = algorithms, .use_counter = counter,
	};

	return hsm_key_generate(r->h, &g, request, NULL);
}

#endif
