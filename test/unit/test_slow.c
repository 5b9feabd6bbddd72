/* SPDX-License-Identifier: Apache-2.0 */
/* fake: clock */
/* Those who take their time, on the server's real sockets and by a clock that the test turns: server/http/conn.c. */
#include "test/unit/served.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "test/fake/clock.h"

#define END_S 200                       /* whoever is not cut off by then never is */
#define BODY "POST /rt/hsm HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"
#define WHOLE "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"

/* A client, moved by the server's own loop: it says something whole, hears the answer, and has time for the rest. */
struct client {
	const char *first, *rest;
	char filler;                    /* what it says when the rest is over; 0: nothing */
	int fd, stop;
	bool is_heard;                  /* the answer to what was whole */
	unsigned seconds;               /* since then, until it was cut off */
	bool is_cut;
};

static void say(const struct client *c, const char *text, size_t n)
{
	if (send(c->fd, text, n, MSG_NOSIGNAL) != (ssize_t)n)
		assert_true(errno == EPIPE || errno == ECONNRESET);
}

static void hang_up(struct client *c)
{
	const uint64_t one = 1;

	assert_int_equal(write(c->stop, &one, sizeof(one)), sizeof(one));
}

/* A second later. A header is there at once, what fills it, or follows it, comes byte by byte. */
static void go_on(struct client *c)
{
	say(c, c->rest, strlen(c->rest));
	c->rest = "";
	if (c->filler)
		say(c, &c->filler, 1);
	fake_clock_pass(1000);
	c->seconds++;
	if (c->seconds == END_S)
		hang_up(c);
}

static uint64_t on_tick(void *ctx, uint64_t now_ms)
{
	struct client *c = ctx;
	char answer[2000];
	ssize_t n = recv(c->fd, answer, sizeof(answer), MSG_DONTWAIT);

	if (!n || (n < 0 && errno != EAGAIN)) {
		c->is_cut = true;
		hang_up(c);
		return UINT64_MAX;
	}
	c->is_heard |= n > 0;
	if (c->is_heard || !*c->first)
		go_on(c);
	return now_ms + 1;
}

static bool on_signals(void *ctx)
{
	(void)ctx;
	return true;
}

static void serve(struct client *c)
{
	struct srv_http_host host = { .on_signals = on_signals, .on_tick = on_tick, .ctx = c };

	assert_int_equal(srv_open(conf, SRV_STORE_SERVE, &srv), ERR_OK);
	assert_int_equal(srv_http_open(srv, true, &http), ERR_OK);
	c->fd = dial();
	c->stop = host.signals = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_true(c->stop >= 0);
	say(c, c->first, strlen(c->first));
	assert_int_equal(srv_http_run(http, &host), ERR_OK);
	(void)close(c->fd);
	srv_http_close(&http);
	srv_close(&srv);
	(void)close(c->stop);
}

/* Everybody has ten seconds for one request, however busy he is with it, and a minute between two. */
static void test_cut_off(void **state)
{
	static const struct {
		const char *what;
		bool is_second;         /* it asks for something whole before, and hears the answer */
		const char *rest;
		char filler;
		unsigned at_least, at_most;
	} rows[] = {
		{ "nothing", false, "", 0, 10, 13 },
		{ "a path", false, "GET /", 'x', 10, 13 },
		{ "a header", false, "GET / HTTP/1.1\r\nHost: x\r\nX: ", 'x', 10, 13 },
		{ "a body", false, BODY, 'x', 10, 13 },
		{ "nothing more", true, "", 0, 60, 63 },
		{ "another path", true, "GET /", 'x', 10, 13 },
		{ "another header", true, "GET / HTTP/1.1\r\nHost: x\r\nX: ", 'x', 10, 13 },
		{ "another body", true, BODY, 'x', 10, 13 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct client c = { .first = rows[i].is_second ? WHOLE : "", .rest = rows[i].rest,
				    .filler = rows[i].filler };

		serve(&c);
		if (!c.is_cut || c.seconds < rows[i].at_least || c.seconds > rows[i].at_most)
			fail_msg("%s: %s after %u s", rows[i].what, c.is_cut ? "cut" : "not cut", c.seconds);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut_off),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
