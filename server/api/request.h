/* SPDX-License-Identifier: Apache-2.0 */
/* The request that a call is about. */
#ifndef SERVER_API_REQUEST_H
#define SERVER_API_REQUEST_H

#include "server/srv/found.h"

/*
 * The request with this id, the same for who asks (of another's it is not even said that it is there), the one with
 * this link. false: the call is refused. srv_found_free() in either case, but after srv_api_see's false.
 */
bool srv_api_find(struct srv *s, struct srv_call *call, const char *id, struct srv_found *f);
bool srv_api_see(struct srv *s, struct srv_call *call, const char *id, struct srv_found *f);
bool srv_api_find_link(struct srv *s, struct srv_call *call, const char *link, struct srv_found *f, uint64_t now_ms);

/* In full; the second finds it anew, as what changed it may have ended it. */
void srv_api_answer_request(struct srv *s, struct srv_call *call, const struct srv_found *f, uint64_t now_ms);
void srv_api_answer_changed(struct srv *s, struct srv_call *call, const char *id, uint64_t now_ms);
void srv_api_refuse_ended(struct srv_call *call);

#endif
