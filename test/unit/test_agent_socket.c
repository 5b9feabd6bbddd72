/* SPDX-License-Identifier: Apache-2.0 */
/* agent/socket.c: whose the socket is, and what becomes of what is there already. */
#include "test/unit/vcard.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/socket.h"

static char path[96];

static int name_path(void **state)
{
	(void)state;
	(void)snprintf(path, sizeof(path), "%s/agent", test_folder);
	(void)unlink(path);
	return 0;
}

static unsigned mode_of(const char *at)
{
	struct stat st;

	assert_int_equal(lstat(at, &st), 0);
	return st.st_mode & 07777;
}

static void test_modes(void **state)
{
	static const struct {
		const char *group, *mode;
		unsigned bits;
		enum err e;
	} rows[] = {
		{ NULL, NULL, 0600, ERR_OK },
		{ "root", NULL, 0660, ERR_OK },
		{ NULL, "0666", 0666, ERR_OK },
		{ "root", "0640", 0640, ERR_OK },
		{ "no-such-group", NULL, 0, ERR_NOT_FOUND },
		{ NULL, "666666", 0, ERR_CONFIG },
		{ NULL, "0x1ff", 0, ERR_CONFIG },
		{ NULL, "rw", 0, ERR_CONFIG },
		{ NULL, "-1", 0, ERR_CONFIG },
	};
	struct agent_socket s;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		/* Only root may give a socket to any group. */
		if (rows[i].group && rows[i].e == ERR_OK && geteuid())
			continue;
		assert_int_equal(agent_socket_open(path, rows[i].group, rows[i].mode, &s), rows[i].e);
		if (rows[i].e == ERR_OK)
			assert_int_equal(mode_of(path), rows[i].bits);
		agent_socket_close(&s);
		assert_int_equal(access(path, F_OK), -1);
	}
}

static void test_one_agent(void **state)
{
	struct agent_socket first, second;

	(void)state;
	assert_int_equal(agent_socket_open(path, NULL, NULL, &first), ERR_OK);
	assert_int_equal(agent_socket_open(path, NULL, NULL, &second), ERR_SHARING);
	/* The one that came too late has taken nothing away. */
	assert_int_equal(access(path, F_OK), 0);
	agent_socket_close(&first);
	assert_int_equal(agent_socket_open(path, NULL, NULL, &second), ERR_OK);
	agent_socket_close(&second);
}

/* A socket without an agent is replaced; anything else is somebody's. */
static void test_what_is_there(void **state)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct agent_socket s;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	(void)state;
	memcpy(at.sun_path, path, strlen(path));
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	(void)close(fd);
	assert_int_equal(agent_socket_open(path, NULL, NULL, &s), ERR_OK);
	agent_socket_close(&s);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(agent_socket_open(path, NULL, NULL, &s), ERR_IO);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(unlink(path), 0);
}

static void test_bad_paths(void **state)
{
	struct agent_socket s;
	char longer[200];

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = 0;
	assert_int_equal(agent_socket_open(longer, NULL, NULL, &s), ERR_CONFIG);
	assert_int_equal(agent_socket_open(NULL, NULL, NULL, &s), ERR_CONFIG);
	assert_int_equal(agent_socket_open("/nonexistent/agent", NULL, NULL, &s), ERR_IO);
}

/* A listening socket of this type as descriptor 3, for process pid, as systemd hands it over (sd_listen_fds(3)). */
static void hand_over(int type, long pid)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	char number[24];

	assert_true(fd >= 0);
	memcpy(at.sun_path, path, strlen(path));
	(void)unlink(path);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(dup2(fd, 3), 3);
	if (fd != 3)
		(void)close(fd);
	(void)snprintf(number, sizeof(number), "%ld", pid);
	assert_int_equal(setenv("LISTEN_PID", number, 1), 0);
	assert_int_equal(setenv("LISTEN_FDS", "1", 1), 0);
}

static void test_systemd(void **state)
{
	int kept = fcntl(3, F_DUPFD_CLOEXEC, 10);
	struct agent_socket s;

	(void)state;
	hand_over(SOCK_SEQPACKET, (long)getpid());
	assert_int_equal(agent_socket_open(NULL, NULL, NULL, &s), ERR_OK);
	assert_int_equal(s.fd, 3);
	assert_true(fcntl(3, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(3, F_GETFD) & FD_CLOEXEC);
	agent_socket_close(&s);
	/* It is systemd's, and the next agent's. */
	assert_int_equal(access(path, F_OK), 0);

	hand_over(SOCK_STREAM, (long)getpid());
	assert_int_equal(agent_socket_open(NULL, NULL, NULL, &s), ERR_CONFIG);
	/* Somebody else's: an agent that was started by a service, not by its socket. */
	hand_over(SOCK_SEQPACKET, (long)getppid());
	assert_int_equal(agent_socket_open(NULL, NULL, NULL, &s), ERR_CONFIG);
	(void)close(3);
	if (kept >= 0) {
		assert_int_equal(dup2(kept, 3), 3);
		(void)close(kept);
	}
	(void)unlink(path);
	(void)unsetenv("LISTEN_PID");
	(void)unsetenv("LISTEN_FDS");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_modes, name_path),
		cmocka_unit_test_setup(test_one_agent, name_path),
		cmocka_unit_test_setup(test_what_is_there, name_path),
		cmocka_unit_test_setup(test_bad_paths, name_path),
		cmocka_unit_test_setup(test_systemd, name_path),
	};

	return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
