/* SPDX-License-Identifier: Apache-2.0 */
/* Logins by PIN: what is sent, what is never sent, how a login is lost, C_SetPIN, and where the PIN must not be. */
#include "test/p11/agent.h"

#include "base/log.h"

static unsigned pins(void)
{
	return rig_seen().with_data[0x20];
}

static CK_SESSION_HANDLE start(void)
{
	(void)rig_card_simple();
	rig_initialize();
	rig_watch();
	return rig_session();
}

static void test_login(void **state)
{
	CK_SESSION_HANDLE s = start();
	CK_OBJECT_HANDLE key;
	CK_UTF8CHAR pin[] = RIG_PIN;

	(void)state;
	assert_rv(C_Logout(s), CKR_USER_NOT_LOGGED_IN);
	assert_rv(C_Login(s, CKU_SO, pin, 6), CKR_PIN_INCORRECT);
	assert_rv(C_Login(s, CKU_CONTEXT_SPECIFIC, pin, 6), CKR_OPERATION_NOT_INITIALIZED);
	assert_rv(C_Login(s, 77, pin, 6), CKR_USER_TYPE_INVALID);
	assert_ok(rig_login(s, RIG_PIN));
	assert_int_equal(pins(), 1);
	assert_rv(rig_login(s, RIG_PIN), CKR_USER_ALREADY_LOGGED_IN);
	assert_int_equal(pins(), 1);
	key = rig_find(s, CKO_PRIVATE_KEY, "ec");
	assert_ok(rig_sign(s, key));
	assert_ok(C_Logout(s));
	/* An agent keeps it open for others, whom it asks for the same PIN. */
	assert_int_equal(rig_card_is_open(), !rig_is_direct());
	assert_rv(rig_sign(s, key), CKR_KEY_HANDLE_INVALID);
	assert_ok(rig_login(s, RIG_PIN));
	assert_int_equal(pins(), rig_is_direct() ? 2 : 1);
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
	rig_finalize();
	assert_int_equal(rig_card_is_open(), !rig_is_direct());
}

/* A PIN that cannot be right costs no try. */
static void test_lengths(void **state)
{
	CK_SESSION_HANDLE s = start();

	(void)state;
	assert_rv(rig_login(s, NULL), CKR_ARGUMENTS_BAD);
	assert_rv(rig_login(s, ""), CKR_ARGUMENTS_BAD);
	/* CKR_PIN_LEN_RANGE is for a PIN that is set (PKCS#11 2.40 5.1.6). */
	assert_rv(rig_login(s, "12345"), CKR_PIN_INCORRECT);
	assert_rv(rig_login(s, "12345678901234567"), CKR_PIN_INCORRECT);
	assert_int_equal(pins(), 0);
	assert_ok(rig_login(s, RIG_PIN));
}

/* A PIN is text (CK_UTF8CHAR). sbsign without a terminal gives what lies in its memory. */
static void test_no_text(void **state)
{
	CK_SESSION_HANDLE s = start();

	(void)state;
	assert_rv(rig_login(s, "\x80\x44\xef\x84\x65\x55"), CKR_PIN_INCORRECT);
	assert_rv(rig_login(s, "12345\n"), CKR_PIN_INCORRECT);
	assert_rv(rig_login(s, "12345\x7f"), CKR_PIN_INCORRECT);
	assert_rv(rig_login(s, "12345\xc3"), CKR_PIN_INCORRECT);
	assert_int_equal(pins(), 0);
	assert_ok(rig_login(s, RIG_PIN));
}

/* The how manieth exchange of a login is its VERIFY? Nobody is logged in then, as before. */
static unsigned verify_at(CK_SESSION_HANDLE s)
{
	unsigned k;

	rig_end_approval();
	rig_watch();
	assert_ok(rig_login(s, RIG_PIN));
	k = rig_seen().when[0x20];
	assert_ok(C_Logout(s));
	rig_end_approval();
	rig_watch();
	return k;
}

