/* SPDX-License-Identifier: Apache-2.0 */
/* Logins with n of m: what C_Login does around a ceremony. The ceremony itself is in test/e2e. */
/* fake: clock */
#include "test/p11/rig.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "test/fake/clock.h"
#include "test/p11/people.h"

/* Names that differ from those of other tests: an answer of "no" holds for a card for 60 s. */
static struct people *p;

static void open_people(const char *profile, const char *what, const char *more)
{
	p = people_new(profile);
	people_conf(what, more);
	rig_initialize();
}

static int teardown(void **state)
{
	int rc;

	/* First the module, then the cards. */
	(void)C_Finalize(NULL);
	rc = rig_teardown(state);
	if (p)
		people_free(p);
	p = NULL;
	return log_open(NULL) || log_configure("") ? -1 : rc;
}
#define PEOPLE_TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, teardown)

struct caller {                         /* C_Login in a thread of its own */
	pthread_t thread;
	CK_SESSION_HANDLE s;
	const char *pin;
	CK_RV rv;
};

static void *call(void *arg)
{
	struct caller *c = arg;

	c->rv = rig_login(c->s, c->pin);
	return NULL;
}

static void call_start(struct caller *c, CK_SESSION_HANDLE s, const char *pin)
{
	*c = (struct caller){ .s = s, .pin = pin, .rv = CKR_GENERAL_ERROR };
	assert_int_equal(pthread_create(&c->thread, NULL, call, c), 0);
}

static CK_RV call_result(struct caller *c)
{
	assert_int_equal(pthread_join(c->thread, NULL), 0);
	return c->rv;
}

/* ---- how it goes well ---- */

static void test_approved(void **state)
{
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE key;
	uint64_t before;

	(void)state;
	open_people("vendor-shared", "approve", "");
	s = rig_session();
	assert_ok(rig_login(s, NULL));
	/* Held alone: nobody else may connect. */
	assert_null(fake_other_connect(RIG_READER, false));
	key = rig_find(s, CKO_PRIVATE_KEY, "ec");
	/* Read before people were asked, and compared with the card at its first use after that. */
	assert_ok(rig_sign(s, key));
	before = fake_exchanges(RIG_READER);
	assert_ok(rig_sign(s, key));
	assert_ok(rig_sign(s, key));
	assert_int_equal(fake_exchanges(RIG_READER), before + 2);
	assert_rv(rig_login(s, NULL), CKR_USER_ALREADY_LOGGED_IN);
	assert_ok(C_Logout(s));
	assert_int_equal(fake_connections(RIG_READER), 0);
	assert_false(people_card_is_open(p));
	assert_rv(rig_sign(s, key), CKR_KEY_HANDLE_INVALID);
	/* The next one asks again. */
	assert_ok(rig_login(s, NULL));
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
	assert_int_equal(people_asked(p), 2);
	assert_ok(C_CloseSession(s));
	assert_false(people_card_is_open(p));
	/* A pointer to nothing is no PIN either. */
	s = rig_session();
	assert_ok(rig_login(s, ""));
	rig_finalize();
	assert_false(people_card_is_open(p));
}

static void test_pin_ignored(void **state)
{
	CK_SESSION_HANDLE s;

	(void)state;
	open_people("vendor-shared", "approve", "");
	s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	assert_true(rig_log_has("the PIN that was given is ignored"));
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
}

/* Keys and PIN: a wrong PIN fails before anybody is asked; the right one is given again after the ceremony. */
static void test_people_and_pin(void **state)
{
	CK_SESSION_HANDLE s;

	(void)state;
	open_people("open-firmware", "approve", "");
	s = rig_session();
	assert_rv(rig_login(s, NULL), CKR_ARGUMENTS_BAD);
	assert_rv(rig_login(s, "000000"), CKR_PIN_INCORRECT);
	assert_int_equal(people_asked(p), 0);
	assert_int_equal(fake_connections(RIG_READER), 0);
	assert_ok(rig_login(s, QUORUM_PIN));
	assert_int_equal(people_asked(p), 1);
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
	assert_ok(C_Logout(s));
	assert_false(people_card_is_open(p));
}

