/* SPDX-License-Identifier: Apache-2.0 */
/* Public key authentication through the calls of sc-hsm/, on all profiles of the virtual card. */
#include "test/unit/rig.h"

#include "base/cvc.h"
#include "sc-hsm/auth.h"
#include "sc-hsm/file.h"

struct custodian {
	struct rig rig;
	char chr[CHR_MAX + 1];
	struct wr devaut, request_bytes;
	struct cvc device, issuer;
	bool has_issuer;
	struct cvc_request request;
};

static void custodian_make(struct custodian *c, const char *profile, unsigned i)
{
	struct hsm_keygen g = { .key = 1, .curve = EC_BP256R1 };
	struct rd view;

	c->rig = rig_new(profile);
	wr_init_heap(&c->devaut, FILE_SIZE_MAX);
	wr_init_heap(&c->request_bytes, CVC_MAX);
	assert_int_equal(rig_init(&c->rig, 0, true, 0, 0, ""), ERR_OK);
	assert_int_equal(rig_verify(&c->rig, PIN), ERR_OK);
	assert_int_equal(hsm_file_devaut(c->rig.h, &c->devaut, NULL), ERR_OK);
	assert_int_equal(cvc_devaut_read(wr_view(&c->devaut), &c->device, &c->issuer, &c->has_issuer), ERR_OK);
	(void)snprintf(c->chr, sizeof(c->chr), "UTPERSON%u00001", i);
	g.car = g.chr = rd_str(c->chr);
	assert_int_equal(hsm_key_generate(c->rig.h, &g, &c->request_bytes, NULL), ERR_OK);
	view = wr_view(&c->request_bytes);
	assert_int_equal(cvc_request_read(&view, &c->request), ERR_OK);
}

static void custodian_free(struct custodian *c)
{
	wr_free(&c->devaut);
	wr_free(&c->request_bytes);
	rig_free(&c->rig);
}

static enum err custodian_register(const struct custodian *c, struct rig *target, struct hsm_pka *out)
{
	const struct hsm_proof key = { c->has_issuer ? &c->issuer : NULL, &c->device, &c->request };

	return hsm_pka_register(target->h, &key, out, NULL);
}

/* One approval: of this challenge, for this target. */
static enum err custodian_approve(struct custodian *c, struct rig *target, const uint8_t challenge[PKA_CHALLENGE_SIZE])
{
	struct wr m, der, sig;
	enum err e;

	wr_init_heap(&m, PKA_MESSAGE_MAX);
	wr_init_heap(&der, 256);
	wr_init_heap(&sig, 256);
	wr_put(&m, vcard_id(target->card->v));
	wr_put(&m, rd_of(challenge, PKA_CHALLENGE_SIZE));
	assert_int_equal(hsm_key_sign(c->rig.h, 1, HSM_ECDSA_SHA256, wr_view(&m), &der, NULL), ERR_OK);
	assert_int_equal(ec_sig_from_der(wr_view(&der), 32, &sig), ERR_OK);
	e = hsm_pka_authenticate(target->h, rd_str(c->chr), wr_view(&sig), NULL);
	wr_free(&m);
	wr_free(&der);
	wr_free(&sig);
	return e;
}

static void approve_by(struct rig *target, struct custodian *people, size_t n, bool per_key)
{
	uint8_t challenge[PKA_CHALLENGE_SIZE];

	for (size_t i = 0; i < n; i++) {
		if (i == 0 || per_key)
			assert_int_equal(hsm_pka_challenge(target->h, challenge, NULL), ERR_OK);
		assert_int_equal(custodian_approve(&people[i], target, challenge), ERR_OK);
	}
}

