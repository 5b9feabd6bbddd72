/* SPDX-License-Identifier: Apache-2.0 */
/* What a host says its agent limits, and how a custodian lowers it. */
#ifndef CLI_APPROVE_BUDGET_H
#define CLI_APPROVE_BUDGET_H

#include "cli/remote/request.h"
#include "pka/limits.h"

enum cli_budget {
	BUDGET_NONE,            /* nobody keeps limits there */
	BUDGET_UNREADABLE,      /* also: another manifest than the member of that name */
	BUDGET_READ
};
/* Members budget and manifest of the host's JSON; out is set by BUDGET_READ. */
enum cli_budget cli_budget_read(const json_t *o, struct pka_limits *out);
/*
 * text, --limits, for the host's JSON: low becomes what it lowers the budget to, statement the text for the custodian's
 * statement. ERR_ARG: not readable; ERR_REFUSED: more than was asked for, or nobody there keeps limits. Said.
 */
MUST enum err cli_budget_lower(struct rd host_json, const char *text, struct pka_limits *low, struct wr *statement);

#endif
