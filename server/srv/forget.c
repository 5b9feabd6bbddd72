/* SPDX-License-Identifier: Apache-2.0 */
#include "server/srv/forget.h"

#include "base/clock.h"

#define DAY_S (24 * 60 * 60)
#define AGAIN_MS (10 * 60 * 1000)       /* when to look again */
#define MORE_MS 1000                    /* ... where there is more */
#define KEEP_S 300                      /* how much of its life may be lost by a crash */
#define TELL_S (2 * DAY_S)              /* a clock that is so much ahead is told of */

struct old {
	int64_t before;
	size_t n;
};

static enum err forget(void *ctx, const struct srv_store *store)
{
	const struct old *o = ctx;

	return store->ops->requests_forget(store->ctx, o->before, o->n);
}

/* The clock is ahead of all that was lived through: once is enough to look at it. */
static void tell(struct srv *s, int64_t ahead)
{
	struct srv_event ev;

	srv_event_init(&ev, "clock", NULL, NULL);
	srv_event_number(&ev, "ahead", ahead);
	srv_event_text(&ev, "why", "it has jumped, or no server ran: what ended long ago is forgotten later");
	srv_event_emit(s->events, &ev);
	s->age.is_told = true;
}

/* Until when the servers have lived. ERR_NOT_FOUND: nothing has ended yet that could grow old. */
static enum err live(struct srv *s, uint64_t now_ms, int64_t *now)
{
	struct srv_age *a = &s->age;
	int64_t wall = clock_wall_s(), step = (int64_t)((now_ms - a->seen_ms) / 1000);
	enum err e = ERR_OK;

	if (!a->seen) {
		e = s->store.ops->lived(s->store.ctx, &a->kept);
		if (e)
			return e;
		a->seen = a->kept;
		step = 0;
	}
	a->seen_ms = now_ms;
	if (a->seen < wall)
		a->seen = wall - a->seen > 2 * step ? a->seen + 2 * step : wall;
	if (a->seen - a->kept >= KEEP_S) {
		e = s->store.ops->live_on(s->store.ctx, a->seen);
		if (!e)
			a->kept = a->seen;
	}
	if (s->conf->server.keep_days && !a->is_told && wall - a->seen > TELL_S)
		tell(s, wall - a->seen);
	*now = a->seen < wall ? a->seen : wall;
	return e;
}

static enum err look(struct srv *s, int64_t now, struct old *o)
{
	struct srv_event ev;
	enum err e;

	o->before = now - (int64_t)s->conf->server.keep_days * DAY_S;
	e = s->store.ops->requests_old(s->store.ctx, o->before, SRV_FORGET_ONCE, &o->n);
	if (e || !o->n)
		return e;
	srv_event_init(&ev, "forget", NULL, NULL);
	srv_event_number(&ev, "requests", (int64_t)o->n);
	srv_event_number(&ev, "before", o->before);
	return srv_event_commit(s->events, &ev, forget, o);
}

uint64_t srv_forget_tick(struct srv *s, uint64_t now_ms)
{
	struct old o = { .n = 0 };
	int64_t now;
	enum err e;

	if (now_ms < s->age.due_ms)
		return s->age.due_ms;
	e = live(s, now_ms, &now);
	if (!e && s->conf->server.keep_days)
		e = look(s, now, &o);
	s->age.due_ms = now_ms + (!e && o.n == SRV_FORGET_ONCE ? MORE_MS : AGAIN_MS);
	return s->age.due_ms;
}
