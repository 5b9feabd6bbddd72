/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/line/table.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/line/columns.h"
#include "cli/line/say.h"

#define CELLS_MAX 1048576
#define NOTHING   "-"
#define GAP       2

static size_t columns_of(const char *text)
{
	struct rd r = rd_str(text);
	size_t n = 0;
	uint32_t c;

	while (rd_utf8(&r, &c))
		n += cli_columns_of(c);
	return n;
}

void cli_table_init(struct cli_table *t, size_t columns, const char *const heads[])
{
	*t = (struct cli_table){ .columns = columns < TABLE_COLUMNS_MAX ? columns : TABLE_COLUMNS_MAX };
	wr_init_heap(&t->cells, CELLS_MAX);
	cli_table_add(t, heads);
}

void cli_table_add(struct cli_table *t, const char *const cells[])
{
	for (size_t i = 0; i < t->columns; i++) {
		const char *text = cells[i] && *cells[i] ? cells[i] : NOTHING;
		size_t width = columns_of(text);

		t->width[i] = width > t->width[i] ? width : t->width[i];
		wr_put(&t->cells, rd_of((const uint8_t *)text, strlen(text) + 1));
	}
	t->rows++;
}

enum err cli_table_print(const struct cli_table *t)
{
	const char *text = (const char *)wr_view(&t->cells).p;
	enum err e = wr_done(&t->cells);

	for (size_t i = 0; i < t->rows * t->columns && !e; i++) {
		size_t column = i % t->columns, width = columns_of(text);
		bool last = column + 1 == t->columns;

		printf("%s%*s", text, last ? 0 : (int)(t->width[column] - width + GAP), "");
		if (last)
			printf("\n");
		text += strlen(text) + 1;
	}
	return cli_fail(e, "the table");
}

void cli_table_free(struct cli_table *t)
{
	wr_free(&t->cells);
}
