/* SPDX-License-Identifier: Apache-2.0 */
#include "login/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/spawn.h"
#include "base/text.h"
#include "base/tlv.h"
#include "login/frame.h"

#define HELPER_FD      3
#define TICK_MS        250
#define GRACE_MS       100
#define OPEN_MAX_BYTES 16384

struct login_helper {
	int fd;
	int pidfd;              /* names our child even if the host has reaped it and its number is another's */
	pid_t pid;
};

/*
 * The child gets our socket as descriptor 3, /dev/null as 0 to 2, and nothing else: no environment (a proxy named
 * there is none of ours), no signal state. A process group of its own: a Ctrl-C that the host survives must not end
 * its login.
 */
static int spawn(const char *path, int theirs, pid_t *pid)
{
	char *const argv[] = { (char[]){ "quorum11-connect" }, NULL }, *const envp[] = { NULL };
	posix_spawn_file_actions_t fa;
	int rc = posix_spawn_file_actions_init(&fa);

	if (rc)
		return rc;
	/* First ours to 3, as ours may be 0 to 2 in a host that has closed its own. */
	rc = posix_spawn_file_actions_adddup2(&fa, theirs, HELPER_FD);
	for (int fd = 0; fd < HELPER_FD && !rc; fd++)
		rc = posix_spawn_file_actions_addopen(&fa, fd, "/dev/null", O_RDWR, 0);
	if (!rc)
		rc = posix_spawn_file_actions_addclosefrom_np(&fa, HELPER_FD + 1);
	if (!rc)
		rc = spawn_clean(pid, path, &fa, POSIX_SPAWN_SETPGROUP, argv, envp);
	(void)posix_spawn_file_actions_destroy(&fa);
	return rc;
}

static void put_setting(struct wr *w, enum login_setting tag, const char *value)
{
	if (value)
		wr_tlv(w, tag, rd_str(value));
}

/* An error and a text, which may quote the server. */
enum err login_helper_failure(struct rd content, char *why, size_t cap)
{
	uint8_t code;

	if (!rd_u8(&content, &code) || code == ERR_OK || code >= ERR_COUNT)
		return ERR_PROTOCOL;
	if (why)
		(void)text_shown(content, why, cap);
	return (enum err)code;
}

/* The next frame; tick while it is not there. */
static enum err receive(struct login_helper *h, uint8_t *type, struct wr *content, const struct login_wait *w,
			struct deadline *dl)
{
	for (;;) {
		struct deadline slice = deadline_within(dl, TICK_MS);
		enum err e = deadline_wait(w->tick ? &slice : dl, h->fd);

		if (!e)
			return login_frame_receive(h->fd, type, content, dl);
		if (e != ERR_TIMEOUT || deadline_left_ms(dl) == 0)
			return e;
		e = w->tick(w->ctx);
		if (e)
			return e;
	}
}

static enum err say_ended(enum err e, char *why, size_t cap)
{
	if (e == ERR_IO && why)
		(void)snprintf(why, cap, "the helper process ended");
	return e;
}

/* The answer to a question; content is its. */
static enum err hear(struct login_helper *h, enum login_frame want, struct wr *content, const struct login_wait *w,
		     struct deadline *dl)
{
	uint8_t got = 0;
	enum err e = receive(h, &got, content, w, dl);

	if (e)
		return say_ended(e, w->why, w->cap);
	if (got == LOGIN_FAIL)
		return login_helper_failure(wr_view(content), w->why, w->cap);
	return got == want ? ERR_OK : ERR_PROTOCOL;
}

int login_helper_fd(const struct login_helper *h)
{
	return h->fd;
}

/* A socket that has no room left for a short question is one that nobody reads. */
enum err login_helper_tell(struct login_helper *h, enum login_frame type, struct rd content)
{
	struct deadline at_once = deadline_in(0);

	return login_frame_send(h->fd, (uint8_t)type, content, &at_once);
}

static void put_settings(struct wr *w, const struct conf *conf, const char *header)
{
	put_setting(w, LOGIN_URL, conf->login.url);
	put_setting(w, LOGIN_CA, conf->login.ca);
	put_setting(w, LOGIN_CERT, conf->login.cert);
	put_setting(w, LOGIN_KEY, conf->login.key);
	put_setting(w, LOGIN_PIN, conf->login.pin);
	put_setting(w, LOGIN_PROXY, conf->login.proxy);
	put_setting(w, LOGIN_HEADER, header);
	put_setting(w, LOGIN_TOKEN, conf->login.token);
	wr_tlv_u8(w, LOGIN_HTTP, conf->login.http);
}

