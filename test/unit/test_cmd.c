/* SPDX-License-Identifier: Apache-2.0 */
/* Encoders and decoders against the bytes of reference sc-hsm-apdu 3 and 14.4. */
#include "test/unit/test.h"

#include <stdlib.h>

#include "apdu/link.h"
#include "sc-hsm/chip.h"
#include "sc-hsm/cmd.h"

#define PIN    RD_LIT("648219")
#define FRESH  RD_LIT("123456")
#define SO_PIN RD_LIT("57621880")

static void expect(struct wr *made, const char *hex, enum hsm_op op)
{
	const struct hsm_cmd *row;
	struct wr expected;
	struct apdu a;

	wr_init_heap(&expected, APDU_CMD_MAX);
	assert_int_equal(wr_done(made), ERR_OK);
	assert_bytes_equal(wr_view(made), test_unhex(&expected, hex));
	/* The row of what was encoded is found again. */
	assert_int_equal(apdu_decode(wr_view(made), &a), ERR_OK);
	row = hsm_cmd_find(&a);
	assert_non_null(row);
	assert_int_equal(row->op, op);
	wr_reset(made);
	wr_free(&expected);
}

static void test_golden(void **state)
{
	static const uint8_t init[] = {
		0x80, 2, 0, 1, 0x81, 6, '6', '4', '8', '2', '1', '9', 0x82, 8, '5', '7', '6', '2', '1', '8', '8', '0',
		0x91, 1, 3, 0x92, 1, 1,
	};
	struct wr w;

	(void)state;
	wr_init_heap(&w, APDU_CMD_MAX);
	hsm_enc_select(&w);
	expect(&w, "00A404000BE82B0601040181C31F020100", HSM_SELECT);
	hsm_enc_device_info(&w);
	expect(&w, "8050000000", HSM_DEVICE_INFO);
	hsm_enc_verify_status(&w, HSM_REF_USER);
	expect(&w, "00200081", HSM_VERIFY_STATUS);
	hsm_enc_verify_status(&w, HSM_REF_SO);
	expect(&w, "00200088", HSM_VERIFY_STATUS);
	hsm_enc_verify(&w, HSM_REF_USER, PIN);
	expect(&w, "0020008106363438323139", HSM_VERIFY);
	hsm_enc_change_pin(&w, HSM_REF_USER, PIN, FRESH);
	expect(&w, "002400810C363438323139313233343536", HSM_CHANGE_PIN);
	hsm_enc_change_pin(&w, HSM_REF_SO, SO_PIN, RD_LIT("\x01\x02\x03\x04\x05\x06\x07\x08"));
	expect(&w, "002400881035373632313838300102030405060708", HSM_CHANGE_PIN);
	hsm_enc_reset_retry(&w, SO_PIN, FRESH);
	expect(&w, "002C00810E3537363231383830313233343536", HSM_RESET_RETRY);
	hsm_enc_reset_retry(&w, SO_PIN, RD_NONE);
	expect(&w, "002C0181083537363231383830", HSM_RESET_RETRY);
	hsm_enc_initialize(&w, RD_ARR(init));
	expect(&w, "805000001C80020001810636343832313982083537363231383830910103920101", HSM_INITIALIZE);
	hsm_enc_challenge(&w, 8);
	expect(&w, "0084000008", HSM_CHALLENGE);
	hsm_enc_read(&w, HSM_EF_DEVAUT, 0, 65536);
	expect(&w, "00B12F02000004540200000000", HSM_READ);
	hsm_enc_read(&w, HSM_FID(HSM_FID_EE, 1), 0x0123, 256);
	expect(&w, "00B1CE01045402012300", HSM_READ);
	hsm_enc_update(&w, HSM_FID(HSM_FID_DATA, 0), 0, RD_NONE);
	expect(&w, "00D7CF0006540200005300", HSM_UPDATE);
	hsm_enc_update(&w, HSM_FID(HSM_FID_DATA, 0), 0, RD_LIT("\xAA\xBB\xCC"));
	expect(&w, "00D7CF0009540200005303AABBCC", HSM_UPDATE);
	hsm_enc_delete(&w, HSM_FID(HSM_FID_DATA, 0));
	expect(&w, "00E4020002CF00", HSM_DELETE);
	hsm_enc_enumerate(&w);
	expect(&w, "80580000000000", HSM_ENUMERATE);
	hsm_enc_pka_status(&w);
	expect(&w, "8054000000", HSM_PKA_STATUS);
	hsm_enc_pka_key(&w, 0);
	expect(&w, "8054020000", HSM_PKA_KEY);
	hsm_enc_pka_register(&w, RD_LIT("\x7F\x21"));
	expect(&w, "80540000027F2100", HSM_PKA_REGISTER);
	hsm_enc_sign(&w, 1, HSM_ECDSA_SHA256, RD_LIT("Hello"));
	expect(&w, "806801730548656C6C6F00", HSM_SIGN);
	hsm_enc_generate_aes(&w, 3, 256, RD_LIT("\x91\x01\x10"));
	expect(&w, "004803B203910110", HSM_GENERATE_AES);
	hsm_enc_cipher(&w, 3, HSM_AES_CMAC, RD_LIT("Hello"));
	expect(&w, "807803180548656C6C6F00", HSM_CIPHER);
	hsm_enc_derive_ec(&w, 1, 2, RD_LIT("\x01\x02"));
	expect(&w, "80760102000003 980102 0000", HSM_DERIVE_EC);
	hsm_enc_mse_chip(&w, chip_oid_aes128);
	expect(&w, "002241A40C800A04007F00070202030202", HSM_MSE_CHIP);
	hsm_enc_mse_auth(&w, RD_LIT("DECDA00010000001"));
	expect(&w, "002281A412831044454344413030303130303030303031", HSM_MSE_AUTH);
	hsm_enc_mse_verify(&w, RD_LIT("UTCA00001"));
	expect(&w, "002281B60B8309555443413030303031", HSM_MSE_VERIFY);
	hsm_enc_pso_verify(&w, RD_LIT("\x7F\x4E\x00\x5F\x37\x00"));
	expect(&w, "002A00BE067F4E005F3700", HSM_PSO_VERIFY);
	hsm_enc_external_auth(&w, RD_LIT("\x01\x02"));
	expect(&w, "00820000020102", HSM_EXTERNAL_AUTH);
	hsm_enc_general_auth(&w, RD_LIT("\x04\x01\x02"));
	expect(&w, "00860000077C05800304010200", HSM_GENERAL_AUTH);
	wr_free(&w);
}

