/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/role.h"

#include <string.h>

static const struct {
	const char *name;
	unsigned may;
} roles[SRV_ROLES] = {
	[SRV_OPERATOR]  = { "operator", SRV_MAY_READ | SRV_MAY_AUDIT | SRV_MAY_CANCEL | SRV_MAY_ENROL | SRV_MAY_GRANT },
	[SRV_AUDITOR]   = { "auditor", SRV_MAY_READ | SRV_MAY_AUDIT },
	[SRV_READER]    = { "reader", SRV_MAY_READ },
	[SRV_HOST]      = { "host", SRV_MAY_ASK | SRV_MAY_OWN },
	[SRV_CUSTODIAN] = { "custodian", SRV_MAY_INBOX },
};

const char *srv_role_name(enum srv_role role)
{
	return roles[role].name;
}

enum err srv_role_read(const char *name, enum srv_role *out)
{
	size_t i;

	for (i = 0; i < SRV_ROLES; i++)
		if (!strcmp(roles[i].name, name)) {
			*out = (enum srv_role)i;
			return ERR_OK;
		}
	return ERR_NOT_FOUND;
}

unsigned srv_role_may(enum srv_role role)
{
	return roles[role].may;
}

void srv_roles_write(unsigned set, struct wr *out)
{
	const char *between = "";
	size_t i;

	for (i = 0; i < SRV_ROLES; i++)
		if (set & SRV_ROLE(i)) {
			wr_printf(out, "%s%s", between, srv_role_name((enum srv_role)i));
			between = ", ";
		}
}

static enum err role_add(const char *text, size_t n, unsigned *set)
{
	char name[16];
	enum srv_role role;

	if (n >= sizeof(name))
		return ERR_ARG;
	memcpy(name, text, n);
	name[n] = '\0';
	if (srv_role_read(name, &role) || role == SRV_CUSTODIAN)
		return ERR_ARG;
	*set |= SRV_ROLE(role);
	return ERR_OK;
}

enum err srv_roles_read(const char *text, unsigned *set)
{
	enum err e = ERR_OK;
	size_t n;

	*set = 0;
	for (; !e && *text; text += n) {
		text += strspn(text, ", ");
		n = strcspn(text, ", ");
		if (n)
			e = role_add(text, n, set);
	}
	return e ? e : *set ? ERR_OK : ERR_ARG;
}

void srv_roles_who_may(unsigned needs, struct wr *w)
{
	const char *last = NULL;
	size_t i;

	for (i = 0; i < SRV_ROLES; i++) {
		if (!(roles[i].may & needs))
			continue;
		if (last)
			wr_printf(w, "%s%s", w->n ? ", " : "", last);
		last = roles[i].name;
	}
	wr_printf(w, "%s%s", w->n ? " or " : "", last ? last : "");
}

void srv_roles_list_who_may(unsigned needs, struct wr *out)
{
	const char *comma = "";
	size_t i;

	if (needs & SRV_MAY_CALL) {
		wr_text(out, "everybody");
		return;
	}
	for (i = 0; i < SRV_ROLES; i++) {
		if (roles[i].may & needs) {
			wr_printf(out, "%s%s", comma, roles[i].name);
			comma = ",";
		}
	}
}
