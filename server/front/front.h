/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every request comes in here: path, headers and cookies are parsed, the one table of routes says who may ask what
 * (docs/API.md).
 */
#ifndef SERVER_FRONT_FRONT_H
#define SERVER_FRONT_FRONT_H

#include "server/call/call.h"
#include "server/front/server.h"

/* How much body a request to this path may have, bytes; more is answered by 413 without looking at it. */
size_t srv_front_body_max(const char *method, const char *path);
/*
 * Is the body of this request, whose header is here, worth keeping? A large one is, of who may send it;
 * another's is read and forgotten, and srv_front_handle refuses the call.
 */
bool srv_front_wants_body(struct srv *s, const struct srv_request *q);
/* Answers the call now, or keeps it until its ceremony has something to say. */
void srv_front_handle(struct srv *s, struct srv_call *call, uint64_t now_ms);
/* The table of routes, a line each: method, path with '*' for what differs, who may (srv_who_write_roles). */
void srv_front_write_routes(struct wr *out);

#endif
