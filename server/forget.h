/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ended long ago is forgotten ([server] keep_days): requests with their decisions. The audit keeps all.
 */
#ifndef SERVER_FORGET_H
#define SERVER_FORGET_H

#include "server/server.h"

#define SRV_FORGET_ONCE 200             /* requests in one round, so that nobody waits for it */

/* Forget what is due; when to come again (boot time; UINT64_MAX: never). */
uint64_t srv_forget_tick(struct srv *s, uint64_t now_ms);

#endif
