/* SPDX-License-Identifier: Apache-2.0 */
#include "ramoverhttp/http.h"

#include <curl/curl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/date.h"
#include "base/text.h"

#define CONNECT_MS 10000
#define TOTAL_MS   60000
#define TICK_MS    1000                 /* how late the deadline may be noticed */
#define HEADERS_MAX 65536               /* bytes of all header lines of a response */

struct curl_http {
	CURL *easy;
	CURLM *multi;                   /* holds the connection; NULL until the first request */
	bool allow_http, has_proxy, bad_proxy;
	unsigned total_ms;
	char error[CURL_ERROR_SIZE];
};

/* What one request receives. */
struct receiver {
	struct wr *body;
	size_t left, headers_left;
	bool over;                      /* the response is longer than the caller takes */
};

static CURLcode global;

static void init_global(void)
{
	global = curl_global_init(CURL_GLOBAL_DEFAULT);
}

static size_t on_body(char *p, size_t size, size_t n, void *user)
{
	struct receiver *r = user;

	if (size != 1 || n > r->left) {
		r->over = true;
		return 0;
	}
	r->left -= n;
	wr_put(r->body, rd_of(p, n));
	return wr_done(r->body) ? 0 : n;
}

static size_t on_header(char *p, size_t size, size_t n, void *user)
{
	struct receiver *r = user;

	(void)p;
	if (size != 1 || n > r->headers_left) {
		r->over = true;
		return 0;
	}
	r->headers_left -= n;
	return n;
}

static void http_close(void *ctx)
{
	struct curl_http *h = ctx;

	if (!h)
		return;
	curl_multi_cleanup(h->multi);
	curl_easy_cleanup(h->easy);
	free(h);
}

/* Options that no request changes. A failure here is a libcurl without what we need. */
static CURLcode set_fixed(struct curl_http *h, const struct http_config *c)
{
	CURL *e = h->easy;
	CURLcode rc = CURLE_OK;

#define SET(option, value) do { if (!rc) rc = curl_easy_setopt(e, option, value); } while (0)
	SET(CURLOPT_ERRORBUFFER, h->error);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");       /* which of them: http_url_is_allowed */
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROXY, c->proxy ? c->proxy : "");   /* none but this, not even from the environment */
	SET(CURLOPT_NOPROXY, "");
	SET(CURLOPT_HTTPPROXYTUNNEL, 1L);
	SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_COOKIEFILE, "");                    /* the cookie engine, in memory */
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_HTTP09_ALLOWED, 0L);
	SET(CURLOPT_TCP_NODELAY, 1L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)(c->connect_ms ? c->connect_ms : CONNECT_MS));
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	if (c->ca_file) {
		SET(CURLOPT_CAINFO, c->ca_file);
		SET(CURLOPT_CAPATH, NULL);              /* else the system's authorities count as well */
	}
	if (c->cert_file)
		SET(CURLOPT_SSLCERT, c->cert_file);
	if (c->key_file)
		SET(CURLOPT_SSLKEY, c->key_file);
	if (c->pin)
		SET(CURLOPT_PINNEDPUBLICKEY, c->pin);
#undef SET
	return rc;
}

static bool proxy_is_known(const char *proxy)
{
	static const char *const schemes[] = { "http://", "https://", "socks5h://" };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (strncasecmp(proxy, schemes[i], strlen(schemes[i])) == 0)
			return !strchr(proxy, '@');
	return false;
}

static enum err http_open(const struct http_config *c, void **ctx)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct curl_http *h;
	CURLcode rc;

	(void)pthread_once(&once, init_global);
	if (global)
		return ERR_IO;
	h = calloc(1, sizeof(*h));
	if (!h)
		return ERR_NOMEM;
	h->allow_http = c->allow_http;
	h->has_proxy = c->proxy != NULL;
	h->bad_proxy = c->proxy && !proxy_is_known(c->proxy);
	h->total_ms = c->total_ms ? c->total_ms : TOTAL_MS;
	h->easy = curl_easy_init();
	rc = h->easy ? set_fixed(h, c) : CURLE_OUT_OF_MEMORY;
	if (rc) {
		http_close(h);
		return rc == CURLE_OUT_OF_MEMORY ? ERR_NOMEM : ERR_CONFIG;
	}
	*ctx = h;
	return ERR_OK;
}

