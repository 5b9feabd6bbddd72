/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/spawn.h"
#include "cli/line/say.h"
#include "cli/line/words.h"
#include "cli/run/agent.h"
#include "cli/run/run.h"

#define LIFELINE_FD 3
#define READY_FD    4
#define READY_MS    20000       /* the agent's own limit is half of that */
#define OTHER_PLACE "/tmp"      /* for the socket, where the session has none of its own */
#define END_MS      15000       /* it closes its card, which may be busy with a signature */

/* ---- start ---- */

/* Both ends above the numbers that the child gets them as. */
static bool make_pipe(int ends[2])
{
	int low[2];

	if (pipe2(low, O_CLOEXEC))
		return false;
	for (int i = 0; i < 2; i++) {
		ends[i] = fcntl(low[i], F_DUPFD_CLOEXEC, READY_FD + 1);
		(void)close(low[i]);
	}
	return ends[0] >= 0 && ends[1] >= 0;
}

static void drop(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static int fill(posix_spawn_file_actions_t *fa, int lifeline, int ready)
{
	int rc = posix_spawn_file_actions_adddup2(fa, lifeline, LIFELINE_FD);

	if (!rc)
		rc = posix_spawn_file_actions_adddup2(fa, ready, READY_FD);
	/* stdout is the command's. What it has to say it says on our stderr. */
	for (int fd = STDIN_FILENO; fd <= STDOUT_FILENO && !rc; fd++)
		rc = posix_spawn_file_actions_addopen(fa, fd, "/dev/null", O_RDWR, 0);
	if (!rc)
		rc = posix_spawn_file_actions_adddup2(fa, STDERR_FILENO, STDERR_FILENO);
	if (!rc)
		rc = posix_spawn_file_actions_addclosefrom_np(fa, READY_FD + 1);
	return rc;
}

/* A session of its own: what the terminal sends is for the command. */
static int spawn(const char *path, char *const *argv, char **env, int lifeline, int ready, pid_t *pid)
{
	posix_spawn_file_actions_t fa;
	int rc = posix_spawn_file_actions_init(&fa);

	if (rc)
		return rc;
	rc = fill(&fa, lifeline, ready);
	if (!rc)
		rc = spawn_clean(pid, path, &fa, POSIX_SPAWN_SETSID, argv, env);
	(void)posix_spawn_file_actions_destroy(&fa);
	return rc;
}

/* Its environment is ours: configuration and reason are found there. Without settings its log is short. */
static char **environment(const struct cli *cli)
{
	const struct conf *c = cli->conf;
	struct cli_env set[5] = {
		{ CLI_AGENT_ENV, NULL }, { "LISTEN_PID", NULL }, { "LISTEN_FDS", NULL },
	};
	size_t n = 3;

	if (cli->args->url)
		set[n++] = (struct cli_env){ "QUORUM11_URL", cli->args->url };
	if (!c->agent.log && !c->module.log)
		set[n++] = (struct cli_env){ "QUORUM11_LOG", "agent+warn" };
	return cli_env_new(set, n);
}

static enum err launch(const struct cli *cli, const struct cli_run_asks *asks, struct cli_run_agent *a, int lifeline,
		       int ready)
{
	const char *program = cli->conf->agent.program;
	struct cli_words w = { .n = 1, .v = { (char[]){ "quorum11-agent" } } };
	char number[2][8], **env = environment(cli);
	int rc;

	if (!env)
		return cli_fail(ERR_NOMEM, "starting the agent");
	(void)snprintf(number[0], sizeof(number[0]), "%d", LIFELINE_FD);
	(void)snprintf(number[1], sizeof(number[1]), "%d", READY_FD);
	cli_words_add(&w, "--socket", a->folder.socket);
	cli_words_add(&w, "--ca", cli->args->ca);
	cli_words_add(&w, "--lifeline", number[0]);
	cli_words_add(&w, "--ready", number[1]);
	cli_words_add(&w, "--reader", asks->reader);
	cli_words_add(&w, "--limits", asks->limits);
	cli_words_add(&w, "--manifest", asks->manifest);
	cli_words_add(&w, "--receipt", asks->receipt);
	cli_words_add(&w, "--receipts", asks->receipts);
	rc = spawn(program, w.v, env, lifeline, ready, &a->pid);
	cli_env_free(env);
	if (rc) {
		a->pid = 0;
		return cli_refuse(ERR_IO, "%s: %s; program in section [agent] names it", program, strerror(rc));
	}
	a->pidfd = pidfd_open(a->pid, 0);
	return a->pidfd < 0 ? cli_refuse(ERR_IO, "%s: no handle of the process: %s", program, strerror(errno)) : ERR_OK;
}

/* A line, or the end of the pipe: nobody else has its other end. */
static enum err wait_ready(int ready, const struct deadline *dl)
{
	struct deadline soon = deadline_within(dl, READY_MS);
	enum err e = deadline_wait(&soon, ready);
	char line[16];
	ssize_t n;

	if (e == ERR_TIMEOUT)
		return cli_refuse(e, "the agent does not get ready");
	if (e)
		return cli_fail(e, "starting the agent");
	do {
		n = read(ready, line, sizeof(line));
	} while (n < 0 && errno == EINTR);
	return n > 0 ? ERR_OK : cli_refuse(ERR_CONFIG, "the agent ended before it was ready; nobody was asked");
}

enum err cli_run_agent_start(const struct cli *cli, const struct cli_run_asks *asks, struct cli_run_agent *out,
			     const struct deadline *dl)
{
	const char *own = secure_getenv("XDG_RUNTIME_DIR");
	const unsigned plugged = fd_plug();
	int lifeline[2] = { -1, -1 }, ready[2] = { -1, -1 };
	enum err e = ERR_OK;

	*out = (struct cli_run_agent){ .pidfd = -1, .lifeline = -1, .folder.fd = -1 };
	cli_run_folder_clean(own);
	cli_run_folder_clean(OTHER_PLACE);
	if (!cli_run_folder_make(own, &out->folder) && !cli_run_folder_make(OTHER_PLACE, &out->folder))
		e = cli_refuse(ERR_IO, "a folder for the agent's socket in " OTHER_PLACE ": %s", strerror(errno));
	if (!e && (!make_pipe(lifeline) || !make_pipe(ready)))
		e = cli_refuse(ERR_IO, "pipe: %s", strerror(errno));
	if (!e)
		e = launch(cli, asks, out, lifeline[0], ready[1]);
	drop(&lifeline[0]);
	drop(&ready[1]);
	out->lifeline = lifeline[1];
	if (!e)
		e = wait_ready(ready[0], dl);
	drop(&ready[0]);
	fd_unplug(plugged);
	return e;
}

/* ---- end ---- */

void cli_run_agent_stop(struct cli_run_agent *a)
{
	struct deadline dl = deadline_in(END_MS);
	struct cli_run_folder folder;
	siginfo_t info;

	drop(&a->lifeline);
	if (a->pid && (a->pidfd < 0 || deadline_wait(&dl, a->pidfd))) {
		cli_refuse(ERR_TIMEOUT, "the agent does not end, and is killed: its card is reset");
		(void)kill(a->pid, SIGKILL);    /* ours, and not reaped: the number is its own */
	}
	while (a->pid && waitid(P_PID, (id_t)a->pid, &info, WEXITED) < 0 && errno == EINTR)
		;
	a->pid = 0;
	drop(&a->pidfd);
	folder = a->folder;
	if (!cli_run_folder_remove(&a->folder))
		cli_refuse(ERR_IO, "%s: %s", folder.path, strerror(errno));
}
