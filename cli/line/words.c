/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/line/words.h"

void cli_words_add(struct cli_words *w, const char *name, const char *value)
{
	if (!value || w->n + 2 >= CLI_WORDS_MAX)
		return;
	/* execv and posix_spawn change none of them (POSIX); their prototypes are older than const. */
	w->v[w->n++] = (char *)(uintptr_t)name;
	w->v[w->n++] = (char *)(uintptr_t)value;
}
