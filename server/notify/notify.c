/* SPDX-License-Identifier: Apache-2.0 */
#include "server/notify/notify.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/base/json.h"
#include "server/notify/child.h"
#include "server/notify/post.h"

#define CHILDREN 16
#define CHILDREN_EACH 2                 /* for one way, so that one that hangs takes not all places */
#define STEPS 16                        /* of the store in one round; each is synchronised with the disk */
#define AGAIN_MS 1000                   /* when the store could not be used */
#define JOB_MAX (SRV_OUTBOX_TEXT + 4096)

/* One try. It views nothing of the settings, which may be replaced meanwhile. */
struct attempt {
	char *way;                      /* as in the settings, of what.kind; NULL: nobody is here */
	struct srv_outgoing what;
	struct srv_child child;
	uint64_t kill_ms;
	bool is_killed;
};
struct srv_notify {
	struct srv_notify_config c;
	struct srv_listener listener;
	struct srv_recipients *recipients;
	struct conf *own;               /* c.conf, if it was adopted */
	struct srv_rates *rates;
	struct attempt attempts[CHILDREN];
	int epoll;
	uint64_t again_ms;              /* look into the store then; 0: at once */
};

static json_t *job_json(const struct srv_notify *n, const struct srv_way *w, json_t *message)
{
	const struct conf *c = n->c.conf;

	if (w->kind == SRV_BY_WEBHOOK)
		return json_pack("{s:s, s:s, s:s*, s:s*, s:s*, s:O}", "way", "webhook", "url", w->word[1],
				 "secret_file", w->word[2], "ca", c->notify.ca, "proxy", c->notify.proxy, "message",
				 message);
	return json_pack("{s:s, s:s, s:s, s:s, s:s*, s:s*, s:s*, s:O}", "way", "mail", "smtp", c->notify.smtp, "from",
			 c->notify.smtp_from, "to", w->word[1], "user", c->notify.smtp_user, "password_file",
			 c->notify.smtp_password, "ca", c->notify.ca, "message", message);
}

/* What the child gets: a command the message itself, the helper a job. */
static enum err input_write(const struct srv_notify *n, const struct srv_way *w, struct rd message, struct wr *out)
{
	json_t *j;

	if (w->kind == SRV_BY_COMMAND) {
		wr_put(out, message);
	} else {
		j = json_loadb((const char *)message.p, message.n, 0, NULL);
		srv_json_write(j ? job_json(n, w, j) : NULL, out);
		json_decref(j);
	}
	wr_text(out, "\n");
	return wr_done(out);
}

static int64_t pause_s(const struct srv_notify *n, int tries)
{
	int64_t pause = n->c.conf->notify.retry;

	while (--tries > 0 && pause < SRV_NOTIFY_PAUSE_S)
		pause *= 2;
	return pause < SRV_NOTIFY_PAUSE_S ? pause : SRV_NOTIFY_PAUSE_S;
}

static void failed(struct srv_notify *n, struct srv_outgoing *o)
{
	int64_t now = clock_wall_s(), next = now + pause_s(n, o->tries);

	log_line(LOG_SRV, LOG_WARN, "event=tell request=%s about=%s to=%s by=%s tries=%d result=failed why=\"%s\"",
		 o->request, o->about, o->name, o->kind, o->tries, o->why);
	/* If it cannot be kept, what was said at the beginning of the try holds. */
	if (srv_outbox_failed(n->c.store, o->id, next, o->why))
		log_line(LOG_SRV, LOG_WARN, "event=tell request=%s result=\"%s\"", o->request,
			 srv_events_why(n->c.events));
	n->again_ms = 0;
}

static enum err drop(void *ctx, const struct srv_store *store)
{
	return srv_outbox_drop(store, *(const int64_t *)ctx);
}

/* It is out of the outbox in the same transaction in which the audit says what became of it. */
static bool leave(struct srv_notify *n, struct srv_outgoing *o, const char *result, enum log_level level)
{
	struct srv_event ev;

	srv_tell_event(o, result, level, &ev);
	return !srv_event_commit(n->c.events, &ev, drop, &o->id);
}

static void leave_place(struct attempt *a)
{
	free(a->way);
	a->way = NULL;
}