/*
 * A card that failed to answer an agent is taken for one that was pulled, and what it finds then for another one: a
 * program opens a session anew, as soon as the agent has taken that up.
 */
static CK_SESSION_HANDLE login_again(CK_SESSION_HANDLE s)
{
	struct deadline all = deadline_in(PATIENCE_MS);
	CK_RV rv = rig_login(s, RIG_PIN);

	while (rv && !rig_is_direct()) {
		assert_int_equal(deadline_check(&all), ERR_OK);
		assert_true(rv == CKR_DEVICE_REMOVED || rv == CKR_TOKEN_NOT_PRESENT);
		rig_wait_for_card();
		rv = C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s);
		if (!rv)
			rv = rig_login(s, RIG_PIN);
	}
	assert_ok(rv);
	return s;
}

/* Each C_Login with a wrong PIN is one VERIFY, never two, and leaves the card closed. */
static void test_wrong(void **state)
{
	CK_SESSION_HANDLE s = start();

	(void)state;
	for (unsigned i = 1; i <= 2; i++) {
		assert_rv(rig_login(s, "000000"), CKR_PIN_INCORRECT);
		assert_int_equal(pins(), i);
		assert_false(rig_card_is_open());
	}
	assert_ok(rig_login(s, RIG_PIN));
	/* The answer to a VERIFY is lost: the card may have run it, so it is not sent again. */
	assert_ok(C_Logout(s));
	rig_fault(verify_at(s), FAKE_LOST);
	assert_rv(rig_login(s, RIG_PIN), CKR_DEVICE_ERROR);
	assert_int_equal(pins(), 1);
	assert_false(rig_card_is_open());
	if (rig_is_direct())
		assert_int_equal(rig_count(s, CKO_PRIVATE_KEY), 0);
	(void)login_again(s);
	assert_int_equal(pins(), 2);
}

/* ---- a login is lost ---- */

/* An agent, or one who goes by USB, holds the card alone: no other program gets as far. */
static bool another(bool reset)
{
	bool let = rig_other_selects(reset);

	assert_int_equal(let, rig_is_direct() && !rig_is_usb());
	return let;
}

static void test_selected_by_another(void **state)
{
	CK_SESSION_HANDLE s = start();
	CK_OBJECT_HANDLE key;

	(void)state;
	assert_ok(rig_login(s, RIG_PIN));
	key = rig_find(s, CKO_PRIVATE_KEY, "ec");
	if (another(false)) {
		assert_rv(rig_sign(s, key), CKR_USER_NOT_LOGGED_IN);
		/* It is said once, and then the books say the same. */
		assert_rv(rig_sign_begin(s, CKM_ECDSA, key), CKR_USER_NOT_LOGGED_IN);
		assert_int_equal(rig_count(s, CKO_PRIVATE_KEY), 0);
		assert_ok(rig_login(s, RIG_PIN));
	}
	assert_ok(rig_sign(s, key));
	/* Without a C_Sign between: a new C_Login is a login, not "already". */
	assert_rv(rig_login(s, RIG_PIN), another(false) ? CKR_OK : CKR_USER_ALREADY_LOGGED_IN);
	assert_ok(rig_sign(s, key));
}

