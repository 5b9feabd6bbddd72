/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

struct entry {
	uint8_t *p;             /* command, then answer */
	size_t cmd_n, rsp_n;
};
struct agent_cache {            /* sorted by command */
	struct entry *v;
	size_t n, cap, bytes;
};

enum err agent_cache_new(struct agent_cache **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? ERR_OK : ERR_NOMEM;
}

void agent_cache_clear(struct agent_cache *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->v[i].p);
	c->n = c->bytes = 0;
}

void agent_cache_free(struct agent_cache **c)
{
	if (!*c)
		return;
	agent_cache_clear(*c);
	free((*c)->v);
	free(*c);
	*c = NULL;
}

static int compare(const struct entry *e, struct rd cmd)
{
	size_t n = e->cmd_n < cmd.n ? e->cmd_n : cmd.n;
	int d = n ? memcmp(e->p, cmd.p, n) : 0;

	return d ? d : (e->cmd_n > cmd.n) - (e->cmd_n < cmd.n);
}

/* Where it is, or would be. */
static size_t find(const struct agent_cache *c, struct rd cmd, bool *found)
{
	size_t lo = 0, hi = c->n;

	*found = false;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int d = compare(&c->v[mid], cmd);

		if (d == 0) {
			*found = true;
			return mid;
		}
		if (d < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool agent_cache_get(const struct agent_cache *c, struct rd cmd, struct rd *rsp)
{
	bool found;
	size_t i = find(c, cmd, &found);

	if (found)
		*rsp = rd_of(c->v[i].p + c->v[i].cmd_n, c->v[i].rsp_n);
	return found;
}

void agent_cache_put(struct agent_cache *c, struct rd cmd, struct rd rsp)
{
	struct entry *grown;
	uint8_t *p;
	bool found;
	size_t i = find(c, cmd, &found);

	if (found || !cmd.n || !rsp.n || cmd.n + rsp.n > AGENT_CACHE_MAX - c->bytes)
		return;
	if (c->n == c->cap) {
		grown = realloc(c->v, (c->cap * 2 + 64) * sizeof(*grown));
		if (!grown)
			return;
		c->v = grown;
		c->cap = c->cap * 2 + 64;
	}
	p = malloc(cmd.n + rsp.n);
	if (!p)
		return;
	memcpy(p, cmd.p, cmd.n);
	memcpy(p + cmd.n, rsp.p, rsp.n);
	memmove(c->v + i + 1, c->v + i, (c->n - i) * sizeof(c->v[0]));
	c->v[i] = (struct entry){ p, cmd.n, rsp.n };
	c->n++;
	c->bytes += cmd.n + rsp.n;
}
