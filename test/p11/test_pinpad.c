/* SPDX-License-Identifier: Apache-2.0 */
/* A reader with a pad: what it is asked, what its answers mean, and logins by it: of a program and of a custodian. */
#include "test/p11/agent.h"

#include <pthread.h>
#include <string.h>

#include "apdu/pcsc.h"
#include "cli/card/pad.h"
#include "sc-hsm/pin.h"

static void test_feature(void **state)
{
	static const struct {
		struct rd features;
		bool there;
	} rows[] = {
		{ { (const uint8_t *)"\x06\x04\x42\x33\x00\x06", 6 }, true },
		{ { (const uint8_t *)"\x07\x04\1\2\3\4\x0A\x02\1\2\x06\x04\x42\x33\x00\x06", 16 }, true },
		{ { (const uint8_t *)"\x07\x04\x42\x33\x00\x06", 6 }, false },
		{ { (const uint8_t *)"\x06\x03\x42\x33\x00", 5 }, false },
		{ { (const uint8_t *)"\x06\x05\x42\x33\x00\x06\x00", 7 }, false },
		{ { (const uint8_t *)"\x06\x04\x42\x33\x00", 5 }, false },
		{ { (const uint8_t *)"\x06", 1 }, false },
		{ { (const uint8_t *)"", 0 }, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t code = 0;

		assert_int_equal(pinpad_feature(rows[i].features, PINPAD_VERIFY_DIRECT, &code), rows[i].there);
		assert_int_equal(code, rows[i].there ? 0x42330006 : 0);
	}
}

/* PC/SC part 10, 2.5.2, field by field. */
static void test_structure(void **state)
{
	static const uint8_t want[] = {
		30, 30, 0x82, 0, 0, 15, 6, 2, 0xFF, 0x09, 0x04, 0, 0, 0, 0, 5, 0, 0, 0, 0x00, 0x20, 0x00, 0x81, 0x00,
	};
	const struct pinpad_ask ask = { .ins = 0x20, .p2 = 0x81, .min = 6, .max = 15, .seconds = 30 };
	uint8_t bytes[PINPAD_ASK_MAX];
	struct wr w;

	(void)state;
	WR_ARR(&w, bytes);
	pinpad_ask_write(&ask, &w);
	assert_int_equal(wr_done(&w), ERR_OK);
	assert_bytes_equal(wr_view(&w), RD_ARR(want));
}

/* 2.5.3 */
static void test_change_structure(void **state)
{
	static const uint8_t want[] = {
		30, 30, 0x82, 0, 0, 0, 8, 8, 8, 3, 2, 3, 0x09, 0x04, 0, 1, 2, 0, 0, 0, 5, 0, 0, 0,
		0x00, 0x24, 0x00, 0x81, 0x00,
	};
	const struct pinpad_ask ask = { .ins = 0x24, .p2 = 0x81, .min = 8, .max = 8, .seconds = 30 };
	uint8_t bytes[PINPAD_ASK_MAX];
	struct wr w;

	(void)state;
	WR_ARR(&w, bytes);
	pinpad_change_write(&ask, &w);
	assert_int_equal(wr_done(&w), ERR_OK);
	assert_bytes_equal(wr_view(&w), RD_ARR(want));
}

/* Two digits a byte, of which the reader is told where they go; and only the new one, behind what is there. */
static void test_whole_structure(void **state)
{
	static const uint8_t verify[] = {
		30, 30, 0x81, 8, 0, 16, 16, 2, 0xFF, 0x09, 0x04, 0, 0, 0, 0, 13, 0, 0, 0,
		0x00, 0x2C, 0x01, 0x81, 0x08, 0, 0, 0, 0, 0, 0, 0, 0,
	}, change[] = {
		30, 30, 0x82, 6, 0, 0, 8, 6, 6, 1, 2, 2, 0x09, 0x04, 1, 2, 0, 0, 0, 0, 19, 0, 0, 0,
		0x00, 0x2C, 0x00, 0x81, 0x0E, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0,
	}, ccid[] = {
		1, 30, 0x82, 6, 0, 0, 8, 6, 6, 1, 2, 2, 0x09, 0x04, 1, 2, 0, 0, 0,
		0x00, 0x2C, 0x00, 0x81, 0x0E, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0,
	};
	const struct pinpad_ask packed = { .ins = 0x2C, .p1 = 1, .p2 = 0x81, .min = 16, .max = 16, .seconds = 30,
					   .packed = true };
	const struct pinpad_ask fresh = { .ins = 0x2C, .p2 = 0x81, .min = 6, .max = 6, .seconds = 30,
					  .old = RD_LIT("\1\2\3\4\5\6\7\x08") };
	uint8_t bytes[PINPAD_ASK_MAX];
	struct wr w;

	(void)state;
	WR_ARR(&w, bytes);
	pinpad_ask_write(&packed, &w);
	assert_int_equal(wr_done(&w), ERR_OK);
	assert_bytes_equal(wr_view(&w), RD_ARR(verify));
	wr_reset(&w);
	pinpad_change_write(&fresh, &w);
	assert_int_equal(wr_done(&w), ERR_OK);
	assert_bytes_equal(wr_view(&w), RD_ARR(change));
	wr_reset(&w);
	pinpad_change_write_ccid(&fresh, RD_NONE, &w);
	assert_int_equal(wr_done(&w), ERR_OK);
	assert_bytes_equal(wr_view(&w), RD_ARR(ccid));
}

/* CCID 1.1, 6.1.11.1 and 6.1.11.2; with the header of a block of T=1, and without. */
static void test_ccid_structure(void **state)
{
	static const uint8_t verify[] = {
		0, 30, 0x82, 0, 0, 15, 6, 2, 0xFF, 0x09, 0x04, 0, 0x00, 0x40, 0x05, 0x00, 0x20, 0x00, 0x81, 0x00,
	}, change[] = {
		1, 30, 0x82, 0, 0, 0, 8, 8, 8, 3, 2, 3, 0x09, 0x04, 0, 1, 2, 0, 0, 0, 0x00, 0x24, 0x00, 0x81, 0x00,
	};
	const struct pinpad_ask old = { .ins = 0x20, .p2 = 0x81, .min = 6, .max = 15, .seconds = 30 };
	const struct pinpad_ask both = { .ins = 0x24, .p2 = 0x81, .min = 8, .max = 8, .seconds = 30 };
	uint8_t bytes[PINPAD_ASK_MAX];
	struct wr w;

	(void)state;
	WR_ARR(&w, bytes);
	pinpad_ask_write_ccid(&old, RD_LIT("\x00\x40\x05"), &w);
	assert_int_equal(wr_done(&w), ERR_OK);
	assert_bytes_equal(wr_view(&w), RD_ARR(verify));
	wr_reset(&w);
	pinpad_change_write_ccid(&both, RD_NONE, &w);
	assert_int_equal(wr_done(&w), ERR_OK);
	assert_bytes_equal(wr_view(&w), RD_ARR(change));
}

static void test_program(void **state)
{
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE key;

	(void)state;
	rig_pad(RIG_PIN);
	(void)rig_card_simple();
	rig_initialize();
	assert_true(rig_token_flags() & CKF_PROTECTED_AUTHENTICATION_PATH);
	s = rig_session();
	assert_ok(rig_login(s, NULL));
	key = rig_find(s, CKO_PRIVATE_KEY, "ec");
	assert_ok(rig_sign(s, key));
	assert_rv(rig_login(s, NULL), CKR_USER_ALREADY_LOGGED_IN);
	assert_ok(C_Logout(s));
	assert_rv(rig_sign(s, key), CKR_KEY_HANDLE_INVALID);

	/* Nothing of these costs a try. */
	rig_end_approval();
	rig_pad("");
	assert_rv(rig_login(s, NULL), CKR_FUNCTION_CANCELED);
	rig_pad(NULL);
	assert_rv(rig_login(s, NULL), CKR_FUNCTION_FAILED);
	rig_pad("12345");
	assert_rv(rig_login(s, NULL), CKR_PIN_INCORRECT);
	assert_false(rig_token_flags() & CKF_USER_PIN_COUNT_LOW);
	/* This does, and is told. */
	rig_pad("000000");
	assert_rv(rig_login(s, NULL), CKR_PIN_INCORRECT);
	assert_true(rig_token_flags() & CKF_USER_PIN_COUNT_LOW);
	assert_rv(rig_sign_begin(s, CKM_ECDSA, key), CKR_KEY_HANDLE_INVALID);
	/* A program that has a PIN may give it, as ever. */
	assert_ok(rig_login(s, RIG_PIN));
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
}

static bool card_has(const char *pin)
{
	uint8_t bytes[64], answer[64];
	struct wr cmd, rsp;

	WR_ARR(&cmd, bytes);
	WR_ARR(&rsp, answer);
	wr_put(&cmd, RD_LIT("\x00\x20\x00\x81"));
	wr_u8(&cmd, (uint8_t)strlen(pin));
	wr_put(&cmd, rd_str(pin));
	return fake_card_ask(RIG_READER, wr_view(&cmd), &rsp) == ERR_OK && rd_eq(wr_view(&rsp), RD_LIT("\x90\x00"));
}

static void *look_at_token(void *ctx)
{
	CK_TOKEN_INFO info;

	*(CK_RV *)ctx = fake_held(RIG_READER, PATIENCE_MS) ? CKR_GENERAL_ERROR : C_GetTokenInfo(0, &info);
	fake_release(RIG_READER);
	return NULL;
}

/* C_SetPIN without PINs: both are typed, nothing is spent by what the reader or the length refuses. */
static void test_set_pin(void **state)
{
	CK_UTF8CHAR pin[] = RIG_PIN;
	CK_OBJECT_HANDLE key;
	CK_SESSION_HANDLE s;
	CK_RV seen = CKR_OK;
	pthread_t thread;

	(void)state;
	(void)rig_card_simple();
	fake_reader_pad(RIG_READER, RIG_PIN);
	rig_initialize();
	s = rig_session();
	assert_rv(C_SetPIN(s, NULL, 0, NULL, 0), CKR_ARGUMENTS_BAD);
	fake_reader_pad_change(RIG_READER, RIG_PIN, "135790", "135790");
	rig_finalize();
	rig_initialize();
	s = rig_session();
	assert_rv(C_SetPIN(s, NULL, 0, pin, 6), CKR_ARGUMENTS_BAD);
	assert_rv(C_SetPIN(s, NULL, 6, NULL, 7), CKR_PIN_LEN_RANGE);
	assert_rv(C_SetPIN(s, NULL, 5, NULL, 5), CKR_PIN_LEN_RANGE);
	assert_rv(C_SetPIN(s, NULL, 16, NULL, 16), CKR_PIN_LEN_RANGE);
	assert_rv(C_SetPIN(s, NULL, 8, NULL, 8), CKR_PIN_LEN_RANGE);
	assert_false(rig_token_flags() & CKF_USER_PIN_COUNT_LOW);
	/* Not logged in before, not afterwards; and nobody waits for who types. */
	fake_reader_pad_hold(RIG_READER);
	assert_int_equal(pthread_create(&thread, NULL, look_at_token, &seen), 0);
	assert_ok(C_SetPIN(s, NULL, 0, NULL, 0));
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_ok(seen);
	assert_int_equal(rig_count(s, CKO_PRIVATE_KEY), 0);
	assert_true(card_has("135790"));
	/* Logged in before, logged in afterwards. */
	assert_ok(rig_login(s, "135790"));
	key = rig_find(s, CKO_PRIVATE_KEY, "ec");
	fake_reader_pad_change(RIG_READER, "135790", RIG_PIN, "135791");
	assert_rv(C_SetPIN(s, NULL, 6, NULL, 6), CKR_FUNCTION_FAILED);
	assert_ok(rig_sign(s, key));
	fake_reader_pad_change(RIG_READER, "135790", RIG_PIN, RIG_PIN);
	assert_ok(C_SetPIN(s, NULL, 6, NULL, 6));
	assert_ok(rig_sign(s, key));
	fake_reader_pad_change(RIG_READER, "000000", RIG_PIN, RIG_PIN);
	assert_rv(C_SetPIN(s, NULL, 6, NULL, 6), CKR_PIN_INCORRECT);
	assert_rv(rig_sign_begin(s, CKM_ECDSA, key), CKR_USER_NOT_LOGGED_IN);
	assert_true(rig_token_flags() & CKF_USER_PIN_COUNT_LOW);
}

struct other {                          /* what another thread does meanwhile */
	CK_SESSION_HANDLE s;
	CK_RV (*call)(CK_SESSION_HANDLE s);
	CK_RV rv;
};

static void *run_other(void *ctx)
{
	struct other *o = ctx;

	o->rv = o->call(o->s);
	return NULL;
}

static CK_RV set_pin(CK_SESSION_HANDLE s)
{
	return C_SetPIN(s, NULL, 0, NULL, 0);
}

static CK_RV login_again(CK_SESSION_HANDLE s)
{
	return rig_login(s, "135790");
}

/* While somebody types a new PIN, another thread's call waits, and does what it is for: the end of this is no login. */
static void meanwhile(CK_SESSION_HANDLE s, CK_RV (*call)(CK_SESSION_HANDLE s), CK_STATE after)
{
	struct other who = { s, set_pin, CKR_GENERAL_ERROR }, also = { s, call, CKR_GENERAL_ERROR };
	CK_SESSION_INFO info;
	pthread_t a, b;

	fake_reader_pad_hold(RIG_READER);
	assert_int_equal(pthread_create(&a, NULL, run_other, &who), 0);
	assert_int_equal(fake_held(RIG_READER, PATIENCE_MS), ERR_OK);
	assert_int_equal(pthread_create(&b, NULL, run_other, &also), 0);
	rig_log_wait("waits until its PIN is changed");
	fake_release(RIG_READER);
	assert_int_equal(pthread_join(a, NULL), 0);
	assert_int_equal(pthread_join(b, NULL), 0);
	assert_ok(who.rv);
	assert_ok(also.rv);
	assert_ok(C_GetSessionInfo(s, &info));
	assert_int_equal(info.state, after);
}

static void test_set_pin_and_login(void **state)
{
	CK_SESSION_HANDLE s;

	(void)state;
	(void)rig_card_simple();
	rig_log_start("p11+info");
	fake_reader_pad_change(RIG_READER, RIG_PIN, "135790", "135790");
	rig_initialize();
	s = rig_session();
	meanwhile(s, login_again, CKS_RW_USER_FUNCTIONS);
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
}

static void test_set_pin_and_logout(void **state)
{
	CK_SESSION_HANDLE s;

	(void)state;
	(void)rig_card_simple();
	rig_log_start("p11+info");
	fake_reader_pad_change(RIG_READER, RIG_PIN, "135790", "135790");
	rig_initialize();
	s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	meanwhile(s, C_Logout, CKS_RW_PUBLIC_SESSION);
}

/* By an agent: once on its reader, then others ride on it; nobody's PIN can be compared with one that nobody knows. */
static void test_agent(void **state)
{
	CK_SESSION_HANDLE s;
	struct agent_user other;

	(void)state;
	(void)rig_card_simple();
	fake_reader_pad(RIG_READER, RIG_PIN);
	agent_rig_start("");
	rig_initialize();
	assert_true(rig_token_flags() & CKF_PROTECTED_AUTHENTICATION_PATH);
	s = rig_session();
	/* Nothing of these costs a try. */
	fake_reader_pad(RIG_READER, "");
	assert_rv(rig_login(s, NULL), CKR_FUNCTION_CANCELED);
	fake_reader_pad(RIG_READER, NULL);
	assert_rv(rig_login(s, NULL), CKR_FUNCTION_FAILED);
	assert_false(rig_token_flags() & CKF_USER_PIN_COUNT_LOW);
	fake_reader_pad(RIG_READER, "000000");
	assert_rv(rig_login(s, NULL), CKR_PIN_INCORRECT);
	assert_true(rig_token_flags() & CKF_USER_PIN_COUNT_LOW);

	fake_reader_pad(RIG_READER, RIG_PIN);
	assert_ok(rig_login(s, NULL));
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
	fake_reader_pad(RIG_READER, NULL);
	agent_user_come(&other);
	assert_int_equal(agent_user_sign(&other, 1), ERR_AUTH);
	assert_int_equal(agent_user_login(&other, RIG_PIN, NULL), ERR_ARG);
	assert_non_null(strstr(other.why, "typed on its reader"));
	assert_int_equal(agent_user_login(&other, NULL, NULL), ERR_OK);
	assert_int_equal(agent_user_sign(&other, 1), ERR_OK);
	agent_user_go(&other);
	rig_finalize();
	agent_rig_stop();
}

/* A change there goes by the agent, if it lets programs change PINs; who rides on a known PIN shows the new one. */
static void test_agent_change(void **state)
{
	CK_UTF8CHAR so_pin[] = RIG_SO_PIN;
	CK_SESSION_HANDLE s;
	struct agent_user other;

	(void)state;
	(void)rig_card_simple();
	fake_reader_pad_change(RIG_READER, RIG_PIN, "135790", "135790");
	agent_rig_start("[agent]\nadmit = pin\n");
	rig_initialize();
	s = rig_session();
	fake_reader_pad_change(RIG_READER, RIG_PIN, "135790", "135791");
	assert_rv(C_SetPIN(s, NULL, 6, NULL, 6), CKR_FUNCTION_FAILED);
	fake_reader_pad_change(RIG_READER, "", "135790", "135790");
	assert_rv(C_SetPIN(s, NULL, 6, NULL, 6), CKR_FUNCTION_CANCELED);
	assert_rv(C_SetPIN(s, NULL, 5, NULL, 5), CKR_PIN_LEN_RANGE);
	assert_false(rig_token_flags() & CKF_USER_PIN_COUNT_LOW);
	fake_reader_pad_change(RIG_READER, RIG_PIN, "135790", "135790");
	assert_ok(C_SetPIN(s, NULL, 6, NULL, 6));
	assert_true(card_has("135790"));
	assert_int_equal(rig_count(s, CKO_PRIVATE_KEY), 0);
	/* Opened by a PIN that nobody else knows: it goes on. */
	fake_reader_pad_change(RIG_READER, "135790", RIG_PIN, RIG_PIN);
	assert_ok(rig_login(s, NULL));
	assert_ok(C_SetPIN(s, NULL, 0, NULL, 0));
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
	/* By one that others show to ride on it: that is over, as the agent does not know the new one. */
	assert_ok(C_Logout(s));
	rig_finalize();
	agent_rig_stop();
	agent_rig_start("[agent]\nadmit = pin\n");
	rig_initialize();
	s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	agent_user_come(&other);
	assert_int_equal(agent_user_login(&other, RIG_PIN, NULL), ERR_OK);
	fake_reader_pad_change(RIG_READER, RIG_PIN, "135790", "135790");
	assert_ok(C_SetPIN(s, NULL, 6, NULL, 6));
	assert_int_equal(agent_user_sign(&other, 1), ERR_AUTH);
	assert_int_equal(agent_user_login(&other, RIG_PIN, NULL), ERR_PIN_WRONG);
	assert_int_equal(agent_user_login(&other, "135790", NULL), ERR_OK);
	agent_user_go(&other);
	/* By the SO-PIN, which the program has. */
	rig_finalize();
	rig_initialize();
	s = rig_session();
	assert_ok(C_Login(s, CKU_SO, so_pin, sizeof(so_pin) - 1));
	fake_reader_pad_change(RIG_READER, "", "24681357", "24681357");
	assert_ok(C_InitPIN(s, NULL, 8));
	assert_true(card_has("24681357"));
	rig_finalize();
	agent_rig_stop();
}

static void test_agent_no_leave(void **state)
{
	CK_SESSION_HANDLE s;

	(void)state;
	(void)rig_card_simple();
	fake_reader_pad_change(RIG_READER, RIG_PIN, "135790", "135790");
	agent_rig_start("");
	rig_initialize();
	s = rig_session();
	assert_rv(C_SetPIN(s, NULL, 6, NULL, 6), CKR_TOKEN_WRITE_PROTECTED);
	assert_true(card_has(RIG_PIN));
	rig_finalize();
	agent_rig_stop();
}

/* C_InitPIN without a PIN: a new one is typed, nothing is spent by what the reader or the length refuses. */
static void test_init_pin(void **state)
{
	CK_UTF8CHAR so_pin[] = RIG_SO_PIN;
	CK_SESSION_HANDLE s;

	(void)state;
	(void)rig_card_simple();
	fake_reader_pad(RIG_READER, RIG_PIN);
	rig_initialize();
	s = rig_session();
	assert_rv(C_InitPIN(s, NULL, 0), CKR_USER_NOT_LOGGED_IN);
	assert_ok(C_Login(s, CKU_SO, so_pin, sizeof(so_pin) - 1));
	assert_rv(C_InitPIN(s, NULL, 0), CKR_ARGUMENTS_BAD);
	rig_finalize();
	fake_reader_pad_change(RIG_READER, "", "135790", "135790");
	rig_initialize();
	s = rig_session();
	assert_ok(C_Login(s, CKU_SO, so_pin, sizeof(so_pin) - 1));
	assert_rv(C_InitPIN(s, NULL, 5), CKR_PIN_LEN_RANGE);
	assert_rv(C_InitPIN(s, NULL, 16), CKR_PIN_LEN_RANGE);
	assert_rv(C_InitPIN(s, NULL, 7), CKR_PIN_LEN_RANGE);
	fake_reader_pad_change(RIG_READER, "", "135790", "135791");
	assert_rv(C_InitPIN(s, NULL, 6), CKR_FUNCTION_FAILED);
	fake_reader_pad_change(RIG_READER, "", "135790", "135790");
	assert_ok(C_InitPIN(s, NULL, 0));
	assert_true(card_has("135790"));
	fake_reader_pad_change(RIG_READER, "", "246813579024680", "246813579024680");
	assert_ok(C_InitPIN(s, NULL, 15));
	assert_true(card_has("246813579024680"));
}

static void test_no_pad(void **state)
{
	(void)state;
	(void)rig_card_simple();
	rig_initialize();
	assert_false(rig_token_flags() & CKF_PROTECTED_AUTHENTICATION_PATH);
	assert_rv(rig_login(rig_session(), NULL), CKR_ARGUMENTS_BAD);
}

/* As quorum11 approve does it. */
static void test_custodian(void **state)
{
	struct cli_args args = { .pin_fd = ARGS_NO_FD, .so_pin_fd = ARGS_NO_FD };
	struct cli cli = { .args = &args, .dl = deadline_never() };
	struct hsm_version v;
	struct cli_card card;
	struct hsm_status s;

	(void)state;
	(void)rig_card_simple();
	assert_int_equal(conf_load(&cli.conf), ERR_OK);
	assert_int_equal(cli_card_open(&cli, RIG_READER, PCSC_SHARED, &card), ERR_OK);
	assert_false(cli_pin_is_on_pad(&cli, &card));
	assert_int_equal(hsm_pin_verify_on_pad(card.hsm, &cli.dl), ERR_UNSUPPORTED);
	cli_card_close(&cli, &card, true);

	fake_reader_pad(RIG_READER, RIG_PIN);
	assert_int_equal(cli_card_open(&cli, RIG_READER, PCSC_SHARED, &card), ERR_OK);
	assert_true(cli_pin_is_on_pad(&cli, &card));
	args.pin_file = "/nowhere";
	assert_false(cli_pin_is_on_pad(&cli, &card));
	args.pin_file = NULL;
	assert_int_equal(cli_pin_login_on_pad(&cli, &card), ERR_OK);
	v = card.status.version;
	assert_int_equal(hsm_card_status(card.hsm, &v, &s, &cli.dl), ERR_OK);
	assert_true(s.open);
	cli_card_end(&cli, &card);

	/* The last try is not spent without a word. */
	fake_reader_pad(RIG_READER, "000000");
	assert_int_equal(cli_pin_login_on_pad(&cli, &card), ERR_PIN_WRONG);
	card.status.pin_tries = 1;
	assert_int_equal(cli_pin_login_on_pad(&cli, &card), ERR_REFUSED);
	fake_reader_pad(RIG_READER, "");
	card.status.pin_tries = 2;
	assert_int_equal(cli_pin_login_on_pad(&cli, &card), ERR_CANCELLED);
	cli_card_close(&cli, &card, true);
	conf_free(&cli.conf);
}

int main(int argc, char **argv)
{
	agent_process_main(argc, argv);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_feature),
		cmocka_unit_test(test_structure),
		cmocka_unit_test(test_change_structure),
		cmocka_unit_test(test_whole_structure),
		cmocka_unit_test(test_ccid_structure),
		RIG_TEST(test_program),
		AGENT_TEST(test_set_pin),
		AGENT_TEST(test_set_pin_and_login),
		AGENT_TEST(test_set_pin_and_logout),
		AGENT_TEST(test_init_pin),
		AGENT_TEST(test_agent),
		AGENT_TEST(test_agent_change),
		AGENT_TEST(test_agent_no_leave),
		RIG_TEST(test_no_pad),
		AGENT_TEST(test_custodian),
	};

	return RUN_BOTH(tests);
}
