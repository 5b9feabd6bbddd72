/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of sc-hsm/ against the virtual card, on all profiles. */
#include "test/unit/rig.h"

#include "base/crypto_digest.h"
#include "base/crypto_rsa.h"
#include "base/cvc.h"
#include "sc-hsm/aes.h"
#include "sc-hsm/chip.h"
#include "sc-hsm/domain.h"
#include "sc-hsm/file.h"
#include "sc-hsm/p15.h"

EACH(test_blank)
{
	static const size_t sizes[] = { 1, 8, 255, 256, 257, 1024, 2500 };
	struct rig r = rig_new(p->name);
	struct hsm_status s = rig_status(&r);
	struct hsm_about about;
	struct wr out;

	assert_int_equal(r.version.platform, p->platform);
	assert_int_equal(r.version.major, p->major);
	assert_int_equal(r.version.minor, p->minor);
	assert_int_equal(s.mode, HSM_MODE_UNSET);
	assert_false(s.open);
	assert_false(s.has_pka);
	assert_true(s.so_unset);
	assert_int_equal(hsm_card_about(r.h, &about, NULL), p->tells_memory ? ERR_OK : ERR_UNSUPPORTED);
	if (p->tells_memory)
		assert_int_equal(about.free, VCARD_MEMORY - vcard_state_used(r.card->v->state));
	wr_init_heap(&out, 4096);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		wr_reset(&out);
		assert_int_equal(hsm_card_random(r.h, sizes[i], &out, NULL), ERR_OK);
		assert_int_equal(out.n, sizes[i]);
	}
	wr_free(&out);
	rig_free(&r);
}

/* The applet is not selected: that is said, and not taken for an empty card. */
EACH(test_unselected)
{
	struct rig r = rig_new(p->name);
	struct hsm_status s;

	vcard_power(r.card->v, true);
	assert_int_equal(hsm_card_status(r.h, &r.version, &s, NULL), ERR_INS);
	rig_free(&r);
}

EACH(test_init_pin)
{
	struct rig r = rig_new(p->name);
	struct p15_token token;
	struct hsm_status s;
	struct wr file;

	assert_int_equal(rig_init(&r, HSM_OPT_RESET_RETRY, true, 0, 0, "My Token"), ERR_OK);
	s = rig_status(&r);
	assert_int_equal(s.mode, HSM_MODE_PIN);
	/* Option 0020 makes open firmware allow what the vendor's allows without (reference 3.3). */
	assert_int_equal(r.version.has_options, !p->short_version);
	assert_int_equal(r.version.options, p->short_version ? 0 : p->reset_only ? 0x0001 : 0x0021);
	assert_int_equal(s.pin_tries, 3);
	assert_int_equal(s.so_tries, p->so_hidden ? -1 : 15);
	assert_false(s.so_unset);
	assert_false(s.open);

	wr_init_heap(&file, FILE_SIZE_MAX);
	assert_int_equal(hsm_file_read(r.h, HSM_EF_TOKENINFO, &file, NULL), ERR_OK);
	assert_int_equal(p15_token_read(wr_view(&file), &token), ERR_OK);
	assert_true(rd_eq_str(token.label, "My Token"));
	wr_free(&file);

	/* What is checked before anything is sent. */
	uint64_t before = rig_count(&r);
	assert_int_equal(rig_init(&r, 0, true, 3, 2, ""), ERR_REFUSED);
	assert_int_equal(rig_init(&r, 0, false, 0, 0, ""), ERR_ARG);
	assert_int_equal(rig_init(&r, 0, false, 2, 3, ""), ERR_ARG);
	assert_int_equal(rig_init(&r, 0, false, 91, 3, ""), ERR_ARG);
	assert_int_equal(rig_init(&r, 0, false, 3, 0, ""), ERR_ARG);
	assert_int_equal(rig_init(&r, HSM_OPT_COMBINED, false, 3, 2, ""), ERR_ARG);
	assert_int_equal(rig_init(&r, HSM_OPT_COMBINED, true, 0, 0, ""), ERR_ARG);
	assert_int_equal(rig_count(&r), before);

	/* Another SO-PIN than the first: nothing is erased. */
	struct secret *so = secret(RD_LIT("12345678")), *pin = secret(PIN);
	struct hsm_init i = { .so_pin = so, .pin = pin, .dkek_shares = -1 };
	assert_int_equal(hsm_card_initialize(r.h, &i, false, NULL), ERR_PIN_WRONG);
	secret_free(&so);
	secret_free(&pin);
	assert_int_equal(rig_status(&r).so_tries, p->so_hidden ? -1 : 14);
	assert_int_equal(rig_verify(&r, PIN), ERR_OK);
	rig_free(&r);
}

