/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/http_int.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"

#define SLOW_MS 1000            /* how late a slow client may be noticed */

void srv_conn_limit(struct srv_conn *c, uint64_t ms)
{
	if (c)
		c->until_ms = ms ? clock_boot_ms() + ms : 0;
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

/* The request line is here: from now on its time counts, on a connection that was kept alive, too. */
void *srv_conn_uri(void *cls, const char *uri, struct MHD_Connection *mhd)
{
	struct srv_conn *c = srv_conn_of(mhd);

	(void)cls;
	(void)uri;
	if (c && !c->until_ms)          /* the first request's time counts from the connection on */
		srv_conn_limit(c, SRV_READ_MS);
	return NULL;
}

void srv_conn_cut_slow(struct srv_http *h, uint64_t now_ms)
{
	struct srv_conn *c;

	if (now_ms < h->slow_ms)
		return;
	h->slow_ms = now_ms + SLOW_MS;
	for (c = h->conns; c; c = c->next) {
		if (!c->until_ms || now_ms < c->until_ms)
			continue;
		(void)shutdown(c->fd, SHUT_RDWR);
		c->until_ms = now_ms + SRV_READ_MS; /* MHD will notice; not again at once */
	}
}