/* More than short lengths hold. */
static void test_extended(void **state)
{
	uint8_t data[300] = { 0 };
	struct apdu a;
	struct wr w;

	(void)state;
	wr_init_heap(&w, APDU_CMD_MAX);
	hsm_enc_challenge(&w, 256);
	expect(&w, "00840000000100", HSM_CHALLENGE);
	hsm_enc_challenge(&w, 1024);
	expect(&w, "00840000000400", HSM_CHALLENGE);
	hsm_enc_sign(&w, 2, HSM_RSA_PKCS1, rd_of(data, 51));
	assert_int_equal(apdu_decode(wr_view(&w), &a), ERR_OK);
	assert_int_equal(a.ne, 65536);
	assert_int_equal(a.data.n, 51);
	assert_int_equal(w.n, 7 + 51 + 2);
	wr_reset(&w);
	hsm_enc_pka_register(&w, RD_ARR(data));
	assert_int_equal(apdu_decode(wr_view(&w), &a), ERR_OK);
	assert_true(a.extended);
	assert_int_equal(a.ne, 256);
	wr_reset(&w);
	hsm_enc_generate_pair(&w, 3, RD_ARR(data));
	assert_int_equal(apdu_decode(wr_view(&w), &a), ERR_OK);
	assert_int_equal(a.p1, 3);
	assert_int_equal(a.p2, 0);
	assert_int_equal(a.ne, 65536);
	wr_free(&w);
}

/* What cannot be a command latches in the writer, and nothing half-made is sent. */
static void test_refused(void **state)
{
	uint8_t *data = calloc(1, APDU_DATA_MAX + 1);
	struct wr w;

	(void)state;
	assert_non_null(data);
	wr_init_heap(&w, 2 * APDU_CMD_MAX);
	hsm_enc_challenge(&w, 0);
	assert_int_equal(wr_done(&w), ERR_ARG);
	wr_reset(&w);
	hsm_enc_challenge(&w, 1025);
	assert_int_equal(wr_done(&w), ERR_ARG);
	wr_reset(&w);
	hsm_enc_update(&w, 0xCF00, 0, rd_of(data, APDU_DATA_MAX));
	assert_int_equal(wr_done(&w), ERR_BUFFER);
	wr_reset(&w);
	hsm_enc_sign(&w, 1, HSM_ECDSA_SHA256, rd_of(data, APDU_DATA_MAX + 1));
	assert_int_equal(wr_done(&w), ERR_LIMIT);
	wr_reset(&w);
	hsm_enc_change_pin(&w, HSM_REF_USER, rd_of(data, PIN_MAX + 1), rd_of(data, PIN_MAX));
	assert_int_equal(wr_done(&w), ERR_BUFFER);
	wr_free(&w);
	free(data);
}

