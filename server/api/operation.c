/* SPDX-License-Identifier: Apache-2.0 */
/* What watches the server asks: does it live, can it work, how does it do. */
#include <string.h>
#include <sys/statvfs.h>

#include "base/clock.h"
#include "server/api/answer.h"
#include "server/api/api.h"
#include "server/srv/metrics.h"
#include "server/store/sqlite.h"
#include "server/tls/tls.h"

#define FREE_MIN (16 << 20)     /* bytes that the state folder must have left to be written to for a while */

void srv_api_health(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	(void)s;
	(void)arg;
	(void)now_ms;
	srv_api_answer(call, 200, json_pack("{s:s}", "status", "ok"));
}

/* Can the store take a request now? NULL, or why not. */
static const char *store_reason(struct srv *s)
{
	struct statvfs fs;

	if (srv_db_begin(s->store.db))
		return "the store cannot be written to";
	srv_db_rollback(s->store.db);
	if (!statvfs(s->conf->server.state, &fs) && (uint64_t)fs.f_bavail * fs.f_frsize < FREE_MIN)
		return "the disk of the state folder is almost full";
	return NULL;
}

static const char *certificate_reason(void)
{
	const struct srv_tls *t = srv_tls_used();
	int64_t now = clock_wall_s();

	if (t && now < srv_tls_starts(t))
		return "the certificate cannot be used yet";
	if (t && now > srv_tls_expires(t))
		return "the certificate has expired";
	return NULL;
}

void srv_api_ready(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	const char *why[] = { srv_desk_is_stopping(s->desk) ? "the server stops" : NULL, store_reason(s),
			      certificate_reason() };
	json_t *reasons = json_array();
	size_t i;

	(void)arg;
	(void)now_ms;
	for (i = 0; i < sizeof(why) / sizeof(why[0]); i++)
		if (why[i])
			srv_json_append(&reasons, srv_json_text(why[i]));
	call->reply.refused = json_array_size(reasons) ? "not_ready" : NULL;
	if (call->reply.refused)
		srv_api_answer(call, 503, json_pack("{s:s, s:s, s:o}", "error", "not_ready", "message",
						    "the server cannot serve requests now", "reasons", reasons));
	else
		srv_api_answer(call, 200, json_pack("{s:s, s:o}", "status", "ready", "reasons", reasons));
}

static bool is_loopback(const char *from)
{
	return !strncmp(from, "127.", 4) || !strcmp(from, "::1");
}

static uint64_t audit_last(struct srv *s)
{
	struct chain_entry last;

	return s->store.ops->audit_last(s->store.ctx, &last, NULL) ? 0 : last.seq;
}

void srv_api_metrics(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	const struct srv_tls *t = srv_tls_used();
	struct srv_figures f = { .targets = srv_store_target_count(&s->store),
				 .messages = srv_notify_waiting(s->notify),
				 .audit_last = audit_last(s),
				 .certificate_expires = t ? srv_tls_expires(t) : 0 };

	(void)arg;
	(void)now_ms;
	if (s->conf->server.metrics == CONF_METRICS_TOKEN && !(call->who.may & SRV_MAY_READ)) {
		srv_call_refuse(call, 401, "unauthorized", "figures are for readers: show a token of that role");
	} else if (s->conf->server.metrics == CONF_METRICS_LOOPBACK && !is_loopback(call->request.from)) {
		srv_call_refuse(call, 403, "loopback", "figures are for programs of this machine");
	} else {
		srv_metrics_write(s->metrics, &f, &call->reply.body);
		srv_call_answer(call, 200, SRV_METRICS_TYPE);
	}
}
