/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions: handles, states, counts; cards that go away and come back. */
#include "test/p11/agent.h"

#define MANY 1024

static CK_STATE state_of(CK_SESSION_HANDLE s)
{
	CK_SESSION_INFO info;

	assert_ok(C_GetSessionInfo(s, &info));
	assert_int_equal(info.slotID, 0);
	assert_int_equal(info.ulDeviceError, 0);
	return info.state;
}

static void test_open(void **state)
{
	CK_SESSION_HANDLE s = 0;
	CK_SESSION_INFO info;
	struct rig_card c = rig_card_new(&(struct rig_spec){ .pin = RIG_PIN });

	(void)state;
	rig_initialize();
	assert_rv(C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, &s), CKR_SLOT_ID_INVALID);
	assert_rv(C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &s), CKR_TOKEN_NOT_PRESENT);
	rig_card_insert(&c);
	assert_rv(C_OpenSession(0, 0, NULL, NULL, &s), CKR_SESSION_PARALLEL_NOT_SUPPORTED);
	assert_rv(C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, NULL), CKR_ARGUMENTS_BAD);
	assert_ok(C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &s));
	assert_rv(C_GetSessionInfo(s, NULL), CKR_ARGUMENTS_BAD);
	assert_ok(C_GetSessionInfo(s, &info));
	assert_int_equal(info.flags, CKF_SERIAL_SESSION);
	assert_ok(C_CloseSession(s));
	assert_rv(C_CloseSession(s), CKR_SESSION_HANDLE_INVALID);
	assert_rv(C_GetSessionInfo(s, &info), CKR_SESSION_HANDLE_INVALID);
	assert_rv(C_GetSessionInfo(0, &info), CKR_SESSION_HANDLE_INVALID);
	assert_rv(C_GetSessionInfo((CK_SESSION_HANDLE)-1, &info), CKR_SESSION_HANDLE_INVALID);
}

static void test_states(void **state)
{
	CK_SESSION_HANDLE rw, ro;

	(void)state;
	(void)rig_card_simple();
	rig_initialize();
	rw = rig_session();
	assert_ok(C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &ro));
	assert_int_not_equal(ro, rw);
	assert_int_equal(state_of(rw), CKS_RW_PUBLIC_SESSION);
	assert_int_equal(state_of(ro), CKS_RO_PUBLIC_SESSION);
	assert_ok(rig_login(ro, RIG_PIN));
	assert_int_equal(state_of(rw), CKS_RW_USER_FUNCTIONS);
	assert_int_equal(state_of(ro), CKS_RO_USER_FUNCTIONS);
	assert_ok(C_Logout(rw));
	assert_int_equal(state_of(ro), CKS_RO_PUBLIC_SESSION);
}

static void test_counts(void **state)
{
	CK_SESSION_HANDLE s[MANY], more;
	CK_TOKEN_INFO info;

	(void)state;
	(void)rig_card_simple();
	rig_initialize();
	s[0] = rig_session();
	for (size_t i = 1; i < MANY; i++)
		assert_ok(C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &s[i]));
	assert_rv(C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &more), CKR_SESSION_COUNT);
	assert_ok(C_GetTokenInfo(0, &info));
	assert_int_equal(info.ulSessionCount, MANY);
	assert_int_equal(info.ulRwSessionCount, 1);
	assert_ok(C_CloseSession(s[7]));
	assert_ok(C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &more));
	/* The place is used again, the handle is not. */
	assert_int_not_equal(more, s[7]);
	assert_rv(C_CloseSession(s[7]), CKR_SESSION_HANDLE_INVALID);
	assert_ok(C_CloseAllSessions(0));
	assert_ok(C_GetTokenInfo(0, &info));
	assert_int_equal(info.ulSessionCount, 0);
	assert_rv(C_CloseSession(s[0]), CKR_SESSION_HANDLE_INVALID);
	assert_rv(C_CloseAllSessions(1), CKR_SLOT_ID_INVALID);
}

/* The login goes with the last session, and so does the connection; an agent keeps its own. */
static void test_last_session(void **state)
{
	CK_SESSION_HANDLE a, b;
	CK_OBJECT_HANDLE key;

	(void)state;
	(void)rig_card_simple();
	rig_initialize();
	a = rig_session();
	b = rig_session();
	assert_ok(rig_login(a, RIG_PIN));
	assert_ok(C_CloseSession(a));
	key = rig_find(b, CKO_PRIVATE_KEY, "ec");
	assert_ok(rig_sign(b, key));
	assert_ok(C_CloseSession(b));
	assert_int_equal(rig_connections(), !rig_is_direct());
	a = rig_session();
	assert_int_equal(state_of(a), CKS_RW_PUBLIC_SESSION);
	assert_rv(rig_sign(a, key), CKR_KEY_HANDLE_INVALID);
	assert_ok(rig_login(a, RIG_PIN));
	assert_ok(C_CloseAllSessions(0));
	assert_int_equal(rig_connections(), !rig_is_direct());
}

