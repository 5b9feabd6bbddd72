/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/line/cancel.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static int ends[2] = { -1, -1 };
static struct sigaction before[2];
static const int signals[2] = { SIGINT, SIGTERM };

static void on_signal(int sig)
{
	int saved = errno;
	ssize_t n = write(ends[1], "", 1);

	(void)sig;
	(void)n;        /* a full pipe is readable, too */
	errno = saved;
}

int cli_cancel_begin(void)
{
	struct sigaction act = { .sa_handler = on_signal };

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
		return -1;
	(void)sigemptyset(&act.sa_mask);
	for (int i = 0; i < 2; i++)
		(void)sigaction(signals[i], &act, &before[i]);
	return ends[0];
}

void cli_cancel_end(void)
{
	if (ends[0] < 0)
		return;
	for (int i = 0; i < 2; i++)
		(void)sigaction(signals[i], &before[i], NULL);
	for (int i = 0; i < 2; i++) {
		(void)close(ends[i]);
		ends[i] = -1;
	}
}
