/* SPDX-License-Identifier: Apache-2.0 */
#include "server/front/front.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "server/api/api.h"
#include "server/base/cookie.h"
#include "server/base/json.h"
#include "server/ceremony/remote.h"
#include "server/web/web.h"

#define ARG_MAX_SIZE 64         /* a decoded path segment: an id or a holder reference */
#define SMALL_BODY_MAX (16 * 1024)
#define RAM_PATH "/rt/hsm"
#define HOLD_PATH "/rt/hold"

struct route {
	const char *method, *path;      /* '*': one segment, given to the handler */
	unsigned who;                   /* srv_may; one of them is enough */
	size_t body_max;
	srv_handler *handle;
};

static void ram_post(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms);
static void ram_hold(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms);
static void ram_lend(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms);

static const struct route routes[] = {
	{ "POST", RAM_PATH,                     SRV_MAY_ASK,    SRV_POST_MAX,   ram_post },
	{ "POST", HOLD_PATH,                    SRV_MAY_ASK,    SRV_POST_MAX,   ram_hold },
	{ "POST", "/rt/r/*",                    SRV_MAY_CALL,   SRV_POST_MAX,   ram_lend },
	{ "POST", "/api/v1/targets",            SRV_MAY_ENROL,  HTTP_BODY_MAX,  srv_api_enrol },
	{ "GET",  "/api/v1/targets",            SRV_MAY_READ,   0,              srv_api_targets },
	{ "GET",  "/api/v1/targets/*/policy",   SRV_MAY_READ,   0,              srv_api_policy },
	{ "PUT",  "/api/v1/targets/*/policy",   SRV_MAY_ENROL,  SMALL_BODY_MAX, srv_api_policy_put },
	{ "POST", "/api/v1/targets/*/ask",      SRV_MAY_CANCEL, SMALL_BODY_MAX, srv_api_ask },
	{ "GET",  "/api/v1/requests",           SRV_MAY_READ | SRV_MAY_OWN, 0,  srv_api_requests },
	{ "GET",  "/api/v1/history",            SRV_MAY_READ | SRV_MAY_OWN | SRV_MAY_INBOX, 0, srv_api_history },
	{ "POST", "/api/v1/requests/*/cancel",  SRV_MAY_CANCEL, SMALL_BODY_MAX, srv_api_cancel },
	{ "GET",  "/api/v1/waiting/*",          SRV_MAY_READ | SRV_MAY_INBOX, 0, srv_api_waiting },
	{ "GET",  "/api/v1/requests/*",         SRV_MAY_READ | SRV_MAY_OWN | SRV_MAY_INBOX, 0, srv_api_request },
	{ "POST", "/api/v1/requests/*/turn",    SRV_MAY_READ | SRV_MAY_INBOX, SMALL_BODY_MAX, srv_api_turn },
	{ "POST", "/api/v1/requests/*/approve", SRV_MAY_CALL,   SMALL_BODY_MAX, srv_api_approve },
	{ "POST", "/api/v1/requests/*/deny",    SRV_MAY_CALL,   SMALL_BODY_MAX, srv_api_deny },
	{ "POST", "/api/v1/requests/*/end",     SRV_MAY_CALL,   SMALL_BODY_MAX, srv_api_end },
	{ "GET",  "/api/v1/links/*",            SRV_MAY_CALL,   0,              srv_api_link },
	{ "POST", "/api/v1/links/*/turn",       SRV_MAY_CALL,   SMALL_BODY_MAX, srv_api_link_turn },
	{ "POST", "/api/v1/inbox",              SRV_MAY_CALL,   SMALL_BODY_MAX, srv_api_inbox },
	{ "GET",  "/api/v1/tokens",             SRV_MAY_GRANT,  0,              srv_api_tokens },
	{ "POST", "/api/v1/tokens",             SRV_MAY_GRANT,  SMALL_BODY_MAX, srv_api_token_add },
	{ "POST", "/api/v1/tokens/*/revoke",    SRV_MAY_GRANT,  SMALL_BODY_MAX, srv_api_token_revoke },
	{ "GET",  "/api/v1/logins/*/proofs",    SRV_MAY_ASK,    0,              srv_api_proofs },
	{ "GET",  "/api/v1/logins/*/end",       SRV_MAY_ASK,    0,              srv_api_wait_end },
	{ "GET",  "/",                         SRV_MAY_CALL,   0,              web_requests },
	{ "GET",  "/requests/*",               SRV_MAY_CALL,   0,              web_request },
	{ "POST", "/requests/*/cancel",        SRV_MAY_CALL,   SMALL_BODY_MAX, web_cancel },
	{ "GET",  "/r/*",                      SRV_MAY_CALL,   0,              web_link },
	{ "GET",  "/r/*/events",               SRV_MAY_CALL,   0,              web_link_events },
	{ "GET",  "/history",                  SRV_MAY_CALL,   0,              web_history },
	{ "GET",  "/audit",                    SRV_MAY_CALL,   0,              web_audit },
	{ "GET",  "/targets",                  SRV_MAY_CALL,   0,              web_targets },
	{ "POST", "/targets/*/ask",            SRV_MAY_CALL,   SMALL_BODY_MAX, web_ask },
	{ "GET",  "/custodians",               SRV_MAY_CALL,   0,              web_custodians },
	{ "GET",  "/sign-in",                  SRV_MAY_CALL,   0,              web_sign_in },
	{ "POST", "/sign-in",                  SRV_MAY_CALL,   SMALL_BODY_MAX, web_sign_in_post },
	{ "POST", "/sign-out",                 SRV_MAY_CALL,   SMALL_BODY_MAX, web_sign_out },
	{ "GET",  "/events",                   SRV_MAY_CALL,   0,              web_events },
	{ "GET",  "/assets/*",                 SRV_MAY_CALL,   0,              web_asset },
	{ "GET",  "/api/v1/audit",              SRV_MAY_AUDIT,  0,              srv_api_audit },
	{ "GET",  "/api/v1/audit/export",       SRV_MAY_AUDIT,  0,              srv_api_audit_export },
	{ "GET",  "/api/v1/openapi.json",       SRV_MAY_CALL,   0,              web_openapi },
	{ "GET",  "/healthz",                  SRV_MAY_CALL,   0,              srv_api_health },
	{ "GET",  "/readyz",                   SRV_MAY_CALL,   0,              srv_api_ready },
	{ "GET",  "/metrics",                  SRV_MAY_CALL,   0,              srv_api_metrics },
};
#define ROUTES (sizeof(routes) / sizeof(routes[0]))

