/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit/test.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/line/say.h"
#include "cli/verb.h"

#define ARGS_MAX 128

/* As main gets it: argv of pointers that may be reordered. */
static enum err parse(struct cli_args *out, const char *verb_name, ...)
{
	static char words[ARGS_MAX][256];
	static char *argv[ARGS_MAX + 1];
	const struct cli_verb *verbs, *verb = NULL;
	const char *word = verb_name;
	size_t n;
	va_list ap;
	int argc = 0;

	verbs = cli_verbs(&n);
	for (size_t i = 0; i < n; i++)
		if (strcmp(verbs[i].name, verb_name) == 0)
			verb = &verbs[i];
	assert_non_null(verb);
	va_start(ap, verb_name);
	for (; word; word = va_arg(ap, const char *)) {
		assert_true(argc < ARGS_MAX && strlen(word) < sizeof(words[0]));
		memcpy(words[argc], word, strlen(word) + 1);
		argv[argc] = words[argc];
		argc++;
	}
	va_end(ap);
	argv[argc] = NULL;
	return cli_args_parse(verb, argc, argv, out);
}

static void every_kind(void **state)
{
	struct cli_args a;

	(void)state;
	assert_int_equal(
		parse(&a, "keygen", "--type", "rsa:2048", "--label=x y", "--pin-fd", "9", "--archive", "a", NULL),
		ERR_OK);
	assert_string_equal(a.type, "rsa:2048");
	assert_string_equal(a.label, "x y");
	assert_int_equal(a.pin_fd, 9);
	assert_int_equal(a.archive.n, 1);
	assert_string_equal(a.archive.v[0], "a");
	assert_int_equal(a.so_pin_fd, ARGS_NO_FD);
	assert_false(a.force);
	assert_int_equal(parse(&a, "list", "--json", NULL), ERR_OK);
	assert_true(a.json);
}

/* What nothing names would name everything; a label is one that can be shown and typed as a whole. */
static void empty_and_long(void **state)
{
	char label[200 + 1];
	struct cli_args a;

	(void)state;
	assert_int_equal(parse(&a, "list", "--reader", "", NULL), ERR_ARG);
	assert_int_equal(parse(&a, "status", "--reader=", NULL), ERR_ARG);
	assert_int_equal(parse(&a, "keygen", "--pin-file", "", NULL), ERR_ARG);
	assert_int_equal(parse(&a, "keygen", "--label", "", NULL), ERR_OK);
	memset(label, 'x', sizeof(label));
	label[200] = 0;
	assert_int_equal(parse(&a, "custodian keygen", "--label", label, NULL), ERR_ARG);
	label[199] = 0;
	assert_int_equal(parse(&a, "custodian keygen", "--label", label, NULL), ERR_OK);
	assert_string_equal(a.label, label);
}

/* One parse leaves nothing to the next. */
static void starts_empty(void **state)
{
	struct cli_args a;

	(void)state;
	assert_int_equal(parse(&a, "approve", "--deny", "--wait", "5", "https://h", NULL), ERR_OK);
	assert_int_equal(parse(&a, "approve", NULL), ERR_OK);
	assert_false(a.deny);
	assert_int_equal(a.wait, 0);
	assert_int_equal(a.n, 0);
}

static void operands_anywhere(void **state)
{
	struct cli_args a;

	(void)state;
	assert_int_equal(parse(&a, "enrol", "https://h", "--token-file", "t", "a.pka", "--replace", "b.pka", NULL),
			 ERR_OK);
	assert_int_equal(a.n, 3);
	assert_string_equal(a.v[0], "https://h");
	assert_string_equal(a.v[1], "a.pka");
	assert_string_equal(a.v[2], "b.pka");
	assert_true(a.replace);
	assert_int_equal(parse(&a, "sign", "--key", "k", "--", "--file", NULL), ERR_OK);
	assert_int_equal(a.n, 1);
	assert_string_equal(a.v[0], "--file");
}