EACH(test_pin)
{
	struct rig r = rig_new(p->name);
	struct secret *so = secret(SO_PIN), *old = secret(PIN), *fresh = secret(RD_LIT("123456789")), *typed;
	uint64_t before;

	assert_int_equal(rig_init(&r, HSM_OPT_RESET_RETRY, true, 0, 0, ""), ERR_OK);
	assert_int_equal(rig_verify(&r, RD_LIT("000000")), ERR_PIN_WRONG);
	assert_int_equal(hsm_card_detail(r.h)->tries, 2);
	assert_int_equal(hsm_card_detail(r.h)->sw, 0x63C2);
	assert_int_equal(rig_status(&r).pin_tries, 2);

	/* Of a length that no PIN has: not sent. */
	before = rig_count(&r);
	assert_int_equal(rig_verify(&r, RD_LIT("12345")), ERR_PIN_LENGTH);
	assert_int_equal(rig_verify(&r, RD_LIT("12345678901234567")), ERR_PIN_LENGTH);
	assert_int_equal(hsm_pin_verify(r.h, HSM_REF_SO, old, NULL), ERR_PIN_LENGTH);
	assert_int_equal(rig_count(&r), before);
	assert_int_equal(hsm_card_detail(r.h)->tries, -1);

	assert_int_equal(rig_verify(&r, PIN), ERR_OK);
	assert_true(rig_status(&r).pin_verified);
	assert_true(rig_status(&r).open);
	assert_int_equal(hsm_pin_change(r.h, HSM_REF_USER, old, fresh, NULL), ERR_OK);
	assert_int_equal(hsm_card_select(r.h, NULL, NULL), ERR_OK);
	assert_false(rig_status(&r).open);
	assert_int_equal(hsm_pin_change(r.h, HSM_REF_USER, old, fresh, NULL), ERR_PIN_WRONG);
	assert_int_equal(rig_verify(&r, RD_LIT("000000")), ERR_PIN_WRONG);
	assert_int_equal(rig_verify(&r, RD_LIT("000000")), ERR_PIN_BLOCKED);
	assert_int_equal(hsm_card_detail(r.h)->tries, 0);
	assert_true(rig_status(&r).pin_blocked);
	assert_int_equal(rig_verify(&r, RD_LIT("123456789")), ERR_PIN_BLOCKED);

	/* The SO-PIN resets the counter and keeps the PIN, or sets another. */
	assert_int_equal(hsm_so_pin_parse(so, &typed), ERR_OK);
	assert_int_equal(hsm_pin_reset(r.h, typed, NULL, NULL), ERR_OK);
	assert_int_equal(rig_verify(&r, RD_LIT("123456789")), ERR_OK);
	assert_int_equal(hsm_pin_reset(r.h, typed, old, NULL), ERR_OK);
	assert_int_equal(rig_verify(&r, PIN), ERR_OK);
	assert_int_equal(hsm_pin_reset(r.h, fresh, NULL, NULL), ERR_PIN_LENGTH);
	if (!p->so_hidden)
		assert_int_equal(hsm_pin_verify(r.h, HSM_REF_SO, so, NULL), ERR_OK);
	secret_free(&typed);
	secret_free(&so);
	secret_free(&old);
	secret_free(&fresh);
	rig_free(&r);
}

EACH(test_pin_transport)
{
	struct rig r = rig_new(p->name);
	struct secret *old = secret(PIN), *fresh = secret(RD_LIT("123456"));
	struct hsm_status s;

	/* Where nobody could change it, none is made. */
	bool possible = !p->transport_for_good && p->major >= 2;

	assert_int_equal(rig_init(&r, HSM_OPT_TRANSPORT_PIN, true, 0, 0, "label"), possible ? ERR_OK : ERR_UNSUPPORTED);
	if (possible) {
		s = rig_status(&r);
		assert_int_equal(s.mode, HSM_MODE_PIN);
		assert_true(s.pin_transport);
		assert_int_equal(rig_verify(&r, PIN), ERR_PIN_TRANSPORT);
		assert_int_equal(hsm_pin_change(r.h, HSM_REF_USER, old, fresh, NULL), ERR_OK);
		assert_false(rig_status(&r).pin_transport);
		assert_int_equal(rig_verify(&r, RD_LIT("123456")), ERR_OK);
	}
	secret_free(&old);
	secret_free(&fresh);
	rig_free(&r);
}

