/* SPDX-License-Identifier: Apache-2.0 */
/* Time that a test can let pass: a line "fake: clock" in a test links clock.c in place of base/clock.c. */
#ifndef TEST_FAKE_CLOCK_H
#define TEST_FAKE_CLOCK_H

#include <stdint.h>

/* The machine was suspended for so long: boot time and the wall clock go on, no thread does. */
void fake_clock_pass(uint64_t ms);
/* Somebody sets the wall clock; boot time does not care. */
void fake_clock_set_wall(int64_t jump_s);

#endif
