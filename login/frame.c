/* SPDX-License-Identifier: Apache-2.0 */
#include "login/frame.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#define LENGTH_SIZE 4

/* The socket takes no more now: wait until it does. */
static enum err wait_writable(int fd, const struct deadline *dl)
{
	for (;;) {
		struct pollfd fds[2] = { { .fd = fd, .events = POLLOUT }, { .fd = dl->cancel_fd, .events = POLLIN } };
		uint64_t left = deadline_left_ms(dl);
		int n;

		if (left == 0)
			return ERR_TIMEOUT;
		n = poll(fds, 2, left > 60000 ? 60000 : (int)left);
		if (n < 0 && errno != EINTR)
			return ERR_IO;
		if (n > 0 && fds[1].revents)
			return ERR_CANCELLED;
		if (n > 0 && fds[0].revents)
			return ERR_OK;
	}
}

static enum err send_all(int fd, struct rd bytes, const struct deadline *dl)
{
	while (bytes.n) {
		ssize_t n = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL | MSG_DONTWAIT);
		enum err e = ERR_OK;

		if (n > 0)
			bytes = rd_of(bytes.p + n, bytes.n - (size_t)n);
		else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			e = wait_writable(fd, dl);
		else if (n >= 0 || errno != EINTR)
			e = ERR_IO;
		if (e)
			return e;
	}
	return ERR_OK;
}

enum err login_frame_send(int fd, uint8_t type, struct rd content, const struct deadline *dl)
{
	uint8_t head[5];
	struct wr w;
	enum err e;

	if (content.n >= LOGIN_FRAME_MAX)
		return ERR_LIMIT;
	WR_ARR(&w, head);
	wr_u32(&w, (uint32_t)content.n + 1);
	wr_u8(&w, type);
	e = wr_done(&w);
	if (!e)
		e = send_all(fd, wr_view(&w), dl);
	return e ? e : send_all(fd, content, dl);
}

static enum err receive_all(int fd, uint8_t *p, size_t size, const struct deadline *dl)
{
	while (size) {
		enum err e = deadline_wait(dl, fd);
		ssize_t n;

		if (e)
			return e;
		n = recv(fd, p, size, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK))
			return ERR_IO;
		if (n > 0) {
			p += n;
			size -= (size_t)n;
		}
	}
	return ERR_OK;
}

/* Bytes until part is a whole frame, or until its length is known; 0: it is whole. */
static enum err left_of(const struct wr *part, size_t *left)
{
	struct rd r = wr_view(part);
	uint32_t size;

	*left = LENGTH_SIZE - r.n;
	if (r.n < LENGTH_SIZE)
		return ERR_OK;
	if (!rd_u32(&r, &size) || size == 0 || size > LOGIN_FRAME_MAX)
		return ERR_PROTOCOL;
	*left = size - r.n;
	return ERR_OK;
}

enum err login_frame_collect(int fd, struct wr *part, uint8_t *type, struct rd *content)
{
	uint8_t bytes[4096];
	size_t left;
	ssize_t n;
	enum err e;

	while (!(e = left_of(part, &left)) && left) {
		n = recv(fd, bytes, left < sizeof(bytes) ? left : sizeof(bytes), MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return ERR_TIMEOUT;
		if (n == 0 || (n < 0 && errno != EINTR))
			return ERR_IO;
		wr_put(part, rd_of(bytes, n > 0 ? (size_t)n : 0));
		if (wr_done(part))
			return wr_done(part);
	}
	if (e)
		return e;
	*type = part->p[LENGTH_SIZE];
	*content = rd_of(part->p + LENGTH_SIZE + 1, part->n - LENGTH_SIZE - 1);
	return ERR_OK;
}

enum err login_frame_receive(int fd, uint8_t *type, struct wr *content, const struct deadline *dl)
{
	uint8_t head[5], *p;
	struct rd r = RD_ARR(head);
	uint32_t size;
	enum err e;

	e = receive_all(fd, head, sizeof(head), dl);
	if (e)
		return e;
	if (!rd_u32(&r, &size) || !rd_u8(&r, type) || size == 0 || size > LOGIN_FRAME_MAX)
		return ERR_PROTOCOL;
	if (size == 1)
		return ERR_OK;
	p = wr_space(content, size - 1);
	return p ? receive_all(fd, p, size - 1, dl) : wr_done(content);
}
