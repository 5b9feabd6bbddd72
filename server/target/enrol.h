/* SPDX-License-Identifier: Apache-2.0 */
/* From the operator's JSON (docs/API.md, POST /api/v1/targets), or a file of the store, to a target; and back. */
#ifndef SERVER_TARGET_ENROL_H
#define SERVER_TARGET_ENROL_H

#include "server/policy/policy.h"
#include "server/target/target.h"

struct srv_enrol_report {
	bool replace;                   /* as asked */
	bool has_policy;                /* to be kept with it */
	struct srv_policy policy;
	struct att_verdict verdict;     /* of the target, or of the part that failed */
	char why[300];                  /* for people, safe to show; "" if all is well */
};
/*
 * Checks everything: chain, PKA files one by one and together, archived attestations, n and m. ERR_FORMAT: not an
 * enrolment; ERR_ATTESTATION: something is not proved (verdict); ERR_REFUSED: the keys, or n, may not be used so;
 * ERR_NOMEM. now: seconds since 1970.
 */
MUST enum err srv_enrol(const struct att_anchors *anchors, struct rd json, int64_t now, struct srv_target **out,
			struct srv_enrol_report *r);
/* The JSON that gives this target again. */
MUST enum err srv_enrol_json(const struct srv_target *t, struct wr *out);

#endif
