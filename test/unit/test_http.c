/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP client against a server in a thread of this program, which behaves as the path says. */
#include "test/unit/test.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ramoverhttp/http.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define BODY_MAX 1000

static int listener = -1;
static unsigned short port;
static atomic_int connections, requests;
static pthread_t thread;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char received[8192];             /* the last request, under lock */
static char tunnel[32];                 /* where the last CONNECT was to, under lock */

static const char *last_request(void)
{
	static char copy[sizeof(received)];

	assert_int_equal(pthread_mutex_lock(&lock), 0);
	memcpy(copy, received, sizeof(copy));
	assert_int_equal(pthread_mutex_unlock(&lock), 0);
	return copy;
}

static bool send_text(int fd, const char *s)
{
	size_t n = strlen(s);

	return send(fd, s, n, MSG_NOSIGNAL) == (ssize_t)n;
}

static bool send_flood(int fd, const char *head)
{
	static char piece[1 << 16];

	memset(piece, 'a', sizeof(piece));
	if (!send_text(fd, head))
		return false;
	for (int i = 0; i < 1024; i++)
		if (send(fd, piece, sizeof(piece), MSG_NOSIGNAL) != sizeof(piece))
			return false;
	return true;
}

static const struct { const char *path, *answer; } answers[] = {
	{ "/ok", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" },
	{ "/cookie", "HTTP/1.1 200 OK\r\nSet-Cookie: S=1; Path=/; HttpOnly\r\nContent-Length: 0\r\n\r\n" },
	{ "/204", "HTTP/1.1 204 No Content\r\n\r\n" },
	{ "/404", "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno" },
	{ "/302", "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n" },
	{ "/chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n" },
	{ "/full", NULL },              /* exactly BODY_MAX bytes */
	{ "/over", NULL },              /* one more */
};

/* False: the connection is to be closed. */
static bool answer(int fd, const char *path)
{
	char text[2 * BODY_MAX], c;
	int n;

	for (size_t i = 0; i < COUNT(answers); i++)
		if (strcmp(path, answers[i].path) == 0 && answers[i].answer)
			return send_text(fd, answers[i].answer);
	if (strcmp(path, "/full") == 0 || strcmp(path, "/over") == 0) {
		n = BODY_MAX + (path[1] == 'o');
		(void)snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%0*d", n, n, 0);
		return send_text(fd, text);
	}
	if (strcmp(path, "/flood") == 0)
		return send_flood(fd, "HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\n\r\n");
	if (strcmp(path, "/endless") == 0)
		(void)send_flood(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
	if (strcmp(path, "/headers") == 0) {
		for (bool up = send_text(fd, "HTTP/1.1 200 OK\r\n"); up;)
			up = send_text(fd, "X-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n");
		return false;
	}
	/* As a proxy that is at the end of its tunnel itself. */
	if (strchr(path, ':')) {
		if (pthread_mutex_lock(&lock) != 0)
			return false;
		(void)snprintf(tunnel, sizeof(tunnel), "%s", path);
		(void)pthread_mutex_unlock(&lock);
		return send_text(fd, strncmp(path, "refused", 7) ? "HTTP/1.1 200 OK\r\nX-Proxy: 1\r\n\r\n" :
			"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
	}
	if (strcmp(path, "/short") == 0)
		(void)send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhel");
	if (strcmp(path, "/garbage") == 0)
		(void)send_text(fd, "\x01\x02\x03 this is no HTTP\r\n\r\n");
	/* Until the client has gone. */
	if (strcmp(path, "/silent") == 0)
		while (recv(fd, &c, 1, 0) > 0)
			continue;
	return false;
}

/* One request; its path. */
static bool receive(int fd, char path[32])
{
	char text[sizeof(received)];
	const char *end, *field;
	size_t n = 0, length;

	do {
		ssize_t got = recv(fd, text + n, sizeof(text) - 1 - n, 0);

		if (got <= 0)
			return false;
		n += (size_t)got;
		text[n] = 0;
		/* Somebody speaks TLS. */
		if (text[0] == 0x16) {
			(void)send_text(fd, "HTTP/1.1 400 Bad Request\r\n\r\n");
			return false;
		}
		end = strstr(text, "\r\n\r\n");
		field = strstr(text, "Content-Length: ");
		length = field ? strtoul(field + 16, NULL, 10) : 0;
	} while (!end || n < (size_t)(end + 4 - text) + length);
	if (pthread_mutex_lock(&lock) != 0)
		return false;
	memcpy(received, text, sizeof(received));
	(void)pthread_mutex_unlock(&lock);
	field = strchr(text, ' ');
	length = field ? strcspn(field + 1, " ") : 0;
	if (length == 0 || length > 31)
		return false;
	memcpy(path, field + 1, length);
	path[length] = 0;
	return true;
}

static void *serve(void *arg)
{
	char path[32];
	int fd;

	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		connections++;
		while (receive(fd, path)) {
			requests++;
			if (!answer(fd, path))
				break;
		}
		(void)close(fd);
	}
	return arg;
}

static int start_server(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);

	(void)state;
	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&a, sizeof(a)) || listen(listener, 8) ||
	    getsockname(listener, (struct sockaddr *)&a, &n))
		return -1;
	port = ntohs(a.sin_port);
	return pthread_create(&thread, NULL, serve, NULL);
}

