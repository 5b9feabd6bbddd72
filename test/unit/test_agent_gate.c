/* SPDX-License-Identifier: Apache-2.0 */
/* agent/gate.c, agent/view.c and agent/cache.c: what clients may send, and what is answered from memory. */
#include "test/unit/test.h"

#include "agent/gate.h"
#include "agent/view.h"

#define BYTES_64 "0123456789012345678901234567890123456789012345678901234567890123"

static const struct conf_list nothing;

static enum agent_class judge(void (*encode)(struct wr *w), const struct conf_list *admit, bool *needs_login)
{
	const struct hsm_cmd *row;
	enum agent_class class;
	char why[200] = "";
	struct apdu a;
	struct wr w;

	wr_init_heap(&w, APDU_CMD_MAX);
	encode(&w);
	assert_int_equal(apdu_decode(wr_view(&w), &a), ERR_OK);
	class = agent_gate(&a, admit, &row, needs_login, why, sizeof(why));
	assert_non_null(row);
	/* Who is refused is told why. */
	assert_int_equal(class == AGENT_NEVER || class == AGENT_NO_LEAVE, *why != 0);
	wr_free(&w);
	return class;
}

static void enc_verify(struct wr *w) { hsm_enc_verify(w, HSM_REF_USER, RD_LIT("648219")); }
static void enc_verify_so(struct wr *w) { hsm_enc_verify(w, HSM_REF_SO, RD_LIT("57621880")); }
static void enc_status(struct wr *w) { hsm_enc_verify_status(w, HSM_REF_USER); }
static void enc_change(struct wr *w) { hsm_enc_change_pin(w, HSM_REF_USER, RD_LIT("648219"), RD_LIT("648218")); }
static void enc_reset(struct wr *w) { hsm_enc_reset_retry(w, RD_LIT("57621880"), RD_LIT("648219")); }
static void enc_initialize(struct wr *w) { hsm_enc_initialize(w, RD_LIT("\x80\x02\x00\x01")); }
static void enc_select_key(struct wr *w) { hsm_enc_select_file(w, HSM_FID(HSM_FID_KEY, 1)); }
static void enc_challenge(struct wr *w) { hsm_enc_challenge(w, 8); }
static void enc_read_public(struct wr *w) { hsm_enc_read(w, HSM_FID(HSM_FID_EE, 1), 0, 200); }
static void enc_read_private(struct wr *w) { hsm_enc_read(w, HSM_FID(HSM_FID_DATA_PRIVATE, 1), 0, 200); }
static void enc_read_device(struct wr *w) { hsm_enc_read(w, HSM_EF_DEVAUT, 0, 200); }
static void enc_update(struct wr *w) { hsm_enc_update(w, HSM_FID(HSM_FID_EE, 1), 0, RD_LIT("x")); }
static void enc_delete(struct wr *w) { hsm_enc_delete(w, HSM_FID(HSM_FID_KEY, 1)); }
static void enc_generate(struct wr *w) { hsm_enc_generate_pair(w, 1, RD_LIT("\x5F\x29\x01\x00")); }
static void enc_sign(struct wr *w) { hsm_enc_sign(w, 1, HSM_ECDSA, RD_LIT("0123456789012345678901234567890")); }
static void enc_generate_aes(struct wr *w) { hsm_enc_generate_aes(w, 1, 128, RD_LIT("\x91\x01\x10")); }
static void enc_cipher(struct wr *w) { hsm_enc_cipher(w, 1, HSM_AES_CMAC, RD_LIT("0123456789012345")); }
static void enc_derive_ec(struct wr *w) { hsm_enc_derive_ec(w, 1, 2, RD_LIT("0123456789012345")); }
static void enc_register(struct wr *w) { hsm_enc_pka_register(w, RD_LIT("\x30\x00")); }
static void enc_mse_chip(struct wr *w) { hsm_enc_mse_chip(w, RD_LIT("\x04\x00\x7F\x00\x07\x02\x02\x03\x02\x02")); }
static void enc_mse_verify(struct wr *w) { hsm_enc_mse_verify(w, RD_LIT("UTCA00001")); }
static void enc_mse_auth(struct wr *w) { hsm_enc_mse_auth(w, RD_LIT("UTCA00001")); }
static void enc_pso(struct wr *w) { hsm_enc_pso_verify(w, RD_LIT("\x7F\x4E\x00")); }
static void enc_external(struct wr *w) { hsm_enc_external_auth(w, RD_LIT(BYTES_64)); }
static void enc_general(struct wr *w) { hsm_enc_general_auth(w, RD_LIT("\x04" BYTES_64)); }

