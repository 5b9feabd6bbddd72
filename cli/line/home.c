/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/line/home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/line/say.h"

static const struct {
	const char *variable, *fallback;
} homes[] = {
	[HOME_CONFIG] = { "XDG_CONFIG_HOME", "/.config" },
	[HOME_STATE] = { "XDG_STATE_HOME", "/.local/state" },
};

/* A relative folder is to be ignored (XDG Base Directory Specification). */
enum err cli_home_path(enum cli_home where, const char *name, char *path, size_t cap)
{
	const char *xdg = secure_getenv(homes[where].variable), *home = secure_getenv("HOME");
	bool use_xdg = xdg && xdg[0] == '/';
	int n;

	if (!use_xdg && (!home || home[0] != '/'))
		return cli_refuse(ERR_CONFIG, "no home folder: set HOME or %s", homes[where].variable);
	n = snprintf(path, cap, "%s%s/quorum11/%s", use_xdg ? xdg : home, use_xdg ? "" : homes[where].fallback, name);
	return n < 0 || (size_t)n >= cap ? cli_refuse(ERR_CONFIG, "the home folder's name is too long") : ERR_OK;
}

/* Each folder of the path that is missing. */
static enum err make_folders(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		int rc;

		*slash = 0;
		rc = mkdir(path, 0700);
		if (rc && errno != EEXIST) {
			enum err e = cli_refuse(ERR_IO, "%s: %s", path, strerror(errno));

			*slash = '/';
			return e;
		}
		*slash = '/';
	}
	return ERR_OK;
}

enum err cli_home_make(enum cli_home where, const char *name, char *path, size_t cap, int *folder)
{
	enum err e = cli_home_path(where, name, path, cap);
	char *slash;

	*folder = -1;
	if (!e)
		e = make_folders(path);
	if (e)
		return e;
	slash = strrchr(path, '/');
	*slash = 0;
	*folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*folder < 0 || flock(*folder, LOCK_EX)) {
		e = cli_refuse(ERR_IO, "%s: %s", path, strerror(errno));
		if (*folder >= 0)
			(void)close(*folder);
		*folder = -1;
	}
	*slash = '/';
	return e;
}
