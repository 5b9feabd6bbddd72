/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/approve/budget.h"

#include "base/text.h"
#include "cli/line/say.h"

/* A member's text; empty where there is none. false: it is not text. */
static bool text_of(const json_t *o, const char *name, struct rd *out)
{
	const json_t *v = json_object_get(o, name);

	*out = json_is_string(v) ? rd_of(json_string_value(v), json_string_length(v)) : RD_NONE;
	return !v || json_is_null(v) || json_is_string(v);
}

/* The same manifest twice, or none twice. */
static bool manifest_agrees(const struct pka_limits *l, struct rd hex)
{
	uint8_t hash[SHA256_SIZE];
	struct wr w;

	WR_ARR(&w, hash);
	if (!l->has_manifest || hex.n == 0)
		return !l->has_manifest && hex.n == 0;
	return text_unhex(hex, &w) == ERR_OK && rd_eq(wr_view(&w), RD_ARR(l->manifest));
}

enum cli_budget cli_budget_read(const json_t *o, struct pka_limits *out)
{
	struct rd budget, manifest;

	if (!json_is_object(o) || !text_of(o, "budget", &budget) || !text_of(o, "manifest", &manifest))
		return BUDGET_UNREADABLE;
	if (budget.n == 0)
		return BUDGET_NONE;
	return pka_limits_read(budget, out, NULL, 0) == ERR_OK && manifest_agrees(out, manifest) ? BUDGET_READ
												  : BUDGET_UNREADABLE;
}

enum err cli_budget_lower(struct rd host_json, const char *text, struct pka_limits *low, struct wr *statement)
{
	struct pka_limits by;
	enum cli_budget budget;
	const char *item;
	char why[200];
	json_t *o;
	enum err e;

	if (pka_limits_read(rd_str(text), &by, why, sizeof(why)))
		return cli_refuse(ERR_ARG, "--limits: %s", why);
	o = json_loadb((const char *)host_json.p, host_json.n, JSON_REJECT_DUPLICATES, NULL);
	budget = host_json.n ? cli_budget_read(o, low) : BUDGET_NONE;
	json_decref(o);
	if (budget == BUDGET_NONE)
		return cli_refuse(ERR_REFUSED, "--limits: the host that asks has no agent and keeps no limits");
	if (budget == BUDGET_UNREADABLE)
		return cli_refuse(ERR_REFUSED,
				  "--limits: the limits that the host asks for are not readable and cannot be lowered");
	if (pka_limits_exceed(low, &by, &item))
		return cli_refuse(ERR_REFUSED, "--limits: %s is more than the host asks for", item);
	e = pka_limits_lower(low, &by);
	if (!e)
		e = pka_limits_write(&by, statement);
	return cli_fail(e, "--limits");
}
