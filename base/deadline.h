/* SPDX-License-Identifier: Apache-2.0 */
/* A budget of time and a way to give up, passed down through all I/O as the last parameter. */
#ifndef BASE_DEADLINE_H
#define BASE_DEADLINE_H

#include "base/err.h"

struct deadline {
	uint64_t at_ms;     /* boot time; UINT64_MAX: none */
	int cancel_fd;      /* becomes readable when the caller gives up; -1: cannot */
};

struct deadline deadline_in(uint64_t ms);
struct deadline deadline_never(void);
/* The sooner of d's end and ms from now, with d's way to give up. */
struct deadline deadline_within(const struct deadline *d, uint64_t ms);
uint64_t deadline_left_ms(const struct deadline *d);           /* 0: over; UINT64_MAX: none. d may be NULL: none */
/* ERR_OK, ERR_TIMEOUT or ERR_CANCELLED. d may be NULL. */
MUST enum err deadline_check(const struct deadline *d);
/* Wait until fd is readable (or POLLHUP). ERR_OK, ERR_TIMEOUT, ERR_CANCELLED, ERR_IO. fd -1: just wait. */
MUST enum err deadline_wait(const struct deadline *d, int fd);

#endif
