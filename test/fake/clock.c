/* SPDX-License-Identifier: Apache-2.0 */
#include "test/fake/clock.h"

#include <stdatomic.h>
#include <time.h>

#include "base/clock.h"

static atomic_uint_fast64_t passed_ms;
static atomic_int_fast64_t jump;

void fake_clock_pass(uint64_t ms)
{
	passed_ms += ms;
}

void fake_clock_set_wall(int64_t jump_s)
{
	jump += jump_s;
}

uint64_t clock_boot_ms(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000 + passed_ms;
}

int64_t clock_wall_s(void)
{
	return (int64_t)time(NULL) + (int64_t)(passed_ms / 1000) + jump;
}
