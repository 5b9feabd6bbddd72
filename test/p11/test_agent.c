/* SPDX-License-Identifier: Apache-2.0 */
/* The module at an agent: the same as without it, but for who holds the card. Its end is in test_agent_end.c. */
#include "test/p11/agent.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"

/* ---- what is there ---- */

static void put_object(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, struct wr *out)
{
	static const CK_ATTRIBUTE_TYPE types[] = {
		CKA_CLASS, CKA_TOKEN, CKA_PRIVATE, CKA_LABEL, CKA_ID, CKA_KEY_TYPE, CKA_SIGN, CKA_VERIFY, CKA_DECRYPT,
		CKA_DERIVE, CKA_SENSITIVE, CKA_EXTRACTABLE, CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE, CKA_LOCAL,
		CKA_MODIFIABLE, CKA_EC_PARAMS, CKA_EC_POINT, CKA_MODULUS, CKA_VALUE, CKA_ALWAYS_AUTHENTICATE,
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		CK_BYTE value[512];
		CK_ATTRIBUTE a = { types[i], value, sizeof(value) };
		CK_RV rv = C_GetAttributeValue(s, o, &a, 1);

		wr_u32(out, (uint32_t)rv);
		if (!rv)
			wr_put(out, rd_of(value, a.ulValueLen));
	}
}

/* All that can be seen of the card, before and after a login. */
static void put_all(struct wr *out)
{
	CK_MECHANISM_TYPE mechs[64];
	CK_OBJECT_HANDLE found[16];
	CK_TOKEN_INFO token;
	CK_SESSION_HANDLE s;
	CK_SLOT_INFO slot;
	CK_ULONG n = 64;

	rig_initialize();
	s = rig_session();
	wr_u32(out, (uint32_t)agent_slots(CK_TRUE));
	assert_ok(C_GetSlotInfo(0, &slot));
	wr_put(out, rd_of(&slot, sizeof(slot)));
	assert_ok(C_GetTokenInfo(0, &token));
	wr_put(out, rd_of(&token, sizeof(token)));
	assert_ok(C_GetMechanismList(0, mechs, &n));
	wr_put(out, rd_of(mechs, n * sizeof(mechs[0])));
	for (int login = 0; login < 2; login++) {
		if (login)
			assert_ok(rig_login(s, RIG_PIN));
		assert_ok(C_FindObjectsInit(s, NULL, 0));
		assert_ok(C_FindObjects(s, found, 16, &n));
		assert_ok(C_FindObjectsFinal(s));
		wr_u32(out, (uint32_t)n);
		for (CK_ULONG i = 0; i < n; i++)
			put_object(s, found[i], out);
	}
	assert_ok(C_GetTokenInfo(0, &token));
	wr_put(out, rd_of(&token, sizeof(token)));
	rig_finalize();
}

static void test_same_as_direct(void **state)
{
	struct rig_card c;
	struct wr direct, agent;

	(void)state;
	c = rig_card_simple();
	wr_init_heap(&direct, 1 << 16);
	wr_init_heap(&agent, 1 << 16);
	put_all(&direct);
	agent_process_start(c.dir, "");
	assert_int_equal(fake_connections(RIG_READER), 0);
	put_all(&agent);
	assert_int_equal(wr_done(&direct), ERR_OK);
	assert_true(direct.n > 1000);
	assert_bytes_equal(wr_view(&agent), wr_view(&direct));
	wr_free(&direct);
	wr_free(&agent);
}

/* Nobody there: PC/SC, or nothing. */
static void test_no_agent(void **state)
{
	char text[256];
	uint64_t calls;

	(void)state;
	(void)rig_card_simple();
	(void)snprintf(text, sizeof(text), "[module]\nlog = p11+info\nlog_file = %s/log\n[agent]\nsocket = %s\n",
		       rig_folder, agent_process_socket());
	rig_conf(text);
	rig_initialize();
	assert_int_equal(agent_slots(CK_TRUE), 1);
	assert_ok(rig_login(rig_session(), RIG_PIN));
	assert_true(fake_connections(RIG_READER) > 0);
	assert_true(rig_log_has("nobody listens there"));
	rig_finalize();

	agent_only();
	calls = fake_calls();
	rig_initialize();
	assert_int_equal(agent_slots(CK_FALSE), 0);
	assert_int_equal(fake_calls(), calls);
}

