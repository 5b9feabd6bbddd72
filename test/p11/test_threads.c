/* SPDX-License-Identifier: Apache-2.0 */
/* Many threads at once: signatures, searches, logins and logouts, sessions that come and go, cards that are pulled. */
#include "test/p11/agent.h"

#include <pthread.h>
#include <stdatomic.h>

#define THREADS 6
#define ROUNDS 25

static atomic_bool stop;

/* Each thread counts what it got; anything that must not be ends up in wrong. */
struct worker {
	pthread_t thread;
	CK_OBJECT_HANDLE key;
	unsigned good;
	CK_RV wrong;
};

static bool is_one_of(CK_RV rv, const CK_RV *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (rv == list[i])
			return true;
	return false;
}
#define IS(rv, ...) \
	is_one_of(rv, (const CK_RV[]){ __VA_ARGS__ }, sizeof((const CK_RV[]){ __VA_ARGS__ }) / sizeof(CK_RV))

static void run_all(struct worker *w, void *(*work)(void *), CK_OBJECT_HANDLE key)
{
	for (size_t i = 0; i < THREADS; i++) {
		w[i] = (struct worker){ .key = key };
		assert_int_equal(pthread_create(&w[i].thread, NULL, work, &w[i]), 0);
	}
}

static unsigned join_all(struct worker *w)
{
	unsigned good = 0;

	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(w[i].thread, NULL), 0);
		assert_rv(w[i].wrong, CKR_OK);
		good += w[i].good;
	}
	return good;
}

static void *sign_in_own_session(void *arg)
{
	struct worker *w = arg;

	for (int i = 0; i < ROUNDS && !w->wrong; i++) {
		CK_SESSION_HANDLE s = 0;

		w->wrong = C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &s);
		if (!w->wrong)
			w->wrong = rig_sign(s, w->key);
		if (!w->wrong)
			w->wrong = C_CloseSession(s);
		w->good += !w->wrong;
	}
	return NULL;
}

static void test_signing(void **state)
{
	struct worker w[THREADS];
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE key;

	(void)state;
	s = rig_enter();
	key = rig_find(s, CKO_PRIVATE_KEY, "ec");
	run_all(w, sign_in_own_session, key);
	assert_int_equal(join_all(w), THREADS * ROUNDS);
	assert_ok(rig_sign(s, key));
}

static CK_SESSION_HANDLE shared_session;

/* A session has one operation at a time: who comes second is told. */
static void *sign_in_one_session(void *arg)
{
	struct worker *w = arg;

	for (int i = 0; i < ROUNDS && !w->wrong; i++) {
		CK_RV rv = rig_sign(shared_session, w->key);

		if (!IS(rv, CKR_OK, CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED))
			w->wrong = rv;
		w->good += rv == CKR_OK;
	}
	return NULL;
}

static void test_one_session(void **state)
{
	struct worker w[THREADS];
	CK_OBJECT_HANDLE key;

	(void)state;
	(void)rig_card_simple();
	rig_initialize();
	shared_session = rig_session();
	assert_ok(rig_login(shared_session, RIG_PIN));
	key = rig_find(shared_session, CKO_PRIVATE_KEY, "ec");
	run_all(w, sign_in_one_session, key);
	assert_true(join_all(w) > 0);
}

/* A logout by another thread hides the key, and takes its handle away. */
static CK_RV find_and_sign(CK_SESSION_HANDLE s)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE t = { CKA_CLASS, &class, sizeof(class) };
	CK_OBJECT_HANDLE key = 0;
	CK_ULONG n = 0;
	CK_RV rv = C_FindObjectsInit(s, &t, 1);

	if (!rv)
		rv = C_FindObjects(s, &key, 1, &n);
	if (!rv)
		rv = C_FindObjectsFinal(s);
	return rv ? rv : n ? rig_sign(s, key) : CKR_USER_NOT_LOGGED_IN;
}