static void start(struct srv_notify *n, struct attempt *a, const struct srv_way *w, struct rd message, uint64_t now_ms)
{
	char *tell[] = { n->c.conf->notify.program, NULL };
	char *const *argv = w->kind == SRV_BY_COMMAND ? &w->word[1] : tell;
	struct wr input;
	enum err e;

	a->what.tries++;
	wr_init_heap(&input, JOB_MAX);
	a->way = strdup(w->text);
	e = a->way ? input_write(n, w, message, &input) : ERR_NOMEM;
	if (!e)
		e = srv_child_start(argv, wr_view(&input), n->epoll, a, &a->child);
	wr_free(&input);
	if (!e) {
		a->is_killed = false;
		a->kill_ms = now_ms + SRV_NOTIFY_TRY_S * 1000;
		return;
	}
	leave_place(a);
	(void)snprintf(a->what.why, sizeof(a->what.why), "%s: %s", argv[0],
		       e == ERR_IO ? strerror(errno) : err_text(e));
	failed(n, &a->what);
}

static bool goes(const struct attempt *a, const struct srv_way *w)
{
	return a->way && !strcmp(a->way, w->text) && !strcmp(a->what.kind, srv_way_names[w->kind]);
}

static struct attempt *free_place(struct srv_notify *n, const struct srv_way *w)
{
	struct attempt *found = NULL;
	size_t i, busy = 0;

	for (i = 0; i < CHILDREN; i++) {
		busy += goes(&n->attempts[i], w);
		if (!n->attempts[i].way)
			found = &n->attempts[i];
	}
	return busy < CHILDREN_EACH ? found : NULL;
}

/* ERR_NOT_FOUND: no more is due, or no place is free. */
static enum err start_next(struct srv_notify *n, const struct srv_way *w, int64_t now, uint64_t now_ms)
{
	struct attempt *a = free_place(n, w);
	struct wr message;
	enum err e;

	if (!a)
		return ERR_NOT_FOUND;
	wr_init_heap(&message, SRV_OUTBOX_TEXT);
	e = srv_outbox_due(n->c.store, w, now, SRV_NOTIFY_PAUSE_S + SRV_NOTIFY_TRY_S, &a->what, &message);
	if (!e)         /* before anything is sent: who dies now has tried it */
		e = srv_outbox_begun(n->c.store, a->what.id, now + SRV_NOTIFY_TRY_S + pause_s(n, a->what.tries + 1));
	if (!e)
		start(n, a, w, wr_view(&message), now_ms);
	wr_free(&message);
	return e;
}

static bool is_at_work(const struct srv_notify *n, int64_t id)
{
	size_t i;

	for (i = 0; i < CHILDREN; i++)
		if (n->attempts[i].way && n->attempts[i].what.id == id)
			return true;
	return false;
}

/* Who is at work on one that is late may still deliver it. */
static enum err give_up(struct srv_notify *n, int64_t now)
{
	struct srv_outgoing o = { .id = 0 };
	enum err e = ERR_OK;
	unsigned i;

	for (i = 0; !e && i < STEPS; i++) {
		e = srv_outbox_late(n->c.store, now, o.id, &o);
		if (!e && !is_at_work(n, o.id) && !leave(n, &o, "given-up", LOG_WARN))
			e = ERR_IO;
	}
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* What is due, one of each way in turn, so that nobody's many messages keep another's waiting. */
static enum err start_due(struct srv_notify *n, int64_t now, uint64_t now_ms)
{
	unsigned steps = 0, before;
	enum err e = ERR_OK;
	size_t i;

	do {
		before = steps;
		for (i = 0; !e && i < n->recipients->n && steps < STEPS; i++) {
			e = start_next(n, &n->recipients->v[i], now, now_ms);
			steps += !e;
			if (e == ERR_NOT_FOUND)
				e = ERR_OK;
		}
	} while (!e && steps > before && steps < STEPS);
	return e;
}

/* All that is due, and when to look again. */
static enum err send(struct srv_notify *n, int64_t now, uint64_t now_ms, int64_t *next)
{
	enum err e = give_up(n, now);

