/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli/completion.h"

#define QUOTE "\\'"

static const char head[] =
	"# SPDX-License-Identifier: Apache-2.0\n"
	"# fish completion of quorum11(1), made by: quorum11 completion fish\n"
	/* Is this verb, of one word or two, typed before the cursor? */
	"function __quorum11_is\n"
	"\tset -l typed (commandline -opc)\n"
	"\ttest \"$typed[2]\" = \"$argv[1]\"; or return 1\n"
	"\ttest -z \"$argv[2]\"; or test \"$typed[3]\" = \"$argv[2]\"\n"
	"end\n"
	"function __quorum11_words\n"
	"\ttest (count (commandline -opc)) -eq $argv[1]\n"
	"end\n"
	"complete -c quorum11 -f\n"
	"complete -c quorum11 -n '__quorum11_words 1' -l help -d 'list the verbs'\n"
	"complete -c quorum11 -n '__quorum11_words 1' -l version -d 'say the version'\n";

static void put_what(const char *what)
{
	printf(" -d '");
	completion_put(what, QUOTE, "\\");
	printf("'");
}

static void print_name(const struct cli_verb *verbs, size_t at)
{
	const struct cli_verb *v = &verbs[at];
	const char *second = completion_second(v);

	if (!second || completion_begins(verbs, at)) {
		printf("complete -c quorum11 -n '__quorum11_words 1' -a %.*s", completion_first(v), v->name);
		put_what(second ? "..." : v->summary);
		printf("\n");
	}
	if (second) {
		printf("complete -c quorum11 -n '__quorum11_words 2; and __quorum11_is %.*s' -a %s",
		       completion_first(v), v->name, second);
		put_what(v->summary);
		printf("\n");
	}
}

/* When the verb is the one that is typed: not that of two words which begins like it. */
static void put_condition(const struct cli_verb *verbs, size_t n, const struct cli_verb *v)
{
	printf("complete -c quorum11 -n '__quorum11_is %s", v->name);
	for (size_t i = 0; i < n && !completion_second(v); i++)
		if (completion_second(&verbs[i]) && completion_is_same(&verbs[i], v))
			printf("; and not __quorum11_is %s", verbs[i].name);
	printf("'");
}

static void print_command(const struct cli_verb *v)
{
	/* "-" ends fish's own options; what follows are ours that take a value. */
	printf(" -x -a '(__fish_complete_subcommand --fcs-skip=%d -", completion_second(v) ? 3 : 2);
	for (enum cli_opt o = 0; o < OPTS; o++)
		if (cli_verb_takes(v, o) && cli_opt_facts(o).value)
			printf(" --%s", cli_opt_facts(o).name);
	printf(")'\n");
}

static void print_verb(const struct cli_verb *verbs, size_t n, const struct cli_verb *v)
{
	for (enum cli_opt o = 0; o < OPTS; o++) {
		struct cli_opt_facts f = cli_opt_facts(o);

		if (!cli_verb_takes(v, o))
			continue;
		put_condition(verbs, n, v);
		printf(" -l %s%s", f.name, !f.value ? "" : completion_is_file(f.value) ? " -r -F" : " -x");
		put_what(f.help);
		printf("\n");
	}
	if (v->runs) {
		put_condition(verbs, n, v);
		print_command(v);
	} else if (completion_is_file(v->operands)) {
		put_condition(verbs, n, v);
		printf(" -F\n");
	}
}

void completion_fish(const struct cli_verb *verbs, size_t n)
{
	printf("%s", head);
	for (size_t i = 0; i < n; i++)
		print_name(verbs, i);
	for (size_t i = 0; i < n; i++)
		print_verb(verbs, n, &verbs[i]);
}
