/* SPDX-License-Identifier: Apache-2.0 */
/* The table of verbs, and the program that looks into it. */
#ifndef CLI_VERB_H
#define CLI_VERB_H

#include "cli/line/verb.h"

const struct cli_verb *cli_verbs(size_t *n);
/* The row that argv's first words name, and how many words that were; NULL. */
const struct cli_verb *cli_verb_find(int argc, char *const *argv, int *words);
/* The whole program: exit status. */
int cli_run(int argc, char **argv);

#endif