static void test_sources(void **state)
{
	CK_SESSION_HANDLE s;
	CK_SLOT_INFO info;
	uint64_t calls;

	(void)state;
	fake_reader_plug(RIG_OTHER_READER);
	agent_start_pin("");
	rig_initialize();
	/* The agent's reader hides that of PC/SC, and comes first; others are there besides. */
	assert_int_equal(agent_slots(CK_FALSE), 2);
	assert_ok(C_GetSlotInfo(0, &info));
	assert_memory_equal(info.slotDescription, RIG_READER, strlen(RIG_READER));
	assert_int_equal(info.slotDescription[strlen(RIG_READER)], ' ');
	assert_int_equal(agent_slots(CK_TRUE), 1);
	s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
	assert_int_equal(fake_connections(RIG_READER), 0);
	assert_int_equal(fake_exchanges(RIG_READER), 0);
	rig_finalize();

	agent_only();
	calls = fake_calls();
	rig_initialize();
	assert_int_equal(agent_slots(CK_FALSE), 1);
	s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
	rig_finalize();
	assert_int_equal(fake_calls(), calls);
}

/* ---- logins ---- */

static void test_pin(void **state)
{
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE key;
	CK_FLAGS flags;

	(void)state;
	agent_start_pin("");
	agent_only();
	rig_initialize();
	flags = rig_token_flags();
	assert_true(flags & CKF_LOGIN_REQUIRED);
	assert_false(flags & CKF_PROTECTED_AUTHENTICATION_PATH);
	s = rig_session();
	assert_rv(rig_login(s, NULL), CKR_ARGUMENTS_BAD);
	assert_rv(rig_login(s, "12345"), CKR_PIN_INCORRECT);
	assert_rv(rig_login(s, "000000"), CKR_PIN_INCORRECT);
	assert_true(rig_token_flags() & CKF_USER_PIN_COUNT_LOW);
	assert_rv(C_Logout(s), CKR_USER_NOT_LOGGED_IN);
	assert_ok(rig_login(s, RIG_PIN));
	assert_int_equal(rig_token_flags(), flags);
	key = rig_find(s, CKO_PRIVATE_KEY, "ec");
	assert_ok(rig_sign(s, key));
	assert_rv(rig_login(s, RIG_PIN), CKR_USER_ALREADY_LOGGED_IN);
	assert_ok(C_Logout(s));
	assert_rv(C_Logout(s), CKR_USER_NOT_LOGGED_IN);
	assert_rv(rig_sign(s, key), CKR_KEY_HANDLE_INVALID);
	assert_int_equal(rig_count(s, CKO_PRIVATE_KEY), 0);
	/* The last session's end is a logout. */
	assert_ok(rig_login(s, RIG_PIN));
	assert_ok(C_CloseSession(s));
	s = rig_session();
	assert_int_equal(rig_count(s, CKO_PRIVATE_KEY), 0);
	assert_ok(rig_login(s, RIG_PIN));
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
}

static void test_people(void **state)
{
	CK_SESSION_HANDLE s;

	(void)state;
	agent_start_people("vendor-shared", "approve", "");
	rig_initialize();
	assert_true(rig_token_flags() & CKF_PROTECTED_AUTHENTICATION_PATH);
	s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	assert_true(rig_log_has("the PIN that was given is ignored"));
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
	assert_int_equal(people_asked(agent_people), 1);
	/* What is approved outlives who asked for it. */
	assert_ok(C_Logout(s));
	assert_ok(rig_login(s, NULL));
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
	rig_finalize();
	rig_initialize();
	s = rig_session();
	assert_ok(rig_login(s, NULL));
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
	assert_int_equal(people_asked(agent_people), 0);
	assert_int_equal(fake_exchanges(RIG_READER), 0);
}

static void test_people_and_pin(void **state)
{
	CK_SESSION_HANDLE s;

	(void)state;
	agent_start_people("open-firmware", "approve", "");
	rig_initialize();
	s = rig_session();
	assert_rv(rig_login(s, NULL), CKR_ARGUMENTS_BAD);
	assert_rv(rig_login(s, "000000"), CKR_PIN_INCORRECT);
	assert_int_equal(people_asked(agent_people), 0);
	assert_ok(rig_login(s, QUORUM_PIN));
	assert_int_equal(people_asked(agent_people), 1);
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
}

