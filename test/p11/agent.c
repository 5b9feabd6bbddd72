/* SPDX-License-Identifier: Apache-2.0 */
#include "test/p11/agent.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME "quorum11-test-agent"
#define READY_FD 3

static pid_t pid;

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
