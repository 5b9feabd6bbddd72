/* SPDX-License-Identifier: Apache-2.0 */
/* The server's parts, as those who answer calls see them. Who opens and closes them: server/front/server.h. */
#ifndef SERVER_SRV_SRV_H
#define SERVER_SRV_SRV_H

#include "base/conf.h"
#include "server/call/who.h"
#include "server/ceremony/desk.h"
#include "server/ceremony/remote.h"
#include "server/notify/notify.h"
#include "server/srv/inbox.h"
#include "server/srv/metrics.h"

#define SRV_INSTANCE_BYTES 16
#define SRV_INSTANCE_SIZE (2 * SRV_INSTANCE_BYTES + 1)

struct srv_age {                        /* of server/srv/forget.c; boot time, and seconds since 1970 */
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

#endif