	if (!e)
		e = start_due(n, now, now_ms);
	return e ? e : srv_outbox_next(n->c.store, next);
}

uint64_t srv_notify_tick(struct srv_notify *n, uint64_t now_ms)
{
	int64_t now = clock_wall_s(), next = INT64_MAX;
	uint64_t when = UINT64_MAX;
	size_t i;

	if (n->again_ms <= now_ms) {    /* also where nobody is told any more: what waits is given up */
		if (send(n, now, now_ms, &next))
			next = now;
		/* One that is due and was not begun waits for a place. */
		n->again_ms = next == INT64_MAX ? UINT64_MAX :
			      now_ms + (next > now ? (uint64_t)(next - now) * 1000 : AGAIN_MS);
	}
	for (i = 0; i < CHILDREN; i++) {
		if (!n->attempts[i].way)
			continue;
		if (n->attempts[i].kill_ms <= now_ms && !n->attempts[i].is_killed) {
			srv_child_kill(&n->attempts[i].child);
			n->attempts[i].is_killed = true;
		} else if (n->attempts[i].kill_ms < when && !n->attempts[i].is_killed) {
			when = n->attempts[i].kill_ms;
		}
	}
	return n->again_ms < when ? n->again_ms : when;
}

static void finish(struct srv_notify *n, struct attempt *a)
{
	leave_place(a);
	n->again_ms = 0;
	if (a->is_killed && a->what.why[0])
		(void)snprintf(a->what.why, sizeof(a->what.why), "no end after %d seconds", SRV_NOTIFY_TRY_S);
	/* If that cannot be kept, it is delivered again: better twice than never. */
	if (a->what.why[0] || !leave(n, &a->what, "delivered", LOG_INFO))
		failed(n, &a->what);
}

void srv_notify_look(struct srv_notify *n)
{
	struct epoll_event ev[2 * CHILDREN];
	int found = epoll_wait(n->epoll, ev, 2 * CHILDREN, 0), i;
	struct attempt *a;

	for (i = 0; i < found; i++) {
		a = ev[i].data.ptr;
		if (a->way && srv_child_look(&a->child, a->what.why, sizeof(a->what.why)))
			finish(n, a);
	}
}

int srv_notify_descriptor(const struct srv_notify *n)
{
	return n->epoll;
}

const struct srv_recipients *srv_notify_recipients(const struct srv_notify *n)
{
	return n->recipients;
}

size_t srv_notify_waiting(const struct srv_notify *n)
{
	return srv_outbox_count(n->c.store);
}

static void hear(void *ctx, const struct srv_event *ev)
{
	struct srv_notify *n = ctx;
	const struct srv_post_office o = { .config = &n->c, .recipients = n->recipients, .rates = n->rates };

	if (srv_post(&o, ev))
		n->again_ms = 0;
}

enum err srv_notify_new(const struct srv_notify_config *config, struct srv_notify **out)
{
	struct srv_notify *n = calloc(1, sizeof(*n));
	enum err e = n ? srv_recipients_new(config->conf, &n->recipients) : ERR_NOMEM;

	*out = NULL;
	if (!n)
		return e;
	n->c = *config;
	n->epoll = -1;
	if (!e)
		e = srv_rates_new(&n->rates);
	if (!e)
		e = srv_outbox_settle(config->store, n->recipients);
	if (!e) {
		n->epoll = epoll_create1(EPOLL_CLOEXEC);
		e = n->epoll < 0 ? ERR_IO : ERR_OK;
	}
	n->listener = (struct srv_listener){ .hear = hear, .ctx = n };
	srv_events_listen(config->events, &n->listener);
	if (e)
		srv_notify_free(&n);
	*out = n;
	return e;
}

void srv_notify_free(struct srv_notify **n)
{
	size_t i;

	if (!*n)
		return;
	srv_events_leave((*n)->c.events, &(*n)->listener);
	for (i = 0; i < CHILDREN; i++) {
		if ((*n)->attempts[i].way)
			srv_child_stop(&(*n)->attempts[i].child);
		leave_place(&(*n)->attempts[i]);
	}
	if ((*n)->epoll >= 0)
		(void)close((*n)->epoll);
	srv_rates_free(&(*n)->rates);
	srv_recipients_free(&(*n)->recipients);
	conf_free(&(*n)->own);
	free(*n);
	*n = NULL;
}

void srv_notify_adopt(struct srv_notify *n, struct conf *conf, struct srv_recipients *recipients)
{
	srv_recipients_free(&n->recipients);
	conf_free(&n->own);
	n->recipients = recipients;
	n->c.conf = n->own = conf;
	if (srv_outbox_strays(n->c.store, recipients))
		log_line(LOG_SRV, LOG_WARN, "event=tell result=\"%s\"", srv_events_why(n->c.events));
	n->again_ms = 0;
}
