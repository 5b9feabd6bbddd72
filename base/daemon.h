/* SPDX-License-Identifier: Apache-2.0 */
/* What a program that runs for long does first. */
#ifndef BASE_DAEMON_H
#define BASE_DAEMON_H

#include <stdint.h>

/*
 * SIGTERM, SIGINT and SIGHUP as a descriptor, which the caller closes; they are blocked, and SIGPIPE is ignored, in all
 * threads that come. -1: errno says why.
 */
int daemon_signals(void);
/*
 * Tell systemd what we do (sd_notify(3)): lines as READY=1, to the socket that NOTIFY_SOCKET names. Without it, or if
 * nobody listens, nothing happens.
 */
void daemon_notify(const char *lines);
void daemon_notify_reloading(void);     /* RELOADING=1, with the time that systemd wants beside it */
/* How often systemd wants to hear WATCHDOG=1 of this process, ms; 0: not at all. */
uint64_t daemon_watchdog_ms(void);
/* As many descriptors as the system lets us have; what cannot be had is no error. */
void daemon_descriptors(void);

#endif
