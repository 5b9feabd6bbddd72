/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host may have closed its descriptors 0 to 2. What a library opens then gets these numbers, and takes in what the
 * host, or a message of ours, writes to "stdout" or "stderr".
 */
#ifndef BASE_FD_H
#define BASE_FD_H

/*
 * Put /dev/null where 0 to 2 are free, so that what is opened before fd_unplug comes out above; fd_unplug gives them
 * back. Returns what fd_unplug must be told. Keeps errno, so that a failure between both can be read afterwards.
 */
unsigned fd_plug(void);
void fd_unplug(unsigned plugged);

/*
 * For a program, when it begins: what is closed of 0 to 2 stays so for whoever reads and writes there (EBADF), and for
 * what it executes, and nothing that is opened gets these numbers.
 */
void fd_guard(void);

/* An eventfd(2) of 0, above 2, closed at exec and never blocking. -1: errno. The caller closes it. */
int fd_event(void);

#endif
