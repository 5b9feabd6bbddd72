/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/secret.h"

#define MARKER "648219-marker"

static void a_secret_is_a_copy_with_an_end(void **state)
{
	struct secret *s = NULL;

	(void)state;
	assert_int_equal(secret_new(RD_LIT("648219"), &s), ERR_OK);
	assert_bytes_equal(secret_view(s), RD_LIT("648219"));
	assert_int_equal(secret_size(s), 6);
	secret_free(&s);
	assert_null(s);
	secret_free(&s);
	secret_free(NULL);
	assert_int_equal(secret_new(RD_NONE, &s), ERR_OK);
	assert_int_equal(secret_size(s), 0);
	secret_free(&s);
}

/* "dd" in VmFlags: left out of core files. */
static void it_is_left_out_of_core_files(void **state)
{
	struct secret *s = NULL;
	unsigned long from, to;
	bool inside = false, seen = false;
	char line[512];
	FILE *maps;

	(void)state;
	assert_int_equal(secret_new(RD_LIT(MARKER), &s), ERR_OK);
	maps = fopen("/proc/self/smaps", "r");
	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps)) {
		const unsigned long at = (unsigned long)(uintptr_t)secret_view(s).p;

		char *dash;

		from = strtoul(line, &dash, 16);
		to = *dash == '-' ? strtoul(dash + 1, NULL, 16) : 0;
		if (to)
			inside = at >= from && at < to;
		else if (inside && strncmp(line, "VmFlags:", 8) == 0)
			seen = strstr(line, " dd") != NULL;
	}
	(void)fclose(maps);
	assert_true(seen);
	secret_free(&s);
}

static enum err read_text(struct rd text, struct secret **s, char *rest, size_t cap)
{
	int fds[2];
	enum err e;
	ssize_t n;

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], text.p, text.n), (ssize_t)text.n);
	assert_int_equal(close(fds[1]), 0);
	e = secret_read_fd(fds[0], s);
	n = read(fds[0], rest, cap - 1);
	rest[n > 0 ? n : 0] = 0;
	(void)close(fds[0]);
	return e;
}

static void one_line_from_a_pipe(void **state)
{
	static const struct { struct rd in, out; const char *rest; } rows[] = {
		{ RD_LIT("123456\n"), RD_LIT("123456"), "" },
		{ RD_LIT("123456"), RD_LIT("123456"), "" },
		{ RD_LIT("123456\r\nnext\n"), RD_LIT("123456"), "next\n" },
		{ RD_LIT("\nnext\n"), RD_LIT(""), "next\n" },
		{ RD_LIT("a b\n"), RD_LIT("a b"), "" },
	};
	struct secret *s = NULL;
	uint8_t line[300];
	char rest[400];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(read_text(rows[i].in, &s, rest, sizeof(rest)), ERR_OK);
		assert_bytes_equal(secret_view(s), rows[i].out);
		assert_string_equal(rest, rows[i].rest);
		secret_free(&s);
	}
	assert_int_equal(read_text(RD_NONE, &s, rest, sizeof(rest)), ERR_FORMAT);
	assert_null(s);
	memset(line, 'x', sizeof(line));
	line[256] = '\n';
	assert_int_equal(read_text(rd_of(line, 257), &s, rest, sizeof(rest)), ERR_OK);
	assert_int_equal(secret_size(s), 256);
	secret_free(&s);
	line[256] = 'x';
	line[257] = '\n';
	assert_int_equal(read_text(rd_of(line, 258), &s, rest, sizeof(rest)), ERR_LIMIT);
	assert_int_equal(read_text(rd_of(line, 256), &s, rest, sizeof(rest)), ERR_OK);
	secret_free(&s);
	assert_int_equal(secret_read_fd(-1, &s), ERR_IO);
	assert_int_equal(errno, EBADF);
}

static void a_file_must_be_ours_alone(void **state)
{
	char dir[] = "/tmp/quorum11-test-XXXXXX", path[64], fifo[64];
	struct secret *s = NULL;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/pin", dir);
	(void)snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "648219\n", 7), 7);
	(void)close(fd);
	assert_int_equal(secret_read_file(path, &s), ERR_OK);
	assert_bytes_equal(secret_view(s), RD_LIT("648219"));
	secret_free(&s);
	for (unsigned bit = 01; bit <= 040; bit <<= 1) {
		assert_int_equal(chmod(path, 0600 | bit), 0);
		assert_int_equal(secret_read_file(path, &s), ERR_REFUSED);
	}
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(secret_read_file(fifo, &s), ERR_REFUSED);
	assert_int_equal(secret_read_file(dir, &s), ERR_REFUSED);
	(void)unlink(path);
	(void)unlink(fifo);
	assert_int_equal(secret_read_file(path, &s), ERR_IO);
	assert_int_equal(errno, ENOENT);
	(void)rmdir(dir);
	assert_null(s);
}

/* What the terminal shows until want appears in it; or the end of it. */
static void read_screen(int master, const char *want, char *screen, size_t cap)
{
	struct deadline dl = deadline_in(PATIENCE_MS);
	size_t n = strlen(screen);

	while (!strstr(screen, want) && n < cap - 1) {
		ssize_t got;

		assert_int_equal(deadline_wait(&dl, master), ERR_OK);
		got = read(master, screen + n, cap - 1 - n);
		if (got <= 0)
			return;
		n += (size_t)got;
		screen[n] = 0;
	}
}

static pid_t start_child(int *master)
{
	struct secret *s = NULL;
	struct termios t;
	enum err e;
	pid_t pid;

	pid = forkpty(master, NULL, NULL, NULL);
	assert_true(pid >= 0);
	if (pid)
		return pid;
	e = secret_read_tty("PIN: ", &s);
	if (tcgetattr(STDIN_FILENO, &t) != 0 || !(t.c_lflag & ECHO))
		_exit(2);
	_exit(e == ERR_OK && rd_eq(secret_view(s), RD_LIT(MARKER)) ? 0 : 1);
}

static void the_terminal_does_not_show_it(void **state)
{
	char screen[512] = "";
	int master, status;
	pid_t pid = start_child(&master);

	(void)state;
	read_screen(master, "PIN: ", screen, sizeof(screen));
	assert_int_equal(write(master, MARKER "\n", sizeof(MARKER)), sizeof(MARKER));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	read_screen(master, "\n", screen, sizeof(screen));
	assert_null(strstr(screen, "648219"));
	(void)close(master);
}

static void an_interrupt_restores_the_terminal_and_is_delivered(void **state)
{
	char screen[512] = "";
	int master, status;
	struct termios t;
	pid_t pid = start_child(&master);

	(void)state;
	read_screen(master, "PIN: ", screen, sizeof(screen));
	assert_int_equal(tcgetattr(master, &t), 0);
	assert_false(t.c_lflag & ECHO);
	assert_int_equal(write(master, "648\003", 4), 4);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGINT);
	assert_int_equal(tcgetattr(master, &t), 0);
	assert_true(t.c_lflag & ECHO);
	(void)close(master);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_secret_is_a_copy_with_an_end),
		cmocka_unit_test(it_is_left_out_of_core_files),
		cmocka_unit_test(one_line_from_a_pipe),
		cmocka_unit_test(a_file_must_be_ours_alone),
		cmocka_unit_test(the_terminal_does_not_show_it),
		cmocka_unit_test(an_interrupt_restores_the_terminal_and_is_delivered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
