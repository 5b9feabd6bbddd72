/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ended long ago is forgotten ([server] keep_days): requests with their decisions. The audit keeps all.
 *
 * A wall clock that jumps by years makes nothing old: what counts is how long the servers of this store have lived,
 * which grows by twice the time that a server really ran, at most, until it is what the clock says. So what was missed
 * while no server ran is made up for, and whoever sets a clock wrong has as much time to see it as he loses of history.
 */
#ifndef SERVER_SRV_FORGET_H
#define SERVER_SRV_FORGET_H

#include "server/srv/srv.h"

#define SRV_FORGET_ONCE 200             /* requests in one round, so that nobody waits for it */

/* Forget what is due; when to come again (boot time). */
uint64_t srv_forget_tick(struct srv *s, uint64_t now_ms);

#endif
