/* SPDX-License-Identifier: Apache-2.0 */
/* The command of "run": found before anybody is asked, its exit status is ours; and the limits that are asked for. */
#include "test/unit/test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/run/run.h"

static char folder[] = "/tmp/test_cli_run.XXXXXX";

static const char *file(const char *name)
{
	static char path[4][PATH_MAX];
	static unsigned next;
	char *p = path[next++ % 4];

	assert_true(snprintf(p, PATH_MAX, "%s/%s", folder, name) < PATH_MAX);
	return p;
}

static void write_file(const char *name, mode_t mode, const char *text)
{
	int fd = open(file(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(close(fd), 0);
}

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(folder) || mkdir(file("sub"), 0700) || mkdir(file("cmd"), 0700) || mkdir(file("sub/twice"), 0700))
		return -1;
	write_file("sub/plain", 0600, "#!/bin/sh\n");
	write_file("sub/script", 0700, "exit 5\n");
	write_file("cmd/twice", 0700, "#!/bin/sh\nexit 6\n");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	(void)unlink(file("sub/plain"));
	(void)unlink(file("sub/script"));
	(void)unlink(file("cmd/twice"));
	(void)unlink(file("seen"));
	return rmdir(file("sub/twice")) || rmdir(file("sub")) || rmdir(file("cmd")) || rmdir(folder);
}

/* ---- which file ---- */

static void assert_found(const char *name, const char *where)
{
	char path[PATH_MAX];
	int status = -1;

	assert_int_equal(cli_command_find(name, path, &status), ERR_OK);
	assert_string_equal(path, where);
	assert_int_equal(status, -1);
}

static void assert_not_found(const char *name, enum err e, int want)
{
	char path[PATH_MAX];
	int status = -1;

	assert_int_equal(cli_command_find(name, path, &status), e);
	assert_int_equal(status, want);
}

static void finds(void **state)
{
	char path[2 * PATH_MAX], *old = strdup(getenv("PATH"));

	(void)state;
	assert_non_null(old);
	assert_found(file("cmd/twice"), file("cmd/twice"));
	assert_not_found(file("nothing"), ERR_NOT_FOUND, 127);
	assert_not_found(file("sub/plain/below"), ERR_NOT_FOUND, 127);
	assert_not_found(file("sub"), ERR_REFUSED, 126);
	assert_not_found("", ERR_NOT_FOUND, 127);
	(void)snprintf(path, sizeof(path), "%s:%s", file("sub"), file("cmd"));
	assert_int_equal(setenv("PATH", path, 1), 0);
	/* A folder of that name comes first, and is passed over. */
	assert_found("twice", file("cmd/twice"));
	assert_found("script", file("sub/script"));
	assert_not_found("nothing", ERR_NOT_FOUND, 127);
	assert_int_equal(setenv("PATH", file("sub"), 1), 0);
	assert_not_found("twice", ERR_REFUSED, 126);
	assert_not_found("plain", ERR_REFUSED, 126);
	assert_int_equal(setenv("PATH", old, 1), 0);
	free(old);
}

/* ---- its life ---- */

static int run_here(const char *path, const char *a, const char *b)
{
	char word[3][PATH_MAX] = { "command" };
	char *argv[] = { word[0], a ? word[1] : NULL, b ? word[2] : NULL, NULL };
	struct cli_env set[] = { { "RUN_SET", "yes" }, { "RUN_UNSET", NULL }, { "RUN_OTHER", "2" } };
	char **env = cli_env_new(set, 3);
	int status = -1;

	if (!env)
		return 99;
	(void)snprintf(word[1], sizeof(word[1]), "%s", a ? a : "");
	(void)snprintf(word[2], sizeof(word[2]), "%s", b ? b : "");
	cli_command_run(path, argv, env, &status);
	cli_env_free(env);
	return status;
}

/* In a process of its own: signals are as run leaves them only in a program that ends then. */
static int run(const char *path, const char *a, const char *b)
{
	pid_t pid = fork();
	int state;

	assert_true(pid >= 0);
	if (!pid)
		_exit(run_here(path, a, b));
	assert_int_equal(waitpid(pid, &state, 0), pid);
	assert_true(WIFEXITED(state));
	return WEXITSTATUS(state);
}

static int sh(const char *text)
{
	return run("/bin/sh", "-c", text);
}

static void exit_status(void **state)
{
	(void)state;
	assert_int_equal(sh("exit 0"), 0);
	assert_int_equal(sh("exit 42"), 42);
	assert_int_equal(sh("kill -KILL $$"), 128 + SIGKILL);
	assert_int_equal(run(file("sub/script"), NULL, NULL), 5);       /* without "#!" */
	assert_int_equal(run(file("nothing"), NULL, NULL), 127);
	assert_int_equal(run(file("sub"), NULL, NULL), 126);
}

/* A script without "#!" gets the arguments, too. */
static void arguments(void **state)
{
	(void)state;
	write_file("sub/script", 0700, "exit $(($1 + $2))\n");
	assert_int_equal(run(file("sub/script"), "3", "4"), 7);
}

