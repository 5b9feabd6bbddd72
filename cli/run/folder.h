/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder of a socket: one for each "quorum11 run", which holds it by a lock as long as it lives. So the next run
 * knows whose owner died without removing his, and removes it.
 */
#ifndef CLI_RUN_FOLDER_H
#define CLI_RUN_FOLDER_H

#include <limits.h>
#include <stdbool.h>

struct cli_run_folder {
	int fd;                         /* of the folder, with its lock; -1: there is none */
	char path[PATH_MAX];            /* "": there is none */
	char socket[PATH_MAX];          /* where an agent's socket belongs */
};

/* A new one, for our user only, in parent, an absolute path or NULL. false: not possible there; errno. */
bool cli_run_folder_make(const char *parent, struct cli_run_folder *out);
/* With what an agent leaves in it. false: it is still there; errno. NULL-safe for one that was not made. */
bool cli_run_folder_remove(struct cli_run_folder *f);
/* All in parent that belong to our user and to no living process; what is not ours stays. */
void cli_run_folder_clean(const char *parent);

#endif
