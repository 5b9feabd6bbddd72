/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

static int take_lowest(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd <= STDERR_FILENO)
		return fd;
	(void)close(fd);
	return -1;
}

unsigned fd_plug(void)
{
	const int saved = errno;
	unsigned plugged = 0;
	int fd;

	for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
		if (fcntl(i, F_GETFD) < 0) {
			fd = take_lowest();
			if (fd >= 0)
				plugged |= 1u << fd;
		}
	errno = saved;
	return plugged;
}

void fd_guard(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)open("/dev/null", O_CLOEXEC | (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY));
}

void fd_unplug(unsigned plugged)
{
	const int saved = errno;

	for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
		if (plugged & 1u << i)
			(void)close(i);
	errno = saved;
}

int fd_event(void)
{
	unsigned plugged = fd_plug();
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	fd_unplug(plugged);
	return fd;
}
