/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 4096

enum err file_read(const char *path, size_t max, struct wr *out)
{
	uint8_t chunk[CHUNK];
	enum err e = ERR_OK;
	size_t total = 0;
	int fd, saved;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			e = ERR_IO;
		if (n <= 0)
			break;
		total += (size_t)n;
		if (total > max) {
			e = ERR_LIMIT;
			break;
		}
		wr_put(out, rd_of(chunk, (size_t)n));
	}
	saved = errno;
	wipe(chunk, sizeof(chunk));
	(void)close(fd);
	errno = saved;
	return e ? e : wr_done(out);
}

static enum err write_all(int fd, struct rd content)
{
	while (content.n) {
		ssize_t n = write(fd, content.p, content.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ERR_IO;
		content = rd_of(content.p + n, content.n - (size_t)n);
	}
	return ERR_OK;
}

static enum err sync_folder(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	if (fd < 0)
		return ERR_IO;
	rc = fsync(fd);
	(void)close(fd);
	return rc ? ERR_IO : ERR_OK;
}

/* Nothing is replaced. NFS knows link(2) alone; FAT, which memory sticks have, the flag alone. */
static int publish_new(const char *tmp, const char *path)
{
	if (link(tmp, path) != 0)
		return errno == EPERM ? renameat2(AT_FDCWD, tmp, AT_FDCWD, path, RENAME_NOREPLACE) : -1;
	(void)unlink(tmp);
	return 0;
}

static enum err write_new(const char *path, unsigned mode, struct rd content, bool replace)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	int folder_n = slash ? (int)(slash - path) + 1 : 0;
	char tmp[PATH_MAX], folder[PATH_MAX];
	int fd = -1, saved, n;
	enum err e = ERR_IO;

	n = snprintf(tmp, sizeof(tmp), "%.*s.%s.XXXXXX", folder_n, path, name);
	if (n < 0 || (size_t)n >= sizeof(tmp) || !*name)
		return ERR_ARG;
	(void)snprintf(folder, sizeof(folder), "%.*s", folder_n ? folder_n : 1, folder_n ? path : ".");

	fd = mkostemp(tmp, O_CLOEXEC);
	if (fd < 0)
		return ERR_IO;
	if (fchmod(fd, (mode_t)mode) != 0 || write_all(fd, content) || fsync(fd) != 0)
		goto out;
	if ((replace ? rename(tmp, path) : publish_new(tmp, path)) != 0) {
		if (!replace && errno == EEXIST)
			e = ERR_CONDITIONS;
		goto out;
	}
	tmp[0] = 0;
	e = sync_folder(folder);
out:
	saved = errno;
	if (tmp[0])
		(void)unlink(tmp);
	(void)close(fd);
	errno = saved;
	return e;
}

enum err file_check_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];
	int n = snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");

	if (n < 0 || (size_t)n >= sizeof(folder)) {
		errno = ENAMETOOLONG;
		return ERR_IO;
	}
	return access(folder, W_OK | X_OK) ? ERR_IO : ERR_OK;
}

enum err file_write(const char *path, unsigned mode, struct rd content)
{
	return write_new(path, mode, content, true);
}

enum err file_create(const char *path, unsigned mode, struct rd content)
{
	return write_new(path, mode, content, false);
}
