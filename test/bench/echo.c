/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least that another process between a client and its card can cost: packets of the sizes of a command and its
 * answer go to a process that does nothing, and back.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/bench/bench.h"

#define QUESTION 63
#define ANSWER 263

static void answer(int fd)
{
	uint8_t packet[ANSWER] = { 0 };

	while (recv(fd, packet, sizeof(packet), 0) > 0)
		if (send(fd, packet, sizeof(packet), MSG_NOSIGNAL) < 0)
			break;
	_exit(0);
}

static void ask(int fd)
{
	uint8_t packet[ANSWER] = { 0 };

	if (send(fd, packet, QUESTION, MSG_NOSIGNAL) != QUESTION || recv(fd, packet, sizeof(packet), 0) != ANSWER)
		bench_die("echo", (unsigned long)errno);
}

/* Processor time of a process so far, in ns: the first number of its schedstat. */
static unsigned long ns_of(pid_t pid)
{
	char path[64], line[128], *end;
	unsigned long ns;

	(void)snprintf(path, sizeof(path), "/proc/%ld/schedstat", (long)pid);
	bench_line(path, line, sizeof(line));
	ns = strtoul(line, &end, 10);
	if (end == line)
		bench_die(path, 0);
	return ns;
}

/* echo N: prints what one question and its answer cost the two processes: cpu_us, wall_us (this one) and other_us. */
int bench_echo(int argc, char **argv)
{
	struct bench_watch watch;
	unsigned long n, before;
	int ends[2];
	pid_t pid;

	if (argc != 2)
		return 2;
	n = bench_number(argv[1]);
	if (n == 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		bench_die("socketpair", (unsigned long)errno);
	pid = fork();
	if (pid < 0)
		bench_die("fork", (unsigned long)errno);
	if (pid == 0) {
		(void)close(ends[0]);
		answer(ends[1]);
	}
	(void)close(ends[1]);
	ask(ends[0]);
	before = ns_of(pid);
	bench_start(&watch);
	for (unsigned long i = 0; i < n; i++)
		ask(ends[0]);
	bench_stop(&watch, n);
	printf(" other_us=%.2f\n", (double)(ns_of(pid) - before) / 1000 / (double)n);
	(void)close(ends[0]);
	(void)waitpid(pid, NULL, 0);
	return 0;
}