static int stop_server(void **state)
{
	(void)state;
	(void)shutdown(listener, SHUT_RDWR);
	return pthread_join(thread, NULL);
}

struct client {
	void *http;
	struct wr body;
	int status;
	char why[200];
};

static void open_client(struct client *c, const struct http_config *config)
{
	*c = (struct client){ .status = -1 };
	wr_init_heap(&c->body, 1 << 20);
	assert_int_equal(http_curl.open(config, &c->http), ERR_OK);
}

static void close_client(struct client *c)
{
	http_curl.close(c->http);
	wr_free(&c->body);
}

static enum err ask_url(struct client *c, struct http_request *r, const char *url, struct deadline *dl)
{
	r->url = url;
	r->max = BODY_MAX;
	wr_reset(&c->body);
	c->status = -1;
	return http_curl.request(c->http, r, &c->status, &c->body, c->why, sizeof(c->why), dl);
}

static enum err ask(struct client *c, const char *method, const char *path, struct rd body, const char *const *headers,
		    struct deadline *dl)
{
	struct http_request r = { .method = method, .headers = headers, .body = body };
	char url[128];

	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", port, path);
	r.type = body.n ? "application/x-test" : NULL;
	return ask_url(c, &r, url, dl);
}

static void by_a_proxy(void **state)
{
	struct http_request r = { .method = "GET" };
	struct http_config config = { .allow_http = true };
	char proxy[64], own[64];
	struct client c;

	(void)state;
	(void)snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%u", port);
	(void)snprintf(own, sizeof(own), "http://127.0.0.1:%u/ok", port);
	config.proxy = proxy;
	open_client(&c, &config);
	assert_int_equal(ask_url(&c, &r, "http://server.example:81/ok", NULL), ERR_OK);
	assert_int_equal(c.status, 200);
	assert_bytes_equal(wr_view(&c.body), RD_LIT("hello"));
	assert_string_equal(tunnel, "server.example:81");
	assert_ptr_equal(strstr(last_request(), "GET /ok HTTP/1.1\r\nHost: server.example:81\r\n"), last_request());
	assert_null(strstr(last_request(), "Proxy-"));
	close_client(&c);
	open_client(&c, &config);
	assert_int_equal(ask_url(&c, &r, "http://refused.example/ok", NULL), ERR_CONNECT);
	assert_non_null(strstr(c.why, "407"));
	close_client(&c);
	/* To this machine, too: who names a proxy means it. */
	open_client(&c, &config);
	assert_int_equal(ask_url(&c, &r, own, NULL), ERR_OK);
	assert_true(strncmp(tunnel, "127.0.0.1:", 10) == 0);
	close_client(&c);
	/* Plain http to this machine is no way that others see; by a proxy it is. */
	config.allow_http = false;
	open_client(&c, &config);
	assert_int_equal(ask_url(&c, &r, own, NULL), ERR_CONFIG);
	assert_non_null(strstr(c.why, "by a proxy"));
	close_client(&c);
}

