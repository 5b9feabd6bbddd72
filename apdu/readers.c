/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu/readers.h"

#include <string.h>

bool apdu_readers_is_same(const struct apdu_readers *a, const struct apdu_readers *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->v[i].name, b->v[i].name) != 0 || a->v[i].has_card != b->v[i].has_card ||
		    a->v[i].events != b->v[i].events)
			return false;
	return true;
}
