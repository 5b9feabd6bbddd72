/* SPDX-License-Identifier: Apache-2.0 */
/* Secure messaging: the driver's bytes are those of reference 4.4, and everything works in a channel as without it. */
#include "test/unit/rig.h"

#include "sc-hsm/aes.h"
#include "sc-hsm/auth.h"
#include "sc-hsm/channel.h"
#include "sc-hsm/sm.h"

/* ---- reference 4.4 ---- */

static void exchange_is(struct hsm_sm *ch, const char *plain, const char *protected, const char *answer,
			const char *data)
{
	uint8_t room[512], out_room[256], data_room[64];
	struct wr w, out, got;
	uint16_t sw = 0;

	WR_ARR(&w, room);
	WR_ARR(&out, out_room);
	WR_ARR(&got, data_room);
	assert_int_equal(hsm_sm_wrap(ch, test_unhex(&w, plain), &out), ERR_OK);
	assert_bytes_equal(wr_view(&out), test_unhex(&w, protected));
	assert_int_equal(hsm_sm_unwrap(ch, test_unhex(&w, answer), &got, &sw), ERR_OK);
	assert_int_equal(sw, 0x9000);
	assert_bytes_equal(wr_view(&got), test_unhex(&w, data));
}

static struct hsm_sm *example(enum chip_suite suite)
{
	uint8_t enc[CHIP_KEY_SIZE], mac[CHIP_KEY_SIZE];
	struct hsm_sm *ch;
	struct wr w;

	WR_ARR(&w, enc);
	(void)test_unhex(&w, "4572976E44D247ACEF3635A59C2DA5C9");
	WR_ARR(&w, mac);
	(void)test_unhex(&w, "21F9186A181B0FAC865248084D73496E");
	assert_int_equal(hsm_sm_new(suite, enc, mac, &ch), ERR_OK);
	return ch;
}

static void test_example(void **state)
{
	struct hsm_sm *ch = example(CHIP_AES128);

	(void)state;
	exchange_is(ch, "0020008106363438323139",
		    "0C2000811D871101111F34E98B16AD218D2F1864D28C305A8E081C5E86B1CC7AEDB300",
		    "990290008E08CABAC084146675D29000", "");
	/* The status is asked as a command with Le. */
	exchange_is(ch, "00200081", "0C2000810D9701008E08AEB354C8A1A8CE9400", "990290008E081178D92AB76F4A169000", "");
	exchange_is(ch, "00B12F03000004540200000000",
		    "0CB12F030000208510DB0CD436E21F08724DD57D19847C8AA8970200008E0849C96B3B4B8857D90000",
		    "8520AB1DEF1C8221E3FB99F201AD8A8487D410044FD8F979990F6BD713B6836E97FF990290008E0824862A08622D62F5"
		    "9000",
		    "301102010080084D7920546F6B656E03020520");
	hsm_sm_free(&ch);
}

/* The same under 3DES: keys, counters and texts of 4.4, by an implementation of another's. */
static void test_example_3des(void **state)
{
	struct hsm_sm *ch = example(CHIP_3DES);

	(void)state;
	exchange_is(ch, "0020008106363438323139", "0C2000811587090150569B7199D23BB58E088540F19FCA28B65300",
		    "990290008E0866493F8F32DFA5079000", "");
	exchange_is(ch, "00200081", "0C2000810D9701008E0830C2E4824AC0F61500", "990290008E08DC3CAD9ECEC06D159000", "");
	exchange_is(ch, "00B12F03000004540200000000",
		    "0CB12F030000188508A648D4175E053270970200008E084126BC84924AC6520000",
		    "8518CF2D53A16F0FAA7D6EA3B822AAF678E84FF774689706DE39990290008E082A42DBD99F75CB529000",
		    "301102010080084D7920546F6B656E03020520");
	hsm_sm_free(&ch);
}

