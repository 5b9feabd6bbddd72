/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/http_int.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define TICK_MS 100             /* how late what else time demands may be done, which is looked for in all sessions */
#define EVENTS 32

/* Milliseconds until something is due: the daemon's own, the ceremonies', a slow reader's, the end of the grace. */
static int time_left(struct srv_http *h, uint64_t due_ms, uint64_t now_ms)
{
	MHD_UNSIGNED_LONG_LONG daemons;
	uint64_t left = due_ms > now_ms ? due_ms - now_ms : 0;

	if (MHD_get_timeout(h->daemon, &daemons) == MHD_YES && daemons < left)
		left = daemons;
	if (h->conns && h->slow_ms < now_ms + left)
		left = h->slow_ms > now_ms ? h->slow_ms - now_ms : 0;
	return left > INT32_MAX ? -1 : (int)left;
}

/*
 * What time demands of the sessions, and when to come again. It costs time for each of them, so however much happens it
 * is done only so often.
 */
static uint64_t tick(struct srv_http *h, uint64_t now_ms)
{
	if (now_ms < h->tick_ms)
		return h->tick_ms;
	h->tick_ms = now_ms + TICK_MS;
	return srv_tick(h->srv, now_ms);
}

/* What happened; true: there are signals. */
static bool events_take(struct srv_http *h, const struct epoll_event *ev, int n)
{
	bool signals = false;
	int i;

	for (i = 0; i < n; i++) {
		if (ev[i].data.ptr == h)
			signals = true;
		else if (ev[i].data.ptr == h->srv)
			srv_notify_look(h->srv->notify);
		else if (ev[i].data.ptr)
			srv_http_gone(ev[i].data.ptr);
	}
	return signals;
}

static void stop_begin(struct srv_http *h, int signals, uint64_t now_ms)
{
	MHD_socket fd = MHD_quiesce_daemon(h->daemon);

	if (fd != MHD_INVALID_SOCKET)
		(void)close(fd);
	(void)epoll_ctl(h->epoll, EPOLL_CTL_DEL, signals, &(struct epoll_event){ 0 });
	srv_stop(h->srv, now_ms);
}

enum err srv_http_run(struct srv_http *h, const struct srv_http_host *host)
{
	struct epoll_event ev[EVENTS], signals = { .events = EPOLLIN, .data.ptr = h },
			   children = { .events = EPOLLIN, .data.ptr = h->srv };
	uint64_t now_ms = clock_boot_ms(), due_ms, stop_at_ms = UINT64_MAX;
	bool is_stopping = false;
	int n;

	if (epoll_ctl(h->epoll, EPOLL_CTL_ADD, host->signals, &signals) ||
	    epoll_ctl(h->epoll, EPOLL_CTL_ADD, srv_notify_descriptor(h->srv->notify), &children)) {
		log_tell("epoll: %s", strerror(errno));
		return ERR_IO;
	}
	while (!is_stopping || (now_ms < stop_at_ms && (h->requests || !srv_is_quiet(h->srv)))) {
		due_ms = clock_earlier(tick(h, now_ms), host->on_tick(host->ctx, now_ms));
		n = epoll_wait(h->epoll, ev, EVENTS, time_left(h, clock_earlier(due_ms, stop_at_ms), now_ms));
		if (n < 0 && errno != EINTR) {
			log_tell("epoll: %s", strerror(errno));
			return ERR_IO;
		}
		now_ms = clock_boot_ms();
		if (events_take(h, ev, n) && host->on_signals(host->ctx) && !is_stopping) {
			is_stopping = true;
			stop_at_ms = now_ms + SRV_GRACE_MS;
			stop_begin(h, host->signals, now_ms);
		}
		srv_conn_cut_slow(h, now_ms);
		if (MHD_run(h->daemon) != MHD_YES) {
			log_tell("the HTTP library failed");
			return ERR_IO;
		}
		now_ms = clock_boot_ms();
	}
	return ERR_OK;
}
