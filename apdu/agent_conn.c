/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu/agent_conn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"

void agent_conn_end(struct agent_conn *a)
{
	if (a->fd < 0)
		return;
	/* The agent hears of the end also where the child of a fork still has a copy. */
	(void)shutdown(a->fd, SHUT_RDWR);
	(void)close(a->fd);
	a->fd = -1;
}

void agent_say(char *why, size_t cap, const char *fmt, ...)
{
	va_list ap;

	if (!why || !cap)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(why, cap, fmt, ap);
	va_end(ap);
}

/* ---- one question, one answer ---- */

enum err agent_conn_hear(struct agent_conn *a, struct wr *packet, enum agent_type *type, struct rd *elements,
			  const struct deadline *dl)
{
	enum err e;

	wr_reset(packet);
	e = agent_msg_receive(a->fd, packet, dl);
	if (!e && agent_msg_read(wr_view(packet), type, elements))
		e = ERR_PROTOCOL;
	return e;
}

enum err agent_conn_judge(struct agent_conn *a, enum agent_type type, struct rd elements)
{
	if (type == AGENT_OK)
		return ERR_OK;
	return type == AGENT_FAIL ? agent_fail_read(elements, a->why, sizeof(a->why)) : ERR_PROTOCOL;
}

enum err agent_conn_ask(struct agent_conn *a, struct wr *packet, struct rd *elements, const struct deadline *dl)
{
	enum agent_type type = AGENT_FAIL;
	enum err e = wr_done(packet);

	a->why[0] = 0;
	if (e)
		return e;
	if (a->fd < 0)
		return ERR_REMOVED;
	e = agent_msg_send(a->fd, wr_view(packet), dl);
	if (!e)
		e = agent_conn_hear(a, packet, &type, elements, dl);
	if (!e && type != AGENT_FAIL && type != AGENT_OK)
		e = ERR_PROTOCOL;
	if (e) {
		agent_conn_end(a);
		return e;
	}
	return agent_conn_judge(a, type, *elements);
}

enum err agent_conn_ask_plain(struct agent_conn *a, enum agent_type type, uint64_t ms)
{
	struct deadline dl = deadline_in(ms);
	struct rd elements;
	struct wr w;
	enum err e;

	wr_init_heap(&w, AGENT_MESSAGE_MAX);
	agent_msg_begin(&w, type);
	e = agent_conn_ask(a, &w, &elements, &dl);
	wr_free(&w);
	return e;
}

/* ---- the connection ---- */

/* Not one of the host's descriptors 0 to 2. */
static int new_socket(void)
{
	unsigned plugged = fd_plug();
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	fd_unplug(plugged);
	return fd;
}

/* Waits, for a while, where more connect at once than the agent takes: so connect(2) blocks here. */
static enum err connect_to(int fd, const char *path, char *why, size_t cap)
{
	const struct timeval patience = { .tv_sec = AGENT_PATIENCE_MS / 1000 };
	const struct timeval slice = { .tv_sec = AGENT_SLICE_MS / 1000 };
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	size_t n = strlen(path);

	if (n >= sizeof(at.sun_path)) {
		agent_say(why, cap, "agent %s: a socket's path has at most %zu bytes", path, sizeof(at.sun_path) - 1);
		return ERR_CONFIG;
	}
	memcpy(at.sun_path, path, n);
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)))
		return ERR_IO;
	while (connect(fd, (struct sockaddr *)&at, sizeof(at)))
		switch (errno) {
		case EINTR:
			break;
		case ENOENT:
		case ECONNREFUSED:
		case ENOTDIR:
			agent_say(why, cap, "agent %s: nobody listens there", path);
			return ERR_NO_SERVICE;
		case EACCES:
		case EPERM:
			agent_say(why, cap, "agent %s: this user may not use it (group in section [agent])", path);
			return ERR_REFUSED;
		case EPROTOTYPE:
			agent_say(why, cap, "agent %s: what listens there is no agent", path);
			return ERR_PROTOCOL;
		case EAGAIN:
			agent_say(why, cap, "agent %s: it takes no connection", path);
			return ERR_TIMEOUT;
		default:
			agent_say(why, cap, "agent %s: %s", path, strerrordesc_np(errno));
			return ERR_IO;
		}
	return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &slice, sizeof(slice)) ? ERR_IO : ERR_OK;
}

