/* SPDX-License-Identifier: Apache-2.0 */
/* Time. Limits use boot time, which runs on in suspend and does not jump; tests replace this file at link time. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

uint64_t clock_boot_ms(void);
int64_t clock_wall_s(void);                                    /* seconds since 1970, UTC */

/* Of two times at which something is due; UINT64_MAX: never. */
static inline uint64_t clock_earlier(uint64_t a_ms, uint64_t b_ms) { return a_ms < b_ms ? a_ms : b_ms; }

#endif
