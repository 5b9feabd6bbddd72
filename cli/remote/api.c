/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/remote/api.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/line/say.h"
#include "ramoverhttp/http.h"

#define PATH_LOGIN "/rt/hsm"
#define ID_DIGITS 32

struct cli_api {
	void *http;
	char *base;
	const struct secret *token;
	cli_api_next *next;
	void *ctx;
};

/* ERR_CONFIG: files or a pin in the settings that curl cannot use, which nobody has told yet. */
static enum err fail(enum err e, const char *base, const char *why)
{
	char shown[SHOWN_MAX + 1];

	(void)text_shown(rd_str(why), shown, sizeof(shown));
	if (e == ERR_CONFIG)
		return cli_refuse(e, "%s: %s; check --ca, and ca, cert, key, pin and proxy in [login]", base,
				  *shown ? shown : err_text(e));
	return cli_fail(e, "%s%s%s", base, *shown ? ": " : "", shown);
}

enum err cli_api_open(const struct cli *cli, const char *url, struct cli_api **out)
{
	struct http_config config = {
		.ca_file = cli->args->ca ? cli->args->ca : cli->conf->login.ca, .cert_file = cli->conf->login.cert,
		.key_file = cli->conf->login.key, .pin = cli->conf->login.pin, .allow_http = cli->conf->login.http,
		.proxy = cli->conf->login.proxy,
	};
	struct cli_api *a;
	size_t n;
	enum err e;

	if (!url)
		url = cli->conf->login.url;
	if (!url)
		return cli_refuse(ERR_ARG, "which server? Give its URL, or set [login] url");
	if (strlen(url) > API_URL_MAX || !http_url_is_allowed(url, config.allow_http))
		return cli_refuse(ERR_ARG, "the server's URL must begin with https:// (http:// only to this machine)");
	a = calloc(1, sizeof(*a));
	if (!a || !(a->base = strdup(url))) {
		free(a);
		return cli_fail(ERR_NOMEM, "the connection to the server");
	}
	n = strlen(a->base);
	if (n > strlen(PATH_LOGIN) && strcmp(a->base + n - strlen(PATH_LOGIN), PATH_LOGIN) == 0)
		n -= strlen(PATH_LOGIN);
	while (n && a->base[n - 1] == '/')
		n--;
	a->base[n] = 0;
	e = fail(http_curl.open(&config, &a->http), a->base, "");
	if (e)
		cli_api_close(&a);
	*out = a;
	return e;
}

void cli_api_authorize(struct cli_api *a, const struct secret *token)
{
	a->token = token;
}

void cli_api_when_asked(struct cli_api *a, cli_api_next *next, void *ctx)
{
	a->next = next;
	a->ctx = ctx;
}

void cli_api_close(struct cli_api **a)
{
	if (!*a)
		return;
	if ((*a)->http)
		http_curl.close((*a)->http);
	free((*a)->base);
	free(*a);
	*a = NULL;
}

const char *cli_api_url(const struct cli_api *a)
{
	return a->base;
}

enum err cli_api_ping(struct cli_api *a, char *why, size_t cap, struct deadline *dl)
{
	uint8_t url[API_URL_MAX + 256];
	struct http_request r = { .method = "GET", .max = HTTP_BODY_MAX };
	int status = 0;
	struct wr u, answer;
	enum err e;

	WR_ARR(&u, url);
	wr_printf(&u, "%s/healthz", a->base);
	r.url = wr_cstr(&u);
	wr_init_heap(&answer, HTTP_BODY_MAX);
	e = wr_done(&u);
	if (!e)
		e = http_curl.request(a->http, &r, &status, &answer, why, cap, dl);
	/* 403: it lives, and wants a client certificate. */
	if (!e && status != 200 && status != 403) {
		(void)snprintf(why, cap, "status %d: is this a quorum11-server?", status);
		e = ERR_PROTOCOL;
	}
	wr_free(&answer);
	return e;
}

static enum err send(struct cli *cli, struct cli_api *a, const char *method, const char *path, const char *body,
		     int *status, struct wr *answer)
{
	uint8_t url[API_URL_MAX + 256], auth[512];
	const char *headers[] = { NULL, NULL };
	struct wr u, h;
	char why[SHOWN_MAX + 1] = "";
	enum err e;

	WR_ARR(&u, url);
	WR_ARR(&h, auth);
	wr_printf(&u, "%s%s", a->base, path);
	if (a->token) {
		wr_text(&h, "Authorization: Bearer ");
		wr_put(&h, secret_view(a->token));
		headers[0] = wr_cstr(&h);
	}
	e = wr_done(&u);
	if (!e)
		e = wr_done(&h);
	if (!e) {
		struct http_request r = {
			.method = method, .url = wr_cstr(&u), .type = body ? "application/json" : NULL,
			.headers = headers, .body = rd_str(body), .max = HTTP_BODY_MAX,
		};

		e = http_curl.request(a->http, &r, status, answer, why, sizeof(why), &cli->dl);
	}
	wr_free(&h);
	return fail(e, a->base, why);
}

