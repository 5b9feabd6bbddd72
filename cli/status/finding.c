/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/status/finding.h"

#include <stdarg.h>
#include <stdio.h>

#include "cli/line/json.h"

#define TEXT_MAX 1024

static const struct {
	const char *shown, *word;
} levels[] = {
	[DOCTOR_OK] = { "ok", "ok" },
	[DOCTOR_NOTE] = { "note", "note" },
	[DOCTOR_PROBLEM] = { "PROBLEM", "problem" },
};

void doctor_find(struct doctor *d, enum doctor_level level, const char *about, const char *advice, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	d->problems += level == DOCTOR_PROBLEM;
	if (d->cli->args->json) {
		cli_json_append(&d->list, json_pack("{s:s, s:s, s:s, s:s?}", "level", levels[level].word, "about",
						    about, "text", text, "advice", advice));
		return;
	}
	printf("%-8s %-14s %s\n", levels[level].shown, about, text);
	if (advice)
		printf("%-8s %-14s   -> %s\n", "", "", advice);
}
