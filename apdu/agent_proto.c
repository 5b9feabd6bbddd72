/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu/agent_proto.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/text.h"

/* ---- messages ---- */

void agent_msg_begin(struct wr *w, enum agent_type type)
{
	wr_u8(w, (uint8_t)type);
}

void agent_msg_fail(struct wr *w, enum err e, const char *text)
{
	struct rd t = rd_str(text ? text : err_text(e));

	if (t.n > AGENT_TEXT_MAX)
		t.n = AGENT_TEXT_MAX;
	agent_msg_begin(w, AGENT_FAIL);
	wr_tlv_u8(w, AGENT_T_ERR, (uint8_t)e);
	wr_tlv(w, AGENT_T_TEXT, t);
}

static void put_u32(struct wr *w, uint32_t tag, uint32_t v)
{
	const uint8_t bytes[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v };

	wr_tlv(w, tag, RD_ARR(bytes));
}

void agent_msg_card(struct wr *w, const struct pcsc_reader *r)
{
	size_t mark = wr_tlv_open(w, AGENT_T_CARD);

	wr_tlv(w, AGENT_T_READER, rd_str(r->name));
	wr_tlv_u8(w, AGENT_T_STATE, r->has_card ? AGENT_HAS_CARD : 0);
	put_u32(w, AGENT_T_EVENTS, r->events);
	wr_tlv(w, AGENT_T_ATR, rd_of(r->atr, r->atr_size));
	wr_tlv_close(w, mark);
}

static bool is_type(uint8_t t)
{
	return (t >= AGENT_HELLO && t <= AGENT_STATUS) || (t >= AGENT_OK && t <= AGENT_PROGRESS);
}

enum err agent_msg_read(struct rd packet, enum agent_type *type, struct rd *elements)
{
	struct rd look, whole, val;
	uint32_t tag;
	uint8_t t;

	if (packet.n > AGENT_MESSAGE_MAX)
		return ERR_LIMIT;
	if (!rd_u8(&packet, &t) || !is_type(t))
		return ERR_FORMAT;
	for (look = packet; !rd_end(&look);)
		if (!rd_tlv_any(&look, &tag, &whole, &val))
			return ERR_FORMAT;
	*type = (enum agent_type)t;
	*elements = packet;
	return ERR_OK;
}

enum err agent_fail_read(struct rd elements, char *why, size_t cap)
{
	struct rd code, text;

	if (!rd_tlv_find(elements, AGENT_T_TEXT, &text))
		text = RD_NONE;
	if (why && cap)
		(void)text_shown(text, why, cap);
	if (!rd_tlv_find(elements, AGENT_T_ERR, &code) || code.n != 1 || code.p[0] == ERR_OK || code.p[0] >= ERR_COUNT)
		return ERR_PROTOCOL;
	return (enum err)code.p[0];
}

bool agent_card_read(struct rd *elements, struct pcsc_reader *out, bool *bad)
{
	struct rd card, name, state, events, atr;
	uint32_t bits, n;

	*bad = false;
	if (rd_end(elements))
		return false;
	*out = (struct pcsc_reader){ .in_use = true, .exclusive = true };
	*bad = !rd_tlv(elements, AGENT_T_CARD, &card) || !rd_tlv(&card, AGENT_T_READER, &name) ||
	       !rd_tlv(&card, AGENT_T_STATE, &state) || !rd_tlv(&card, AGENT_T_EVENTS, &events) ||
	       !rd_tlv(&card, AGENT_T_ATR, &atr) || !rd_end(&card) || !rd_uint(state, &bits) || !rd_uint(events, &n) ||
	       name.n == 0 || name.n >= sizeof(out->name) || memchr(name.p, 0, name.n) || atr.n > sizeof(out->atr);
	if (*bad)
		return false;
	memcpy(out->name, name.p, name.n);
	out->has_card = bits & AGENT_HAS_CARD;
	out->events = n;
	if (atr.n)
		memcpy(out->atr, atr.p, atr.n);
	out->atr_size = atr.n;
	return true;
}

/* ---- packets ---- */

/* Until fd is ready for what events says. */
static enum err wait_fd(int fd, short events, const struct deadline *dl)
{
	struct pollfd p = { .fd = fd, .events = events };

	if (events == POLLIN)
		return deadline_wait(dl, fd);
	for (;;) {
		struct deadline slice = deadline_within(dl, 50);
		enum err e = deadline_check(dl);

		if (e)
			return e;
		if (poll(&p, 1, (int)deadline_left_ms(&slice)) > 0)
			return ERR_OK;
	}
}

static enum err after(int error)
{
	return error == EPIPE || error == ECONNRESET || error == ENOTCONN ? ERR_REMOVED :
	       error == EMSGSIZE ? ERR_LIMIT : ERR_IO;
}

enum err agent_msg_send(int fd, struct rd packet, const struct deadline *dl)
{
	enum err e = packet.n > AGENT_MESSAGE_MAX ? ERR_LIMIT : ERR_OK;

	while (!e) {
		ssize_t n = send(fd, packet.p, packet.n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n >= 0)
			return ERR_OK;
		if (errno == EAGAIN || errno == ENOBUFS)
			e = wait_fd(fd, POLLOUT, dl);
		else if (errno != EINTR)
			e = after(errno);
	}
	return e;
}

/* Packets are short, and the longest is 64 KiB: its size is asked for before there is room for it. */
static ssize_t peek(int fd)
{
	return recv(fd, NULL, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
}

static enum err take(int fd, struct wr *packet, size_t size)
{
	size_t before = packet->n;
	uint8_t *room = wr_space(packet, size);

	if (!room)
		return wr_done(packet);
	if (recv(fd, room, size, MSG_DONTWAIT) == (ssize_t)size)
		return ERR_OK;
	wr_cut(packet, before);
	return ERR_IO;
}

enum err agent_msg_receive(int fd, struct wr *packet, const struct deadline *dl)
{
	enum err e = ERR_OK;

	while (!e) {
		ssize_t n = peek(fd);

		if (n > AGENT_MESSAGE_MAX)
			return ERR_LIMIT;
		if (n > 0)
			return take(fd, packet, (size_t)n);
		if (n == 0)
			e = ERR_REMOVED;
		else if (errno == EAGAIN)
			e = wait_fd(fd, POLLIN, dl);
		else if (errno != EINTR)
			e = after(errno);
	}
	return e;
}
