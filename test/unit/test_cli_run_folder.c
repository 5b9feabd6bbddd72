/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of a run's socket: whose owner is gone is removed by the next, and nothing else is. */
#include "test/unit/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/run/folder.h"

static char parent[] = "/tmp/test_run_folder.XXXXXX";

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(parent) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return rmdir(parent);
}

static void put_socket(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0 && strlen(path) < sizeof(at.sun_path));
	memcpy(at.sun_path, path, strlen(path));
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	(void)close(fd);
}

/* The agent's lock; its descriptor. */
static int put_lock(const struct cli_run_folder *f, bool held)
{
	char path[PATH_MAX + 8];
	int fd;

	(void)snprintf(path, sizeof(path), "%s.lock", f->socket);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	if (held)
		assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	return fd;
}

static void make(struct cli_run_folder *f)
{
	assert_true(cli_run_folder_make(parent, f));
	put_socket(f->socket);
}

/* As after SIGKILL: its descriptors are closed. */
static void die(struct cli_run_folder *f)
{
	(void)close(f->fd);
	f->fd = -1;
}

static bool is_there(const struct cli_run_folder *f)
{
	return access(f->path, F_OK) == 0;
}

static void test_removed_by_its_owner(void **state)
{
	struct cli_run_folder f;
	struct stat st;

	(void)state;
	make(&f);
	assert_int_equal(stat(f.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	(void)close(put_lock(&f, false));
	assert_true(cli_run_folder_remove(&f));
	assert_false(is_there(&f));
	assert_true(cli_run_folder_remove(&f));
	assert_false(cli_run_folder_make(NULL, &f));
	assert_false(cli_run_folder_make("relative", &f));
	assert_false(cli_run_folder_make("/nowhere", &f));
	assert_true(cli_run_folder_remove(&f));
}

static void test_dead_and_living(void **state)
{
	struct cli_run_folder dead, living, closing;
	int lock;

	(void)state;
	make(&dead);
	make(&living);
	make(&closing);
	(void)close(put_lock(&dead, false));
	lock = put_lock(&closing, true);
	die(&dead);
	die(&closing);
	cli_run_folder_clean(parent);
	assert_false(is_there(&dead));
	assert_true(is_there(&living));
	assert_true(access(living.socket, F_OK) == 0);
	/* Its run is dead, its agent is not yet. */
	assert_true(is_there(&closing));
	(void)close(lock);
	cli_run_folder_clean(parent);
	assert_false(is_there(&closing));
	assert_true(is_there(&living));
	assert_true(cli_run_folder_remove(&living));
}

/* Other names, other things in it, a link: they stay. */
static void test_not_ours(void **state)
{
	char name[PATH_MAX], inside[PATH_MAX], link[PATH_MAX];
	struct cli_run_folder f;

	(void)state;
	(void)snprintf(name, sizeof(name), "%s/quorum11-e2e.ABCDEF", parent);
	assert_int_equal(mkdir(name, 0700), 0);
	make(&f);
	(void)snprintf(inside, sizeof(inside), "%.200s/agent.key", f.path);
	(void)close(open(inside, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	(void)snprintf(link, sizeof(link), "%s/quorum11-ABCDEF", parent);
	assert_int_equal(symlink(name, link), 0);
	die(&f);
	cli_run_folder_clean(parent);
	cli_run_folder_clean("/nowhere");
	cli_run_folder_clean(NULL);
	assert_int_equal(access(inside, F_OK), 0);
	assert_int_equal(access(name, F_OK), 0);
	assert_int_equal(access(link, F_OK), 0);
	assert_int_equal(unlink(inside), 0);
	assert_int_equal(unlink(link), 0);
	assert_int_equal(rmdir(name), 0);
	cli_run_folder_clean(parent);
	assert_false(is_there(&f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_removed_by_its_owner),
		cmocka_unit_test(test_dead_and_living),
		cmocka_unit_test(test_not_ours),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
