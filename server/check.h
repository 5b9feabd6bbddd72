/* SPDX-License-Identifier: Apache-2.0 */
/* quorum11-server check-config: would it serve, and would people reach it? */
#ifndef SERVER_CHECK_H
#define SERVER_CHECK_H

#include "base/conf.h"

#define SRV_EXPIRES_SOON_S (30 * 24 * 3600)
/*
 * Reads everything as a server would, listens on a port that is free, and says what is wrong and what soon will be. An
 * exit status: failure if it would not serve all of its targets to all of its clients; a warning is none.
 */
int srv_check(const struct conf *conf);

#endif
