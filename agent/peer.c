/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/peer.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#define PASSWD_MAX 16384

enum err agent_peer_read(int fd, struct agent_peer *out)
{
	gid_t groups[PEER_GROUPS_MAX];
	socklen_t n = sizeof(struct ucred), groups_n = sizeof(groups);
	struct ucred c;

	*out = (struct agent_peer){ .groups_n = 0 };
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c, &n) || n != sizeof(c))
		return ERR_IO;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &groups_n))
		return ERR_LIMIT;
	out->pid = (uint32_t)c.pid;
	out->uid = c.uid;
	out->gid = c.gid;
	out->groups_n = groups_n / sizeof(groups[0]);
	for (size_t i = 0; i < out->groups_n; i++)
		out->groups[i] = groups[i];
	return ERR_OK;
}

static bool is_in_group(const struct agent_peer *p, uint32_t gid)
{
	for (size_t i = 0; i < p->groups_n; i++)
		if (p->groups[i] == gid)
			return true;
	return p->gid == gid;
}

bool agent_peer_is_covered(const struct agent_peer *p, const struct pka_limits *l)
{
	return (!l->has_uid || l->uid == p->uid) && (!l->has_gid || is_in_group(p, l->gid));
}

const char *agent_peer_user(const struct agent_peer *p, char *buf, size_t cap)
{
	struct passwd pw, *found = NULL;
	char *room = malloc(PASSWD_MAX);

	if (room && getpwuid_r(p->uid, &pw, room, PASSWD_MAX, &found) == 0 && found)
		(void)snprintf(buf, cap, "%s", pw.pw_name);
	else
		(void)snprintf(buf, cap, "%u", p->uid);
	free(room);
	return buf;
}
