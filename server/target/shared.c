/* SPDX-License-Identifier: Apache-2.0 */
#include "server/target/shared.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "server/base/sum.h"

#define LISTS 1024

struct kept {
	struct kept *next;
	size_t refs, n;
	_Alignas(max_align_t) uint8_t bytes[];
};

static struct kept *lists[LISTS];

static struct kept **list_of(struct rd bytes)
{
	return &lists[srv_sum(bytes) % LISTS];
}

static struct kept *make(struct rd bytes)
{
	struct kept *it = malloc(sizeof(*it) + bytes.n);

	if (!it)
		return NULL;
	it->next = NULL;
	it->refs = 0;
	it->n = bytes.n;
	memcpy(it->bytes, bytes.p, bytes.n);
	return it;
}

enum err srv_shared_keep(struct rd bytes, struct rd *out)
{
	struct kept **at;

	*out = RD_NONE;
	if (!bytes.n)
		return ERR_OK;
	at = list_of(bytes);
	while (*at && !rd_eq(rd_of((*at)->bytes, (*at)->n), bytes))
		at = &(*at)->next;
	if (!*at)
		*at = make(bytes);
	if (!*at)
		return ERR_NOMEM;
	(*at)->refs++;
	*out = rd_of((*at)->bytes, (*at)->n);
	return ERR_OK;
}

void srv_shared_drop(struct rd *bytes)
{
	struct rd view = *bytes;
	struct kept **at, *it;

	*bytes = RD_NONE;
	if (!view.n)
		return;
	at = list_of(view);
	while (*at && (*at)->bytes != view.p)
		at = &(*at)->next;
	it = *at;
	if (!it || --it->refs)
		return;
	*at = it->next;
	free(it);
}
