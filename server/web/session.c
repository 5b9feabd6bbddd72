/* SPDX-License-Identifier: Apache-2.0 */
#include "server/web/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "server/base/cookie.h"
#include "server/web/form.h"
#include "server/web/web_int.h"

/* A name with this prefix is accepted by a browser only with Secure, for the whole host and for no other. */
static const char *cookie_name(const struct srv *s)
{
	return s->conf->server.cert ? "__Host-quorum11" : "quorum11";
}

static void cookie_set(const struct srv *s, struct srv_call *call, const char *value, unsigned long long seconds)
{
	(void)snprintf(call->reply.cookie, sizeof(call->reply.cookie), "%s=%s; Path=/; HttpOnly; SameSite=Strict%s; "
		       "Max-Age=%llu", cookie_name(s), value, s->conf->server.cert ? "; Secure" : "", seconds);
}

static void forget(struct web_session **at)
{
	struct web_session *it = *at;

	*at = it->next;
	secret_free(&it->authorization);
	wipe(it, sizeof(*it));
	free(it);
}

void web_sessions_end(struct web_sessions *l)
{
	while (l->list)
		forget(&l->list);
}

/* All are compared, each in constant time: the time tells nothing about any cookie. */
static struct web_session **find(struct web_sessions *l, struct rd cookie)
{
	struct web_session **at, **found = NULL;

	for (at = &l->list; *at; at = &(*at)->next)
		if (rd_eq_secret(cookie, rd_of((*at)->cookie, WEB_SECRET_SIZE - 1)))
			found = at;
	return found;
}

/* What began the session is shown again; true: it still holds. */
static bool holds(struct srv *s, struct srv_call *call, const struct web_session *it)
{
	struct srv_request q = call->request;
	struct srv_identity who = call->who;

	if (it->authorization) {
		q.authorization = (const char *)secret_view(it->authorization).p;
		if (srv_who_verify(s->who, &q, &who))
			return false;
	}
	if (!who.roles || strcmp(who.name, it->name))
		return false;
	call->who = who;
	return true;
}

struct web_session *web_session_find(struct srv *s, struct srv_call *call, uint64_t now_ms)
{
	struct web_sessions *l = &s->web->sessions;
	struct web_session **at;
	struct rd cookie;

	for (at = &l->list; *at;)
		if ((*at)->until_ms <= now_ms)
			forget(at);
		else
			at = &(*at)->next;
	if (!srv_cookie_find(call->request.cookie, cookie_name(s), &cookie) || !cookie.n)
		return NULL;
	at = find(l, cookie);
	if (at && holds(s, call, *at))
		return *at;
	if (at)
		forget(at);
	cookie_set(s, call, "", 0);
	return NULL;
}

/* There is one more, of this identity: where there are too many, of its own or of all, the oldest give way. */
static void tidy(struct web_sessions *l, const char *name)
{
	struct web_session **at = &l->list;
	size_t all = 0, own = 0;

	while (*at) {
		all++;
		own += !strcmp((*at)->name, name);
		if (all > WEB_SESSIONS_MAX || (own > WEB_SESSIONS_EACH && !strcmp((*at)->name, name)))
			forget(at);
		else
			at = &(*at)->next;
	}
}

struct web_session *web_session_begin(struct srv *s, struct srv_call *call, const char *authorization, uint64_t now_ms)
{
	struct web_sessions *l = &s->web->sessions;
	struct web_session *it = calloc(1, sizeof(*it));

	if (!it)
		return NULL;
	it->until_ms = now_ms + WEB_SESSION_MS;
	(void)snprintf(it->name, sizeof(it->name), "%s", call->who.name);
	if (srv_random_hex(SRV_RANDOM_MAX, it->cookie) || srv_random_hex(SRV_RANDOM_MAX, it->form) ||
	    (authorization && secret_new(rd_of(authorization, strlen(authorization) + 1), &it->authorization))) {
		forget(&it);
		return NULL;
	}
	it->next = l->list;
	l->list = it;
	tidy(l, it->name);
	cookie_set(s, call, it->cookie, WEB_SESSION_MS / 1000);
	return it;
}

void web_session_end(struct srv *s, struct srv_call *call, struct web_session *it)
{
	struct web_session **at = &s->web->sessions.list;

	while (*at && *at != it)
		at = &(*at)->next;
	if (*at)
		forget(at);
	cookie_set(s, call, "", 0);
}

/* Browsers say from where a form comes; who says nothing is none, and has no cookie that he does not mean to send. */
static bool is_from_here(const struct srv_request *q)
{
	const char *at;

	if (q->fetch_site)
		return !strcmp(q->fetch_site, "same-origin") || !strcmp(q->fetch_site, "none");
	if (!q->origin)
		return true;
	at = strstr(q->origin, "://");
	return at && q->host && !strcmp(at + 3, q->host);
}

bool web_session_sent(const struct srv_call *call, const struct web_session *it)
{
	char form[WEB_SECRET_SIZE];

	if (!is_from_here(&call->request))
		return false;
	form_get(call->request.body, "form", form, sizeof(form));
	return !it || rd_eq_secret(rd_str(form), rd_of(it->form, WEB_SECRET_SIZE - 1));
}
