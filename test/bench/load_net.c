/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "test/bench/load.h"

#define REQUEST_MAX (64 << 10)
#define ANSWER_MAX (8 << 20)
#define EVENTS 64

uint64_t load_now_ns(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_MONOTONIC, &t))
		bench_die("clock", (unsigned long)errno);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void load_net_open(struct load_net *n, const char *url, const char *ca_file)
{
	const char *host = strstr(url, "://"), *colon = host ? strrchr(host, ':') : NULL;

	if (!colon || colon == host || strncmp(url, "https://127.0.0.1:", 18))
		bench_die("the server is to be at https://127.0.0.1:PORT", 0);
	n->server = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)bench_number(colon + 1)),
					  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	n->epoll = epoll_create1(EPOLL_CLOEXEC);
	n->tls = SSL_CTX_new(TLS_client_method());
	if (n->epoll < 0 || !n->tls || SSL_CTX_load_verify_locations(n->tls, ca_file, NULL) != 1)
		bench_die(ca_file, (unsigned long)errno);
	SSL_CTX_set_verify(n->tls, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_mode(n->tls, SSL_MODE_RELEASE_BUFFERS);
}

void load_net_close(struct load_net *n)
{
	SSL_CTX_free(n->tls);
	(void)close(n->epoll);
}

void load_conn_init(struct load_conn *c, struct load_net *n, unsigned source, load_take *take, void *ctx)
{
	*c = (struct load_conn){ .net = n, .source = source, .take = take, .ctx = ctx, .fd = -1 };
	wr_init_heap(&c->out, REQUEST_MAX);
	wr_init_heap(&c->in, ANSWER_MAX);
}

void load_conn_close(struct load_conn *c)
{
	SSL_free(c->ssl);
	c->ssl = NULL;
	if (c->fd >= 0)
		(void)close(c->fd);
	c->fd = -1;
	c->state = LOAD_CLOSED;
	wr_free(&c->out);
	wr_free(&c->in);
}

static void listen_for(struct load_conn *c, uint32_t events, bool is_new)
{
	struct epoll_event ev = { .events = events, .data.ptr = c };

	if (epoll_ctl(c->net->epoll, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, c->fd, &ev))
		bench_die("epoll", (unsigned long)errno);
}

static void conn_open(struct load_conn *c)
{
	struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7F010000u + c->source) };

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	c->ssl = SSL_new(c->net->tls);
	if (c->fd < 0 || !c->ssl || bind(c->fd, (struct sockaddr *)&from, sizeof(from)))
		bench_die("socket", (unsigned long)errno);
	if (connect(c->fd, (struct sockaddr *)&c->net->server, sizeof(c->net->server)) && errno != EINPROGRESS)
		bench_die("connect", (unsigned long)errno);
	if (SSL_set_fd(c->ssl, c->fd) != 1)
		bench_die("TLS", 0);
	SSL_set_connect_state(c->ssl);
	c->state = LOAD_CONNECTING;
	listen_for(c, EPOLLOUT, true);
}

/* true: it has been done; false: the socket is waited for. */
static bool tls_went(struct load_conn *c, int rc)
{
	int why;

	if (rc > 0)
		return true;
	why = SSL_get_error(c->ssl, rc);
	if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE)
		bench_die("the server has closed a connection", (unsigned long)why);
	listen_for(c, why == SSL_ERROR_WANT_READ ? EPOLLIN : EPOLLOUT, false);
	return false;
}

static void conn_write(struct load_conn *c)
{
	size_t n;

	while (c->sent < c->out.n) {
		if (!tls_went(c, SSL_write_ex(c->ssl, c->out.p + c->sent, c->out.n - c->sent, &n)))
			return;
		c->sent += n;
	}
	c->sent_ns = load_now_ns();
	c->state = LOAD_READING;
	wr_reset(&c->in);
	listen_for(c, EPOLLIN, false);
}

