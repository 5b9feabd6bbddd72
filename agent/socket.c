/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"

#define SYSTEMD_FD 3            /* SD_LISTEN_FDS_START */
#define BACKLOG 128

static enum err fail(const char *path, const char *what)
{
	log_tell("agent socket %s: %s: %s", path, what, strerror(errno));
	return ERR_IO;
}

/* As sd_listen_fds(3) tells it: exactly one, for this process. */
static bool is_from_systemd(void)
{
	const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS");
	char own[24];

	(void)snprintf(own, sizeof(own), "%ld", (long)getpid());
	return pid && n && strcmp(pid, own) == 0 && strcmp(n, "1") == 0;
}

static enum err take_systemd(struct agent_socket *s)
{
	int type = 0;
	socklen_t size = sizeof(type);

	if (getsockopt(SYSTEMD_FD, SOL_SOCKET, SO_TYPE, &type, &size) || type != SOCK_SEQPACKET) {
		log_tell("the socket from systemd is no sequential packet socket: ListenSequentialPacket= in its unit");
		return ERR_CONFIG;
	}
	if (fcntl(SYSTEMD_FD, F_SETFD, FD_CLOEXEC) || fcntl(SYSTEMD_FD, F_SETFL, O_NONBLOCK))
		return fail("from systemd", "fcntl");
	s->fd = SYSTEMD_FD;
	return ERR_OK;
}

/* One agent a path, from before an old socket is removed. */
static enum err hold(const char *path, struct agent_socket *s)
{
	char name[sizeof(((struct sockaddr_un *)0)->sun_path) + 8];

	(void)snprintf(name, sizeof(name), "%s.lock", path);
	s->lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->lock < 0)
		return fail(name, "open");
	if (!flock(s->lock, LOCK_EX | LOCK_NB))
		return ERR_OK;
	if (errno != EWOULDBLOCK)
		return fail(name, "flock");
	log_tell("agent socket %s: another agent serves it", path);
	return ERR_SHARING;
}

/* Octal, permission bits only. */
static bool read_mode(const char *text, mode_t *mode)
{
	char *end;
	unsigned long v = strtoul(text, &end, 8);

	*mode = (mode_t)v;
	return *text >= '0' && *text <= '7' && !*end && v <= 0777;
}

static enum err give_to(const char *path, const char *group, const char *mode)
{
	const struct group *g = group ? getgrnam(group) : NULL;
	mode_t bits = g ? 0660 : 0600;

	if (group && !g) {
		log_tell("agent socket %s: no group %s", path, group);
		return ERR_NOT_FOUND;
	}
	if (mode && !read_mode(mode, &bits)) {
		log_tell("agent socket %s: mode \"%s\" in section [agent] is none in octal, as 0660", path, mode);
		return ERR_CONFIG;
	}
	if (g && chown(path, (uid_t)-1, g->gr_gid))
		return fail(path, "chown");
	return chmod(path, bits) ? fail(path, "chmod") : ERR_OK;
}

static enum err make(const char *path, const char *group, const char *mode, struct agent_socket *s)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct stat st;
	mode_t old;
	int rc;
	enum err e;

	if (strlen(path) >= sizeof(at.sun_path)) {
		log_tell("agent socket %s: longer than %zu bytes", path, sizeof(at.sun_path) - 1);
		return ERR_CONFIG;
	}
	memcpy(at.sun_path, path, strlen(path));
	e = hold(path, s);
	if (e)
		return e;
	if (!lstat(path, &st) && S_ISSOCK(st.st_mode) && unlink(path))
		return fail(path, "unlink");
	s->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return fail(path, "socket");
	/* For nobody before it is for those whom it is for. */
	old = umask(0177);
	rc = bind(s->fd, (const struct sockaddr *)&at, sizeof(at));
	(void)umask(old);
	if (rc)
		return fail(path, "bind");
	s->path = strdup(path);
	if (!s->path)
		return ERR_NOMEM;
	e = give_to(path, group, mode);
	return e ? e : listen(s->fd, BACKLOG) ? fail(path, "listen") : ERR_OK;
}

enum err agent_socket_open(const char *path, const char *group, const char *mode, struct agent_socket *out)
{
	enum err e;

	*out = (struct agent_socket){ .fd = -1, .lock = -1 };
	if (is_from_systemd())
		e = take_systemd(out);
	else if (path)
		e = make(path, group, mode, out);
	else
		e = ERR_CONFIG;
	if (e == ERR_CONFIG && !path)
		log_tell("no socket: set socket in section [agent], or give --socket");
	if (e)
		agent_socket_close(out);
	return e;
}

void agent_socket_close(struct agent_socket *s)
{
	if (s->path)
		(void)unlink(s->path);
	if (s->fd >= 0)
		(void)close(s->fd);
	/* The lock's file stays: to remove it would let two agents hold two files of one name. */
	if (s->lock >= 0)
		(void)close(s->lock);
	free(s->path);
	*s = (struct agent_socket){ .fd = -1, .lock = -1 };
}
