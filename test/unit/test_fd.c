/* SPDX-License-Identifier: Apache-2.0 */
/* Hosts without descriptors 0 to 2, each a process of its own. */
#include "test/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

/* In the child: close what the mask names; what is opened while plugged is above, and the gaps are back afterwards. */
static int try_without(unsigned missing)
{
	unsigned plugged, gaps = 0;
	int fd;

	for (int i = 0; i <= 2; i++)
		if (missing & 1u << i)
			(void)close(i);
		else if (fcntl(i, F_GETFD) < 0)
			return 9;
	errno = EPROTO;
	plugged = fd_plug();
	if (plugged != missing)
		return 1;
	fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	fd_unplug(plugged);
	if (fd <= 2)
		return 2;
	if (errno != EPROTO)
		return 3;
	for (int i = 0; i <= 2; i++)
		if (fcntl(i, F_GETFD) < 0)
			gaps |= 1u << i;
	if (gaps != missing)
		return 4;
	return fcntl(fd, F_GETFD) < 0 ? 5 : 0;
}

static void test_gaps(void **state)
{
	(void)state;
	for (unsigned missing = 0; missing < 8; missing++) {
		int status = -1;
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0)
			_exit(try_without(missing));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