static void test_removal(void **state)
{
	struct rig_card c = rig_card_simple(), other = rig_card_new(&(struct rig_spec){ .pin = RIG_PIN });
	CK_SESSION_HANDLE s, fresh;
	CK_SESSION_INFO info;
	CK_OBJECT_HANDLE key;

	(void)state;
	rig_initialize();
	s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	key = rig_find(s, CKO_PRIVATE_KEY, "ec");
	rig_card_remove();
	assert_rv(rig_sign(s, key), CKR_DEVICE_REMOVED);
	assert_rv(C_GetSessionInfo(s, &info), CKR_SESSION_HANDLE_INVALID);
	/* What needs no card notices, too. */
	rig_card_insert(&c);
	s = rig_session();
	(void)rig_find(s, CKO_PUBLIC_KEY, "ec");
	rig_card_remove();
	assert_rv(C_FindObjectsInit(s, NULL, 0), CKR_DEVICE_REMOVED);
	rig_card_insert(&c);
	s = rig_session();
	rig_card_remove();
	assert_rv(C_GetSessionInfo(s, &info), CKR_DEVICE_REMOVED);
	/* Also where the session never spoke to the card. */
	rig_card_insert(&c);
	s = rig_session();
	rig_card_remove();
	assert_rv(C_FindObjectsInit(s, NULL, 0), CKR_DEVICE_REMOVED);
	assert_rv(C_FindObjectsInit(s, NULL, 0), CKR_SESSION_HANDLE_INVALID);

	/* Another card: nothing of the first one is left. */
	rig_card_insert(&other);
	fresh = rig_session();
	assert_int_equal(state_of(fresh), CKS_RW_PUBLIC_SESSION);
	assert_int_equal(rig_count(fresh, CKO_PUBLIC_KEY), 0);
	assert_rv(rig_sign(fresh, key), CKR_KEY_HANDLE_INVALID);

	/* Pulled and put back between two calls: the login is gone, and so is the session. */
	rig_card_remove();
	rig_card_insert(&c);
	s = rig_session();
	assert_rv(C_GetSessionInfo(fresh, &info), CKR_SESSION_HANDLE_INVALID);
	assert_ok(rig_login(s, RIG_PIN));
	key = rig_find(s, CKO_PRIVATE_KEY, "ec");
	rig_card_remove();
	rig_card_insert(&c);
	assert_rv(rig_sign(s, key), CKR_DEVICE_REMOVED);
	s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	key = rig_find(s, CKO_PRIVATE_KEY, "ec");
	assert_ok(rig_sign(s, key));

	/* Another one between two calls, with a key of the same number and name and the same PIN: it is not used. */
	rig_card_remove();
	rig_card_key(&other, 1, EC_SECP256R1, 0, "ec", RD_LIT("\x01"));
	rig_card_insert(&other);
	assert_rv(rig_sign(s, key), CKR_DEVICE_REMOVED);
	fresh = rig_session();
	assert_int_equal(state_of(fresh), CKS_RW_PUBLIC_SESSION);
	assert_rv(rig_sign(fresh, key), CKR_KEY_HANDLE_INVALID);
	assert_ok(rig_login(fresh, RIG_PIN));
	assert_ok(rig_sign(fresh, rig_find(fresh, CKO_PRIVATE_KEY, "ec")));
}

/* The card is pulled while it signs. */
static void test_removal_inside(void **state)
{
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE key;

	(void)state;
	s = rig_enter();
	key = rig_find(s, CKO_PRIVATE_KEY, "ec");
	rig_fault(1, FAKE_REMOVED);
	assert_rv(rig_sign(s, key), CKR_DEVICE_REMOVED);
	assert_rv(C_CloseSession(s), CKR_SESSION_HANDLE_INVALID);
}

/* The service goes away and comes back; who goes by USB has none. */
static void test_service_restart(void **state)
{
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE key;

	(void)state;
	s = rig_enter();
	key = rig_find(s, CKO_PRIVATE_KEY, "ec");
	rig_service(false);
	if (rig_usb) {
		assert_ok(rig_sign(s, key));
		rig_service(true);
		assert_ok(rig_sign(s, key));
		return;
	}
	assert_rv(rig_sign(s, key), CKR_DEVICE_REMOVED);
	rig_service(true);
	rig_wait_for_card();
	s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
}

int main(int argc, char **argv)
{
	agent_process_main(argc, argv);
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_open),
		RIG_TEST(test_states),
		RIG_TEST(test_counts),
		RIG_TEST(test_last_session),
		RIG_TEST(test_removal),
		RIG_TEST(test_removal_inside),
		RIG_TEST(test_service_restart),
	};

	return RUN_BOTH(tests);
}
