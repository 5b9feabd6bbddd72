/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit/test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

static char dir[] = "/tmp/quorum11-test-XXXXXX";
static char path[64];

static void assert_content(struct rd want)
{
	struct wr w;

	wr_init_heap(&w, 1 << 20);
	assert_int_equal(file_read(path, 1 << 20, &w), ERR_OK);
	assert_bytes_equal(wr_view(&w), want);
	wr_free(&w);
}

static void write_and_read(void **state)
{
	static uint8_t big[100000];
	struct stat st;
	struct wr w;

	(void)state;
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (uint8_t)(i * 31);
	wr_init_heap(&w, sizeof(big));
	assert_int_equal(file_read(path, 10, &w), ERR_NOT_FOUND);
	assert_int_equal(file_write(path, 0640, RD_LIT("first")), ERR_OK);
	assert_content(RD_LIT("first"));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(file_write(path, 0600, RD_ARR(big)), ERR_OK);
	assert_content(RD_ARR(big));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(file_read(path, sizeof(big) - 1, &w), ERR_LIMIT);
	wr_free(&w);
	wr_init_heap(&w, sizeof(big) - 1);
	assert_int_equal(file_read(path, sizeof(big), &w), ERR_BUFFER);
	wr_free(&w);
	wr_init_heap(&w, 10);
	assert_int_equal(file_read(dir, 10, &w), ERR_IO);
	assert_int_equal(errno, EISDIR);
	assert_int_equal(file_write(path, 0600, RD_NONE), ERR_OK);
	assert_content(RD_NONE);
	wr_free(&w);
}

static void create_replaces_nothing(void **state)
{
	(void)state;
	(void)unlink(path);
	assert_int_equal(file_create(path, 0600, RD_LIT("one")), ERR_OK);
	assert_int_equal(file_create(path, 0600, RD_LIT("two")), ERR_CONDITIONS);
	assert_int_equal(file_check_folder(path), ERR_OK);
	assert_int_equal(file_check_folder("name-without-folder"), ERR_OK);
	assert_int_equal(file_check_folder("/nowhere/file"), ERR_IO);
	assert_int_equal(errno, ENOENT);
	assert_content(RD_LIT("one"));
}

/* In place of the C library's: a memory stick's file system knows no links (vfs_link). */
static bool has_no_links;

int link(const char *from, const char *to)
{
	errno = EPERM;
	return has_no_links ? -1 : linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

static void create_without_links(void **state)
{
	(void)state;
	(void)unlink(path);
	has_no_links = true;
	assert_int_equal(file_create(path, 0600, RD_LIT("one")), ERR_OK);
	assert_int_equal(file_create(path, 0600, RD_LIT("two")), ERR_CONDITIONS);
	has_no_links = false;
	assert_content(RD_LIT("one"));
}

static void paths_that_cannot_be(void **state)
{
	char beside[96];

	(void)state;
	(void)snprintf(beside, sizeof(beside), "%s/none/file", dir);
	assert_int_equal(file_write(beside, 0600, RD_LIT("x")), ERR_IO);
	assert_int_equal(errno, ENOENT);
	(void)snprintf(beside, sizeof(beside), "%s/", dir);
	assert_int_equal(file_write(beside, 0600, RD_LIT("x")), ERR_ARG);
	assert_int_equal(chdir(dir), 0);
	assert_int_equal(file_write("file", 0600, RD_LIT("here")), ERR_OK);
	assert_content(RD_LIT("here"));
	assert_int_equal(chdir("/"), 0);
}

static size_t count_files(void)
{
	DIR *d = opendir(dir);
	size_t n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	(void)closedir(d);
	return n - 2;
}

static void nothing_is_left_beside_it(void **state)
{
	(void)state;
	assert_int_equal(count_files(), 1);
}

/* A writer killed at any moment leaves one of the contents that it wrote, whole. */
static void a_killed_writer(void **state)
{
	static uint8_t room[20000];

	(void)state;
	assert_int_equal(file_write(path, 0600, RD_LIT("")), ERR_OK);
	for (int round = 0; round < 20; round++) {
		int fds[2], status;
		struct wr w;
		pid_t pid;
		char c;

		assert_int_equal(pipe(fds), 0);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			for (int i = 0;; i++) {
				memset(room, i, sizeof(room));
				if (file_write(path, 0600, rd_of(room, (size_t)i % 256 * 70)) ||
				    write(fds[1], "x", 1) != 1)
					_exit(1);
			}
		}
		(void)close(fds[1]);
		for (int i = 0; i <= round; i++)
			assert_int_equal(read(fds[0], &c, 1), 1);
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		(void)close(fds[0]);
		wr_init_heap(&w, sizeof(room));
		assert_int_equal(file_read(path, sizeof(room), &w), ERR_OK);
		assert_int_equal(w.n % 70, 0);
		for (size_t i = 0; i < w.n; i++)
			assert_int_equal(w.p[i], w.n / 70);
		wr_free(&w);
	}
}

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/file", dir);
	return 0;
}

static int tear_down(void **state)
{
	struct dirent *entry;
	DIR *d = opendir(dir);

	(void)state;
	while (d && (entry = readdir(d)))
		if (entry->d_name[0] != '.' || strlen(entry->d_name) > 2)
			(void)unlinkat(dirfd(d), entry->d_name, 0);
	(void)closedir(d);
	return rmdir(dir);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(write_and_read),
		cmocka_unit_test(create_replaces_nothing),
		cmocka_unit_test(create_without_links),
		cmocka_unit_test(paths_that_cannot_be),
		cmocka_unit_test(nothing_is_left_beside_it),
		cmocka_unit_test(a_killed_writer),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
