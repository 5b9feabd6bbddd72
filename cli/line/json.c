/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/line/json.h"

#include <stdio.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/line/say.h"

#define TOLD_MAX 8192           /* all lines */
#define LINE_MAX_SHOWN 2048

static char told[TOLD_MAX];
static size_t told_n;
static bool is_printed;

void cli_json_append(json_t **list, json_t *item)
{
	if (*list && json_array_append_new(*list, item) == 0)
		return;
	if (!*list)
		json_decref(item);
	json_decref(*list);
	*list = NULL;
}

enum err cli_json_print(json_t *doc)
{
	if (!doc)
		return cli_fail(ERR_NOMEM, "writing JSON");
	json_dumpf(doc, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII);
	putchar('\n');
	json_decref(doc);
	is_printed = true;
	return ERR_OK;
}

/* Another line; those for which there is no room are on stderr. */
static void hear(struct rd text)
{
	struct wr w;

	wr_init(&w, told + told_n, sizeof(told) - told_n);
	if (told_n)
		wr_u8(&w, '\n');
	wr_shown(&w, text, LINE_MAX_SHOWN);
	if (!wr_done(&w))
		told_n += w.n;
}

void cli_json_begin(void)
{
	told_n = 0;
	is_printed = false;
	log_hear(hear);
}

enum err cli_json_error(enum err e)
{
	log_hear(NULL);
	if (is_printed || !e)
		return e;
	if (!told_n)
		hear(rd_str(err_text(e)));
	return cli_json_print(json_pack("{s:{s:s, s:s%}}", "error", "name", err_name(e), "message", told, told_n)) ?
	       ERR_NOMEM : e;
}
