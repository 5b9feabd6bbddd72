/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu/agent_link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"

#define ANSWER_MS 10000         /* of everything that asks neither a card nor people */
#define CARD_MS   (20 * 60 * 1000) /* a key pair takes minutes, and others come first */

struct client {
	int fd;
	struct wr out, in;
	char why[AGENT_TEXT_MAX];
};

static enum err say(char *why, size_t cap, enum err e, const char *what)
{
	if (e && why)
		(void)snprintf(why, cap, "%s", what);
	return e;
}

/* ---- one question ---- */

static void client_close(struct client *c)
{
	if (c->fd >= 0)
		(void)close(c->fd);
	c->fd = -1;
	wr_free(&c->out);
	wr_free(&c->in);
}

/* A packet of the agent; elements are views into c->in. */
static enum err hear(struct client *c, enum agent_type *type, struct rd *elements, const struct deadline *dl)
{
	enum err e;

	wr_reset(&c->in);
	e = agent_msg_receive(c->fd, &c->in, dl);
	if (!e && agent_msg_read(wr_view(&c->in), type, elements))
		e = ERR_PROTOCOL;
	return e;
}

/* After a question whose answer did not come nothing fits any more. */
static enum err hang_up(struct client *c, enum err e)
{
	(void)close(c->fd);
	c->fd = -1;
	return e;
}

static enum err put(struct client *c, const struct deadline *dl)
{
	enum err e = wr_done(&c->out);

	if (c->fd < 0)
		return ERR_REMOVED;
	if (!e)
		e = agent_msg_send(c->fd, wr_view(&c->out), dl);
	wr_reset(&c->out);
	return e;
}

static enum err judge(struct client *c, enum agent_type type, struct rd elements)
{
	if (type == AGENT_FAIL)
		return agent_fail_read(elements, c->why, sizeof(c->why));
	return type == AGENT_OK ? ERR_OK : hang_up(c, ERR_PROTOCOL);
}

/* What is in c->out, and the answer to it. */
static enum err ask(struct client *c, struct rd *elements, const struct deadline *dl)
{
	enum agent_type type;
	enum err e = put(c, dl);

	c->why[0] = 0;
	if (!e)
		e = hear(c, &type, elements, dl);
	/* Progress that comes late, of a login that was given up. */
	while (!e && type == AGENT_PROGRESS)
		e = hear(c, &type, elements, dl);
	if (e)
		return c->fd < 0 ? e : hang_up(c, e);
	return judge(c, type, *elements);
}

/* ---- the connection ---- */

static enum err check_owner(int fd)
{
	struct ucred peer;
	socklen_t n = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n))
		return ERR_IO;
	return peer.uid == 0 || peer.uid == geteuid() ? ERR_OK : ERR_REFUSED;
}

static enum err dial(const struct agent_at *at, struct client *c, char *why, size_t cap)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	unsigned plugged;

	if (strlen(at->socket) >= sizeof(to.sun_path))
		return say(why, cap, ERR_NO_SERVICE, "the path of the agent's socket is too long");
	memcpy(to.sun_path, at->socket, strlen(at->socket));
	plugged = fd_plug();
	c->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	fd_unplug(plugged);
	if (c->fd < 0)
		return say(why, cap, ERR_IO, strerror(errno));
	if (connect(c->fd, (const struct sockaddr *)&to, sizeof(to)))
		return say(why, cap, errno == EACCES || errno == EPERM ? ERR_REFUSED : ERR_NO_SERVICE, strerror(errno));
	if (at->own_only)
		return say(why, cap, check_owner(c->fd), "that agent belongs to somebody else");
	return ERR_OK;
}

static enum err greet(const struct agent_at *at, struct client *c, char *why, size_t cap)
{
	struct deadline dl = deadline_in(ANSWER_MS);
	struct rd elements;
	enum err e;

	agent_msg_begin(&c->out, AGENT_HELLO);
	wr_tlv_u8(&c->out, AGENT_T_VERSION, AGENT_PROTO_VERSION);
	if (at->program)
		wr_tlv(&c->out, AGENT_T_PROGRAM, rd_str(at->program));
	if (at->reason && strlen(at->reason) < AGENT_TEXT_MAX)
		wr_tlv(&c->out, AGENT_T_REASON, rd_str(at->reason));
	e = ask(c, &elements, &dl);
	return say(why, cap, e, *c->why ? c->why : err_text(e));
}

