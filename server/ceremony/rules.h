/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ceremony's target's policy (policy/policy.h) while it is needed: from when the card is identified until people are
 * asked. What came out of the checks stays for reading.
 */
#ifndef SERVER_CEREMONY_RULES_H
#define SERVER_CEREMONY_RULES_H

#include "server/policy/policy.h"
#include "server/store/store.h"

struct srv_rules {
	struct srv_policy *policy;              /* NULL: not read yet, or not needed any more */
	struct srv_policy_verdict *verdict;     /* NULL: nothing was checked */
};
void srv_rules_free(struct srv_rules *r);

/*
 * The card is identified: read the policy and check what can be checked now. ERR_OK: go on. Otherwise how the ceremony
 * ends, and why for people. f: without keys.
 */
MUST enum err srv_rules_identified(struct srv_rules *r, const struct srv_store *store, const char *device_id,
				   const struct srv_policy_facts *f, char *why, size_t cap);
/* What it says about these two, else what they were. */
bool srv_rules_chip_auth(const struct srv_rules *r, bool usual);
uint64_t srv_rules_deadline_ms(const struct srv_rules *r, uint64_t usual);
/* People would be asked now. As above; the policy is not needed any more. */
MUST enum err srv_rules_before_people(struct srv_rules *r, const struct srv_policy_facts *f, char *why, size_t cap);

#endif
