/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/http_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/front/front.h"
#include "server/http/head.h"
#include "server/http/listen.h"
#include "server/tls/tls.h"

#define QUERY_MAX 4096
#define STREAM_BLOCK 1024       /* what the library keeps for each answer that goes on */

/* A request; conn's at most one. */
struct request {
	struct srv_call call;           /* first: wake() gets here from it */
	struct srv_http *http;
	struct MHD_Connection *mhd;
	struct srv_conn *conn;
	struct wr body, query;
	size_t body_max, body_n;        /* body_n: so much has come of it */
	bool keeps_body;
	bool is_handled, is_suspended, is_too_large;
	char from[SRV_FROM_SIZE];
	struct srv_peer peer;
};

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

void srv_http_gone(void *request)
{
	struct request *r = request;

	if (r->is_suspended)
		srv_gone(r->http->srv, &r->call, clock_boot_ms());
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
	r->conn = srv_conn_of(mhd);
	r->body_max = srv_front_body_max(method, path);
	wr_init_heap(&r->body, r->body_max);
	wr_init_heap(&r->query, QUERY_MAX);
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

void srv_http_completed(void *cls, struct MHD_Connection *mhd, void **ctx, enum MHD_RequestTerminationCode how)
{
	struct srv_http *h = cls;
	struct request *r = *ctx;

	(void)how;
	srv_conn_idle(srv_conn_of(mhd));
	if (!r)
		return;
	*ctx = NULL;
	if (r->is_suspended)
		watch(r, false);
	r->is_suspended = false;
	if (r->is_handled && !r->call.done)
		srv_gone(r->http->srv, &r->call, clock_boot_ms());
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
	srv_conn_limit(r->conn, n || r->call.done ? SRV_WRITE_MS : 0);
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
	srv_conn_limit(r->conn, SRV_WRITE_MS);
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

/* Before anything else has seen it. An answer before the body is read ends the connection, whatever else was sent. */
static enum MHD_Result refuse(struct request *r, int status, const char *word, const char *why)
{
	r->is_handled = true;
	srv_call_refuse(&r->call, status, word, "%s", why);
	return queue(r);
}

static enum MHD_Result refuse_too_large(struct request *r)
{
	char why[60];

	(void)snprintf(why, sizeof(why), "at most %zu bytes", r->body_max);
	return refuse(r, 413, "too_large", why);
}

static enum MHD_Result head_take(struct request *r)
{
	if (srv_http_head_is_ambiguous(r->mhd))
		return refuse(r, 400, "bad_request", "headers contradict each other");
	if (wr_done(&r->query))         /* and is not taken for none */
		return refuse(r, 414, "too_large", "the query is too long");
	if (is_declared_too_large(r))
		return refuse_too_large(r);
	r->call.request.peer = peer_look(r);
	r->keeps_body = srv_front_wants_body(r->http->srv, &r->call.request);
	return MHD_YES;
}

/* What is not kept is read all the same: an answer before that could be lost with the connection. */
static void body_take(struct request *r, struct rd part)
{
	r->body_n += part.n;
	if (r->body_n > r->body_max)
		r->is_too_large = true;
	else if (r->keeps_body)
		wr_put(&r->body, part);
}

enum MHD_Result srv_http_request(void *cls, struct MHD_Connection *mhd, const char *path, const char *method,
				 const char *version, const char *data, size_t *size, void **ctx)
{
	struct srv_http *h = cls;
	struct request *r = *ctx;

	(void)version;
	if (!r) {               /* the header is here */
		r = *ctx = request_new(h, mhd, method, path);
		return r ? head_take(r) : MHD_NO;
	}
	if (*size) {            /* a part of the body */
		body_take(r, rd_of(data, *size));
		*size = 0;
		return MHD_YES;
	}
	if (r->is_handled)      /* resumed, or called again without need */
		return r->call.done && !r->call.is_stream ? queue(r) : MHD_YES;
	if (r->is_too_large)
		return refuse_too_large(r);
	if (wr_done(&r->body))
		return MHD_NO;
	srv_conn_limit(r->conn, 0);
	r->is_handled = true;
	r->call.request.body = wr_view(&r->body);
	srv_front_handle(h->srv, &r->call, clock_boot_ms());
	if (r->call.done || r->call.is_stream)
		return queue(r);
	suspend(r);
	return MHD_YES;
}