/* Whatever is wrong with an answer is seen. */
static void test_answers(void **state)
{
	static const struct {
		const char *answer;
		enum err e;
	} rows[] = {
		{ "6988", ERR_FORMAT },
		{ "9000", ERR_FORMAT },
		{ "990290009000", ERR_FORMAT },
		{ "990290018E08CABAC084146675D29000", ERR_SIGNATURE },
		{ "990290008E08CABAC084146675D39000", ERR_SIGNATURE },
		{ "990290008E07CABAC0841466759000", ERR_FORMAT },
		{ "990290008E08CABAC084146675D2008000", ERR_FORMAT },
	};
	uint8_t room[256], out_room[128], data_room[64];
	struct wr w, out, got;
	uint16_t sw;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hsm_sm *ch = example(CHIP_AES128);

		WR_ARR(&w, room);
		WR_ARR(&out, out_room);
		WR_ARR(&got, data_room);
		assert_int_equal(hsm_sm_wrap(ch, test_unhex(&w, "0020008106363438323139"), &out), ERR_OK);
		assert_int_equal(hsm_sm_unwrap(ch, test_unhex(&w, rows[i].answer), &got, &sw), rows[i].e);
		assert_int_equal(got.n, 0);
		hsm_sm_free(&ch);
	}
}

/* ---- with a card ---- */

static enum err open_channel(struct rig *r, const struct vcard_profile *p)
{
	struct cvc device, issuer;
	struct wr devaut;
	bool has_issuer;
	enum err e;

	wr_init_heap(&devaut, FILE_SIZE_MAX);
	assert_int_equal(hsm_file_devaut(r->h, &devaut, NULL), ERR_OK);
	assert_int_equal(cvc_devaut_read(wr_view(&devaut), &device, &issuer, &has_issuer), ERR_OK);
	e = hsm_channel_open(r->h, p->device_curve, device.key.q, NULL);
	wr_free(&devaut);
	return e;
}

/* Whole life of a card inside: PIN, files longer than a command, keys of all kinds, what they do, deleting. */
EACH_WITH(test_everything, HAS_INS(0x48))
{
	uint8_t big[5000], mac[AES_BLOCK], iv[AES_BLOCK] = { 0 };
	const struct hsm_aes_gen aes = { .key = 3, .bits = 256 };
	struct rig r = rig_new(p->name);
	struct wr out, request;
	struct hsm_fids fids;

	wr_init_heap(&out, FILE_SIZE_MAX);
	wr_init_heap(&request, CVC_MAX);
	assert_int_equal(rig_init(&r, 0, true, 0, 0, ""), ERR_OK);
	assert_int_equal(open_channel(&r, p), ERR_OK);
	if (!p->chain) {                /* open firmware proves its key, but refuses protected commands */
		assert_int_equal(rig_verify(&r, PIN), ERR_FORMAT);
		goto out;
	}
	assert_int_equal(rig_verify(&r, RD_LIT("000000")), ERR_PIN_WRONG);
	assert_int_equal(hsm_card_detail(r.h)->tries, 2);
	assert_int_equal(rig_verify(&r, PIN), ERR_OK);
	assert_true(rig_status(&r).pin_verified);
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (uint8_t)(i * 13);
	assert_int_equal(hsm_file_write(r.h, HSM_FID(HSM_FID_DATA_PRIVATE, 1), RD_ARR(big), NULL), ERR_OK);
	assert_int_equal(hsm_file_read(r.h, HSM_FID(HSM_FID_DATA_PRIVATE, 1), &out, NULL), ERR_OK);
	assert_bytes_equal(wr_view(&out), RD_ARR(big));
	assert_int_equal(rig_generate(&r, 1, EC_SECP521R1, 0, RD_NONE, 0, &request), ERR_OK);
	assert_int_equal(rig_generate(&r, 2, EC_NONE, 2048, RD_NONE, 0, &request), ERR_OK);
	assert_int_equal(hsm_aes_generate(r.h, &aes, NULL), ERR_OK);
	wr_reset(&out);
	assert_int_equal(hsm_key_sign(r.h, 1, HSM_ECDSA_SHA256, RD_LIT("x"), &out, NULL), ERR_OK);
	assert_int_equal(hsm_key_sign(r.h, 2, HSM_RSA_PKCS1_SHA256, RD_LIT("x"), &out, NULL), ERR_OK);
	assert_int_equal(hsm_aes_cmac(r.h, 3, RD_LIT("x"), mac, NULL), ERR_OK);
	assert_int_equal(hsm_aes_cbc(r.h, 3, true, iv, rd_of(big, 4992), &out, NULL), ERR_OK);
	assert_int_equal(hsm_card_random(r.h, 1500, &out, NULL), ERR_OK);
	assert_int_equal(hsm_file_list(r.h, &fids, NULL), ERR_OK);
	assert_true(hsm_fids_has(&fids, HSM_FID(HSM_FID_KEY, 3)));
	assert_int_equal(hsm_file_delete(r.h, HSM_FID(HSM_FID_KEY, 3), NULL), ERR_OK);
	assert_int_equal(hsm_aes_cmac(r.h, 3, RD_LIT("x"), mac, NULL), ERR_NOT_FOUND);
	assert_true(r.card->v->session.channel);
	/* The login ends with the channel. */
	assert_int_equal(hsm_channel_close(r.h, false, NULL), ERR_OK);
	assert_int_equal(hsm_key_sign(r.h, 1, HSM_ECDSA_SHA256, RD_LIT("x"), &out, NULL), ERR_AUTH);
out:
	wr_free(&request);
	wr_free(&out);
	rig_free(&r);
}

