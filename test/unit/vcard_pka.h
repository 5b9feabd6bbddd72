/* SPDX-License-Identifier: Apache-2.0 */
/* Custodians and targets of public key authentication, on virtual cards. */
#ifndef TEST_UNIT_VCARD_PKA_H
#define TEST_UNIT_VCARD_PKA_H

#include "test/unit/vcard.h"

/* A custodian's card and his authentication key, reference 1. */
struct custodian {
	struct card *c;
	struct wr devaut, attestation;
	struct cvc device, issuer;
	bool has_issuer;
	struct cvc_request request;
};

static inline struct custodian *custodian_with(const struct vcard_profile *p, const char *chr, const char *car,
					enum ec_curve curve, unsigned rsa)
{
	struct custodian *u = calloc(1, sizeof(*u));
	struct rd r;

	assert_non_null(u);
	u->c = card_new(p->name);
	card_init(u->c, 0x0001);
	card_login(u->c);
	wr_init_heap(&u->devaut, CVC_MAX);
	wr_init_heap(&u->attestation, CVC_MAX);
	assert_int_equal(card_hex(u->c, "00B12F02000004540200000000"), p->read_6282 ? 0x6282 : 0x9000);
	wr_put(&u->devaut, u->c->data);
	assert_int_equal(card_generate(u->c, 1, curve, rsa, car, chr, ""), 0x9000);
	wr_put(&u->attestation, u->c->data);
	assert_int_equal(cvc_devaut_read(wr_view(&u->devaut), &u->device, &u->issuer, &u->has_issuer), ERR_OK);
	r = wr_view(&u->attestation);
	assert_int_equal(cvc_request_read(&r, &u->request), ERR_OK);
	return u;
}

static inline struct custodian *custodian_new(const struct vcard_profile *p, const char *chr)
{
	return custodian_with(p, chr, chr, EC_BP256R1, 0);
}

static inline void custodian_free(struct custodian *u)
{
	wr_free(&u->devaut);
	wr_free(&u->attestation);
	card_free(u->c);
	free(u);
}

/* MANAGE SE with a holder reference; use: B6 or A4. */
static inline unsigned mse(struct card *t, uint8_t use, struct rd chr)
{
	uint8_t bytes[64];
	struct wr w;

	WR_ARR(&w, bytes);
	wr_tlv(&w, 0x83, chr);
	return card_send(t, 0x00228100 | use, wr_view(&w), NO_LE);
}

/* PSO VERIFY CERTIFICATE takes the content of 7F21. */
static inline unsigned pso(struct card *t, struct rd cvc)
{
	struct rd content;

	assert_true(rd_tlv(&cvc, 0x7F21, &content));
	return card_send(t, 0x002A00BE, content, NO_LE);
}

/* public-key-authentication 4.2 */
static inline unsigned know(struct card *t, const struct cvc *cert)
{
	unsigned sw = mse(t, 0xB6, cert->chr);

	if (sw == 0x9000)
		return sw;
	assert_int_equal(sw, 0x6A88);
	sw = mse(t, 0xB6, cert->car);
	if (sw != 0x9000)
		return sw;
	sw = pso(t, cert->whole);
	return sw == 0x9000 ? mse(t, 0xB6, cert->chr) : sw;
}

static inline unsigned register_with(struct card *t, struct rd content, uint16_t p1p2)
{
	return card_send(t, 0x80540000 | p1p2, content, 0);
}

static inline unsigned register_key(struct card *t, const struct custodian *u, uint16_t p1p2)
{
	if (t->v->state->profile->pka_chain) {
		assert_int_equal(know(t, &u->issuer), 0x9000);
		assert_int_equal(know(t, &u->device), 0x9000);
		assert_int_equal(mse(t, 0xB6, u->request.outer_car), 0x9000);
	}
	return register_with(t, u->request.content, p1p2);
}

static inline void expect_status(struct card *t, unsigned total, unsigned missing, unsigned required,
				 unsigned authenticated)
{
	const uint8_t expect[] = { (uint8_t)total, (uint8_t)missing, (uint8_t)required, (uint8_t)authenticated };

	assert_int_equal(card_hex(t, "8054000000"), 0x9000);
	assert_bytes_equal(t->data, RD_ARR(expect));
}

static inline void challenge(struct card *t, uint8_t out[8])
{
	assert_int_equal(card_hex(t, "0084000008"), 0x9000);
	assert_int_equal(t->data.n, 8);
	memcpy(out, t->data.p, 8);
}

/* The custodian's signature over id || challenge, from his card. */
static inline void approve(struct custodian *u, struct rd id, const uint8_t c[8], uint8_t sig[64])
{
	uint8_t m_bytes[64];
	struct wr m, w;

	WR_ARR(&m, m_bytes);
	wr_put(&m, id);
	wr_put(&m, rd_of(c, 8));
	assert_int_equal(card_send(u->c, 0x80680173, wr_view(&m), 0), 0x9000);
	wr_init(&w, sig, 64);
	assert_int_equal(ec_sig_from_der(u->c->data, 32, &w), ERR_OK);
}

static inline unsigned submit(struct card *t, struct rd sig)
{
	return card_send(t, 0x00820000, sig, NO_LE);
}

static inline unsigned authenticate(struct card *t, struct custodian *u, const uint8_t c[8])
{
	uint8_t sig[64];
	unsigned sw = mse(t, 0xA4, u->request.inner.chr);

	if (sw != 0x9000)
		return sw;
	approve(u, vcard_id(t->v), c, sig);
	return submit(t, RD_ARR(sig));
}

/*
 * A target that is initialised and has its keys registered; options: of INITIALIZE. pin empty: none. Selected, nobody
 * logged in.
 */
static inline struct card *target(const struct vcard_profile *p, uint16_t options, struct rd pin, const char *nm,
			   struct custodian **u, size_t n)
{
	struct card *t = card_new(p->name);

	assert_int_equal(card_init_with(t, options, pin, 3, SO_PIN, nm), 0x9000);
	for (size_t i = 0; i < n; i++) {
		if (!p->pka_any_caller)
			assert_int_equal(pin.n ? card_verify(t, pin) : card_send(t, 0x00200088, SO_PIN, NO_LE), 0x9000);
		assert_int_equal(register_key(t, u[i], 0), 0x9000);
	}
	card_again(t);
	card_select(t);
	return t;
}

/* Whether a key can be made: what "open" means in the end. */
static inline unsigned use(struct card *t)
{
	return card_generate(t, 9, EC_SECP256R1, 0, "", "UTUSE00001", "");
}

#endif
