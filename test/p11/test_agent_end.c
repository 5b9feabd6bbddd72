/* SPDX-License-Identifier: Apache-2.0 */
/* The module at an agent that refuses, ends an approval, or dies. */
#include "test/p11/agent.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"

/* ---- short forms ---- */

static CK_RV sign_digest(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key, CK_BYTE which)
{
	CK_BYTE data[32] = { which }, sig[64];
	CK_ULONG n = sizeof(sig);
	CK_RV rv = rig_sign_begin(s, CKM_ECDSA, key);

	return rv ? rv : C_Sign(s, data, sizeof(data), sig, &n);
}

/* ---- the agent's death ---- */

static void back_again(const char *conf)
{
	CK_SESSION_HANDLE s;

	agent_process_start(agent_card_dir, conf);
	assert_int_equal(agent_slots(CK_TRUE), 1);
	s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
}

static void test_death_while_idle(void **state)
{
	CK_SESSION_HANDLE s, other;
	CK_SESSION_INFO info;
	CK_OBJECT_HANDLE key;

	(void)state;
	agent_start_pin("");
	agent_only();
	rig_initialize();
	s = rig_session();
	other = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	key = rig_find(s, CKO_PRIVATE_KEY, "ec");
	agent_process_kill();
	assert_rv(rig_sign(s, key), CKR_DEVICE_REMOVED);
	assert_rv(rig_sign(s, key), CKR_SESSION_HANDLE_INVALID);
	assert_rv(C_GetSessionInfo(other, &info), CKR_DEVICE_REMOVED);
	assert_int_equal(agent_slots(CK_TRUE), 0);
	assert_rv(C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &s), CKR_TOKEN_NOT_PRESENT);
	back_again("");
}

/* Whoever asks first hears of it, whatever he asks. */
static void test_death_is_heard(void **state)
{
	CK_SESSION_INFO info;
	CK_SESSION_HANDLE s;

	(void)state;
	agent_start_pin("");
	agent_only();
	rig_initialize();
	s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	agent_process_kill();
	assert_rv(C_GetSessionInfo(s, &info), CKR_DEVICE_REMOVED);
	back_again("");
	s = rig_session();
	agent_process_kill();
	assert_rv(rig_login(s, RIG_PIN), CKR_DEVICE_REMOVED);
	back_again("");
	agent_process_kill();
	/* Nobody asked for anything: the module can still end. */
}

/* It comes back before anybody has missed it: another agent, nobody is logged in. */
static void test_death_unnoticed(void **state)
{
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE key;

	(void)state;
	agent_start_pin("");
	agent_only();
	rig_initialize();
	s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	key = rig_find(s, CKO_PRIVATE_KEY, "ec");
	agent_process_kill();
	agent_process_start(agent_card_dir, "");
	assert_rv(rig_sign(s, key), CKR_DEVICE_REMOVED);
	s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
}

static void test_death_while_signing(void **state)
{
	struct caller signer;
	CK_SESSION_HANDLE s;
	char text[256];

	(void)state;
	(void)snprintf(text, sizeof(text), "[module]\nlog = apdu+trace\nlog_file = %s/log\n", rig_folder);
	agent_start_pin(text);
	agent_only();
	rig_initialize();
	s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	signer.key = rig_find(s, CKO_PRIVATE_KEY, "ec");
	/* Here the key is compared with the card; what follows is the signature alone. */
	assert_ok(rig_sign(s, signer.key));
	agent_process_freeze();
	caller_start(&signer, caller_sign, s);
	rig_log_wait(" > 8068");
	agent_process_kill();
	assert_rv(caller_result(&signer), CKR_DEVICE_REMOVED);
	back_again(text);
}

static void test_death_while_asking(void **state)
{
	struct caller owner;
	CK_SESSION_HANDLE s;
	uint64_t began;

	(void)state;
	agent_start_people("vendor-shared", "wait", "");
	rig_initialize();
	caller_start(&owner, caller_login, rig_session());
	people_wait_asked(agent_people);
	began = clock_boot_ms();
	agent_process_kill();
	assert_rv(caller_result(&owner), CKR_DEVICE_REMOVED);
	assert_in_range(clock_boot_ms() - began, 0, PATIENCE_MS);
	agent_process_start(agent_card_dir, people_conf_text("approve", ""));
	s = rig_session();
	assert_ok(rig_login(s, NULL));
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
}

/* ---- and what else happens ---- */

static void test_events(void **state)
{
	struct caller waiter;

	(void)state;
	agent_start_pin("");
	agent_only();
	rig_initialize();
	assert_int_equal(agent_slots(CK_TRUE), 1);
	assert_rv(C_WaitForSlotEvent(CKF_DONT_BLOCK, &waiter.slot, NULL), CKR_NO_EVENT);
	caller_start(&waiter, caller_wait, 0);
	agent_process_kill();
	assert_ok(caller_result(&waiter));
	assert_int_equal(waiter.slot, 0);
	assert_int_equal(agent_slots(CK_TRUE), 0);
	caller_start(&waiter, caller_wait, 0);
	agent_process_start(agent_card_dir, "");
	assert_ok(caller_result(&waiter));
	assert_int_equal(waiter.slot, 0);
	assert_int_equal(agent_slots(CK_TRUE), 1);
	caller_start(&waiter, caller_wait, 0);
	rig_finalize();
	assert_rv(caller_result(&waiter), CKR_CRYPTOKI_NOT_INITIALIZED);
}

