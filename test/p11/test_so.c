/* SPDX-License-Identifier: Apache-2.0 */
/* The security officer, and the interfaces of PKCS#11 3.0. */
#include "test/p11/agent.h"

#include "pkcs11/interface.h"

static CK_UTF8CHAR so_pin[] = "3537363231383830", wrong[] = "3537363231383831", new_pin[] = "246810",
		   label[] = "made anew                       ";

static CK_RV so_login(CK_SESSION_HANDLE s, CK_UTF8CHAR *pin)
{
	return C_Login(s, CKU_SO, pin, 16);
}

static CK_STATE state_of(CK_SESSION_HANDLE s)
{
	CK_SESSION_INFO info;

	assert_ok(C_GetSessionInfo(s, &info));
	return info.state;
}

static CK_SESSION_HANDLE open_card(bool may_reset)
{
	struct rig_card c = rig_card_new(&(struct rig_spec){ .pin = RIG_PIN, .no_reset = !may_reset });

	rig_card_key(&c, 1, EC_SECP256R1, 0, "ec", RD_LIT("\x01"));
	rig_card_insert(&c);
	rig_initialize();
	return rig_session();
}

static void test_login(void **state)
{
	CK_SESSION_HANDLE s = open_card(true), ro;

	(void)state;
	if (rig_is_direct()) {
		assert_rv(so_login(s, wrong), CKR_PIN_INCORRECT);
	} else {
		/* An agent verifies nothing for others: the card judges the SO-PIN when it is used. */
		assert_ok(so_login(s, wrong));
		assert_rv(C_InitPIN(s, new_pin, 6), CKR_PIN_INCORRECT);
		assert_ok(C_Logout(s));
	}
	assert_rv(C_Login(s, CKU_SO, so_pin, 15), CKR_PIN_INCORRECT);
	assert_rv(C_Login(s, CKU_SO, NULL, 0), CKR_ARGUMENTS_BAD);
	assert_ok(so_login(s, so_pin));
	assert_int_equal(state_of(s), CKS_RW_SO_FUNCTIONS);
	assert_rv(so_login(s, so_pin), CKR_USER_ALREADY_LOGGED_IN);
	assert_rv(rig_login(s, RIG_PIN), CKR_USER_ANOTHER_ALREADY_LOGGED_IN);
	assert_rv(C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &ro), CKR_SESSION_READ_WRITE_SO_EXISTS);
	/* He is no user. */
	assert_int_equal(rig_count(s, CKO_PRIVATE_KEY), 0);
	assert_ok(C_Logout(s));
	assert_int_equal(state_of(s), CKS_RW_PUBLIC_SESSION);
	assert_ok(rig_login(s, RIG_PIN));
	assert_rv(so_login(s, so_pin), CKR_USER_ANOTHER_ALREADY_LOGGED_IN);
	assert_ok(C_Logout(s));
	assert_ok(C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &ro));
	assert_rv(so_login(s, so_pin), CKR_SESSION_READ_ONLY_EXISTS);
}

/* Does the card say that its SO-PIN is verified? Then anybody may set a PIN (reference 3.3). */
static bool card_has_so(void)
{
	uint8_t answer[64];
	struct wr rsp;

	WR_ARR(&rsp, answer);
	assert_int_equal(fake_card_ask(RIG_READER, RD_LIT("\x00\x20\x00\x88"), &rsp), ERR_OK);
	return rd_eq(wr_view(&rsp), RD_LIT("\x90\x00"));
}

/* He leaves the card as it was, however he leaves. */
static void test_so_leaves(void **state)
{
	CK_SESSION_HANDLE s = open_card(true);

	(void)state;
	for (int how = 0; how < 3; how++) {
		assert_ok(so_login(s, so_pin));
		assert_true(card_has_so());
		if (how == 0)
			assert_ok(C_Logout(s));
		else if (how == 1)
			assert_ok(C_CloseSession(s));
		else
			rig_finalize();
		assert_false(card_has_so());
		if (how == 1)
			s = rig_session();
	}
}

