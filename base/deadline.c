/* SPDX-License-Identifier: Apache-2.0 */
#include "base/deadline.h"

#include <errno.h>
#include <poll.h>

#include "base/clock.h"

/* poll() does not count the time of a suspend; looking at the boot clock once a second does. */
#define SLICE_MS 1000

struct deadline deadline_in(uint64_t ms)
{
	uint64_t now = clock_boot_ms();

	return (struct deadline){ ms > UINT64_MAX - now ? UINT64_MAX : now + ms, -1 };
}

struct deadline deadline_never(void)
{
	return (struct deadline){ UINT64_MAX, -1 };
}

struct deadline deadline_within(const struct deadline *d, uint64_t ms)
{
	struct deadline sooner = deadline_in(ms);

	if (d) {
		sooner.cancel_fd = d->cancel_fd;
		if (d->at_ms < sooner.at_ms)
			sooner.at_ms = d->at_ms;
	}
	return sooner;
}

uint64_t deadline_left_ms(const struct deadline *d)
{
	uint64_t now;

	if (!d || d->at_ms == UINT64_MAX)
		return UINT64_MAX;
	now = clock_boot_ms();
	return d->at_ms > now ? d->at_ms - now : 0;
}

enum err deadline_check(const struct deadline *d)
{
	struct pollfd cancel = { .fd = d ? d->cancel_fd : -1, .events = POLLIN };

	if (cancel.fd >= 0 && poll(&cancel, 1, 0) > 0)
		return ERR_CANCELLED;
	return deadline_left_ms(d) ? ERR_OK : ERR_TIMEOUT;
}

enum err deadline_wait(const struct deadline *d, int fd)
{
	struct pollfd fds[2] = {
		{ .fd = d ? d->cancel_fd : -1, .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
	};

	for (;;) {
		uint64_t left = deadline_left_ms(d);
		int n = poll(fds, 2, left > SLICE_MS ? SLICE_MS : (int)left);

		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return ERR_IO;
		if (n > 0 && fds[0].revents)
			return ERR_CANCELLED;
		if (n > 0 && fds[1].revents)
			return fds[1].revents & POLLNVAL ? ERR_IO : ERR_OK;
		if (left == 0)
			return ERR_TIMEOUT;
	}
}
