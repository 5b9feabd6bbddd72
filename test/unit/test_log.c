/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit/test.h"

#include <ctype.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

static char dir[] = "/tmp/quorum11-test-XXXXXX";
static char log_path[64], err_path[64];
static int real_stderr = -1;

/* stderr goes to a file until release_stderr. */
static void catch_stderr(void)
{
	int fd = open(err_path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	real_stderr = dup(STDERR_FILENO);
	assert_true(real_stderr >= 0);
	assert_int_equal(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	(void)close(fd);
}

static void release_stderr(void)
{
	assert_int_equal(dup2(real_stderr, STDERR_FILENO), STDERR_FILENO);
	(void)close(real_stderr);
}

static const char *content(const char *path, struct wr *w)
{
	wr_init_heap(w, 1 << 22);
	assert_int_equal(file_read(path, 1 << 22, w), ERR_OK);
	return wr_cstr(w);
}

static void settings(void **state)
{
	struct wr w;

	(void)state;
	assert_int_equal(log_configure("apdu+trace,p11+info"), ERR_OK);
	assert_true(log_wants(LOG_APDU, LOG_TRACE));
	assert_true(log_wants(LOG_P11, LOG_INFO));
	assert_false(log_wants(LOG_P11, LOG_TRACE));
	assert_false(log_wants(LOG_RAM, LOG_ERROR));
	assert_int_equal(log_configure("info,ram+none"), ERR_OK);
	assert_true(log_wants(LOG_SRV, LOG_INFO));
	assert_false(log_wants(LOG_RAM, LOG_ERROR));
	assert_false(log_wants(LOG_SRV, LOG_NONE));

	catch_stderr();
	assert_int_equal(log_configure("apdu+trace,fish+info"), ERR_CONFIG);
	assert_int_equal(log_configure("apdu+loud\n"), ERR_CONFIG);
	assert_int_equal(log_configure("+info"), ERR_CONFIG);
	release_stderr();
	/* A refused setting changes nothing. */
	assert_true(log_wants(LOG_SRV, LOG_INFO));
	assert_non_null(strstr(content(err_path, &w), "\"fish+info\""));
	assert_non_null(strstr(wr_cstr(&w), "\"apdu+loud\\x0a\""));
	wr_free(&w);
	assert_int_equal(log_configure(NULL), ERR_OK);
	assert_false(log_wants(LOG_SRV, LOG_ERROR));
	assert_int_equal(log_configure(""), ERR_OK);
}

static void lines_are_single_and_stamped(void **state)
{
	char shape[] = "dddd-dd-ddTdd:dd:ddZ ";
	const char *text;
	struct stat st;
	struct wr w;

	(void)state;
	assert_int_equal(log_configure("p11+info"), ERR_OK);
	assert_int_equal(log_open(log_path), ERR_OK);
	catch_stderr();
	log_line(LOG_P11, LOG_TRACE, "not wanted");
	log_line(LOG_APDU, LOG_ERROR, "not wanted");
	log_line(LOG_P11, LOG_INFO, "one\nforged line %d", 7);
	log_tell("told %s", "once");
	release_stderr();
	assert_int_equal(log_open(NULL), ERR_OK);

	text = content(log_path, &w);
	for (size_t i = 0; shape[i]; i++)
		assert_true(shape[i] == 'd' ? isdigit((unsigned char)text[i]) : text[i] == shape[i]);
	assert_non_null(strstr(text, " p11 info: one forged line 7\n"));
	assert_non_null(strstr(text, " quorum11: told once\n"));
	assert_null(strstr(text, "not wanted"));
	wr_free(&w);
	assert_string_equal(content(err_path, &w), "quorum11: told once\n");
	wr_free(&w);
	assert_int_equal(stat(log_path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(log_open("/nonexistent/folder/log"), ERR_IO);
}

static void a_long_line_is_cut(void **state)
{
	static char text[8192];
	struct wr w;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	assert_int_equal(log_configure("info"), ERR_OK);
	catch_stderr();
	log_line(LOG_SRV, LOG_INFO, "%s", text);
	log_tell("%s", text);
	release_stderr();
	(void)content(err_path, &w);
	assert_int_equal(w.n, 2048 + 2048 - sizeof("2026-01-01T00:00:00Z ") -
			 (size_t)snprintf(NULL, 0, "%d", (int)getpid()));
	assert_int_equal(w.p[2047], '\n');
	assert_int_equal(w.p[w.n - 1], '\n');
	wr_free(&w);
}

/* The host closed our descriptor, and its own file got the number. */
static void a_file_of_the_host_is_never_written(void **state)
{
	char host_path[64];
	struct wr w;
	int fd, from;

	(void)state;
	(void)snprintf(host_path, sizeof(host_path), "%s/host", dir);
	assert_int_equal(log_configure("info"), ERR_OK);
	assert_int_equal(log_open(log_path), ERR_OK);
	from = dup(STDERR_FILENO);
	for (fd = 3; fd < from + 8; fd++) {
		struct stat ours, st;

		if (stat(log_path, &ours) == 0 && fstat(fd, &st) == 0 && st.st_ino == ours.st_ino &&
		    st.st_dev == ours.st_dev)
			break;
	}
	assert_true(fd < from + 8);
	(void)close(from);
	assert_int_equal(close(fd), 0);
	assert_int_equal(open(host_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), fd);
	log_line(LOG_SRV, LOG_INFO, "astray");
	assert_string_equal(content(host_path, &w), "");
	wr_free(&w);
	(void)unlink(host_path);
	assert_int_equal(log_open(log_path), ERR_OK);
	log_line(LOG_SRV, LOG_INFO, "home again");
	assert_non_null(strstr(content(log_path, &w), "home again"));
	wr_free(&w);
	assert_int_equal(log_open(NULL), ERR_OK);
}

#define THREADS 4
#define LINES 500

static void *write_lines(void *arg)
{
	for (int i = 0; i < LINES; i++) {
		if (i % 100 == 0)
			assert_int_equal(log_open(log_path), ERR_OK);
		log_line(LOG_SRV, LOG_INFO, "thread %s line %d end", (const char *)arg, i);
	}
	return NULL;
}

static void threads_do_not_mix_lines(void **state)
{
	static char names[THREADS][2] = { "a", "b", "c", "d" };
	pthread_t t[THREADS];
	size_t lines = 0;
	char *line, *save;
	struct wr w;

	(void)state;
	(void)unlink(log_path);
	assert_int_equal(log_open(log_path), ERR_OK);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, write_lines, names[i]), 0);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(t[i], NULL), 0);
	assert_int_equal(log_open(NULL), ERR_OK);
	(void)content(log_path, &w);
	for (line = strtok_r((char *)w.p, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		static const char before[] = " srv info: thread ", between[] = " line ";
		char *at = strstr(line, before), *end;

		assert_non_null(at);
		at += sizeof(before) - 1;
		assert_in_range(*at, 'a', 'd');
		assert_memory_equal(at + 1, between, sizeof(between) - 1);
		assert_in_range(strtoul(at + sizeof(between), &end, 10), 0, LINES - 1);
		assert_string_equal(end, " end");
		lines++;
	}
	assert_int_equal(lines, THREADS * LINES);
	wr_free(&w);
}

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	(void)snprintf(log_path, sizeof(log_path), "%s/log", dir);
	(void)snprintf(err_path, sizeof(err_path), "%s/err", dir);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	(void)unlink(log_path);
	(void)unlink(err_path);
	return rmdir(dir);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings),
		cmocka_unit_test(lines_are_single_and_stamped),
		cmocka_unit_test(a_long_line_is_cut),
		cmocka_unit_test(a_file_of_the_host_is_never_written),
		cmocka_unit_test(threads_do_not_mix_lines),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