/* The value of a header, up to the end of its line; NULL: absent. */
static const char *header(const char *head, const char *name)
{
	const char *line;

	for (line = strstr(head, "\r\n"); line; line = strstr(line + 2, "\r\n"))
		if (!strncasecmp(line + 2, name, strlen(name)) && line[2 + strlen(name)] == ':')
			return line + 3 + strlen(name) + strspn(line + 3 + strlen(name), " ");
	return NULL;
}

/* Is the whole answer here? */
static bool answer_read(struct load_conn *c, struct load_reply *r)
{
	const char *text = wr_cstr(&c->in), *end = strstr(text, "\r\n\r\n"), *length, *cookie;
	size_t head = end ? (size_t)(end + 4 - text) : 0, n;

	if (!end || strncmp(text, "HTTP/1.1 ", 9))
		return false;
	r->status = (int)strtoul(text + 9, NULL, 10);
	length = header(text, "Content-Length");
	n = r->status == 204 ? 0 : length && length < end ? strtoul(length, NULL, 10) : SIZE_MAX;
	if (n == SIZE_MAX)
		bench_die("an answer without a length", (unsigned long)r->status);
	if (c->in.n < head + n)
		return false;
	cookie = header(text, "Set-Cookie");
	r->cookie = cookie && cookie < end ? c->cookie : NULL;
	if (r->cookie)
		(void)snprintf(c->cookie, sizeof(c->cookie), "%.*s", (int)strcspn(cookie, ";\r"), cookie);
	r->body = rd_of(c->in.p + head, n);
	return true;
}

static void conn_read(struct load_conn *c)
{
	struct load_reply r;
	uint8_t part[4096];
	size_t n;

	while (c->state == LOAD_READING && tls_went(c, SSL_read_ex(c->ssl, part, sizeof(part), &n))) {
		wr_put(&c->in, rd_of(part, n));
		if (wr_done(&c->in))
			bench_die("an answer is too long", c->in.n);
		if (!answer_read(c, &r))
			continue;
		c->state = LOAD_IDLE;
		c->take(c->ctx, &r);
	}
}

static void conn_go(struct load_conn *c)
{
	int error = 0;
	socklen_t n = sizeof(error);

	if (c->state == LOAD_CONNECTING) {
		if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &n) || error)
			bench_die("connect", (unsigned long)error);
		c->state = LOAD_SHAKING;
	}
	if (c->state == LOAD_SHAKING && tls_went(c, SSL_do_handshake(c->ssl)))
		c->state = LOAD_WRITING;
	if (c->state == LOAD_WRITING)
		conn_write(c);
	else if (c->state == LOAD_READING)
		conn_read(c);
	else if (c->state == LOAD_IDLE)
		load_conn_close(c);     /* idle for too long: another one when it is needed again */
}

void load_conn_send(struct load_conn *c, const char *method, const char *path, const char *headers, struct rd body)
{
	if (c->state != LOAD_CLOSED && c->state != LOAD_IDLE)
		bench_die("a second request before the first has its answer", c->state);
	wr_reset(&c->out);
	c->sent = 0;
	wr_printf(&c->out, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s", method, path, headers);
	if (body.n)
		wr_printf(&c->out, "Content-Length: %zu\r\n", body.n);
	wr_text(&c->out, "\r\n");
	wr_put(&c->out, body);
	if (wr_done(&c->out))
		bench_die("request", c->out.n);
	if (c->state == LOAD_CLOSED) {
		conn_open(c);
	} else {
		c->state = LOAD_WRITING;
		conn_write(c);
	}
}

void load_net_turn(struct load_net *n, int ms)
{
	struct epoll_event ev[EVENTS];
	int got = epoll_wait(n->epoll, ev, EVENTS, ms);

	if (got < 0 && errno != EINTR)
		bench_die("epoll", (unsigned long)errno);
	for (int i = 0; i < got; i++)
		conn_go(ev[i].data.ptr);
}