static void test_reset_by_another(void **state)
{
	CK_SESSION_HANDLE s = start();
	CK_OBJECT_HANDLE key;

	(void)state;
	assert_ok(rig_login(s, RIG_PIN));
	key = rig_find(s, CKO_PRIVATE_KEY, "ec");
	if (another(true)) {
		assert_rv(rig_sign(s, key), CKR_USER_NOT_LOGGED_IN);
		assert_ok(rig_login(s, RIG_PIN));
	}
	assert_ok(rig_sign(s, key));
	/* In the middle of it. */
	rig_fault(1, FAKE_RESET);
	/* On the USB nobody else resets a card: one without power has been put in. */
	assert_rv(rig_sign(s, key), rig_usb ? CKR_DEVICE_REMOVED : CKR_USER_NOT_LOGGED_IN);
	if (rig_usb)
		return;
	s = login_again(s);
	key = rig_find(s, CKO_PRIVATE_KEY, "ec");
	assert_ok(rig_sign(s, key));
	/* What needs no login goes on by itself. */
	if (another(true)) {
		assert_ok(C_GenerateRandom(s, (CK_BYTE[8]){ 0 }, 8));
		assert_rv(C_Logout(s), CKR_USER_NOT_LOGGED_IN);
	} else {
		assert_ok(C_Logout(s));
	}
	/* In the middle of a login: that is not a login lost. */
	rig_fault(verify_at(s), FAKE_RESET);
	assert_rv(rig_login(s, RIG_PIN), rig_is_direct() ? CKR_DEVICE_ERROR : CKR_FUNCTION_FAILED);
	s = login_again(s);
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
}

/* Another program waits no longer than one sequence of ours takes. */
static void test_short_transactions(void **state)
{
	CK_SESSION_HANDLE s = start();
	struct fake_other *o;

	(void)state;
	assert_ok(rig_login(s, RIG_PIN));
	o = fake_other_connect(RIG_READER, false);
	if (rig_is_usb()) {
		assert_null(o);
		return;
	}
	assert_non_null(o);
	fake_other_lock(o, true);
	fake_other_lock(o, false);
	fake_other_disconnect(&o, false);
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
}

/* ---- C_SetPIN ---- */

static CK_RV set_pin(CK_SESSION_HANDLE s, const char *old, const char *fresh)
{
	CK_UTF8CHAR a[32], b[32];

	memcpy(a, old, strlen(old));
	memcpy(b, fresh, strlen(fresh));
	return C_SetPIN(s, a, strlen(old), b, strlen(fresh));
}

static void test_set_pin(void **state)
{
	CK_SESSION_HANDLE s = start(), ro;
	CK_UTF8CHAR pin[] = RIG_PIN;
	CK_OBJECT_HANDLE key;

	(void)state;
	assert_ok(C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &ro));
	assert_rv(set_pin(ro, RIG_PIN, "12345678"), CKR_SESSION_READ_ONLY);
	assert_rv(C_SetPIN(s, NULL, 0, pin, 6), CKR_ARGUMENTS_BAD);
	assert_rv(C_SetPIN(s, pin, 6, NULL, 0), CKR_ARGUMENTS_BAD);
	assert_rv(set_pin(s, RIG_PIN, "12345"), CKR_PIN_LEN_RANGE);
	assert_rv(set_pin(s, RIG_PIN, "12345678901234567"), CKR_PIN_LEN_RANGE);
	/* No login would give it. */
	assert_rv(set_pin(s, RIG_PIN, "12345\xc3"), CKR_PIN_INVALID);
	assert_rv(set_pin(s, "12345", "12345678"), CKR_PIN_INCORRECT);
	assert_rv(set_pin(s, "12345678901234567", "12345678"), CKR_PIN_INCORRECT);
	assert_int_equal(pins(), 0);
	assert_rv(set_pin(s, "000000", "12345678"), CKR_PIN_INCORRECT);
	/* Not logged in before, not logged in afterwards: the card, too. */
	assert_ok(set_pin(s, RIG_PIN, "12345678"));
	assert_int_equal(rig_count(s, CKO_PRIVATE_KEY), 0);
	assert_rv(rig_login(s, RIG_PIN), CKR_PIN_INCORRECT);
	assert_ok(rig_login(s, "12345678"));
	key = rig_find(s, CKO_PRIVATE_KEY, "ec");
	assert_ok(rig_sign(s, key));
	/* Logged in before, logged in afterwards. */
	assert_ok(set_pin(s, "12345678", RIG_PIN));
	assert_ok(rig_sign(s, key));
	/* A wrong old PIN ends the login, on the card and in our books. */
	assert_rv(set_pin(s, "000000", "12345678"), CKR_PIN_INCORRECT);
	assert_rv(rig_sign_begin(s, CKM_ECDSA, key), CKR_USER_NOT_LOGGED_IN);
	assert_ok(rig_login(s, RIG_PIN));
	assert_ok(rig_sign(s, key));
}