/* Up to the next slash; the slash itself is skipped. */
static struct rd segment_next(const char **path)
{
	const char *start = *path;
	size_t n = strcspn(start, "/");

	*path = start + n + (start[n] == '/');
	return rd_of(start, n);
}

static bool path_fits(const char *pattern, const char *path, char arg[ARG_MAX_SIZE + 1])
{
	struct rd want, have;

	arg[0] = '\0';
	while (*pattern && *path) {
		want = segment_next(&pattern);
		have = segment_next(&path);
		if (rd_eq_str(want, "*") ? !have.n || !text_unpercent(have, false, arg, ARG_MAX_SIZE + 1) :
		    !rd_eq(want, have))
			return false;
	}
	return !*pattern && !*path;
}

#define METHODS 3
static const char *const methods[METHODS] = { "GET", "POST", "PUT" };
/* By the set of methods that a path knows, a bit for each. */
static const char *const allows[1 << METHODS] = {
	NULL, "GET, HEAD", "POST", "GET, HEAD, POST", "PUT", "GET, HEAD, PUT", "POST, PUT", "GET, HEAD, POST, PUT",
};

/* HEAD is GET (RFC 9110 9.3.2): the library leaves the body out, which ends what would go on. */
static bool method_fits(const char *of, const char *method)
{
	return !strcmp(of, strcmp(method, "HEAD") ? method : "GET");
}

/* The route, or NULL; then allow names the methods that this path knows, NULL if it knows none. */
static const struct route *route_find(const char *method, const char *path, char arg[ARG_MAX_SIZE + 1],
				      const char **allow)
{
	size_t i, n = strlen(path);
	unsigned known = 0, m;

	for (i = 0; n && (n == 1 || path[n - 1] != '/') && i < ROUTES; i++) {
		if (!path_fits(routes[i].path, path, arg))
			continue;
		if (method_fits(routes[i].method, method))
			return &routes[i];
		for (m = 0; m < METHODS; m++)
			known |= !strcmp(routes[i].method, methods[m]) ? 1u << m : 0;
	}
	*allow = allows[known];
	return NULL;
}

size_t srv_front_body_max(const char *method, const char *path)
{
	char arg[ARG_MAX_SIZE + 1];
	const char *allow;
	const struct route *r = route_find(method, path, arg, &allow);

	return r ? r->body_max : SMALL_BODY_MAX;
}

bool srv_front_wants_body(struct srv *s, const struct srv_request *q)
{
	char arg[ARG_MAX_SIZE + 1];
	const char *allow;
	const struct route *r = route_find(q->method, q->path, arg, &allow);
	struct srv_identity who;

	return !r || r->body_max <= SRV_POST_MAX || (!srv_who_verify(s->who, q, &who) && who.may & r->who);
}

void srv_front_write_routes(struct wr *out)
{
	size_t i;

	for (i = 0; i < ROUTES; i++) {
		wr_printf(out, "%s %s ", routes[i].method, routes[i].path);
		srv_roles_list_who_may(routes[i].who, out);
		wr_text(out, "\n");
	}
}

