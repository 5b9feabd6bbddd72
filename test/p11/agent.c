/* SPDX-License-Identifier: Apache-2.0 */
#include "test/p11/agent.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

#define NAME "quorum11-test-agent"
#define READY_FD 3

static pid_t pid;
struct people *agent_people;
char agent_card_dir[160];

void agent_process_main(int argc, char **argv)
{
	if (argc != 4 || strcmp(argv[0], NAME) != 0)
		return;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)snprintf(rig_folder, strlen(rig_folder) + 1, "%s", argv[1]);
	fake_scard_start();
	fake_reader_plug(RIG_READER);
	if (fake_card_insert(RIG_READER, argv[2]))
		_exit(1);
	agent_rig_start(argv[3]);
	if (write(READY_FD, "x", 1) != 1)
		_exit(1);
	for (;;)
		(void)pause();
}

void agent_process_start(const char *card_dir, const char *conf)
{
	char name[] = NAME, *folder = strdup(rig_folder), *dir = strdup(card_dir), *text = strdup(conf);
	char *argv[] = { name, folder, dir, text, NULL };
	posix_spawn_file_actions_t actions;
	int ready[2];
	char c;

	assert_true(folder && dir && text);
	/* A card is in one reader at a time. */
	fake_card_remove(RIG_READER);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
	assert_int_equal(posix_spawn_file_actions_adddup2(&actions, ready[1], READY_FD), 0);
	assert_int_equal(posix_spawn(&pid, "/proc/self/exe", &actions, NULL, argv, environ), 0);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	(void)close(ready[0]);
	free(folder);
	free(dir);
	free(text);
}

void agent_process_kill(void)
{
	if (!pid)
		return;
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
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

static void insert_at_agent(const struct rig_card *c)
{
	static const char conf[] = "[agent]\nadmit = update, delete, generate, pin\nlimits = decipher=any derive=any\n";

	agent_process_kill();
	agent_process_start(c->dir, conf);
	agent_only();
}

int agent_both_setup(void **state)
{
	rig_card_insert_by(insert_at_agent);
	return agent_test_setup(state);
}

int agent_both_teardown(void **state)
{
	rig_card_insert_by(NULL);
	return agent_test_teardown(state);
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
