/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens and identities, by commands on the server's machine; a server that runs sees them at once. */
#ifndef SERVER_ADMIN_H
#define SERVER_ADMIN_H

#include "base/conf.h"

struct srv_admin {                      /* what was typed; NULL: not there */
	const char *verb, *what, *operand;      /* token add|list|revoke|rotate [NAME], identity add */
	const char *role, *name, *days, *cert, *overlap;
};
/* The exit status; 2: wrong usage, not said. Everything else is said. */
int srv_admin_run(const struct conf *conf, const struct srv_admin *a);

#endif
