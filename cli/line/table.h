/* SPDX-License-Identifier: Apache-2.0 */
/* A table for people: columns as wide as what stands in them, nothing cut off. */
#ifndef CLI_LINE_TABLE_H
#define CLI_LINE_TABLE_H

#include "base/buf.h"

#define TABLE_COLUMNS_MAX 8

struct cli_table {
	size_t columns, rows, width[TABLE_COLUMNS_MAX];
	struct wr cells;                /* one after the other, each with its end */
};
/* Heads are its first row; ends with cli_table_free. */
void cli_table_init(struct cli_table *t, size_t columns, const char *const heads[]);
/* One text for each column, safe to show; NULL or "": a dash. Copied. */
void cli_table_add(struct cli_table *t, const char *const cells[]);
/* To stdout. ERR_NOMEM, said. */
MUST enum err cli_table_print(const struct cli_table *t);
void cli_table_free(struct cli_table *t);

#endif
