/* SPDX-License-Identifier: Apache-2.0 */
/* Life of the module: C_Initialize, C_Finalize, the list of functions, what is not built, forks. */
#include "test/p11/agent.h"

#include <glob.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/fake/usb.h"

static CK_RV no_mutex(void **m)
{
	(void)m;
	return CKR_GENERAL_ERROR;
}

static CK_RV no_mutex_use(void *m)
{
	(void)m;
	return CKR_GENERAL_ERROR;
}

static void test_arguments(void **state)
{
	CK_C_INITIALIZE_ARGS a = { .flags = CKF_OS_LOCKING_OK };

	(void)state;
	assert_ok(C_Initialize(&a));
	assert_rv(C_Initialize(&a), CKR_CRYPTOKI_ALREADY_INITIALIZED);
	assert_rv(C_Finalize(&a), CKR_ARGUMENTS_BAD);
	assert_ok(C_Finalize(NULL));
	assert_rv(C_Finalize(NULL), CKR_CRYPTOKI_NOT_INITIALIZED);

	a.pReserved = &a;
	assert_rv(C_Initialize(&a), CKR_ARGUMENTS_BAD);
	a.pReserved = NULL;
	a.CreateMutex = no_mutex;
	assert_rv(C_Initialize(&a), CKR_ARGUMENTS_BAD);
	a.DestroyMutex = a.LockMutex = a.UnlockMutex = no_mutex_use;
	assert_ok(C_Initialize(&a));
	rig_finalize();
	a.flags = 0;
	assert_rv(C_Initialize(&a), CKR_CANT_LOCK);
	a.flags = CKF_OS_LOCKING_OK | CKF_LIBRARY_CANT_CREATE_OS_THREADS;
	assert_ok(C_Initialize(&a));
}

static void test_no_traffic(void **state)
{
	uint64_t calls;

	(void)state;
	(void)rig_card_simple();
	calls = fake_calls();
	rig_initialize();
	assert_int_equal(fake_calls(), calls);
	rig_finalize();
	assert_int_equal(fake_calls(), calls);
}

