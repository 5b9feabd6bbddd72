/* SPDX-License-Identifier: Apache-2.0 */
#include "server/call/who.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "server/call/call.h"
#include "server/call/token.h"
#include "server/event/event.h"
#include "server/store/token.h"

struct srv_who {
	struct srv_who_config config;
	struct srv_rates *rates;
	bool is_unreadable;             /* STATE/token; said once */
};

bool srv_who_name_is_valid(const char *name)
{
	size_t n = strlen(name);

	return n && n <= SRV_WHO_MAX &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == n;
}

enum err srv_who_new(const struct srv_who_config *config, struct srv_who **out)
{
	struct srv_who *w = calloc(1, sizeof(*w));
	enum err e;

	*out = NULL;
	if (!w)
		return ERR_NOMEM;
	w->config = *config;
	e = srv_rates_new(&w->rates);
	if (e)
		srv_who_free(&w);
	*out = w;
	return e;
}

void srv_who_free(struct srv_who **w)
{
	if (!*w)
		return;
	srv_rates_free(&(*w)->rates);
	free(*w);
	*w = NULL;
}

/* ---- who ---- */

/* The token of an Authorization header (RFC 6750 2.1); nothing: another scheme, which is no token of ours. */
static struct rd bearer(const char *authorization)
{
	static const char scheme[] = "Bearer ";

	return strncasecmp(authorization, scheme, sizeof(scheme) - 1) ? RD_NONE
								       : rd_str(authorization + sizeof(scheme) - 1);
}

/* What everybody may, and what the roles may. */
static void rights_take(const struct srv_who *w, struct srv_identity *id)
{
	size_t i;

	id->may = SRV_MAY_CALL | (w->config.named_hosts ? 0 : SRV_MAY_ASK);
	for (i = 0; i < SRV_ROLES; i++)
		if (id->roles & SRV_ROLE(i))
			id->may |= srv_role_may((enum srv_role)i);
}

static enum err grant_take(struct srv_who *w, bool is_certificate, const uint8_t hash[SHA256_SIZE],
			   struct srv_identity *out)
{
	struct srv_grant g;
	enum err e = srv_grant_find(w->config.db, is_certificate, hash, clock_wall_s(), &g);

	if (e)
		return e;
	out->roles = g.roles;
	memcpy(out->name, g.name, sizeof(out->name));
	memcpy(out->chr, g.chr, sizeof(out->chr));
	return ERR_OK;
}

/* The operator's token is in a file that may be spoilt; with it, others' go on. */
static void tell_unreadable(struct srv_who *w, enum err e)
{
	bool was = w->is_unreadable;
	struct srv_event ev;

	w->is_unreadable = e && e != ERR_DENIED;
	if (was || !w->is_unreadable)
		return;
	srv_event_init(&ev, "token", NULL, NULL);
	ev.level = LOG_WARN;
	srv_event_word(&ev, "what", "unreadable");
	srv_event_text(&ev, "why", err_text(e));
	srv_event_emit(w->config.events, &ev);
}

static enum err token_take(struct srv_who *w, struct rd token, struct srv_identity *out)
{
	uint8_t hash[SHA256_SIZE];
	enum err e = srv_token_verify(w->config.state, token);

	tell_unreadable(w, e);
	if (!e) {
		*out = (struct srv_identity){ .roles = SRV_ROLE(SRV_OPERATOR), .name = SRV_OPERATOR_NAME };
		return ERR_OK;
	}
	e = sha256(token, hash);
	if (!e)
		e = grant_take(w, false, hash, out);
	return e == ERR_NOT_FOUND ? ERR_DENIED : e;
}

enum err srv_who_verify(struct srv_who *w, const struct srv_request *q, struct srv_identity *out)
{
	enum err e = ERR_OK;

	*out = (struct srv_identity){ .roles = 0 };
	if (q->authorization)
		e = token_take(w, bearer(q->authorization), out);
	else if (q->peer)
		e = grant_take(w, true, q->peer->fingerprint, out);
	if (e == ERR_NOT_FOUND)
		e = ERR_OK;             /* a certificate of the authority that has no name here: nobody in particular */
	rights_take(w, out);
	return e;
}

/* ---- what he may ---- */

static void refuse(struct srv_who *w, struct srv_call *call, enum err e, unsigned needs, uint64_t now_ms)
{
	const struct srv_request *q = &call->request;
	unsigned wait = srv_rate_take_from(w->rates, SRV_RATE_FAILED, q->from, now_ms);
	struct srv_event ev;
	char text[100];
	struct wr names;

	/*
	 * Whoever fails too often is not heard any more, so that he cannot fill the log. Who shows what holds is not
	 * kept waiting by a neighbour who does not: 32 random bytes need no protection from being guessed.
	 */
	if (wait) {
		srv_call_refuse_rate(call, wait);
		return;
	}
	srv_event_init(&ev, "unauthorized", NULL, NULL);
	ev.level = LOG_WARN;
	srv_event_word(&ev, "from", q->from);
	srv_event_text(&ev, "who", call->who.name[0] ? call->who.name : q->peer ? q->peer->subject : "-");
	srv_event_text(&ev, "path", call->route);
	srv_event_word(&ev, "why", e ? "unknown-token" : "role");
	srv_event_emit(w->config.events, &ev);
	WR_ARR(&names, text);
	srv_roles_who_may(needs, &names);
	if (e)
		srv_call_refuse(call, 401, "unauthorized", "this token is not known here, or not any more; see "
			       "quorum11-server token");
	else if (!call->who.roles)
		srv_call_refuse(call, 401, "unauthorized", "this needs a token, or a client certificate, of the "
			       "role %s; see quorum11-server token", wr_cstr(&names));
	else
		srv_call_refuse(call, 403, "forbidden", "this is not for %s; it needs the role %s", call->who.name,
			       wr_cstr(&names));
}

bool srv_who_is_certified(const struct srv_who *w, struct srv_call *call)
{
	if (!w->config.wants_certificate || call->request.peer)
		return true;
	srv_call_refuse(call, 403, "certificate", "this server wants a client certificate of its own CA");
	return false;
}

bool srv_who_admit(struct srv_who *w, struct srv_call *call, unsigned needs, uint64_t now_ms)
{
	enum err e = srv_who_verify(w, &call->request, &call->who);

	if (!e && (call->who.may & needs))
		return true;
	if (e && e != ERR_DENIED) {
		srv_call_refuse_store(call, e, srv_events_why(w->config.events));
		return false;
	}
	refuse(w, call, e, needs, now_ms);
	return false;
}

bool srv_who_admit_rate(struct srv_who *w, struct srv_call *call, enum srv_rate what, uint64_t now_ms)
{
	unsigned wait = srv_rate_take_from(w->rates, what, call->request.from, now_ms);

	if (!wait && call->who.name[0])
		wait = srv_rate_take(w->rates, what, call->who.name, now_ms);
	if (wait)
		srv_call_refuse_rate(call, wait);
	return !wait;
}

bool srv_who_is_key(struct srv_call *call, const char *chr)
{
	if ((call->who.may & SRV_MAY_READ) || !strcmp(call->who.chr, chr))
		return true;
	srv_call_refuse(call, 403, "forbidden", "this token is for the inbox of %s", call->who.chr);
	return false;
}
