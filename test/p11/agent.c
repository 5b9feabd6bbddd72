/* SPDX-License-Identifier: Apache-2.0 */
#include "test/p11/agent.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

#define NAME "quorum11-test-agent"
#define ORDERS_FD 3

static pid_t pid;
static int orders = -1;                 /* what is to be done to the reader, and the answers */
struct people *agent_people;
char agent_card_dir[160];

void agent_process_main(int argc, char **argv)
{
	struct rig_answer a = { .e = ERR_OK };
	struct rig_order o;

	if (argc != 4 || strcmp(argv[0], NAME) != 0)
		return;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)snprintf(rig_folder, strlen(rig_folder) + 1, "%s", argv[1]);
	rig_readers_start();
	if (argv[2][0] && fake_card_insert(RIG_READER, argv[2]))
		_exit(1);
	agent_rig_start(argv[3]);
	/* The first one says that it is ready. */
	do {
		if (send(ORDERS_FD, &a, sizeof(a), 0) != sizeof(a) || recv(ORDERS_FD, &o, sizeof(o), 0) != sizeof(o))
			_exit(1);
		a = reader_do(&o);
	} while (true);
}

void agent_process_start(const char *card_dir, const char *conf)
{
	char name[] = NAME, *folder = strdup(rig_folder), *dir = strdup(card_dir ? card_dir : ""), *text = strdup(conf);
	char *argv[] = { name, folder, dir, text, NULL };
	posix_spawn_file_actions_t actions;
	struct rig_answer ready;
	int ends[2];

	assert_true(folder && dir && text);
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	/* A card is in one reader at a time. */
	fake_card_remove(RIG_READER);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
	assert_int_equal(posix_spawn_file_actions_adddup2(&actions, ends[1], ORDERS_FD), 0);
	assert_int_equal(posix_spawn(&pid, "/proc/self/exe", &actions, NULL, argv, environ), 0);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)close(ends[1]);
	orders = ends[0];
	assert_int_equal(recv(orders, &ready, sizeof(ready), 0), sizeof(ready));
	free(folder);
	free(dir);
	free(text);
}

void agent_process_kill(void)
{
	if (!pid)
		return;
	(void)kill(pid, SIGKILL);
	/* Its helpers, which write into the folder, see that it is gone, and are ours to wait for then. */
	while (waitpid(-1, NULL, 0) > 0)
		continue;
	(void)close(orders);
	pid = 0;
}

void agent_process_freeze(void)
{
	int status;

	assert_int_equal(kill(pid, SIGSTOP), 0);
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
}

const char *agent_process_socket(void)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/agent", rig_folder);
	return path;
}

/* ---- for the tests ---- */

void agent_only(void)
{
	assert_int_equal(setenv("QUORUM11_AGENT", agent_process_socket(), 1), 0);
}

/* A card with a PIN. */
void agent_start_pin(const char *conf)
{
	const struct rig_card c = rig_card_simple();

	(void)snprintf(agent_card_dir, sizeof(agent_card_dir), "%s", c.dir);
	agent_process_start(agent_card_dir, conf);
}

void agent_start_people(const char *profile, const char *what, const char *more)
{
	agent_people = people_new(profile);
	(void)snprintf(agent_card_dir, sizeof(agent_card_dir), "%s", people_target(agent_people));
	agent_process_start(agent_card_dir, people_conf_text(what, more));
	agent_only();
}

int agent_test_setup(void **state)
{
	(void)unsetenv("QUORUM11_AGENT");
	return rig_setup(state);
}

int agent_test_teardown(void **state)
{
	int rc;

	(void)C_Finalize(NULL);
	agent_process_kill();
	(void)unsetenv("QUORUM11_AGENT");
	rc = rig_teardown(state);
	if (agent_people)
		people_free(agent_people);
	agent_people = NULL;
	return log_open(NULL) || log_configure("") ? -1 : rc;
}

/* ---- each test twice ---- */