EACH(test_files)
{
	static const uint16_t fid = HSM_FID(HSM_FID_DATA, 0x01);
	static const size_t sizes[] = { 5000, 0, 1, 1199, 1200, 1201, 2400, 300 };
	struct rig r = rig_new(p->name);
	static uint8_t bytes[5000];
	struct hsm_fids fids;
	struct wr out;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
	assert_int_equal(rig_init(&r, 0, true, 0, 0, ""), ERR_OK);
	assert_int_equal(hsm_file_write(r.h, fid, RD_LIT("x"), NULL), ERR_AUTH);
	assert_int_equal(rig_verify(&r, PIN), ERR_OK);
	wr_init_heap(&out, FILE_SIZE_MAX);
	assert_int_equal(hsm_file_read(r.h, fid, &out, NULL), ERR_NOT_FOUND);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		wr_reset(&out);
		assert_int_equal(hsm_file_write(r.h, fid, rd_of(bytes, sizes[i]), NULL), ERR_OK);
		assert_int_equal(hsm_file_read(r.h, fid, &out, NULL), ERR_OK);
		assert_bytes_equal(wr_view(&out), rd_of(bytes, sizes[i]));
	}
	/* One exchange for what one answer can hold; on an old card another, which finds nothing more. */
	uint64_t before = rig_count(&r);
	wr_reset(&out);
	assert_int_equal(hsm_file_read(r.h, fid, &out, NULL), ERR_OK);
	assert_int_equal(rig_count(&r) - before, p->read_block ? 2 : 1);

	assert_int_equal(hsm_file_list(r.h, &fids, NULL), ERR_OK);
	if (p->enumerate_all)
		assert_true(hsm_fids_has(&fids, fid));
	assert_false(hsm_fids_has(&fids, HSM_FID(HSM_FID_DATA, 0x02)));
	assert_int_equal(hsm_file_delete(r.h, fid, NULL), ERR_OK);
	assert_int_equal(hsm_file_delete(r.h, fid, NULL), ERR_NOT_FOUND);
	assert_int_equal(hsm_file_write(r.h, HSM_EF_DEVAUT, RD_LIT("x"), NULL), ERR_AUTH);
	wr_free(&out);
	rig_free(&r);
}

EACH(test_device)
{
	struct cvc device, issuer;
	struct rig r = rig_new(p->name);
	bool has_issuer;
	struct wr out;

	assert_int_equal(rig_init(&r, 0, true, 0, 0, ""), ERR_OK);
	wr_init_heap(&out, FILE_SIZE_MAX);
	uint64_t before = rig_count(&r);
	assert_int_equal(hsm_file_devaut(r.h, &out, NULL), ERR_OK);
	assert_int_equal(rig_count(&r) - before, p->read_block ? 2 : 1);
	assert_int_equal(cvc_devaut_read(wr_view(&out), &device, &issuer, &has_issuer), ERR_OK);
	assert_int_equal(has_issuer, p->chain);
	assert_bytes_equal(hsm_device_id(&device), vcard_id(r.card->v));
	assert_int_equal(hsm_device_serial(&device).n, hsm_device_id(&device).n - 5);
	wr_free(&out);
	rig_free(&r);
}

/* ---- keys ---- */

static void sign_and_verify_ec(struct rig *r, uint8_t key, enum ec_curve curve, const struct cvc_key *k)
{
	uint8_t hash[SHA256_SIZE];
	struct wr der, sig;
	size_t size = ec_domain_get(curve)->n.n;

	wr_init_heap(&der, 1024);
	wr_init_heap(&sig, 1024);
	assert_int_equal(sha256(RD_LIT("message"), hash), ERR_OK);
	assert_int_equal(hsm_key_sign(r->h, key, HSM_ECDSA_SHA256, RD_LIT("message"), &der, NULL), ERR_OK);
	assert_int_equal(ec_sig_from_der(wr_view(&der), size, &sig), ERR_OK);
	assert_int_equal(ec_verify(curve, k->q, RD_ARR(hash), wr_view(&sig)), ERR_OK);
	wr_reset(&der);
	wr_reset(&sig);
	assert_int_equal(hsm_key_sign(r->h, key, HSM_ECDSA, RD_ARR(hash), &der, NULL), ERR_OK);
	assert_int_equal(ec_sig_from_der(wr_view(&der), size, &sig), ERR_OK);
	assert_int_equal(ec_verify(curve, k->q, RD_ARR(hash), wr_view(&sig)), ERR_OK);
	wr_free(&der);
	wr_free(&sig);
}