static void test_init_pin(void **state)
{
	CK_SESSION_HANDLE s = open_card(true);

	(void)state;
	assert_rv(C_InitPIN(s, new_pin, 6), CKR_USER_NOT_LOGGED_IN);
	for (int i = 0; i < 3; i++)
		assert_int_not_equal(rig_login(s, "111111"), CKR_OK);
	assert_rv(rig_login(s, RIG_PIN), CKR_PIN_LOCKED);
	assert_ok(so_login(s, so_pin));
	assert_rv(C_InitPIN(s, new_pin, 5), CKR_PIN_LEN_RANGE);
	assert_rv(C_InitPIN(s, NULL, 0), CKR_ARGUMENTS_BAD);
	assert_rv(C_InitPIN(s, (CK_UTF8CHAR[]){ "12345\x80" }, 6), CKR_PIN_INVALID);
	assert_ok(C_InitPIN(s, new_pin, 6));
	assert_ok(C_Logout(s));
	assert_rv(rig_login(s, RIG_PIN), CKR_PIN_INCORRECT);
	assert_ok(rig_login(s, "246810"));
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
}

static void test_init_pin_off(void **state)
{
	CK_SESSION_HANDLE s = open_card(false);

	(void)state;
	assert_ok(so_login(s, so_pin));
	assert_rv(C_InitPIN(s, new_pin, 6), CKR_FUNCTION_FAILED);
	assert_ok(C_Logout(s));
	assert_ok(rig_login(s, RIG_PIN));
}

static void test_init_token(void **state)
{
	CK_SESSION_HANDLE s = open_card(true);
	CK_TOKEN_INFO info;

	(void)state;
	assert_rv(C_InitToken(0, so_pin, 16, label), CKR_SESSION_EXISTS);
	assert_ok(C_CloseSession(s));
	assert_rv(C_InitToken(0, so_pin, 15, label), CKR_PIN_LEN_RANGE);
	assert_rv(C_InitToken(0, wrong, 16, label), CKR_PIN_INCORRECT);
	assert_rv(C_InitToken(0, NULL, 0, label), CKR_ARGUMENTS_BAD);
	s = rig_session();
	assert_int_equal(rig_count(s, CKO_PUBLIC_KEY), 1);
	assert_ok(C_CloseSession(s));
	assert_ok(C_InitToken(0, so_pin, 16, label));
	assert_ok(C_GetTokenInfo(0, &info));
	assert_memory_equal(info.label, label, 32);
	s = rig_session();
	assert_int_equal(rig_count(s, CKO_PUBLIC_KEY), 0);
	assert_rv(rig_login(s, RIG_PIN), CKR_PIN_INCORRECT);
	assert_ok(so_login(s, so_pin));
	assert_ok(C_InitPIN(s, new_pin, 6));
	assert_ok(C_Logout(s));
	assert_ok(rig_login(s, "246810"));
}

/* A program does not take custodians' registration away. */
static void test_init_token_of_custodians(void **state)
{
	struct rig_card c = rig_card_new(&(struct rig_spec){ .total = 3, .required = 2 });

	(void)state;
	rig_card_insert(&c);
	rig_initialize();
	assert_int_equal(agent_slots(CK_TRUE), 1);
	assert_rv(C_InitToken(0, so_pin, 16, label), CKR_FUNCTION_REJECTED);
}

/* Without the operator's leave an agent changes no PIN and erases nothing. */
static void test_leave(void **state)
{
	CK_UTF8CHAR pin[] = RIG_PIN;
	CK_SESSION_HANDLE s;

	(void)state;
	agent_start_pin("[agent]\nadmit = update, delete, generate\n");
	agent_only();
	rig_initialize();
	assert_int_equal(agent_slots(CK_TRUE), 1);
	assert_rv(C_InitToken(0, so_pin, 16, label), CKR_TOKEN_WRITE_PROTECTED);
	s = rig_session();
	assert_rv(C_SetPIN(s, pin, 6, new_pin, 6), CKR_TOKEN_WRITE_PROTECTED);
	assert_ok(so_login(s, so_pin));
	assert_rv(C_InitPIN(s, new_pin, 6), CKR_TOKEN_WRITE_PROTECTED);
	assert_ok(C_Logout(s));
	assert_ok(rig_login(s, RIG_PIN));
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
}

