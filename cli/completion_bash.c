/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli/completion.h"

static const char head[] =
	"# SPDX-License-Identifier: Apache-2.0\n"
	"# bash completion of quorum11(1), made by: quorum11 completion bash\n"
	"_quorum11() {\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} last=${COMP_WORDS[COMP_CWORD - 1]} verb=${COMP_WORDS[1]-}\n"
	"\tlocal words='' options='' files='' values='' operands='' runs='' at=2 i\n"
	"\tCOMPREPLY=()\n";
static const char tail[] =
	"\tesac\n"
	/* The second word of a verb of two. */
	"\tif [ \"$COMP_CWORD\" -eq 2 ] && [ -n \"$words\" ]; then\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$words $options\" -- \"$cur\")\n"
	"\t\treturn\n"
	"\tfi\n"
	/* Another program's command line: from its first word on it is completed as such. */
	"\tif [ -n \"$runs\" ]; then\n"
	"\t\tfor ((i = at; i < COMP_CWORD; i++)); do\n"
	"\t\t\tcase \" $values \" in *\" ${COMP_WORDS[i]} \"*) ((++i)); continue ;; esac\n"
	"\t\t\tcase ${COMP_WORDS[i]} in -*) continue ;; esac\n"
	"\t\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	"\t\t\tcompopt -o filenames 2>/dev/null\n"
	"\t\t\treturn\n"
	"\t\tdone\n"
	"\tfi\n"
	"\tcase \" $files \" in *\" $last \"*) last=file ;; esac\n"
	"\tcase \" $values \" in *\" $last \"*) return ;; esac\n"
	"\tif [ \"$last\" != file ] && [[ $cur == -* ]]; then\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$cur\")\n"
	"\telif [ \"$last\" = file ] || [ -n \"$operands\" ]; then\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	"\t\tcompopt -o filenames 2>/dev/null\n"
	"\telif [ -n \"$runs\" ]; then\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -c -- \"$cur\")\n"
	"\telse\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$cur\")\n"
	"\tfi\n"
	"}\n"
	"complete -F _quorum11 quorum11\n";

/* Which options are asked for: all, those with a value, those whose value is a file. */
enum which { ALL, VALUES, FILES };

static void print_options(const struct cli_verb *v, enum which which)
{
	for (enum cli_opt o = 0; o < OPTS; o++) {
		struct cli_opt_facts f = cli_opt_facts(o);

		if (cli_verb_takes(v, o) && (which == ALL || f.value) &&
		    (which != FILES || completion_is_file(f.value)))
			printf(" --%s", f.name);
	}
}

static void print_verb(const struct cli_verb *v)
{
	printf("options='");
	print_options(v, ALL);
	printf("' values='");
	print_options(v, VALUES);
	printf("' files='");
	print_options(v, FILES);
	printf("' operands=%s runs=%s at=%d", completion_is_file(v->operands) ? "file" : "''", v->runs ? "yes" : "''",
	       completion_second(v) ? 3 : 2);
}

/* The verbs that begin with this word: several of two, perhaps one of it alone. */
static void print_word(const struct cli_verb *verbs, size_t n, size_t at)
{
	printf("\t%.*s)\n", completion_first(&verbs[at]), verbs[at].name);
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = at; i < n; i++) {
			const char *second = completion_second(&verbs[i]);

			if (!completion_is_same(&verbs[i], &verbs[at]))
				continue;
			if (!second && pass == 0) {
				printf("\t\t");
				print_verb(&verbs[i]);
				printf("\n");
			} else if (second && pass == 0) {
				printf("\t\twords+=' %s'\n", second);
			} else if (second) {
				printf("\t\tif [ \"${COMP_WORDS[2]-}\" = %s ] && [ \"$COMP_CWORD\" -gt 2 ]; then ",
				       second);
				print_verb(&verbs[i]);
				printf("; fi\n");
			}
		}
	}
	printf("\t\t;;\n");
}

void completion_bash(const struct cli_verb *verbs, size_t n)
{
	printf("%s\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n\t\tmapfile -t COMPREPLY < <(compgen -W '--help --version",
	       head);
	for (size_t i = 0; i < n; i++)
		if (completion_begins(verbs, i))
			printf(" %.*s", completion_first(&verbs[i]), verbs[i].name);
	printf("' -- \"$cur\")\n\t\treturn\n\tfi\n\tcase $verb in\n");
	for (size_t i = 0; i < n; i++)
		if (completion_begins(verbs, i))
			print_word(verbs, n, i);
	printf("%s", tail);
}