static void sign_and_verify_rsa(struct rig *r, uint8_t key, const struct cvc_key *k)
{
	uint8_t hash[SHA256_SIZE];
	struct wr info, sig;

	wr_init_heap(&info, 1024);
	wr_init_heap(&sig, 1024);
	assert_int_equal(sha256(RD_LIT("message"), hash), ERR_OK);
	assert_int_equal(digest_info(DIGEST_SHA256, RD_ARR(hash), &info), ERR_OK);
	assert_int_equal(hsm_key_sign(r->h, key, HSM_RSA_PKCS1, wr_view(&info), &sig, NULL), ERR_OK);
	assert_int_equal(rsa_verify_pkcs1(k->modulus, k->exponent, DIGEST_SHA256, RD_ARR(hash), wr_view(&sig)), ERR_OK);
	wr_reset(&sig);
	assert_int_equal(hsm_key_sign(r->h, key, HSM_RSA_PKCS1_SHA256, RD_LIT("message"), &sig, NULL), ERR_OK);
	assert_int_equal(rsa_verify_pkcs1(k->modulus, k->exponent, DIGEST_SHA256, RD_ARR(hash), wr_view(&sig)), ERR_OK);
	wr_free(&info);
	wr_free(&sig);
}

static void counter_is(struct rig *r, uint8_t key, bool has, uint32_t left)
{
	bool found;
	uint32_t v;

	assert_int_equal(hsm_key_counter(r->h, key, &found, &v, NULL), ERR_OK);
	assert_int_equal(found, has);
	assert_int_equal(v, left);
}

/* A key's own limits. Which status word says so differs between cards, and old ones have none. */
static void key_limits(struct rig *r, const struct vcard_profile *p)
{
	static const uint8_t only_73[] = { HSM_ECDSA_SHA256 };
	struct wr out, sig;

	wr_init_heap(&out, CVC_MAX);
	wr_init_heap(&sig, 1024);
	if (!p->keys_limited) {
		/* Version 1 is not asked; a later one says that it does not understand. */
		enum err e = p->major < 2 ? ERR_UNSUPPORTED : ERR_DATA;

		assert_int_equal(rig_generate(r, 9, EC_BP256R1, 0, RD_ARR(only_73), 0, &out), e);
		assert_int_equal(rig_generate(r, 9, EC_BP256R1, 0, RD_NONE, 2, &out), e);
		goto out;
	}
	assert_int_equal(rig_generate(r, 9, EC_BP256R1, 0, RD_ARR(only_73), 2, &out), ERR_OK);
	assert_int_equal(hsm_key_sign(r->h, 9, HSM_ECDSA, RD_LIT("0123456789abcdef"), &sig, NULL), ERR_ALGORITHM);
	counter_is(r, 9, true, 2);
	assert_int_equal(hsm_key_sign(r->h, 9, HSM_ECDSA_SHA256, RD_LIT("a"), &sig, NULL), ERR_OK);
	counter_is(r, 9, true, 1);
	assert_int_equal(hsm_key_sign(r->h, 9, HSM_ECDSA_SHA256, RD_LIT("b"), &sig, NULL), ERR_OK);
	assert_int_equal(hsm_key_sign(r->h, 9, HSM_ECDSA_SHA256, RD_LIT("c"), &sig, NULL), ERR_USE_COUNTER);
	counter_is(r, 9, true, 0);
out:
	wr_free(&sig);
	wr_free(&out);
}

