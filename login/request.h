/* SPDX-License-Identifier: Apache-2.0 */
/* What a host says about itself when it asks for approval: claims, shown as such. */
#ifndef LOGIN_REQUEST_H
#define LOGIN_REQUEST_H

#include "base/json.h"
#include "pka/limits.h"

struct login_request {
	uint8_t login_id[LOGIN_ID_SIZE];
	const char *reason;         /* may be NULL */
	const char *user;           /* NULL: whose process this is */
	const char *program;
	const struct pka_limits *limits;        /* NULL: nobody keeps any */
	bool exclusive, reuse;
};
/*
 * JSON, at most REQUEST_JSON_MAX: v, login_id, reason, host, user, program, budget, manifest, exclusive, reuse.
 * Adds the host's name from the system; over-long claims are cut. budget is the text of the limits, "" only if nobody
 * keeps any. ERR_LIMIT: limits whose text is too long.
 */
MUST enum err login_request_json(const struct login_request *r, struct wr *out);

#endif