static void test_bad_configuration(void **state)
{
	(void)state;
	rig_conf("[login]\nurll = https://x/\n");
	assert_rv(C_Initialize(NULL), CKR_GENERAL_ERROR);
	assert_rv(C_Finalize(NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
	rig_conf("[module]\nlog = p11+loudly\n");
	assert_rv(C_Initialize(NULL), CKR_GENERAL_ERROR);
	rig_conf("");
	rig_initialize();
}

static void test_info(void **state)
{
	CK_FUNCTION_LIST *list = NULL;
	CK_INFO info;

	(void)state;
	assert_rv(C_GetFunctionList(NULL), CKR_ARGUMENTS_BAD);
	assert_ok(C_GetFunctionList(&list));
	assert_int_equal(list->version.major, 2);
	assert_int_equal(list->version.minor, 40);
	/* The members after the version are function pointers, one for each function. */
	for (size_t at = offsetof(CK_FUNCTION_LIST, C_Initialize); at < sizeof(*list); at += sizeof(void *)) {
		void *p;

		memcpy(&p, (const char *)list + at, sizeof(p));
		assert_non_null(p);
	}
	assert_ptr_equal(list->C_WaitForSlotEvent, C_WaitForSlotEvent);
	assert_ptr_equal(list->C_Sign, C_Sign);
	assert_rv(list->C_GetInfo(&info), CKR_CRYPTOKI_NOT_INITIALIZED);
	rig_initialize();
	assert_rv(C_GetInfo(NULL), CKR_ARGUMENTS_BAD);
	assert_ok(list->C_GetInfo(&info));
	assert_int_equal(info.cryptokiVersion.major, 2);
	assert_int_equal(info.cryptokiVersion.minor, 40);
	assert_memory_equal(info.manufacturerID, "quorum11                        ", 32);
}

/* Every function before C_Initialize, and every one that is not built after it. */
static void test_uninitialised(void **state)
{
	CK_MECHANISM m = { CKM_ECDSA, NULL, 0 };
	CK_SLOT_INFO slot;
	CK_TOKEN_INFO token;
	CK_SESSION_INFO session;
	CK_MECHANISM_INFO mech;
	CK_ATTRIBUTE t = { CKA_CLASS, NULL, 0 };
	CK_BYTE b[64] = { 0 };
	CK_ULONG n = sizeof(b), h;

	(void)state;
#define NO(call) assert_rv(call, CKR_CRYPTOKI_NOT_INITIALIZED)
	NO(C_GetSlotList(CK_FALSE, NULL, &n));
	NO(C_GetSlotInfo(0, &slot));
	NO(C_GetTokenInfo(0, &token));
	NO(C_WaitForSlotEvent(CKF_DONT_BLOCK, &h, NULL));
	NO(C_GetMechanismList(0, NULL, &n));
	NO(C_GetMechanismInfo(0, CKM_ECDSA, &mech));
	NO(C_SetPIN(1, b, 6, b, 6));
	NO(C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &h));
	NO(C_CloseSession(1));
	NO(C_CloseAllSessions(0));
	NO(C_GetSessionInfo(1, &session));
	NO(C_Login(1, CKU_USER, b, 6));
	NO(C_Logout(1));
	NO(C_CreateObject(1, &t, 1, &h));
	NO(C_DestroyObject(1, 1));
	NO(C_GetObjectSize(1, 1, &n));
	NO(C_CopyObject(1, 1, &t, 1, &h));
	NO(C_GetAttributeValue(1, 1, &t, 1));
	NO(C_SetAttributeValue(1, 1, &t, 1));
	NO(C_FindObjectsInit(1, NULL, 0));
	NO(C_FindObjects(1, &h, 1, &n));
	NO(C_FindObjectsFinal(1));
	NO(C_DigestInit(1, &m));
	NO(C_Digest(1, b, 1, b, &n));
	NO(C_DigestUpdate(1, b, 1));
	NO(C_DigestFinal(1, b, &n));
	NO(C_SignInit(1, &m, 1));
	NO(C_Sign(1, b, 1, b, &n));
	NO(C_SignUpdate(1, b, 1));
	NO(C_SignFinal(1, b, &n));
	NO(C_VerifyInit(1, &m, 1));
	NO(C_Verify(1, b, 1, b, 1));
	NO(C_VerifyUpdate(1, b, 1));
	NO(C_VerifyFinal(1, b, 1));
	NO(C_GenerateKey(1, &m, &t, 1, &h));
	NO(C_GenerateKeyPair(1, &m, &t, 1, &t, 1, &h, &h));
	NO(C_SeedRandom(1, b, 1));
	NO(C_GenerateRandom(1, b, 1));
	NO(C_GetFunctionStatus(1));
	NO(C_CancelFunction(1));
	NO(C_EncryptInit(1, &m, 1));
	NO(C_Encrypt(1, b, 1, b, &n));
	NO(C_EncryptUpdate(1, b, 1, b, &n));
	NO(C_EncryptFinal(1, b, &n));
	NO(C_DecryptInit(1, &m, 1));
	NO(C_Decrypt(1, b, 1, b, &n));
	NO(C_DecryptUpdate(1, b, 1, b, &n));
	NO(C_DecryptFinal(1, b, &n));
	NO(C_DeriveKey(1, &m, 1, &t, 1, &h));
	NO(C_InitPIN(1, b, 6));
	NO(C_InitToken(0, b, 8, b));
#undef NO
	rig_initialize();
#define NO(call) assert_rv(call, CKR_FUNCTION_NOT_SUPPORTED)
	NO(C_GetOperationState(1, b, &n));
	NO(C_SetOperationState(1, b, 1, 0, 0));
	NO(C_DigestKey(1, 1));
	NO(C_SignRecoverInit(1, &m, 1));
	NO(C_SignRecover(1, b, 1, b, &n));
	NO(C_VerifyRecoverInit(1, &m, 1));
	NO(C_VerifyRecover(1, b, 1, b, &n));
	NO(C_DigestEncryptUpdate(1, b, 1, b, &n));
	NO(C_DecryptDigestUpdate(1, b, 1, b, &n));
	NO(C_SignEncryptUpdate(1, b, 1, b, &n));
	NO(C_DecryptVerifyUpdate(1, b, 1, b, &n));
#undef NO
	assert_rv(C_GetFunctionStatus(1), CKR_FUNCTION_NOT_PARALLEL);
	assert_rv(C_CancelFunction(1), CKR_FUNCTION_NOT_PARALLEL);
}

/* ---- forks ---- */

/* Runs in the child; asserts would unwind into the parent's tests, so each failure has a number of its own. */
static int child_of_fork(CK_SESSION_HANDLE inherited, CK_OBJECT_HANDLE key)
{
	CK_SESSION_HANDLE s;
	CK_ULONG n = 0;
	CK_UTF8CHAR pin[] = RIG_PIN;

	if (rig_sign(inherited, key) != CKR_CRYPTOKI_NOT_INITIALIZED)
		return 1;
	if (C_Finalize(NULL) != CKR_CRYPTOKI_NOT_INITIALIZED)
		return 2;
	if (C_Initialize(NULL) != CKR_OK)
		return 3;
	if (C_CloseSession(inherited) != CKR_SESSION_HANDLE_INVALID)
		return 4;
	/* The slot that its parent knew, as libp11 does. Over USB the reader is the parent's alone. */
	if (C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &s) != (rig_is_usb() ? CKR_FUNCTION_FAILED : CKR_OK))
		return 5;
	if (C_GetSlotList(CK_FALSE, NULL, &n) != CKR_OK || n != 1)
		return 6;
	if (rig_is_usb())
		return C_Finalize(NULL) == CKR_OK ? 0 : 10;
	if (C_Login(s, CKU_USER, pin, strlen(RIG_PIN)) != CKR_OK)
		return 7;
	if (rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")) != CKR_OK)
		return 8;
	return C_Finalize(NULL) == CKR_OK ? 0 : 9;
}

static void test_fork(void **state)
{
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE key;
	int status = -1;
	pid_t pid;

	(void)state;
	s = rig_enter();
	key = rig_find(s, CKO_PRIVATE_KEY, "ec");
	assert_ok(rig_sign(s, key));
	pid = fork();
	assert_true(pid >= 0);
	/* The fake ends a child that uses what its parent opened. */
	if (pid == 0)
		_exit(child_of_fork(s, key));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	/* The parent goes on as if nothing had been. */
	assert_ok(rig_sign(s, key));
}

static int child_at_slot(CK_SLOT_ID slot, const char *reader)
{
	CK_SLOT_INFO info;
	CK_SLOT_ID event;

	if (C_Initialize(NULL) != CKR_OK || C_GetSlotInfo(slot, &info) != CKR_OK)
		return 1;
	if (memcmp(info.slotDescription, reader, strlen(reader)) != 0 || !(info.flags & CKF_TOKEN_PRESENT))
		return 2;
	/* What its parent saw is no news for it. */
	if (C_WaitForSlotEvent(CKF_DONT_BLOCK, &event, NULL) != CKR_NO_EVENT)
		return 3;
	return C_Finalize(NULL) == CKR_OK ? 0 : 4;
}

/* A slot has the number that the parent gave it, although a list of now would begin with it. */
static void test_fork_slots(void **state)
{
	struct rig_card c = rig_card_new(&(struct rig_spec){ .pin = RIG_PIN });
	int status = -1;
	pid_t pid;

	(void)state;
	rig_initialize();
	assert_ok(C_GetSlotList(CK_FALSE, NULL, &(CK_ULONG){ 0 }));
	rig_plug(RIG_OTHER_READER);
	rig_other_put(c.dir);
	assert_ok(C_GetSlotList(CK_FALSE, NULL, &(CK_ULONG){ 0 }));
	rig_unplug(RIG_READER);
	(void)fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(child_at_slot(1, RIG_OTHER_READER));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* A child that never asks for the module again ends without a word to the card. */
static void test_fork_and_exit(void **state)
{
	CK_SESSION_HANDLE s;
	int status = -1;
	pid_t pid;

	(void)state;
	s = rig_enter();
	(void)fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		exit(0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
}

static void *random_held(void *arg)
{
	const CK_SESSION_HANDLE *s = arg;

	(void)C_GenerateRandom(*s, (CK_BYTE[8]){ 0 }, 8);
	return NULL;
}

static void *finalize(void *arg)
{
	(void)arg;
	(void)C_Finalize(NULL);
	return NULL;
}

/* A fork while another thread is in C_Finalize: its child can begin anew like any other. */
static void test_fork_in_finalize(void **state)
{
	pthread_t user, closer;
	CK_SESSION_HANDLE s;
	CK_INFO info;
	int status = -1;
	pid_t pid;

	(void)state;
	(void)rig_card_simple();
	rig_initialize();
	s = rig_session();
	rig_fault(1, FAKE_HELD);
	assert_int_equal(pthread_create(&user, NULL, random_held, &s), 0);
	assert_ok(rig_held());
	assert_int_equal(pthread_create(&closer, NULL, finalize, NULL), 0);
	/* It waits for the call that is inside. */
	while (C_GetInfo(&info) == CKR_OK)
		(void)sched_yield();
	(void)fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(C_Initialize(NULL) == CKR_OK && C_GetInfo(&info) == CKR_OK ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	rig_release();
	assert_int_equal(pthread_join(user, NULL), 0);
	assert_int_equal(pthread_join(closer, NULL), 0);
	assert_int_equal(status, 0);
}

/* A fork while another thread waits for the card, with the token's lock: its child waits for nobody. */
static void test_fork_in_call(void **state)
{
	pthread_t user;
	CK_SESSION_HANDLE s;
	CK_SLOT_ID slots[4];
	CK_ULONG n = 4;
	int status = -1;
	pid_t pid;

	(void)state;
	(void)rig_card_simple();
	rig_initialize();
	s = rig_session();
	rig_fault(1, FAKE_HELD);
	assert_int_equal(pthread_create(&user, NULL, random_held, &s), 0);
	assert_ok(rig_held());
	(void)fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)alarm(PATIENCE_S);
		if (C_CloseSession(s) != CKR_CRYPTOKI_NOT_INITIALIZED || C_Initialize(NULL) != CKR_OK)
			_exit(1);
		if (C_CloseAllSessions(0) != CKR_OK || C_GetSlotList(CK_FALSE, slots, &n) != CKR_OK || n != 1)
			_exit(2);
		_exit(C_CloseSession(s) == CKR_SESSION_HANDLE_INVALID && C_Finalize(NULL) == CKR_OK ? 0 : 3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	rig_release();
	assert_int_equal(pthread_join(user, NULL), 0);
	assert_int_equal(status, 0);
	/* The parent goes on. */
	assert_ok(C_GenerateRandom(s, (CK_BYTE[8]){ 0 }, 8));
}

static size_t count_threads(void)
{
	glob_t g;
	size_t n;

	assert_int_equal(glob("/proc/self/task/*", 0, NULL, &g), 0);
	n = g.gl_pathc;
	globfree(&g);
	return n;
}

/* The module never makes a thread, whether it may or not. */
static void test_no_threads(void **state)
{
	CK_C_INITIALIZE_ARGS a = { .flags = CKF_OS_LOCKING_OK | CKF_LIBRARY_CANT_CREATE_OS_THREADS };
	size_t before = count_threads();
	CK_SESSION_HANDLE s;
	CK_SLOT_ID slot;

	(void)state;
	(void)rig_card_simple();
	for (int i = 0; i < 2; i++) {
		assert_ok(C_Initialize(i ? NULL : &a));
		if (!i && rig_is_usb()) {
			assert_int_equal(agent_slots(CK_FALSE), 0);
			rig_finalize();
			continue;
		}
		s = rig_session();
		assert_ok(rig_login(s, RIG_PIN));
		assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
		(void)C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL);
		assert_int_equal(count_threads(), before);
		rig_finalize();
	}
}

/* libusb makes one, which is nothing for a program that allows none: usb is left out, if there is another way. */
static void test_no_thread_of_libusb(void **state)
{
	CK_C_INITIALIZE_ARGS a = { .flags = CKF_OS_LOCKING_OK | CKF_LIBRARY_CANT_CREATE_OS_THREADS };
	unsigned begun = fake_usb_contexts();
	CK_SLOT_ID slot;

	(void)state;
	(void)rig_card_simple();
	rig_conf("[transport]\norder = usb pcsc\ntoken = TEST0 usb\n");
	assert_ok(C_Initialize(&a));
	(void)agent_slots(CK_TRUE);
	assert_rv(C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL), CKR_NO_EVENT);
	assert_int_equal(fake_usb_contexts(), begun);
	rig_finalize();
	rig_conf("[transport]\norder = usb\n");
	assert_rv(C_Initialize(&a), CKR_NEED_TO_CREATE_THREADS);
	assert_rv(C_Finalize(NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
	a.flags = CKF_OS_LOCKING_OK;
	assert_ok(C_Initialize(&a));
	(void)agent_slots(CK_TRUE);
	assert_true(fake_usb_contexts() > begun);
}

int main(int argc, char **argv)
{
	agent_process_main(argc, argv);
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_arguments),
		RIG_TEST(test_no_traffic),
		RIG_TEST(test_bad_configuration),
		RIG_TEST(test_info),
		RIG_TEST(test_uninitialised),
		RIG_TEST(test_fork),
		RIG_TEST(test_fork_slots),
		RIG_TEST(test_fork_and_exit),
		RIG_TEST(test_fork_in_finalize),
		RIG_TEST(test_fork_in_call),
		RIG_TEST(test_no_threads),
		AGENT_TEST(test_no_thread_of_libusb),
	};

	return RUN_BOTH(tests);
}