/* What an old card cannot is said, by us where its version tells and by itself where it does not. */
EACH_WITH(test_old, !p->keys_large)
{
	struct rig r = rig_new(p->name);
	struct hsm_aes_gen aes = { .key = 7, .bits = 128 };
	/* A card that skips what it does not know is left with nobody who opens it, or with its PIN alone. */
	enum err e = p->major < 2 ? ERR_UNSUPPORTED : ERR_DATA;
	struct hsm_domain d[HSM_DOMAINS_MAX];
	struct hsm_status s;
	struct wr out;
	uint64_t before;
	size_t n;

	wr_init_heap(&out, CVC_MAX);
	before = rig_count(&r);
	assert_int_equal(rig_init(&r, HSM_OPT_REPLACE_PKA, false, 3, 2, ""), e);
	assert_int_equal(rig_init(&r, 0, false, 3, 2, ""), e);
	assert_int_equal(rig_init(&r, HSM_OPT_COMBINED, true, 3, 2, ""), p->init_skips ? ERR_CONDITIONS : e);
	if (p->major < 2)
		assert_int_equal(rig_count(&r), before);
	assert_int_equal(rig_init(&r, HSM_OPT_RESET_RETRY, true, 0, 0, ""), ERR_OK);
	s = rig_status(&r);
	assert_int_equal(s.mode, HSM_MODE_PIN);
	assert_false(s.has_pka);
	assert_int_equal(hsm_domain_list(r.h, d, &n, NULL), ERR_OK);
	assert_int_equal(n, 0);
	assert_int_equal(rig_verify(&r, PIN), ERR_OK);
	before = rig_count(&r);
	assert_int_equal(rig_generate(&r, 1, EC_NONE, 3072, RD_NONE, 0, &out), ERR_UNSUPPORTED);
	assert_int_equal(rig_generate(&r, 1, EC_SECP384R1, 0, RD_NONE, 0, &out), ERR_UNSUPPORTED);
	assert_int_equal(rig_count(&r), before);
	assert_int_equal(hsm_aes_generate(r.h, &aes, NULL), p->major < 2 ? ERR_UNSUPPORTED : ERR_INS);
	assert_int_equal(hsm_key_derive(r.h, 1, 2, RD_LIT("12345678"), &out, NULL),
			 p->major < 2 ? ERR_UNSUPPORTED : ERR_INS);
	assert_true(rig_status(&r).open);       /* none of this has logged us out */
	assert_int_equal(rig_generate(&r, 1, EC_BP320R1, 0, RD_NONE, 0, &out), ERR_OK);
	wr_free(&out);
	rig_free(&r);
}

EACH(test_keys)
{
	bool has;
	uint32_t left;
	struct rig r = rig_new(p->name);
	struct cvc_request request;
	struct wr out, sig, stored;
	struct rd view;
	uint8_t key;

	wr_init_heap(&out, CVC_MAX);
	wr_init_heap(&sig, 1024);
	wr_init_heap(&stored, CVC_MAX);
	assert_int_equal(rig_init(&r, 0, true, 0, 0, ""), ERR_OK);
	assert_int_equal(rig_generate(&r, 1, EC_SECP256R1, 0, RD_NONE, 0, &out), ERR_AUTH);
	assert_int_equal(rig_verify(&r, PIN), ERR_OK);

	static const struct { enum ec_curve curve; unsigned bits; } kinds[] = {
		{ EC_SECP256R1, 0 }, { EC_BP256R1, 0 }, { EC_NONE, 1024 },
	};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		assert_int_equal(hsm_key_free_number(r.h, &key, NULL), ERR_OK);
		assert_int_equal(key, i + 1);
		wr_reset(&out);
		wr_reset(&stored);
		assert_int_equal(rig_generate(&r, key, kinds[i].curve, kinds[i].bits, RD_NONE, 0, &out), ERR_OK);
		view = wr_view(&out);
		assert_int_equal(cvc_request_read(&view, &request), ERR_OK);
		assert_bytes_equal(request.outer_car, vcard_id(r.card->v));
		assert_int_equal(request.inner.key.is_rsa, kinds[i].curve == EC_NONE);
		if (kinds[i].curve == EC_NONE)
			sign_and_verify_rsa(&r, key, &request.inner.key);
		else
			sign_and_verify_ec(&r, key, kinds[i].curve, &request.inner.key);
		/* The card has kept the attestation. */
		assert_int_equal(hsm_file_read(r.h, HSM_FID(HSM_FID_EE, key), &stored, NULL), ERR_OK);
		assert_bytes_equal(wr_view(&stored), wr_view(&out));
	}

	counter_is(&r, 1, false, 0);
	key_limits(&r, p);
	assert_int_equal(hsm_key_counter(r.h, 77, &has, &left, NULL), ERR_NOT_FOUND);
	assert_int_equal(hsm_key_sign(r.h, 77, HSM_ECDSA_SHA256, RD_LIT("a"), &sig, NULL), ERR_NOT_FOUND);
	assert_int_equal(hsm_card_select(r.h, NULL, NULL), ERR_OK);
	assert_int_equal(hsm_key_sign(r.h, 1, HSM_ECDSA_SHA256, RD_LIT("a"), &sig, NULL), ERR_AUTH);

	/* What no card takes is not sent. */
	uint64_t before = rig_count(&r);
	struct hsm_keygen g = { .key = 0, .curve = EC_BP256R1, .chr = RD_LIT("UTKEY00001") };
	assert_int_equal(hsm_key_generate(r.h, &g, &out, NULL), ERR_ARG);
	g.key = 1;
	g.chr = RD_LIT("SHORT");
	assert_int_equal(hsm_key_generate(r.h, &g, &out, NULL), ERR_ARG);
	g.chr = RD_LIT("UTKEY00001");
	g.curve = EC_NONE;
	g.rsa_bits = 512;
	assert_int_equal(hsm_key_generate(r.h, &g, &out, NULL), ERR_ARG);
	assert_int_equal(rig_count(&r), before);
	wr_free(&out);
	wr_free(&sig);
	wr_free(&stored);
	rig_free(&r);
}