static void a_proxy_that_is_none(void **state)
{
	static const char *const wrong[] = {
		"", "proxy:3128", "ftp://proxy", "socks4://proxy", "http://u:p@proxy:3128",
	};
	struct http_request r = { .method = "GET" };
	const int before = connections;
	struct client c;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		open_client(&c, &(struct http_config){ .proxy = wrong[i] });
		assert_int_equal(ask_url(&c, &r, "https://127.0.0.1/ok", NULL), ERR_CONFIG);
		assert_non_null(strstr(c.why, "http://HOST:PORT"));
		close_client(&c);
	}
	assert_int_equal(connections, before);
}

/* Of the environment nothing is heard. */
static void no_proxy_of_the_environment(void **state)
{
	const struct http_config config = { 0 };
	struct client c;

	(void)state;
	assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
	open_client(&c, &config);
	assert_int_equal(ask(&c, "GET", "/ok", RD_NONE, NULL, NULL), ERR_OK);
	close_client(&c);
	assert_int_equal(unsetenv("http_proxy"), 0);
}

static void get_and_post_on_one_connection(void **state)
{
	const char *const headers[] = { "X-One: 1", "X-Two: 2", NULL };
	const struct http_config config = { 0 };
	int before = connections;
	struct client c;

	(void)state;
	open_client(&c, &config);
	assert_int_equal(ask(&c, "GET", "/ok", RD_NONE, NULL, NULL), ERR_OK);
	assert_int_equal(c.status, 200);
	assert_bytes_equal(wr_view(&c.body), RD_LIT("hello"));
	assert_true(strncmp(last_request(), "GET /ok HTTP/1.1\r\n", 18) == 0);
	assert_int_equal(ask(&c, "POST", "/chunked", RD_LIT("b\0dy"), headers, NULL), ERR_OK);
	assert_bytes_equal(wr_view(&c.body), RD_LIT("hello"));
	assert_true(strncmp(last_request(), "POST /chunked HTTP/1.1\r\n", 24) == 0);
	assert_non_null(strstr(last_request(), "\r\nX-One: 1\r\n"));
	assert_non_null(strstr(last_request(), "\r\nX-Two: 2\r\n"));
	assert_non_null(strstr(last_request(), "\r\nContent-Type: application/x-test\r\n"));
	assert_non_null(strstr(last_request(), "\r\nContent-Length: 4\r\n"));
	assert_memory_equal(strstr(last_request(), "\r\n\r\n") + 4, "b\0dy", 4);
	assert_null(strstr(last_request(), "Expect"));
	assert_int_equal(ask(&c, "DELETE", "/204", RD_NONE, NULL, NULL), ERR_OK);
	assert_int_equal(c.status, 204);
	assert_true(strncmp(last_request(), "DELETE /204 HTTP/1.1\r\n", 22) == 0);
	/* And nothing of it stays. */
	assert_int_equal(ask(&c, "GET", "/ok", RD_NONE, NULL, NULL), ERR_OK);
	assert_true(strncmp(last_request(), "GET /ok HTTP/1.1\r\n", 18) == 0);
	assert_null(strstr(last_request(), "X-One"));
	assert_null(strstr(last_request(), "Content-"));
	assert_int_equal(connections - before, 1);
	close_client(&c);
}

