/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

#define BACKLOG 256

union address {
	struct sockaddr sa;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_storage any;
};

/* "host:port" or "[host]:port" in two; host "" for "*". */
static bool split(const char *where, char *host, size_t cap, const char **port)
{
	const char *colon = strrchr(where, ':');
	size_t n = colon ? (size_t)(colon - where) : 0;

	if (!n || !colon[1] || strspn(colon + 1, "0123456789") != strlen(colon + 1))
		return false;
	if (where[0] == '[' && where[n - 1] == ']') {
		where++;
		n -= 2;
	} else if (memchr(where, ':', n)) {
		return false;
	}
	if (!n || n >= cap)
		return false;
	memcpy(host, where, n);
	host[n] = '\0';
	if (!strcmp(host, "*"))
		host[0] = '\0';
	*port = colon + 1;
	return true;
}

static bool is_loopback(const union address *a)
{
	if (a->sa.sa_family == AF_INET)
		return ntohl(a->v4.sin_addr.s_addr) >> 24 == 127;
	return a->sa.sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&a->v6.sin6_addr);
}

static bool is_wildcard(const union address *a)
{
	if (a->sa.sa_family == AF_INET)
		return a->v4.sin_addr.s_addr == htonl(INADDR_ANY);
	return a->sa.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&a->v6.sin6_addr);
}

void srv_listen_peer(const struct sockaddr *sa, char *out, size_t cap)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)sa;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)sa;
	const void *address = NULL;
	int family = sa ? sa->sa_family : AF_UNSPEC;

	if (family == AF_INET)
		address = &v4->sin_addr;
	else if (family == AF_INET6)
		address = &v6->sin6_addr;
	/* One socket has both, and an IPv4 address is shown as such. */
	if (family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
		family = AF_INET;
		address = &v6->sin6_addr.s6_addr[12];
	}
	if (!address || !inet_ntop(family, address, out, (socklen_t)cap))
		(void)snprintf(out, cap, "unknown");
}

static enum err describe(int fd, struct srv_listen *out)
{
	char text[INET6_ADDRSTRLEN];
	union address a;
	socklen_t n = sizeof(a);
	unsigned port;

	if (getsockname(fd, &a.sa, &n))
		return ERR_IO;
	port = ntohs(a.sa.sa_family == AF_INET6 ? a.v6.sin6_port : a.v4.sin_port);
	out->is_loopback = is_loopback(&a);
	srv_listen_peer(&a.sa, text, sizeof(text));
	if (is_wildcard(&a))
		(void)snprintf(text, sizeof(text), "127.0.0.1");
	(void)snprintf(out->address, sizeof(out->address), strchr(text, ':') ? "[%s]:%u" : "%s:%u", text, port);
	return ERR_OK;
}

static int socket_open(const struct addrinfo *ai)
{
	int on = 1, off = 0, saved,
	    fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, ai->ai_protocol);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    (ai->ai_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off))) ||
	    bind(fd, ai->ai_addr, ai->ai_addrlen) || listen(fd, BACKLOG)) {
		saved = errno;
		(void)close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

enum err srv_listen_open(const char *where, bool any_port, struct srv_listen *out)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV }, *list = NULL;
	const struct addrinfo *ai;
	char host[256];
	const char *port;
	int rc, pass;

	*out = (struct srv_listen){ .fd = -1 };
	if (!split(where, host, sizeof(host), &port)) {
		log_tell("[server] listen = %s: not host:port", where);
		return ERR_CONFIG;
	}
	rc = getaddrinfo(host[0] ? host : NULL, any_port ? "0" : port, &hints, &list);
	if (rc) {
		log_tell("[server] listen = %s: %s", where, gai_strerror(rc));
		return ERR_CONFIG;
	}
	/* Of the wildcards the one for IPv6 comes first: it takes IPv4, too. */
	for (pass = host[0] ? 1 : 0; pass < 2; pass++)
		for (ai = list; ai && out->fd < 0; ai = ai->ai_next)
			if (pass || ai->ai_family == AF_INET6)
				out->fd = socket_open(ai);
	freeaddrinfo(list);
	if (out->fd < 0 || describe(out->fd, out)) {
		log_tell("cannot listen on %s: %s", where, strerror(errno));
		return ERR_IO;
	}
	return ERR_OK;
}
