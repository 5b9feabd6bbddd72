/* SPDX-License-Identifier: Apache-2.0 */
/* The completion of the command line, for bash: written from the tables of verbs and options, so it knows no other. */
#include <stdio.h>
#include <string.h>

#include "cli/line/say.h"
#include "cli/verb.h"

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

/* Bytes of a verb's first word. */
static int first_size(const struct cli_verb *v)
{
	return (int)strcspn(v->name, " ");
}

static bool is_first(const struct cli_verb *verbs, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (first_size(&verbs[i]) == first_size(&verbs[at]) &&
		    strncmp(verbs[i].name, verbs[at].name, (size_t)first_size(&verbs[at])) == 0)
			return false;
	return true;
}

/* Which options are asked for: all, those with a value, those whose value is a file. */
enum which { ALL, VALUES, FILES };

static void print_options(const struct cli_verb *v, enum which which)
{
	for (enum cli_opt o = 0; o < OPTS; o++) {
		struct cli_opt_facts f = cli_opt_facts(o);

		if (cli_verb_takes(v, o) && (which == ALL || f.value) &&
		    (which != FILES || strstr(f.value, "FILE") || strstr(f.value, "DIR") || strstr(f.value, "PATH")))
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
	printf("' operands=%s runs=%s at=%d", strstr(v->operands, "FILE") ? "file" : "''", v->runs ? "yes" : "''",
	       strchr(v->name, ' ') ? 3 : 2);
}

/* The verbs that begin with this word: several of two, perhaps one of it alone. */
static void print_word(const struct cli_verb *verbs, size_t n, size_t at)
{
	size_t size = (size_t)first_size(&verbs[at]);

	printf("\t%.*s)\n", (int)size, verbs[at].name);
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = at; i < n; i++) {
			const struct cli_verb *v = &verbs[i];

			if ((size_t)first_size(v) != size || strncmp(v->name, verbs[at].name, size))
				continue;
			if (!v->name[size] && pass == 0) {
				printf("\t\t");
				print_verb(v);
				printf("\n");
			} else if (v->name[size] && pass == 0) {
				printf("\t\twords+=' %s'\n", v->name + size + 1);
			} else if (v->name[size]) {
				printf("\t\tif [ \"${COMP_WORDS[2]-}\" = %s ] && [ \"$COMP_CWORD\" -gt 2 ]; then ",
				       v->name + size + 1);
				print_verb(v);
				printf("; fi\n");
			}
		}
	}
	printf("\t\t;;\n");
}

enum err verb_completion(struct cli *cli)
{
	const struct cli_verb *verbs;
	size_t n;

	if (strcmp(cli->args->v[0], "bash"))
		return cli_refuse(ERR_ARG, "completion: for bash");
	verbs = cli_verbs(&n);
	printf("%s\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n\t\tmapfile -t COMPREPLY < <(compgen -W '--help --version",
	       head);
	for (size_t i = 0; i < n; i++)
		if (is_first(verbs, i))
			printf(" %.*s", first_size(&verbs[i]), verbs[i].name);
	printf("' -- \"$cur\")\n\t\treturn\n\tfi\n\tcase $verb in\n");
	for (size_t i = 0; i < n; i++)
		if (is_first(verbs, i))
			print_word(verbs, n, i);
	printf("%s", tail);
	return ERR_OK;
}