/* Everything that is not listed: the connection broke. */
static const struct { CURLcode rc; enum err e; } results[] = {
	{ CURLE_OK, ERR_OK },
	{ CURLE_OUT_OF_MEMORY, ERR_NOMEM },
	{ CURLE_OPERATION_TIMEDOUT, ERR_TIMEOUT },
	{ CURLE_FILESIZE_EXCEEDED, ERR_LIMIT },
	{ CURLE_UNSUPPORTED_PROTOCOL, ERR_PROTOCOL },   /* no HTTP/1: the scheme was checked before */
	{ CURLE_URL_MALFORMAT, ERR_CONFIG },
	{ CURLE_SSL_CACERT_BADFILE, ERR_CONFIG },
	{ CURLE_SSL_CERTPROBLEM, ERR_CONFIG },
	{ CURLE_PEER_FAILED_VERIFICATION, ERR_TLS },
	{ CURLE_SSL_CONNECT_ERROR, ERR_TLS },
	{ CURLE_SSL_CIPHER, ERR_TLS },
	{ CURLE_SSL_ISSUER_ERROR, ERR_TLS },
	{ CURLE_SSL_PINNEDPUBKEYNOTMATCH, ERR_TLS },
	{ CURLE_SSL_INVALIDCERTSTATUS, ERR_TLS },
	{ CURLE_SSL_CLIENTCERT, ERR_TLS },
	{ CURLE_WEIRD_SERVER_REPLY, ERR_PROTOCOL },
	{ CURLE_BAD_CONTENT_ENCODING, ERR_PROTOCOL },
};

static enum err result_err(CURLcode rc)
{
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++)
		if (results[i].rc == rc)
			return results[i].e;
	return ERR_CONNECT;
}

/* libcurl has one code for a handshake that is refused and for one that breaks off; only its text differs. */
static bool is_broken(const char *why)
{
	return strstr(why, "Recv failure") || strstr(why, "Send failure") || strstr(why, "SSL_ERROR_SYSCALL");
}

/* A connection that could not be made in time is no connection; the deadline of the caller is another matter. */
static enum err transfer_err(struct curl_http *h, CURLcode rc, const struct receiver *r, const struct deadline *dl)
{
	curl_off_t connected = 0;
	enum err e = result_err(rc);

	if (rc && r->over)
		return ERR_LIMIT;
	if (rc && wr_done(r->body))
		return wr_done(r->body);
	if (rc == CURLE_SSL_CONNECT_ERROR && is_broken(h->error))
		return ERR_CONNECT;
	if (e == ERR_TIMEOUT && deadline_left_ms(dl) &&
	    (curl_easy_getinfo(h->easy, CURLINFO_PRETRANSFER_TIME_T, &connected) || connected == 0))
		return ERR_CONNECT;
	return e;
}

/* Waits for the network and for the caller's will at once. */
static enum err run(struct curl_http *h, const struct receiver *r, struct deadline *dl)
{
	const int cancel = dl ? dl->cancel_fd : -1;
	struct curl_waitfd will = { .fd = cancel, .events = CURL_WAIT_POLLIN };
	int running = 1, left;
	enum err e = ERR_OK;

	while (!e && running) {
		CURLMcode rc = curl_multi_perform(h->multi, &running);

		if (!rc && running)
			rc = curl_multi_poll(h->multi, &will, cancel >= 0 ? 1 : 0, TICK_MS, NULL);
		e = rc ? ERR_IO : deadline_check(dl);
		if (!running && e == ERR_TIMEOUT)
			e = ERR_OK;
	}
	for (CURLMsg *m; !e && (m = curl_multi_info_read(h->multi, &left));)
		if (m->msg == CURLMSG_DONE)
			e = transfer_err(h, m->data.result, r, dl);
	return e;
}

/* To this machine means by no other, and a proxy is one. */
static enum err check_way(struct curl_http *h, const char *url)
{
	const char *why = NULL;

	if (h->bad_proxy)
		why = "the proxy must be http://HOST:PORT, https:// or socks5h://, without a password";
	else if (!http_url_is_allowed(url, h->allow_http))
		why = "the URL must begin with https:// (http:// only to this machine)";
	else if (h->has_proxy && !h->allow_http && strncasecmp(url, "https://", 8) != 0)
		why = "by a proxy the URL must begin with https://";
	if (why)
		(void)snprintf(h->error, sizeof(h->error), "%s", why);
	return why ? ERR_CONFIG : ERR_OK;
}