static void ram_refuse(struct srv_call *call, int status)
{
	srv_call_answer(call, status, NULL);
}

/* The media type before any parameter (RFC 9110 8.3.1). */
static bool type_fits(const char *type, const char *want)
{
	size_t n = strcspn(want, ";");

	return type && !strncasecmp(type, want, n) && (!type[n] || strchr("; \t", type[n]));
}

/*
 * X-Quorum11-Request: what the host says about itself. Only its version and the login_id concern the server; the rest
 * is for custodians, who are shown it as claimed.
 */
static bool facts_read(const char *header, struct wr *json, uint8_t login_id[LOGIN_ID_SIZE], struct srv_host *out)
{
	char why[100];
	const char *id;
	struct wr w;
	json_t *j = NULL;
	json_int_t version;
	bool ok = false;

	*out = (struct srv_host){ .json = RD_NONE };
	if (!header)
		return true;
	if (!text_unbase64url(rd_str(header), json))
		j = srv_json_parse(wr_view(json), why, sizeof(why));
	if (j && !json_unpack(j, "{s:I, s:s}", "v", &version, "login_id", &id) && version == 1) {
		wr_init(&w, login_id, LOGIN_ID_SIZE);
		ok = !text_unhex(rd_str(id), &w) && w.n == LOGIN_ID_SIZE;
		*out = (struct srv_host){ .login_id = rd_of(login_id, LOGIN_ID_SIZE), .json = wr_view(json) };
	}
	json_decref(j);
	return ok;
}

/* May this message be looked at? false: the call is refused. */
static bool ram_admit(struct srv *s, struct srv_call *call, struct rd *cookie, uint64_t now_ms)
{
	struct ram_initiation begins;

	if (!ram_read_initiation(call->request.body, &begins) &&
	    !srv_who_admit_rate(s->who, call, SRV_RATE_SESSION, now_ms))
		return false;
	if (type_fits(call->request.type, RAM_TYPE_REQUEST) &&
	    srv_cookie_find(call->request.cookie, "HSMSESSION", cookie))
		return true;
	ram_refuse(call, 400);
	return false;
}

static void ram_post(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	uint8_t login_id[LOGIN_ID_SIZE], json[REQUEST_JSON_MAX];
	struct srv_post post = { .path = RAM_PATH, .secure = s->conf->server.cert != NULL };
	struct wr w;

	(void)arg;
	WR_ARR(&w, json);
	if (!ram_admit(s, call, &post.cookie, now_ms))
		return;
	if (facts_read(call->request.host_facts, &w, login_id, &post.host))
		srv_desk_post(s->desk, &post, call, now_ms);
	else
		ram_refuse(call, 400);
}

/* A card that is to stay connected. What the host says about itself would be long past when people are asked. */
static void ram_hold(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	struct srv_post post = { .path = HOLD_PATH, .secure = s->conf->server.cert != NULL,
				 .host = { .is_held = true } };

	(void)arg;
	if (ram_admit(s, call, &post.cookie, now_ms))
		srv_desk_post(s->desk, &post, call, now_ms);
}

/* A custodian's card for the request with this link. */
static void ram_lend(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	char path[sizeof("/rt/r/") + ARG_MAX_SIZE];
	struct srv_remote_post post = { .path = path, .secure = s->conf->server.cert != NULL };

	(void)snprintf(path, sizeof(path), "/rt/r/%s", arg);
	if (!s->conf->server.stock_custodians) {
		ram_refuse(call, 404);
		return;
	}
	if (!ram_admit(s, call, &post.cookie, now_ms))
		return;
	post.c = srv_desk_find_link(s->desk, arg);
	if (post.c || post.cookie.n || srv_who_admit_rate(s->who, call, SRV_RATE_GUESS, now_ms))
		srv_remotes_post(s->remotes, &post, call, now_ms);
}

void srv_front_handle(struct srv *s, struct srv_call *call, uint64_t now_ms)
{
	const struct srv_request *q = &call->request;
	char arg[ARG_MAX_SIZE + 1];
	const char *allow = NULL;
	const struct route *r = route_find(q->method, q->path, arg, &allow);

	call->route = r ? r->path : "";
	if (!srv_who_is_certified(s->who, call))
		return;
	if (!r && allow) {
		call->reply.allow = allow;
		srv_call_refuse(call, 405, "method", "this path knows %s", allow);
	} else if (!r) {
		srv_call_refuse(call, 404, "not_found", "no such path; see docs/API.md");
	} else if (q->body.n > r->body_max) {
		srv_call_refuse(call, 413, "too_large", "at most %zu bytes", r->body_max);
	} else if (srv_who_admit(s->who, call, r->who, now_ms)) {
		r->handle(s, call, arg, now_ms);
	}
}
