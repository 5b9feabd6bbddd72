/* SPDX-License-Identifier: Apache-2.0 */
/* The module at an agent: the same as without it, but for who holds the card. */
#include "test/p11/agent.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "test/p11/people.h"

static struct people *p;
static char target[160];                /* folder of the card that the agent holds */

/* ---- the agent ---- */

static void only_agent(void)
{
	assert_int_equal(setenv("QUORUM11_AGENT", agent_process_socket(), 1), 0);
}

/* A card with a PIN. */
static void start_pin(const char *conf)
{
	const struct rig_card c = rig_card_simple();

	(void)snprintf(target, sizeof(target), "%s", c.dir);
	agent_process_start(target, conf);
}

static void start_people(const char *profile, const char *what, const char *more)
{
	p = people_new(profile);
	(void)snprintf(target, sizeof(target), "%s", people_target(p));
	agent_process_start(target, people_conf_text(what, more));
	only_agent();
}

static int setup(void **state)
{
	(void)unsetenv("QUORUM11_AGENT");
	return rig_setup(state);
}

static int teardown(void **state)
{
	int rc;

	(void)C_Finalize(NULL);
	agent_process_kill();
	(void)unsetenv("QUORUM11_AGENT");
	rc = rig_teardown(state);
	if (p)
		people_free(p);
	p = NULL;
	return log_open(NULL) || log_configure("") ? -1 : rc;
}
#define AGENT_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* ---- short forms ---- */

struct caller {                         /* a call in a thread of its own */
	pthread_t thread;
	CK_RV (*call)(struct caller *c);
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE key;
	CK_SLOT_ID slot;
	CK_RV rv;
};

static CK_RV call_login(struct caller *c)
{
	return rig_login(c->s, NULL);
}

static CK_RV call_sign(struct caller *c)
{
	return rig_sign(c->s, c->key);
}

static CK_RV call_wait(struct caller *c)
{
	return C_WaitForSlotEvent(0, &c->slot, NULL);
}

static void *call(void *arg)
{
	struct caller *c = arg;

	c->rv = c->call(c);
	return NULL;
}

static void call_start(struct caller *c, CK_RV (*what)(struct caller *c), CK_SESSION_HANDLE s)
{
	c->call = what;
	c->s = s;
	c->slot = CK_UNAVAILABLE_INFORMATION;
	c->rv = CKR_GENERAL_ERROR;
	assert_int_equal(pthread_create(&c->thread, NULL, call, c), 0);
}

static CK_RV call_result(struct caller *c)
{
	assert_int_equal(pthread_join(c->thread, NULL), 0);
	return c->rv;
}

static CK_RV sign_digest(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key, CK_BYTE which)
{
	CK_BYTE data[32] = { which }, sig[64];
	CK_ULONG n = sizeof(sig);
	CK_RV rv = rig_sign_begin(s, CKM_ECDSA, key);

	return rv ? rv : C_Sign(s, data, sizeof(data), sig, &n);
}

static const char *log_path(void)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/log", rig_folder);
	return path;
}

static CK_ULONG slots(CK_BBOOL with_token)
{
	CK_ULONG n = 0;

	assert_ok(C_GetSlotList(with_token, NULL, &n));
	return n;
}

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
	wr_u32(out, (uint32_t)slots(CK_TRUE));
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
	assert_int_equal(slots(CK_TRUE), 1);
	assert_ok(rig_login(rig_session(), RIG_PIN));
	assert_true(fake_connections(RIG_READER) > 0);
	assert_true(rig_log_has("nobody listens there"));
	rig_finalize();

	only_agent();
	calls = fake_calls();
	rig_initialize();
	assert_int_equal(slots(CK_FALSE), 0);
	assert_int_equal(fake_calls(), calls);
}

