/* SPDX-License-Identifier: Apache-2.0 */
#include "server/serve.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/daemon.h"
#include "base/file.h"
#include "base/log.h"
#include "server/base/path.h"
#include "server/event/event.h"
#include "server/http/http.h"

struct serve {
	const struct conf *conf;
	const struct srv_serve_options *o;
	struct srv *srv;
	struct srv_http *http;
	int signals;
	uint64_t watchdog_ms, watchdog_at_ms;   /* how often systemd hears of us; 0: not at all */
};

/* ---- the ready file, the state folder ---- */

/* The file of a server that was killed must not announce this one before its time. */
static enum err ready_forget(const char *path)
{
	if (!path || !unlink(path) || errno == ENOENT)
		return ERR_OK;
	log_tell("%s: %s", path, strerror(errno));
	return ERR_IO;
}

static enum err ready_say(const char *path, const char *url)
{
	char line[SRV_PATH_MAX];
	struct wr w;
	enum err e;

	if (!path)
		return ERR_OK;
	WR_ARR(&w, line);
	wr_printf(&w, "%s\n", url);
	e = wr_done(&w);
	if (!e)
		e = file_write(path, 0644, wr_view(&w));
	if (e)
		log_tell("%s: %s", path, e == ERR_IO ? strerror(errno) : err_text(e));
	return e;
}

/* One server a state folder, from before it is read: what the last one wrote must not be missed. */
static enum err state_hold(const char *state, int *fd)
{
	enum err e = srv_path_folder(state);

	if (!e)
		e = srv_path_hold(state, fd);
	if (e)
		log_tell("state folder %s: %s", state, e == ERR_SHARING ? "another server uses it" :
			 e == ERR_IO ? strerror(errno) : err_text(e));
	return e;
}

/* ---- reloading ---- */

/* Settings that are taken up while we serve; a change of another one of these sections is said. */
static bool is_reloaded(const char *section, const char *name)
{
	static const char *const reloaded[][2] = {
		{ "server", "cert" }, { "server", "key" }, { "server", "client_ca" }, { "server", "log" },
		{ "server", "log_format" }, { "trust", "roots" }, { "trust", "production" },
	};
	size_t i;

	for (i = 0; i < sizeof(reloaded) / sizeof(reloaded[0]); i++)
		if (!strcmp(reloaded[i][0], section) && !strcmp(reloaded[i][1], name))
			return true;
	return strcmp(section, "server") && strcmp(section, "trust");
}

static void tell_changed(void *ctx, const char *section, const char *name)
{
	(void)ctx;
	if (!is_reloaded(section, name))
		log_tell("[%s] %s has changed; that needs a restart", section, name);
}

/* Everything new is read and found good first; last the certificate, taken at once. What is bad changes nothing. */
static enum err reload(struct serve *s)
{
	struct srv_recipients *recipients = NULL;
	struct att_anchors *anchors = NULL;
	struct conf *conf = NULL;
	enum err e = s->o->config ? conf_load_file(s->o->config, &conf) : conf_load(&conf);

	if (!e)
		e = srv_anchors_open(conf, &anchors);
	if (!e)
		e = srv_recipients_new(conf, &recipients);
	if (!e && conf->server.log)
		e = log_check(conf->server.log);
	if (!e)
		e = srv_http_reload(s->http, conf);
	if (e)
		goto out;
	e = srv_log_configure(conf);
	att_anchors_swap(s->srv->anchors, anchors);
	conf_differences(s->conf, conf, tell_changed, NULL);
	srv_notify_adopt(s->srv->notify, conf, recipients);
	conf = NULL;
	recipients = NULL;
out:
	srv_recipients_free(&recipients);
	att_anchors_free(&anchors);
	conf_free(&conf);
	return e;
}

static bool on_signals(void *ctx)
{
	struct signalfd_siginfo info;
	struct serve *s = ctx;
	struct srv_event ev;
	bool stop = false;
	enum err e;

	while (read(s->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo != SIGHUP) {
			stop = true;
			continue;
		}
		daemon_notify_reloading();
		e = reload(s);
		if (e)
			log_tell("nothing was reloaded; the server goes on with what it had");
		srv_event_init(&ev, "reload", NULL, NULL);
		ev.level = e ? LOG_WARN : LOG_INFO;
		srv_event_word(&ev, "result", e ? "refused" : "done");
		srv_event_emit(s->srv->events, &ev);
		daemon_notify("READY=1");
	}
	if (stop)
		daemon_notify("STOPPING=1");
	return stop;
}

static uint64_t on_tick(void *ctx, uint64_t now_ms)
{
	struct serve *s = ctx;

	if (!s->watchdog_ms)
		return UINT64_MAX;
	if (now_ms >= s->watchdog_at_ms) {
		daemon_notify("WATCHDOG=1");
		s->watchdog_at_ms = now_ms + s->watchdog_ms;
	}
	return s->watchdog_at_ms;
}

/* ---- serving ---- */

static void tell_start(struct srv *s, const char *url)
{
	struct srv_event ev;

	srv_event_init(&ev, "start", NULL, NULL);
	srv_event_word(&ev, "url", url);
	srv_event_number(&ev, "targets", (int64_t)srv_store_target_count(&s->store));
	srv_event_number(&ev, "refused", (int64_t)s->refused);
	srv_event_emit(s->events, &ev);
}

static void tell_stop(struct srv *s)
{
	struct srv_event ev;

	srv_event_init(&ev, "stop", NULL, NULL);
	srv_event_emit(s->events, &ev);
}

static enum err serve(struct serve *s)
{
	struct srv_http_host host = { .signals = s->signals, .on_signals = on_signals, .on_tick = on_tick, .ctx = s };
	enum err e = srv_open(s->conf, SRV_STORE_SERVE, &s->srv);

	if (!e)
		e = srv_http_open(s->srv, false, &s->http);
	if (!e)
		e = ready_say(s->o->ready_file, srv_http_url(s->http));
	if (e)
		return e;
	tell_start(s->srv, srv_http_url(s->http));
	daemon_notify("READY=1");
	e = srv_http_run(s->http, &host);
	if (e)
		return e;
	tell_stop(s->srv);
	return ready_forget(s->o->ready_file);
}

int srv_serve(const struct conf *conf, const struct srv_serve_options *o)
{
	/* Half of the time that systemd allows, as sd_watchdog_enabled(3) advises. */
	struct serve s = { .conf = conf, .o = o, .signals = daemon_signals(), .watchdog_ms = daemon_watchdog_ms() / 2 };
	int state = -1, rc = EXIT_FAILURE;

	if (s.signals < 0) {
		log_tell("signals: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	daemon_descriptors();
	if (!state_hold(conf->server.state, &state) && !ready_forget(o->ready_file) && !serve(&s))
		rc = EXIT_SUCCESS;
	srv_http_close(&s.http);
	srv_close(&s.srv);
	if (state >= 0)
		(void)close(state);
	(void)close(s.signals);
	return rc;
}
