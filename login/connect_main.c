/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connect: HTTPS for a process that should not speak it itself. Started by login/helper.c with a socket as
 * descriptor 3; does what its frames say and ends with it. It sees templates, never a PIN; it decides nothing.
 */
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/tlv.h"
#include "login/frame.h"
#include "login/helper.h"
#include "ramoverhttp/http.h"
#include "ramoverhttp/ram.h"

#define SOCKET_FD 3
#define AGAIN_MS 1000           /* of LOGIN_WATCH: after a failure, doubled by each further one */
#define AGAIN_MAX_MS 60000
#define URL_MAX 2048
#define TOKEN_MAX 320
#define HEADER_MAX (2 * REQUEST_JSON_MAX)

struct connection {
	void *http;
	char url[URL_MAX];
	char facts[HEADER_MAX];         /* header line; "" once it was sent */
	char token[TOKEN_MAX];          /* header line, "" none; our process has no core file */
	bool open;
};

static void wr_reply(struct wr *w, int status, struct rd body)
{
	wr_u16(w, (uint16_t)status);
	wr_put(w, body);
}

/* ---- LOGIN_OPEN ---- */

static bool text_setting(struct rd content, uint32_t tag, char *buf, size_t cap, const char **out)
{
	struct rd v;

	*out = NULL;
	if (!rd_tlv_find(content, tag, &v))
		return true;
	if (v.n >= cap || memchr(v.p, 0, v.n))
		return false;
	if (v.n)
		memcpy(buf, v.p, v.n);
	buf[v.n] = 0;
	*out = buf;
	return true;
}

/* The file is read here, where the token is sent: the process that logs in need not know it. */
static enum err token_read(struct connection *c, const char *path, char *why, size_t cap)
{
	struct secret *token = NULL;
	struct wr w;
	enum err e = secret_read_file(path, &token);

	WR_ARR(&w, c->token);
	if (!e) {
		wr_text(&w, "Authorization: Bearer ");
		wr_put(&w, secret_view(token));
		wr_u8(&w, 0);
		e = wr_done(&w);
	}
	secret_free(&token);
	if (e) {
		c->token[0] = 0;
		(void)snprintf(why, cap, "[login] token: %s", e == ERR_REFUSED ? "others may read it; chmod 600 it"
								 : e == ERR_IO ? strerrordesc_np(errno) : err_text(e));
		return ERR_CONFIG;
	}
	return ERR_OK;
}

static enum err on_open(struct connection *c, struct rd content, struct wr *answer, char *why, size_t cap)
{
	char ca[URL_MAX], cert[URL_MAX], key[URL_MAX], pin[URL_MAX], proxy[URL_MAX], facts[HEADER_MAX], file[URL_MAX];
	const char *url, *header, *token;
	struct http_config h = { 0 };
	struct rd flag;
	enum err e;

	(void)answer;
	if (c->open || !text_setting(content, LOGIN_URL, c->url, sizeof(c->url), &url) || !url ||
	    !text_setting(content, LOGIN_CA, ca, sizeof(ca), &h.ca_file) ||
	    !text_setting(content, LOGIN_CERT, cert, sizeof(cert), &h.cert_file) ||
	    !text_setting(content, LOGIN_KEY, key, sizeof(key), &h.key_file) ||
	    !text_setting(content, LOGIN_PIN, pin, sizeof(pin), &h.pin) ||
	    !text_setting(content, LOGIN_PROXY, proxy, sizeof(proxy), &h.proxy) ||
	    !text_setting(content, LOGIN_HEADER, facts, sizeof(facts), &header) ||
	    !text_setting(content, LOGIN_TOKEN, file, sizeof(file), &token) ||
	    !rd_tlv_find(content, LOGIN_HTTP, &flag) || flag.n != 1)
		return ERR_FORMAT;
	h.allow_http = flag.p[0] != 0;
	if (!http_url_is_allowed(url, h.allow_http)) {
		(void)snprintf(why, cap, "not https, and [login] http does not allow it");
		return ERR_CONFIG;
	}
	if (header && snprintf(c->facts, sizeof(c->facts), "X-Quorum11-Request: %s", header) >= (int)sizeof(c->facts))
		return ERR_LIMIT;
	e = token ? token_read(c, token, why, cap) : ERR_OK;
	if (e)
		return e;
	c->open = true;
	return http_curl.open(&h, &c->http);
}

/* ---- LOGIN_POST ---- */

static enum err on_post(struct connection *c, struct rd content, struct wr *answer, char *why, size_t cap)
{
	const char *headers[4] = { "X-Admin-Protocol: openscdp-remote-admin/1.0" };
	size_t n = 1;
	struct http_request r = {
		.method = "POST", .url = c->url, .type = RAM_TYPE_REQUEST, .headers = headers, .body = content,
		.max = RAM_READ_MAX,
	};
	struct deadline dl = { .at_ms = UINT64_MAX, .cancel_fd = SOCKET_FD };
	struct wr body;
	int status = 0;
	enum err e;

