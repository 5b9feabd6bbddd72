/* SPDX-License-Identifier: Apache-2.0 */
#include "base/spawn.h"

#include <signal.h>

int spawn_clean(pid_t *pid, const char *path, const posix_spawn_file_actions_t *fa, short flag, char *const argv[],
		char *const envp[])
{
	posix_spawnattr_t attr;
	sigset_t none, all;
	int rc = posix_spawnattr_init(&attr);

	if (rc)
		return rc;
	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	rc = posix_spawnattr_setsigmask(&attr, &none);
	if (!rc)
		rc = posix_spawnattr_setsigdefault(&attr, &all);
	if (!rc)
		rc = posix_spawnattr_setpgroup(&attr, 0);
	if (!rc)
		rc = posix_spawnattr_setflags(&attr,
					      (short)(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | flag));
	if (!rc)
		rc = posix_spawn(pid, path, fa, &attr, argv, envp);
	(void)posix_spawnattr_destroy(&attr);
	return rc;
}
