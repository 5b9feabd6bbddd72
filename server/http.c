/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/front.h"
#include "server/http_head.h"
#include "server/listen.h"
#include "server/tls.h"

#define READ_MS 10000           /* handshake, header and body of one request (reference ramoverhttp 7.6) */
#define WRITE_MS 30000          /* its answer */
#define IDLE_S 60               /* a kept-alive connection without a request */
#define SLOW_MS 1000            /* how late a slow client may be noticed */
#define TICK_MS 100             /* how late what else time demands may be done, which is looked for in all sessions */
#define EVENTS 32
#define QUERY_MAX 4096
#define STREAM_BLOCK 1024       /* what the library keeps for each answer that goes on */
/* Forward secrecy and authenticated encryption only. */
#define PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-CIPHER-ALL:" \
	"+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM"

/* A connection, for the time limits of its requests. */
struct conn {
	struct conn *next, **at;
	int fd;
	uint64_t until_ms;              /* a request must have been read, or its answer taken, by then; 0: no limit */
};
/* A request; conn's at most one. */
struct request {
	struct srv_call call;           /* first: wake() gets here from it */
	struct srv_http *http;
	struct MHD_Connection *mhd;
	struct conn *conn;
	struct wr body, query;
	size_t body_max;
	bool is_handled, is_suspended, is_too_large;
	char from[SRV_FROM_SIZE];
	struct srv_peer peer;
};
struct srv_http {
	struct srv *srv;
	struct MHD_Daemon *daemon;
	struct srv_listen listen;
	bool is_tls;
	char *asked;                    /* clients' authorities at the start; NULL: no client is asked */
	struct conn *conns;
	uint64_t slow_ms, tick_ms;      /* when conns, and the sessions, are looked through again at the earliest */
	size_t requests;                /* begun and not completed */
	int epoll;
	char url[SRV_ADDRESS_SIZE + 8];
};

/* ---- one request ---- */

/* ms 0: no limit from now on. */
static void conn_limit(struct conn *c, uint64_t ms)
{
	if (c)
		c->until_ms = ms ? clock_boot_ms() + ms : 0;
}

static struct conn *conn_of(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static const char *header(struct MHD_Connection *mhd, const char *name)
{
	return MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, name);
}

/* While a call waits nothing reads its connection; the kernel still tells when the other side has closed it. */
static void watch(struct request *r, bool on)
{
	struct epoll_event ev = { .events = EPOLLRDHUP, .data.ptr = r };

	if (r->conn && epoll_ctl(r->http->epoll, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, r->conn->fd, &ev))
		log_line(LOG_SRV, LOG_WARN, "event=watch result=\"%s\"", strerror(errno));
}

/* The call is done: let the connection go on. A call that was done at once has not been suspended. */
static void wake(struct srv_call *call)
{
	struct request *r = (struct request *)(void *)call;

	if (!r->is_suspended)
		return;
	r->is_suspended = false;
	watch(r, false);
	MHD_resume_connection(r->mhd);
}

static void suspend(struct request *r)
{
	r->is_suspended = true;
	watch(r, true);
	MHD_suspend_connection(r->mhd);
}

/* The other side has gone while its call waited. */
static void leave(struct request *r)
{
	if (r->call.gone)
		r->call.gone(&r->call);
	else
		srv_desk_gone(r->http->srv->desk, &r->call, clock_boot_ms());
}

/* The library has taken the query apart, with our unescaping, which is none: put it together again. */
static enum MHD_Result query_put(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct wr *w = cls;

	(void)kind;
	if (w->n)
		wr_text(w, "&");
	wr_text(w, name);
	if (value) {
		wr_text(w, "=");
		wr_text(w, value);
	}
	return MHD_YES;
}

static const char *query(struct request *r)
{
	wr_init_heap(&r->query, QUERY_MAX);
	(void)MHD_get_connection_values(r->mhd, MHD_GET_ARGUMENT_KIND, query_put, &r->query);
	return r->query.n ? wr_cstr(&r->query) : NULL;
}

