/* SPDX-License-Identifier: Apache-2.0 */
/* A target's policy through the JSON interface. */
#include "server/api/policy.h"

#include <stdlib.h>

#include "server/api/answer.h"
#include "server/api/api.h"
#include "server/base/json.h"
#include "server/srv/srv.h"
#include "server/store/policy.h"

struct change {
	const char *device_id;
	struct srv_policy policy;
};

/* false: the call is refused. */
static bool is_enrolled(struct srv *s, struct srv_call *call, const char *device_id)
{
	if (s->store.ops->get(s->store.ctx, device_id))
		return true;
	srv_call_refuse(call, 404, "not_found", "no card with this device id is enrolled");
	return false;
}

void srv_api_policy(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	struct srv_policy *p = calloc(1, sizeof(*p));
	enum err e = p ? ERR_OK : ERR_NOMEM;
	char why[200];

	(void)now_ms;
	if (!e && !is_enrolled(s, call, arg))
		goto out;
	if (!e)
		e = srv_store_policy_get(&s->store, arg, p, why, sizeof(why));
	if (e == ERR_FORMAT)
		srv_call_refuse(call, 500, "server", "the policy could not be read: %s", why);
	else if (e)
		srv_api_refuse_store(s, call, e);
	else
		srv_api_answer(call, 200, srv_policy_json(p));
out:
	free(p);
}

static enum err policy_write(void *ctx, const struct srv_store *store)
{
	const struct change *c = ctx;

	return srv_store_policy_put(store, c->device_id, &c->policy);
}

/* Kept and told, or neither. What it says goes into the audit. */
static enum err policy_keep(struct srv *s, const struct srv_call *call, struct change *c)
{
	struct srv_event ev;
	struct wr text;
	enum err e;

	wr_init_heap(&text, SRV_POLICY_TEXT_MAX);
	srv_json_write(srv_policy_json(&c->policy), &text);
	srv_event_init(&ev, "policy", NULL, c->device_id);
	srv_event_word(&ev, "from", call->request.from);
	srv_event_text(&ev, "who", call->who.name);
	srv_event_text(&ev, "policy", wr_cstr(&text));
	e = wr_done(&text);
	if (!e)
		e = srv_event_commit(s->events, &ev, policy_write, c);
	wr_free(&text);
	return e;
}

enum err srv_api_policy_fits(struct srv *s, const struct srv_policy *p, char *why, size_t cap)
{
	const struct srv_policy_server server = { .anchors = s->anchors, .deadline = s->conf->server.deadline,
						   .recipients = srv_notify_recipients(s->notify) };

	return srv_policy_fits(p, &server, why, cap);
}

void srv_api_policy_put(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	struct change *c = calloc(1, sizeof(*c));
	char why[200];
	enum err e;

	(void)now_ms;
	if (!c) {
		srv_call_refuse(call, 500, "server", "%s", err_text(ERR_NOMEM));
		return;
	}
	c->device_id = arg;
	if (!is_enrolled(s, call, arg))
		goto out;
	if (srv_policy_parse(call->request.body, &c->policy, why, sizeof(why))) {
		srv_call_refuse(call, 400, "bad_request", "%s", why);
		goto out;
	}
	if (srv_api_policy_fits(s, &c->policy, why, sizeof(why))) {
		srv_call_refuse(call, 422, "refused", "%s", why);
		goto out;
	}
	e = policy_keep(s, call, c);
	if (e)
		srv_api_refuse_store(s, call, e);
	else
		srv_api_answer(call, 200, srv_policy_json(&c->policy));
out:
	free(c);
}
