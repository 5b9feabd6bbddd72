/* SPDX-License-Identifier: Apache-2.0 */
#include "server/ceremony/rules.h"

#include <stdio.h>
#include <stdlib.h>

#include "server/store/policy.h"

/* The checks are over: what did not come out of them takes no memory for as long as people think. */
static void policy_drop(struct srv_rules *r)
{
	free(r->policy);
	r->policy = NULL;
	if (r->verdict)
		srv_policy_verdict_pack(&r->verdict);
}

void srv_rules_free(struct srv_rules *r)
{
	policy_drop(r);
	free(r->verdict);
	r->verdict = NULL;
}

static enum err refuse(struct srv_rules *r, char *why, size_t cap)
{
	enum err e = srv_policy_refusal(r->verdict, why, cap);

	policy_drop(r);
	return e ? e : ERR_BUG;
}

enum err srv_rules_identified(struct srv_rules *r, const struct srv_store *store, const char *device_id,
			      const struct srv_policy_facts *f, char *why, size_t cap)
{
	char bad[200] = "no memory";
	enum err e = ERR_NOMEM;

	r->policy = calloc(1, sizeof(*r->policy));
	r->verdict = calloc(1, sizeof(*r->verdict));
	if (r->policy && r->verdict)
		e = srv_store_policy_get(store, device_id, r->policy, bad, sizeof(bad));
	if (e) {
		(void)snprintf(why, cap, "the server cannot read the policy of card %s: %s", device_id, bad);
		srv_rules_free(r);
		return ERR_SERVER;
	}
	if (srv_policy_check(r->policy, SRV_AT_IDENTIFICATION, f, r->verdict))
		return ERR_OK;
	srv_policy_not_made(r->policy, SRV_BEFORE_PEOPLE, r->verdict);
	return refuse(r, why, cap);
}

bool srv_rules_chip_auth(const struct srv_rules *r, bool usual)
{
	return r->policy && r->policy->has_chip_auth ? r->policy->chip_auth : usual;
}

uint64_t srv_rules_deadline_ms(const struct srv_rules *r, uint64_t usual)
{
	uint64_t own = r->policy ? r->policy->deadline * UINT64_C(1000) : 0;

	return own && own < usual ? own : usual;
}

enum err srv_rules_before_people(struct srv_rules *r, const struct srv_policy_facts *f, char *why, size_t cap)
{
	if (!r->policy)
		return ERR_OK;
	if (!srv_policy_check(r->policy, SRV_BEFORE_PEOPLE, f, r->verdict))
		return refuse(r, why, cap);
	policy_drop(r);
	return ERR_OK;
}