/* Who is logged in as the security officer changes his own PIN, and spends no try of the user's with it. */
static void test_set_so_pin(void **state)
{
	CK_UTF8CHAR fresh[] = "0102030405060708", raw[] = RIG_SO_PIN, user[] = RIG_PIN;
	CK_SESSION_HANDLE s = open_card(true);

	(void)state;
	assert_ok(so_login(s, so_pin));
	for (int i = 0; i < 4; i++)
		assert_rv(C_SetPIN(s, user, 6, new_pin, 6), CKR_PIN_LEN_RANGE);
	for (int i = 0; i < 20; i++)
		assert_rv(C_SetPIN(s, wrong, 16, fresh, 16), CKR_PIN_INCORRECT);
	assert_rv(C_SetPIN(s, user, 6, fresh, 16), CKR_PIN_INCORRECT);
	assert_rv(C_SetPIN(s, so_pin, 16, fresh, 15), CKR_PIN_LEN_RANGE);
	assert_ok(C_SetPIN(s, so_pin, 16, fresh, 16));
	assert_int_equal(state_of(s), CKS_RW_SO_FUNCTIONS);
	/* It is the one that sets the user's. */
	assert_ok(C_InitPIN(s, new_pin, 6));
	assert_rv(C_SetPIN(s, so_pin, 16, fresh, 16), CKR_PIN_INCORRECT);
	assert_ok(C_Logout(s));
	assert_ok(so_login(s, fresh));
	assert_ok(C_SetPIN(s, fresh, 16, raw, 8));
	assert_ok(C_Logout(s));
	assert_ok(rig_login(s, "246810"));
	assert_int_equal(rig_token_flags() & (CKF_SO_PIN_COUNT_LOW | CKF_USER_PIN_COUNT_LOW), 0);
}

/* ---- interfaces ---- */

static void test_interfaces(void **state)
{
	CK_INTERFACE list[3], *one;
	CK_VERSION v30 = { 3, 0 }, v240 = { 2, 40 }, v31 = { 3, 1 };
	CK_UTF8CHAR name[] = "PKCS 11", other[] = "Vendor";
	CK_FUNCTION_LIST *old;
	CK_ULONG n = 0;

	(void)state;
	assert_ok(C_GetFunctionList(&old));
	assert_rv(C_GetInterfaceList(NULL, NULL), CKR_ARGUMENTS_BAD);
	assert_ok(C_GetInterfaceList(NULL, &n));
	assert_int_equal(n, 2);
	n = 1;
	assert_rv(C_GetInterfaceList(list, &n), CKR_BUFFER_TOO_SMALL);
	n = 3;
	assert_ok(C_GetInterfaceList(list, &n));
	assert_int_equal(n, 2);
	assert_ok(C_GetInterface(NULL, NULL, &one, 0));
	assert_memory_equal(one->pFunctionList, &v30, sizeof(v30));
	assert_ok(C_GetInterface(name, &v240, &one, P11_INTERFACE_FORK_SAFE));
	assert_ptr_equal(one->pFunctionList, old);
	assert_rv(C_GetInterface(name, &v31, &one, 0), CKR_FUNCTION_FAILED);
	assert_rv(C_GetInterface(other, NULL, &one, 0), CKR_FUNCTION_FAILED);
	assert_rv(C_GetInterface(name, NULL, &one, 2), CKR_FUNCTION_FAILED);
	assert_rv(C_GetInterface(name, NULL, NULL, 0), CKR_ARGUMENTS_BAD);
}