static struct curl_slist *make_headers(const struct http_request *r)
{
	struct curl_slist *list = curl_slist_append(NULL, "Expect:"), *longer = list;
	char type[256];

	if (longer && r->type) {
		(void)snprintf(type, sizeof(type), "Content-Type: %s", r->type);
		longer = curl_slist_append(list, type);
	}
	for (const char *const *h = r->headers; longer && h && *h; h++)
		longer = curl_slist_append(list, *h);
	if (!longer)
		curl_slist_free_all(list);
	return longer ? list : NULL;
}

static CURLcode set_request(struct curl_http *h, const struct http_request *r, const struct curl_slist *headers,
			    struct receiver *to, struct deadline *dl)
{
	uint64_t total = deadline_left_ms(dl) < h->total_ms ? deadline_left_ms(dl) : h->total_ms;
	bool is_get = strcmp(r->method, "GET") == 0;
	CURL *e = h->easy;
	CURLcode rc = CURLE_OK;

#define SET(option, value) do { if (!rc) rc = curl_easy_setopt(e, option, value); } while (0)
	SET(CURLOPT_URL, r->url);
	SET(CURLOPT_HTTPHEADER, headers);
	SET(CURLOPT_WRITEDATA, to);
	SET(CURLOPT_HEADERDATA, to);
	SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)r->max);
	SET(CURLOPT_TIMEOUT_MS, (long)(total ? total : 1));
	/* The order matters: HTTPGET forgets an earlier POST, CUSTOMREQUEST renames what was set before it. */
	SET(CURLOPT_HTTPGET, 1L);
	if (!is_get) {
		SET(CURLOPT_POST, 1L);
		SET(CURLOPT_POSTFIELDS, r->body.n ? (const char *)r->body.p : "");
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n);
	}
	SET(CURLOPT_CUSTOMREQUEST, is_get ? NULL : r->method);
#undef SET
	return rc;
}

/* A certificate that is out of its time may be the fault of the clock here. */
static void add_clock(struct curl_http *h)
{
	size_t n = strlen(h->error);
	char now[32];
	struct wr w;

	if (!strstr(h->error, "expired") && !strstr(h->error, "not yet valid"))
		return;
	WR_ARR(&w, now);
	wr_time(&w, clock_wall_s());
	(void)snprintf(h->error + n, sizeof(h->error) - n, ", by the clock of this machine: %s", wr_cstr(&w));
}

static enum err http_request(void *ctx, const struct http_request *r, int *status, struct wr *body, char *why,
			      size_t cap, struct deadline *dl)
{
	struct receiver to = { .body = body, .left = r->max, .headers_left = HEADERS_MAX };
	struct curl_slist *headers = NULL;
	struct curl_http *h = ctx;
	bool added = false;
	long code = 0;
	enum err e;

	h->error[0] = 0;
	if (why && cap)
		why[0] = 0;
	e = deadline_check(dl);
	if (!e)
		e = check_way(h, r->url);
	if (e)
		goto out;
	e = ERR_NOMEM;
	headers = make_headers(r);
	if (!h->multi)
		h->multi = curl_multi_init();
	if (!headers || !h->multi || set_request(h, r, headers, &to, dl) || curl_multi_add_handle(h->multi, h->easy))
		goto out;
	added = true;
	e = run(h, &to, dl);
	if (e == ERR_TLS)
		add_clock(h);
	if (e == ERR_LIMIT)
		(void)snprintf(h->error, sizeof(h->error), "the answer is longer than %zu bytes", r->max);
	if (!e && (curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &code) || code < 100 || code > 999))
		e = ERR_PROTOCOL;
	if (!e)
		*status = (int)code;
out:
	if (added)
		(void)curl_multi_remove_handle(h->multi, h->easy);
	curl_slist_free_all(headers);
	/* libcurl's text may quote the server. */
	if (e && why && cap)
		(void)text_shown(rd_str(h->error[0] ? h->error : err_text(e)), why, cap);
	return e;
}

const struct http_ops http_curl = {
	.open = http_open,
	.request = http_request,
	.close = http_close,
};
