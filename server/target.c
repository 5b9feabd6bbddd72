/* SPDX-License-Identifier: Apache-2.0 */
#include "server/target.h"

#include <stdlib.h>
#include <string.h>

enum err srv_target_new(unsigned m, size_t archived_n, size_t arena, struct srv_target **out)
{
	struct srv_target *t = calloc(1, sizeof(*t));

	*out = NULL;
	if (!t)
		return ERR_NOMEM;
	t->refs = 1;
	t->m = m;
	t->archived_n = archived_n;
	t->custodians = calloc(m + 1, sizeof(*t->custodians));
	t->pka_files = calloc(m + 1, sizeof(*t->pka_files));
	t->archived = calloc(archived_n + 1, sizeof(*t->archived));
	t->arena = calloc(1, arena + 1);
	if (!t->custodians || !t->pka_files || !t->archived || !t->arena) {
		srv_target_unref(&t);
		return ERR_NOMEM;
	}
	*out = t;
	return ERR_OK;
}

struct srv_target *srv_target_ref(struct srv_target *t)
{
	t->refs++;
	return t;
}

void srv_target_unref(struct srv_target **t)
{
	struct srv_target *it = *t;

	*t = NULL;
	if (!it || --it->refs)
		return;
	free(it->custodians);
	free(it->pka_files);
	free(it->archived);
	free(it->arena);
	free(it);
}

size_t srv_target_find(const struct srv_target *t, const char *chr)
{
	size_t i = 0;

	while (i < t->m && strcmp(t->custodians[i].chr, chr))
		i++;
	return i;
}
