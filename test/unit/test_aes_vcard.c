/* SPDX-License-Identifier: Apache-2.0 */
/* The driver's AES keys and derived EC keys, on virtual cards. */
#include "test/unit/rig.h"

#include "base/crypto_digest.h"
#include "sc-hsm/aes.h"

#define LONG 5008               /* more than a command takes, on any card */

static struct rig ready(const struct vcard_profile *p)
{
	struct rig r = rig_new(p->name);

	assert_int_equal(rig_init(&r, 0, true, 0, 0, ""), ERR_OK);
	assert_int_equal(rig_verify(&r, PIN), ERR_OK);
	return r;
}

static enum err make(struct rig *r, uint8_t key, unsigned bits, struct rd algorithms, uint32_t uses)
{
	struct hsm_aes_gen g = { .key = key, .bits = bits, .algorithms = algorithms, .use_counter = uses };

	return hsm_aes_generate(r->h, &g, NULL);
}

static struct rd value_of(struct rig *r, uint8_t key)
{
	const struct vcard_key *k = vcard_state_key(r->card->v->state, key);

	return rd_of(k->secret.aes, k->secret.aes_n);
}

/* Any IV and length, in one call and in parts: always what software makes of the same key. */
EACH_WITH(test_cbc, HAS_INS(0x48))
{
	static const unsigned bits[] = { 128, 192, 256 };
	uint8_t text[LONG], iv[AES_BLOCK], soft_iv[AES_BLOCK];
	struct wr expected, got, back;
	struct rig r = ready(p);

	wr_init_heap(&expected, LONG);
	wr_init_heap(&got, LONG);
	wr_init_heap(&back, LONG);
	for (size_t i = 0; i < LONG; i++)
		text[i] = (uint8_t)(i * 7);
	assert_true(hsm_aes_part(r.h) < LONG && hsm_aes_part(r.h) % AES_BLOCK == 0);
	for (uint8_t i = 0; i < 3; i++) {
		uint8_t key = i + 1;
		uint64_t before;

		assert_int_equal(make(&r, key, bits[i], RD_NONE, 0), ERR_OK);
		memset(soft_iv, 0x5A, sizeof(soft_iv));
		memcpy(iv, soft_iv, sizeof(iv));
		wr_reset(&expected);
		assert_int_equal(aes_cbc_encrypt(value_of(&r, key), soft_iv, RD_ARR(text), &expected), ERR_OK);

		wr_reset(&got);
		before = rig_count(&r);
		assert_int_equal(hsm_aes_cbc(r.h, key, true, iv, RD_ARR(text), &got, NULL), ERR_OK);
		assert_int_equal(rig_count(&r) - before, (LONG + hsm_aes_part(r.h) - 1) / hsm_aes_part(r.h));
		assert_bytes_equal(wr_view(&got), wr_view(&expected));
		assert_memory_equal(iv, got.p + LONG - AES_BLOCK, AES_BLOCK);

		/* In two calls. */
		wr_reset(&got);
		memcpy(iv, soft_iv, sizeof(iv));
		assert_int_equal(hsm_aes_cbc(r.h, key, true, iv, rd_of(text, 48), &got, NULL), ERR_OK);
		assert_int_equal(hsm_aes_cbc(r.h, key, true, iv, rd_of(text + 48, LONG - 48), &got, NULL), ERR_OK);
		assert_bytes_equal(wr_view(&got), wr_view(&expected));

		wr_reset(&back);
		memcpy(iv, soft_iv, sizeof(iv));
		assert_int_equal(hsm_aes_cbc(r.h, key, false, iv, rd_of(got.p, 16), &back, NULL), ERR_OK);
		assert_int_equal(hsm_aes_cbc(r.h, key, false, iv, rd_of(got.p + 16, LONG - 16), &back, NULL), ERR_OK);
		assert_bytes_equal(wr_view(&back), RD_ARR(text));
	}
	wr_free(&back);
	wr_free(&got);
	wr_free(&expected);
	rig_free(&r);
}