/* Each row is at its own place and is found by its own header; what carries a PIN or a key is never shown. */
static void test_rows(void **state)
{
	static const enum hsm_op secret[] = {
		HSM_VERIFY, HSM_CHANGE_PIN, HSM_RESET_RETRY, HSM_INITIALIZE, HSM_UPDATE, HSM_UNWRAP, HSM_KEY_DOMAIN,
		HSM_CIPHER, HSM_DERIVE_EC,
	};
	static const enum hsm_op secret_answer[] = {
		HSM_CHALLENGE, HSM_READ, HSM_DECIPHER, HSM_CIPHER, HSM_WRAP, HSM_SESSION_PIN,
	};
	const uint8_t byte[] = { 0 };

	(void)state;
	assert_int_equal(TX_PUBLIC, APDU_SHOW_CMD);
	assert_int_equal(RX_PUBLIC, APDU_SHOW_RSP);
	for (int op = 0; op < HSM_OPS; op++) {
		const struct hsm_cmd *r = hsm_cmd_get((enum hsm_op)op);
		struct apdu a = { .cla = r->cla, .ins = r->ins, .p1 = r->p1, .p2 = r->p2 };

		assert_int_equal(r->op, op);
		assert_non_null(r->name);
		assert_true(hsm_time_ms(r->time) >= 1000);
		if (r->with_data)
			a.data = RD_ARR(byte);
		assert_ptr_equal(hsm_cmd_find(&a), r);
	}
	for (size_t i = 0; i < sizeof(secret) / sizeof(*secret); i++)
		assert_false(hsm_cmd_get(secret[i])->show & APDU_SHOW_CMD);
	for (size_t i = 0; i < sizeof(secret_answer) / sizeof(*secret_answer); i++)
		assert_false(hsm_cmd_get(secret_answer[i])->show & APDU_SHOW_RSP);
}