/* Until the agent has seen what happened to a reader. */
static void wait_for(const char *reader, bool has_card)
{
	const struct agent_at at = { .socket = agent_process_socket(), .own_only = true };
	struct deadline all = deadline_in(PATIENCE_MS), slice;
	struct apdu_readers now;
	bool done = false;

	while (!done) {
		assert_int_equal(deadline_check(&all), ERR_OK);
		slice = deadline_within(&all, 1);
		assert_int_equal(deadline_wait(&slice, -1), ERR_TIMEOUT);
		assert_int_equal(agent_list(&at, &now, NULL, 0), ERR_OK);
		for (size_t i = 0; i < now.n; i++)
			done = done || (strcmp(now.v[i].name, reader) == 0 && now.v[i].has_card == has_card);
	}
}

void rig_end_approval(void)
{
	const struct agent_at at = { .socket = agent_process_socket(), .own_only = true };

	if (!rig_is_direct())
		assert_int_equal(agent_end(&at, NULL, NULL, 0), ERR_OK);
}

void rig_wait_for_card(void)
{
	if (!rig_is_direct())
		wait_for(RIG_READER, true);
}

static struct rig_answer order(const struct rig_order *o)
{
	struct rig_answer a;

	assert_int_equal(send(orders, o, sizeof(*o), 0), sizeof(*o));
	assert_int_equal(recv(orders, &a, sizeof(a), 0), sizeof(a));
	if (!a.e && (o->what == READER_INSERT || o->what == READER_REMOVE || o->what == READER_PLUG))
		wait_for(o->reader[0] ? o->reader : RIG_READER, o->what == READER_INSERT);
	return a;
}

static int both_setup(void **state)
{
	int rc = agent_test_setup(state);

	agent_process_start(NULL, "[agent]\nadmit = update, delete, generate, unwrap, pin, initialize\n"
			    "limits = decipher=any derive=any wrap=any\n");
	agent_only();
	reader_at(order);
	return rc;
}

static int both_teardown(void **state)
{
	reader_at(NULL);
	return agent_test_teardown(state);
}

int agent_run_both(const struct CMUnitTest *tests, size_t n)
{
	struct CMUnitTest *all = calloc(2 * n, sizeof(*all));
	char (*names)[128] = calloc(n, sizeof(*names));
	size_t k = 0;
	int rc;

	if (!all || !names)
		return 1;
	for (size_t i = 0; i < n; i++) {
		all[k++] = tests[i];
		/* A client of an agent reads as if its reader took long commands. */
		if (tests[i].setup_func != rig_setup || rig_is_short())
			continue;
		(void)snprintf(names[i], sizeof(names[i]), "%s at an agent", tests[i].name);
		all[k++] = (struct CMUnitTest){ names[i], tests[i].test_func, both_setup, both_teardown,
						tests[i].initial_state };
	}
	/* What cmocka_run_group_tests makes of an array of which it sees the size. */
	rc = _cmocka_run_group_tests("tests", all, k, NULL, NULL);
	free(names);
	free(all);
	return rc;
}

/* ---- short forms ---- */

CK_RV caller_login(struct caller *c)
{
	return rig_login(c->s, NULL);
}

CK_RV caller_sign(struct caller *c)
{
	return rig_sign(c->s, c->key);
}

CK_RV caller_wait(struct caller *c)
{
	return C_WaitForSlotEvent(0, &c->slot, NULL);
}

static void *call(void *arg)
{
	struct caller *c = arg;

	c->rv = c->call(c);
	return NULL;
}

void caller_start(struct caller *c, CK_RV (*what)(struct caller *c), CK_SESSION_HANDLE s)
{
	c->call = what;
	c->s = s;
	c->slot = CK_UNAVAILABLE_INFORMATION;
	c->rv = CKR_GENERAL_ERROR;
	assert_int_equal(pthread_create(&c->thread, NULL, call, c), 0);
}

CK_RV caller_result(struct caller *c)
{
	assert_int_equal(pthread_join(c->thread, NULL), 0);
	return c->rv;
}

const char *agent_log_path(void)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/log", rig_folder);
	return path;
}

CK_ULONG agent_slots(CK_BBOOL with_token)
{
	CK_ULONG n = 0;

	assert_ok(C_GetSlotList(with_token, NULL, &n));
	return n;
}