static void test_sources(void **state)
{
	CK_SESSION_HANDLE s;
	CK_SLOT_INFO info;
	uint64_t calls;

	(void)state;
	fake_reader_plug(RIG_OTHER_READER);
	start_pin("");
	rig_initialize();
	/* The agent's reader hides that of PC/SC, and comes first; others are there besides. */
	assert_int_equal(slots(CK_FALSE), 2);
	assert_ok(C_GetSlotInfo(0, &info));
	assert_memory_equal(info.slotDescription, RIG_READER " ", sizeof(RIG_READER));
	assert_int_equal(slots(CK_TRUE), 1);
	s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
	assert_int_equal(fake_connections(RIG_READER), 0);
	assert_int_equal(fake_exchanges(RIG_READER), 0);
	rig_finalize();

	only_agent();
	calls = fake_calls();
	rig_initialize();
	assert_int_equal(slots(CK_FALSE), 1);
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
	start_pin("");
	only_agent();
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
	start_people("vendor-shared", "approve", "");
	rig_initialize();
	assert_true(rig_token_flags() & CKF_PROTECTED_AUTHENTICATION_PATH);
	s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	assert_true(rig_log_has("the PIN that was given is ignored"));
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
	assert_int_equal(people_asked(p), 1);
	/* What is approved outlives who asked for it. */
	assert_ok(C_Logout(s));
	assert_ok(rig_login(s, NULL));
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
	rig_finalize();
	rig_initialize();
	s = rig_session();
	assert_ok(rig_login(s, NULL));
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
	assert_int_equal(people_asked(p), 0);
	assert_int_equal(fake_exchanges(RIG_READER), 0);
}

static void test_people_and_pin(void **state)
{
	CK_SESSION_HANDLE s;

	(void)state;
	start_people("open-firmware", "approve", "");
	rig_initialize();
	s = rig_session();
	assert_rv(rig_login(s, NULL), CKR_ARGUMENTS_BAD);
	assert_rv(rig_login(s, "000000"), CKR_PIN_INCORRECT);
	assert_int_equal(people_asked(p), 0);
	assert_ok(rig_login(s, QUORUM_PIN));
	assert_int_equal(people_asked(p), 1);
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
}

/* No: by people, and by the configuration before anybody is asked. */
static void test_no(void **state)
{
	CK_SESSION_HANDLE s;

	(void)state;
	start_people("vendor-shared", "deny", "");
	rig_initialize();
	s = rig_session();
	assert_rv(rig_login(s, NULL), CKR_FUNCTION_CANCELED);
	assert_rv(rig_login(s, NULL), CKR_FUNCTION_CANCELED);
	assert_int_equal(people_asked(p), 1);
	assert_rv(rig_sign_begin(s, CKM_ECDSA, rig_find(s, CKO_PUBLIC_KEY, "ec") - 1), CKR_USER_NOT_LOGGED_IN);
	rig_finalize();
	rig_conf("[login]\nprograms = mkimage\n");
	rig_initialize();
	assert_rv(rig_login(rig_session(), NULL), CKR_FUNCTION_FAILED);
	assert_int_equal(people_asked(p), 0);
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
	start_people("vendor-shared", "wait", "");
	for (size_t i = 0; i < sizeof(cancels) / sizeof(cancels[0]); i++) {
		struct caller owner, joiner;
		CK_SESSION_HANDLE other;
		CK_BYTE random[8];
		CK_TOKEN_INFO info;
		uint64_t began;

		rig_initialize();
		the_session = rig_session();
		other = rig_session();
		call_start(&owner, call_login, the_session);
		people_wait_asked(p);
		call_start(&joiner, call_login, other);
		rig_log_wait("this login joins");
		/* What is known comes from memory; the card is nobody's. */
		assert_ok(C_GetTokenInfo(0, &info));
		assert_int_equal(rig_count(other, CKO_PUBLIC_KEY), 1);
		assert_rv(C_GenerateRandom(other, random, sizeof(random)), CKR_FUNCTION_FAILED);
		began = clock_boot_ms();
		cancels[i]();
		assert_rv(call_result(&owner), CKR_FUNCTION_CANCELED);
		assert_rv(call_result(&joiner), CKR_FUNCTION_CANCELED);
		assert_in_range(clock_boot_ms() - began, 0, 1000);
		(void)C_Finalize(NULL);
		assert_int_equal(unlink(log_path()), 0);
	}
}

/* ---- the agent's death ---- */

static void back_again(const char *conf)
{
	CK_SESSION_HANDLE s;

	agent_process_start(target, conf);
	assert_int_equal(slots(CK_TRUE), 1);
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
	start_pin("");
	only_agent();
	rig_initialize();
	s = rig_session();
	other = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	key = rig_find(s, CKO_PRIVATE_KEY, "ec");
	agent_process_kill();
	assert_rv(rig_sign(s, key), CKR_DEVICE_REMOVED);
	assert_rv(rig_sign(s, key), CKR_SESSION_HANDLE_INVALID);
	assert_rv(C_GetSessionInfo(other, &info), CKR_DEVICE_REMOVED);
	assert_int_equal(slots(CK_TRUE), 0);
	assert_rv(C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &s), CKR_TOKEN_NOT_PRESENT);
	back_again("");
}

