/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu/agent_proto.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/text.h"

/* ---- bytes ---- */

void agent_msg_begin(struct wr *w, enum agent_type type)
{
	wr_u8(w, (uint8_t)type);
}

void agent_msg_fail(struct wr *w, enum err e, const char *text)
{
	struct rd t = rd_str(text);

	agent_msg_begin(w, AGENT_FAIL);
	wr_tlv_u8(w, AGENT_T_ERR, (uint8_t)e);
	wr_tlv(w, AGENT_T_TEXT, rd_of(t.p, t.n < AGENT_TEXT_MAX ? t.n : AGENT_TEXT_MAX));
}

void agent_msg_card(struct wr *w, const struct apdu_reader *r)
{
	size_t card = wr_tlv_open(w, AGENT_T_CARD), events;

	wr_tlv(w, AGENT_T_READER, rd_str(r->name));
	wr_tlv_u8(w, AGENT_T_STATE, r->has_card ? AGENT_HAS_CARD : 0);
	events = wr_tlv_open(w, AGENT_T_EVENTS);
	wr_u32(w, r->events);
	wr_tlv_close(w, events);
	wr_tlv(w, AGENT_T_ATR, rd_of(r->atr, r->atr_size));
	wr_tlv_close(w, card);
}

static bool is_type(uint8_t type)
{
	return (type >= AGENT_HELLO && type <= AGENT_PAD) || (type >= AGENT_OK && type <= AGENT_PROGRESS);
}

enum err agent_msg_read(struct rd packet, enum agent_type *type, struct rd *elements)
{
	struct rd rest, val;
	uint32_t tag;
	uint8_t t;

	if (packet.n > AGENT_MESSAGE_MAX)
		return ERR_LIMIT;
	if (!rd_u8(&packet, &t) || !is_type(t))
		return ERR_FORMAT;
	for (rest = packet; !rd_end(&rest);)
		if (!rd_tlv_any(&rest, &tag, NULL, &val))
			return ERR_FORMAT;
	*type = (enum agent_type)t;
	*elements = packet;
	return ERR_OK;
}

void agent_msg_pad(struct wr *w, const struct pinpad_ask *ask)
{
	const uint8_t bytes[] = { ask->cla, ask->ins, ask->p1, ask->p2, ask->max, ask->seconds, ask->packed };

	wr_tlv(w, AGENT_T_PAD, RD_ARR(bytes));
	if (ask->old.n)
		wr_tlv(w, AGENT_T_PIN, ask->old);
}

enum err agent_pad_read(struct rd elements, struct pinpad_ask *ask)
{
	struct rd b;

	*ask = (struct pinpad_ask){ .old = RD_NONE };
	if (!rd_tlv_find(elements, AGENT_T_PAD, &b) || b.n != 7 || b.p[6] > 1)
		return ERR_FORMAT;
	ask->cla = b.p[0];
	ask->ins = b.p[1];
	ask->p1 = b.p[2];
	ask->p2 = b.p[3];
	ask->min = ask->max = b.p[4];
	ask->seconds = b.p[5];
	ask->packed = b.p[6];
	if (!rd_tlv_find(elements, AGENT_T_PIN, &ask->old))
		ask->old = RD_NONE;
	return ask->max >= PIN_MIN && ask->max <= PIN_MAX && !(ask->packed && ask->max % 2) &&
			       ask->old.n <= SO_PIN_SIZE
		       ? ERR_OK
		       : ERR_FORMAT;
}

enum err agent_fail_read(struct rd elements, char *why, size_t cap)
{
	struct rd text, code;
	uint32_t e;

	if (!rd_tlv_find(elements, AGENT_T_TEXT, &text))
		text = RD_NONE;
	if (why && cap)
		(void)text_shown(text, why, cap);
	if (!rd_tlv_find(elements, AGENT_T_ERR, &code) || !rd_uint(code, &e) || e == ERR_OK || e >= ERR_COUNT)
		return ERR_PROTOCOL;
	return (enum err)e;
}