	if (*c->token)
		headers[n++] = c->token;
	if (*c->facts)
		headers[n++] = c->facts;
	wr_init_heap(&body, RAM_READ_MAX);
	e = http_curl.request(c->http, &r, &status, &body, why, cap, &dl);
	if (!e) {
		c->facts[0] = 0;
		wr_reply(answer, status, wr_view(&body));
	}
	wr_free(&body);
	return e;
}

/* ---- LOGIN_PROOFS: docs/API.md, "Host" ---- */

static bool proof_member(struct wr *w, const json_t *proof, const char *name, uint32_t tag)
{
	const json_t *v = json_object_get(proof, name);
	size_t mark;

	if (!json_is_string(v))
		return false;
	mark = wr_tlv_open(w, tag);
	if (text_unbase64url(rd_of(json_string_value(v), json_string_length(v)), w))
		return false;
	wr_tlv_close(w, mark);
	return true;
}

static enum err put_proof(struct wr *out, const json_t *proof)
{
	size_t mark = wr_tlv_open(out, LOGIN_PROOF);
	enum err e = ERR_OK;

	if (!proof_member(out, proof, "pka_file", LOGIN_PROOF_FILE) ||
	    !proof_member(out, proof, "statement", LOGIN_PROOF_STATEMENT) ||
	    !proof_member(out, proof, "statement_signature", LOGIN_PROOF_SIG))
		e = ERR_PROTOCOL;
	wr_tlv_close(out, mark);
	return e;
}

static enum err read_proofs(struct rd body, struct wr *out)
{
	json_t *all = json_loadb((const char *)body.p, body.n, JSON_REJECT_DUPLICATES, NULL);
	const json_t *list = json_object_get(all, "proofs"), *proof;
	enum err e = json_is_array(list) ? ERR_OK : ERR_PROTOCOL;
	size_t i;

	json_array_foreach(list, i, proof)
		if (put_proof(out, proof))
			e = ERR_PROTOCOL;
	json_decref(all);
	return e ? e : wr_done(out);
}

/* The API's address: scheme and host of the RAMOverHTTP address. */
static bool api_url(const char *url, struct rd login_id, const char *what, struct wr *out)
{
	const char *host = strstr(url, "://");

	if (!host || login_id.n != LOGIN_ID_SIZE)
		return false;
	wr_put(out, rd_of(url, (size_t)(host + 3 - url) + strcspn(host + 3, "/?#")));
	wr_text(out, "/api/v1/logins/");
	wr_hex(out, login_id);
	wr_text(out, what);
	return true;
}

static enum err on_proofs(struct connection *c, struct rd content, struct wr *answer, char *why, size_t cap)
{
	struct deadline dl = { .at_ms = UINT64_MAX, .cancel_fd = SOCKET_FD };
	const char *headers[] = { *c->token ? c->token : NULL, NULL };
	struct http_request r = { .method = "GET", .headers = headers, .max = HTTP_BODY_MAX };
	struct wr url, body, proofs;
	int status = 0;
	enum err e = ERR_FORMAT;

	wr_init_heap(&url, URL_MAX + 128);
	wr_init_heap(&body, HTTP_BODY_MAX);
	wr_init_heap(&proofs, LOGIN_FRAME_MAX);
	if (api_url(c->url, content, "/proofs", &url)) {
		r.url = wr_cstr(&url);
		e = http_curl.request(c->http, &r, &status, &body, why, cap, &dl);
	}
	if (!e && status == 200) {
		e = read_proofs(wr_view(&body), &proofs);
		if (e)
			(void)snprintf(why, cap, "the server's statements are malformed");
	}
	if (!e)
		wr_reply(answer, status, wr_view(&proofs));
	wr_free(&proofs);
	wr_free(&body);
	wr_free(&url);
	return e;
}

/* ---- LOGIN_WATCH ---- */

static enum err read_end(struct rd body, struct wr *out)
{
	json_t *proof = json_loadb((const char *)body.p, body.n, JSON_REJECT_DUPLICATES, NULL);
	enum err e;

	wr_reset(out);
	e = put_proof(out, proof);
	json_decref(proof);
	return e ? e : wr_done(out);
}

/* Until the next question. A server that answers "not yet" has held the last one; one that is gone may come back. */
static uint64_t pause_ms(enum err e, int status, uint64_t took_ms, uint64_t *failing_ms)
{
	if (!e && status == 204) {
		*failing_ms = 0;
		return took_ms < AGAIN_MS ? AGAIN_MS - took_ms : 0;
	}
	/* It has forgotten the login, and will hardly remember. */
	if (!e && status == 404)
		return AGAIN_MAX_MS;
	*failing_ms = *failing_ms ? 2 * *failing_ms : AGAIN_MS;
	if (*failing_ms > AGAIN_MAX_MS)
		*failing_ms = AGAIN_MAX_MS;
	return *failing_ms;
}

