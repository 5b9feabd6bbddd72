/* SPDX-License-Identifier: Apache-2.0 */
/* Chip authentication: the worked example of APDU reference 4.4, and its rules. */
#include <sys/random.h>

#include "base/rand.h"
#include "test/unit/vcard.h"

#define Q_E "0447C36FBC58A6F4CC4F598DB9D11585E2291D856DC62DF42704D37AC781C20C98" \
	    "595C5151B725382E96C3FDD1C293BC1901E98A0B03098EC59BA205BCBAAAE977"
#define MSE_AES "002241A40C800A04007F00070202030202"
#define GENERAL "00860000457C438041" Q_E "00"

/* In place of base/rand: the nonce of the example when it is asked for. */
static bool nonce_next;

enum err rand_bytes(void *p, size_t n)
{
	uint8_t *b = p;

	if (nonce_next && n == 8) {
		for (size_t i = 0; i < n; i++)
			b[i] = (uint8_t)(i + 1);
		nonce_next = false;
		return ERR_OK;
	}
	return getrandom(p, n, 0) == (ssize_t)n ? ERR_OK : ERR_IO;
}

static void test_example(void **state)
{
	struct card *c = card_new("vendor-shared");
	static const struct {
		const char *cmd, *rsp;
	} exchanges[] = {
		{ "0C2000811D" "871101111F34E98B16AD218D2F1864D28C305A" "8E081C5E86B1CC7AEDB3" "00",
		  "99029000" "8E08CABAC084146675D2" },
		{ "0C2000810D" "970100" "8E08AEB354C8A1A8CE94" "00", "99029000" "8E081178D92AB76F4A16" },
		{ "0CB12F03000020" "8510DB0CD436E21F08724DD57D19847C8AA8" "97020000" "8E0849C96B3B4B8857D9" "0000",
		  "8520AB1DEF1C8221E3FB99F201AD8A8487D410044FD8F979990F6BD713B6836E97FF" "99029000"
		  "8E0824862A08622D62F5" },
	};
	uint8_t d_bytes[32], expect_bytes[64];
	struct vcard_profile profile;
	struct vcard_file *name;
	struct wr d, expect;

	(void)state;
	WR_ARR(&d, d_bytes);
	WR_ARR(&expect, expect_bytes);
	(void)test_unhex(&d, "1111111111111111111111111111111111111111111111111111111111111121");
	(void)test_unhex(&expect, "7C14" "81080102030405060708" "8208C985C9D9B025DB72");
	ec_key_free(&c->v->state->device);
	assert_int_equal(ec_key_import(EC_BP256R1, wr_view(&d), &c->v->state->device), ERR_OK);
	/* Its READ of a whole file says 9000, as only open firmware's does. */
	profile = *c->v->state->profile;
	profile.read_6282 = false;
	c->v->state->profile = &profile;
	card_select(c);
	assert_int_equal(card_hex(c, MSE_AES), 0x9000);
	nonce_next = true;
	assert_int_equal(card_hex(c, GENERAL), 0x9000);
	assert_bytes_equal(c->data, wr_view(&expect));
	assert_true(c->v->session.channel);
	wr_reset(&expect);
	assert_bytes_equal(RD_ARR(c->v->session.keys.k_enc), test_unhex(&expect, "4572976E44D247ACEF3635A59C2DA5C9"));
	assert_bytes_equal(RD_ARR(c->v->session.keys.k_mac), test_unhex(&expect, "21F9186A181B0FAC865248084D73496E"));
	/* The card of the example has a PIN and a name. */
	assert_int_equal(vcard_ref_set(&c->v->state->pin, PIN, 3), ERR_OK);
	c->v->state->initialised = true;
	assert_int_equal(vcard_state_file_make(c->v->state, 0x2F03, &name), ERR_OK);
	wr_put(&name->data, RD_LIT("\x30\x11\x02\x01\x00\x80\x08My Token\x03\x02\x05\x20"));
	assert_int_equal(vcard_commit(c->v), SW_OK);
	for (size_t i = 0; i < sizeof(exchanges) / sizeof(exchanges[0]); i++) {
		wr_reset(&expect);
		assert_int_equal(card_hex(c, exchanges[i].cmd), 0x9000);
		assert_bytes_equal(c->data, test_unhex(&expect, exchanges[i].rsp));
	}
	/* A plain command ends it, and the login that was reached in it. */
	assert_int_equal(card_hex(c, "00200081"), 0x63C3);
	assert_false(c->v->session.channel);
	assert_true(rd_is_zero(RD_ARR(c->v->session.keys.k_enc)) && rd_is_zero(RD_ARR(c->v->session.keys.k_mac)));
	card_free(c);
}

