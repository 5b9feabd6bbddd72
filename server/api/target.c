/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's cards: enrolled, and listed. */
#include "base/clock.h"
#include "server/api/answer.h"
#include "server/api/api.h"
#include "server/api/policy.h"
#include "server/ceremony/request_json.h"
#include "server/srv/target_json.h"
#include "server/store/policy.h"
#include "server/target/enrol.h"

struct enrolment {
	struct srv_target *target;      /* NULL: it was no enrolment */
	bool replace;
	const struct srv_policy *policy;        /* NULL: as it was */
};

static void refuse_enrolment(struct srv_call *call, const struct srv_enrol_report *r)
{
	call->reply.refused = "refused";
	srv_api_answer(call, 422, json_pack("{s:s, s:o, s:o}", "error", "refused", "message", srv_json_text(r->why),
					    "verdict", srv_json_verdict(&r->verdict)));
}

static enum err target_write(void *ctx, const struct srv_store *store)
{
	const struct enrolment *en = ctx;

	enum err e = store->ops->put(store->ctx, en->target, en->replace);

	return e || !en->policy ? e : srv_store_policy_put(store, en->target->device_id, en->policy);
}

/* Kept, and told: or neither. A refusal is told. */
static enum err enrolment_keep(struct srv *s, const struct srv_call *call, struct enrolment *en, enum err e)
{
	struct srv_event ev;

	srv_event_init(&ev, "enrol", NULL, en->target ? en->target->device_id : "-");
	srv_event_word(&ev, "from", call->request.from);
	srv_event_word(&ev, "replace", en->replace ? "yes" : "no");
	srv_event_word(&ev, "unverified", en->target && en->target->unverified ? "yes" : "no");
	if (!e) {
		struct srv_event done = ev;

		srv_event_text(&done, "result", "enrolled");
		e = srv_event_commit(s->events, &done, target_write, en);
		if (!e)
			s->store.ops->adopt(s->store.ctx, en->target);
	}
	if (e) {
		srv_event_text(&ev, "result", err_text(e));
		srv_event_emit(s->events, &ev);
	}
	return e;
}

void srv_api_enrol(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	struct srv_enrol_report r;
	struct srv_target *t = NULL;
	enum err e = srv_enrol(s->anchors, call->request.body, clock_wall_s(), &t, &r);

	(void)arg;
	if (!e && r.has_policy)
		e = srv_api_policy_fits(s, &r.policy, r.why, sizeof(r.why));
	e = enrolment_keep(s, call, &(struct enrolment){ t, r.replace, r.has_policy ? &r.policy : NULL }, e);
	if (!e) {
		/* Approvals that were asked for under other names or numbers must not count. */
		srv_desk_end_device(s->desk, t->device_id, ERR_POLICY, "the device was enrolled anew", now_ms);
		srv_api_answer(call, 201, json_pack("{s:o, s:i, s:i, s:o, s:b}", "device_id",
						    srv_json_text(t->device_id), "n", t->n, "m", t->m, "path",
						    srv_json_text(t->path), "unverified", t->unverified));
	} else if (e == ERR_FORMAT) {
		srv_call_refuse(call, 400, "bad_request", "%s", r.why);
	} else if (e == ERR_ATTESTATION || e == ERR_REFUSED) {
		refuse_enrolment(call, &r);
	} else if (e == ERR_CONDITIONS) {
		srv_call_refuse(call, 409, "exists", "device %s is enrolled; replace it explicitly", t->device_id);
	} else {
		srv_api_refuse_store(s, call, e);
	}
	srv_target_unref(&t);
}

void srv_api_targets(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	const struct srv_target *t = NULL;
	json_t *list = json_array();

	(void)arg;
	while ((t = s->store.ops->next(s->store.ctx, t)))
		srv_json_append(&list, srv_json_target(s, t, now_ms));
	srv_api_answer(call, 200, json_pack("{s:o}", "targets", list));
}
