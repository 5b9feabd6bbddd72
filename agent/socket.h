/* SPDX-License-Identifier: Apache-2.0 */
/* The socket that clients come to. */
#ifndef AGENT_SOCKET_H
#define AGENT_SOCKET_H

#include "base/err.h"

struct agent_socket {
	int fd, lock;           /* -1: none */
	char *path;             /* to be removed at the end; NULL: it is systemd's */
};
/*
 * The socket that systemd hands over (sd_listen_fds(3)), or a new one at path, of this group (NULL: none) and mode
 * (octal text; NULL: 0600, for a group 0660). One that a dead agent left is replaced. ERR_SHARING: another agent serves
 * it; ERR_IO, ERR_NOT_FOUND (group), ERR_CONFIG; said.
 */
MUST enum err agent_socket_open(const char *path, const char *group, const char *mode, struct agent_socket *out);
void agent_socket_close(struct agent_socket *s);

#endif
