/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a request stands in the store, written with its event in one transaction: when people are asked, with each
 * decision before it counts, and at the end. server/ceremony/past.h reads it.
 */
#ifndef SERVER_CEREMONY_KEEP_H
#define SERVER_CEREMONY_KEEP_H

#include "server/ceremony/ceremony.h"

/* As srv_event_commit: on failure nothing has happened. ERR_CONDITIONS: the store says that it goes on elsewhere. */
MUST enum err srv_keep_open(const struct srv_ceremony *c, const struct srv_event *ev);
MUST enum err srv_keep_decision(const struct srv_ceremony *c, const struct srv_event *ev,
				const struct srv_kept_decision *d);
/* As srv_event_keep: it has ended, whatever the store says. */
void srv_keep_end(const struct srv_ceremony *c, const struct srv_event *ev);

#endif
