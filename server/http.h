/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sockets: http.c is the only file that sees libmicrohttpd (and GnuTLS, for client certificates). One thread, one
 * epoll set; a POST that waits for work is a suspended connection, which costs no thread and is woken by whatever
 * answers it.
 */
#ifndef SERVER_HTTP_H
#define SERVER_HTTP_H

#include "server/server.h"

struct srv_http;
/*
 * Listens as [server] says. Plain http only on a loopback address and with http = yes. ERR_CONFIG, ERR_IO, ERR_NOMEM:
 * said.
 */
MUST enum err srv_http_open(struct srv *s, bool any_port, struct srv_http **out);
/* "https://127.0.0.1:8443": where it really listens; a wildcard address is shown as loopback. */
const char *srv_http_url(const struct srv_http *h);
/*
 * Serve until stop_fd becomes readable; then take nothing new, tell every session, wait for the next POST of those
 * that are at work up to SRV_GRACE_MS, and return. ERR_IO: said.
 */
#define SRV_GRACE_MS 1000
MUST enum err srv_http_run(struct srv_http *h, int stop_fd);
void srv_http_close(struct srv_http **h);       /* NULL-safe */

#endif
