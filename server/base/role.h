/* SPDX-License-Identifier: Apache-2.0 */
/* Roles, and what each may: one table. */
#ifndef SERVER_BASE_ROLE_H
#define SERVER_BASE_ROLE_H

#include "base/buf.h"

/* The database keeps them by number: append only. */
enum srv_role { SRV_OPERATOR, SRV_AUDITOR, SRV_READER, SRV_HOST, SRV_CUSTODIAN, SRV_ROLES };
#define SRV_ROLE(role) (1u << (role))

enum srv_may {
	SRV_MAY_CALL   = 1 << 0,        /* everybody: what is proved by a signature or a secret of its own */
	SRV_MAY_ASK    = 1 << 1,        /* begin sessions; everybody where [server] hosts = open */
	SRV_MAY_OWN    = 1 << 2,        /* read the requests of one's own sessions */
	SRV_MAY_INBOX  = 1 << 3,        /* read requests that ask for one's key, and take its turn */
	SRV_MAY_READ   = 1 << 4,        /* read all requests and targets */
	SRV_MAY_AUDIT  = 1 << 5,
	SRV_MAY_CANCEL = 1 << 6,
	SRV_MAY_ENROL  = 1 << 7,
	SRV_MAY_GRANT  = 1 << 8,        /* make tokens and identities, and take them back */
};
unsigned srv_role_may(enum srv_role role);      /* srv_may */
const char *srv_role_name(enum srv_role role);
MUST enum err srv_role_read(const char *name, enum srv_role *out);      /* ERR_NOT_FOUND */
/* SRV_ROLE()s as "host, reader", and back. ERR_ARG: none, or an unknown one; custodian is not given. */
void srv_roles_write(unsigned set, struct wr *out);
MUST enum err srv_roles_read(const char *text, unsigned *set);
/* Who may do one of needs (srv_may): for people, as "operator or auditor". */
void srv_roles_who_may(unsigned needs, struct wr *w);
/* The same for programs: "everybody", or names with commas between them. */
void srv_roles_list_who_may(unsigned needs, struct wr *out);

#endif