static unsigned count_of(const char *text, const char *what)
{
	unsigned n = 0;

	for (const char *at = text; (at = strstr(at, what)); at++)
		n++;
	return n;
}

static void test_over_the_limits(void **state)
{
	char said[128], text[256];
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE key;
	struct wr w;
	int file, saved;

	(void)state;
	(void)snprintf(said, sizeof(said), "%s/said", rig_folder);
	(void)snprintf(text, sizeof(text), "[module]\nlog = p11+info\nlog_file = %s/log\n[agent]\nlimits = sign=2\n",
		       rig_folder);
	agent_start_pin(text);
	agent_only();
	rig_initialize();
	s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	key = rig_find(s, CKO_PRIVATE_KEY, "ec");
	assert_ok(sign_digest(s, key, 1));
	assert_ok(sign_digest(s, key, 2));
	assert_ok(sign_digest(s, key, 1));
	(void)fflush(NULL);
	saved = dup(STDERR_FILENO);
	file = open(said, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(saved >= 0 && file >= 0);
	assert_true(dup2(file, STDERR_FILENO) >= 0);
	for (CK_BYTE i = 3; i < 6; i++)
		assert_rv(sign_digest(s, key, i), CKR_FUNCTION_REJECTED);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	(void)close(saved);
	(void)close(file);
	/* Said once to the person, each time to the log. */
	wr_init_heap(&w, 1 << 16);
	assert_int_equal(file_read(said, 1 << 16, &w), ERR_OK);
	assert_int_equal(count_of(wr_cstr(&w), "the agent refuses: "), 1);
	wr_free(&w);
	wr_init_heap(&w, 1 << 20);
	assert_int_equal(file_read(agent_log_path(), 1 << 20, &w), ERR_OK);
	assert_int_equal(count_of(wr_cstr(&w), "the agent refuses: "), 3);
	wr_free(&w);
	/* Nothing of it is the end of the login. */
	assert_ok(sign_digest(s, key, 2));
}

static void test_ended(void **state)
{
	const struct agent_at at = { .socket = agent_process_socket() };
	char why[AGENT_TEXT_MAX];
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE key;

	(void)state;
	agent_start_people("vendor-shared", "approve", "");
	rig_initialize();
	s = rig_session();
	assert_ok(rig_login(s, NULL));
	key = rig_find(s, CKO_PRIVATE_KEY, "ec");
	assert_int_equal(agent_end(&at, NULL, why, sizeof(why)), ERR_OK);
	assert_rv(rig_sign(s, key), CKR_USER_NOT_LOGGED_IN);
	assert_rv(C_Logout(s), CKR_USER_NOT_LOGGED_IN);
	assert_ok(rig_login(s, NULL));
	assert_int_equal(people_asked(agent_people), 2);
	assert_ok(rig_sign(s, key));
}

/* Whoever watches for a custodian's end dies: another one does, and the approval stands meanwhile. */
static void test_watch_is_opened_again(void **state)
{
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE key;

	(void)state;
	agent_start_people("vendor-shared", "approve", "");
	rig_initialize();
	s = rig_session();
	assert_ok(rig_login(s, NULL));
	key = rig_find(s, CKO_PRIVATE_KEY, "ec");
	for (unsigned i = 1; i < 3; i++) {
		assert_int_equal(kill(people_watcher(i), SIGKILL), 0);
		assert_ok(rig_sign(s, key));
	}
	assert_true(people_watcher(3) > 0);
	assert_ok(rig_sign(s, key));
	assert_int_equal(people_asked(agent_people), 1);
}

/* The child of a fork has nothing of its parent's login, and its own end ends nothing of its parent's. */
static void test_fork(void **state)
{
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE key;
	int status;
	pid_t pid;

	(void)state;
	agent_start_pin("");
	agent_only();
	rig_initialize();
	s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	key = rig_find(s, CKO_PRIVATE_KEY, "ec");
	(void)fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		CK_SESSION_HANDLE own;

		if (rig_sign(s, key) != CKR_CRYPTOKI_NOT_INITIALIZED || C_Initialize(NULL))
			_exit(1);
		own = rig_session();
		if (rig_count(own, CKO_PRIVATE_KEY) || rig_login(own, RIG_PIN) ||
		    rig_sign(own, rig_find(own, CKO_PRIVATE_KEY, "ec")) || C_Finalize(NULL))
			_exit(2);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_ok(rig_sign(s, key));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		AGENT_TEST(test_death_while_idle),
		AGENT_TEST(test_death_is_heard),
		AGENT_TEST(test_death_unnoticed),
		AGENT_TEST(test_death_while_signing),
		AGENT_TEST(test_death_while_asking),
		AGENT_TEST(test_events),
		AGENT_TEST(test_over_the_limits),
		AGENT_TEST(test_ended),
		AGENT_TEST(test_watch_is_opened_again),
		AGENT_TEST(test_fork),
	};

	if (people_is_helper(argc, argv))
		return 0;
	agent_process_main(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