static void cookies_last_as_the_client(void **state)
{
	const struct http_config config = { 0 };
	struct client c;

	(void)state;
	open_client(&c, &config);
	assert_int_equal(ask(&c, "GET", "/cookie", RD_NONE, NULL, NULL), ERR_OK);
	assert_null(strstr(last_request(), "Cookie"));
	assert_int_equal(ask(&c, "GET", "/ok", RD_NONE, NULL, NULL), ERR_OK);
	assert_non_null(strstr(last_request(), "\r\nCookie: S=1\r\n"));
	close_client(&c);
	open_client(&c, &config);
	assert_int_equal(ask(&c, "GET", "/ok", RD_NONE, NULL, NULL), ERR_OK);
	assert_null(strstr(last_request(), "Cookie"));
	close_client(&c);
}

static void statuses_are_the_callers_matter(void **state)
{
	const struct http_config config = { 0 };
	struct client c;
	int before;

	(void)state;
	open_client(&c, &config);
	assert_int_equal(ask(&c, "GET", "/404", RD_NONE, NULL, NULL), ERR_OK);
	assert_int_equal(c.status, 404);
	assert_bytes_equal(wr_view(&c.body), RD_LIT("no"));
	before = requests;
	assert_int_equal(ask(&c, "POST", "/302", RD_LIT("x"), NULL, NULL), ERR_OK);
	assert_int_equal(c.status, 302);
	assert_int_equal(requests - before, 1);
	close_client(&c);
}

static void bad_servers(void **state)
{
	static const struct { const char *path; enum err e; } rows[] = {
		{ "/full", ERR_OK }, { "/over", ERR_LIMIT }, { "/flood", ERR_LIMIT }, { "/endless", ERR_LIMIT },
		{ "/headers", ERR_LIMIT }, { "/short", ERR_CONNECT }, { "/drop", ERR_CONNECT },
		{ "/garbage", ERR_PROTOCOL },
	};
	const struct http_config config = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct deadline dl = deadline_in(PATIENCE_MS);
		struct client c;
		enum err e;

		open_client(&c, &config);
		e = ask(&c, "GET", rows[i].path, RD_NONE, NULL, &dl);
		if (e != rows[i].e)
			fail_msg("%s: %s (%s)", rows[i].path, err_text(e), c.why);
		assert_true(c.body.n <= BODY_MAX);
		if (e)
			assert_true(strlen(c.why) > 0);
		/* The client is still good for something. */
		assert_int_equal(ask(&c, "GET", "/ok", RD_NONE, NULL, &dl), ERR_OK);
		assert_int_equal(c.status, 200);
		close_client(&c);
	}
}

static void silence(void **state)
{
	const struct http_config config = { 0 }, hasty = { .total_ms = 50 };
	struct deadline dl = deadline_in(50);
	struct client c;
	int cancel[2];

	(void)state;
	open_client(&c, &config);
	assert_int_equal(ask(&c, "GET", "/silent", RD_NONE, NULL, &dl), ERR_TIMEOUT);
	assert_int_equal(ask(&c, "GET", "/ok", RD_NONE, NULL, &dl), ERR_TIMEOUT);
	close_client(&c);
	open_client(&c, &hasty);
	assert_int_equal(ask(&c, "GET", "/silent", RD_NONE, NULL, NULL), ERR_TIMEOUT);
	close_client(&c);

	assert_int_equal(pipe(cancel), 0);
	assert_int_equal(write(cancel[1], "x", 1), 1);
	dl = deadline_in(PATIENCE_MS);
	dl.cancel_fd = cancel[0];
	open_client(&c, &config);
	assert_int_equal(ask(&c, "GET", "/silent", RD_NONE, NULL, &dl), ERR_CANCELLED);
	close_client(&c);
	(void)close(cancel[0]);
	(void)close(cancel[1]);
}