/* The first 16 bytes of SHA-1(secret || nonce || 00000002): the key of the token, 4.1 step 5. */
static void derive_mac_key(struct rd secret, struct rd nonce, uint8_t key[AES_BLOCK])
{
	uint8_t text[VCARD_POINT_MAX], hash[20];
	struct wr t, h;

	WR_ARR(&t, text);
	WR_ARR(&h, hash);
	wr_put(&t, secret);
	wr_put(&t, nonce);
	wr_u32(&t, 2);
	assert_int_equal(digest_once(DIGEST_SHA1, wr_view(&t), &h), ERR_OK);
	memcpy(key, hash, AES_BLOCK);
}

/* The host's side with a key of its own: who gives this token has the private key of the certificate. */
EACH_WITH(test_proof, p->chip_aes)
{
	const struct vcard_holder *own;
	struct card *c = card_new(p->name);
	struct ec_key *ephemeral = NULL;
	uint8_t point[VCARD_POINT_MAX], command[160], shared[VCARD_POINT_MAX], key[AES_BLOCK], mac[AES_BLOCK];
	struct rd r, in, nonce, token;
	struct wr q, w, x;
	size_t m;

	own = &c->v->own[c->v->own_n - 1];
	card_select(c);
	assert_int_equal(card_hex(c, MSE_AES), 0x9000);
	assert_int_equal(ec_key_generate(p->device_curve, &ephemeral), ERR_OK);
	WR_ARR(&q, point);
	WR_ARR(&w, command);
	WR_ARR(&x, shared);
	assert_int_equal(ec_key_public(ephemeral, &q), ERR_OK);
	m = wr_tlv_open(&w, 0x7C);
	wr_tlv(&w, 0x80, wr_view(&q));
	wr_tlv_close(&w, m);
	assert_int_equal(card_send(c, 0x00860000, wr_view(&w), 0), 0x9000);
	r = c->data;
	assert_true(rd_tlv(&r, 0x7C, &in) && rd_end(&r));
	assert_true(rd_tlv(&in, 0x81, &nonce) && nonce.n == 8 && rd_tlv(&in, 0x82, &token) && token.n == 8 &&
		    rd_end(&in));

	assert_int_equal(ec_key_agree(ephemeral, rd_of(own->q, own->q_n), &x), ERR_OK);
	derive_mac_key(wr_view(&x), nonce, key);
	wr_reset(&w);
	m = wr_tlv_open(&w, 0x7F49);
	(void)test_unhex(&w, "060A04007F00070202030202");
	wr_tlv(&w, 0x86, wr_view(&q));
	wr_tlv_close(&w, m);
	assert_int_equal(aes_cmac(RD_ARR(key), wr_view(&w), mac), ERR_OK);
	assert_bytes_equal(token, rd_of(mac, 8));
	ec_key_free(&ephemeral);
	card_free(c);
}

static void test_refused(void **state)
{
	struct card *c = card_new("vendor-shared");

	(void)state;
	card_select(c);
	assert_int_equal(card_hex(c, GENERAL), 0x6985);                                         /* no protocol chosen */
	assert_int_equal(card_hex(c, "002241A40C800A04007F00070202030201"), 0x6A80);            /* 3DES */
	assert_int_equal(card_hex(c, GENERAL), 0x6985);
	assert_int_equal(card_hex(c, "002241A40C830A04007F00070202030202"), 0x6A80);
	assert_int_equal(card_hex(c, "002281A5038301FF"), 0x6A86);
	assert_int_equal(card_hex(c, "002241B6038301FF"), 0x6A86);
	assert_int_equal(card_hex(c, MSE_AES), 0x9000);
	assert_int_equal(card_hex(c, "00860000037C018000"), 0x6A80);
	assert_int_equal(card_hex(c, "00860000047C02800000"), 0x6A80);
	/* Not a point of the curve: y is one more. */
	assert_int_equal(card_hex(c, "00860000457C438041"
				     "0447C36FBC58A6F4CC4F598DB9D11585E2291D856DC62DF42704D37AC781C20C98"
				     "595C5151B725382E96C3FDD1C293BC1901E98A0B03098EC59BA205BCBAAAE97800"),
			 0x6A80);
	assert_false(c->v->session.channel);
	assert_int_equal(card_hex(c, GENERAL), 0x9000);
	card_select(c);
	assert_int_equal(card_hex(c, GENERAL), 0x6985);
	card_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_example), each(test_proof), cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