static struct request *request_new(struct srv_http *h, struct MHD_Connection *mhd, const char *method, const char *path)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	struct request *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	srv_call_init(&r->call);
	r->call.wake = wake;
	r->http = h;
	r->mhd = mhd;
	r->conn = conn_of(mhd);
	r->body_max = srv_front_body_max(method, path);
	wr_init_heap(&r->body, r->body_max);
	srv_listen_peer(info ? info->client_addr : NULL, r->from, sizeof(r->from));
	r->call.request = (struct srv_request){
		.method = method,
		.path = path,
		.query = query(r),
		.from = r->from,
		.type = header(mhd, "Content-Type"),
		.cookie = header(mhd, "Cookie"),
		.authorization = header(mhd, "Authorization"),
		.host_facts = header(mhd, "X-Quorum11-Request"),
		.host = header(mhd, "Host"),
		.origin = header(mhd, "Origin"),
		.fetch_site = header(mhd, "Sec-Fetch-Site"),
		.if_none_match = header(mhd, "If-None-Match"),
	};
	h->requests++;
	return r;
}

static void on_completed(void *cls, struct MHD_Connection *mhd, void **ctx, enum MHD_RequestTerminationCode how)
{
	struct srv_http *h = cls;
	struct request *r = *ctx;

	(void)how;
	conn_limit(conn_of(mhd), 0);
	if (!r)
		return;
	*ctx = NULL;
	if (r->is_suspended)
		watch(r, false);
	r->is_suspended = false;
	if (r->is_handled && !r->call.done)
		leave(r);
	h->requests--;
	wr_free(&r->query);
	wr_free(&r->body);
	srv_call_fini(&r->call);
	free(r);
}

/* A client certificate of our authorities, NULL: none. Who that is, and what he may, is who.c's. */
static const struct srv_peer *peer_look(struct request *r)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(r->mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	return info && info->tls_session && srv_tls_client(info->tls_session, &r->peer) ? &r->peer : NULL;
}

/* The library wants more of an answer that goes on; while there is none the connection sleeps. */
static ssize_t stream_read(void *cls, uint64_t at, char *out, size_t max)
{
	struct request *r = cls;
	struct wr *body = &r->call.reply.body;
	size_t n = body->n < max ? body->n : max;

	(void)at;
	conn_limit(r->conn, n || r->call.done ? WRITE_MS : 0);
	if (n) {
		memcpy(out, body->p, n);
		memmove(body->p, body->p + n, body->n - n);
		wr_cut(body, body->n - n);
		return (ssize_t)n;
	}
	if (r->call.done)
		return MHD_CONTENT_READER_END_OF_STREAM;
	suspend(r);
	return 0;
}

/* What the reply says about itself; what it does not say of these, we say. */
static enum MHD_Result queue_head(const struct srv_reply *reply, struct MHD_Response *response)
{
	static const struct { const char *name, *value; } always[] = {
		{ "Cache-Control", "no-store" }, { "X-Content-Type-Options", "nosniff" },
	};
	struct rd left = wr_view(&reply->head);
	const char *name, *value;
	enum MHD_Result ok = MHD_YES;
	size_t i, n;

	while (left.n) {
		name = (const char *)left.p;
		value = name + strlen(name) + 1;
		n = strlen(name) + strlen(value) + 2;
		left = rd_of(left.p + n, left.n - n);
		ok &= MHD_add_response_header(response, name, value);
	}
	for (i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		if (!MHD_get_response_header(response, always[i].name))
			ok &= MHD_add_response_header(response, always[i].name, always[i].value);
	return ok;
}

static enum MHD_Result queue(struct request *r)
{
	struct srv_reply *reply = &r->call.reply;
	struct MHD_Response *response;
	enum MHD_Result ok;
	char seconds[16];

	srv_metrics_answered(r->http->srv->metrics, reply);
	conn_limit(r->conn, WRITE_MS);
	response = r->call.is_stream
			   ? MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, stream_read, r, NULL)
			   : MHD_create_response_from_buffer(reply->body.n, reply->body.p, MHD_RESPMEM_MUST_COPY);
	if (!response)
		return MHD_NO;
	ok = queue_head(reply, response);
	if (reply->type)
		ok &= MHD_add_response_header(response, "Content-Type", reply->type);
	if (reply->allow)
		ok &= MHD_add_response_header(response, "Allow", reply->allow);
	if (reply->status == 401)
		ok &= MHD_add_response_header(response, "WWW-Authenticate", "Bearer");
	if (reply->retry_after) {
		(void)snprintf(seconds, sizeof(seconds), "%u", reply->retry_after);
		ok &= MHD_add_response_header(response, "Retry-After", seconds);
	}
	if (reply->cookie[0])
		ok &= MHD_add_response_header(response, "Set-Cookie", reply->cookie);
	if (ok)
		ok = MHD_queue_response(r->mhd, (unsigned)reply->status, response);
	MHD_destroy_response(response);
	if (!r->call.is_stream)
		wr_free(&reply->body);  /* while a slow client reads, one copy is enough */
	wr_free(&reply->head);
	wr_free(&r->body);
	return ok;
}