/* Once; the answer is an object. */
static enum err call_once(struct cli *cli, struct cli_api *a, const char *method, const char *path, const char *body,
			  int *status, json_t **answer)
{
	struct wr w;
	enum err e;

	*answer = NULL;
	wr_init_heap(&w, HTTP_BODY_MAX);
	e = send(cli, a, method, path, body, status, &w);
	if (!e) {
		*answer = json_loadb((const char *)w.p, w.n, JSON_REJECT_DUPLICATES, NULL);
		if (!json_is_object(*answer)) {
			json_decref(*answer);
			*answer = NULL;
			e = cli_refuse(ERR_PROTOCOL,
				       "%s: status %d without a JSON object: is this a quorum11-server?", a->base,
				       *status);
		}
	}
	wr_free(&w);
	return e;
}

/* Not a signature that does not verify: another token makes it no better. */
static bool is_asked_who(int status, const json_t *answer)
{
	const char *word;

	if (status != 401 && status != 403 && status != 404)
		return false;
	return !cli_api_text(answer, "error", &word) &&
	       (!strcmp(word, "unauthorized") || !strcmp(word, "forbidden") || !strcmp(word, "not_found"));
}

/* One token after the other, until one is right. */
static enum err ask_again(struct cli *cli, struct cli_api *a, const char *method, const char *path, const char *body,
			  int *status, json_t **answer)
{
	cli_api_next *next = a->next;
	bool first = true;
	enum err e = ERR_OK;

	a->next = NULL;
	while (!e && is_asked_who(*status, *answer)) {
		const struct secret *token = NULL;

		e = next(a->ctx, cli, *status, first, &token);
		first = false;
		if (e)
			break;
		a->token = token;
		json_decref(*answer);
		e = call_once(cli, a, method, path, body, status, answer);
	}
	a->next = next;
	return e == ERR_NOT_FOUND && *answer ? ERR_OK : e;
}

static enum err call(struct cli *cli, struct cli_api *a, const char *method, const char *path, json_t *body,
		     int *status, json_t **answer)
{
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	enum err e;

	*answer = NULL;
	e = body && !text ? cli_fail(ERR_NOMEM, "%s", a->base)
			  : call_once(cli, a, method, path, text, status, answer);
	if (!e && a->next)
		e = ask_again(cli, a, method, path, text, status, answer);
	if (e) {
		json_decref(*answer);
		*answer = NULL;
	}
	free(text);
	json_decref(body);
	return e;
}

enum err cli_api_call(struct cli *cli, struct cli_api *a, const char *path, json_t *body, int *status, json_t **answer)
{
	return call(cli, a, body ? "POST" : "GET", path, body, status, answer);
}

enum err cli_api_put(struct cli *cli, struct cli_api *a, const char *path, json_t *body, int *status, json_t **answer)
{
	return call(cli, a, "PUT", path, body, status, answer);
}

enum err cli_api_fail(const struct cli_api *a, int status, const json_t *answer, const char *what)
{
	/* What the server refuses by its rules is told apart from what failed. */
	static const struct {
		int status;
		enum err e;
	} rows[] = {
		{ 401, ERR_DENIED }, { 404, ERR_NOT_FOUND }, { 409, ERR_CONDITIONS },
		{ 422, ERR_POLICY }, { 429, ERR_CONDITIONS },
	};
	const char *message = json_string_value(json_object_get(answer, "message"));
	char shown[SHOWN_MAX + 1];
	enum err e = status >= 500 ? ERR_SERVER : ERR_HTTP;

	if (status >= 200 && status < 300)
		return ERR_OK;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].status == status)
			e = rows[i].e;
	return cli_refuse(e, "%s: %s: %s (status %d)", a->base, what,
			  message ? text_shown(rd_str(message), shown, sizeof(shown)) : "refused", status);
}

enum err cli_api_text(const json_t *o, const char *key, const char **out)
{
	const json_t *v = json_object_get(o, key);

	*out = json_string_value(v);
	/* Text with a zero byte inside would end early here and not elsewhere. */
	return *out && strlen(*out) == json_string_length(v) ? ERR_OK : ERR_PROTOCOL;
}

enum err cli_api_number(const json_t *o, const char *key, int64_t min, int64_t max, int64_t *out)
{
	const json_t *v = json_object_get(o, key);

	*out = json_integer_value(v);
	return json_is_integer(v) && *out >= min && *out <= max ? ERR_OK : ERR_PROTOCOL;
}

enum err cli_api_bytes(const json_t *o, const char *key, struct wr *out)
{
	const json_t *v = json_object_get(o, key);

	if (json_is_null(v))
		return ERR_OK;
	if (!json_is_string(v))
		return ERR_PROTOCOL;
	return text_unbase64url(rd_of(json_string_value(v), json_string_length(v)), out) ? ERR_PROTOCOL : ERR_OK;
}

json_t *cli_api_from_bytes(struct rd bytes)
{
	json_t *j = NULL;
	struct wr w;

	wr_init_heap(&w, HTTP_BODY_MAX);
	wr_base64url(&w, bytes);
	if (wr_done(&w) == ERR_OK)
		j = json_string(wr_cstr(&w));
	wr_free(&w);
	return j;
}

bool cli_api_is_id(const char *text)
{
	return strlen(text) == ID_DIGITS && strspn(text, "0123456789abcdef") == ID_DIGITS;
}

bool cli_api_is_link(const char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	return strlen(text) == REQUEST_LINK_SIZE && strspn(text, digits) == REQUEST_LINK_SIZE;
}
