/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu/agent_link.h"

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
#include "base/text.h"

#define CANCEL_MS 500           /* the agent's answer to a login that was given up */

struct agent {
	int fd;                         /* -1: over; whoever asks again hears that it is gone */
	char why[AGENT_TEXT_MAX];       /* of the last refusal */
	struct wr packet;               /* room for commands and their answers; wiped after each */
	bool has_pad;                   /* the agent's login asks for a PIN there, if it is given none */
	bool has_pad_change;
};

static void hang_up(struct agent *a)
{
	if (a->fd < 0)
		return;
	/* The agent hears of the end also where the child of a fork still has a copy. */
	(void)shutdown(a->fd, SHUT_RDWR);
	(void)close(a->fd);
	a->fd = -1;
}

static void PRINTF(3, 4) say(char *why, size_t cap, const char *fmt, ...)
{
	va_list ap;

	if (!why || !cap)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(why, cap, fmt, ap);
	va_end(ap);
}

/* ---- one question, one answer ---- */

/* The next message. After a failure nobody knows whose answer the next one would be: that is the end. */
static enum err hear(struct agent *a, struct wr *packet, enum agent_type *type, struct rd *elements,
		     const struct deadline *dl)
{
	enum err e;

	wr_reset(packet);
	e = agent_msg_receive(a->fd, packet, dl);
	if (!e && agent_msg_read(wr_view(packet), type, elements))
		e = ERR_PROTOCOL;
	return e;
}

/* What an answer means; a refusal is noted with its reason. */
static enum err judge(struct agent *a, enum agent_type type, struct rd elements)
{
	if (type == AGENT_OK)
		return ERR_OK;
	return type == AGENT_FAIL ? agent_fail_read(elements, a->why, sizeof(a->why)) : ERR_PROTOCOL;
}

/*
 * Sends what is in packet; then packet holds the answer, and elements is a view into it. Buffers are wiped by whoever
 * made packet.
 */
static enum err ask(struct agent *a, struct wr *packet, struct rd *elements, const struct deadline *dl)
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
		e = hear(a, packet, &type, elements, dl);
	if (!e && type != AGENT_FAIL && type != AGENT_OK)
		e = ERR_PROTOCOL;
	if (e) {
		hang_up(a);
		return e;
	}
	return judge(a, type, *elements);
}

static enum err ask_plain(struct agent *a, enum agent_type type, uint64_t ms)
{
	struct deadline dl = deadline_in(ms);
	struct rd elements;
	struct wr w;
	enum err e;

	wr_init_heap(&w, AGENT_MESSAGE_MAX);
	agent_msg_begin(&w, type);
	e = ask(a, &w, &elements, &dl);
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
		say(why, cap, "agent %s: a socket's path has at most %zu bytes", path, sizeof(at.sun_path) - 1);
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
			say(why, cap, "agent %s: nobody listens there", path);
			return ERR_NO_SERVICE;
		case EACCES:
		case EPERM:
			say(why, cap, "agent %s: this user may not use it (group in section [agent])", path);
			return ERR_REFUSED;
		case EPROTOTYPE:
			say(why, cap, "agent %s: what listens there is no agent", path);
			return ERR_PROTOCOL;
		case EAGAIN:
			say(why, cap, "agent %s: it takes no connection", path);
			return ERR_TIMEOUT;
		default:
			say(why, cap, "agent %s: %s", path, strerrordesc_np(errno));
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
	say(why, cap, "agent %s: user %u listens there, who is neither root nor the user of this program", path,
	    (unsigned)peer.uid);
	return ERR_REFUSED;
}

static enum err greet(struct agent *a, const struct agent_at *at)
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
	e = ask(a, &w, &elements, &dl);
	if (!e && (!rd_tlv_find(elements, AGENT_T_VERSION, &version) || !rd_uint(version, &v) ||
		   v != AGENT_PROTO_VERSION))
		e = ERR_PROTOCOL;
	wr_free(&w);
	return e;
}

/*
 * What went wrong after connect, with the agent's own words if it said any. One that ended at this moment is one that
 * was not there.
 */
