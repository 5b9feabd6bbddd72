/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

enum err srv_path(char out[SRV_PATH_MAX], const char *dir, const char *name, const char *suffix)
{
	struct wr w;

	wr_init(&w, out, SRV_PATH_MAX);
	wr_text(&w, dir);
	wr_u8(&w, '/');
	for (; *name; name++) {
		if (is_plain(*name))
			wr_u8(&w, (uint8_t)*name);
		else
			wr_printf(&w, "%%%02X", (uint8_t)*name);
	}
	wr_text(&w, suffix);
	wr_u8(&w, 0);
	return wr_done(&w) ? ERR_LIMIT : ERR_OK;
}

enum err srv_path_secret(const char *path, struct secret **out)
{
	enum err e = secret_read_file(path, out);

	return e == ERR_IO && errno == ENOENT ? ERR_NOT_FOUND : e;
}

/* Mostly root, who looks after a server that runs as a user of its own. */
static void tell_owner(const char *path, uid_t uid)
{
	const struct passwd *owner = getpwuid(uid);

	if (owner)
		log_tell("folder %s belongs to the user %s: run this as that user: runuser -u %s -- quorum11-server "
			 "...", path, owner->pw_name, owner->pw_name);
	else
		log_tell("folder %s belongs to the user number %lu: run this as that user, or chown it", path,
			 (unsigned long)uid);
}

enum err srv_path_folder(const char *path)
{
	struct stat st;

	if (!mkdir(path, 0700))
		return ERR_OK;
	if (errno != EEXIST || stat(path, &st))
		return ERR_IO;
	if (!S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		return ERR_IO;
	}
	if (st.st_uid != geteuid()) {
		tell_owner(path, st.st_uid);
		return ERR_REFUSED;
	}
	if (st.st_mode & (S_IWGRP | S_IWOTH)) {
		log_tell("folder %s: somebody else could write to it; chmod go-w it", path);
		return ERR_REFUSED;
	}
	return ERR_OK;
}

enum err srv_path_hold(const char *dir, int *fd)
{
	int saved;

	*fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		return ERR_IO;
	if (!flock(*fd, LOCK_EX | LOCK_NB))
		return ERR_OK;
	saved = errno;
	(void)close(*fd);
	*fd = -1;
	errno = saved;
	return saved == EWOULDBLOCK ? ERR_SHARING : ERR_IO;
}
