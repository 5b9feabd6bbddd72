/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"

#define NAME    "quorum11-XXXXXX"
#define PREFIX  (sizeof("quorum11-") - 1)
#define SOCKET  "agent"
#define LOCK    SOCKET ".lock"  /* the agent's own, agent/socket.c; its file stays when the agent ends */
#define TRIES   4

static int open_folder(int at, const char *name)
{
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Who cleans may have come between its making and its lock: then it is gone, and the next is tried. */
static bool is_there(int fd, const char *path)
{
	struct stat a, b;

	return !fstat(fd, &a) && !lstat(path, &b) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

bool cli_run_folder_make(const char *parent, struct cli_run_folder *out)
{
	struct sockaddr_un at;

	*out = (struct cli_run_folder){ .fd = -1 };
	errno = ENOENT;
	for (int tries = TRIES; parent && parent[0] == '/' && tries > 0; tries--) {
		int n = snprintf(out->path, sizeof(out->path), "%s/" NAME, parent);

		errno = ENAMETOOLONG;
		if (n < 0 || (size_t)n + sizeof("/" SOCKET) > sizeof(at.sun_path) || !mkdtemp(out->path))
			break;
		out->fd = open_folder(AT_FDCWD, out->path);
		if (out->fd >= 0 && !flock(out->fd, LOCK_EX) && is_there(out->fd, out->path)) {
			(void)snprintf(out->socket, sizeof(out->socket), "%.*s/" SOCKET, n, out->path);
			return true;
		}
		if (out->fd >= 0)
			(void)close(out->fd);
		out->fd = -1;
	}
	out->path[0] = 0;
	return false;
}

static bool empty(int fd)
{
	struct stat st;

	if (!fstatat(fd, SOCKET, &st, AT_SYMLINK_NOFOLLOW) && S_ISSOCK(st.st_mode) && unlinkat(fd, SOCKET, 0))
		return false;
	return !unlinkat(fd, LOCK, 0) || errno == ENOENT;
}

bool cli_run_folder_remove(struct cli_run_folder *f)
{
	bool gone = true;
	int error;

	if (!*f->path)
		return true;
	gone = empty(f->fd) && !rmdir(f->path);
	error = errno;
	(void)close(f->fd);
	*f = (struct cli_run_folder){ .fd = -1 };
	errno = error;
	return gone;
}

/* ---- what others left ---- */

/* Not its run's any more, but its agent may still be closing its card. */
static bool is_agents(int folder)
{
	int fd = openat(folder, LOCK, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	bool held = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK;

	if (fd >= 0)
		(void)close(fd);
	return held;
}

static void clean(int parent, const char *name)
{
	int fd = open_folder(parent, name);
	struct stat st;

	if (fd < 0)
		return;
	if (!fstat(fd, &st) && st.st_uid == geteuid() && !flock(fd, LOCK_EX | LOCK_NB) && !is_agents(fd) &&
	    empty(fd) && !unlinkat(parent, name, AT_REMOVEDIR))
		log_line(LOG_AGENT, LOG_INFO, "%s was left by a run that was killed; it is removed", name);
	(void)close(fd);
}

void cli_run_folder_clean(const char *parent)
{
	DIR *dir = parent && parent[0] == '/' ? opendir(parent) : NULL;
	const struct dirent *d;

	while (dir && (d = readdir(dir)))
		if (strlen(d->d_name) == sizeof(NAME) - 1 && strncmp(d->d_name, NAME, PREFIX) == 0)
			clean(dirfd(dir), d->d_name);
	if (dir)
		(void)closedir(dir);
}