EACH_WITH(test_mac_and_derive, HAS_INS(0x48))
{
	uint8_t text[200] = { 1, 2, 3 }, mac[AES_BLOCK], expected[AES_BLOCK];
	struct rig r = ready(p);
	struct wr one, two;

	wr_init_heap(&one, 64);
	wr_init_heap(&two, 64);
	assert_int_equal(make(&r, 1, 256, RD_NONE, 0), ERR_OK);
	for (size_t n = 1; n < sizeof(text); n += 33) {
		assert_int_equal(hsm_aes_cmac(r.h, 1, rd_of(text, n), mac, NULL), ERR_OK);
		assert_int_equal(aes_cmac(value_of(&r, 1), rd_of(text, n), expected), ERR_OK);
		assert_memory_equal(mac, expected, AES_BLOCK);
	}
	assert_int_equal(hsm_aes_derive(r.h, 1, rd_of(text, HSM_DERIVED_SIZE), &one, NULL), ERR_OK);
	assert_int_equal(one.n, HSM_DERIVED_SIZE);
	assert_int_equal(hsm_aes_derive(r.h, 1, rd_of(text, HSM_DERIVED_SIZE), &two, NULL), ERR_OK);
	assert_bytes_equal(wr_view(&one), wr_view(&two));
	wr_reset(&two);
	text[0]++;
	assert_int_equal(hsm_aes_derive(r.h, 1, rd_of(text, HSM_DERIVED_SIZE), &two, NULL), ERR_OK);
	assert_false(rd_eq(wr_view(&one), wr_view(&two)));
	wr_free(&two);
	wr_free(&one);
	rig_free(&r);
}

/* Lists, counters, logins; and what is not sent at all. */
EACH_WITH(test_limits, HAS_INS(0x48))
{
	uint8_t text[32] = { 0 }, iv[AES_BLOCK] = { 0 }, mac[AES_BLOCK];
	struct rig r = ready(p);
	uint64_t before;
	uint32_t left;
	struct wr out;
	bool has;

	wr_init_heap(&out, 8192);
	assert_int_equal(make(&r, 1, 128, RD_LIT("\x10"), 2), ERR_OK);
	assert_int_equal(hsm_aes_cmac(r.h, 1, RD_ARR(text), mac, NULL), ERR_ALGORITHM);
	assert_int_equal(hsm_aes_cbc(r.h, 1, false, iv, RD_ARR(text), &out, NULL), ERR_ALGORITHM);
	assert_int_equal(hsm_aes_cbc(r.h, 1, true, iv, RD_ARR(text), &out, NULL), ERR_OK);
	assert_int_equal(hsm_key_counter(r.h, 1, &has, &left, NULL), ERR_OK);
	assert_true(has && left == 1);
	assert_int_equal(hsm_aes_cbc(r.h, 1, true, iv, RD_ARR(text), &out, NULL), ERR_OK);
	assert_int_equal(hsm_aes_cbc(r.h, 1, true, iv, RD_ARR(text), &out, NULL), ERR_USE_COUNTER);
	assert_int_equal(hsm_aes_cmac(r.h, 9, RD_ARR(text), mac, NULL), ERR_NOT_FOUND);
	assert_int_equal(make(&r, 2, 128, RD_NONE, 0), ERR_OK);
	assert_int_equal(hsm_card_select(r.h, NULL, NULL), ERR_OK);
	assert_int_equal(make(&r, 3, 128, RD_NONE, 0), ERR_AUTH);
	assert_int_equal(hsm_aes_cmac(r.h, 2, RD_ARR(text), mac, NULL), ERR_AUTH);

	before = rig_count(&r);
	assert_int_equal(make(&r, 0, 128, RD_NONE, 0), ERR_ARG);
	assert_int_equal(make(&r, 3, 512, RD_NONE, 0), ERR_ARG);
	assert_int_equal(make(&r, 3, 128, rd_of(text, 17), 0), ERR_ARG);
	assert_int_equal(hsm_aes_cbc(r.h, 2, true, iv, rd_of(text, 17), &out, NULL), ERR_ARG);
	assert_int_equal(hsm_aes_cmac(r.h, 2, RD_NONE, mac, NULL), ERR_ARG);
	assert_int_equal(hsm_aes_cmac(r.h, 2, rd_of(text, hsm_aes_part(r.h) + 1), mac, NULL), ERR_ARG);
	assert_int_equal(hsm_aes_derive(r.h, 2, RD_NONE, &out, NULL), ERR_ARG);
	assert_int_equal(rig_count(&r), before);
	wr_free(&out);
	rig_free(&r);
}

/* ---- EC keys of EC keys, reference 3.16 ---- */