/* No entry of the list is empty. What those of messages say: test_codes. */
static void test_functions(void **state)
{
	CK_INTERFACE *i;
	const struct p11_functions_3 *f;
	void *const *entry, *const *end;

	(void)state;
	assert_ok(C_GetInterface(NULL, NULL, &i, 0));
	f = i->pFunctionList;
	end = (void *const *)(f + 1);
	for (entry = (void *const *)&f->base.C_Initialize; entry < end; entry++)
		assert_non_null(*entry);
	assert_int_equal(end - (void *const *)&f->base.C_Initialize, 68 + 24);
}

/* Each list tells its own version of the interface. */
static void test_info_of_interface(void **state)
{
	const struct p11_functions_3 *f;
	CK_BYTE pin[] = RIG_PIN, name[] = "somebody";
	CK_INTERFACE *i;
	CK_INFO info;

	(void)state;
	assert_ok(C_GetInterface(NULL, NULL, &i, 0));
	f = i->pFunctionList;
	assert_rv(f->base.C_GetInfo(&info), CKR_CRYPTOKI_NOT_INITIALIZED);
	assert_rv(f->C_LoginUser(1, CKU_USER, pin, 6, name, 8), CKR_CRYPTOKI_NOT_INITIALIZED);
	rig_initialize();
	assert_rv(f->base.C_GetInfo(NULL), CKR_ARGUMENTS_BAD);
	assert_ok(f->base.C_GetInfo(&info));
	assert_int_equal(info.cryptokiVersion.major, 3);
	assert_int_equal(info.cryptokiVersion.minor, 0);
	assert_ok(C_GetInfo(&info));
	assert_int_equal(info.cryptokiVersion.major, 2);
	assert_int_equal(info.cryptokiVersion.minor, 40);
	assert_rv(f->C_LoginUser(1, CKU_USER, pin, 6, name, 8), CKR_SESSION_HANDLE_INVALID);
}

static void test_cancel(void **state)
{
	CK_SESSION_HANDLE s = open_card(true);
	CK_MECHANISM m = { CKM_SHA256, NULL, 0 };
	CK_BYTE hash[32], pin[] = RIG_PIN, name[] = "somebody";
	CK_OBJECT_HANDLE found;
	CK_ULONG n = sizeof(hash);

	(void)state;
	assert_rv(C_LoginUser(s, CKU_USER, pin, 6, name, 8), CKR_ARGUMENTS_BAD);
	assert_ok(C_LoginUser(s, CKU_USER, pin, 6, NULL, 0));
	assert_ok(rig_sign_begin(s, CKM_ECDSA, rig_find(s, CKO_PRIVATE_KEY, "ec")));
	assert_ok(C_DigestInit(s, &m));
	assert_ok(C_FindObjectsInit(s, NULL, 0));
	assert_ok(C_SessionCancel(s, CKF_SIGN));
	assert_rv(C_Sign(s, hash, 32, hash, &n), CKR_OPERATION_NOT_INITIALIZED);
	assert_ok(C_FindObjects(s, &found, 1, &n));
	assert_ok(C_SessionCancel(s, P11_CKF_FIND_OBJECTS));
	assert_rv(C_FindObjects(s, &found, 1, &n), CKR_OPERATION_NOT_INITIALIZED);
	n = sizeof(hash);
	assert_ok(C_Digest(s, hash, 32, hash, &n));
	assert_ok(C_SessionCancel(s, ~0UL));
	assert_rv(C_SessionCancel(s + 1, 0), CKR_SESSION_HANDLE_INVALID);
}

int main(int argc, char **argv)
{
	agent_process_main(argc, argv);
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_login),     RIG_TEST(test_init_pin),                 RIG_TEST(test_init_pin_off),
		RIG_TEST(test_init_token), RIG_TEST(test_init_token_of_custodians), RIG_TEST(test_interfaces),
		RIG_TEST(test_functions), RIG_TEST(test_cancel), AGENT_TEST(test_leave),
		RIG_TEST(test_set_so_pin), AGENT_TEST(test_so_leaves), RIG_TEST(test_info_of_interface),
	};

	return RUN_BOTH(tests);
}