/* A PIN may go over this connection, and what the other end says is believed. */
static enum err check_owner(int fd, const char *path, char *why, size_t cap)
{
	struct ucred peer;
	socklen_t n = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n))
		return ERR_IO;
	if (peer.uid == 0 || peer.uid == geteuid())
		return ERR_OK;
	agent_say(why, cap, "agent %s: user %u listens there, who is neither root nor the user of this program", path,
	    (unsigned)peer.uid);
	return ERR_REFUSED;
}

static enum err greet(struct agent_conn *a, const struct agent_at *at)
{
	struct deadline dl = deadline_in(AGENT_PATIENCE_MS);
	struct rd elements, version;
	struct wr w;
	uint32_t v;
	enum err e;

	wr_init_heap(&w, AGENT_MESSAGE_MAX);
	agent_msg_begin(&w, AGENT_HELLO);
	wr_tlv_u8(&w, AGENT_T_VERSION, AGENT_PROTO_VERSION);
	if (at->program)
		wr_tlv(&w, AGENT_T_PROGRAM, rd_of(at->program, strnlen(at->program, AGENT_TEXT_MAX)));
	if (at->reason)
		wr_tlv(&w, AGENT_T_REASON, rd_of(at->reason, strnlen(at->reason, AGENT_TEXT_MAX)));
	e = agent_conn_ask(a, &w, &elements, &dl);
	if (!e && (!rd_tlv_find(elements, AGENT_T_VERSION, &version) || !rd_uint(version, &v) ||
		   v != AGENT_PROTO_VERSION))
		e = ERR_PROTOCOL;
	wr_free(&w);
	return e;
}

enum err agent_conn_explain(const struct agent_conn *a, const char *path, enum err e, char *why, size_t cap)
{
	if (a->why[0])
		agent_say(why, cap, "agent %s: %s", path, a->why);
	else if (e == ERR_PROTOCOL)
		agent_say(why, cap, "agent %s: it is of another version than this program", path);
	else if (e == ERR_TIMEOUT)
		agent_say(why, cap, "agent %s: no answer in %d s", path, AGENT_PATIENCE_MS / 1000);
	else if (e)
		agent_say(why, cap, "agent %s: %s", path, e == ERR_REMOVED ? "it has ended" : err_text(e));
	return e == ERR_REMOVED && !a->why[0] ? ERR_NO_SERVICE : e;
}

void agent_conn_free(struct agent_conn **a)
{
	if (!*a)
		return;
	agent_conn_end(*a);
	wr_free(&(*a)->packet);
	free(*a);
	*a = NULL;
}

enum err agent_conn_open(const struct agent_at *at, struct agent_conn **out, char *why, size_t cap)
{
	struct agent_conn *a = calloc(1, sizeof(*a));
	enum err e;

	agent_say(why, cap, "%s", "");
	if (!a)
		return ERR_NOMEM;
	wr_init_heap(&a->packet, AGENT_MESSAGE_MAX);
	a->fd = new_socket();
	e = a->fd < 0 ? ERR_IO : connect_to(a->fd, at->socket, why, cap);
	if (!e && at->own_only)
		e = check_owner(a->fd, at->socket, why, cap);
	if (!e)
		e = agent_conn_explain(a, at->socket, greet(a, at), why, cap);
	if (e) {
		log_line(LOG_AGENT, LOG_INFO, "agent %s: no connection: %s", at->socket, err_text(e));
		agent_conn_free(&a);
	}
	*out = a;
	return e;
}
