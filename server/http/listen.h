/* SPDX-License-Identifier: Apache-2.0 */
/* A listening socket from "host:port". */
#ifndef SERVER_HTTP_LISTEN_H
#define SERVER_HTTP_LISTEN_H

#include "base/err.h"

#define SRV_ADDRESS_SIZE 64     /* "[" IPv6 address "]:65535" and terminator */

struct srv_listen {
	int fd;
	bool is_loopback;
	char address[SRV_ADDRESS_SIZE];         /* as it can be connected to: host:port, the real port */
};
/*
 * any_port: a free one instead of the one named, to try the rest while a server runs. where: "127.0.0.1:8443",
 * "[::1]:8443", "localhost:0", "*:8443" (IPv6 and IPv4). ERR_CONFIG (not such a text, or no such host), ERR_IO; both
 * said.
 */
MUST enum err srv_listen_open(const char *where, bool any_port, struct srv_listen *out);

struct sockaddr;
/* The address without its port, numeric. */
void srv_listen_peer(const struct sockaddr *sa, char *out, size_t cap);

#endif
