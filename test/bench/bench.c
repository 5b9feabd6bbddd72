/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "test/bench/bench.h"

_Noreturn void bench_die(const char *what, unsigned long code)
{
	fprintf(stderr, "bench: %s: 0x%lx\n", what, code);
	exit(1);
}

void bench_line(const char *path, char *line, size_t cap)
{
	FILE *f = fopen(path, "r");

	if (!f || !fgets(line, (int)cap, f))
		bench_die(path, (unsigned long)errno);
	line[strcspn(line, "\n")] = 0;
	fclose(f);
}

unsigned long bench_number(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 0);

	if (end == text || *end)
		bench_die(text, 0);
	return n;
}

unsigned long bench_count(const char *path)
{
	char line[32];

	bench_line(path, line, sizeof(line));
	return bench_number(line);
}

static uint64_t ns_of(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t))
		bench_die("clock", (unsigned long)errno);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void bench_start(struct bench_watch *w)
{
	w->wall_ns = ns_of(CLOCK_MONOTONIC);
	w->cpu_ns = ns_of(CLOCK_PROCESS_CPUTIME_ID);
}

void bench_stop(const struct bench_watch *w, unsigned long n)
{
	uint64_t cpu = ns_of(CLOCK_PROCESS_CPUTIME_ID) - w->cpu_ns;
	uint64_t wall = ns_of(CLOCK_MONOTONIC) - w->wall_ns;

	printf("cpu_us=%.2f wall_us=%.2f", (double)cpu / 1000 / (double)n, (double)wall / 1000 / (double)n);
}

int bench_cpu(int argc, char **argv)
{
	clockid_t clock;

	if (argc != 2)
		return 2;
	if (clock_getcpuclockid((pid_t)bench_number(argv[1]), &clock))
		bench_die(argv[1], 0);
	printf("%llu\n", (unsigned long long)ns_of(clock));
	return 0;
}