static const struct {
	void (*encode)(struct wr *w);
	enum agent_class class, admitted;
	bool needs_login;
	const char *word;
} rows[] = {
	{ hsm_enc_select, AGENT_VIEW, AGENT_VIEW, false, NULL },
	{ enc_status, AGENT_VIEW, AGENT_VIEW, false, NULL },
	{ hsm_enc_pka_status, AGENT_VIEW, AGENT_VIEW, false, NULL },
	{ hsm_enc_device_info, AGENT_PUBLIC, AGENT_PUBLIC, false, NULL },
	{ hsm_enc_enumerate, AGENT_PUBLIC, AGENT_PUBLIC, false, NULL },
	{ enc_read_public, AGENT_PUBLIC, AGENT_PUBLIC, false, NULL },
	{ enc_read_device, AGENT_PUBLIC, AGENT_PUBLIC, false, NULL },
	{ enc_read_private, AGENT_USER, AGENT_USER, true, NULL },
	{ enc_select_key, AGENT_ANYONE, AGENT_ANYONE, false, NULL },
	{ enc_challenge, AGENT_ANYONE, AGENT_ANYONE, false, NULL },
	{ enc_sign, AGENT_USE, AGENT_USE, true, NULL },
	{ enc_cipher, AGENT_USE, AGENT_USE, true, NULL },
	{ enc_derive_ec, AGENT_NO_LEAVE, AGENT_USE_NEW, true, "generate" },
	{ enc_generate_aes, AGENT_NO_LEAVE, AGENT_CHANGE, true, "generate" },
	{ enc_update, AGENT_NO_LEAVE, AGENT_CHANGE, true, "update" },
	{ enc_delete, AGENT_NO_LEAVE, AGENT_CHANGE, true, "delete" },
	{ enc_generate, AGENT_NO_LEAVE, AGENT_CHANGE, true, "generate" },
	{ enc_change, AGENT_NO_LEAVE, AGENT_CHANGE, false, "pin" },
	{ enc_reset, AGENT_NO_LEAVE, AGENT_CHANGE, false, "pin" },
	{ enc_initialize, AGENT_NO_LEAVE, AGENT_CHANGE, false, "initialize" },
	{ enc_verify, AGENT_NEVER, AGENT_NEVER, false, NULL },
	{ enc_verify_so, AGENT_NEVER, AGENT_NEVER, false, NULL },
	{ enc_register, AGENT_NEVER, AGENT_NEVER, false, NULL },
	{ enc_mse_chip, AGENT_NEVER, AGENT_NEVER, false, NULL },
	{ enc_mse_verify, AGENT_NEVER, AGENT_NEVER, false, NULL },
	{ enc_mse_auth, AGENT_NEVER, AGENT_NEVER, false, NULL },
	{ enc_pso, AGENT_NEVER, AGENT_NEVER, false, NULL },
	{ enc_external, AGENT_NEVER, AGENT_NEVER, false, NULL },
	{ enc_general, AGENT_NEVER, AGENT_NEVER, false, NULL },
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char word[32];
		struct conf_list admit = { .n = 1, .v = { word } };
		bool needs_login;

		assert_int_equal(judge(rows[i].encode, &nothing, &needs_login), rows[i].class);
		(void)snprintf(word, sizeof(word), "%s", rows[i].word ? rows[i].word : "update");
		if (rows[i].word)
			assert_null(agent_gate_unknown(&admit));
		assert_int_equal(judge(rows[i].encode, &admit, &needs_login), rows[i].admitted);
		assert_int_equal(needs_login, rows[i].needs_login);
	}
}