static enum err explain(const struct agent *a, const char *path, enum err e, char *why, size_t cap)
{
	if (a->why[0])
		say(why, cap, "agent %s: %s", path, a->why);
	else if (e == ERR_PROTOCOL)
		say(why, cap, "agent %s: it is of another version than this program", path);
	else if (e == ERR_TIMEOUT)
		say(why, cap, "agent %s: no answer in %d s", path, AGENT_PATIENCE_MS / 1000);
	else if (e)
		say(why, cap, "agent %s: %s", path, e == ERR_REMOVED ? "it has ended" : err_text(e));
	return e == ERR_REMOVED && !a->why[0] ? ERR_NO_SERVICE : e;
}

static void agent_free(struct agent **a)
{
	if (!*a)
		return;
	hang_up(*a);
	wr_free(&(*a)->packet);
	free(*a);
	*a = NULL;
}

static enum err agent_connect(const struct agent_at *at, struct agent **out, char *why, size_t cap)
{
	struct agent *a = calloc(1, sizeof(*a));
	enum err e;

	say(why, cap, "%s", "");
	if (!a)
		return ERR_NOMEM;
	wr_init_heap(&a->packet, AGENT_MESSAGE_MAX);
	a->fd = new_socket();
	e = a->fd < 0 ? ERR_IO : connect_to(a->fd, at->socket, why, cap);
	if (!e && at->own_only)
		e = check_owner(a->fd, at->socket, why, cap);
	if (!e)
		e = explain(a, at->socket, greet(a, at), why, cap);
	if (e) {
		log_line(LOG_AGENT, LOG_INFO, "agent %s: no connection: %s", at->socket, err_text(e));
		agent_free(&a);
	}
	*out = a;
	return e;
}

/* ---- without a card ---- */

/* A connection for one question. What is in packet is asked; elements is a view into the answer in it. */
static enum err ask_once(const struct agent_at *at, struct wr *packet, struct rd *elements, char *why, size_t cap)
{
	struct deadline dl = deadline_in(AGENT_PATIENCE_MS);
	struct agent *a;
	enum err e = agent_connect(at, &a, why, cap);

	if (e)
		return e;
	e = explain(a, at->socket, ask(a, packet, elements, &dl), why, cap);
	agent_free(&a);
	return e;
}

enum err agent_list(const struct agent_at *at, struct pcsc_readers *out, char *why, size_t cap)
{
	struct pcsc_reader r;
	struct rd elements;
	struct wr w;
	bool bad = false;
	enum err e;

	out->n = 0;
	wr_init_heap(&w, AGENT_MESSAGE_MAX);
	agent_msg_begin(&w, AGENT_LIST);
	e = ask_once(at, &w, &elements, why, cap);
	while (!e && out->n < PCSC_READERS_MAX && agent_card_read(&elements, &r, &bad))
		out->v[out->n++] = r;
	if (!e && (bad || !rd_end(&elements))) {
		say(why, cap, "agent %s: its list of cards is malformed", at->socket);
		e = ERR_PROTOCOL;
	}
	if (e)
		out->n = 0;
	wr_free(&w);
	return e;
}

enum err agent_end(const struct agent_at *at, const char *reader, char *why, size_t cap)
{
	struct rd elements;
	struct wr w;
	enum err e;

	wr_init_heap(&w, AGENT_MESSAGE_MAX);
	agent_msg_begin(&w, AGENT_END);
	if (reader)
		wr_tlv(&w, AGENT_T_READER, rd_str(reader));
	e = ask_once(at, &w, &elements, why, cap);
	wr_free(&w);
	return e;
}

enum err agent_status(const struct agent_at *at, struct wr *json, char *why, size_t cap)
{
	struct rd elements, text;
	struct wr w;
	enum err e;

	wr_init_heap(&w, AGENT_MESSAGE_MAX);
	agent_msg_begin(&w, AGENT_STATUS);
	e = ask_once(at, &w, &elements, why, cap);
	if (!e && !rd_tlv_find(elements, AGENT_T_TEXT, &text)) {
		say(why, cap, "agent %s: its answer has no text", at->socket);
		e = ERR_PROTOCOL;
	}
	if (!e) {
		wr_put(json, text);
		e = wr_done(json);
	}
	wr_free(&w);
	return e;
}

/* ---- a link ---- */

