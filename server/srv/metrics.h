/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Figures of a server, in Prometheus' text format 0.0.4: counted from events and answers, or looked up when asked for.
 * No name of a device, a person or an address is in them.
 */
#ifndef SERVER_SRV_METRICS_H
#define SERVER_SRV_METRICS_H

#include "server/call/call.h"
#include "server/ceremony/desk.h"
#include "server/event/event.h"

struct srv_metrics;
/* Listens to events; desk is asked about requests. Both are borrowed. ERR_NOMEM. */
MUST enum err srv_metrics_new(struct srv_events *events, struct srv_desk *desk, struct srv_metrics **out);
void srv_metrics_free(struct srv_metrics **m);  /* NULL-safe */

void srv_metrics_answered(struct srv_metrics *m, const struct srv_reply *r);    /* a request of HTTP */
void srv_metrics_connection(struct srv_metrics *m, int change); /* one more, or one less */

struct srv_figures {                    /* what only the caller knows */
	size_t targets, messages;       /* messages: those on their way to people */
	uint64_t audit_last;            /* number of the last entry of the audit; 0: none, or it cannot be read */
	int64_t certificate_expires;    /* seconds since 1970; 0: no TLS */
};
#define SRV_METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"
void srv_metrics_write(const struct srv_metrics *m, const struct srv_figures *f, struct wr *out);

#endif
