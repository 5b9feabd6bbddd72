/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to a person at a terminal. */
#include "test/unit/test.h"

#include <fcntl.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/line/json.h"
#include "cli/line/say.h"

#define QUESTION "Go on?"

/*
 * What cli_ask says, 1: yes, at a terminal of its own: before was typed when nobody had been asked, answer is typed
 * after the question. out: where stdout goes, NULL: to the terminal. word: cli_ask_word, for this one.
 */
static int ask(const char *before, const char *answer, const char *out, bool yes, const char *word)
{
	char shown[256];
	size_t n = 0;
	ssize_t got;
	int fd, go[2], status;
	pid_t pid;

	assert_int_equal(pipe(go), 0);
	pid = forkpty(&fd, NULL, NULL, NULL);
	assert_true(pid >= 0);
	if (pid == 0) {
		char c;

		(void)alarm(PATIENCE_S);
		if (read(go[0], &c, 1) != 1 || (out && !freopen(out, "w", stdout)))
			_exit(9);
		printf("what it is about\n");
		_exit(word ? cli_ask_word(QUESTION " [y/N]", word, yes) : cli_ask(QUESTION, yes));
	}
	assert_int_equal(write(fd, before, strlen(before)), (ssize_t)strlen(before));
	assert_int_equal(write(go[1], "", 1), 1);
	while (n < sizeof(shown) - 1 && (got = read(fd, shown + n, sizeof(shown) - 1 - n)) > 0) {
		n += (size_t)got;
		shown[n] = 0;
		if (*answer && strstr(shown, QUESTION " [y/N] ")) {
			assert_int_equal(write(fd, answer, strlen(answer)), (ssize_t)strlen(answer));
			answer = "";
		}
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	(void)close(go[0]);
	(void)close(go[1]);
	(void)close(fd);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int asked(const char *before, const char *answer, const char *out, bool yes)
{
	return ask(before, answer, out, yes, NULL);
}

static int asked_word(const char *answer, const char *out, bool yes)
{
	return ask("", answer, out, yes, "delete");
}

static void answers(void **state)
{
	static const struct { const char *typed; int yes; } rows[] = {
		{ "y\n", 1 }, { "Y\n", 1 }, { "\n", 0 }, { "n\n", 0 }, { "yes\n", 0 }, { " y\n", 0 }, { "\x04", 0 },
		{ "\xc3\xbf\n", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(asked("", rows[i].typed, NULL, false), rows[i].yes);
	assert_int_equal(asked("", "", NULL, true), 1);
}

/* An answer is one to a question that stands there: what was typed before is none. */
static void typed_ahead(void **state)
{
	(void)state;
	assert_int_equal(asked("y\n", "n\n", NULL, false), 0);
	assert_int_equal(asked("y\ny\n", "\n", NULL, false), 0);
	assert_int_equal(asked("n", "y\n", NULL, false), 1);
}

/* Nobody says yes to what could not be shown, not even a script. */
static void not_shown(void **state)
{
	(void)state;
	assert_int_equal(asked("", "y\n", "/dev/full", false), 0);
	assert_int_equal(asked("", "", "/dev/full", true), 0);
	assert_int_equal(asked_word("", "/dev/full", true), 0);
	assert_int_equal(asked_word("", NULL, true), 1);
	assert_int_equal(asked_word("delete\n", NULL, false), 1);
	assert_int_equal(asked_word("y\n", NULL, false), 0);
}

/* What print puts on stdout. */
static const char *printed(void (*print)(void))
{
	static char text[4096];
	int out = dup(STDOUT_FILENO), fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	ssize_t n;

	assert_true(out >= 0 && fd >= 0);
	fflush(stdout);
	assert_true(dup2(fd, STDOUT_FILENO) >= 0);
	print();
	fflush(stdout);
	assert_true(dup2(out, STDOUT_FILENO) >= 0);
	n = pread(fd, text, sizeof(text) - 1, 0);
	assert_true(n >= 0);
	text[n] = 0;
	(void)close(fd);
	(void)close(out);
	return text;
}

static void print_name(void)
{
	assert_int_equal(cli_json_print(json_pack("{s:s}", "name", "a\xc2\x9b" "2J\xe2\x80\xae" "b\033")), ERR_OK);
}

/* A terminal that shows JSON is not driven by it: C1 and bidirectional controls are escaped as those of C0 are. */
static void json_for_a_terminal(void **state)
{
	(void)state;
	assert_string_equal(printed(print_name), "{\n  \"name\": \"a\\u009B2J\\u202Eb\\u001B\"\n}\n");
}

/* The first line is cut by nobody, the second has a byte that is no UTF-8, the third is none of this verb's. */
static void print_failure(void)
{
	cli_json_begin();
	assert_int_equal(cli_fail(ERR_NO_READER, "status"), ERR_NO_READER);
	log_tell("r\xff: \"x\"");
	assert_int_equal(cli_json_error(ERR_NO_READER), ERR_NO_READER);
	log_tell("nobody hears");
}

static void print_unsaid(void)
{
	cli_json_begin();
	assert_int_equal(cli_json_error(ERR_TLS), ERR_TLS);
}

static void print_answer_and_fail(void)
{
	cli_json_begin();
	assert_int_equal(cli_json_print(json_pack("[]")), ERR_OK);
	log_tell("1 of 2 is not proved");
	assert_int_equal(cli_json_error(ERR_SIGNATURE), ERR_SIGNATURE);
}

static void print_flood(void)
{
	cli_json_begin();
	for (int i = 0; i < 2000; i++)
		log_tell("%d: 34567890", i);
	assert_int_equal(cli_json_error(ERR_IO), ERR_IO);
}

static void print_nothing(void)
{
	cli_json_begin();
	assert_int_equal(cli_json_error(ERR_OK), ERR_OK);
}

/* A program reads one document, whatever happened. */
static void json_of_a_failure(void **state)
{
	(void)state;
	assert_string_equal(printed(print_failure),
			    "{\n  \"error\": {\n    \"name\": \"no-reader\",\n    \"message\": "
			    "\"status: no such reader; quorum11 list shows the readers\\n"
			    "r\\\\xff: \\\"x\\\"\"\n  }\n}\n");
	assert_string_equal(printed(print_unsaid),
			    "{\n  \"error\": {\n    \"name\": \"certificate-refused\",\n    \"message\": "
			    "\"certificate refused\"\n  }\n}\n");
	assert_string_equal(printed(print_answer_and_fail), "[]\n");
	assert_string_equal(printed(print_nothing), "");
	assert_non_null(strstr(printed(print_flood), "\"0: 34567890\\n1: 34567890\\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers), cmocka_unit_test(typed_ahead), cmocka_unit_test(not_shown),
		cmocka_unit_test(json_for_a_terminal), cmocka_unit_test(json_of_a_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