static void *cancel_later(void *arg)
{
	const int *fd = arg;
	struct deadline dl = deadline_in(PATIENCE_MS);

	/* When the request is there, not before. */
	while (!strstr(last_request(), "give up") && deadline_check(&dl) == ERR_OK) {
		struct deadline tick = deadline_in(5);

		(void)!deadline_wait(&tick, -1);
	}
	assert_int_equal(write(*fd, "x", 1), 1);
	return NULL;
}

/* A caller who gives up while nothing happens is noticed; the next byte never comes. */
static void giving_up(void **state)
{
	const struct http_config config = { 0 };
	struct deadline dl = deadline_in(PATIENCE_MS);
	const char *const headers[] = { "X-Test: give up", NULL };
	struct client c;
	int cancel[2];
	pthread_t t;

	(void)state;
	assert_int_equal(pipe(cancel), 0);
	dl.cancel_fd = cancel[0];
	open_client(&c, &config);
	assert_int_equal(pthread_create(&t, NULL, cancel_later, &cancel[1]), 0);
	assert_int_equal(ask(&c, "GET", "/silent", RD_NONE, headers, &dl), ERR_CANCELLED);
	assert_int_equal(pthread_join(t, NULL), 0);
	close_client(&c);
	(void)close(cancel[0]);
	(void)close(cancel[1]);
}

