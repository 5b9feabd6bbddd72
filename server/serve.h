/* SPDX-License-Identifier: Apache-2.0 */
/* The server as a process: holds its state folder, serves, reloads on SIGHUP, tells systemd how it does. */
#ifndef SERVER_SERVE_H
#define SERVER_SERVE_H

#include "base/conf.h"

struct srv_serve_options {
	const char *config;             /* the file that conf came from, read again on SIGHUP; NULL: the usual places */
	const char *ready_file;         /* gets the address when it can be used; NULL: none */
};
/* Serve until SIGTERM or SIGINT. An exit status; errors have been said. */
int srv_serve(const struct conf *conf, const struct srv_serve_options *o);

#endif