static void test_not_exclusive(void **state)
{
	struct fake_other *o;
	CK_SESSION_HANDLE s;
	CK_ULONG n = 0;

	(void)state;
	open_people("vendor-shared", "approve", "exclusive = no\n");
	o = fake_other_connect(RIG_READER, false);
	if (rig_is_usb()) {
		/* Two at once can only have a card by pcscd. */
		assert_ok(C_GetSlotList(CK_FALSE, NULL, &n));
		assert_rv(C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &s), CKR_FUNCTION_FAILED);
		fake_other_disconnect(&o, false);
		return;
	}
	s = rig_session();
	assert_ok(rig_login(s, NULL));
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
	/* Nobody is kept waiting. */
	fake_other_lock(o, true);
	fake_other_lock(o, false);
	fake_other_disconnect(&o, false);
	assert_ok(C_Logout(s));
	assert_false(people_card_is_open(p));
}

/* ---- a card that is open already ---- */

static void test_found_open(void **state)
{
	CK_SESSION_HANDLE s;

	(void)state;
	open_people("vendor-shared", "deny", "");
	people_open_card(p);
	assert_true(people_card_is_open(p));
	s = rig_session();
	assert_rv(rig_login(s, NULL), CKR_FUNCTION_CANCELED);
	/* Over USB it got its power anew, and was closed by that. */
	assert_int_equal(rig_log_has("was found open; it is closed first"), !rig_is_usb());
	assert_false(people_card_is_open(p));
}

static void test_reuse(void **state)
{
	CK_SESSION_HANDLE s;

	(void)state;
	open_people("vendor-shared", "deny", "reuse = yes\n");
	people_open_card(p);
	s = rig_session();
	if (rig_is_usb()) {
		/* What another program has opened was closed when this one took the card. */
		assert_rv(rig_login(s, NULL), CKR_FUNCTION_CANCELED);
		assert_int_equal(people_asked(p), 1);
		return;
	}
	assert_ok(rig_login(s, NULL));
	assert_int_equal(people_asked(p), 0);
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
	assert_null(fake_other_connect(RIG_READER, false));
	assert_ok(C_Logout(s));
	assert_false(people_card_is_open(p));
}

/* ---- answers ---- */

static void test_answers(void **state)
{
	static const struct {
		const char *what;
		CK_RV rv;
	} rows[] = {
		{ "unknown", CKR_FUNCTION_FAILED },
		{ "early", CKR_FUNCTION_FAILED },
		{ "die", CKR_FUNCTION_FAILED },
		{ "approve", CKR_OK },
	};
	CK_SESSION_HANDLE s;

	(void)state;
	p = people_new("vendor-shared");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		people_conf(rows[i].what, "");
		rig_initialize();
		s = rig_session();
		assert_rv(rig_login(s, NULL), rows[i].rv);
		if (rows[i].rv) {
			assert_int_equal(fake_connections(RIG_READER), 0);
			assert_false(people_card_is_open(p));
		}
		rig_finalize();
	}
}

