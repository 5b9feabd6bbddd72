/* SPDX-License-Identifier: Apache-2.0 */
/* A request, wherever it is: with the desk while it goes on, in the store when it is over. */
#ifndef SERVER_SRV_FOUND_H
#define SERVER_SRV_FOUND_H

#include "server/ceremony/past.h"
#include "server/ceremony/request_json.h"
#include "server/srv/srv.h"

struct srv_found {
	struct srv_ceremony *live;              /* the desk's; it may have ended where the store could not be written */
	struct srv_past *past;                  /* the caller's; then live is NULL */
};
/*
 * By its id, or by one of its links; neither is there: nothing was found. srv_found_free needs no result. ERR_NOMEM, or
 * the store cannot be read.
 */
MUST enum err srv_find(struct srv *s, const char *id, struct srv_found *out);
MUST enum err srv_find_link(struct srv *s, const char *link, struct srv_found *out);
void srv_found_free(struct srv_found *f);
bool srv_is_found(const struct srv_found *f);

bool srv_found_is_seen_by(const struct srv_found *f, const struct srv_identity *who);
/* With its link where who may have it. NULL: no memory, or the store cannot be read. */
json_t *srv_found_json(const struct srv *s, const struct srv_found *f, const struct srv_identity *who,
		       enum srv_detail detail, uint64_t now_ms);

#endif