/* The public key of the key that follows (up) or precedes this one. */
static void neighbour(const struct rig *r, uint8_t key, bool up, struct wr *q)
{
	const struct ec_key *k = vcard_state_key(r->card->v->state, key)->secret.ec;
	struct ec_key *next;
	uint8_t d[EC_FIELD_MAX];
	struct wr w;
	size_t i;

	WR_ARR(&w, d);
	assert_int_equal(ec_key_export(k, &w), ERR_OK);
	i = w.n - 1;
	/* With 2^-256 it runs over the end. */
	if (up)
		while (++d[i] == 0)
			i--;
	else
		while (d[i]-- == 0)
			i--;
	assert_int_equal(ec_key_import(ec_key_curve(k), rd_of(d, w.n), &next), ERR_OK);
	wr_reset(q);
	assert_int_equal(ec_key_public(next, q), ERR_OK);
	ec_key_free(&next);
}

static void derived_is(struct rig *r, uint8_t from, uint8_t to, struct rd parameter, bool up)
{
	struct cvc_request request;
	uint8_t point[EC_POINT_MAX];
	struct wr out, q, stored;
	struct rd view;

	wr_init_heap(&out, CVC_MAX);
	wr_init_heap(&stored, CVC_MAX);
	WR_ARR(&q, point);
	assert_int_equal(hsm_key_derive(r->h, from, to, parameter, &out, NULL), ERR_OK);
	view = wr_view(&out);
	assert_int_equal(cvc_request_read(&view, &request), ERR_OK);
	neighbour(r, from, up, &q);
	assert_bytes_equal(request.inner.key.q, wr_view(&q));
	assert_bytes_equal(request.outer_car, vcard_id(r->card->v));
	assert_int_equal(hsm_file_read(r->h, HSM_FID(HSM_FID_EE, to), &stored, NULL), ERR_OK);
	assert_bytes_equal(wr_view(&stored), wr_view(&out));
	wr_free(&stored);
	wr_free(&out);
}

EACH_WITH(test_derive_ec, HAS_INS(0x76))
{
	static const enum ec_curve curves[] = { EC_SECP256R1, EC_BP512R1, EC_SECP521R1 };
	enum err not_listed = p->sw_key_algorithm == 0x6A81 ? ERR_ALGORITHM : ERR_CONDITIONS;
	uint8_t last[EC_FIELD_MAX];
	struct rig r = ready(p);
	struct wr out;

	wr_init_heap(&out, CVC_MAX);
	for (uint8_t i = 0; i < sizeof(curves) / sizeof(*curves); i++) {
		const struct ec_domain *d = ec_domain_get(curves[i]);
		struct rd m = p->derive_mod_p ? d->p : d->n;
		uint8_t key = 10 * (i + 1);

		wr_reset(&out);
		assert_int_equal(rig_generate(&r, key, curves[i], 0, RD_LIT("\x98\x73"), 0, &out), ERR_OK);
		derived_is(&r, key, key + 1, RD_LIT("\x01"), true);
		/* The modulus less one goes once around. */
		memcpy(last, m.p, m.n);
		last[m.n - 1]--;
		derived_is(&r, key, key + 2, rd_of(last, m.n), false);
		assert_int_equal(hsm_key_derive(r.h, key, key + 3, m, &out, NULL), ERR_DATA);
	}
	/* The new key has a value of its own and no list. */
	wr_reset(&out);
	assert_int_equal(hsm_key_sign(r.h, 11, HSM_ECDSA_SHA256, RD_LIT("x"), &out, NULL), ERR_OK);
	/* A key that may not, an occupied number, another kind of key. */
	assert_int_equal(rig_generate(&r, 1, EC_SECP256R1, 0, RD_LIT("\x73"), 0, &out), ERR_OK);
	assert_int_equal(hsm_key_derive(r.h, 1, 2, RD_LIT("\x01"), &out, NULL), not_listed);
	assert_int_equal(hsm_key_derive(r.h, 10, 10, RD_LIT("\x01"), &out, NULL), ERR_CONDITIONS);
	assert_int_equal(make(&r, 3, 128, RD_LIT("\x98\x10"), 0), ERR_OK);
	assert_int_equal(hsm_key_derive(r.h, 3, 4, RD_LIT("\x01"), &out, NULL), ERR_ALGORITHM);
	assert_int_equal(hsm_key_derive(r.h, 99, 4, RD_LIT("\x01"), &out, NULL), ERR_NOT_FOUND);
	wr_free(&out);
	rig_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		each(test_cbc), each(test_mac_and_derive), each(test_limits), each(test_derive_ec),
	};

	return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