/* ---- transport PIN ---- */

#define TO_BE_CHANGED (CKF_USER_PIN_TO_BE_CHANGED | CKF_USER_PIN_INITIALIZED)

static void test_transport(void **state)
{
	struct rig_card c = rig_card_new(&(struct rig_spec){ .pin = RIG_PIN, .options = 0x0002 });
	CK_SESSION_HANDLE s;

	(void)state;
	rig_card_insert(&c);
	rig_initialize();
	rig_watch();
	s = rig_session();
	assert_int_equal(rig_token_flags() & TO_BE_CHANGED, TO_BE_CHANGED);
	assert_rv(rig_login(s, RIG_PIN), CKR_PIN_EXPIRED);
	assert_rv(rig_login(s, "000000"), CKR_PIN_EXPIRED);
	assert_int_equal(pins(), 0);
	assert_rv(set_pin(s, "000000", "246810"), CKR_PIN_INCORRECT);
	assert_rv(rig_login(s, RIG_PIN), CKR_PIN_EXPIRED);
	assert_ok(set_pin(s, RIG_PIN, "246810"));
	assert_int_equal(rig_token_flags() & TO_BE_CHANGED, CKF_USER_PIN_INITIALIZED);
	assert_rv(rig_login(s, RIG_PIN), CKR_PIN_INCORRECT);
	assert_ok(rig_login(s, "246810"));
}

/* People are not asked for a card that would stay closed. */
static void test_transport_of_people(void **state)
{
	struct rig_card c = rig_card_new(&(struct rig_spec){ .pin = RIG_PIN, .options = 0x0012, .total = 2,
							     .required = 1 });
	CK_SESSION_HANDLE s;

	(void)state;
	rig_card_insert(&c);
	rig_initialize();
	rig_watch();
	s = rig_session();
	assert_rv(rig_login(s, RIG_PIN), CKR_PIN_EXPIRED);
	assert_int_equal(pins(), 0);
}

/* ---- the PIN is nowhere ---- */

#define MARKER "s3cret-mArker"

static void test_marker(void **state)
{
	struct rig_card c = rig_card_new(&(struct rig_spec){ .pin = MARKER });
	CK_SESSION_HANDLE s;
	char hex[2 * sizeof(MARKER)];
	struct wr w;

	(void)state;
	WR_ARR(&w, hex);
	wr_hex(&w, RD_LIT(MARKER));
	rig_log_start("trace");
	rig_card_insert(&c);
	rig_initialize();
	s = rig_session();
	assert_ok(rig_login(s, MARKER));
	assert_ok(set_pin(s, MARKER, MARKER "2"));
	assert_ok(C_Logout(s));
	assert_rv(rig_login(s, MARKER), CKR_PIN_INCORRECT);
	assert_rv(rig_login(s, "way-too-long-" MARKER), CKR_PIN_INCORRECT);
	rig_finalize();
	/* The trace is on, and tells of the command. */
	assert_true(rig_log_has("00 20 00 81") || rig_log_has("00200081"));
	assert_false(rig_log_has(MARKER));
	assert_false(rig_log_has(wr_cstr(&w)));
	assert_ok(log_open(NULL));
	assert_ok(log_configure(""));
}

int main(int argc, char **argv)
{
	agent_process_main(argc, argv);
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_login),
		RIG_TEST(test_lengths),
		RIG_TEST(test_no_text),
		RIG_TEST(test_wrong),
		RIG_TEST(test_selected_by_another),
		RIG_TEST(test_reset_by_another),
		AGENT_TEST(test_short_transactions),
		RIG_TEST(test_set_pin),
		RIG_TEST(test_transport),
		RIG_TEST(test_transport_of_people),
		RIG_TEST(test_marker),
	};

	return RUN_BOTH(tests);
}
