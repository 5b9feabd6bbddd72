/* SPDX-License-Identifier: Apache-2.0 */
/* The argument vector of a program that the command starts or becomes. */
#ifndef CLI_LINE_WORDS_H
#define CLI_LINE_WORDS_H

#include "cli/line/args.h"

/* The program's name, its options with their values, of which one is a list, and the end. */
#define CLI_WORDS_MAX (2 * (9 + ARGS_LIST_MAX) + 2)

struct cli_words {
	size_t n;
	char *v[CLI_WORDS_MAX];         /* borrowed; NULL at the end */
};
/* Nothing for a value that is NULL. */
void cli_words_add(struct cli_words *w, const char *name, const char *value);

#endif
