/* SPDX-License-Identifier: Apache-2.0 */
#include "server/forget.h"

#include "base/clock.h"

#define DAY_S (24 * 60 * 60)
#define AGAIN_MS (60 * 60 * 1000)       /* when to look again */
#define MORE_MS 1000                    /* ... where there is more */

struct old {
	int64_t before;
	size_t n;
};

static enum err forget(void *ctx, const struct srv_store *store)
{
	const struct old *o = ctx;

	return store->ops->requests_forget(store->ctx, o->before, o->n);
}

uint64_t srv_forget_tick(struct srv *s, uint64_t now_ms)
{
	struct old o = { .before = clock_wall_s() - (int64_t)s->conf->server.keep_days * DAY_S };
	struct srv_event ev;
	enum err e;

	if (!s->conf->server.keep_days)
		return UINT64_MAX;
	if (now_ms < s->forget_ms)
		return s->forget_ms;
	e = s->store.ops->requests_old(s->store.ctx, o.before, SRV_FORGET_ONCE, &o.n);
	if (!e && o.n) {
		srv_event_init(&ev, "forget", NULL, NULL);
		srv_event_number(&ev, "requests", (int64_t)o.n);
		srv_event_number(&ev, "before", o.before);
		e = srv_event_commit(s->events, &ev, forget, &o);
	}
	s->forget_ms = now_ms + (!e && o.n == SRV_FORGET_ONCE ? MORE_MS : AGAIN_MS);
	return s->forget_ms;
}
