/* SPDX-License-Identifier: Apache-2.0 */
/* Completion of the command line: written from the tables of verbs and options, so it knows no others. */
#ifndef CLI_COMPLETION_H
#define CLI_COMPLETION_H

#include "cli/verb.h"

/* A script for each shell, to stdout. */
void completion_bash(const struct cli_verb *verbs, size_t n);
void completion_zsh(const struct cli_verb *verbs, size_t n);
void completion_fish(const struct cli_verb *verbs, size_t n);

/* ---- for the scripts ---- */

int completion_first(const struct cli_verb *v);                /* bytes of a verb's first word */
const char *completion_second(const struct cli_verb *v);       /* NULL: it has one word */
bool completion_is_same(const struct cli_verb *a, const struct cli_verb *b);   /* in their first words */
bool completion_begins(const struct cli_verb *verbs, size_t at);       /* no verb before has the same first word */
bool completion_is_file(const char *value);                    /* of an option, or operands */
/* The text inside single quotes: a quote becomes as the shell wants it; what stands in escaped gets a backslash. */
void completion_put(const char *text, const char *quote, const char *escaped);

#endif