/* The process, at the other end of theirs. */
static enum err child_start(struct login_helper *h, const char *path, int theirs, char *why, size_t cap)
{
	int rc = spawn(path, theirs, &h->pid);

	if (rc) {
		(void)snprintf(why, cap, "%s: %s", path, strerrordesc_np(rc));
		return ERR_CONFIG;
	}
	h->pidfd = pidfd_open(h->pid, 0);
	if (h->pidfd >= 0)
		return ERR_OK;
	(void)snprintf(why, cap, "%s: no handle of the process: %s", path, strerrordesc_np(errno));
	(void)kill(h->pid, SIGKILL);
	(void)waitpid(h->pid, NULL, 0);
	return ERR_IO;
}

/* With its end of a socket pair, which is all that the two share. */
static enum err helper_new(const char *path, struct login_helper **out, char *why, size_t cap)
{
	struct login_helper *h = calloc(1, sizeof(*h));
	int pair[2];
	enum err e;

	if (!h)
		return ERR_NOMEM;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
		(void)snprintf(why, cap, "no socket pair: %s", strerrordesc_np(errno));
		free(h);
		return ERR_IO;
	}
	h->fd = pair[0];
	e = child_start(h, path, pair[1], why, cap);
	(void)close(pair[1]);
	if (e) {
		(void)close(h->fd);
		free(h);
		h = NULL;
	}
	*out = h;
	return e;
}

enum err login_helper_start(const struct conf *conf, const char *header, struct login_helper **out, char *why,
			    size_t cap)
{
	unsigned plugged;
	struct wr open;
	enum err e;

	*out = NULL;
	if (!conf->login.url || !conf->module.helper) {
		(void)snprintf(why, cap, "%s is not set", conf->login.url ? "[module] helper" : "[login] url");
		return ERR_CONFIG;
	}
	plugged = fd_plug();
	e = helper_new(conf->module.helper, out, why, cap);
	fd_unplug(plugged);
	if (e)
		return e;
	wr_init_heap(&open, OPEN_MAX_BYTES);
	put_settings(&open, conf, header);
	e = wr_done(&open);
	if (!e)
		e = say_ended(login_helper_tell(*out, LOGIN_OPEN, wr_view(&open)), why, cap);
	wr_free(&open);
	if (e)
		login_helper_close(out);
	return e;
}

enum err login_helper_open(const struct conf *conf, const char *header, struct login_helper **out, char *why,
			   size_t cap, struct deadline *dl)
{
	const struct login_wait w = { .why = why, .cap = cap };
	struct wr answer;
	enum err e = login_helper_start(conf, header, out, why, cap);

	if (e)
		return e;
	wr_init_heap(&answer, OPEN_MAX_BYTES);
	e = hear(*out, LOGIN_READY, &answer, &w, dl);
	wr_free(&answer);
	if (e)
		login_helper_close(out);
	return e;
}

enum err login_helper_ask(struct login_helper *h, enum login_frame type, struct rd content, int *status,
			  struct wr *body, const struct login_wait *w, struct deadline *dl)
{
	struct wr answer;
	uint16_t code;
	struct rd r;
	enum err e;

	wr_init_heap(&answer, LOGIN_FRAME_MAX);
	e = say_ended(login_frame_send(h->fd, (uint8_t)type, content, dl), w->why, w->cap);
	if (!e)
		e = hear(h, LOGIN_REPLY, &answer, w, dl);
	if (e)
		goto out;
	r = wr_view(&answer);
	e = ERR_PROTOCOL;
	if (!rd_u16(&r, &code))
		goto out;
	*status = code;
	wr_put(body, r);
	e = wr_done(body);
out:
	wr_free(&answer);
	return e;
}

/*
 * It ends at our end of file; a process that does not is killed. The host may have reaped it, or may ignore
 * SIGCHLD; its number may be another's by now: only the handle is used.
 */
static void end_child(struct login_helper *h)
{
	struct pollfd fd = { .fd = h->pidfd, .events = POLLIN };
	siginfo_t info;

	if (poll(&fd, 1, GRACE_MS) != 1)
		(void)pidfd_send_signal(h->pidfd, SIGKILL, NULL, 0);
	while (waitid(P_PIDFD, (id_t)h->pidfd, &info, WEXITED) < 0 && errno == EINTR)
		;
}

void login_helper_close(struct login_helper **h)
{
	if (!h || !*h)
		return;
	(void)close((*h)->fd);
	end_child(*h);
	(void)close((*h)->pidfd);
	free(*h);
	*h = NULL;
}
