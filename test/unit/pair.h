/* SPDX-License-Identifier: Apache-2.0 */
/* The scene of most tests of the server: a server with 2 of 3, the target enrolled, and a host with our header. */
#ifndef TEST_UNIT_PAIR_H
#define TEST_UNIT_PAIR_H

#include "test/unit/scene.h"

static struct scene s;
static struct scene_host h;

static inline int open_scene(void **state)
{
	(void)state;
	scene_pair_open(&s, &h, "vendor-shared");
	return 0;
}

static inline int close_scene(void **state)
{
	(void)state;
	scene_pair_close(&s, &h);
	return 0;
}

/* Until people are asked. */
static inline void waits(void)
{
	assert_int_equal(scene_host_begin(&h), 200);
	assert_int_equal(scene_host_go(&h), 0);
	assert_string_equal(h.text, "0 of 2");
	assert_int_equal(h.id, 1);
}

#endif
