/* SPDX-License-Identifier: Apache-2.0 */
/* Does a target's policy fit this server? */
#ifndef SERVER_API_POLICY_H
#define SERVER_API_POLICY_H

#include "server/policy/policy.h"
#include "server/srv/srv.h"

/* srv_policy_fits. */
MUST enum err srv_api_policy_fits(struct srv *s, const struct srv_policy *p, char *why, size_t cap);

#endif
