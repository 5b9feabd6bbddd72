/* SPDX-License-Identifier: Apache-2.0 */
#include "server/notify/post.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/notify/notice.h"
#include "server/store/policy.h"

void srv_tell_event(const struct srv_outgoing *o, const char *result, enum log_level level, struct srv_event *ev)
{
	srv_event_init(ev, "tell", o->request, o->device);
	ev->level = level;
	srv_event_word(ev, "about", o->about);
	srv_event_word(ev, "to", o->name);
	srv_event_word(ev, "by", o->kind);
	srv_event_number(ev, "tries", o->tries);
	srv_event_word(ev, "result", result);
	srv_event_text(ev, "why", o->why);
}

/* What nobody will hear of, about is told for all at once. */
static void say_lost(const struct srv_post_office *o, const struct srv_event *about, enum srv_occasion occasion,
		     const char *result, const char *why)
{
	struct srv_outgoing all = { .name = "all", .kind = "all" };
	struct srv_event ev;

	(void)snprintf(all.request, sizeof(all.request), "%s", about->request);
	(void)snprintf(all.device, sizeof(all.device), "%s", about->device);
	(void)snprintf(all.about, sizeof(all.about), "%s", srv_occasion_names[occasion]);
	(void)snprintf(all.why, sizeof(all.why), "%s", why);
	srv_tell_event(&all, result, LOG_WARN, &ev);
	srv_event_emit(o->config->events, &ev);
}

/* false: nobody is told of it. */
static bool occasion_of(const struct srv_event *ev, const struct srv_ceremony *c, enum srv_occasion *out)
{
	if (!strcmp(ev->name, "open"))
		*out = SRV_TOLD_REQUEST;
	else if (!strcmp(ev->name, "end-session") && !strcmp(srv_event_get(ev, "result"), "accepted"))
		*out = SRV_TOLD_ENDED;
	else if (strcmp(ev->name, "end"))
		return false;
	else if (!strcmp(srv_event_get(ev, "result"), "open"))
		*out = SRV_TOLD_OPENED;
	else
		*out = c && !c->is_open ? SRV_TOLD_REFUSED : SRV_TOLD_ENDED;
	return true;
}

/* Whom the card's policy names; one that cannot be read restricts nobody. */
static bool concerns(const struct srv_policy *p, const char *name)
{
	size_t i;

	for (i = 0; p->has_tell && i < p->tell.n; i++)
		if (!strcmp(p->tell.v[i], name))
			return true;
	return !p->has_tell;
}

struct posting {
	const struct srv_post_office *office;
	const struct srv_policy *policy;
	const char *message;
	struct srv_outgoing what;
};

/* A message for each way, all or none. */
static enum err post_all(struct posting *p)
{
	const struct srv_store *s = p->office->config->store;
	enum err e = s->ops->begin(s->ctx);
	const struct srv_way *w;
	size_t i;

	if (e)
		return e;
	for (i = 0; !e && i < p->office->recipients->n; i++) {
		w = &p->office->recipients->v[i];
		if (!concerns(p->policy, w->word[0]))
			continue;
		(void)snprintf(p->what.kind, sizeof(p->what.kind), "%s", srv_way_names[w->kind]);
		(void)snprintf(p->what.name, sizeof(p->what.name), "%s", w->word[0]);
		e = srv_outbox_put(s, &p->what, w->text, p->message);
	}
	return s->ops->end(s->ctx, e);
}

static void post(const struct srv_post_office *o, const struct srv_notice *notice)
{
	const struct srv_event *ev = notice->event;
	struct srv_policy *policy = calloc(1, sizeof(*policy));
	struct posting p = { .office = o, .policy = policy, .what = { .next = ev->when } };
	struct wr message;
	enum err e = ERR_NOMEM;
	char why[200];                  /* of a policy that cannot be read: all are told then */

	wr_init_heap(&message, SRV_OUTBOX_TEXT);
	p.what.until = ev->when + o->config->conf->notify.give_up;
	(void)snprintf(p.what.request, sizeof(p.what.request), "%s", ev->request);
	(void)snprintf(p.what.device, sizeof(p.what.device), "%s", ev->device);
	(void)snprintf(p.what.about, sizeof(p.what.about), "%s", srv_occasion_names[notice->about]);
	if (policy)
		e = srv_notice_write(notice, &message);
	if (!e && srv_store_policy_get(o->config->store, ev->device, policy, why, sizeof(why)))
		srv_policy_init(policy);
	if (!e) {
		p.message = wr_cstr(&message);
		e = post_all(&p);
	}
	if (e)
		say_lost(o, ev, notice->about, "not-kept", e == ERR_LIMIT ? "too many messages wait" : err_text(e));
	wr_free(&message);
	free(policy);
}

bool srv_post(const struct srv_post_office *o, const struct srv_event *ev)
{
	struct srv_notice notice = { .event = ev, .ceremony = srv_desk_find(o->config->desk, ev->request),
				     .url = o->config->url };

	if (!o->recipients->n || !ev->device[0] || !occasion_of(ev, notice.ceremony, &notice.about))
		return false;
	if (notice.about != SRV_TOLD_REQUEST && srv_outbox_over(o->config->store, ev->request))
		log_line(LOG_SRV, LOG_WARN, "event=tell request=%s result=\"%s\"", ev->request,
			 srv_events_why(o->config->events));
	if (!o->recipients->about[notice.about])
		return true;
	/* What people do is told always; what a host does, as often as somebody can bear it. */
	if ((notice.about == SRV_TOLD_REQUEST || notice.about == SRV_TOLD_REFUSED) &&
	    srv_rate_take(o->rates, SRV_RATE_TELL, ev->device, clock_boot_ms()))
		say_lost(o, ev, notice.about, "too-many", "too many requests for this card");
	else
		post(o, &notice);
	return true;
}