static bool card_parts(struct rd card, struct apdu_reader *out)
{
	struct rd name, state, events, atr;
	uint32_t bits;

	if (!rd_tlv(&card, AGENT_T_READER, &name) || !rd_tlv(&card, AGENT_T_STATE, &state) ||
	    !rd_tlv(&card, AGENT_T_EVENTS, &events) || !rd_tlv(&card, AGENT_T_ATR, &atr) || !rd_end(&card))
		return false;
	if (name.n == 0 || name.n >= sizeof(out->name) || memchr(name.p, 0, name.n) || atr.n > sizeof(out->atr) ||
	    !rd_uint(state, &bits) || !rd_uint(events, &out->events))
		return false;
	memcpy(out->name, name.p, name.n);
	out->has_card = bits & AGENT_HAS_CARD;
	out->atr_size = atr.n;
	if (atr.n)
		memcpy(out->atr, atr.p, atr.n);
	return true;
}

bool agent_card_read(struct rd *elements, struct apdu_reader *out, bool *bad)
{
	struct rd card;

	*bad = false;
	if (rd_end(elements))
		return false;
	memset(out, 0, sizeof(*out));
	*bad = !rd_tlv(elements, AGENT_T_CARD, &card) || !card_parts(card, out);
	return !*bad;
}

/* ---- packets ---- */

static enum err wait_writable(int fd, const struct deadline *dl)
{
	for (;;) {
		struct pollfd fds[2] = {
			{ .fd = dl ? dl->cancel_fd : -1, .events = POLLIN },
			{ .fd = fd, .events = POLLOUT },
		};
		uint64_t left = deadline_left_ms(dl);
		/* Slices, as a suspend does not count for poll. */
		int n = poll(fds, 2, left > 1000 ? 1000 : (int)left);

		if (n < 0 && errno != EINTR)
			return ERR_IO;
		if (n > 0 && fds[0].revents)
			return ERR_CANCELLED;
		if (n > 0 && fds[1].revents)
			return ERR_OK;
		if (left == 0)
			return ERR_TIMEOUT;
	}
}

static enum err of_errno(void)
{
	switch (errno) {
	case EPIPE:
	case ECONNRESET:
	case ENOTCONN:
		return ERR_REMOVED;
	case EMSGSIZE:
		return ERR_LIMIT;
	case ENOMEM:
	case ENOBUFS:
		return ERR_NOMEM;
	default:
		return ERR_IO;
	}
}

enum err agent_msg_send(int fd, struct rd packet, const struct deadline *dl)
{
	enum err e;

	if (packet.n == 0 || packet.n > AGENT_MESSAGE_MAX)
		return ERR_LIMIT;
	/* A packet goes whole or not at all. */
	while (send(fd, packet.p, packet.n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
		if (errno == EINTR)
			continue;
		e = errno == EAGAIN || errno == EWOULDBLOCK ? wait_writable(fd, dl) : of_errno();
		if (e)
			return e;
	}
	return ERR_OK;
}

/*
 * How to wait for a packet: a socket that blocks does it in recv(2), which costs one call and no look at what is not
 * there yet; but not past the deadline's end, and not where the caller may give up.
 */
static int receive_flags(const struct deadline *dl)
{
	bool may_block = !dl || (dl->cancel_fd < 0 && deadline_left_ms(dl) >= AGENT_SLICE_MS);

	return MSG_TRUNC | (may_block ? 0 : MSG_DONTWAIT);
}

enum err agent_msg_receive(int fd, struct wr *packet, const struct deadline *dl)
{
	size_t room = packet->max - packet->n < AGENT_MESSAGE_MAX ? packet->max - packet->n : AGENT_MESSAGE_MAX;
	uint8_t *p = wr_room(packet, room);
	ssize_t n;
	enum err e;

	if (!p)
		return wr_done(packet);
	while ((n = recv(fd, p, room, receive_flags(dl))) < 0) {
		if (errno == EINTR)
			continue;
		e = errno == EAGAIN || errno == EWOULDBLOCK ? deadline_wait(dl, fd) : of_errno();
		if (e)
			return e;
	}
	/* Nobody sends an empty one. MSG_TRUNC: the packet's own size, however much of it had room. */
	if (n == 0)
		return ERR_REMOVED;
	if ((size_t)n > room) {
		wipe(p, room);
		return (size_t)n > AGENT_MESSAGE_MAX ? ERR_LIMIT : ERR_BUFFER;
	}
	wr_took(packet, (size_t)n);
	return wr_done(packet);
}
