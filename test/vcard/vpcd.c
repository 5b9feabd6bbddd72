/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/text.h"
#include "test/vcard/vpcd.h"

#define RETRY_MS 20

enum { POWER_OFF = 0, POWER_ON = 1, RESET = 2, GET_ATR = 4 };

static int connect_once(const struct addrinfo *list)
{
	const int yes = 1;

	for (const struct addrinfo *a = list; a; a = a->ai_next) {
		int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);

		if (fd < 0)
			continue;
		/*
		 * The reader writes length and data apart: without this each exchange waits for a delayed
		 * acknowledgement.
		 */
		if (connect(fd, a->ai_addr, a->ai_addrlen) == 0 &&
		    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) == 0)
			return fd;
		close(fd);
	}
	return -1;
}

enum err vpcd_connect(const char *host, unsigned port, const struct deadline *dl, int *fd)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	char service[16];

	(void)snprintf(service, sizeof(service), "%u", port);
	if (getaddrinfo(host, service, &hints, &list))
		return ERR_ARG;
	while ((*fd = connect_once(list)) < 0 && !deadline_check(dl)) {
		struct deadline soon = deadline_within(dl, RETRY_MS);

		if (deadline_wait(&soon, -1) == ERR_CANCELLED)
			break;
	}
	freeaddrinfo(list);
	return *fd < 0 ? ERR_CONNECT : ERR_OK;
}

/* ERR_REMOVED: the connection has ended. */
static enum err read_all(int fd, uint8_t *p, size_t n)
{
	const int yes = 1;

	while (n) {
		ssize_t got;

		/* The kernel forgets this setting again and again. */
		(void)setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &yes, sizeof(yes));
		got = recv(fd, p, n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got == 0 || (got < 0 && errno == ECONNRESET))
			return ERR_REMOVED;
		if (got < 0)
			return ERR_IO;
		p += got;
		n -= (size_t)got;
	}
	return ERR_OK;
}

static enum err write_all(int fd, struct rd bytes)
{
	while (bytes.n) {
		ssize_t sent = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EPIPE || errno == ECONNRESET ? ERR_REMOVED : ERR_IO;
		bytes = rd_of(bytes.p + sent, bytes.n - (size_t)sent);
	}
	return ERR_OK;
}

/* ---- watching ---- */

/* One line, one write: several cards may share the file. */
static void log_bytes(const struct vpcd_watch *w, char direction, struct rd bytes)
{
	struct wr line;

	if (w->log_fd < 0)
		return;
	wr_init_heap(&line, 4 * APDU_RSP_MAX);
	wr_printf(&line, "%s %c ", w->name, direction);
	wr_hex(&line, bytes);
	wr_u8(&line, '\n');
	if (!wr_done(&line) && write(w->log_fd, line.p, line.n) < 0)
		perror("quorum11-vcard: log");
	wr_free(&line);
}

static void count_one(const struct vpcd_watch *w, unsigned long *n)
{
	char text[24];
	int length = snprintf(text, sizeof(text), "%lu\n", ++*n);

	if (w->count_fd >= 0 && pwrite(w->count_fd, text, (size_t)length, 0) < 0)
		perror("quorum11-vcard: count");
}

static void take_time(unsigned ms)
{
	struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

/* ---- serving ---- */

static enum err answer(int fd, struct rd bytes, struct wr *message)
{
	if (bytes.n > UINT16_MAX)
		return ERR_FORMAT;
	wr_reset(message);
	wr_u16(message, (uint16_t)bytes.n);
	wr_put(message, bytes);
	if (wr_done(message))
		return wr_done(message);
	return write_all(fd, wr_view(message));
}

static enum err control(int fd, struct vcard *v, uint8_t byte, struct wr *message)
{
	switch (byte) {
	case POWER_OFF:
		vcard_power(v, false);
		return ERR_OK;
	case POWER_ON:
	case RESET:
		vcard_power(v, true);
		return ERR_OK;
	case GET_ATR:
		return answer(fd, vcard_atr(v), message);
	default:
		return ERR_FORMAT;
	}
}

enum err vpcd_serve(int fd, struct vcard *v, const struct vpcd_watch *w)
{
	uint8_t head[2], in[UINT16_MAX];
	struct wr rsp, message;
	unsigned long count = 0;
	enum err e;

	wr_init_heap(&rsp, APDU_RSP_MAX);
	wr_init_heap(&message, 2 + APDU_RSP_MAX);
	for (;;) {
		size_t n;

		e = read_all(fd, head, sizeof(head));
		if (e)
			break;
		n = (size_t)head[0] << 8 | head[1];
		e = read_all(fd, in, n);
		if (e)
			break;
		if (n == 1) {
			e = control(fd, v, in[0], &message);
			if (e)
				break;
			continue;
		}
		log_bytes(w, '>', rd_of(in, n));
		wr_reset(&rsp);
		e = vcard_exchange(v, rd_of(in, n), &rsp);
		if (e)
			break;
		log_bytes(w, '<', wr_view(&rsp));
		count_one(w, &count);
		if (w->delays)
			take_time(vcard_delay_ms(v));
		e = answer(fd, wr_view(&rsp), &message);
		if (e)
			break;
	}
	wipe(in, sizeof(in));
	wr_free(&message);
	wr_free(&rsp);
	return e == ERR_REMOVED ? ERR_OK : e;
}