static void environment(void **state)
{
	(void)state;
	assert_int_equal(setenv("RUN_SET", "no", 1), 0);
	assert_int_equal(setenv("RUN_UNSET", "there", 1), 0);
	assert_int_equal(setenv("RUN_SETTLED", "kept", 1), 0);
	assert_int_equal(sh("[ \"$RUN_SET$RUN_OTHER$RUN_SETTLED\" = yes2kept ] && [ -z \"${RUN_UNSET+x}\" ]"), 0);
}

static void signals(void **state)
{
	(void)state;
	/* To us alone, as `kill` does it: it reaches the command. */
	assert_int_equal(sh("trap 'exit 7' TERM; kill -TERM $PPID; while :; do :; done"), 7);
	assert_int_equal(sh("trap 'exit 8' HUP; kill -HUP $PPID; while :; do :; done"), 8);
	/* As a terminal sends it to both: the command decides, and we live to see it. */
	assert_int_equal(sh("trap 'exit 9' INT; kill -INT $PPID; kill -INT $$; while :; do :; done"), 9);
	assert_int_equal(sh("kill -QUIT $PPID; exit 10"), 10);
	/* It does not inherit that we ignore them. */
	assert_int_equal(sh("kill -INT $$; exit 1"), 128 + SIGINT);
}

/* ---- limits ---- */

static const char *limits_of(const struct cli_args *a)
{
	static char text[LIMITS_TEXT_MAX + 1];
	struct pka_limits l;
	struct wr w;
	bool any;

	assert_int_equal(cli_run_limits(a, &l, &any), ERR_OK);
	assert_int_equal(any, a->sign || a->duration || a->limits || a->keys.n);
	wr_init(&w, text, sizeof(text) - 1);
	assert_int_equal(pka_limits_write(&l, &w), ERR_OK);
	text[w.n] = 0;
	return text;
}

static void limits(void **state)
{
	static const struct cli_args bad[] = {
		{ .duration = "" }, { .duration = "soon" }, { .duration = "30m key=a" },
		{ .duration = "99999999999999999" }, { .duration = "30x" }, { .limits = "sing=4" },
		{ .sign = 1, .limits = "sign=2" },
		{ .duration = "1", .limits = "for=2" }, { .keys = { .n = 1, .v = { "a" } }, .limits = "key=b" },
		{ .limits = "manifest=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" },
	};
	struct pka_limits l;
	bool any;

	(void)state;
	assert_string_equal(limits_of(&(struct cli_args){ .sign = 0 }), "");
	assert_string_equal(limits_of(&(struct cli_args){ .sign = 20, .duration = "30m" }), "sign=20 for=1800");
	assert_string_equal(limits_of(&(struct cli_args){ .sign = 3, .limits = "mech=ecdsa repeats=counted" }),
			    "sign=3 mech=ecdsa repeats=counted");
	assert_string_equal(limits_of(&(struct cli_args){ .duration = "90s", .limits = "decipher=1" }),
			    "for=90 decipher=1");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(cli_run_limits(&bad[i], &l, &any), ERR_ARG);
}

static void keys(void **state)
{
	static struct cli_key key[3] = {
		{ .id = "0a1b", .label = "dev" }, { .id = "02", .label = "0xff" }, { .id = "03", .label = "" },
	};
	char text[LIMITS_TEXT_MAX + 1] = "";
	struct pka_limits l;
	struct wr w;

	(void)state;
	key[0].description.label = rd_str("dev");
	key[1].description.label = rd_str("0xff");
	key[2].description.label = RD_NONE;
	pka_limits_init(&l);
	assert_int_equal(cli_run_limits_key(&l, &key[0], "dev"), ERR_OK);
	assert_int_equal(cli_run_limits_key(&l, &key[0], "0A1B"), ERR_OK);
	/* A label that would be read as an id. */
	assert_int_equal(cli_run_limits_key(&l, &key[1], "0xff"), ERR_OK);
	assert_int_equal(cli_run_limits_key(&l, &key[2], "03"), ERR_OK);
	assert_int_equal(cli_run_limits_key(&l, &key[2], "03"), ERR_OK);
	wr_init(&w, text, sizeof(text) - 1);
	assert_int_equal(pka_limits_write(&l, &w), ERR_OK);
	assert_string_equal(text, "key=dev,0x0a1b,0x02,0x03");
	while (l.keys_n < LIMITS_KEYS_MAX) {
		(void)snprintf(key[0].id, sizeof(key[0].id), "77%02zx", l.keys_n);
		assert_int_equal(cli_run_limits_key(&l, &key[0], "x"), ERR_OK);
	}
	assert_int_equal(cli_run_limits_key(&l, &key[0], "x"), ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds),  cmocka_unit_test(exit_status), cmocka_unit_test(arguments),
		cmocka_unit_test(environment), cmocka_unit_test(signals), cmocka_unit_test(limits),
		cmocka_unit_test(keys),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
