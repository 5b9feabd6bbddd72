/* SPDX-License-Identifier: Apache-2.0 */
/* An enrolled card, as the interface shows it (docs/API.md). */
#ifndef SERVER_SRV_TARGET_JSON_H
#define SERVER_SRV_TARGET_JSON_H

#include "server/base/json.h"
#include "server/srv/srv.h"

/* With who holds it connected. now_ms: boot time. NULL: no memory. */
json_t *srv_json_target(const struct srv *s, const struct srv_target *t, uint64_t now_ms);

#endif
