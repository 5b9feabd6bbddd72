/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/completion.h"

#include <stdio.h>
#include <string.h>

#include "cli/line/say.h"

static const struct {
	const char *name;
	void (*print)(const struct cli_verb *verbs, size_t n);
} shells[] = { { "bash", completion_bash }, { "zsh", completion_zsh }, { "fish", completion_fish } };

int completion_first(const struct cli_verb *v)
{
	return (int)strcspn(v->name, " ");
}

const char *completion_second(const struct cli_verb *v)
{
	const char *space = strchr(v->name, ' ');

	return space ? space + 1 : NULL;
}

bool completion_is_same(const struct cli_verb *a, const struct cli_verb *b)
{
	int n = completion_first(a);

	return n == completion_first(b) && strncmp(a->name, b->name, (size_t)n) == 0;
}

bool completion_begins(const struct cli_verb *verbs, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (completion_is_same(&verbs[i], &verbs[at]))
			return false;
	return true;
}

bool completion_is_file(const char *value)
{
	return strstr(value, "FILE") || strstr(value, "DIR") || strstr(value, "PATH");
}

void completion_put(const char *text, const char *quote, const char *escaped)
{
	for (; *text; text++) {
		if (*text == '\'') {
			fputs(quote, stdout);
			continue;
		}
		if (strchr(escaped, *text))
			putchar('\\');
		putchar(*text);
	}
}

enum err verb_completion(struct cli *cli)
{
	const struct cli_verb *verbs;
	size_t n;

	verbs = cli_verbs(&n);
	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++)
		if (strcmp(cli->args->v[0], shells[i].name) == 0) {
			shells[i].print(verbs, n);
			return ERR_OK;
		}
	return cli_refuse(ERR_ARG, "completion: for bash, zsh or fish");
}