/* After "no" the same answer without asking anybody: after C_Finalize, too, and in the child of a fork. */
static void test_cooldown(void **state)
{
	CK_SESSION_HANDLE s;
	int status = -1;
	pid_t pid;

	(void)state;
	open_people("vendor-shared", "deny", "");
	s = rig_session();
	assert_rv(rig_login(s, NULL), CKR_FUNCTION_CANCELED);
	assert_int_equal(people_asked(p), 1);
	assert_rv(rig_login(s, NULL), CKR_FUNCTION_CANCELED);
	rig_finalize();
	people_conf("approve", "");
	rig_initialize();
	s = rig_session();
	assert_rv(rig_login(s, NULL), CKR_FUNCTION_CANCELED);
	(void)fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(C_Initialize(NULL) == CKR_OK && rig_login(rig_session(), NULL) == CKR_FUNCTION_CANCELED ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(people_asked(p), 0);
}

static void test_no_cooldown(void **state)
{
	CK_SESSION_HANDLE s;

	(void)state;
	open_people("vendor-shared", "expire", "cooldown = 0\n");
	s = rig_session();
	assert_rv(rig_login(s, NULL), CKR_FUNCTION_CANCELED);
	assert_rv(rig_login(s, NULL), CKR_FUNCTION_CANCELED);
	assert_int_equal(people_asked(p), 2);
}

static void test_timeout(void **state)
{
	struct deadline slice;
	struct caller owner;
	CK_SESSION_HANDLE s;

	(void)state;
	open_people("vendor-shared", "wait", "timeout = 60\n");
	s = rig_session();
	call_start(&owner, s, NULL);
	people_wait_asked(p);
	fake_clock_pass(20 * 1000);
	slice = deadline_in(300);               /* it looks at the clock four times a second */
	assert_int_equal(deadline_wait(&slice, -1), ERR_TIMEOUT);
	assert_int_equal(pthread_tryjoin_np(owner.thread, NULL), EBUSY);
	fake_clock_pass(40 * 1000);
	assert_rv(call_result(&owner), CKR_FUNCTION_CANCELED);
	assert_false(people_card_is_open(p));
	/* Nobody said yes in time: the answer holds for a while. */
	assert_rv(rig_login(s, NULL), CKR_FUNCTION_CANCELED);
	assert_int_equal(people_asked(p), 0);
}

/* ---- what is refused before anybody is asked ---- */

static void test_no_url(void **state)
{
	(void)state;
	p = people_new("vendor-shared");
	rig_initialize();
	assert_rv(rig_login(rig_session(), NULL), CKR_GENERAL_ERROR);
}

static void test_programs(void **state)
{
	(void)state;
	open_people("vendor-shared", "approve", "programs = mkimage, openssl\n");
	assert_rv(rig_login(rig_session(), NULL), CKR_FUNCTION_FAILED);
	assert_int_equal(people_asked(p), 0);
	rig_finalize();
	people_conf("approve", "programs = mkimage, test_people\n");
	rig_initialize();
	assert_ok(rig_login(rig_session(), NULL));
}

static void test_another_program(void **state)
{
	struct fake_other *o;
	CK_SESSION_HANDLE s;
	uint64_t began;

	(void)state;
	open_people("vendor-shared", "approve", "");
	s = rig_session();
	o = fake_other_connect(RIG_READER, false);
	began = clock_boot_ms();
	assert_rv(rig_login(s, NULL), CKR_FUNCTION_FAILED);
	assert_in_range(clock_boot_ms() - began, 0, PATIENCE_MS);
	assert_int_equal(people_asked(p), 0);
	fake_other_disconnect(&o, false);
	assert_ok(rig_login(s, NULL));
}

/* ---- while people are waited for ---- */

static void test_pending(void **state)
{
	struct caller owner, joiner;
	CK_SESSION_HANDLE s, other;
	CK_OBJECT_HANDLE pub;
	CK_TOKEN_INFO info;
	CK_SLOT_INFO slot;
	CK_BYTE random[8], so_pin[] = "3537363231383830";
	uint64_t exchanges, began;

	(void)state;
	open_people("vendor-shared", "wait", "");
	s = rig_session();
	other = rig_session();
	call_start(&owner, s, NULL);
	people_wait_asked(p);
	exchanges = fake_exchanges(RIG_READER);

	/* What is known comes from memory. */
	assert_ok(C_GetTokenInfo(0, &info));
	assert_int_equal(info.ulSessionCount, 2);
	assert_ok(C_GetSlotInfo(0, &slot));
	assert_true(slot.flags & CKF_TOKEN_PRESENT);
	pub = rig_find(other, CKO_PUBLIC_KEY, "ec");
	assert_int_equal(rig_count(other, CKO_PRIVATE_KEY), 0);
	assert_int_equal(rig_attribute(other, pub, CKA_EC_POINT).n, 67);
	/* The card is nobody's. */
	assert_rv(C_GenerateRandom(other, random, sizeof(random)), CKR_FUNCTION_FAILED);
	assert_true(rig_log_has("waiting for approvals"));
	/* The private key's handle is the one before its public key's. */
	assert_rv(rig_sign(other, pub - 1), CKR_USER_NOT_LOGGED_IN);
	assert_int_equal(fake_exchanges(RIG_READER), exchanges);
	assert_null(fake_other_connect(RIG_READER, false));

	/* What people say of the user is no answer to the security officer. */
	assert_rv(C_Login(other, CKU_SO, so_pin, 16), CKR_USER_ANOTHER_ALREADY_LOGGED_IN);
	/* A second C_Login asks nobody and gets the same answer. Any session but the owner's may close. */
	call_start(&joiner, other, NULL);
	rig_log_wait("this login joins");
	assert_ok(C_CloseSession(rig_session()));
	began = clock_boot_ms();
	assert_ok(C_Logout(other));
	assert_rv(call_result(&owner), CKR_FUNCTION_CANCELED);
	assert_rv(call_result(&joiner), CKR_FUNCTION_CANCELED);
	assert_in_range(clock_boot_ms() - began, 0, PATIENCE_MS);
	assert_int_equal(people_asked(p), 0);
	assert_int_equal(fake_connections(RIG_READER), 0);
	assert_false(people_card_is_open(p));
	assert_rv(C_Logout(other), CKR_USER_NOT_LOGGED_IN);
}

static CK_SESSION_HANDLE the_session;

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

static void by_removal(void)
{
	fake_card_remove(RIG_READER);
}

static void test_cancel(void **state)
{
	static const struct {
		void (*cancel)(void);
		CK_RV rv;
	} rows[] = {
		{ by_close, CKR_FUNCTION_CANCELED },
		{ by_close_all, CKR_FUNCTION_CANCELED },
		{ by_finalize, CKR_FUNCTION_CANCELED },
		{ by_removal, CKR_DEVICE_REMOVED },
	};

	(void)state;
	p = people_new("vendor-shared");
	people_conf("wait", "");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct caller owner;
		uint64_t began;

		rig_initialize();
		the_session = rig_session();
		call_start(&owner, the_session, NULL);
		people_wait_asked(p);
		began = clock_boot_ms();
		rows[i].cancel();
		assert_rv(call_result(&owner), rows[i].rv);
		assert_in_range(clock_boot_ms() - began, 0, PATIENCE_MS);
		assert_int_equal(fake_connections(RIG_READER), 0);
		(void)C_Finalize(NULL);
	}
}

