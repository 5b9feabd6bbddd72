/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli/line/say.h"
#include "cli/run/run.h"

#define DURATION_MAX 16

static enum err read_for(const char *text, struct pka_limits *l)
{
	char item[DURATION_MAX + 8], why[200];
	struct pka_limits alone;

	/* What is not one item would set others. */
	if (!*text || strlen(text) > DURATION_MAX || text[strspn(text, "0123456789smh")])
		return cli_refuse(ERR_ARG, "--for takes a time: 90, 90s, 30m or 2h");
	(void)snprintf(item, sizeof(item), "for=%s", text);
	if (pka_limits_read(rd_str(item), &alone, why, sizeof(why)))
		return cli_refuse(ERR_ARG, "--for: %s", why);
	if (l->seconds != PKA_UNLIMITED)
		return cli_refuse(ERR_ARG, "--for, and for= in --limits: one of them");
	l->seconds = alone.seconds;
	return ERR_OK;
}

enum err cli_run_limits(const struct cli_args *a, struct pka_limits *out, bool *any)
{
	char why[200];

	*any = a->sign || a->duration || a->keys.n || a->limits;
	pka_limits_init(out);
	if (a->limits && pka_limits_read(rd_str(a->limits), out, why, sizeof(why)))
		return cli_refuse(ERR_ARG, "--limits: %s", why);
	if (out->has_manifest)
		return cli_refuse(ERR_ARG, "--limits: the manifest is a file, and its hash is computed: --manifest");
	if (a->sign && out->sign != PKA_UNLIMITED)
		return cli_refuse(ERR_ARG, "--sign, and sign= in --limits: one of them");
	if (a->keys.n && !out->all_keys)
		return cli_refuse(ERR_ARG, "--key, and key= in --limits: one of them");
	if (a->sign)
		out->sign = a->sign;
	return a->duration ? read_for(a->duration, out) : ERR_OK;
}

/* By what people know: its label, where it was named by that and fits. */
enum err cli_run_limits_key(struct pka_limits *l, const struct cli_key *k, const char *named)
{
	struct rd label = k->description.label;
	struct pka_key_name *name;
	int n;

	if (l->keys_n == LIMITS_KEYS_MAX)
		return cli_refuse(ERR_LIMIT, "--key: at most %d keys", LIMITS_KEYS_MAX);
	name = &l->keys[l->keys_n];
	if (rd_eq_str(label, named) && label.n <= LIMITS_NAME_MAX && strncmp(named, "0x", 2))
		n = snprintf(name->text, sizeof(name->text), "%s", named);
	else
		n = snprintf(name->text, sizeof(name->text), "0x%s", k->id);
	if (n < 0 || (size_t)n >= sizeof(name->text))
		return cli_refuse(ERR_LIMIT, "key %s: its name is too long for a list of limits", k->label);
	for (size_t i = 0; i < l->keys_n; i++)
		if (strcmp(l->keys[i].text, name->text) == 0)
			return ERR_OK;
	l->all_keys = false;
	l->keys_n++;
	return ERR_OK;
}
