/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a password as people keep them: shown, written and typed. */
#ifndef CLI_DOMAIN_PART_H
#define CLI_DOMAIN_PART_H

#include "cli/line/verb.h"
#include "sc-hsm/threshold.h"

/* "2/3" of --split. ERR_ARG, said. */
MUST enum err cli_split_read(const char *text, unsigned *t, unsigned *n);
/*
 * Each part to a file of its own, PREFIX1, PREFIX2, ..., mode 0600, none of which may exist; without a prefix one
 * after the other on the terminal (ERR_ARG without one). Said.
 */
MUST enum err cli_parts_put(const char *prefix, uint64_t prime, const struct hsm_part *parts, unsigned n);
/* The password of the parts in these files, or, files empty, of so many that are typed. Said. */
MUST enum err cli_parts_get(const struct cli_list *files, unsigned typed, struct secret **password);

#endif
