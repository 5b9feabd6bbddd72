/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the verb run: limits, an agent of its own, a command. */
#ifndef CLI_RUN_RUN_H
#define CLI_RUN_RUN_H

#include <limits.h>
#include <sys/types.h>

#include "cli/card/keys.h"
#include "cli/run/folder.h"
#include "pka/limits.h"

/* ---- limits (run_limits.c) ---- */

/* --sign, --for and --limits. *any: something was asked for, --key counts. ERR_ARG, said. */
MUST enum err cli_run_limits(const struct cli_args *a, struct pka_limits *out, bool *any);
/* Only this key, and those added before. ERR_LIMIT, said. */
MUST enum err cli_run_limits_key(struct pka_limits *l, const struct cli_key *k, const char *named);

/* ---- environment and command (run_command.c) ---- */

struct cli_env {
	const char *name, *value;       /* NULL: unset */
};
/* Ours, with these changes; an array with NULL at its end, the caller's to free by cli_env_free. NULL: no memory. */
char **cli_env_new(const struct cli_env *set, size_t n);
void cli_env_free(char **env);

/*
 * Where a command is, as execvp(3) finds it. On failure *status is what shells answer: 127 (not found) or 126 (not
 * executable). Said.
 */
MUST enum err cli_command_find(const char *name, char path[PATH_MAX], int *status);
/*
 * Run it and wait. SIGINT and SIGQUIT, which a terminal sends to the command as well, are ignored from now on;
 * SIGTERM and SIGHUP are passed on. *status: its exit status, 128 and the signal that ended it, 126 or 127 if it could
 * not be started (said).
 */
void cli_command_run(const char *path, char *const *argv, char **env, int *status);

/* ---- the agent (run_agent.c) ---- */

struct cli_run_agent {
	pid_t pid;                      /* 0: there is none */
	int pidfd, lifeline;
	struct cli_run_folder folder;   /* of its socket */
};
struct cli_run_asks {                   /* NULL where nothing is said */
	const char *reader, *limits, *manifest, *receipt, *receipts;
};
/*
 * An agent of our own with a socket in a folder that is ours alone; it ends with this process, however that ends.
 * Returns when it is ready. To be stopped even after a failure. ERR_CONFIG: it ended, and has said why; ERR_TIMEOUT,
 * ERR_CANCELLED, ERR_IO, ERR_NOMEM. Said.
 */
MUST enum err cli_run_agent_start(const struct cli *cli, const struct cli_run_asks *asks, struct cli_run_agent *out,
				  const struct deadline *dl);
/* Tell it to end, wait so long as it may need to close its card, and remove the folder. */
void cli_run_agent_stop(struct cli_run_agent *a);

#endif
