/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An HTTP client as three entries; http_curl.c is the only file that sees libcurl. One connection, cookies kept in
 * memory, no redirects, no proxy but one that is named.
 */
#ifndef RAMOVERHTTP_HTTP_H
#define RAMOVERHTTP_HTTP_H

#include "base/deadline.h"
#include "base/buf.h"

struct http_config {                    /* borrowed for the call of open */
	const char *ca_file;            /* NULL: the system's */
	const char *cert_file, *key_file;
	const char *pin;                /* sha256//... */
	bool allow_http;                /* plain http to any host; loopback is always allowed it, but by a proxy */
	/*
	 * http://HOST:PORT, https:// or socks5h://, which is asked for a tunnel (RFC 9110 9.3.6) to the server, whose
	 * certificate is checked as ever. No password: it would be no secret in a configuration. NULL: none.
	 */
	const char *proxy;
	unsigned connect_ms, total_ms;  /* per request; 0: 10 s, 60 s */
};
struct http_request {
	const char *method;             /* "GET", "POST", "DELETE" */
	const char *url;                /* absolute */
	const char *type;               /* content type, NULL: none */
	const char *const *headers;     /* further "Name: value", NULL-terminated; may be NULL */
	struct rd body;
	size_t max;                     /* of the response body; ERR_LIMIT beyond */
};
struct http_ops {
	enum err (*open)(const struct http_config *c, void **ctx);
	/*
	 * status and body (appended). ERR_CONNECT, ERR_TLS, ERR_TIMEOUT, ERR_CANCELLED, ERR_LIMIT, ERR_CONFIG (URL
	 * refused). why: text for people, may be NULL.
	 */
	enum err (*request)(void *ctx, const struct http_request *r, int *status, struct wr *body, char *why,
			    size_t cap, struct deadline *dl);
	void (*close)(void *ctx);
};
extern const struct http_ops http_curl;
/* https, or http to 127.0.0.0/8, ::1, localhost, or http anywhere if allowed. */
bool http_url_is_allowed(const char *url, bool allow_http);

#endif
