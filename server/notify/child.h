/* SPDX-License-Identifier: Apache-2.0 */
/* A program that the server starts and does not wait for: input from memory, its end by a descriptor. */
#ifndef SERVER_NOTIFY_CHILD_H
#define SERVER_NOTIFY_CHILD_H

#include <sys/types.h>

#include "base/buf.h"

#define SRV_CHILD_SAID 200

struct srv_child {
	pid_t pid;
	int pidfd;              /* readable once it has ended */
	int says;               /* its standard error, -1 after its end */
	size_t n;               /* the first line of that, as far as it was read */
	char said[SRV_CHILD_SAID];
	bool is_said;           /* the line is complete */
};
/*
 * argv[0] is a path. input is on its standard input, as a whole; standard output goes nowhere; it has no other
 * descriptor, no environment, and a process group of its own. Both descriptors are watched by epoll with tag. ERR_IO
 * with errno kept.
 */
MUST enum err srv_child_start(char *const argv[], struct rd input, int epoll, void *tag, struct srv_child *out);
/* Hear what it says. true: it has ended, and its descriptors are closed; why is "" if it went well, safe to show. */
bool srv_child_look(struct srv_child *c, char *why, size_t cap);
/* It, and what it has started: the end comes soon. */
void srv_child_kill(const struct srv_child *c);
/* The same, and wait for it. */
void srv_child_stop(struct srv_child *c);

#endif