/* Connected and greeted; a failure closes it again. */
static enum err client_open(const struct agent_at *at, struct client *c, char *why, size_t cap)
{
	enum err e;

	*c = (struct client){ .fd = -1 };
	wr_init_heap(&c->out, AGENT_MESSAGE_MAX);
	wr_init_heap(&c->in, AGENT_MESSAGE_MAX);
	e = dial(at, c, why, cap);
	if (!e)
		e = greet(at, c, why, cap);
	if (e)
		client_close(c);
	return e;
}

/* One question over a connection of its own. */
static enum err ask_once(const struct agent_at *at, enum agent_type type, enum agent_tag tag, const char *value,
			 struct client *c, struct rd *elements, char *why, size_t cap)
{
	struct deadline dl = deadline_in(ANSWER_MS);
	enum err e = client_open(at, c, why, cap);

	if (e)
		return e;
	agent_msg_begin(&c->out, type);
	if (value)
		wr_tlv(&c->out, tag, rd_str(value));
	e = ask(c, elements, &dl);
	return say(why, cap, e, *c->why ? c->why : err_text(e));
}

/* ---- the agent as a whole ---- */

enum err agent_list(const struct agent_at *at, struct pcsc_readers *out, char *why, size_t cap)
{
	struct rd elements;
	struct client c;
	bool bad = false;
	enum err e;

	out->n = 0;
	e = ask_once(at, AGENT_LIST, 0, NULL, &c, &elements, why, cap);
	if (!e)
		while (out->n < PCSC_READERS_MAX && agent_card_read(&elements, &out->v[out->n], &bad))
			out->n++;
	if (!e && bad)
		e = say(why, cap, ERR_PROTOCOL, "the agent's list is malformed");
	client_close(&c);
	return e;
}

enum err agent_end(const struct agent_at *at, const char *reader, char *why, size_t cap)
{
	struct rd elements;
	struct client c;
	enum err e = ask_once(at, AGENT_END, AGENT_T_READER, reader, &c, &elements, why, cap);

	client_close(&c);
	return e;
}

enum err agent_status(const struct agent_at *at, struct wr *json, char *why, size_t cap)
{
	struct rd elements, text;
	struct client c;
	enum err e = ask_once(at, AGENT_STATUS, 0, NULL, &c, &elements, why, cap);

	if (!e && !rd_tlv_find(elements, AGENT_T_TEXT, &text))
		e = say(why, cap, ERR_PROTOCOL, "the agent's answer is malformed");
	if (!e) {
		wr_put(json, text);
		e = wr_done(json);
	}
	client_close(&c);
	return e;
}

/* ---- a link ---- */

static enum err link_transmit(void *ctx, struct rd cmd, struct wr *rsp, struct deadline *dl)
{
	struct deadline answer = deadline_within(dl, CARD_MS);
	struct client *c = ctx;
	struct rd elements, answered;
	enum err e;

	agent_msg_begin(&c->out, AGENT_SEND);
	wr_tlv(&c->out, AGENT_T_APDU, cmd);
	e = ask(c, &elements, &answer);
	if (!e && !rd_tlv_find(elements, AGENT_T_APDU, &answered))
		e = hang_up(c, ERR_PROTOCOL);
	if (!e) {
		wr_put(rsp, answered);
		e = wr_done(rsp);
	}
	wr_reset(&c->in);
	if (e && *c->why)
		log_line(LOG_APDU, LOG_INFO, "the agent: %s", c->why);
	return e;
}

static enum err link_present(void *ctx)
{
	struct deadline dl = deadline_in(ANSWER_MS);
	struct client *c = ctx;
	struct rd elements;

	agent_msg_begin(&c->out, AGENT_PRESENT);
	return ask(c, &elements, &dl);
}

/* The card is the agent's: who goes is logged out, and nobody else. */
static void link_close(void *ctx, bool reset_card)
{
	struct client *c = ctx;

	(void)reset_card;
	client_close(c);
	free(c);
}

