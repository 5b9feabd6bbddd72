/* SPDX-License-Identifier: Apache-2.0 */
/* Policies as the store keeps them, one for a device. Read anew for each request, so a new one counts at once. */
#ifndef SERVER_STORE_POLICY_H
#define SERVER_STORE_POLICY_H

#include "server/policy/policy.h"
#include "server/store/store.h"

/*
 * A device without one gets that which demands nothing. ERR_FORMAT: what is kept is no policy, and nothing may be
 * opened by it; else as sqlite.h. why: on an error, for people.
 */
MUST enum err srv_store_policy_get(const struct srv_store *s, const char *device_id, struct srv_policy *out,
				   char *why, size_t cap);
/* Within the transaction of its event. */
MUST enum err srv_store_policy_put(const struct srv_store *s, const char *device_id, const struct srv_policy *p);

#endif
