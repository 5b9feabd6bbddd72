/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sockets: only this room sees libmicrohttpd. One thread, one epoll set; a POST that waits for work is a suspended
 * connection, which costs no thread and is woken by whatever answers it.
 */
#ifndef SERVER_HTTP_HTTP_H
#define SERVER_HTTP_HTTP_H

#include "server/front/server.h"

struct srv_http;
/*
 * Listens as [server] says. Plain http only on a loopback address and with http = yes. ERR_CONFIG, ERR_IO, ERR_NOMEM:
 * said.
 */
MUST enum err srv_http_open(struct srv *s, bool any_port, struct srv_http **out);
/* "https://127.0.0.1:8443": where it really listens; a wildcard address is shown as loopback. */
const char *srv_http_url(const struct srv_http *h);
/*
 * Certificate, key and authorities of clients as conf names them, for handshakes from now on; connections and what
 * waits on them go on. ERR_CONFIG, ERR_NOMEM: said, and nothing has changed.
 */
MUST enum err srv_http_reload(struct srv_http *h, const struct conf *conf);

/* What else the one thread does. */
struct srv_http_host {
	int signals;                            /* a descriptor; on_signals is called when it can be read */
	bool (*on_signals)(void *ctx);          /* true: stop */
	uint64_t (*on_tick)(void *ctx, uint64_t now_ms);        /* when to come again (boot time) */
	void *ctx;
};
/*
 * Serve until on_signals says stop; then take nothing new, tell every session, wait for the next POST of those that are
 * at work up to SRV_GRACE_MS, and return. ERR_IO: said.
 */
#define SRV_GRACE_MS 1000
MUST enum err srv_http_run(struct srv_http *h, const struct srv_http_host *host);
void srv_http_close(struct srv_http **h);       /* NULL-safe */

#endif