/* No: by people, and by the configuration before anybody is asked. */
static void test_no(void **state)
{
	CK_SESSION_HANDLE s;

	(void)state;
	agent_start_people("vendor-shared", "deny", "");
	rig_initialize();
	s = rig_session();
	assert_rv(rig_login(s, NULL), CKR_FUNCTION_CANCELED);
	assert_rv(rig_login(s, NULL), CKR_FUNCTION_CANCELED);
	assert_int_equal(people_asked(agent_people), 1);
	assert_rv(rig_sign_begin(s, CKM_ECDSA, rig_find(s, CKO_PUBLIC_KEY, "ec") - 1), CKR_USER_NOT_LOGGED_IN);
	rig_finalize();
	rig_conf("[login]\nprograms = mkimage\n");
	rig_initialize();
	assert_rv(rig_login(rig_session(), NULL), CKR_FUNCTION_FAILED);
	assert_int_equal(people_asked(agent_people), 0);
}

/* The card's other way in, whatever people said; and no change of the card without the operator's leave. */
static void test_people_or_pin(void **state)
{
	CK_UTF8CHAR old[] = QUORUM_PIN, fresh[] = "135791";
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE key;

	(void)state;
	agent_start_people("vendor-per-key+pin", "deny", "");
	rig_initialize();
	assert_true(rig_token_flags() & CKF_PROTECTED_AUTHENTICATION_PATH);
	s = rig_session();
	assert_rv(rig_login(s, NULL), CKR_FUNCTION_CANCELED);
	assert_ok(rig_login(s, QUORUM_PIN));
	key = rig_find(s, CKO_PRIVATE_KEY, "ec");
	assert_ok(rig_sign(s, key));
	assert_rv(C_DestroyObject(s, key), CKR_TOKEN_WRITE_PROTECTED);
	assert_true(rig_log_has("needs the operator's leave: admit = delete"));
	assert_rv(C_SetPIN(s, old, 6, fresh, 6), CKR_TOKEN_WRITE_PROTECTED);
	assert_ok(rig_sign(s, key));
	assert_int_equal(people_asked(agent_people), 1);
}

/* ---- while people are waited for ---- */

static CK_SESSION_HANDLE the_session;

static void by_logout(void)
{
	assert_ok(C_Logout(the_session));
}

static void by_close(void)
{
	assert_ok(C_CloseSession(the_session));
}

static void by_close_all(void)
{
	assert_ok(C_CloseAllSessions(0));
}

static void by_finalize(void)
{
	rig_finalize();
}

static void test_cancel(void **state)
{
	static void (*const cancels[])(void) = { by_logout, by_close, by_close_all, by_finalize };

	(void)state;
	agent_start_people("vendor-shared", "wait", "");
	for (size_t i = 0; i < sizeof(cancels) / sizeof(cancels[0]); i++) {
		struct caller owner, joiner;
		CK_SESSION_HANDLE other;
		CK_BYTE random[8];
		CK_TOKEN_INFO info;
		uint64_t began;

		rig_initialize();
		the_session = rig_session();
		other = rig_session();
		caller_start(&owner, caller_login, the_session);
		people_wait_asked(agent_people);
		caller_start(&joiner, caller_login, other);
		rig_log_wait("this login joins");
		/* What is known comes from memory; the card is nobody's. */
		assert_ok(C_GetTokenInfo(0, &info));
		assert_int_equal(rig_count(other, CKO_PUBLIC_KEY), 1);
		assert_rv(C_GenerateRandom(other, random, sizeof(random)), CKR_FUNCTION_FAILED);
		began = clock_boot_ms();
		cancels[i]();
		assert_rv(caller_result(&owner), CKR_FUNCTION_CANCELED);
		assert_rv(caller_result(&joiner), CKR_FUNCTION_CANCELED);
		assert_in_range(clock_boot_ms() - began, 0, PATIENCE_MS);
		(void)C_Finalize(NULL);
		assert_int_equal(unlink(agent_log_path()), 0);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		AGENT_TEST(test_same_as_direct),
		AGENT_TEST(test_no_agent),
		AGENT_TEST(test_sources),
		AGENT_TEST(test_pin),
		AGENT_TEST(test_people),
		AGENT_TEST(test_people_and_pin),
		AGENT_TEST(test_no),
		AGENT_TEST(test_people_or_pin),
		AGENT_TEST(test_cancel),
	};

	if (people_is_helper(argc, argv))
		return 0;
	agent_process_main(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
