/* SPDX-License-Identifier: Apache-2.0 */
#include "server/notify/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/spawn.h"
#include "base/text.h"

/* ---- its start ---- */

static void shut(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

/* A file in memory, so that nobody waits for somebody who does not read. */
static int input_open(struct rd input)
{
	int fd = memfd_create("message", MFD_CLOEXEC);

	if (fd >= 0 && (write(fd, input.p, input.n) != (ssize_t)input.n || lseek(fd, 0, SEEK_SET)))
		shut(&fd);
	return fd;
}

static int actions_make(posix_spawn_file_actions_t *fa, int input, int says)
{
	int rc = posix_spawn_file_actions_adddup2(fa, input, STDIN_FILENO);

	if (!rc)
		rc = posix_spawn_file_actions_addopen(fa, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (!rc)
		rc = posix_spawn_file_actions_adddup2(fa, says, STDERR_FILENO);
	if (!rc)
		rc = posix_spawn_file_actions_addclosefrom_np(fa, STDERR_FILENO + 1);
	return rc;
}

static int spawn(char *const argv[], int input, int says, pid_t *pid)
{
	char *const none[] = { NULL };
	posix_spawn_file_actions_t fa;
	int rc = posix_spawn_file_actions_init(&fa);

	if (rc)
		return rc;
	rc = actions_make(&fa, input, says);
	if (!rc)
		rc = spawn_clean(pid, argv[0], &fa, POSIX_SPAWN_SETPGROUP, argv, none);
	(void)posix_spawn_file_actions_destroy(&fa);
	return rc;
}

static int watch(struct srv_child *c, int epoll, void *tag)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = tag };

	c->pidfd = pidfd_open(c->pid, 0);
	if (c->pidfd < 0 || fcntl(c->says, F_SETFL, O_NONBLOCK) || epoll_ctl(epoll, EPOLL_CTL_ADD, c->pidfd, &ev) ||
	    epoll_ctl(epoll, EPOLL_CTL_ADD, c->says, &ev))
		return errno;
	return 0;
}

enum err srv_child_start(char *const argv[], struct rd input, int epoll, void *tag, struct srv_child *out)
{
	int in = input_open(input), says[2] = { -1, -1 }, rc = in < 0 ? errno : 0;

	*out = (struct srv_child){ .pidfd = -1, .says = -1 };
	if (!rc && pipe2(says, O_CLOEXEC))
		rc = errno;
	if (!rc)
		rc = spawn(argv, in, says[1], &out->pid);
	shut(&in);
	shut(&says[1]);
	out->says = says[0];
	if (!rc) {
		rc = watch(out, epoll, tag);
		if (rc)
			srv_child_stop(out);
	}
	if (rc)
		shut(&out->says);
	errno = rc;
	return rc ? ERR_IO : ERR_OK;
}

/* ---- its end ---- */

/*
 * The first line is kept, what is behind it is heard so that nobody waits. Once for each look: epoll asks again, and
 * what several write at a time comes faster than it can be read.
 */
static void hear(struct srv_child *c)
{
	char text[4096], *end;
	ssize_t n = c->says >= 0 ? read(c->says, text, sizeof(text)) : 0;
	size_t take;

	if (!n)
		shut(&c->says);
	if (n <= 0 || c->is_said)
		return;
	end = memchr(text, '\n', (size_t)n);
	take = end ? (size_t)(end - text) : (size_t)n;
	if (take > sizeof(c->said) - c->n)
		take = sizeof(c->said) - c->n;
	memcpy(c->said + c->n, text, take);
	c->n += take;
	c->is_said = end;
}

bool srv_child_look(struct srv_child *c, char *why, size_t cap)
{
	siginfo_t info = { 0 };

	hear(c);
	if (waitid(P_PIDFD, (id_t)c->pidfd, &info, WEXITED | WNOHANG) || !info.si_pid)
		return false;
	hear(c);
	shut(&c->pidfd);
	shut(&c->says);
	why[0] = '\0';
	if (info.si_code == CLD_EXITED && !info.si_status)
		return true;
	if (info.si_code == CLD_EXITED && c->n)
		(void)text_shown(rd_of(c->said, c->n), why, cap);
	else
		(void)snprintf(why, cap, info.si_code == CLD_EXITED ? "exit status %d" : "ended by signal %d",
			       info.si_status);
	return true;
}

void srv_child_kill(const struct srv_child *c)
{
	(void)kill(-c->pid, SIGKILL);   /* it was not waited for, so the number is still its own */
}

void srv_child_stop(struct srv_child *c)
{
	srv_child_kill(c);
	while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
		;
	shut(&c->pidfd);
	shut(&c->says);
}
