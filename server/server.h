/* SPDX-License-Identifier: Apache-2.0 */
/* The server without its sockets: settings, trust, store, ceremonies. */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "base/conf.h"
#include "server/desk.h"
#include "server/inbox.h"
#include "server/metrics.h"
#include "server/notify/notify.h"
#include "server/remote.h"
#include "server/who.h"

#define SRV_INSTANCE_BYTES 16
#define SRV_INSTANCE_SIZE (2 * SRV_INSTANCE_BYTES + 1)

struct srv_age {                        /* of server/forget.c; boot time, and seconds since 1970 */
	uint64_t due_ms, seen_ms;
	int64_t seen, kept;             /* until when it has lived, and what of that the store knows; 0: not yet */
	bool is_told;
};
struct srv {
	const struct conf *conf;        /* borrowed */
	struct att_anchors *anchors;
	struct srv_store store;
	struct srv_audit *audit;
	struct srv_events *events;
	struct srv_desk *desk;
	struct srv_remotes *remotes;
	struct srv_who *who;
	struct web *web;                /* pages for people */
	struct srv_metrics *metrics;
	struct srv_inbox *inbox;
	struct srv_notify *notify;
	char instance[SRV_INSTANCE_SIZE];       /* this process, among those that may use the store; hex */
	char url[PKA_INBOX_SERVER_MAX + 1];     /* how we are called, in the form of pka/inbox.h; "": not known yet */
	struct srv_age age;
	size_t refused;                 /* enrolments that failed their checks and were left out */
};
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
/* How many devices are enrolled. */
size_t srv_target_count(const struct srv *s);

#endif