/* A login may be kept; one of before stays; SELECT ends all. */
static void test_login(void **state)
{
	const struct vcard_profile *p = vcard_profile_at(0);
	struct rig r = rig_new(p->name);

	(void)state;
	assert_int_equal(rig_init(&r, 0, true, 0, 0, ""), ERR_OK);
	assert_int_equal(open_channel(&r, p), ERR_OK);
	assert_int_equal(rig_verify(&r, PIN), ERR_OK);
	assert_int_equal(hsm_channel_close(r.h, true, NULL), ERR_OK);
	assert_true(rig_status(&r).pin_verified);
	assert_false(r.card->v->session.channel);
	assert_int_equal(open_channel(&r, p), ERR_OK);
	assert_true(rig_status(&r).pin_verified);
	assert_int_equal(hsm_channel_close(r.h, false, NULL), ERR_OK);
	assert_true(rig_status(&r).pin_verified);
	assert_int_equal(open_channel(&r, p), ERR_OK);
	assert_int_equal(hsm_card_select(r.h, NULL, NULL), ERR_OK);
	assert_false(rig_status(&r).pin_verified);
	rig_free(&r);
}

/* Who changes or repeats a command gets nothing but the channel's end, and the login's. */
static void test_attacker(void **state)
{
	const struct vcard_profile *p = vcard_profile_at(0);
	struct rig r = rig_new(p->name);
	struct wr w;

	(void)state;
	assert_int_equal(rig_init(&r, 0, true, 0, 0, ""), ERR_OK);
	for (int repeat = 0; repeat < 2; repeat++) {
		assert_int_equal(open_channel(&r, p), ERR_OK);
		assert_int_equal(rig_verify(&r, PIN), ERR_OK);
		wr_init_heap(&w, 64);
		/* A status query of another channel, or with a MAC missing. */
		assert_int_equal(card_hex(r.card, repeat ? "0C2000810D9701008E08AEB354C8A1A8CE9400" :
							   "0C2000810397010000"), repeat ? 0x6988 : 0x6987);
		assert_int_equal(r.card->data.n, 0);
		assert_false(r.card->v->session.channel || r.card->v->session.pin);
		/* Ours finds out at the next command. */
		assert_int_equal(hsm_key_sign(r.h, 1, HSM_ECDSA_SHA256, RD_LIT("x"), &w, NULL), ERR_FORMAT);
		wr_free(&w);
	}
	rig_free(&r);
}

