/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies, on the server's real sockets: what is kept of them, and of whom (server/http/request.c). */
#include "test/unit/served.h"

#include <errno.h>
#include <malloc.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "server/call/token.h"

#define SENDERS 8
#define KEPT_MAX (SENDERS * HTTP_BODY_MAX / 4)

/* They all send at once, moved by the server's own loop. */
struct senders {
	struct sender {
		int fd;
		size_t sent, heard;     /* of the body; of the answer */
		char answer[200];
	} v[SENDERS];
	int stop;
	size_t begun, most;             /* bytes of the heap at the beginning, and since then */
};

static size_t heap(void)
{
	const struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

/* As much of it as goes now; then the beginning of the answer. true: it is there. */
static bool go_on(struct sender *s)
{
	static char blanks[16384];
	size_t left = HTTP_BODY_MAX - s->sent;
	ssize_t n;

	memset(blanks, ' ', sizeof(blanks));
	if (left) {
		n = send(s->fd, blanks, left < sizeof(blanks) ? left : sizeof(blanks), MSG_NOSIGNAL | MSG_DONTWAIT);
		s->sent += n > 0 ? (size_t)n : 0;
	}
	if (s->heard > strlen("HTTP/1.1 999"))
		return true;
	n = recv(s->fd, s->answer + s->heard, sizeof(s->answer) - 1 - s->heard, MSG_DONTWAIT);
	assert_true(n > 0 || (n < 0 && errno == EAGAIN));
	s->heard += n > 0 ? (size_t)n : 0;
	return s->heard > strlen("HTTP/1.1 999");
}

static uint64_t on_tick(void *ctx, uint64_t now_ms)
{
	const uint64_t one = 1;
	struct senders *all = ctx;
	size_t i, done = 0;

	for (i = 0; i < SENDERS; i++)
		done += go_on(&all->v[i]);
	if (heap() > all->most)
		all->most = heap();
	if (done == SENDERS)
		assert_int_equal(write(all->stop, &one, sizeof(one)), sizeof(one));
	return now_ms + 1;
}

static bool on_signals(void *ctx)
{
	(void)ctx;
	return true;
}

/* The status that all of them are answered with, and how much memory it took. */
static int send_all(const char *token, size_t *most)
{
	struct senders all = { .stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
	struct srv_http_host host = { .signals = all.stop, .on_signals = on_signals, .on_tick = on_tick, .ctx = &all };
	char head[300];
	int status = 0, n, i;

	assert_true(all.stop >= 0);
	assert_int_equal(srv_open(conf, SRV_STORE_SERVE, &srv), ERR_OK);
	assert_int_equal(srv_http_open(srv, true, &http), ERR_OK);
	n = snprintf(head, sizeof(head), "POST /api/v1/targets HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n%s%s%s\r\n",
		     HTTP_BODY_MAX, token ? "Authorization: Bearer " : "", token ? token : "", token ? "\r\n" : "");
	for (i = 0; i < SENDERS; i++) {
		all.v[i].fd = dial();
		assert_int_equal(send(all.v[i].fd, head, (size_t)n, MSG_NOSIGNAL), n);
	}
	all.begun = all.most = heap();
	assert_int_equal(srv_http_run(http, &host), ERR_OK);
	for (i = 0; i < SENDERS; i++) {
		assert_int_equal(all.v[i].sent, HTTP_BODY_MAX);
		assert_int_equal(strncmp(all.v[i].answer, "HTTP/1.1 ", 9), 0);
		n = (int)strtol(all.v[i].answer + 9, NULL, 10);
		assert_true(i == 0 || n == status);
		status = n;
		(void)close(all.v[i].fd);
	}
	srv_http_close(&http);
	srv_close(&srv);
	(void)close(all.stop);
	*most = all.most - all.begun;
	return status;
}

/* An enrolment is large, and only who may enrol is kept memory for; all others send it in vain, and are told why. */
static void test_of_nobody(void **state)
{
	struct secret *token = NULL;
	char text[200];
	size_t most;

	(void)state;
	assert_int_equal(send_all(NULL, &most), 401);
	assert_in_range(most, 0, KEPT_MAX);
	assert_int_equal(send_all("nonsense", &most), 401);
	assert_in_range(most, 0, KEPT_MAX);
	assert_int_equal(srv_token_make(state_dir, false), ERR_OK);
	assert_int_equal(srv_token_read(state_dir, &token), ERR_OK);
	(void)snprintf(text, sizeof(text), "%.*s", (int)secret_size(token), (const char *)secret_view(token).p);
	secret_free(&token);
	assert_int_equal(send_all(text, &most), 400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of_nobody),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