static void test_find(void **state)
{
	static const uint8_t data[] = { 1 };
	static const struct { struct apdu a; int op; } rows[] = {
		{ { .ins = 0x20, .p2 = 0x81 }, HSM_VERIFY_STATUS },
		{ { .ins = 0x20, .p2 = 0x81, .data = { data, 1 } }, HSM_VERIFY },
		{ { .ins = 0x20, .p1 = 0x01, .p2 = 0x81 }, HSM_KEEP_LOGIN },
		{ { .ins = 0x20, .p1 = 0x01, .p2 = 0x81, .data = { data, 1 } }, -1 },
		{ { .cla = 0x0C, .ins = 0x20, .p2 = 0x81 }, -1 },
		{ { .cla = 0x10, .ins = 0x20, .p2 = 0x81 }, -1 },
		{ { .cla = 0x80, .ins = 0x54, .p1 = 1, .p2 = 2, .data = { data, 1 } }, HSM_PKA_REGISTER },
		{ { .cla = 0x80, .ins = 0x54, .p1 = 2, .p2 = 2, .data = { data, 1 } }, -1 },
		{ { .cla = 0x80, .ins = 0x54, .p1 = 3 }, -1 },
		{ { .cla = 0x80, .ins = 0x50 }, HSM_DEVICE_INFO },
		{ { .cla = 0x80, .ins = 0x50, .data = { data, 1 } }, HSM_INITIALIZE },
		{ { .ins = 0xA4, .p1 = 2, .data = { data, 1 } }, HSM_SELECT_FILE },
		{ { .ins = 0xE4, .p1 = 2, .p2 = 0x80, .data = { data, 1 } }, HSM_DELETE },
		{ { .ins = 0xB0, .data = { data, 1 } }, -1 },
		{ { .cla = 0x80, .ins = 0x84 }, -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct hsm_cmd *r = hsm_cmd_find(&rows[i].a);

		assert_int_equal(r ? (int)r->op : -1, rows[i].op);
	}
}

/* ---- decoders ---- */

static void check_select(const char *hex, enum err e, unsigned options, unsigned platform, unsigned major,
			 unsigned minor)
{
	struct hsm_version v = { 0 };
	struct wr w;

	wr_init_heap(&w, 64);
	assert_int_equal(hsm_dec_select(test_unhex(&w, hex), &v), e);
	assert_int_equal(v.has_options, options != 0);
	assert_int_equal(v.options, options);
	assert_int_equal(v.platform, platform);
	assert_int_equal(v.major, major);
	assert_int_equal(v.minor, minor);
	wr_free(&w);
}

static void test_dec_select(void **state)
{
	(void)state;
	check_select("6F078201788502" "0102", ERR_OK, 0, 0, 1, 2);
	check_select("62078201788502" "0102", ERR_OK, 0, 0, 1, 2);
	check_select("6F0A8201788505" "0001060401", ERR_OK, 1, 6, 4, 1);
	check_select("6F0A8201788505" "0010020200", ERR_OK, 0x10, 2, 2, 0);
	check_select("6F08820178850306" "0401", ERR_OK, 0, 6, 4, 1);
	check_select("6F068201788501" "01", ERR_FORMAT, 0, 0, 0, 0);
	check_select("6F03820178", ERR_FORMAT, 0, 0, 0, 0);
	check_select("6F078201788502" "010200", ERR_FORMAT, 0, 0, 0, 0);
	check_select("6F088502010285020304", ERR_FORMAT, 0, 0, 0, 0);
	check_select("", ERR_FORMAT, 0, 0, 0, 0);
}

static void test_dec_pka(void **state)
{
	struct hsm_pka p;

	(void)state;
	assert_int_equal(hsm_dec_pka(RD_LIT("\x03\x01\x02\x00"), &p), ERR_OK);
	assert_int_equal(p.total, 3);
	assert_int_equal(p.missing, 1);
	assert_int_equal(p.required, 2);
	assert_int_equal(p.authenticated, 0);
	assert_int_equal(hsm_dec_pka(RD_LIT("\x03\x04\x02\x00"), &p), ERR_FORMAT);
	assert_int_equal(hsm_dec_pka(RD_LIT("\x03\x01\x02"), &p), ERR_FORMAT);
	assert_int_equal(hsm_dec_pka(RD_LIT("\x03\x01\x02\x00\x00"), &p), ERR_FORMAT);
}

static void test_dec_enumerate(void **state)
{
	uint16_t fids[OBJECTS_MAX];
	uint8_t many[2 * OBJECTS_MAX + 2];
	size_t n;

	(void)state;
	assert_int_equal(hsm_dec_enumerate(RD_LIT("\xCC\x00\x2F\x02\x00\x00"), fids, &n), ERR_OK);
	assert_int_equal(n, 2);
	assert_int_equal(fids[0], 0xCC00);
	assert_int_equal(fids[1], 0x2F02);
	assert_int_equal(hsm_dec_enumerate(RD_NONE, fids, &n), ERR_OK);
	assert_int_equal(n, 0);
	assert_int_equal(hsm_dec_enumerate(RD_LIT("\xCC\x00\x2F"), fids, &n), ERR_FORMAT);
	memset(many, 0xCC, sizeof(many));
	assert_int_equal(hsm_dec_enumerate(rd_of(many, sizeof(many) - 2), fids, &n), ERR_OK);
	assert_int_equal(n, OBJECTS_MAX);
	assert_int_equal(hsm_dec_enumerate(RD_ARR(many), fids, &n), ERR_LIMIT);
}

/* Free memory in front, the version at the end, whatever lies between (reference 1.6). */
static void test_dec_about(void **state)
{
	static const struct { struct rd data; enum err e; uint32_t free; unsigned version; } rows[] = {
		{ RD_LIT("\x00\x03\x49\xD8\x00\x04\x01"), ERR_OK, 215512, 0x0401 },
		{ RD_LIT("\xFF\xFF\xFF\xFF\x02\x06"), ERR_OK, 0xFFFFFFFF, 0x0206 },
		{ RD_LIT("\x00\x00\x00\x07\x01\x02\x03\x04\x05\x03\x04"), ERR_OK, 7, 0x0304 },
		{ RD_LIT("\x00\x03\x49\xD8\x04"), ERR_FORMAT, 0, 0 },
		{ RD_NONE, ERR_FORMAT, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct hsm_about a = { .free = 0 };

		assert_int_equal(hsm_dec_about(rows[i].data, &a), rows[i].e);
		assert_int_equal(a.free, rows[i].free);
		assert_int_equal(a.major << 8 | a.minor, rows[i].version);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_extended),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_dec_about),
		cmocka_unit_test(test_dec_select),
		cmocka_unit_test(test_dec_pka),
		cmocka_unit_test(test_dec_enumerate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
