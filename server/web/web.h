/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pages for people: what docs/API.md gives to programs, as HTML that works without a script and is kept up to date
 * by one (assets/app.js). Nobody approves here: a custodian's own client does.
 */
#ifndef SERVER_WEB_WEB_H
#define SERVER_WEB_WEB_H

#include "server/call/call.h"

struct web;
MUST enum err web_new(struct web **out);
void web_free(struct web **w);                  /* NULL-safe; every stream must have ended: web_stop */
/* Tell the streams what has changed; when to come again (boot time, UINT64_MAX: nobody listens). */
uint64_t web_tick(struct srv *s, uint64_t now_ms);
void web_stop(struct srv *s);                   /* ends all streams */

/* Each asks by itself who is there: a browser shows a session, not a token. */
srv_handler web_requests, web_request, web_cancel, web_history, web_audit, web_targets, web_ask, web_custodians;
srv_handler web_sign_in, web_sign_in_post, web_sign_out, web_events, web_asset;
srv_handler web_openapi;                       /* docs/openapi.json */
srv_handler web_link, web_link_events;          /* who has the link of a request, and need be nobody else */

#endif