EACH_WITH(test_pka, HAS_PKA)
{
	uint8_t challenge[PKA_CHALLENGE_SIZE], name[64];
	struct rig r = rig_new(p->name);
	struct custodian people[3];
	struct hsm_pka pka;
	struct hsm_status s;
	struct wr chr, sig;
	bool done;

	/* Open firmware lets nobody register who has not given a PIN. */
	bool pin = !p->pka_any_caller;
	enum hsm_mode mode = pin ? HSM_MODE_PKA_AND_PIN : HSM_MODE_PKA;

	for (unsigned i = 0; i < 3; i++)
		custodian_make(&people[i], p->name, i);
	assert_int_equal(rig_init(&r, pin ? HSM_OPT_COMBINED : 0, pin, 3, 2, "label"), ERR_OK);
	s = rig_status(&r);
	assert_int_equal(s.mode, pin ? HSM_MODE_PKA_AND_PIN : HSM_MODE_UNSET);
	assert_int_equal(s.pka.missing, 3);
	if (pin)
		assert_int_equal(rig_verify(&r, PIN), ERR_OK);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(custodian_register(&people[i], &r, &pka), ERR_OK);
		assert_int_equal(pka.missing, 2 - i);
	}
	assert_int_not_equal(custodian_register(&people[0], &r, &pka), ERR_OK);
	assert_int_equal(hsm_card_select(r.h, NULL, NULL), ERR_OK);

	s = rig_status(&r);
	assert_int_equal(s.mode, mode);
	assert_false(s.open);
	assert_int_equal(s.pka.required, 2);
	WR_ARR(&chr, name);
	assert_int_equal(hsm_pka_key(r.h, 1, &chr, &done, NULL), ERR_OK);
	assert_true(rd_eq_str(wr_view(&chr), people[1].chr));
	assert_false(done);
	assert_int_equal(hsm_pka_key(r.h, 3, &chr, &done, NULL), ERR_UNSUPPORTED);

	/* One is not enough. */
	approve_by(&r, people, 1, p->challenge_per_key);
	s = rig_status(&r);
	assert_int_equal(s.pka.authenticated, 1);
	assert_false(s.open);
	wr_reset(&chr);
	assert_int_equal(hsm_pka_key(r.h, 0, &chr, &done, NULL), ERR_OK);
	assert_true(done);

	/* Two are; with a PIN on top where the card wants it. */
	assert_int_equal(hsm_card_select(r.h, NULL, NULL), ERR_OK);
	assert_int_equal(rig_status(&r).pka.authenticated, 0);
	approve_by(&r, people, 2, p->challenge_per_key);
	assert_int_equal(rig_status(&r).open, !pin);
	wr_init_heap(&sig, CVC_MAX);
	assert_int_equal(rig_generate(&r, 1, EC_SECP256R1, 0, RD_NONE, 0, &sig), pin ? ERR_AUTH : ERR_OK);
	if (pin) {
		assert_int_equal(rig_verify(&r, PIN), ERR_OK);
		assert_int_equal(rig_generate(&r, 1, EC_SECP256R1, 0, RD_NONE, 0, &sig), ERR_OK);
	}
	s = rig_status(&r);
	assert_true(s.open);
	assert_int_equal(s.mode, mode);

	/* An approval of yesterday, and one by nobody. */
	assert_int_equal(hsm_card_select(r.h, NULL, NULL), ERR_OK);
	assert_false(rig_status(&r).open);
	assert_int_equal(hsm_pka_challenge(r.h, challenge, NULL), ERR_OK);
	challenge[0] ^= 1;
	assert_int_equal(custodian_approve(&people[0], &r, challenge), ERR_SIGNATURE);
	assert_int_equal(hsm_pka_authenticate(r.h, RD_LIT("UTNOBODY00001"), RD_ARR(name), NULL), ERR_NOT_FOUND);
	wr_free(&sig);
	for (unsigned i = 0; i < 3; i++)
		custodian_free(&people[i]);
	rig_free(&r);
}

static void check_name(struct rig *r, uint8_t i, const char *want)
{
	uint8_t name[64];
	struct wr chr;
	bool done;

	WR_ARR(&chr, name);
	assert_int_equal(hsm_pka_key(r->h, i, &chr, &done, NULL), ERR_OK);
	assert_true(rd_eq_str(wr_view(&chr), want));
}

static enum err custodian_replace(const struct custodian *c, struct rig *target, uint8_t i, struct hsm_pka *out)
{
	const struct hsm_proof key = { c->has_issuer ? &c->issuer : NULL, &c->device, &c->request };

	return hsm_pka_replace(target->h, i, &key, out, NULL);
}

