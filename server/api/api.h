/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON interface, docs/API.md: one handler per row of front.c's table. */
#ifndef SERVER_API_API_H
#define SERVER_API_API_H

#include "server/call/call.h"

srv_handler srv_api_enrol, srv_api_targets, srv_api_requests, srv_api_cancel;                   /* operator */
srv_handler srv_api_ask;
srv_handler srv_api_policy, srv_api_policy_put;
srv_handler srv_api_waiting, srv_api_request, srv_api_turn, srv_api_approve, srv_api_deny;      /* custodian */
srv_handler srv_api_end, srv_api_inbox;
srv_handler srv_api_link, srv_api_link_turn;                                                    /* who has the link */
srv_handler srv_api_tokens, srv_api_token_add, srv_api_token_revoke;                            /* operator */
srv_handler srv_api_proofs, srv_api_wait_end;                                                   /* host */
srv_handler srv_api_history;                                                                    /* who may read */
srv_handler srv_api_audit, srv_api_audit_export;                                                /* auditor */
srv_handler srv_api_health, srv_api_ready, srv_api_metrics;

#endif
