/* SPDX-License-Identifier: Apache-2.0 */
/* What the two measured clients, p11.c and scard.c, share. Errors end the program with a line on stderr. */
#ifndef TEST_BENCH_BENCH_H
#define TEST_BENCH_BENCH_H

#include "base/buf.h"

#define BENCH_ANSWER_MAX 4096   /* bytes of a card's answer */

_Noreturn void bench_die(const char *what, unsigned long code);
/* First line of a file, without its end; into the caller's array. */
void bench_line(const char *path, char *line, size_t cap);
unsigned long bench_number(const char *text);
/* Commands that the card has got so far, from the file that quorum11-vcard --count writes. */
unsigned long bench_count(const char *path);

/*
 * Processor time of this process (user and system) and wall time of n runs; printed as "cpu_us=... wall_us=..." per
 * run.
 */
struct bench_watch {
	uint64_t cpu_ns, wall_ns;
};
void bench_start(struct bench_watch *w);
void bench_stop(const struct bench_watch *w, unsigned long n);

int bench_p11(int argc, char **argv);
int bench_scard(int argc, char **argv);
int bench_echo(int argc, char **argv);
/* cpu PID: nanoseconds of the processor that all threads of a process have had, also those that have ended. */
int bench_cpu(int argc, char **argv);

#endif
