/* SPDX-License-Identifier: Apache-2.0 */
/* The server without its sockets: settings, trust, store, ceremonies. */
#ifndef SERVER_FRONT_SERVER_H
#define SERVER_FRONT_SERVER_H

#include "server/srv/srv.h"

/* What and how it logs, as [server] says. ERR_CONFIG (said). */
MUST enum err srv_log_configure(const struct conf *conf);
/* The roots of [trust]. Errors have been said. */
MUST enum err srv_anchors_open(const struct conf *conf, struct att_anchors **out);
/* Reads the roots of [trust] and the state folder, to serve or only to look. Errors have been said. */
MUST enum err srv_open(const struct conf *conf, enum srv_store_use use, struct srv **out);
/* Where it listens, which is how it is called if [server] url does not say. */
void srv_listens(struct srv *s, const char *url);
void srv_close(struct srv **s);         /* NULL-safe; every held call must be done: srv_stop */
/*
 * The end of a round: do what time demands, and write what happened. When to come again (boot time; UINT64_MAX:
 * never).
 */
uint64_t srv_tick(struct srv *s, uint64_t now_ms);
/* Everybody waiting is told that the server stops, and no new session begins. */
void srv_stop(struct srv *s, uint64_t now_ms);
bool srv_is_quiet(const struct srv *s);         /* every session has been told its end */
/* Nobody is there any more to hear the answer of this call: its keeper lets go of it. */
void srv_gone(struct srv *s, struct srv_call *call, uint64_t now_ms);

#endif