/* What comes after the command is the command's, with and without "--". */
static void command_line(void **state)
{
	struct cli_args a;

	(void)state;
	assert_int_equal(parse(&a, "run", "--sign", "20", "--key", "a", "make", "--key", "b", "-j4", NULL), ERR_OK);
	assert_int_equal(a.sign, 20);
	assert_int_equal(a.keys.n, 1);
	assert_int_equal(a.n, 4);
	assert_string_equal(a.v[0], "make");
	assert_string_equal(a.v[3], "-j4");
	assert_int_equal(parse(&a, "run", "--for=30m", "--", "--odd", "--help", NULL), ERR_OK);
	assert_string_equal(a.duration, "30m");
	assert_int_equal(a.n, 2);
	assert_string_equal(a.v[0], "--odd");
	assert_false(a.help);
	assert_int_equal(parse(&a, "run", "--sign", "20", NULL), ERR_ARG);
	assert_int_equal(parse(&a, "run", "--sign", "0", "make", NULL), ERR_ARG);
	assert_int_equal(parse(&a, "run", "--deny", "make", NULL), ERR_ARG);
}

/* One name, one value or several, as the verb takes it. */
static void one_or_several(void **state)
{
	struct cli_args a;

	(void)state;
	assert_int_equal(parse(&a, "agent", "--reader", "A", "--reader=B*", NULL), ERR_OK);
	assert_int_equal(a.readers.n, 2);
	assert_string_equal(a.readers.v[1], "B*");
	assert_null(a.reader);
	assert_int_equal(parse(&a, "agent end", "--reader", "A", NULL), ERR_OK);
	assert_string_equal(a.reader, "A");
	assert_int_equal(a.readers.n, 0);
	assert_int_equal(parse(&a, "run", "--reader", "A", "--key", "k", "--key", "l", "make", NULL), ERR_OK);
	assert_string_equal(a.reader, "A");
	assert_int_equal(a.keys.n, 2);
	assert_null(a.key);
}

static void repeated(void **state)
{
	struct cli_args a;

	(void)state;
	assert_int_equal(parse(&a, "register", "--custodian-pin-file", "A=1", "f", "--custodian-pin-file=B=2", NULL),
			 ERR_OK);
	assert_int_equal(a.custodian_pin_file.n, 2);
	assert_string_equal(a.custodian_pin_file.v[1], "B=2");
}

static void numbers(void **state)
{
	static const char *const bad[] = { "", "-1", " 1", "+1", "1x", "0", "91", "99999999999999999999" };
	struct cli_args a;

	(void)state;
	assert_int_equal(parse(&a, "init", "--custodians", "90", "--required", "1", NULL), ERR_OK);
	assert_int_equal(a.custodians, 90);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse(&a, "init", "--custodians", bad[i], NULL), ERR_ARG);
}

static void refused(void **state)
{
	struct cli_args a;

	(void)state;
	assert_int_equal(parse(&a, "list", "--deny", NULL), ERR_ARG);           /* of another verb */
	assert_int_equal(parse(&a, "list", "--js", NULL), ERR_ARG);             /* shortened */
	assert_int_equal(parse(&a, "list", "-j", NULL), ERR_ARG);
	assert_int_equal(parse(&a, "list", "--json=yes", NULL), ERR_ARG);
	assert_int_equal(parse(&a, "list", "--reader", NULL), ERR_ARG);         /* without value */
	assert_int_equal(parse(&a, "list", "operand", NULL), ERR_ARG);
	assert_int_equal(parse(&a, "sign", "--key", "k", NULL), ERR_ARG);       /* without operand */
	assert_int_equal(parse(&a, "list", "--reade=x", NULL), ERR_ARG);
}

