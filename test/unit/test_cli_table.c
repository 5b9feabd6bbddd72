/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit/test.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/line/table.h"

/* What the table prints, with stdout in a file meanwhile. */
static void printed(const struct cli_table *t, char *buf, size_t cap)
{
	FILE *f = tmpfile();
	int kept = dup(STDOUT_FILENO);
	size_t n;

	assert_non_null(f);
	fflush(stdout);
	assert_true(dup2(fileno(f), STDOUT_FILENO) >= 0);
	assert_int_equal(cli_table_print(t), ERR_OK);
	fflush(stdout);
	assert_true(dup2(kept, STDOUT_FILENO) >= 0);
	close(kept);
	rewind(f);
	n = fread(buf, 1, cap - 1, f);
	buf[n] = 0;
	(void)fclose(f);
}

static void columns(void **state)
{
	struct cli_table t;
	char text[512];

	(void)state;
	cli_table_init(&t, 3, (const char *const[]){ "A", "LABEL", "END" });
	cli_table_add(&t, (const char *const[]){ "1", "a long label that stays whole", "x" });
	cli_table_add(&t, (const char *const[]){ "22", "", NULL });
	printed(&t, text, sizeof(text));
	assert_string_equal(text, "A   LABEL                          END\n"
				  "1   a long label that stays whole  x\n"
				  "22  -                              -\n");
	cli_table_free(&t);
}

/* By what a terminal shows, not by bytes: two columns for a character of East Asian scripts. */
static void width(void **state)
{
	struct cli_table t;
	char text[512];

	(void)state;
	cli_table_init(&t, 2, (const char *const[]){ "NAME", "END" });
	cli_table_add(&t, (const char *const[]){ "Zürich", "1" });
	cli_table_add(&t, (const char *const[]){ "署名鍵", "2" });
	printed(&t, text, sizeof(text));
	assert_string_equal(text, "NAME    END\n"
				  "Zürich  1\n"
				  "署名鍵  2\n");
	cli_table_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(columns), cmocka_unit_test(width) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