/* Asks until somebody has ended it. Whatever goes wrong is tried again; only our owner, by hanging up, ends that. */
static enum err on_watch(struct connection *c, struct rd content, struct wr *answer, char *why, size_t cap)
{
	struct deadline dl = { .at_ms = UINT64_MAX, .cancel_fd = SOCKET_FD };
	const char *headers[] = { *c->token ? c->token : NULL, NULL };
	struct http_request r = { .method = "GET", .headers = headers, .max = HTTP_BODY_MAX };
	uint64_t failing_ms = 0;
	struct wr url, body, proof;
	enum err e = ERR_FORMAT;

	wr_init_heap(&url, URL_MAX + 128);
	wr_init_heap(&body, HTTP_BODY_MAX);
	wr_init_heap(&proof, LOGIN_FRAME_MAX);
	if (!api_url(c->url, content, "/end", &url))
		goto out;
	r.url = wr_cstr(&url);
	do {
		uint64_t asked_ms = clock_boot_ms();
		struct deadline next;
		int status = 0;

		wr_reset(&body);
		e = http_curl.request(c->http, &r, &status, &body, why, cap, &dl);
		if (!e && status == 200)
			e = read_end(wr_view(&body), &proof);
		if (!e && status == 200) {
			wr_reply(answer, status, wr_view(&proof));
			break;
		}
		next = deadline_within(&dl, pause_ms(e, status, clock_boot_ms() - asked_ms, &failing_ms));
		e = deadline_wait(&next, -1);
	} while (e == ERR_TIMEOUT);
out:
	wr_free(&proof);
	wr_free(&body);
	wr_free(&url);
	return e;
}

/* ---- frames ---- */

static const struct verb {
	enum login_frame type, answer;
	bool needs_open;
	enum err (*run)(struct connection *c, struct rd content, struct wr *answer, char *why, size_t cap);
} verbs[] = {
	{ LOGIN_OPEN, LOGIN_READY, false, on_open },
	{ LOGIN_POST, LOGIN_REPLY, true, on_post },
	{ LOGIN_PROOFS, LOGIN_REPLY, true, on_proofs },
	{ LOGIN_WATCH, LOGIN_REPLY, true, on_watch },
};

static enum err serve(struct connection *c, uint8_t type, struct rd content)
{
	const struct verb *v = NULL;
	struct deadline dl = deadline_never();
	char why[SHOWN_MAX] = "";
	struct wr answer;
	enum err e;

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (verbs[i].type == type && verbs[i].needs_open == c->open)
			v = &verbs[i];
	if (!v)
		return ERR_PROTOCOL;
	wr_init_heap(&answer, LOGIN_FRAME_MAX);
	e = v->run(c, content, &answer, why, sizeof(why));
	if (!e)
		e = wr_done(&answer);
	if (!e) {
		e = login_frame_send(SOCKET_FD, (uint8_t)v->answer, wr_view(&answer), &dl);
		wr_free(&answer);
		return e;
	}
	wr_free(&answer);
	wr_init_heap(&answer, sizeof(why) + 1);
	wr_u8(&answer, (uint8_t)e);
	wr_text(&answer, *why ? why : err_text(e));
	e = wr_done(&answer);
	if (!e)
		e = login_frame_send(SOCKET_FD, LOGIN_FAIL, wr_view(&answer), &dl);
	wr_free(&answer);
	return e;
}

static bool was_started_as_helper(void)
{
	struct stat st;

	return fstat(SOCKET_FD, &st) == 0 && S_ISSOCK(st.st_mode);
}

int main(int argc, char **argv)
{
	struct connection c = { 0 };
	struct deadline dl = deadline_never();
	uint8_t type = 0;
	struct wr content;
	enum err e;

	(void)argv;
	log_name("quorum11-connect");
	if (argc > 1 || !was_started_as_helper()) {
		log_tell("this program is started by the PKCS#11 module and by quorum11, not by people");
		return 2;
	}
	(void)prctl(PR_SET_DUMPABLE, 0);
	/* A server that hangs up is an error of this request, not our end. */
	(void)signal(SIGPIPE, SIG_IGN);
	wr_init_heap(&content, LOGIN_FRAME_MAX);
	do {
		wr_reset(&content);
		e = login_frame_receive(SOCKET_FD, &type, &content, &dl);
		if (!e)
			e = serve(&c, type, wr_view(&content));
	} while (!e);
	wr_free(&content);
	if (c.http)
		http_curl.close(c.http);
	return 0;
}
