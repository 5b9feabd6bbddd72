/* SPDX-License-Identifier: Apache-2.0 */
/* A request, and what was verified of its card, as the interface shows them (docs/API.md). NULL: no memory. */
#ifndef SERVER_CEREMONY_REQUEST_JSON_H
#define SERVER_CEREMONY_REQUEST_JSON_H

#include "server/base/json.h"
#include "server/ceremony/ceremony.h"

/*
 * A list leaves out certificates, attestations and the verdict; what is kept leaves out what the enrolment has, and
 * what is true of a moment only.
 */
enum srv_detail { SRV_IN_LIST, SRV_IN_FULL, SRV_TO_KEEP };

json_t *srv_json_verdict(const struct att_verdict *v);
/* Without its link: who shows it to whom is for the caller. now_ms: boot time. */
json_t *srv_json_request(const struct srv_ceremony *c, enum srv_detail detail, uint64_t now_ms);
/* How it ended, in the words of docs/API.md; NULL: it has not. */
const char *srv_json_outcome(const struct pka_facts *f);

#endif
