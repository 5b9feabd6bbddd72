/* SPDX-License-Identifier: Apache-2.0 */
/* What the interface shows, as JSON (docs/API.md). NULL: no memory. */
#ifndef SERVER_API_JSON_H
#define SERVER_API_JSON_H

#include "server/json.h"
#include "server/server.h"

enum srv_detail { SRV_IN_LIST, SRV_IN_FULL };   /* a list leaves out certificates, attestations and the verdict */

json_t *srv_json_verdict(const struct att_verdict *v);
json_t *srv_json_target(const struct srv *s, const struct srv_target *t);
/* Without its link: who shows it to whom is for the caller. */
json_t *srv_json_request(const struct srv_ceremony *c, enum srv_detail detail, uint64_t now_ms);
json_t *srv_json_proofs(const struct srv_ceremony *c);

#endif