/* Only on a card with that option, only when it is open; afterwards the old key opens nothing. */
static void replace_on(const struct vcard_profile *p, uint16_t option)
{
	bool pin = !p->pka_any_caller;
	struct rig r = rig_new(p->name);
	uint8_t challenge[PKA_CHALLENGE_SIZE];
	struct custodian people[3];
	struct hsm_pka pka;

	for (unsigned i = 0; i < 3; i++)
		custodian_make(&people[i], p->name, i);
	assert_int_equal(rig_init(&r, (uint16_t)((pin ? HSM_OPT_COMBINED : 0) | option), pin, 2, 1, ""), ERR_OK);
	if (pin)
		assert_int_equal(rig_verify(&r, PIN), ERR_OK);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(custodian_register(&people[i], &r, &pka), ERR_OK);
	assert_int_equal(hsm_card_select(r.h, NULL, NULL), ERR_OK);
	assert_int_not_equal(custodian_replace(&people[2], &r, 0, &pka), ERR_OK);
	check_name(&r, 0, people[0].chr);

	assert_int_equal(hsm_card_select(r.h, NULL, NULL), ERR_OK);
	approve_by(&r, &people[1], 1, p->challenge_per_key);
	if (pin)
		assert_int_equal(rig_verify(&r, PIN), ERR_OK);
	assert_int_equal(custodian_replace(&people[2], &r, 0, &pka), option ? ERR_OK : ERR_CONDITIONS);
	check_name(&r, 0, people[option ? 2 : 0].chr);
	check_name(&r, 1, people[1].chr);
	assert_int_equal(hsm_pka_status(r.h, &pka, NULL), ERR_OK);
	assert_int_equal(pka.missing, 0);

	assert_int_equal(hsm_card_select(r.h, NULL, NULL), ERR_OK);
	assert_int_equal(hsm_pka_challenge(r.h, challenge, NULL), ERR_OK);
	assert_int_equal(custodian_approve(&people[option ? 0 : 2], &r, challenge), ERR_NOT_FOUND);
	assert_int_equal(custodian_approve(&people[option ? 2 : 0], &r, challenge), ERR_OK);
	for (unsigned i = 0; i < 3; i++)
		custodian_free(&people[i]);
	rig_free(&r);
}

EACH_WITH(test_replace, HAS_PKA)
{
	replace_on(p, HSM_OPT_REPLACE_PKA);
	replace_on(p, 0);
}

/* PIN and keys, both needed: neither alone opens, in either order. */
EACH_WITH(test_pka_and_pin, HAS_PKA)
{
	struct rig r = rig_new(p->name);
	struct custodian people[1];
	struct hsm_pka pka;

	custodian_make(&people[0], p->name, 7);
	assert_int_equal(rig_init(&r, HSM_OPT_COMBINED, true, 1, 1, ""), ERR_OK);
	assert_int_equal(rig_verify(&r, PIN), ERR_OK);
	assert_int_equal(custodian_register(&people[0], &r, &pka), ERR_OK);
	for (int pin_first = 0; pin_first < 2; pin_first++) {
		assert_int_equal(hsm_card_select(r.h, NULL, NULL), ERR_OK);
		assert_int_equal(rig_status(&r).mode, HSM_MODE_PKA_AND_PIN);
		assert_false(rig_status(&r).open);
		if (pin_first)
			assert_int_equal(rig_verify(&r, PIN), ERR_OK);
		else
			approve_by(&r, people, 1, false);
		assert_false(rig_status(&r).open);
		if (pin_first)
			approve_by(&r, people, 1, false);
		else
			assert_int_equal(rig_verify(&r, PIN), ERR_OK);
		assert_true(rig_status(&r).open);
		assert_true(rig_status(&r).pin_verified);
	}
	custodian_free(&people[0]);
	rig_free(&r);
}

/* What one APDU cannot hold goes through EF 2F10, and nothing of it stays there (test_card.c has the commands). */
EACH_WITH(test_pka_from_file, HAS_PKA)
{
	struct rig r = rig_new(p->name);
	struct custodian someone;
	uint8_t bytes[2000] = { 0 };
	struct hsm_fids fids;
	struct hsm_pka pka;

	if (!p->pka_from_file) {
		rig_free(&r);
		return;
	}
	custodian_make(&someone, p->name, 8);
	/* A card that the PIN alone opens, so that it may write the file. */
	assert_int_equal(rig_init_forced(&r, 0, true, 1, 1, "", true), ERR_OK);
	assert_int_equal(rig_verify(&r, PIN), ERR_OK);
	someone.request.content = RD_ARR(bytes);
	assert_int_equal(custodian_register(&someone, &r, &pka), ERR_DATA);
	assert_int_equal(hsm_pka_status(r.h, &pka, NULL), ERR_OK);
	assert_int_equal(pka.missing, 1);
	assert_int_equal(hsm_file_list(r.h, &fids, NULL), ERR_OK);
	assert_false(hsm_fids_has(&fids, HSM_EF_BUFFER));
	custodian_free(&someone);
	rig_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		each(test_pka),
		each(test_replace),
		each(test_pka_and_pin),
		each(test_pka_from_file),
	};

	return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
