/* SPDX-License-Identifier: Apache-2.0 */
#include "test/fake/disk.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	const char *ending;
	int (*before)(void *ctx);
	void *ctx;
} watch;
static atomic_bool is_unsafe;

void fake_disk_watch(const char *ending, int (*before)(void *ctx), void *ctx)
{
	(void)pthread_mutex_lock(&lock);
	watch.ending = ending;
	watch.before = before;
	watch.ctx = ctx;
	is_unsafe = false;
	(void)pthread_mutex_unlock(&lock);
}

bool fake_disk_is_safe(void)
{
	return !is_unsafe;
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), end_n = strlen(end);

	return n >= end_n && strcmp(text + n - end_n, end) == 0;
}

static bool is_watched(int fd, int (**before)(void *ctx), void **ctx)
{
	char link[64], path[PATH_MAX];
	struct stat st;
	bool watched;
	ssize_t n;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return false;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = 0;
	(void)pthread_mutex_lock(&lock);
	watched = watch.ending && ends_with(path, watch.ending);
	*before = watch.before;
	*ctx = watch.ctx;
	(void)pthread_mutex_unlock(&lock);
	return watched;
}

/* errno is another one afterwards only where the call is not to be done. */
static bool may(int fd, bool *watched)
{
	int (*before)(void *ctx);
	const int saved = errno;
	int failure;
	void *ctx;

	*watched = is_watched(fd, &before, &ctx);
	failure = *watched ? before(ctx) : 0;
	errno = failure ? failure : saved;
	return !failure;
}

/* The next function of this name: the C library's, or a sanitizer's before it. */
#define NEXT(name) \
	__typeof__(name) *next = NULL; \
	*(void **)&next = dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *p, size_t n)
{
	bool watched;
	NEXT(write);

	if (!may(fd, &watched))
		return -1;
	if (watched && !(fcntl(fd, F_GETFL) & O_DSYNC))
		is_unsafe = true;
	return next(fd, p, n);
}

static int sync_by(int (*next)(int fd), int fd)
{
	bool watched;
	int rc;

	if (!may(fd, &watched))
		return -1;
	rc = next(fd);
	if (watched && !rc)
		is_unsafe = false;
	return rc;
}

int fsync(int fd)
{
	NEXT(fsync);

	return sync_by(next, fd);
}

int fdatasync(int fd)
{
	NEXT(fdatasync);

	return sync_by(next, fd);
}