/* What is in a->packet, answered by the card. */
static enum err ask_card(struct agent *a, struct wr *rsp, const struct deadline *dl)
{
	struct wr *w = &a->packet;
	struct rd elements, answer;
	enum err e = ask(a, w, &elements, dl);

	if (!e && !rd_tlv_find(elements, AGENT_T_APDU, &answer)) {
		hang_up(a);
		e = ERR_PROTOCOL;
	}
	if (!e) {
		wr_put(rsp, answer);
		e = wr_done(rsp);
	}
	wr_reset(w);
	return e;
}

static enum err link_transmit(void *ctx, struct rd cmd, struct wr *rsp, struct deadline *dl)
{
	struct deadline turn = deadline_within(dl, AGENT_TURN_MS);
	struct agent *a = ctx;

	/* dl is the card's time for this command; those of other programs may come before it. */
	if (dl && dl->at_ms < UINT64_MAX - AGENT_TURN_MS)
		turn.at_ms = dl->at_ms + AGENT_TURN_MS;
	agent_msg_begin(&a->packet, AGENT_SEND);
	wr_tlv(&a->packet, AGENT_T_APDU, cmd);
	return ask_card(a, rsp, &turn);
}

static enum err link_present(void *ctx)
{
	return ask_plain(ctx, AGENT_PRESENT, AGENT_PATIENCE_MS);
}

static bool link_has_pad(void *ctx)
{
	return ((const struct agent *)ctx)->has_pad;
}

static bool link_has_pad_change(void *ctx)
{
	return ((const struct agent *)ctx)->has_pad_change;
}

/* Nobody but the reader knows how long it takes, and it gives up by itself. */
static enum err link_pad_change(void *ctx, const struct pinpad_ask *pad, struct wr *rsp)
{
	struct deadline dl = deadline_never();
	struct agent *a = ctx;

	agent_msg_begin(&a->packet, AGENT_PAD);
	agent_msg_pad(&a->packet, pad);
	return ask_card(a, rsp, &dl);
}

/* The agent decides about a reset: the card is its own. */
static void link_close(void *ctx, bool reset_card)
{
	struct agent *a = ctx;

	(void)reset_card;
	agent_free(&a);
}

static void link_abandon(void *ctx)
{
	struct agent *a = ctx;

	/* Our copy; the parent's connection goes on. */
	if (a->fd >= 0)
		(void)close(a->fd);
	wr_free(&a->packet);
	free(a);
}

static const struct apdu_link_ops agent_ops = {
	.name = "agent",
	.transmit = link_transmit,
	.present = link_present,
	.has_pad = link_has_pad,
	.has_pad_change = link_has_pad_change,
	.pad_change = link_pad_change,
	.close = link_close,
	.abandon = link_abandon,
};

static enum err open_card(struct agent *a, const char *reader, struct wr *atr)
{
	struct deadline dl = deadline_in(AGENT_PATIENCE_MS);
	struct rd elements, bytes, state;
	uint32_t bits = 0;
	struct wr w;
	enum err e;

	wr_init_heap(&w, AGENT_MESSAGE_MAX);
	agent_msg_begin(&w, AGENT_OPEN);
	wr_tlv(&w, AGENT_T_READER, rd_str(reader));
	e = ask(a, &w, &elements, &dl);
	if (!e && (!rd_tlv_find(elements, AGENT_T_ATR, &bytes) || bytes.n > ATR_MAX ||
		   (rd_tlv_find(elements, AGENT_T_STATE, &state) && !rd_uint(state, &bits))))
		e = ERR_PROTOCOL;
	a->has_pad = bits & AGENT_HAS_PAD;
	a->has_pad_change = bits & AGENT_HAS_PAD_CHANGE;
	if (!e) {
		wr_put(atr, bytes);
		e = wr_done(atr);
	}
	wr_free(&w);
	return e;
}

enum err agent_open(const struct agent_at *at, const char *reader, struct apdu_link **out, char *why, size_t cap)
{
	uint8_t bytes[ATR_MAX];
	struct agent *a;
	struct wr atr;
	enum err e = agent_connect(at, &a, why, cap);

