/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/http_int.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/tls/tls.h"

/* Forward secrecy and authenticated encryption only. */
#define PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-CIPHER-ALL:" \
	"+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM"

/* Segments are decoded one by one in front.c, so that an encoded slash is none. */
static size_t keep_encoded(void *cls, struct MHD_Connection *mhd, char *s)
{
	(void)cls;
	(void)mhd;
	return strlen(s);
}

static PRINTF(2, 0) void on_log(void *cls, const char *fmt, va_list ap)
{
	char text[300], shown[300];

	(void)cls;
	if (!log_wants(LOG_SRV, LOG_TRACE) || vsnprintf(text, sizeof(text), fmt, ap) < 0)
		return;
	text[strcspn(text, "\n")] = '\0';
	log_line(LOG_SRV, LOG_TRACE, "event=http text=\"%s\"", text_shown(rd_str(text), shown, sizeof(shown)));
}

static enum err tls_conflict(const char *text)
{
	log_tell("[server] %s", text);
	return ERR_CONFIG;
}

static enum err tls_open(struct srv_http *h, const struct conf *conf)
{
	struct srv_tls *tls = NULL;
	const char *client_ca;
	enum err e;

	if (!conf->server.cert != !conf->server.key)
		return tls_conflict("cert and key go together");
	if (conf->server.cert && conf->server.http)
		return tls_conflict("cert and http = yes contradict each other");
	if (!conf->server.cert && (!conf->server.http || !h->listen.is_loopback || conf->server.client_ca))
		return tls_conflict("cert and key are missing; plain http needs http = yes and a loopback address, "
				    "and has no client_ca");
	if (conf->server.client_cert == CONF_CLIENT_CERT_ASKED && !conf->server.client_ca)
		return tls_conflict("client_cert = asked needs client_ca");
	e = srv_tls_read(conf, &tls);
	if (e || !tls)
		return e;
	h->is_tls = true;
	client_ca = srv_tls_client_ca(tls);
	if (client_ca) {
		h->asked = strdup(client_ca);
		e = h->asked ? ERR_OK : ERR_NOMEM;
	}
	srv_tls_use(&tls, clock_boot_ms());
	return e;
}

enum err srv_http_reload(struct srv_http *h, const struct conf *conf)
{
	struct srv_tls *tls = NULL;
	int64_t now = clock_wall_s();
	enum err e;

	if (h->is_tls != (conf->server.cert != NULL))
		return tls_conflict("TLS comes and goes by a restart only");
	e = srv_tls_read(conf, &tls);
	if (!e && !srv_tls_client_ca(tls) != !h->asked)
		e = tls_conflict("client_ca comes and goes by a restart only");
	if (!e && tls && now < srv_tls_starts(tls))
		e = tls_conflict("cert cannot be used yet");
	if (!e && tls && now > srv_tls_expires(tls))
		e = tls_conflict("cert has expired");
	if (!e && tls)
		srv_tls_use(&tls, clock_boot_ms());
	srv_tls_free(&tls);
	return e;
}

/* A host has one for its login and one for news of its end; others look on. */
static unsigned connections_max(const struct conf *conf)
{
	return 2 * conf->server.sessions + SRV_PER_ADDRESS_CONNECTIONS_MAX;
}

static enum err daemon_start(struct srv_http *h)
{
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | (h->is_tls ? MHD_USE_TLS : 0);
	/* A trust list makes the daemon ask for client certificates; who is trusted is tls.c's to say. */
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_CERT_CALLBACK2, 0, (void *)(uintptr_t)srv_tls_retriever() },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)PRIORITIES },
		{ h->asked ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, 0, h->asked },
		{ MHD_OPTION_END, 0, NULL },
	}, plain[] = { { MHD_OPTION_END, 0, NULL } };
	const union MHD_DaemonInfo *info;
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = NULL };

	h->daemon = MHD_start_daemon(flags, 0, NULL, NULL, srv_http_request, h,
				     MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
				     MHD_OPTION_LISTEN_SOCKET, h->listen.fd,
				     MHD_OPTION_CONNECTION_LIMIT, connections_max(h->srv->conf),
				     MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)SRV_CONNECTION_MEMORY,
				     MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)SRV_PER_ADDRESS_CONNECTIONS_MAX,
				     MHD_OPTION_STRICT_FOR_CLIENT, 1,
				     MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)(SRV_IDLE_MS / 1000),
				     MHD_OPTION_NOTIFY_COMPLETED, srv_http_completed, h,
				     MHD_OPTION_NOTIFY_CONNECTION, srv_conn_notify, h,
				     MHD_OPTION_URI_LOG_CALLBACK, srv_conn_uri, h,
				     MHD_OPTION_UNESCAPE_CALLBACK, keep_encoded, NULL,
				     MHD_OPTION_ARRAY, h->is_tls ? tls : plain,
				     MHD_OPTION_END);
	if (!h->daemon) {
		log_tell("cannot start the server on %s; the log says why at srv+trace", h->listen.address);
		return ERR_CONFIG;
	}
	h->listen.fd = -1;      /* the daemon's now */
	info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	h->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!info || h->epoll < 0 || epoll_ctl(h->epoll, EPOLL_CTL_ADD, info->epoll_fd, &ev)) {
		log_tell("epoll: %s", strerror(errno));
		return ERR_IO;
	}
	return ERR_OK;
}

enum err srv_http_open(struct srv *s, bool any_port, struct srv_http **out)
{
	struct srv_http *h = calloc(1, sizeof(*h));
	enum err e;

	*out = NULL;
	if (!h) {
		log_tell("%s", err_text(ERR_NOMEM));
		return ERR_NOMEM;
	}
	h->srv = s;
	h->epoll = h->listen.fd = -1;
	e = srv_listen_open(s->conf->server.listen, any_port, &h->listen);
	if (!e)
		e = tls_open(h, s->conf);
	if (!e)
		e = daemon_start(h);
	if (e) {
		srv_http_close(&h);
		return e;
	}
	(void)snprintf(h->url, sizeof(h->url), "%s://%s", h->is_tls ? "https" : "http", h->listen.address);
	srv_listens(s, h->url);
	*out = h;
	return ERR_OK;
}

const char *srv_http_url(const struct srv_http *h)
{
	return h->url;
}

void srv_http_close(struct srv_http **h)
{
	struct srv_http *it = *h;

	if (!it)
		return;
	if (it->daemon) {
		/* MHD does not stop while a connection is suspended. */
		srv_stop(it->srv, clock_boot_ms());
		(void)MHD_run(it->daemon);
		MHD_stop_daemon(it->daemon);
	}
	if (it->listen.fd >= 0)
		(void)close(it->listen.fd);
	if (it->epoll >= 0)
		(void)close(it->epoll);
	srv_tls_use(NULL, 0);
	free(it->asked);
	free(it);
	*h = NULL;
}