static void put(struct rig *r, unsigned fid)
{
	struct vcard_file *f;

	assert_int_equal(vcard_state_file_make(r->card->v->state, (uint16_t)fid, &f), ERR_OK);
}

/* Every number taken by one of its three files. */
static void test_free_number(void **state)
{
	struct rig r = rig_new("vendor-shared");
	uint8_t key = 0;

	(void)state;
	put(&r, HSM_FID(HSM_FID_KEY, 0));
	put(&r, HSM_FID(HSM_FID_CA, 1));
	put(&r, HSM_FID(HSM_FID_DATA, 255));
	assert_int_equal(hsm_key_free_number(r.h, &key, NULL), ERR_OK);
	assert_int_equal(key, 1);
	for (unsigned i = 1; i < 255; i++)
		put(&r, HSM_FID(i % 3 ? i % 3 == 1 ? HSM_FID_PRKD : HSM_FID_EE : HSM_FID_KEY, i));
	assert_int_equal(hsm_key_free_number(r.h, &key, NULL), ERR_OK);
	assert_int_equal(key, 255);
	put(&r, HSM_FID(HSM_FID_EE, 255));
	assert_int_equal(hsm_key_free_number(r.h, &key, NULL), ERR_CARD_MEMORY);
	rig_free(&r);
}

/* ---- chip authentication ---- */

EACH_WITH(test_chip, p->chip_aes)
{
	struct rig r = rig_new(p->name);
	struct cvc device, issuer;
	struct chip_auth *auth = NULL;
	struct wr devaut, point, cmd, answer;
	bool has_issuer;

	wr_init_heap(&devaut, FILE_SIZE_MAX);
	wr_init_heap(&point, 256);
	wr_init_heap(&cmd, APDU_CMD_MAX);
	wr_init_heap(&answer, 256);
	assert_int_equal(rig_init(&r, 0, true, 0, 0, ""), ERR_OK);
	assert_int_equal(hsm_file_devaut(r.h, &devaut, NULL), ERR_OK);
	assert_int_equal(cvc_devaut_read(wr_view(&devaut), &device, &issuer, &has_issuer), ERR_OK);
	assert_int_equal(chip_auth_new(p->device_curve, device.key.q, &auth), ERR_OK);
	hsm_enc_mse_chip(&cmd, chip_oid_aes128);
	assert_int_equal(hsm_card_exchange(r.h, HSM_MSE_CHIP, wr_view(&cmd), NULL, NULL), ERR_OK);
	assert_int_equal(chip_auth_point(auth, &point), ERR_OK);
	wr_reset(&cmd);
	hsm_enc_general_auth(&cmd, wr_view(&point));
	assert_int_equal(hsm_card_exchange(r.h, HSM_GENERAL_AUTH, wr_view(&cmd), &answer, NULL), ERR_OK);
	assert_int_equal(chip_auth_check(auth, wr_view(&answer)), ERR_OK);
	answer.p[answer.n - 1] ^= 1;
	assert_int_equal(chip_auth_check(auth, wr_view(&answer)), ERR_SIGNATURE);
	chip_auth_free(&auth);
	wr_free(&devaut);
	wr_free(&point);
	wr_free(&cmd);
	wr_free(&answer);
	rig_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		each(test_blank),
		each(test_unselected),
		each(test_init_pin),
		each(test_pin),
		each(test_pin_transport),
		each(test_files),
		each(test_device),
		each(test_keys), each(test_old),
		cmocka_unit_test(test_free_number),
		each(test_chip),
	};

	return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