/* Whoever types a PIN where none belongs must not find it in a log. */
static void values_are_not_repeated(void **state)
{
	char path[] = "/tmp/test_cli_args.XXXXXX", text[4096] = "";
	int fd = mkstemp(path), saved = dup(STDERR_FILENO);
	struct cli_args a;
	ssize_t n;

	(void)state;
	assert_true(fd >= 0 && saved >= 0);
	assert_int_equal(unlink(path), 0);
	fflush(stderr);
	assert_int_equal(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	assert_int_equal(parse(&a, "keygen", "--pin=648219", NULL), ERR_ARG);
	assert_int_equal(parse(&a, "keygen", "--pin", "648219", NULL), ERR_ARG);
	assert_int_equal(parse(&a, "keygen", "--force=648219", NULL), ERR_ARG);
	assert_int_equal(parse(&a, "keygen", "--pin-fd=648219", NULL), ERR_ARG);
	assert_int_equal(parse(&a, "keygen", "-p648219", NULL), ERR_ARG);
	assert_int_equal(parse(&a, "keygen", "648219", NULL), ERR_ARG);
	fflush(stderr);
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	n = pread(fd, text, sizeof(text) - 1, 0);
	close(saved);
	close(fd);
	assert_true(n > 0);
	assert_non_null(strstr(text, "--pin"));
	assert_null(strstr(text, "648219"));
}

static void verbs_by_words(void **state)
{
	char list[] = "list", custodian[] = "custodian", keygen[] = "keygen", other[] = "lis";
	char *one[] = { list, NULL }, *two[] = { custodian, keygen, NULL }, *half[] = { custodian, NULL };
	char *none[] = { other, NULL };
	char agent[] = "agent", status[] = "status", *alone[] = { agent, NULL }, *of_it[] = { agent, status, NULL };
	int words = 0;

	(void)state;
	assert_string_equal(cli_verb_find(1, one, &words)->name, "list");
	assert_int_equal(words, 1);
	assert_string_equal(cli_verb_find(2, two, &words)->name, "custodian keygen");
	assert_int_equal(words, 2);
	assert_string_equal(cli_verb_find(1, alone, &words)->name, "agent");
	assert_int_equal(words, 1);
	assert_string_equal(cli_verb_find(2, of_it, &words)->name, "agent status");
	assert_int_equal(words, 2);
	assert_null(cli_verb_find(1, half, &words));
	assert_null(cli_verb_find(1, none, &words));
	assert_null(cli_verb_find(0, none, &words));
}

/* Each verb's help names it and each option that it takes, and nothing else. */
static void help(void **state)
{
	const struct cli_verb *verbs;
	struct wr w;
	size_t n;

	(void)state;
	verbs = cli_verbs(&n);
	for (size_t i = 0; i < n; i++) {
		wr_init_heap(&w, 16384);
		cli_args_help(&verbs[i], &w);
		assert_int_equal(wr_done(&w), ERR_OK);
		assert_non_null(strstr(wr_cstr(&w), verbs[i].name));
		assert_non_null(strstr(wr_cstr(&w), "--help"));
		assert_int_equal(strstr(wr_cstr(&w), "--deny") != NULL, cli_verb_takes(&verbs[i], OPT_DENY));
		wr_free(&w);
	}
}

static void exit_status(void **state)
{
	(void)state;
	assert_int_equal(cli_exit_status(ERR_OK), 0);
	assert_int_equal(cli_exit_status(ERR_PIN_WRONG), 1);
	assert_int_equal(cli_exit_status(ERR_CANCELLED), 1);
	assert_int_equal(cli_exit_status(ERR_ARG), 2);
	assert_int_equal(cli_exit_status(ERR_REFUSED), 3);
	assert_int_equal(cli_exit_status(ERR_ATTESTATION), 3);
	assert_int_equal(cli_exit_status(ERR_SIGNATURE), 3);
	for (enum err e = ERR_OK + 1; e < ERR_COUNT; e++)
		assert_true(cli_exit_status(e) >= 1 && cli_exit_status(e) <= 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind), cmocka_unit_test(empty_and_long),
		cmocka_unit_test(starts_empty), cmocka_unit_test(operands_anywhere),
		cmocka_unit_test(command_line), cmocka_unit_test(one_or_several),
		cmocka_unit_test(repeated), cmocka_unit_test(numbers), cmocka_unit_test(refused),
		cmocka_unit_test(values_are_not_repeated), cmocka_unit_test(verbs_by_words), cmocka_unit_test(help),
		cmocka_unit_test(exit_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
