/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli/completion.h"

#define QUOTE "'\\''"

static const char head[] =
	"#compdef quorum11\n"
	"# SPDX-License-Identifier: Apache-2.0\n"
	"# zsh completion of quorum11(1), made by: quorum11 completion zsh\n"
	"_quorum11() {\n"
	"\tlocal -a names\n"
	"\tlocal verb=$words[2]\n"
	"\tlocal -i skip=1\n";

/* 'name:what it does' for _describe. */
static void print_name(const char *name, int size, const char *what)
{
	printf("\t\t\t'%.*s:", size, name);
	completion_put(what, QUOTE, "");
	printf("'\n");
}

static void print_firsts(const struct cli_verb *verbs, size_t n)
{
	printf("\tif (( CURRENT == 2 )); then\n\t\tnames=(\n");
	for (size_t i = 0; i < n; i++)
		if (completion_begins(verbs, i) && !completion_second(&verbs[i]))
			print_name(verbs[i].name, completion_first(&verbs[i]), verbs[i].summary);
		else if (completion_begins(verbs, i))
			print_name(verbs[i].name, completion_first(&verbs[i]), "...");
	printf("\t\t)\n\t\t_describe -t verbs verb names\n\t\tcompadd -- --help --version\n\t\treturn\n\tfi\n");
}

static void print_seconds(const struct cli_verb *verbs, size_t n)
{
	printf("\tcase $verb in\n");
	for (size_t i = 0; i < n; i++) {
		if (!completion_second(&verbs[i]) || !completion_begins(verbs, i))
			continue;
		printf("\t%.*s)\n\t\tnames=(\n", completion_first(&verbs[i]), verbs[i].name);
		for (size_t k = i; k < n; k++) {
			const char *second = completion_second(&verbs[k]);

			if (second && completion_is_same(&verbs[i], &verbs[k]))
				print_name(second, (int)strlen(second), verbs[k].summary);
		}
		printf("\t\t)\n\t\t;;\n");
	}
	printf("\tesac\n");
	/* One of them is typed: it belongs to the verb. */
	printf("\tif (( CURRENT == 3 )); then\n"
	       "\t\t(( ! $#names )) || _describe -t verbs verb names\n"
	       "\telif (( $names[(I)$words[3]:*] )); then\n"
	       "\t\tverb+=\" $words[3]\" skip=2\n"
	       "\tfi\n"
	       "\tshift $skip words\n"
	       "\t(( CURRENT -= skip ))\n");
}

static void print_verb(const struct cli_verb *v)
{
	printf("\t'%s')\n\t\t_arguments %s: \\\n", v->name, v->runs ? "-A '-*' " : "");
	for (enum cli_opt o = 0; o < OPTS; o++) {
		struct cli_opt_facts f = cli_opt_facts(o);

		if (!cli_verb_takes(v, o))
			continue;
		printf("\t\t    '%s--%s%s[", f.many ? "*" : "", f.name, f.value ? "=" : "");
		completion_put(f.help, QUOTE, "[]\\");
		printf("]");
		if (f.value)
			printf(":%s:%s", f.value, completion_is_file(f.value) ? "_files" : " ");
		printf("' \\\n");
	}
	if (v->runs)
		printf("\t\t    '(-)1:command: _command_names -e' '*::argument: _normal'\n\t\t;;\n");
	else if (completion_is_file(v->operands))
		printf("\t\t    '*:file:_files'\n\t\t;;\n");
	else
		printf("\t\t    '*: : '\n\t\t;;\n");
}

void completion_zsh(const struct cli_verb *verbs, size_t n)
{
	printf("%s", head);
	print_firsts(verbs, n);
	print_seconds(verbs, n);
	printf("\tcase $verb in\n");
	for (size_t i = 0; i < n; i++)
		print_verb(&verbs[i]);
	printf("\tesac\n}\n_quorum11 \"$@\"\n");
}
