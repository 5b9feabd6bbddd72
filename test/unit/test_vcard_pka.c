/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Public key authentication on every profile: registration, challenge, approvals, what opens the card and what closes
 * it.
 */
#include "test/unit/vcard.h"

/* A custodian's card and his authentication key, reference 1. */
struct custodian {
	struct card *c;
	struct wr devaut, attestation;
	struct cvc device, issuer;
	bool has_issuer;
	struct cvc_request request;
};

static struct custodian *custodian_with(const struct vcard_profile *p, const char *chr, const char *car,
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

static struct custodian *custodian_new(const struct vcard_profile *p, const char *chr)
{
	return custodian_with(p, chr, chr, EC_BP256R1, 0);
}

static void custodian_free(struct custodian *u)
{
	wr_free(&u->devaut);
	wr_free(&u->attestation);
	card_free(u->c);
	free(u);
}

/* MANAGE SE with a holder reference; use: B6 or A4. */
static unsigned mse(struct card *t, uint8_t use, struct rd chr)
{
	uint8_t bytes[64];
	struct wr w;

	WR_ARR(&w, bytes);
	wr_tlv(&w, 0x83, chr);
	return card_send(t, 0x00228100 | use, wr_view(&w), NO_LE);
}

/* PSO VERIFY CERTIFICATE takes the content of 7F21. */
static unsigned pso(struct card *t, struct rd cvc)
{
	struct rd content;

	assert_true(rd_tlv(&cvc, 0x7F21, &content));
	return card_send(t, 0x002A00BE, content, NO_LE);
}

/* public-key-authentication 4.2 */
static unsigned know(struct card *t, const struct cvc *cert)
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

static unsigned register_with(struct card *t, struct rd content, uint16_t p1p2)
{
	return card_send(t, 0x80540000 | p1p2, content, 0);
}

static unsigned register_key(struct card *t, const struct custodian *u, uint16_t p1p2)
{
	if (t->v->state->profile->pka_chain) {
		assert_int_equal(know(t, &u->issuer), 0x9000);
		assert_int_equal(know(t, &u->device), 0x9000);
		assert_int_equal(mse(t, 0xB6, u->request.outer_car), 0x9000);
	}
	return register_with(t, u->request.content, p1p2);
}

static void expect_status(struct card *t, unsigned total, unsigned missing, unsigned required, unsigned authenticated)
{
	const uint8_t expect[] = { (uint8_t)total, (uint8_t)missing, (uint8_t)required, (uint8_t)authenticated };

	assert_int_equal(card_hex(t, "8054000000"), 0x9000);
	assert_bytes_equal(t->data, RD_ARR(expect));
}

static void challenge(struct card *t, uint8_t out[8])
{
	assert_int_equal(card_hex(t, "0084000008"), 0x9000);
	assert_int_equal(t->data.n, 8);
	memcpy(out, t->data.p, 8);
}

/* The custodian's signature over id || challenge, from his card. */
static void approve(struct custodian *u, struct rd id, const uint8_t c[8], uint8_t sig[64])
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

static unsigned submit(struct card *t, struct rd sig)
{
	return card_send(t, 0x00820000, sig, NO_LE);
}

static unsigned authenticate(struct card *t, struct custodian *u, const uint8_t c[8])
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
static struct card *target(const struct vcard_profile *p, uint16_t options, struct rd pin, const char *nm,
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
static unsigned use(struct card *t)
{
	return card_generate(t, 9, EC_SECP256R1, 0, "", "UTUSE00001", "");
}

/* ---- registration ---- */

EACH(test_register)
{
	struct custodian *u[2] = { custodian_new(p, "UTCUSTA00001"), custodian_new(p, "UTCUSTB00001") };
	struct card *t = card_new(p->name);

	assert_int_equal(card_init_with(t, 0x0001, PIN, 3, SO_PIN, "93020302"), 0x9000);
	card_select(t);
	expect_status(t, 3, 3, 2, 0);
	assert_int_equal(card_hex(t, "8054020000"), 0x6A88);
	assert_int_equal(card_hex(t, "8054020300"), 0x6A86);
	assert_int_equal(card_hex(t, "8054000100"), 0x6A86);
	assert_int_equal(card_hex(t, "8054030000"), 0x6A86);
	if (!p->pka_any_caller) {
		assert_int_equal(register_key(t, u[0], 0), p->sw_pka_closed);
		card_login(t);
	}
	assert_int_equal(register_key(t, u[0], 0), 0x9000);
	assert_bytes_equal(t->data, RD_LIT("\3\2\2\0"));
	assert_int_equal(register_key(t, u[0], 0), p->pka_twice ? 0x9000 : 0x6985);
	assert_int_equal(register_key(t, u[1], 0), 0x9000);
	card_again(t);
	card_select(t);
	expect_status(t, 3, p->pka_twice ? 0 : 1, 2, 0);
	assert_int_equal(card_hex(t, "8054020000"), 0x9000);
	assert_bytes_equal(t->data, u[0]->request.inner.chr);
	for (size_t i = 0; i < 2; i++)
		custodian_free(u[i]);
	card_free(t);
}

static void flip(struct card *t, struct rd whole, size_t at, unsigned (*send)(struct card *, struct rd), unsigned good)
{
	uint8_t copy[1024];

	assert_true(whole.n <= sizeof(copy) && at < whole.n);
	memcpy(copy, whole.p, whole.n);
	copy[at] ^= 1;
	assert_int_not_equal(send(t, rd_of(copy, whole.n)), good);
}

static unsigned register_plain(struct card *t, struct rd content)
{
	return register_with(t, content, 0);
}

/* The chain up to the card's root, as the real card verifies it: nothing forged gets in. */
EACH(test_register_chain)
{
	struct custodian *u, *other;
	struct card *t;

	if (!p->pka_chain)
		return;
	u = custodian_new(p, "UTCUSTA00001");
	other = custodian_new(p, "UTCUSTB00001");
	t = card_new(p->name);
	assert_int_equal(card_init_with(t, 0x0001, PIN, 3, SO_PIN, "93020302"), 0x9000);
	card_select(t);

	assert_int_equal(pso(t, u->device.whole), 0x6A88);                      /* no key chosen */
	assert_int_equal(mse(t, 0xB6, RD_LIT("UTNOBODY00001")), 0x6A88);
	assert_int_equal(mse(t, 0xB6, u->device.chr), 0x6A88);
	assert_int_equal(register_with(t, u->request.content, 0), 0x6A88);      /* custodian's device not known */
	assert_int_equal(mse(t, 0xB6, vcard_chr_view(&t->v->own[0].chr)), 0x9000);
	assert_int_equal(pso(t, u->device.whole), p->sw_cert_signature);        /* not by the root */
	assert_int_equal(card_send(t, 0x002A00BE, RD_LIT("\x7F\x4E\x00"), NO_LE), p->sw_cert_format);
	assert_int_equal(mse(t, 0xB6, u->issuer.chr), 0x9000);                  /* the card's own issuer */
	for (size_t at = 4; at < u->device.whole.n; at += 7)
		flip(t, u->device.whole, at, pso, 0x9000);
	assert_int_equal(pso(t, u->device.whole), 0x9000);
	assert_int_equal(mse(t, 0xB6, u->device.chr), 0x9000);
	/* A device certificate signs no certificates. */
	assert_int_equal(pso(t, other->device.whole), p->sw_cert_signature);
	for (size_t at = 0; at < u->request.content.n; at += 5)
		flip(t, u->request.content, at, register_plain, 0x9000);
	/* The request of one device under another: the outer reference says so. */
	assert_int_equal(register_with(t, other->request.content, 0), 0x6A88);
	/* An issuer chosen in place of the device. */
	assert_int_equal(mse(t, 0xB6, u->issuer.chr), 0x9000);
	assert_int_equal(register_with(t, u->request.content, 0), 0x6A88);
	/* The bare certificate is not enough. */
	assert_int_equal(mse(t, 0xB6, u->device.chr), 0x9000);
	assert_int_equal(register_with(t, u->request.inner.whole, 0), 0x6A80);
	expect_status(t, 3, 3, 2, 0);
	assert_int_equal(register_with(t, u->request.content, 0), 0x9000);

	/* What was verified is forgotten with the session. */
	card_select(t);
	assert_int_equal(mse(t, 0xB6, u->device.chr), 0x6A88);
	custodian_free(u);
	custodian_free(other);
	card_free(t);
}

EACH(test_register_keys)
{
	struct custodian *rsa = custodian_with(p, "UTCUSTR00001", "UTCUSTR00001", EC_NONE, 1024);
	struct custodian *own, *a = custodian_new(p, "UTCUSTA00001"), *b = custodian_new(p, "UTCUSTB00001");
	struct card *t = card_new(p->name);

	assert_int_equal(card_init_with(t, 0x0001, PIN, 3, SO_PIN, ""), 0x9000);
	card_login(t);
	assert_int_equal(register_with(t, a->request.content, 0), p->sw_pka_none_data);
	assert_int_equal(card_hex(t, "8054000000"), p->sw_pka_none);
	assert_int_equal(submit(t, RD_LIT("xx")), p->sw_auth_none);

	assert_int_equal(card_init_with(t, 0x0001, PIN, 3, SO_PIN, "93020101"), 0x9000);
	card_login(t);
	assert_int_equal(register_key(t, rsa, 0), 0x6A80);
	/* The reference of a key of the card's own. */
	if (p->pin_opens) {
		own = custodian_new(p, "UTOWN00001");
		assert_int_equal(card_generate(t, 1, EC_BP256R1, 0, "", "UTOWN00001", ""), 0x9000);
		assert_int_equal(register_key(t, own, 0), 0x6985);
		custodian_free(own);
	}
	assert_int_equal(register_key(t, a, 0), 0x9000);
	assert_int_equal(register_key(t, b, 0), p->sw_pka_full);
	/* Replacing needs option 0008, and somebody logged in. */
	assert_int_equal(register_key(t, b, 0x0100), 0x6985);
	expect_status(t, 1, 0, 1, 0);
	custodian_free(rsa);
	custodian_free(a);
	custodian_free(b);
	card_free(t);
}

EACH(test_replace)
{
	struct custodian *a = custodian_new(p, "UTCUSTA00001"), *b = custodian_new(p, "UTCUSTB00001");
	struct card *t = target(p, 0x0009, PIN, "93020101", &a, 1);
	uint8_t c[8];

	assert_int_equal(register_key(t, b, 0x0100), 0x6985);
	challenge(t, c);
	assert_int_equal(authenticate(t, a, c), 0x9000);
	assert_int_equal(register_key(t, b, 0x0101), 0x6A86);
	assert_int_equal(register_key(t, b, 0x0100), 0x9000);
	card_select(t);
	assert_int_equal(card_hex(t, "8054020000"), 0x9000);
	assert_bytes_equal(t->data, b->request.inner.chr);
	challenge(t, c);
	assert_int_equal(authenticate(t, a, c), 0x6A88);
	assert_int_equal(authenticate(t, b, c), 0x9000);
	custodian_free(a);
	custodian_free(b);
	card_free(t);
}

/* Through EF 2F10: the command that asks for the status registers what lies there. */
EACH(test_register_from_file)
{
	struct custodian *a = custodian_new(p, "UTCUSTA00001");
	struct card *t = card_new(p->name);
	struct wr w;

	assert_int_equal(card_init_with(t, 0x0001, PIN, 3, SO_PIN, "93020201"), 0x9000);
	card_select(t);
	if (p->pin_opens) {
		card_login(t);
		assert_int_equal(know(t, &a->issuer), 0x9000);
		assert_int_equal(know(t, &a->device), 0x9000);
		wr_init_heap(&w, 4096);
		wr_put(&w, RD_LIT("\x54\x02\0\0"));
		wr_tlv(&w, 0x53, a->request.content);
		assert_int_equal(card_send(t, 0x00D72F10, wr_view(&w), NO_LE), 0x9000);
		assert_int_equal(card_hex(t, "8054000000"), 0x9000);
		assert_bytes_equal(t->data, RD_LIT("\2\1\1\0"));
		assert_int_equal(card_hex(t, "8054000000"),
				 0x6985); /* it is still there: again, and now a duplicate */
		assert_int_equal(card_hex(t, "00E40200022F10"), 0x9000);
		wr_free(&w);
	}
	expect_status(t, 2, p->pin_opens ? 1 : 2, 1, 0);
	custodian_free(a);
	card_free(t);
}

/* ---- approvals ---- */

EACH(test_two_of_three)
{
	struct custodian *u[3] = { custodian_new(p, "UTCUSTA00001"), custodian_new(p, "UTCUSTB00001"),
				   custodian_new(p, "UTCUSTC00001") };
	struct card *t = target(p, 0x0001, RD_NONE, "93020302", u, 3);
	uint8_t c[8], sig[64];

	expect_status(t, 3, 0, 2, 0);
	assert_int_equal(card_status(t), p->status_6300 ? 0x6300 : 0x6A88);
	assert_int_equal(use(t), 0x6982);
	assert_int_equal(submit(t, RD_ARR(sig)), p->sw_auth_no_key);
	assert_int_equal(mse(t, 0xA4, u[0]->request.inner.chr), 0x9000);
	assert_int_equal(submit(t, RD_ARR(sig)), p->sw_auth_no_challenge);
	assert_int_equal(mse(t, 0xA4, RD_LIT("UTNOBODY00001")), 0x6A88);

	challenge(t, c);
	assert_int_equal(authenticate(t, u[0], c), 0x9000);
	expect_status(t, 3, 0, 2, 1);
	assert_int_equal(card_hex(t, "8054020000"), 0x9001);
	assert_bytes_equal(t->data, u[0]->request.inner.chr);
	assert_int_equal(card_hex(t, "8054020100"), 0x9000);
	assert_int_equal(use(t), 0x6982);

	/* The second approval: on the same challenge, or where that serves one key, on a new one. */
	if (p->challenge_per_key) {
		assert_int_equal(authenticate(t, u[1], c), p->sw_auth_no_challenge);
		challenge(t, c);
		expect_status(t, 3, 0, 2, 1);
	}
	assert_int_equal(authenticate(t, u[1], c), 0x9000);
	expect_status(t, 3, 0, 2, 2);
	assert_int_equal(card_status(t), p->status_by_pka ? 0x9000 : 0x6A88);
	assert_int_equal(use(t), p->pin_for_keys ? 0x6400 : 0x9000);
	/* The challenge is used up: neither replay nor one more. */
	assert_int_equal(authenticate(t, u[2], c), p->sw_auth_no_challenge);

	/* Random numbers do not close it, whatever the count says then. */
	challenge(t, c);
	expect_status(t, 3, 0, 2, p->challenge_drops_count ? 0 : 2);
	assert_int_equal(card_hex(t, "00D7CF000754020000" "530142"), 0x9000);
	/* SELECT does. */
	card_select(t);
	expect_status(t, 3, 0, 2, 0);
	assert_int_equal(use(t), 0x6982);
	assert_int_equal(authenticate(t, u[0], c), p->sw_auth_no_challenge);
	for (size_t i = 0; i < 3; i++)
		custodian_free(u[i]);
	card_free(t);
}

/* A second GET CHALLENGE before the threshold. */
EACH(test_second_challenge)
{
	struct custodian *u[2] = { custodian_new(p, "UTCUSTA00001"), custodian_new(p, "UTCUSTB00001") };
	struct card *t = target(p, 0x0001, RD_NONE, "93020202", u, 2);
	uint8_t c[8], fresh[8];

	challenge(t, c);
	assert_int_equal(authenticate(t, u[0], c), 0x9000);
	challenge(t, fresh);
	expect_status(t, 2, 0, 2, p->challenge_drops_flags ? 0 : 1);
	assert_int_equal(authenticate(t, u[1], c), p->sw_auth_wrong);           /* the old one is worth nothing */
	assert_int_equal(authenticate(t, u[1], fresh), 0x9000);
	expect_status(t, 2, 0, 2, p->challenge_drops_flags ? 1 : 2);
	assert_int_equal(use(t), p->challenge_drops_flags ? 0x6982 : 0x9000);
	/* Other sizes: for random numbers, but nothing that could be signed on vendor cards. */
	card_select(t);
	assert_int_equal(card_hex(t, "0084000010"), 0x9000);
	assert_int_equal(authenticate(t, u[0], c), p->challenge_8_only ? p->sw_auth_no_challenge : p->sw_auth_wrong);
	assert_int_equal(card_hex(t, "00840000"), 0x6700);
	assert_int_equal(card_hex(t, "0084000000"), p->challenge_256 ? 0x9000 : 0x6700);
	assert_int_equal(card_hex(t, "00840000000400"), 0x9000);
	assert_int_equal(t->data.n, 1024);
	assert_int_equal(card_hex(t, "00840000000401"), 0x6700);
	for (size_t i = 0; i < 2; i++)
		custodian_free(u[i]);
	card_free(t);
}

EACH(test_wrong_signatures)
{
	struct custodian *u[2] = { custodian_new(p, "UTCUSTA00001"), custodian_new(p, "UTCUSTB00001") };
	struct card *t = target(p, 0x0001, RD_NONE, "93020202", u, 2);
	uint8_t c[8], sig[64], twice[64];

	challenge(t, c);
	assert_int_equal(mse(t, 0xA4, u[0]->request.inner.chr), 0x9000);
	approve(u[0], RD_LIT("UTOTHER00001"), c, sig);                          /* for another card */
	assert_int_equal(submit(t, RD_ARR(sig)), p->sw_auth_wrong);
	approve(u[1], vcard_id(t->v), c, sig);                                  /* by another custodian */
	assert_int_equal(submit(t, RD_ARR(sig)), p->sw_auth_wrong);
	approve(u[0], vcard_id(t->v), c, sig);
	sig[10] ^= 1;
	assert_int_equal(submit(t, RD_ARR(sig)), p->sw_auth_wrong);
	sig[10] ^= 1;
	assert_int_equal(submit(t, rd_of(sig, 63)), p->sw_auth_wrong);
	assert_int_equal(submit(t, u[0]->c->data), p->sw_auth_wrong);           /* DER */
	expect_status(t, 2, 0, 2, 0);
	assert_int_equal(submit(t, RD_ARR(sig)), 0x9000);
	expect_status(t, 2, 0, 2, 1);

	/* The same custodian again does not count twice. */
	memcpy(twice, sig, sizeof(twice));
	assert_int_equal(submit(t, RD_ARR(twice)), p->challenge_per_key ? p->sw_auth_no_challenge : 0x9000);
	assert_int_equal(mse(t, 0xA4, u[0]->request.inner.chr), p->pka_once ? 0x6985 : 0x9000);
	expect_status(t, 2, 0, 2, 1);
	assert_int_equal(use(t), 0x6982);
	for (size_t i = 0; i < 2; i++)
		custodian_free(u[i]);
	card_free(t);
}

/* public-key-authentication 4.3, 4.4: keys that register and are of no use. */
EACH(test_keys_of_no_use)
{
	struct custodian *u[2] = {
		custodian_with(p, "UTCUSTA00001", "UTCUSTA00001", EC_SECP384R1, 0),
		custodian_with(p, "UTCUSTB00001", "UTCA00001", EC_BP256R1, 0),
	};
	struct card *t = target(p, 0x0001, RD_NONE, "93020202", u, 2);
	uint8_t c[8], sig[96];
	struct wr m, w;
	uint8_t m_bytes[64];

	challenge(t, c);
	WR_ARR(&m, m_bytes);
	WR_ARR(&w, sig);
	wr_put(&m, vcard_id(t->v));
	wr_put(&m, RD_ARR(c));
	assert_int_equal(card_send(u[0]->c, 0x80680173, wr_view(&m), 0), 0x9000);
	assert_int_equal(ec_sig_from_der(u[0]->c->data, 48, &w), ERR_OK);
	assert_int_equal(mse(t, 0xA4, u[0]->request.inner.chr), 0x9000);
	assert_int_equal(submit(t, RD_ARR(sig)), p->pka_256_only ? p->sw_auth_wrong : 0x9000);
	assert_int_equal(authenticate(t, u[1], c), p->pka_own_car_only ? p->sw_auth_wrong : 0x9000);
	for (size_t i = 0; i < 2; i++)
		custodian_free(u[i]);
	card_free(t);
}

EACH(test_incomplete)
{
	struct custodian *a = custodian_new(p, "UTCUSTA00001");
	struct card *t = target(p, 0x0001, RD_NONE, "93020201", &a, 1);
	uint8_t c[8];

	expect_status(t, 2, 1, 1, 0);
	challenge(t, c);
	assert_int_equal(authenticate(t, a, c), p->pka_needs_all ? 0x6985 : 0x9000);
	assert_int_equal(use(t), p->pka_needs_all ? 0x6982 : 0x6400);
	custodian_free(a);
	card_free(t);
}

/* ---- with a PIN ---- */

/* Keys or PIN. */
EACH(test_pin_without_combined)
{
	struct custodian *a = custodian_new(p, "UTCUSTA00001");
	struct card *t = target(p, 0x0001, PIN, "93020101", &a, 1);
	uint8_t c[8];

	assert_int_equal(card_status(t), p->status_6300 && !p->status_pin_first ? 0x6300 : 0x63C3);
	card_login(t);
	assert_int_equal(card_status(t), 0x9000);
	assert_int_equal(use(t), p->pin_opens ? 0x9000 : 0x6982);
	card_select(t);
	challenge(t, c);
	assert_int_equal(authenticate(t, a, c), 0x9000);
	assert_int_equal(card_status(t), p->status_by_pka ? 0x9000 : 0x63C3);
	assert_int_equal(card_hex(t, "00D7CF000754020000" "530142"), 0x9000);
	assert_int_equal(card_hex(t, "00E4020002CC09"), p->pin_opens ? 0x9000 : 0x6A82);
	assert_int_equal(use(t), p->pin_for_keys ? 0x6400 : 0x9000);
	/* A wrong PIN closes nothing that the keys opened. */
	assert_int_equal(card_verify(t, RD_LIT("111111")), 0x63C2);
	assert_int_equal(card_hex(t, "00D7CF000754020000" "530142"), 0x9000);
	assert_int_equal(card_verify(t, PIN), 0x9000);
	assert_int_equal(card_hex(t, "00E4020002CC09"), p->pin_for_keys ? 0x6A82 : 0x9000);
	assert_int_equal(use(t), 0x9000);
	assert_int_equal(card_send(t, 0x80680973, RD_LIT("x"), 0), 0x9000);
	custodian_free(a);
	card_free(t);
}

/* Option 0010: keys and PIN, in any order. Open firmware does not know it, but needs the PIN for its keys. */
EACH(test_combined)
{
	struct custodian *a = custodian_new(p, "UTCUSTA00001");
	struct card *t = target(p, 0x0011, PIN, "93020101", &a, 1);
	uint8_t c[8];

	assert_int_equal(card_status(t), p->status_6300 ? 0x6300 : 0x63C3);
	card_login(t);
	assert_int_equal(use(t), 0x6982);
	assert_int_equal(card_status(t), p->status_6300 ? 0x6300 : 0x9000);
	challenge(t, c);
	assert_int_equal(authenticate(t, a, c), 0x9000);
	assert_int_equal(card_status(t), 0x9000);
	assert_int_equal(use(t), 0x9000);
	assert_int_equal(card_hex(t, "00E4020002CC09"), 0x9000);

	card_select(t);
	challenge(t, c);
	assert_int_equal(authenticate(t, a, c), 0x9000);
	assert_int_equal(card_status(t), 0x63C3);
	assert_int_equal(use(t), p->combined ? 0x6982 : 0x6400);
	card_login(t);
	assert_int_equal(use(t), 0x9000);
	card_select(t);
	assert_int_equal(use(t), 0x6982);
	custodian_free(a);
	card_free(t);
}

/* An open card's opened state goes with power, as the PIN's does. */
EACH(test_power)
{
	struct custodian *a = custodian_new(p, "UTCUSTA00001");
	struct card *t = target(p, 0x0001, RD_NONE, "93020101", &a, 1);
	uint8_t c[8];

	challenge(t, c);
	assert_int_equal(authenticate(t, a, c), 0x9000);
	expect_status(t, 1, 0, 1, 1);
	vcard_power(t->v, true);
	card_select(t);
	expect_status(t, 1, 0, 1, 0);
	assert_int_equal(use(t), 0x6982);
	custodian_free(a);
	card_free(t);
}

/* Open firmware takes a bare certificate, eight keys at most, and a longer reference than the registered one. */
static void test_open_firmware(void **state)
{
	const struct vcard_profile *p = vcard_profile_find("open-firmware");
	struct custodian *a = custodian_new(p, "UTCUSTA00001");
	struct card *t = card_new(p->name);

	(void)state;
	assert_int_equal(card_init_with(t, 0x0001, PIN, 3, SO_PIN, "93020901"), 0x9000);
	assert_int_equal(card_status(t), 0x9000);               /* open after INITIALIZE */
	for (int i = 0; i < 8; i++)
		assert_int_equal(register_with(t, i ? a->request.content : a->request.inner.whole, 0), 0x9000);
	assert_int_equal(register_with(t, a->request.content, 0), p->sw_pka_full);
	expect_status(t, 9, 1, 1, 0);
	assert_int_equal(mse(t, 0xA4, RD_LIT("UTCUSTA00001XYZ")), 0x9000);
	assert_int_equal(mse(t, 0xA4, RD_LIT("UTCUSTA0000")), 0x6A88);
	custodian_free(a);
	card_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		each(test_register),
		each(test_register_chain),
		each(test_register_keys),
		each(test_replace),
		each(test_register_from_file),
		each(test_two_of_three),
		each(test_second_challenge),
		each(test_wrong_signatures),
		each(test_keys_of_no_use),
		each(test_incomplete),
		each(test_pin_without_combined),
		each(test_combined),
		each(test_power),
		cmocka_unit_test(test_open_firmware),
	};

	return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