static void no_server_and_no_tls(void **state)
{
	struct http_config config = { 0 };
	struct http_request r = { .method = "GET", .max = BODY_MAX };
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int unused = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t n = sizeof(a);
	struct client c;
	char url[64];

	(void)state;
	/* A port that is bound, but not listened on. */
	assert_int_equal(bind(unused, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(unused, (struct sockaddr *)&a, &n), 0);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/ok", ntohs(a.sin_port));
	r.url = url;
	open_client(&c, &config);
	assert_int_equal(http_curl.request(c.http, &r, &c.status, &c.body, c.why, sizeof(c.why), NULL), ERR_CONNECT);
	assert_true(strlen(c.why) > 0);
	(void)snprintf(url, sizeof(url), "https://127.0.0.1:%u/garbage", port);
	assert_int_equal(http_curl.request(c.http, &r, &c.status, &c.body, NULL, 0, NULL), ERR_TLS);
	r.url = "http://192.0.2.1/";
	assert_int_equal(http_curl.request(c.http, &r, &c.status, &c.body, c.why, sizeof(c.why), NULL), ERR_CONFIG);
	assert_non_null(strstr(c.why, "https://"));
	close_client(&c);
	config.ca_file = "/nonexistent/ca.pem";
	open_client(&c, &config);
	r.url = url;
	assert_int_equal(http_curl.request(c.http, &r, &c.status, &c.body, c.why, sizeof(c.why), NULL), ERR_CONFIG);
	close_client(&c);
	(void)close(unused);
}

/* Takes one connection, and resets it when the first bytes of the handshake are there. */
static void *reset_handshake(void *waits)
{
	const struct linger at_once = { .l_onoff = 1 };
	const int fd = accept(*(int *)waits, NULL, NULL);
	char byte;

	(void)!read(fd, &byte, 1);
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	(void)close(fd);
	return NULL;
}

/* A server that goes away meanwhile is no server with a wrong certificate. */
static void a_broken_handshake_is_a_broken_connection(void **state)
{
	const struct http_config config = { 0 };
	struct http_request r = { .method = "GET", .max = BODY_MAX };
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int waits = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t n = sizeof(a);
	struct client c;
	pthread_t t;
	char url[64];

	(void)state;
	assert_int_equal(bind(waits, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(waits, 1), 0);
	assert_int_equal(getsockname(waits, (struct sockaddr *)&a, &n), 0);
	(void)snprintf(url, sizeof(url), "https://127.0.0.1:%u/ok", ntohs(a.sin_port));
	r.url = url;
	assert_int_equal(pthread_create(&t, NULL, reset_handshake, &waits), 0);
	open_client(&c, &config);
	assert_int_equal(http_curl.request(c.http, &r, &c.status, &c.body, c.why, sizeof(c.why), NULL), ERR_CONNECT);
	assert_true(strlen(c.why) > 0);
	close_client(&c);
	assert_int_equal(pthread_join(t, NULL), 0);
	(void)close(waits);
}

/* A proxy named in the environment would see every template. */
static void the_environment_names_no_proxy(void **state)
{
	const struct http_config config = { 0 };
	struct client c;

	(void)state;
	assert_int_equal(setenv("http_proxy", "http://192.0.2.1:1/", 1), 0);
	assert_int_equal(setenv("ALL_PROXY", "http://192.0.2.1:1/", 1), 0);
	open_client(&c, &config);
	assert_int_equal(ask(&c, "GET", "/ok", RD_NONE, NULL, NULL), ERR_OK);
	close_client(&c);
	assert_int_equal(unsetenv("http_proxy"), 0);
	assert_int_equal(unsetenv("ALL_PROXY"), 0);
}

static void urls(void **state)
{
	static const struct { const char *url; bool plain, https_only; } rows[] = {
		{ "https://mgmt.example/rt/hsm", true, true }, { "HTTPS://h", true, true },
		{ "https://[::1]:8443/x", true, true }, { "https://h:8443", true, true },
		{ "https://h?q", true, true }, { "http://127.0.0.1/", true, true },
		{ "http://127.0.0.1:80/rt", true, true }, { "http://127.255.0.9", true, true },
		{ "http://localhost:1/", true, true }, { "http://[::1]/", true, true },
		{ "http://mgmt.example/", true, false }, { "http://127.0.0.1.example/", true, false },
		{ "http://127.0.0.256/", true, false }, { "http://127.0.0/", true, false },
		{ "http://127.0.0.1./", true, false }, { "http://127.0.0.01/", true, false },
		{ "http://127.0.0.1.1/", true, false }, { "http://2130706433/", true, false },
		{ "http://localhost.example/", true, false }, { "http://[::2]/", true, false },
		{ "http://1270.0.0.1/", true, false }, { "http://127..0.1/", true, false },
		{ "http://0x7f.0.0.1/", true, false }, { "https://", false, false }, { "http://", false, false },
		{ "https:///x", false, false }, { "https://:80/", false, false },
		{ "ftp://127.0.0.1/", false, false }, { "file:///etc/passwd", false, false },
		{ "127.0.0.1", false, false }, { "https://user@h/", false, false },
		{ "http://127.0.0.1@evil.example/", false, false },
		{ "http://127.0.0.1\\@evil.example/", false, false }, { "https://h/ x", false, false },
		{ "https://h/\n", false, false }, { " https://h/", false, false }, { "", false, false },
		{ "https://[::1", false, false }, { "https://[::1]x/", false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (http_url_is_allowed(rows[i].url, true) != rows[i].plain)
			fail_msg("%s, plain http allowed", rows[i].url);
		if (http_url_is_allowed(rows[i].url, false) != rows[i].https_only)
			fail_msg("%s", rows[i].url);
	}
	assert_true(http_url_is_allowed("https://h/a@b", false));
	assert_false(http_url_is_allowed(NULL, true));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(get_and_post_on_one_connection),
		cmocka_unit_test(by_a_proxy),
		cmocka_unit_test(a_proxy_that_is_none),
		cmocka_unit_test(no_proxy_of_the_environment),
		cmocka_unit_test(cookies_last_as_the_client),
		cmocka_unit_test(statuses_are_the_callers_matter),
		cmocka_unit_test(bad_servers),
		cmocka_unit_test(silence),
		cmocka_unit_test(giving_up),
		cmocka_unit_test(no_server_and_no_tls),
		cmocka_unit_test(a_broken_handshake_is_a_broken_connection),
		cmocka_unit_test(the_environment_names_no_proxy),
		cmocka_unit_test(urls),
	};

	return cmocka_run_group_tests(tests, start_server, stop_server);
}
