/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/line/say.h"
#include "cli/line/verb.h"

#define PATH_SIZE 4096
#define M_USUAL 3
#define N_USUAL 2
#define M_MAX 9

/* The script stands beside the helper of logins; where that was built and not installed it has the first name. */
static enum err find_script(const struct cli *cli, char path[PATH_SIZE])
{
	static const char *const names[] = { "quorum11-rehearse", "rehearse" };
	const char *helper = cli->conf->module.helper, *slash = strrchr(helper, '/');
	size_t i;
	int n;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		n = snprintf(path, PATH_SIZE, "%.*s%s", slash ? (int)(slash - helper) + 1 : 0, helper, names[i]);
		if (n <= 0 || n >= PATH_SIZE)
			return cli_fail(ERR_LIMIT, "[module] helper");
		if (!access(path, X_OK))
			return ERR_OK;
	}
	return cli_fail(ERR_IO, "%s", path);
}

enum err verb_rehearse(struct cli *cli)
{
	const struct cli_args *a = cli->args;
	unsigned total = a->custodians ? a->custodians : M_USUAL, required = a->required ? a->required : N_USUAL;
	char path[PATH_SIZE], m[12], n[12];
	const char *config = a->config ? a->config : access(CONF_FILE, R_OK) ? "" : CONF_FILE;
	enum err e;

	if (total > M_MAX || required > total)
		return cli_refuse(ERR_ARG, "a rehearsal has at most %d custodians, of whom no more than all are "
				  "required", M_MAX);
	if (a->config && access(a->config, R_OK))
		return cli_fail(ERR_IO, "%s", a->config);
	e = find_script(cli, path);
	if (e)
		return e;
	(void)snprintf(m, sizeof(m), "%u", total);
	(void)snprintf(n, sizeof(n), "%u", required);
	(void)execl(path, path, m, n, config, a->policy ? a->policy : "", a->tell ? "yes" : "", a->yes ? "yes" : "",
		    a->reason ? a->reason : "training of custodians", (char *)NULL);
	return cli_fail(ERR_IO, "%s", path);
}