/* Our copy of the descriptor; the parent's connection goes on. */
static void link_abandon(void *ctx)
{
	link_close(ctx, false);
}

static const struct apdu_link_ops link_ops = {
	.name = "agent",
	.transmit = link_transmit,
	.present = link_present,
	.close = link_close,
	.abandon = link_abandon,
};

enum err agent_open(const struct agent_at *at, const char *reader, struct apdu_link **out, char *why, size_t cap)
{
	struct client *c = malloc(sizeof(*c));
	struct deadline dl = deadline_in(ANSWER_MS);
	struct rd elements, atr;
	enum err e;

	if (!c)
		return say(why, cap, ERR_NOMEM, err_text(ERR_NOMEM));
	e = client_open(at, c, why, cap);
	if (e) {
		free(c);
		return e;
	}
	agent_msg_begin(&c->out, AGENT_OPEN);
	wr_tlv(&c->out, AGENT_T_READER, rd_str(reader));
	e = ask(c, &elements, &dl);
	if (!e && !rd_tlv_find(elements, AGENT_T_ATR, &atr))
		e = ERR_PROTOCOL;
	if (e) {
		(void)say(why, cap, e, *c->why ? c->why : err_text(e));
		link_close(c, false);
		return e;
	}
	return apdu_link_new(&link_ops, c, reader, atr, out);
}

bool agent_is_link(const struct apdu_link *l)
{
	return apdu_link_ctx(l, &link_ops) != NULL;
}

const char *agent_why(const struct apdu_link *l)
{
	const struct client *c = apdu_link_ctx(l, &link_ops);

	return c ? c->why : "";
}

/* ---- login ---- */

/* The answer to a login; who gives it up says so, and hears what became of it. */
static enum err await_login(struct client *c, void (*progress)(void *ctx, const char *text), void *ctx,
			    struct deadline *dl)
{
	struct deadline after = deadline_never();
	struct rd elements, text;
	enum agent_type type;
	char shown[AGENT_TEXT_MAX];
	bool cancelled = false;
	enum err e;

	for (;;) {
		e = hear(c, &type, &elements, cancelled ? &after : dl);
		if ((e == ERR_CANCELLED || e == ERR_TIMEOUT) && !cancelled) {
			cancelled = true;
			after = deadline_in(ANSWER_MS);
			agent_msg_begin(&c->out, AGENT_CANCEL);
			if (put(c, &after))
				return hang_up(c, e);
			continue;
		}
		if (e)
			return hang_up(c, e);
		if (type != AGENT_PROGRESS)
			return judge(c, type, elements);
		if (progress && !cancelled && rd_tlv_find(elements, AGENT_T_TEXT, &text))
			progress(ctx, text_shown(text, shown, sizeof(shown)));
	}
}

enum err agent_login(struct apdu_link *l, const struct secret *pin, const char *limits,
		     void (*progress)(void *ctx, const char *text), void *ctx, char *why, size_t cap,
		     struct deadline *dl)
{
	struct client *c = apdu_link_ctx(l, &link_ops);
	struct deadline send = deadline_in(ANSWER_MS);
	enum err e;

	if (!c)
		return say(why, cap, ERR_BUG, err_text(ERR_BUG));
	c->why[0] = 0;
	agent_msg_begin(&c->out, AGENT_LOGIN);
	if (pin)
		wr_tlv(&c->out, AGENT_T_PIN, secret_view(pin));
	if (limits)
		wr_tlv(&c->out, AGENT_T_LIMITS, rd_str(limits));
	e = put(c, &send);
	if (!e)
		e = await_login(c, progress, ctx, dl);
	return say(why, cap, e, *c->why ? c->why : err_text(e));
}

enum err agent_logout(struct apdu_link *l)
{
	struct client *c = apdu_link_ctx(l, &link_ops);
	struct deadline dl = deadline_in(ANSWER_MS);
	struct rd elements;

	if (!c)
		return ERR_BUG;
	agent_msg_begin(&c->out, AGENT_LOGOUT);
	return ask(c, &elements, &dl);
}
