/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/http_int.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"

#define SLOW_MS 1000            /* how late a slow client may be noticed */

void srv_conn_limit(struct srv_conn *c, uint64_t ms)
{
	if (c)
		c->until_ms = ms ? clock_boot_ms() + ms : 0;
}

/* Bytes that the other side has sent, whether somebody has read them or not; 0 where the kernel does not say. */
static uint64_t received(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t n = sizeof(info);

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n) ? 0 : info.tcpi_bytes_received;
}

void srv_conn_idle(struct srv_conn *c)
{
	srv_conn_limit(c, SRV_IDLE_MS);
	if (!c)
		return;
	c->is_idle = true;
	c->received = received(c->fd);
}

/* The next request begins, and its time. */
static void begin(struct srv_conn *c)
{
	c->is_idle = false;
	srv_conn_limit(c, SRV_READ_MS);
}

struct srv_conn *srv_conn_of(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

void srv_conn_notify(void *cls, struct MHD_Connection *mhd, void **ctx, enum MHD_ConnectionNotificationCode what)
{
	struct srv_http *h = cls;
	const union MHD_ConnectionInfo *info;
	struct srv_conn *c = *ctx;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
		c = info ? calloc(1, sizeof(*c)) : NULL;
		*ctx = c;
		if (!c)
			return;
		c->fd = info->connect_fd;
		srv_conn_limit(c, SRV_READ_MS);
		c->next = h->conns;
		c->at = &h->conns;
		if (c->next)
			c->next->at = &c->next;
		h->conns = c;
		srv_metrics_connection(h->srv->metrics, 1);
	} else if (c) {
		srv_metrics_connection(h->srv->metrics, -1);
		*c->at = c->next;
		if (c->next)
			c->next->at = c->at;
		free(c);
		*ctx = NULL;
	}
}

/* The request line is here: its time counts from now on, if it does not yet (srv_conn_cut_slow). */
void *srv_conn_uri(void *cls, const char *uri, struct MHD_Connection *mhd)
{
	struct srv_conn *c = srv_conn_of(mhd);

	(void)cls;
	(void)uri;
	if (c && c->is_idle)            /* the first request's time counts from the connection on */
		begin(c);
	return NULL;
}

void srv_conn_cut_slow(struct srv_http *h, uint64_t now_ms)
{
	struct srv_conn *c;

	if (now_ms < h->slow_ms)
		return;
	h->slow_ms = now_ms + SLOW_MS;
	for (c = h->conns; c; c = c->next) {
		/* Who sends a request line byte by byte has begun, although the library has nothing to say yet. */
		if (c->is_idle && received(c->fd) != c->received)
			begin(c);
		if (!c->until_ms || now_ms < c->until_ms)
			continue;
		(void)shutdown(c->fd, SHUT_RDWR);
		c->until_ms = now_ms + SRV_READ_MS; /* MHD will notice; not again at once */
	}
}
