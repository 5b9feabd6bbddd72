/* SPDX-License-Identifier: Apache-2.0 */
#include "server/target/target.h"

#include <stdlib.h>
#include <string.h>

#include "server/target/shared.h"

enum err srv_target_new(unsigned m, size_t archived_n, size_t arena, struct srv_target **out)
{
	struct srv_target *t = calloc(1, sizeof(*t));

	*out = NULL;
	if (!t)
		return ERR_NOMEM;
	t->refs = 1;
	t->m = m;
	t->archived_n = archived_n;
	t->custodians = t->own = calloc(m + 1, sizeof(*t->own));
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

static struct rd custodians_of(const struct srv_target *t)
{
	return rd_of(t->custodians, t->m * sizeof(*t->custodians));
}

static void shared_drop(struct rd *files, unsigned n, struct rd custodians)
{
	while (n)
		srv_shared_drop(&files[--n]);
	srv_shared_drop(&custodians);
}

static enum err share(const struct srv_target *t, struct rd *files, struct rd *custodians)
{
	enum err e = srv_shared_keep(custodians_of(t), custodians);
	unsigned i;

	for (i = 0; !e && i < t->m; i++)
		e = srv_shared_keep(t->pka_files[i], &files[i]);
	if (e)
		shared_drop(files, t->m, *custodians);
	return e;
}

static struct rd move(struct wr *to, struct rd bytes)
{
	size_t start = to->n;

	wr_put(to, bytes);
	return rd_of(to->p + start, to->n - start);
}

enum err srv_target_pack(struct srv_target *t)
{
	struct rd *files = calloc(t->m + 1, sizeof(*files)), custodians;
	size_t size = t->devaut.n, i;
	uint8_t *arena;
	struct wr w;
	enum err e;

	for (i = 0; i < t->archived_n; i++)
		size += t->archived[i].attestation.n;
	arena = malloc(size + 1);
	e = files && arena ? share(t, files, &custodians) : ERR_NOMEM;
	if (e) {
		free(files);
		free(arena);
		return e;
	}
	wr_init(&w, arena, size);
	t->devaut = move(&w, t->devaut);
	for (i = 0; i < t->archived_n; i++)
		t->archived[i].attestation = move(&w, t->archived[i].attestation);
	free(t->arena);
	free(t->pka_files);
	free(t->own);
	t->own = NULL;
	t->custodians = (const struct pka_custodian *)(const void *)custodians.p;
	t->arena = arena;
	t->pka_files = files;
	t->is_packed = true;
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
	if (it->is_packed)
		shared_drop(it->pka_files, it->m, custodians_of(it));
	free(it->own);
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
