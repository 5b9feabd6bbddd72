/* SPDX-License-Identifier: Apache-2.0 */
/* What a host says about itself when it asks for approval: claims, shown as such. */
#ifndef LOGIN_REQUEST_H
#define LOGIN_REQUEST_H

#include "base/json.h"
#include "base/limits.h"

struct login_request {
	uint8_t login_id[LOGIN_ID_SIZE];
	const char *reason;         /* may be NULL */
	const char *program;
	bool exclusive, reuse;
};
/*
 * JSON, at most REQUEST_JSON_MAX: v, login_id, reason, host, user, program, budget, manifest, exclusive, reuse.
 * Adds host and user name from the system; over-long text is cut.
 */
MUST enum err login_request_json(const struct login_request *r, struct wr *out);

#endif
