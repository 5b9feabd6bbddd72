/* SPDX-License-Identifier: Apache-2.0 */
/* Who is at the other end of a socket, by the kernel; and as he says. */
#ifndef AGENT_PEER_H
#define AGENT_PEER_H

#include "base/limits.h"
#include "pka/limits.h"

#define PEER_GROUPS_MAX 128

struct agent_peer {
	uint32_t pid, uid, gid;         /* SO_PEERCRED: when it connected */
	size_t groups_n;                /* SO_PEERGROUPS */
	uint32_t groups[PEER_GROUPS_MAX];
	char program[64];               /* claims, safe to show */
	char reason[SHOWN_MAX + 1];
};
/* Without claims. ERR_IO; ERR_LIMIT: in more groups than that. */
MUST enum err agent_peer_read(int fd, struct agent_peer *out);
/* Is it one of those that these limits let in? */
bool agent_peer_is_covered(const struct agent_peer *p, const struct pka_limits *l);
/* Login name, or the number where it has none. */
const char *agent_peer_user(const struct agent_peer *p, char *buf, size_t cap);

#endif