	if (e)
		return e;
	WR_ARR(&atr, bytes);
	e = explain(a, at->socket, open_card(a, reader, &atr), why, cap);
	if (e) {
		agent_free(&a);
		return e;
	}
	return apdu_link_new(&agent_ops, a, reader, wr_view(&atr), out);
}

static struct agent *agent_of(const struct apdu_link *l)
{
	return apdu_link_ctx(l, &agent_ops);
}

bool agent_is_link(const struct apdu_link *l)
{
	return agent_of(l) != NULL;
}

const char *agent_why(const struct apdu_link *l)
{
	const struct agent *a = agent_of(l);

	return a ? a->why : "";
}

enum err agent_logout(struct apdu_link *l)
{
	struct agent *a = agent_of(l);

	return a ? ask_plain(a, AGENT_LOGOUT, AGENT_PATIENCE_MS) : ERR_BUG;
}

/* ---- login ---- */

static void show_progress(struct rd elements, void (*progress)(void *ctx, const char *text), void *ctx)
{
	char shown[AGENT_TEXT_MAX];
	struct rd text;

	if (progress && rd_tlv_find(elements, AGENT_T_TEXT, &text))
		progress(ctx, text_shown(text, shown, sizeof(shown)));
}

/* Until the login is decided. packet is room for what is heard. */
static enum err hear_decision(struct agent *a, struct wr *packet, void (*progress)(void *ctx, const char *text),
			      void *ctx, bool *decided, const struct deadline *dl)
{
	enum agent_type type = AGENT_PROGRESS;
	struct rd elements;
	enum err e;

	do {
		/* Also where there is always something to hear. */
		e = deadline_check(dl);
		if (!e)
			e = hear(a, packet, &type, &elements, dl);
		if (!e && type == AGENT_PROGRESS)
			show_progress(elements, progress, ctx);
	} while (!e && type == AGENT_PROGRESS);
	*decided = !e && (type == AGENT_OK || type == AGENT_FAIL);
	return e ? e : judge(a, type, elements);
}

/*
 * Nobody waits any more. The agent hears it, and says how it ended; a login that was good at the same moment is undone.
 * Who does not answer is left.
 */
static void give_up(struct agent *a, struct wr *packet)
{
	struct deadline dl = deadline_in(CANCEL_MS);
	bool decided = false;
	enum err e;

	wr_reset(packet);
	agent_msg_begin(packet, AGENT_CANCEL);
	e = wr_done(packet);
	if (!e)
		e = agent_msg_send(a->fd, wr_view(packet), &dl);
	if (!e)
		e = hear_decision(a, packet, NULL, NULL, &decided, &dl);
	if (!decided || (!e && ask_plain(a, AGENT_LOGOUT, CANCEL_MS)))
		hang_up(a);
}

enum err agent_login(struct apdu_link *l, const struct secret *pin, const char *limits,
		     void (*progress)(void *ctx, const char *text), void *ctx, char *why, size_t cap,
		     struct deadline *dl)
{
	struct agent *a = agent_of(l);
	bool decided = false;
	struct wr w;
	enum err e;

	say(why, cap, "%s", "");
	if (!a)
		return ERR_BUG;
	a->why[0] = 0;
	wr_init_heap(&w, AGENT_MESSAGE_MAX);
	agent_msg_begin(&w, AGENT_LOGIN);
	if (pin)
		wr_tlv(&w, AGENT_T_PIN, secret_view(pin));
	if (limits)
		wr_tlv(&w, AGENT_T_LIMITS, rd_str(limits));
	e = wr_done(&w);
	if (!e && a->fd < 0)
		e = ERR_REMOVED;
	if (e)
		goto out;
	e = agent_msg_send(a->fd, wr_view(&w), dl);
	if (!e)
		e = hear_decision(a, &w, progress, ctx, &decided, dl);
	if (decided)
		goto out;
	if (e == ERR_CANCELLED || e == ERR_TIMEOUT)
		give_up(a, &w);
	else
		hang_up(a);
out:
	if (e && a->why[0] && decided)
		say(why, cap, "%s", a->why);
	else if (e == ERR_REMOVED && !decided)
		say(why, cap, "the agent is gone");
	else if (e)
		say(why, cap, "%s", err_text(e));
	wr_free(&w);
	return e;
}
