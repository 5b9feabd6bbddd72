/* SPDX-License-Identifier: Apache-2.0 */
/* What `doctor` finds, one line each: printed at once, or kept for JSON. */
#ifndef CLI_STATUS_FINDING_H
#define CLI_STATUS_FINDING_H

#include <jansson.h>

#include "cli/line/verb.h"

enum doctor_level {
	DOCTOR_OK,
	DOCTOR_NOTE,            /* works, but somebody may want to know */
	DOCTOR_PROBLEM,         /* does not work, or soon will not */
};
struct doctor {
	struct cli *cli;
	json_t *list;           /* --json; otherwise NULL */
	unsigned problems;
	bool has_agent;         /* [agent] socket answers: it may hold tokens */
};
/* about: "PC/SC", a card's id; advice: what to do, NULL: nothing. Texts are safe to show. */
void doctor_find(struct doctor *d, enum doctor_level level, const char *about, const char *advice, const char *fmt, ...)
	PRINTF(5, 6);

#endif