/* The declared size, before any of the body is read; a body without one is counted as it comes. */
static bool is_declared_too_large(const struct request *r)
{
	const char *text = header(r->mhd, "Content-Length");
	char *end;
	unsigned long long n = text ? strtoull(text, &end, 10) : 0;

	return n > r->body_max;
}

static enum MHD_Result refuse_too_large(struct request *r)
{
	r->is_handled = true;
	srv_call_refuse(&r->call, 413, "too_large", "at most %zu bytes", r->body_max);
	return queue(r);
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *mhd, const char *path, const char *method,
				  const char *version, const char *data, size_t *size, void **ctx)
{
	struct srv_http *h = cls;
	struct request *r = *ctx;

	(void)version;
	if (!r) {               /* the header is here */
		r = *ctx = request_new(h, mhd, method, path);
		if (!r)
			return MHD_NO;
		/* An answer before the body is read ends the connection, whatever else was sent. */
		if (srv_http_head_is_ambiguous(mhd)) {
			r->is_handled = true;
			srv_call_refuse(&r->call, 400, "bad_request", "headers contradict each other");
			return queue(r);
		}
		return is_declared_too_large(r) ? refuse_too_large(r) : MHD_YES;
	}
	if (*size) {            /* a part of the body */
		if (r->body.n + *size > r->body_max)
			r->is_too_large = true;
		else
			wr_put(&r->body, rd_of(data, *size));
		*size = 0;
		return MHD_YES;
	}
	if (r->is_handled)      /* resumed, or called again without need */
		return r->call.done && !r->call.is_stream ? queue(r) : MHD_YES;
	if (r->is_too_large)
		return refuse_too_large(r);
	if (wr_done(&r->body))
		return MHD_NO;
	conn_limit(r->conn, 0);
	r->is_handled = true;
	r->call.request.body = wr_view(&r->body);
	r->call.request.peer = peer_look(r);
	srv_front_handle(h->srv, &r->call, clock_boot_ms());
	if (r->call.done || r->call.is_stream)
		return queue(r);
	suspend(r);
	return MHD_YES;
}

/* ---- connections ---- */

static void on_connection(void *cls, struct MHD_Connection *mhd, void **ctx, enum MHD_ConnectionNotificationCode what)
{
	struct srv_http *h = cls;
	const union MHD_ConnectionInfo *info;
	struct conn *c = *ctx;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
		c = info ? calloc(1, sizeof(*c)) : NULL;
		*ctx = c;
		if (!c)
			return;
		c->fd = info->connect_fd;
		conn_limit(c, READ_MS);
		c->next = h->conns;
		c->at = &h->conns;
		if (c->next)
			c->next->at = &c->next;
		h->conns = c;
		srv_metrics_connection(h->srv->metrics, 1);
	} else if (c) {
		srv_metrics_connection(h->srv->metrics, -1);
		*c->at = c->next;
		if (c->next)
			c->next->at = c->at;
		free(c);
		*ctx = NULL;
	}
}

/* The request line is here: from now on its time counts, on a connection that was kept alive, too. */
static void *on_uri(void *cls, const char *uri, struct MHD_Connection *mhd)
{
	struct conn *c = conn_of(mhd);

	(void)cls;
	(void)uri;
	if (c && !c->until_ms)          /* the first request's time counts from the connection on */
		conn_limit(c, READ_MS);
	return NULL;
}

/* Whoever takes too long to say what he wants, or to hear the answer, is cut off. */
static void cut_slow(struct srv_http *h, uint64_t now_ms)
{
	struct conn *c;

	if (now_ms < h->slow_ms)
		return;
	h->slow_ms = now_ms + SLOW_MS;
	for (c = h->conns; c; c = c->next) {
		if (!c->until_ms || now_ms < c->until_ms)
			continue;
		(void)shutdown(c->fd, SHUT_RDWR);
		c->until_ms = now_ms + READ_MS; /* MHD will notice; not again at once */
	}
}

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

