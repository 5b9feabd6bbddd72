/* SPDX-License-Identifier: Apache-2.0 */
/* Registration of custodians' keys on every profile, and what must not get in. */
#include "test/unit/vcard_pka.h"
#include "test/vcard/mint.h"
#include "test/vcard/pki.h"

EACH_WITH(test_register, HAS_PKA)
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
EACH_WITH(test_register_chain, HAS_PKA)
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

/* A CVC for the forger: real private keys of the test PKI, wrong in one place. */
static struct rd forge(struct rd car, const char *chr, bool is_certificate, uint8_t role, struct ec_key *key,
		       struct ec_key *signer, struct wr *w)
{
	static const uint8_t role_oid[] = { 0x2B, 0x06, 0x01, 0x04, 0x01, 0x81, 0xC3, 0x1F, 0x03, 0x01, 0x01 };
	const struct vcard_private subject = { .ec = key }, by = { .ec = signer };
	const struct vcard_mint m = {
		.car = car, .chr = rd_str(chr), .key = &subject, .params = true, .is_certificate = is_certificate,
		.role_oid = RD_ARR(role_oid), .role = role, .from = { 2, 6, 0, 1, 0, 1 }, .to = { 3, 6, 0, 1, 0, 1 },
	};

	wr_reset(w);
	assert_int_equal(vcard_mint_cvc(&m, &by, w), ERR_OK);
	return wr_view(w);
}

/* Right signatures at the wrong place. */
EACH_WITH(test_forged, HAS_PKA)
{
	struct vcard_private root, issuer;
	struct vcard_pki pki;
	struct custodian *u;
	struct ec_key *key = NULL, *device;
	struct card *t;
	struct wr w, request;
	struct rd content, r;
	char dir[64];

	if (!p->pka_chain)
		return;
	u = custodian_new(p, "UTCUSTA00001");
	device = u->c->v->state->device;
	t = card_new(p->name);
	(void)snprintf(dir, sizeof(dir), "%s/pki", test_folder);
	assert_int_equal(vcard_pki_open(dir, &pki), ERR_OK);
	root = pki.root;
	issuer = pki.issuer;
	assert_int_equal(ec_key_generate(EC_BP256R1, &key), ERR_OK);
	wr_init_heap(&w, CVC_MAX);
	wr_init_heap(&request, CVC_MAX);
	assert_int_equal(card_init_with(t, 0x0001, PIN, 3, SO_PIN, "93020302"), 0x9000);
	card_select(t);

	/* Roles go one step down: root -> issuer -> device. */
	assert_int_equal(mse(t, 0xB6, u->issuer.car), 0x9000);
	assert_int_equal(pso(t, forge(u->issuer.car, "UTFORGED00001", true, CVC_ROLE_DEVICE, key, root.ec, &w)),
			 0x6985);
	assert_int_equal(pso(t, forge(u->issuer.car, "UTFORGED00001", true, CVC_ROLE_ROOT, key, root.ec, &w)), 0x6985);
	assert_int_equal(mse(t, 0xB6, u->issuer.chr), 0x9000);
	assert_int_equal(pso(t, forge(u->issuer.chr, "UTFORGED00001", true, CVC_ROLE_ISSUER, key, issuer.ec, &w)),
			 0x6985);
	/* The right key, but the certificate names another authority. */
	assert_int_equal(pso(t, forge(u->issuer.car, "UTFORGED00001", true, CVC_ROLE_DEVICE, key, issuer.ec, &w)),
			 0x6985);
	assert_int_equal(pso(t, forge(u->issuer.chr, "UTFORGED00001", false, 0, key, issuer.ec, &w)), 0x6984);
	assert_int_equal(mse(t, 0xB6, RD_LIT("UTFORGED00001")), 0x6A88);
	assert_int_equal(know(t, &u->device), 0x9000);
	assert_int_equal(pso(t, forge(u->device.chr, "UTFORGED00001", true, CVC_ROLE_DEVICE, key, device, &w)), 0x6985);

	/* A request that the device signed, for a key whose owner did not. */
	(void)forge(RD_LIT("UTCUSTA00001"), "UTCUSTA00001", false, 0, key, device, &w);
	assert_int_equal(vcard_mint_request(wr_view(&w), u->device.chr, device, &request), ERR_OK);
	r = wr_view(&request);
	assert_true(rd_tlv(&r, 0x67, &content));
	assert_int_equal(register_with(t, content, 0), p->sw_pka_signature);
	/* A request that an issuer signed as if it were a device. */
	wr_reset(&request);
	(void)forge(RD_LIT("UTCUSTA00001"), "UTCUSTA00001", false, 0, key, key, &w);
	assert_int_equal(vcard_mint_request(wr_view(&w), u->issuer.chr, issuer.ec, &request), ERR_OK);
	r = wr_view(&request);
	assert_true(rd_tlv(&r, 0x67, &content));
	assert_int_equal(mse(t, 0xB6, u->issuer.chr), 0x9000);
	assert_int_equal(register_with(t, content, 0), p->sw_pka_signature);
	/* The same with the device is good: what was refused was refused for its reason. */
	wr_reset(&request);
	assert_int_equal(vcard_mint_request(wr_view(&w), u->device.chr, device, &request), ERR_OK);
	r = wr_view(&request);
	assert_true(rd_tlv(&r, 0x67, &content));
	assert_int_equal(mse(t, 0xB6, u->device.chr), 0x9000);
	assert_int_equal(register_with(t, content, 0), 0x9000);

	wr_free(&request);
	wr_free(&w);
	ec_key_free(&key);
	vcard_pki_close(&pki);
	custodian_free(u);
	card_free(t);
}

EACH_WITH(test_register_keys, HAS_PKA)
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

EACH_WITH(test_replace, HAS_PKA)
{
	struct custodian *a = custodian_new(p, "UTCUSTA00001"), *b = custodian_new(p, "UTCUSTB00001");
	struct card *t = target(p, 0x0009, PIN, "93020101", &a, 1);
	uint8_t c[8];

	assert_int_equal(register_key(t, b, 0x0100), 0x6985);
	challenge(t, c);
	assert_int_equal(authenticate(t, a, c), 0x9000);
	assert_int_equal(register_key(t, b, 0x0101), 0x6A86);
	expect_status(t, 1, 0, 1, 1);
	assert_int_equal(register_key(t, b, 0x0100), 0x9000);
	expect_status(t, 1, 0, 1, 0);           /* the new key has approved nothing */
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
EACH_WITH(test_register_from_file, HAS_PKA)
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
		each(test_register), each(test_register_chain), each(test_forged), each(test_register_keys),
		each(test_replace), each(test_register_from_file), cmocka_unit_test(test_open_firmware),
	};

	return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