/* One word admits its own command only. */
static void test_words(void **state)
{
	char update[] = "update", bad[] = "everything";
	struct conf_list admit = { .n = 1, .v = { update } }, wrong = { .n = 2, .v = { update, bad } };
	bool needs_login;

	(void)state;
	assert_int_equal(judge(enc_delete, &admit, &needs_login), AGENT_NO_LEAVE);
	assert_int_equal(judge(enc_initialize, &admit, &needs_login), AGENT_NO_LEAVE);
	assert_string_equal(agent_gate_unknown(&wrong), bad);
}

static void test_unknown(void **state)
{
	static const char *const commands[] = {
		"80 68 01 73",                  /* SIGN without data */
		"10 68 01 73 01 00",            /* chaining */
		"0C 20 00 81",                  /* secure messaging */
		"00 20 01 81",                  /* keeps the login of others */
		"00 A4 00 00 02 2F 02",         /* SELECT of a file */
		"FF 00 00 00",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		const struct hsm_cmd *row;
		uint8_t bytes[32];
		char why[200] = "";
		bool needs_login;
		struct apdu a;
		struct wr w;

		WR_ARR(&w, bytes);
		assert_int_equal(apdu_decode(test_unhex(&w, commands[i]), &a), ERR_OK);
		assert_int_equal(agent_gate(&a, &nothing, &row, &needs_login, why, sizeof(why)), AGENT_NEVER);
		assert_true(*why);
	}
}

/* ---- the view ---- */

static struct agent_view view;

static int open_view(void **state)
{
	(void)state;
	assert_int_equal(agent_view_init(&view, "reader"), ERR_OK);
	agent_view_card(&view, RD_LIT("\x3B\x80\x80\x01\x01"), 1);
	return 0;
}

static int close_view(void **state)
{
	(void)state;
	agent_view_fini(&view);
	return 0;
}

static void see(void (*encode)(struct wr *w), struct rd rsp)
{
	struct wr w;

	wr_init_heap(&w, APDU_CMD_MAX);
	encode(&w);
	agent_view_see(&view, wr_view(&w), rsp);
	wr_free(&w);
}

/* What a client is answered; empty: the card would be asked. */
static struct rd answer(void (*encode)(struct wr *w), bool is_in)
{
	static uint8_t bytes[300];
	const struct hsm_cmd *row;
	struct wr w, rsp;
	char why[200];
	bool needs_login;
	struct apdu a;

	wr_init_heap(&w, APDU_CMD_MAX);
	WR_ARR(&rsp, bytes);
	encode(&w);
	assert_int_equal(apdu_decode(wr_view(&w), &a), ERR_OK);
	(void)agent_gate(&a, &nothing, &row, &needs_login, why, sizeof(why));
	if (!agent_view_answer(&view, &a, wr_view(&w), row, is_in, &rsp))
		wr_reset(&rsp);
	wr_free(&w);
	return wr_view(&rsp);
}

