/* SPDX-License-Identifier: Apache-2.0 */
/* FNV-1a: a number for bytes, for their place in a table or to see that they have changed. It protects from nobody. */
#ifndef SERVER_BASE_SUM_H
#define SERVER_BASE_SUM_H

#include "base/buf.h"

static inline uint32_t srv_sum(struct rd bytes)
{
	uint32_t sum = 2166136261u;
	size_t i;

	for (i = 0; i < bytes.n; i++)
		sum = (sum ^ bytes.p[i]) * 16777619u;
	return sum;
}

#endif