/* Whoever asks first hears of it, whatever he asks. */
static void test_death_is_heard(void **state)
{
	CK_SESSION_INFO info;
	CK_SESSION_HANDLE s;

	(void)state;
	start_pin("");
	only_agent();
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
	start_pin("");
	only_agent();
	rig_initialize();
	s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	key = rig_find(s, CKO_PRIVATE_KEY, "ec");
	agent_process_kill();
	agent_process_start(target, "");
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
	start_pin(text);
	only_agent();
	rig_initialize();
	s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	signer.key = rig_find(s, CKO_PRIVATE_KEY, "ec");
	agent_process_freeze();
	call_start(&signer, call_sign, s);
	rig_log_wait(RIG_READER " > 8068");
	agent_process_kill();
	assert_rv(call_result(&signer), CKR_DEVICE_REMOVED);
	back_again(text);
}

static void test_death_while_asking(void **state)
{
	struct caller owner;
	CK_SESSION_HANDLE s;
	uint64_t began;

	(void)state;
	start_people("vendor-shared", "wait", "");
	rig_initialize();
	call_start(&owner, call_login, rig_session());
	people_wait_asked(p);
	began = clock_boot_ms();
	agent_process_kill();
	assert_rv(call_result(&owner), CKR_DEVICE_REMOVED);
	assert_in_range(clock_boot_ms() - began, 0, 1000);
	agent_process_start(target, people_conf_text("approve", ""));
	s = rig_session();
	assert_ok(rig_login(s, NULL));
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
}

/* ---- and what else happens ---- */

static void test_events(void **state)
{
	struct caller waiter;

	(void)state;
	start_pin("");
	only_agent();
	rig_initialize();
	assert_int_equal(slots(CK_TRUE), 1);
	assert_rv(C_WaitForSlotEvent(CKF_DONT_BLOCK, &waiter.slot, NULL), CKR_NO_EVENT);
	call_start(&waiter, call_wait, 0);
	agent_process_kill();
	assert_ok(call_result(&waiter));
	assert_int_equal(waiter.slot, 0);
	assert_int_equal(slots(CK_TRUE), 0);
	call_start(&waiter, call_wait, 0);
	agent_process_start(target, "");
	assert_ok(call_result(&waiter));
	assert_int_equal(waiter.slot, 0);
	assert_int_equal(slots(CK_TRUE), 1);
	call_start(&waiter, call_wait, 0);
	rig_finalize();
	assert_rv(call_result(&waiter), CKR_CRYPTOKI_NOT_INITIALIZED);
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
	start_pin(text);
	only_agent();
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
	assert_int_equal(file_read(log_path(), 1 << 20, &w), ERR_OK);
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
	start_people("vendor-shared", "approve", "");
	rig_initialize();
	s = rig_session();
	assert_ok(rig_login(s, NULL));
	key = rig_find(s, CKO_PRIVATE_KEY, "ec");
	assert_int_equal(agent_end(&at, NULL, why, sizeof(why)), ERR_OK);
	assert_rv(rig_sign(s, key), CKR_USER_NOT_LOGGED_IN);
	assert_rv(C_Logout(s), CKR_USER_NOT_LOGGED_IN);
	assert_ok(rig_login(s, NULL));
	assert_int_equal(people_asked(p), 2);
	assert_ok(rig_sign(s, key));
}

/* The child of a fork has nothing of its parent's login, and its own end ends nothing of its parent's. */
static void test_fork(void **state)
{
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE key;
	int status;
	pid_t pid;

	(void)state;
	start_pin("");
	only_agent();
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
		AGENT_TEST(test_same_as_direct),
		AGENT_TEST(test_no_agent),
		AGENT_TEST(test_sources),
		AGENT_TEST(test_pin),
		AGENT_TEST(test_people),
		AGENT_TEST(test_people_and_pin),
		AGENT_TEST(test_no),
		AGENT_TEST(test_cancel),
		AGENT_TEST(test_death_while_idle),
		AGENT_TEST(test_death_is_heard),
		AGENT_TEST(test_death_unnoticed),
		AGENT_TEST(test_death_while_signing),
		AGENT_TEST(test_death_while_asking),
		AGENT_TEST(test_events),
		AGENT_TEST(test_over_the_limits),
		AGENT_TEST(test_ended),
		AGENT_TEST(test_fork),
	};

	if (people_is_helper(argc, argv))
		return 0;
	agent_process_main(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