/* Who is not logged in sees a closed card, whoever else is. */
static void test_two_views(void **state)
{
	(void)state;
	agent_view_noting(&view, AGENT_NOTE_CLOSED);
	see(enc_status, RD_LIT("\x63\xC3"));
	see(hsm_enc_pka_status, RD_LIT("\x03\x00\x02\x00\x90\x00"));
	see(hsm_enc_select, RD_LIT("\x6F\x00\x90\x00"));
	agent_view_noting(&view, AGENT_NOTE_NOTHING);
	see(enc_status, RD_LIT("\x63\x00"));            /* in the middle of a ceremony */
	agent_view_noting(&view, AGENT_NOTE_OPEN);
	see(enc_status, RD_LIT("\x90\x00"));
	see(hsm_enc_pka_status, RD_LIT("\x03\x00\x02\x02\x90\x00"));
	assert_bytes_equal(answer(enc_status, false), RD_LIT("\x63\xC3"));
	assert_bytes_equal(answer(enc_status, true), RD_LIT("\x90\x00"));
	assert_bytes_equal(answer(hsm_enc_pka_status, false), RD_LIT("\x03\x00\x02\x00\x90\x00"));
	assert_bytes_equal(answer(hsm_enc_pka_status, true), RD_LIT("\x03\x00\x02\x02\x90\x00"));
	assert_bytes_equal(answer(hsm_enc_select, true), RD_LIT("\x6F\x00\x90\x00"));
}

static void test_public_answers(void **state)
{
	(void)state;
	agent_view_noting(&view, AGENT_NOTE_CLOSED);
	assert_int_equal(answer(enc_read_public, false).n, 0);
	see(enc_read_public, RD_LIT("abc\x90\x00"));
	see(enc_read_private, RD_LIT("secret\x90\x00"));
	assert_bytes_equal(answer(enc_read_public, false), RD_LIT("abc\x90\x00"));
	assert_int_equal(answer(enc_read_private, true).n, 0);
	/* What may be otherwise next time is asked again. */
	see(enc_read_device, RD_LIT("\x69\x82"));
	assert_int_equal(answer(enc_read_device, false).n, 0);
	see(enc_read_device, RD_LIT("\x6A\x82"));
	assert_bytes_equal(answer(enc_read_device, false), RD_LIT("\x6A\x82"));
	agent_view_changed(&view);
	assert_int_equal(answer(enc_read_public, false).n, 0);
	see(enc_read_public, RD_LIT("abd\x90\x00"));
	agent_view_card(&view, RD_NONE, 2);
	assert_int_equal(answer(enc_read_public, false).n, 0);
}

static void test_cache(void **state)
{
	struct agent_cache *c = NULL;
	uint8_t cmd[2], big[5000] = { 0 };
	struct rd rsp;

	(void)state;
	assert_int_equal(agent_cache_new(&c), ERR_OK);
	for (unsigned i = 0; i < 2000; i++) {
		unsigned k = i * 7919 % 2000;

		cmd[0] = (uint8_t)(k >> 8);
		cmd[1] = (uint8_t)k;
		agent_cache_put(c, RD_ARR(cmd), rd_of(cmd, 1 + k % 2));
	}
	for (unsigned k = 0; k < 2000; k++) {
		cmd[0] = (uint8_t)(k >> 8);
		cmd[1] = (uint8_t)k;
		assert_true(agent_cache_get(c, RD_ARR(cmd), &rsp));
		assert_bytes_equal(rsp, rd_of(cmd, 1 + k % 2));
		assert_false(agent_cache_get(c, rd_of(cmd, 1), &rsp));
	}
	agent_cache_clear(c);
	assert_false(agent_cache_get(c, RD_ARR(cmd), &rsp));
	/* It has a ceiling, and what is behind it is just not remembered. */
	for (unsigned k = 0; k < 1000; k++) {
		big[0] = (uint8_t)(k >> 8);
		big[1] = (uint8_t)k;
		agent_cache_put(c, rd_of(big, 2), RD_ARR(big));
	}
	big[0] = big[1] = 0;
	assert_true(agent_cache_get(c, rd_of(big, 2), &rsp));
	big[0] = 999 >> 8;
	big[1] = (uint8_t)999;
	assert_false(agent_cache_get(c, rd_of(big, 2), &rsp));
	agent_cache_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test_setup_teardown(test_two_views, open_view, close_view),
		cmocka_unit_test_setup_teardown(test_public_answers, open_view, close_view),
		cmocka_unit_test(test_cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
