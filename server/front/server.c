/* SPDX-License-Identifier: Apache-2.0 */
#include "server/front/server.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/event/audit.h"
#include "server/srv/forget.h"
#include "server/web/web.h"

enum err srv_log_configure(const struct conf *conf)
{
	log_set_format(conf->server.log_format);
	return log_configure(conf->server.log ? conf->server.log : "srv+info");
}

enum err srv_anchors_open(const struct conf *conf, struct att_anchors **out)
{
	enum err e = att_anchors_new(conf->trust.production, out);
	size_t i;

	if (e) {
		log_tell("cannot set up the trusted roots: %s", err_text(e));
		return e;
	}
	for (i = 0; !e && i < conf->trust.roots.n; i++)
		e = att_anchors_add_file(*out, conf->trust.roots.v[i]);
	if (e)
		att_anchors_free(out);
	return e;
}

static bool url_take(struct srv *s, const char *url)
{
	struct wr w;

	wr_init(&w, s->url, sizeof(s->url) - 1);
	if (pka_inbox_server(url, &w))
		w.n = 0;
	s->url[w.n] = '\0';
	return w.n;
}

void srv_listens(struct srv *s, const char *url)
{
	if (!s->url[0])
		(void)url_take(s, url);
}

/* What is there before anything happens: roots, store, audit, and the way of events. Errors have been said. */
static enum err base_open(struct srv *s, enum srv_store_use use)
{
	const char *state = s->conf->server.state;
	enum err e = srv_anchors_open(s->conf, &s->anchors);

	if (!e)
		e = srv_store_open(state, use, s->anchors, clock_wall_s(), &s->store, &s->refused);
	if (e)
		return e;
	e = srv_audit_open(state, use, &s->store, &s->audit);
	if (!e)
		e = srv_events_new(&s->store, s->audit, &s->events);
	if (!e)
		e = srv_random_hex(SRV_INSTANCE_BYTES, s->instance);
	if (e)
		log_tell("%s", err_text(e));
	return e;
}

static enum err desk_open(struct srv *s)
{
	const struct conf *conf = s->conf;
	const struct srv_desk_config config = {
		.anchors = s->anchors, .store = &s->store, .events = s->events, .instance = s->instance,
		.url = conf->server.url, .chip_auth = conf->server.chip_auth,
		.deadline_ms = conf->server.deadline * 1000ull, .lease_ms = conf->server.lease * 1000ull,
		.poll_ms = conf->server.poll * 1000ull, .hold_ms = conf->server.hold * 1000ull,
		.sessions = conf->server.sessions,
	};

	return srv_desk_new(&config, &s->desk);
}

static enum err who_open(struct srv *s)
{
	const struct conf *conf = s->conf;
	const struct srv_who_config config = {
		.db = s->store.db, .events = s->events, .state = conf->server.state,
		.wants_certificate = conf->server.client_ca && conf->server.client_cert == CONF_CLIENT_CERT_DEMANDED,
		.named_hosts = conf->server.hosts == CONF_HOSTS_NAMED,
	};

	return srv_who_new(&config, &s->who);
}

static enum err notify_open(struct srv *s)
{
	const struct srv_notify_config config = { .conf = s->conf, .store = &s->store, .events = s->events,
						  .desk = s->desk, .url = s->url };

	return srv_notify_new(&config, &s->notify);
}

/* What works with that. Errors have been said. */
static enum err parts_open(struct srv *s)
{
	enum err e = desk_open(s);

	if (!e)
		e = srv_remotes_new(s->desk, s->conf->server.poll * 1000ull, &s->remotes);
	if (!e)
		e = who_open(s);
	if (!e)
		e = web_new(&s->web);
	if (!e)
		e = srv_metrics_new(s->events, s->desk, &s->metrics);
	if (!e)
		e = srv_inbox_new(&s->inbox);
	if (!e)
		e = notify_open(s);
	if (e && e != ERR_CONFIG)
		log_tell("%s", err_text(e));
	if (!e && s->conf->server.url && !url_take(s, s->conf->server.url)) {
		log_tell("[server] url = %s: no http or https URL", s->conf->server.url);
		e = ERR_CONFIG;
	}
	return e;
}

enum err srv_open(const struct conf *conf, enum srv_store_use use, struct srv **out)
{
	struct srv *s = calloc(1, sizeof(*s));
	enum err e;

	*out = NULL;
	if (!s) {
		log_tell("%s", err_text(ERR_NOMEM));
		return ERR_NOMEM;
	}
	s->conf = conf;
	e = base_open(s, use);
	if (!e)
		e = parts_open(s);
	/* Now that everybody hears what happens. */
	if (!e && use == SRV_STORE_SERVE) {
		e = srv_past_restart(&s->store, s->events, s->instance);
		if (e)
			log_tell("what the last server left could not be ended: %s", srv_events_why(s->events));
	}
	if (e)
		srv_close(&s);
	*out = s;
	return e;
}

void srv_close(struct srv **s)
{
	if (!*s)
		return;
	if ((*s)->events)       /* whoever listens hears of the last ones, too */
		(void)srv_events_flush((*s)->events, 0);
	web_free(&(*s)->web);
	srv_metrics_free(&(*s)->metrics);
	srv_inbox_free(&(*s)->inbox);
	srv_notify_free(&(*s)->notify);
	srv_who_free(&(*s)->who);
	srv_remotes_free(&(*s)->remotes);
	srv_desk_free(&(*s)->desk);
	srv_events_free(&(*s)->events);
	srv_audit_close(&(*s)->audit);
	srv_store_close(&(*s)->store);
	att_anchors_free(&(*s)->anchors);
	free(*s);
	*s = NULL;
}

uint64_t srv_tick(struct srv *s, uint64_t now_ms)
{
	/* They decide, so before what is decided. */
	uint64_t next = srv_remotes_tick(s->remotes, now_ms);

	/* What happens by that is written, and then told; whoever listens may have made messages of it. */
	next = clock_earlier(srv_desk_tick(s->desk, now_ms), next);
	next = clock_earlier(srv_forget_tick(s, now_ms), next);
	next = clock_earlier(srv_events_flush(s->events, now_ms), next);
	next = clock_earlier(web_tick(s, now_ms), next);
	return clock_earlier(srv_notify_tick(s->notify, now_ms), next);
}

void srv_stop(struct srv *s, uint64_t now_ms)
{
	srv_desk_stop(s->desk, now_ms);
	srv_remotes_stop(s->remotes, now_ms);
	web_stop(s);
}

bool srv_is_quiet(const struct srv *s)
{
	return srv_desk_is_quiet(s->desk) && srv_remotes_are_quiet(s->remotes);
}

void srv_gone(struct srv *s, struct srv_call *call, uint64_t now_ms)
{
	if (call->gone)
		call->gone(call);
	else if (!srv_remotes_gone(s->remotes, call))
		srv_desk_gone(s->desk, call, now_ms);
}