/* ---- start and stop ---- */

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

	h->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, h,
				     MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
				     MHD_OPTION_LISTEN_SOCKET, h->listen.fd,
				     MHD_OPTION_CONNECTION_LIMIT, connections_max(h->srv->conf),
				     MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)SRV_CONNECTION_MEMORY,
				     MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)SRV_PER_ADDRESS_CONNECTIONS_MAX,
				     MHD_OPTION_STRICT_FOR_CLIENT, 1,
				     MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
				     MHD_OPTION_NOTIFY_COMPLETED, on_completed, h,
				     MHD_OPTION_NOTIFY_CONNECTION, on_connection, h,
				     MHD_OPTION_URI_LOG_CALLBACK, on_uri, h,
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

/* ---- the loop ---- */

/* Milliseconds until something is due: the daemon's own, the ceremonies', a slow reader's, the end of the grace. */
static int time_left(struct srv_http *h, uint64_t due_ms, uint64_t now_ms)
{
	MHD_UNSIGNED_LONG_LONG daemons;
	uint64_t left = due_ms > now_ms ? due_ms - now_ms : 0;

	if (MHD_get_timeout(h->daemon, &daemons) == MHD_YES && daemons < left)
		left = daemons;
	if (h->conns && h->slow_ms < now_ms + left)
		left = h->slow_ms > now_ms ? h->slow_ms - now_ms : 0;
	return left > INT32_MAX ? -1 : (int)left;
}

/*
 * What time demands of the sessions, and when to come again. It costs time for each of them, so however much happens it
 * is done only so often.
 */
static uint64_t tick(struct srv_http *h, uint64_t now_ms)
{
	if (now_ms < h->tick_ms)
		return h->tick_ms;
	h->tick_ms = now_ms + TICK_MS;
	return srv_tick(h->srv, now_ms);
}

/* What happened; true: there are signals. */
static bool events_take(struct srv_http *h, const struct epoll_event *ev, int n)
{
	struct request *r;
	bool signals = false;
	int i;

	for (i = 0; i < n; i++) {
		r = ev[i].data.ptr;
		if (ev[i].data.ptr == h)
			signals = true;
		else if (ev[i].data.ptr == h->srv)
			srv_notify_look(h->srv->notify);
		else if (r && r->is_suspended)
			leave(r);
	}
	return signals;
}

static void stop_begin(struct srv_http *h, int signals, uint64_t now_ms)
{
	MHD_socket fd = MHD_quiesce_daemon(h->daemon);

	if (fd != MHD_INVALID_SOCKET)
		(void)close(fd);
	(void)epoll_ctl(h->epoll, EPOLL_CTL_DEL, signals, &(struct epoll_event){ 0 });
	srv_stop(h->srv, now_ms);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

enum err srv_http_run(struct srv_http *h, const struct srv_http_host *host)
{
	struct epoll_event ev[EVENTS], signals = { .events = EPOLLIN, .data.ptr = h },
			   children = { .events = EPOLLIN, .data.ptr = h->srv };
	uint64_t now_ms = clock_boot_ms(), due_ms, stop_at_ms = UINT64_MAX;
	bool is_stopping = false;
	int n;

	if (epoll_ctl(h->epoll, EPOLL_CTL_ADD, host->signals, &signals) ||
	    epoll_ctl(h->epoll, EPOLL_CTL_ADD, srv_notify_descriptor(h->srv->notify), &children)) {
		log_tell("epoll: %s", strerror(errno));
		return ERR_IO;
	}
	while (!is_stopping || (now_ms < stop_at_ms && (h->requests || !srv_desk_is_quiet(h->srv->desk)))) {
		due_ms = earlier(tick(h, now_ms), host->on_tick(host->ctx, now_ms));
		n = epoll_wait(h->epoll, ev, EVENTS, time_left(h, earlier(due_ms, stop_at_ms), now_ms));
		if (n < 0 && errno != EINTR) {
			log_tell("epoll: %s", strerror(errno));
			return ERR_IO;
		}
		now_ms = clock_boot_ms();
		if (events_take(h, ev, n) && host->on_signals(host->ctx) && !is_stopping) {
			is_stopping = true;
			stop_at_ms = now_ms + SRV_GRACE_MS;
			stop_begin(h, host->signals, now_ms);
		}
		cut_slow(h, now_ms);
		if (MHD_run(h->daemon) != MHD_YES) {
			log_tell("the HTTP library failed");
			return ERR_IO;
		}
		now_ms = clock_boot_ms();
	}
	return ERR_OK;
}
