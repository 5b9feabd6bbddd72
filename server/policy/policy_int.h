/* SPDX-License-Identifier: Apache-2.0 */
/* Private to server/policy/: policy.c has the table, read.c and check.c what stands in its cells. */
#ifndef SERVER_POLICY_POLICY_INT_H
#define SERVER_POLICY_POLICY_INT_H

#include "server/policy/policy.h"

/* j is not null. What is wrong goes to why. */
typedef enum err srv_item_read(const json_t *j, struct srv_policy *p, char *why, size_t cap);
/* New; null if the item is not set. */
typedef json_t *srv_item_show(const struct srv_policy *p);
/* Does it fit this server? */
typedef enum err srv_item_fit(const struct srv_policy *p, const struct srv_policy_server *s, char *why, size_t cap);
/* Of an item that is set: does the request pass? text gets what was found, either way. */
typedef bool srv_item_check(const struct srv_policy *p, const struct srv_policy_facts *f, char *text, size_t cap);

struct srv_policy_item {
	const char *name;               /* the member in JSON, and the name of the check */
	srv_item_read *read;
	srv_item_show *show;
	srv_item_fit *fit;              /* NULL: nothing to fit */
	enum srv_policy_when when;
	enum err refusal;
	srv_item_check *check;          /* NULL with SRV_NEVER */
};
extern const struct srv_policy_item srv_policy_items[SRV_POLICY_ITEMS];

srv_item_read srv_read_roots, srv_read_chip_auth, srv_read_attested, srv_read_deadline, srv_read_hosts,
	srv_read_windows, srv_read_limits, srv_read_tell;
srv_item_show srv_show_roots, srv_show_chip_auth, srv_show_attested, srv_show_deadline, srv_show_hosts,
	srv_show_windows, srv_show_limits, srv_show_tell;
srv_item_fit srv_fit_roots, srv_fit_deadline, srv_fit_tell;
srv_item_check srv_check_roots, srv_check_chip_auth, srv_check_attested, srv_check_hosts, srv_check_windows,
	srv_check_limits;

#endif