/* Reference 3.5: only by option 0004, in a channel, for who has logged in; then it is as good as the PIN. */
static void test_session_pin(void **state)
{
	const struct vcard_profile *p = vcard_profile_at(0);
	struct rig r = rig_new(p->name);
	struct secret *pin = NULL;

	(void)state;
	assert_int_equal(rig_init(&r, 0, true, 0, 0, ""), ERR_OK);
	assert_int_equal(hsm_channel_session_pin(r.h, &pin, NULL), ERR_CONDITIONS);
	assert_int_equal(open_channel(&r, p), ERR_OK);
	assert_int_equal(rig_verify(&r, PIN), ERR_OK);
	assert_int_equal(hsm_channel_session_pin(r.h, &pin, NULL), ERR_ALGORITHM);
	assert_int_equal(rig_init(&r, HSM_OPT_SESSION_PIN, true, 0, 0, ""), ERR_OK);
	assert_int_equal(open_channel(&r, p), ERR_OK);
	assert_int_equal(hsm_channel_session_pin(r.h, &pin, NULL), ERR_AUTH);
	assert_int_equal(rig_verify(&r, PIN), ERR_OK);
	assert_int_equal(hsm_channel_session_pin(r.h, &pin, NULL), ERR_OK);
	assert_true(secret_size(pin) >= PIN_MIN);
	/* It outlives SELECT, spends no try, and the PIN is good all the same. */
	assert_int_equal(hsm_card_select(r.h, NULL, NULL), ERR_OK);
	assert_int_equal(rig_verify(&r, RD_LIT("000000")), ERR_PIN_WRONG);
	assert_int_equal(hsm_pin_verify(r.h, HSM_REF_USER, pin, NULL), ERR_OK);
	assert_int_equal(r.card->v->state->pin.left, 2);
	assert_int_equal(rig_verify(&r, PIN), ERR_OK);
	/* Without power it is gone, and wrong. */
	vcard_power(r.card->v, false);
	vcard_power(r.card->v, true);
	assert_int_equal(hsm_card_select(r.h, NULL, NULL), ERR_OK);
	assert_int_equal(hsm_pin_verify(r.h, HSM_REF_USER, pin, NULL), ERR_PIN_WRONG);
	secret_free(&pin);
	rig_free(&r);
}

/* A card that knows only the older protocol, whichever way it fills up the token; one that knows none. */
static void test_3des(void **state)
{
	struct vcard_profile p = *vcard_profile_at(1);
	uint8_t big[5000];
	struct rig r = rig_new(p.name);
	struct wr out;

	(void)state;
	memset(big, 0x5A, sizeof(big));
	wr_init_heap(&out, FILE_SIZE_MAX);
	assert_int_equal(rig_init(&r, 0, true, 0, 0, ""), ERR_OK);
	assert_int_equal(open_channel(&r, &p), ERR_OK);
	assert_false(r.card->v->session.keys.is_3des);
	p.chip_aes = false;
	r.card->v->state->profile = &p;
	for (int zeros = 0; zeros < 2; zeros++) {
		p.token_zeros = zeros;
		assert_int_equal(open_channel(&r, &p), ERR_OK);
		assert_true(r.card->v->session.keys.is_3des);
		assert_int_equal(rig_verify(&r, RD_LIT("000000")), ERR_PIN_WRONG);
		assert_int_equal(rig_verify(&r, PIN), ERR_OK);
		assert_int_equal(hsm_file_write(r.h, HSM_FID(HSM_FID_DATA_PRIVATE, 1), RD_ARR(big), NULL), ERR_OK);
		wr_reset(&out);
		assert_int_equal(hsm_file_read(r.h, HSM_FID(HSM_FID_DATA_PRIVATE, 1), &out, NULL), ERR_OK);
		assert_bytes_equal(wr_view(&out), RD_ARR(big));
		assert_true(r.card->v->session.channel);
		assert_int_equal(hsm_channel_close(r.h, false, NULL), ERR_OK);
	}
	p.chip_3des = false;
	assert_int_equal(open_channel(&r, &p), ERR_DATA);
	wr_free(&out);
	rig_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_example), cmocka_unit_test(test_example_3des),
		cmocka_unit_test(test_answers), cmocka_unit_test(test_3des), each(test_everything),
		cmocka_unit_test(test_login), cmocka_unit_test(test_attacker), cmocka_unit_test(test_session_pin),
	};

	return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
