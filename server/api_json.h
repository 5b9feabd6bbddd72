/* SPDX-License-Identifier: Apache-2.0 */
/* What the interface shows, as JSON (docs/API.md). NULL: no memory. */
#ifndef SERVER_API_JSON_H
#define SERVER_API_JSON_H

#include "server/json.h"
#include "server/server.h"

/*
 * A list leaves out certificates, attestations and the verdict; what is kept leaves out what the enrolment has, and
 * what is true of a moment only.
 */
enum srv_detail { SRV_IN_LIST, SRV_IN_FULL, SRV_TO_KEEP };

json_t *srv_json_verdict(const struct att_verdict *v);
json_t *srv_json_target(const struct srv *s, const struct srv_target *t, uint64_t now_ms);
/* Without its link: who shows it to whom is for the caller. */
json_t *srv_json_request(const struct srv_ceremony *c, enum srv_detail detail, uint64_t now_ms);
/* How it ended, in the words of docs/API.md; NULL: it has not. */
const char *srv_json_outcome(const struct pka_facts *f);

#endif
