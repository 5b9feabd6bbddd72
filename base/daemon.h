/* SPDX-License-Identifier: Apache-2.0 */
/* What a program that runs for long does first. */
#ifndef BASE_DAEMON_H
#define BASE_DAEMON_H

/*
 * SIGTERM, SIGINT and SIGHUP as a descriptor, which the caller closes; they are blocked, and SIGPIPE is ignored, in all
 * threads that come. -1: errno says why.
 */
int daemon_signals(void);
/* As many descriptors as the system lets us have; what cannot be had is no error. */
void daemon_descriptors(void);

#endif
