/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON interface, docs/API.md: one handler per row of front.c's table. */
#ifndef SERVER_API_H
#define SERVER_API_H

#include "server/policy.h"
#include "server/server.h"

/* arg: what stands for '*' in the route's path, "" if nothing does. */
typedef void srv_handler(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms);

srv_handler srv_api_enrol, srv_api_targets, srv_api_requests, srv_api_cancel;                   /* operator */
srv_handler srv_api_policy, srv_api_policy_put;
srv_handler srv_api_waiting, srv_api_request, srv_api_turn, srv_api_approve, srv_api_deny;      /* custodian */
srv_handler srv_api_end;
srv_handler srv_api_proofs, srv_api_wait_end;                                                   /* host */
srv_handler srv_api_health, srv_api_ready, srv_api_metrics;

/* Does the policy fit this server (srv_policy_fits)? */
MUST enum err srv_api_policy_fits(struct srv *s, const struct srv_policy *p, char *why, size_t cap);

#endif