static void *log_in_and_out(void *arg)
{
	struct worker *w = arg;
	CK_SESSION_HANDLE s = 0;

	w->wrong = C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &s);
	for (int i = 0; i < ROUNDS && !w->wrong; i++) {
		CK_RV rv = rig_login(s, RIG_PIN);

		/* A login by an agent may take people's time; a logout beside it gives it up. */
		if (!IS(rv, CKR_OK, CKR_USER_ALREADY_LOGGED_IN) && (rig_is_direct() || rv != CKR_FUNCTION_CANCELED))
			w->wrong = rv;
		rv = find_and_sign(s);
		if (!IS(rv, CKR_OK, CKR_USER_NOT_LOGGED_IN, CKR_KEY_HANDLE_INVALID))
			w->wrong = rv;
		w->good += rv == CKR_OK;
		rv = C_Logout(s);
		if (!IS(rv, CKR_OK, CKR_USER_NOT_LOGGED_IN))
			w->wrong = rv;
	}
	return NULL;
}

static void test_logins(void **state)
{
	struct worker w[THREADS];
	CK_SESSION_HANDLE s;

	(void)state;
	s = rig_enter();
	run_all(w, log_in_and_out, 0);
	assert_true(join_all(w) > 0);
	assert_rv(C_Logout(s), CKR_USER_NOT_LOGGED_IN);
}

/* Whatever happens to the card, each call ends with an answer that says so. */
static void *use_whatever_is_there(void *arg)
{
	struct worker *w = arg;

	while (!stop && !w->wrong) {
		CK_SESSION_HANDLE s = 0;
		CK_OBJECT_HANDLE found[4];
		CK_ULONG n = 0;
		CK_RV rv = C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &s);

		if (!rv)
			rv = rig_login(s, RIG_PIN);
		if (IS(rv, CKR_OK, CKR_USER_ALREADY_LOGGED_IN))
			rv = C_FindObjectsInit(s, NULL, 0);
		if (!rv)
			rv = C_FindObjects(s, found, 4, &n);
		if (!rv && n)
			rv = rig_sign(s, found[0]);
		w->good += rv == CKR_OK;
		if (!IS(rv, CKR_OK, CKR_TOKEN_NOT_PRESENT, CKR_DEVICE_REMOVED, CKR_SESSION_HANDLE_INVALID,
			CKR_USER_NOT_LOGGED_IN, CKR_KEY_HANDLE_INVALID))
			w->wrong = rv;
		(void)C_CloseSession(s);
	}
	return NULL;
}

static void test_cards_that_go(void **state)
{
	struct rig_card c = rig_card_simple();
	struct worker w[THREADS];

	(void)state;
	rig_initialize();
	(void)rig_session();
	stop = false;
	run_all(w, use_whatever_is_there, 0);
	for (int i = 0; i < 10; i++) {
		CK_SESSION_HANDLE s;

		rig_card_remove();
		rig_card_insert(&c);
		/* Let them get at it. */
		s = rig_session();
		(void)C_CloseSession(s);
	}
	stop = true;
	(void)join_all(w);
}

/* C_Finalize while others are inside: it waits for them, and they are turned away afterwards. */
static void *sign_until_finalized(void *arg)
{
	struct worker *w = arg;
	CK_RV rv;

	do {
		CK_SESSION_HANDLE s = 0;

		rv = C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &s);
		if (!rv)
			rv = rig_sign(s, w->key);
		w->good += rv == CKR_OK;
		(void)C_CloseSession(s);
	} while (rv == CKR_OK);
	if (rv != CKR_CRYPTOKI_NOT_INITIALIZED)
		w->wrong = rv;
	return NULL;
}

static void test_finalize(void **state)
{
	struct worker w[THREADS];
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE key;

	(void)state;
	s = rig_enter();
	key = rig_find(s, CKO_PRIVATE_KEY, "ec");
	/* The key's first use is more than one exchange. */
	assert_ok(rig_sign(s, key));
	/* One is held inside the card while C_Finalize begins. */
	rig_fault(5, FAKE_HELD);
	run_all(w, sign_until_finalized, key);
	assert_ok(rig_held());
	rig_release();
	rig_finalize();
	assert_true(join_all(w) >= 4);
	assert_int_equal(rig_connections(), !rig_is_direct());
}

int main(int argc, char **argv)
{
	agent_process_main(argc, argv);
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_signing),
		RIG_TEST(test_one_session),
		RIG_TEST(test_logins),
		RIG_TEST(test_cards_that_go),
		RIG_TEST(test_finalize),
	};

	return RUN_BOTH(tests);
}
