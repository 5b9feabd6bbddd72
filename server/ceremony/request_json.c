/* SPDX-License-Identifier: Apache-2.0 */
#include "server/ceremony/request_json.h"

static const char *state_name(enum pka_state s)
{
	static const char *const names[] = {
		[PKA_IDENTIFY] = "checking", [PKA_LOOKUP] = "checking", [PKA_CHECK] = "checking",
		[PKA_COLLECT] = "waiting", [PKA_TURN] = "waiting", [PKA_SUBMIT] = "opening",
		[PKA_OPEN] = "open", [PKA_FAILED] = "failed",
	};

	return names[s];
}

/* What is not a person's or a rule's decision is the server's failure. */
const char *srv_json_outcome(const struct pka_facts *f)
{
	static const struct { enum err e; const char *word;
	} words[] = {
		{ ERR_DENIED, "denied" },
		{ ERR_EXPIRED, "expired" },
		{ ERR_CANCELLED, "cancelled" },
		{ ERR_REMOVED, "cancelled" },
		{ ERR_ATTESTATION, "attestation" },
		{ ERR_POLICY, "policy" },
		{ ERR_NOT_ENROLLED, "not_enrolled" },
	};
	size_t i;

	if (f->state == PKA_OPEN)
		return "ok";
	if (f->state != PKA_FAILED)
		return NULL;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].e == f->result)
			return words[i].word;
	return "server";
}

static json_t *check_json(const char *name, enum att_result result, const char *text)
{
	static const char *const results[] = { [ATT_PASS] = "pass", [ATT_FAIL] = "fail", [ATT_NOT_MADE] = "not_made" };

	return json_pack("{s:s, s:s, s:o}", "check", name, "result", results[result], "text", srv_json_text(text));
}

json_t *srv_json_verdict(const struct att_verdict *v)
{
	json_t *list = json_array();
	struct att_check c = { .number = 0 };

	while (v && att_verdict_next(v, &c))
		srv_json_append(&list, check_json(att_step_name(c.step), c.result, c.text));
	return list;
}

/* What attestation says about the card, and its policy about the request. */
static json_t *verdict_json(const struct srv_ceremony *c, enum srv_detail detail)
{
	const struct srv_policy_verdict *v = detail != SRV_IN_LIST ? c->rules.verdict : NULL;
	json_t *list = srv_json_verdict(detail != SRV_IN_LIST ? srv_ceremony_facts(c)->verdict : NULL);
	size_t i;

	for (i = 0; v && i < v->n; i++)
		srv_json_append(&list, check_json(v->v[i].item, v->v[i].result, v->v[i].text));
	return list;
}

static json_t *custodians_json(const struct srv_ceremony *c)
{
	const struct pka_approval_record *r;
	json_t *list = json_array();
	size_t i;

	for (i = 0; c->target && i < c->target->m; i++) {
		r = srv_ceremony_record(c, c->target->custodians[i].chr);
		srv_json_append(&list, json_pack("{s:o, s:s?, s:o, s:b}", "chr",
						 srv_json_text(c->target->custodians[i].chr), "decision",
						 r ? (r->approve ? "approve" : "deny") : NULL, "when",
						 r ? json_integer(r->when) : json_null(), "stock",
						 r && !r->statement.n));
	}
	return list;
}

static json_t *keys_json(const struct pka_facts *f, enum srv_detail detail)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < f->keys_n; i++)
		srv_json_append(&list,
				json_pack("{s:i, s:o, s:b, s:o}", "key", f->keys[i].key, "label",
					  srv_json_text(f->keys[i].label), "attested", f->keys[i].is_attested,
					  "attestation",
					  detail != SRV_IN_FULL ? json_null()
								: srv_json_bytes_or_null(f->keys[i].attestation)));
	return list;
}

json_t *srv_json_request(const struct srv_ceremony *c, enum srv_detail detail, uint64_t now_ms)
{
	const struct pka_facts *f = srv_ceremony_facts(c);
	bool full = detail != SRV_IN_LIST, over = c->ended_ms != 0 || detail == SRV_TO_KEEP;
	json_t *part[5];

	part[0] = json_pack("{s:s, s:s, s:s?, s:o, s:o, s:b, s:o}", "id", c->id, "state", state_name(f->state),
			    "result", srv_json_outcome(f), "why",
			    f->state == PKA_FAILED ? srv_json_text(f->why) : json_null(), "device_id",
			    srv_json_text(c->target ? c->target->device_id : ""), "unverified", f->unverified,
			    "devaut", full ? srv_json_bytes_or_null(f->devaut) : json_null());
	part[1] = json_pack("{s:i, s:i, s:i, s:s, s:b, s:o}", "n", f->n, "m", f->m, "approvals", f->approvals, "mode",
			    srv_mode_name(f->mode), "changed_mode", f->changed_mode, "challenge",
			    over ? json_null() : srv_json_bytes_or_null(f->challenge));
	part[2] = json_pack("{s:o, s:o, s:o, s:I, s:o, s:o}", "turn",
			    f->turn && !over ? srv_json_text(f->turn->chr) : json_null(), "turn_seconds",
			    f->turn && !over ? srv_json_seconds(f->turn_ends_ms, now_ms) : json_null(), "seconds_left",
			    srv_json_seconds(over ? 0 : f->ends_ms, now_ms), "created",
			    (json_int_t)c->created, "login_id", srv_json_hex(RD_ARR(c->login_id)), "host_json",
			    srv_json_bytes_or_null(wr_view(&c->host_json)));
	part[3] = json_pack("{s:o, s:o, s:o}", "custodians", custodians_json(c), "keys", keys_json(f, detail),
			    "verdict", verdict_json(c, detail));
	part[4] = json_pack("{s:o, s:n, s:n, s:o}", "host_name", c->host[0] ? srv_json_text(c->host) : json_null(),
			    "ended_by", "link", "hold_seconds",
			    c->hold ? json_integer((json_int_t)(c->env->hold_ms / 1000)) : json_null());
	return srv_json_join(part, sizeof(part) / sizeof(part[0]));
}