/* The child of a fork knows nothing of its parent's ceremony, and its end does not end it. */
static void test_fork_while_pending(void **state)
{
	struct caller owner;
	CK_SESSION_HANDLE s;
	int status = -1;
	pid_t pid;

	(void)state;
	open_people("vendor-shared", "wait", "");
	s = rig_session();
	call_start(&owner, s, NULL);
	people_wait_asked(p);
	(void)fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		CK_RV rv = C_Logout(s), again = C_Initialize(NULL);

		_exit(rv == CKR_CRYPTOKI_NOT_INITIALIZED && again == CKR_OK && C_Finalize(NULL) == CKR_OK ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(fake_connections(RIG_READER), 1);
	assert_ok(C_Logout(s));
	assert_rv(call_result(&owner), CKR_FUNCTION_CANCELED);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		PEOPLE_TEST(test_approved),
		PEOPLE_TEST(test_pin_ignored),
		PEOPLE_TEST(test_people_and_pin),
		PEOPLE_TEST(test_not_exclusive),
		PEOPLE_TEST(test_found_open),
		PEOPLE_TEST(test_reuse),
		PEOPLE_TEST(test_answers),
		PEOPLE_TEST(test_cooldown),
		PEOPLE_TEST(test_no_cooldown),
		PEOPLE_TEST(test_timeout),
		PEOPLE_TEST(test_no_url),
		PEOPLE_TEST(test_programs),
		PEOPLE_TEST(test_another_program),
		PEOPLE_TEST(test_pending),
		PEOPLE_TEST(test_cancel),
		PEOPLE_TEST(test_fork_while_pending),
	};

	if (people_is_helper(argc, argv))
		return 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
