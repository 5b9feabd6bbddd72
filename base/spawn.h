/* SPDX-License-Identifier: Apache-2.0 */
/* A child that inherits nothing by accident: no blocked or ignored signal of ours, and not our process group. */
#ifndef BASE_SPAWN_H
#define BASE_SPAWN_H

#include <spawn.h>

/*
 * Start path with all signals unblocked and as the system has them. flag: POSIX_SPAWN_SETPGROUP, a process group of its
 * own, or POSIX_SPAWN_SETSID, a session. Descriptors are as fa says; it is the caller's. 0 or an errno.
 */
int spawn_clean(pid_t *pid, const char *path, const posix_spawn_file_actions_t *fa, short flag, char *const argv[],
		char *const envp[]);

#endif
