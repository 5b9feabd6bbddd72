/* SPDX-License-Identifier: Apache-2.0 */
/* apdu/agent_link.c: the connection, and the card; its logins are in test_agent_login.c. */
/* fake: clock */
#include "test/unit/agent_play.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

static enum err transmit(struct apdu_link *l, struct wr *rsp, struct deadline *dl)
{
	return apdu_link_transmit(l, RD_LIT("\x00\x20\x00\x81"), 0, rsp, dl);
}

/* ---- the connection ---- */

static void list(void **state)
{
	struct apdu_readers r;

	(void)state;
	PLAY(HELLO, { AGENT_LIST, ANSWER, "80  A0 14 83 08 52656164657220 30 8B 01 01 8A 04 00000007 84 01 3B"
				   "  A0 0F 83 04 52202031 8B 01 00 8A 04 00000000 84 00" });
	/* Cards that are longer than they say. */
	assert_int_equal(agent_list(&play_at, &r, play_why, sizeof(play_why)), ERR_PROTOCOL);
	play_stop();
	PLAY(HELLO, { AGENT_LIST, ANSWER, "80  A0 16 83 08 52656164657220 30 8B 01 01 8A 04 00000007 84 01 3B"
				   "  A0 11 83 04 52202031 8B 01 00 8A 04 00000000 84 00" });
	assert_int_equal(agent_list(&play_at, &r, play_why, sizeof(play_why)), ERR_OK);
	assert_string_equal(play_why, "");
	play_stop();
	assert_true(play.hung_up);
	assert_int_equal(r.n, 2);
	assert_string_equal(r.v[0].name, "Reader 0");
	assert_true(r.v[0].has_card);
	assert_int_equal(r.v[0].events, 7);
	assert_string_equal(r.v[1].name, "R  1");
	assert_false(r.v[1].has_card);
}

static void list_of_an_agent_that_ends(void **state)
{
	struct apdu_readers r;

	(void)state;
	PLAY(HELLO, { AGENT_LIST, END, NULL });
	assert_int_equal(agent_list(&play_at, &r, play_why, sizeof(play_why)), ERR_NO_SERVICE);
	assert_non_null(strstr(play_why, "has ended"));
	play_stop();
}

static void list_of_another_kind(void **state)
{
	static const char *const answers[] = {
		"80 89 01 78", "80 A0 00", "82 89 01 78", "03", "00", "80 FF",
		"80  A0 16 83 08 5265616465722030 8B 01 01 8A 04 00000007 84 01 3B 89 00",
	};
	struct apdu_readers r;

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct line lines[] = { HELLO, { AGENT_LIST, ANSWER, answers[i] } };

		play_start(lines, 2);
		assert_int_equal(agent_list(&play_at, &r, play_why, sizeof(play_why)), ERR_PROTOCOL);
		assert_int_equal(r.n, 0);
		assert_non_null(strstr(play_why, play_path));
		play_stop();
	}
}

static void nobody(void **state)
{
	struct agent_at at = play_at;
	struct apdu_readers r;
	struct apdu_link *l = NULL;
	char long_path[200];
	int fd;

	(void)state;
	(void)unlink(play_path);
	assert_int_equal(agent_list(&play_at, &r, play_why, sizeof(play_why)), ERR_NO_SERVICE);
	assert_non_null(strstr(play_why, "nobody listens"));
	assert_int_equal(agent_list(&play_at, &r, NULL, 0), ERR_NO_SERVICE);
	assert_int_equal(agent_open(&play_at, READER, &l, play_why, sizeof(play_why)), ERR_NO_SERVICE);
	assert_null(l);
	/* It was there once. */
	(void)close(play_listen(SOCK_SEQPACKET));
	assert_int_equal(agent_list(&play_at, &r, play_why, sizeof(play_why)), ERR_NO_SERVICE);
	fd = play_listen(SOCK_STREAM);
	assert_int_equal(agent_list(&play_at, &r, play_why, sizeof(play_why)), ERR_PROTOCOL);
	(void)close(fd);
	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = 0;
	at.socket = long_path;
	assert_int_equal(agent_list(&at, &r, play_why, sizeof(play_why)), ERR_CONFIG);
}

static void hello(void **state)
{
	char refusal[] = "81 88 01 00 89 03 6E6F21";
	const struct {
		const char *answer;
		enum err e;
		const char *why;
	} rows[] = {
		{ "80 80 01 02", ERR_PROTOCOL, "another version" },
		{ "80", ERR_PROTOCOL, "another version" },
		{ "80 80 01 01 80 01 01", ERR_PROTOCOL, "another version" },
		{ "82 89 01 78", ERR_PROTOCOL, "another version" },
		{ "81", ERR_PROTOCOL, "another version" },
		{ "85 01", ERR_PROTOCOL, "another version" },
		{ refusal, ERR_CONDITIONS, "no!" },
	};
	struct apdu_readers r;

	(void)state;
	(void)snprintf(refusal, sizeof(refusal), "81 88 01 %02X 89 03 6E6F21", ERR_CONDITIONS);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct line line = { AGENT_HELLO, ANSWER, rows[i].answer };

		play_start(&line, 1);
		assert_int_equal(agent_list(&play_at, &r, play_why, sizeof(play_why)), rows[i].e);
		assert_non_null(strstr(play_why, rows[i].why));
		assert_non_null(strstr(play_why, play_path));
		play_stop();
	}
}

static void hello_says_who_we_are(void **state)
{
	struct apdu_readers r;

	(void)state;
	PLAY({ AGENT_HELLO, END, NULL });
	/* As if it had not been there. */
	assert_int_equal(agent_list(&play_at, &r, play_why, sizeof(play_why)), ERR_NO_SERVICE);
	play_join();
	assert_bytes_equal(play_heard(AGENT_T_VERSION), RD_LIT("\x01"));
	assert_bytes_equal(play_heard(AGENT_T_PROGRAM), RD_LIT("a program"));
	assert_bytes_equal(play_heard(AGENT_T_REASON), RD_LIT("a reason"));
	play_close();
}

static void silence_at_hello(void **state)
{
	struct apdu_readers r;

	(void)state;
	PLAY({ AGENT_HELLO, SILENCE, NULL });
	assert_int_equal(agent_list(&play_at, &r, play_why, sizeof(play_why)), ERR_TIMEOUT);
	assert_non_null(strstr(play_why, "no answer"));
	play_stop();
	assert_true(play.hung_up);
}

static bool answer_list(int fd)
{
	return play_hear(fd, AGENT_HELLO) && play_say(fd, "80 80 01 01") && play_hear(fd, AGENT_LIST) &&
	       play_say(fd, OK);
}

/* Somebody else listens at a place that the environment names: root may, and we may. */
static void another_owner(void **state)
{
	struct agent_at anybody = play_at;
	struct apdu_readers r;
	int ready[2], status;
	char c;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)     /* only root can be two users */
		return;
	(void)unlink(play_path);
	assert_int_equal(pipe(ready), 0);
	assert_int_equal(chmod(play_folder, 0777), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int fd, ok = setuid(NOBODY) == 0;

		play = (struct play){ .lines = NULL };
		wr_init_heap(&play.heard, AGENT_MESSAGE_MAX);
		fd = ok ? play_listen(SOCK_SEQPACKET) : -1;
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		for (int i = 0; i < 2 && fd >= 0; i++) {
			int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

			/* The first one leaves without a word. */
			ok = i == 0 ? !play_hear(peer, AGENT_HELLO) : answer_list(peer);
			if (!ok)
				_exit(2);
			(void)close(peer);
		}
		_exit(fd >= 0 ? 0 : 3);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(agent_list(&play_at, &r, play_why, sizeof(play_why)), ERR_REFUSED);
	assert_non_null(strstr(play_why, "65534"));
	anybody.own_only = false;
	assert_int_equal(agent_list(&anybody, &r, play_why, sizeof(play_why)), ERR_OK);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	(void)close(ready[0]);
	(void)close(ready[1]);
}

/* A user whom the socket's mode keeps out. */
static void no_leave(void **state)
{
	int status, fd;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)     /* only root can be two users */
		return;
	fd = play_listen(SOCK_SEQPACKET);
	assert_int_equal(chmod(play_path, 0600), 0);
	assert_int_equal(chmod(play_folder, 0755), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct apdu_readers r;

		_exit(setuid(NOBODY) || agent_list(&play_at, &r, play_why, sizeof(play_why)) != ERR_REFUSED ||
		      !strstr(play_why, "may not use it"));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	(void)close(fd);
}

/* A host that closed its own descriptors gets none of ours in their place. */
static void descriptor_is_above_two(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	PLAY(HELLO, OPEN);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct apdu_link *l = NULL;

		(void)close(0);
		if (agent_open(&play_at, READER, &l, play_why, sizeof(play_why)) || fcntl(0, F_GETFD) != -1)
			_exit(1);
		apdu_link_close(&l, true);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	play_stop();
	assert_true(play.hung_up);
}

/* ---- the card ---- */

static void exchange(void **state)
{
	struct deadline dl = deadline_in(PATIENCE_MS);
	struct apdu_link *l;
	uint8_t room[64];
	struct wr rsp;

	(void)state;
	PLAY(HELLO, OPEN, { AGENT_SEND, ANSWER, "80 85 04 AA BB 90 00" }, { AGENT_PRESENT, ANSWER, OK },
	     { AGENT_LOGOUT, ANSWER, "80 89 00" });
	l = play_open();
	assert_true(agent_is_link(l));
	assert_string_equal(apdu_link_where(l), READER);
	assert_bytes_equal(apdu_link_atr(l), RD_LIT("\x3B\x80"));
	WR_ARR(&rsp, room);
	assert_int_equal(apdu_link_begin(l, &dl), ERR_OK);
	assert_int_equal(transmit(l, &rsp, &dl), ERR_OK);
	assert_bytes_equal(wr_view(&rsp), RD_LIT("\xAA\xBB\x90\x00"));
	assert_int_equal(apdu_link_present(l), ERR_OK);
	assert_int_equal(agent_logout(l), ERR_OK);
	apdu_link_end(l);
	assert_int_equal(apdu_link_reset(l), ERR_UNSUPPORTED);
	apdu_link_close(&l, true);
	play_stop();
	assert_true(play.hung_up);
}

static void refusals(void **state)
{
	char answer[] = "81 88 01 00 89 05 6F7665 1B 21";
	const struct line lines[] = {
		HELLO, OPEN, { AGENT_SEND, ANSWER, answer }, { AGENT_PRESENT, ANSWER, "81 88 01 00" },
		{ AGENT_SEND, ANSWER, "80 85 02 90 00" },
	};
	struct apdu_link *l;

	(void)state;
	(void)snprintf(answer, sizeof(answer), "81 88 01 %02X 89 05 6F7665 1B 21", ERR_ALLOWANCE);
	play_start(lines, 5);
	l = play_open();
	assert_string_equal(agent_why(l), "");
	assert_int_equal(play_transmit(l), ERR_ALLOWANCE);
	/* Safe to show. */
	assert_string_equal(agent_why(l), "ove\\x1b!");
	/* A failure that is none. */
	assert_int_equal(apdu_link_present(l), ERR_PROTOCOL);
	/* A refusal is not the end. */
	assert_int_equal(play_transmit(l), ERR_OK);
	assert_string_equal(agent_why(l), "");
	apdu_link_close(&l, false);
	play_stop();
}

static void open_refused(void **state)
{
	char answer[] = "81 88 01 00 89 02 6E6F";
	const struct line lines[] = { HELLO, { AGENT_OPEN, ANSWER, answer } };
	static const struct line odd[][2] = {
		{ HELLO, { AGENT_OPEN, ANSWER, OK } },
		{ HELLO, { AGENT_OPEN, ANSWER, "80 84 22 0000000000000000000000000000000000000000000000000000000000"
					       "0000000000" } },
		{ HELLO, { AGENT_OPEN, ANSWER, "82" } },
	};
	struct apdu_link *l = NULL;

	(void)state;
	(void)snprintf(answer, sizeof(answer), "81 88 01 %02X 89 02 6E6F", ERR_NO_READER);
	play_start(lines, 2);
	assert_int_equal(agent_open(&play_at, READER, &l, play_why, sizeof(play_why)), ERR_NO_READER);
	assert_non_null(strstr(play_why, "no"));
	play_stop();
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		play_start(odd[i], 2);
		assert_int_equal(agent_open(&play_at, READER, &l, play_why, sizeof(play_why)), ERR_PROTOCOL);
		assert_null(l);
		play_stop();
	}
	PLAY(HELLO, { AGENT_OPEN, END, NULL });
	assert_int_equal(agent_open(&play_at, READER, &l, play_why, sizeof(play_why)), ERR_NO_SERVICE);
	play_stop();
}

/* Whatever comes in place of an answer is the end of the link. */
static void answers_that_are_none(void **state)
{
	static const char *const answers[] = { OK, "80 89 01 78", "82", "00", "80 85 05 00", "04 85 02 90 00",
					       "80 85 02 90 00 85 02 90 00" };

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct line lines[] = { HELLO, OPEN, { AGENT_SEND, ANSWER, answers[i] } };
		struct apdu_link *l;

		play_start(lines, 3);
		l = play_open();
		assert_int_equal(play_transmit(l), ERR_PROTOCOL);
		assert_int_equal(play_transmit(l), ERR_REMOVED);
		assert_int_equal(apdu_link_present(l), ERR_REMOVED);
		play_stop();
		assert_true(play.hung_up);
		apdu_link_close(&l, false);
	}
}

static void the_agent_dies(void **state)
{
	static const struct line lines[] = { HELLO, OPEN, { AGENT_SEND, END, NULL } };
	struct deadline dl = deadline_in(PATIENCE_MS);
	struct apdu_link *l;

	(void)state;
	play_start(lines, 3);           /* with a question */
	l = play_open();
	assert_int_equal(play_transmit(l), ERR_REMOVED);
	assert_int_equal(play_transmit(l), ERR_REMOVED);
	assert_int_equal(agent_logout(l), ERR_REMOVED);
	assert_int_equal(agent_login(l, &(struct agent_login_params){ .pin = NULL },
				     play_why, sizeof(play_why), &dl), ERR_REMOVED);
	assert_string_equal(play_why, "the agent is gone");
	apdu_link_close(&l, false);
	play_stop();

	PLAY(HELLO, OPEN, { AGENT_SEND, ANSWER, "80 85 02 90 00" }, { AGENT_PRESENT, END, NULL });
	l = play_open();                /* without one */
	assert_int_equal(play_transmit(l), ERR_OK);
	assert_int_equal(apdu_link_present(l), ERR_REMOVED);
	apdu_link_close(&l, false);
	play_stop();
}

/* A deadline is the card's time; the agent has some more, and an end. */
static void silence_for_a_command(void **state)
{
	struct apdu_link *l;

	(void)state;
	PLAY(HELLO, OPEN, { AGENT_SEND, SILENCE, NULL });
	l = play_open();
	assert_int_equal(play_transmit(l), ERR_TIMEOUT);
	assert_int_equal(play_transmit(l), ERR_REMOVED);
	play_stop();
	assert_true(play.hung_up);
	apdu_link_close(&l, false);
}

static void a_command_is_given_up(void **state)
{
	struct deadline dl = deadline_in(PATIENCE_MS);
	struct apdu_link *l;
	uint8_t room[8];
	struct wr rsp;
	int status;
	pid_t pid;

	(void)state;
	PLAY(HELLO, OPEN, { AGENT_SEND, ANSWER, "80 85 02 90 00" });
	l = play_open();
	WR_ARR(&rsp, room);
	dl.cancel_fd = fd_event();
	assert_int_equal(write(dl.cancel_fd, "\1\0\0\0\0\0\0\0", 8), 8);
	assert_int_equal(transmit(l, &rsp, &dl), ERR_CANCELLED);
	(void)close(dl.cancel_fd);
	/* It was not sent: the link is good. The child of a fork leaves it so. */
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		apdu_link_abandon(&l);
		_exit(l != NULL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(play_transmit(l), ERR_OK);
	apdu_link_close(&l, false);
	play_stop();
}

/* A child that lives on with its copy of the descriptor does not keep a login alive. */
static void a_copy_keeps_nothing(void **state)
{
	struct apdu_link *l;
	int hold[2], status;
	pid_t pid;
	char c;

	(void)state;
	PLAY(HELLO, OPEN);
	l = play_open();
	assert_int_equal(pipe(hold), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)close(hold[1]);
		_exit(read(hold[0], &c, 1) != 0);
	}
	(void)close(hold[0]);
	apdu_link_close(&l, false);
	play_stop();
	assert_true(play.hung_up);
	(void)close(hold[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* ---- all of it ---- */

static void end_and_status(void **state)
{
	char answer[] = "81 88 01 00 89 02 6E6F";
	const struct line lines[] = { HELLO, { AGENT_END, ANSWER, answer } };
	struct wr json;

	(void)state;
	PLAY(HELLO, { AGENT_END, ANSWER, OK });
	assert_int_equal(agent_end(&play_at, READER, play_why, sizeof(play_why)), ERR_OK);
	play_join();
	assert_bytes_equal(play_heard(AGENT_T_READER), rd_str(READER));
	play_close();

	(void)snprintf(answer, sizeof(answer), "81 88 01 %02X 89 02 6E6F", ERR_REFUSED);
	play_start(lines, 2);
	assert_int_equal(agent_end(&play_at, NULL, play_why, sizeof(play_why)), ERR_REFUSED);
	assert_non_null(strstr(play_why, "no"));
	play_stop();

	wr_init_heap(&json, 1000);
	PLAY(HELLO, { AGENT_STATUS, ANSWER, "80 89 02 7B7D" });
	assert_int_equal(agent_status(&play_at, &json, play_why, sizeof(play_why)), ERR_OK);
	assert_string_equal(wr_cstr(&json), "{}");
	play_stop();
	wr_reset(&json);
	PLAY(HELLO, { AGENT_STATUS, ANSWER, OK });
	assert_int_equal(agent_status(&play_at, &json, play_why, sizeof(play_why)), ERR_PROTOCOL);
	assert_int_equal(json.n, 0);
	play_stop();
	wr_free(&json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list),
		cmocka_unit_test(list_of_an_agent_that_ends),
		cmocka_unit_test(list_of_another_kind),
		cmocka_unit_test(nobody),
		cmocka_unit_test(hello),
		cmocka_unit_test(hello_says_who_we_are),
		cmocka_unit_test(silence_at_hello),
		cmocka_unit_test(another_owner),
		cmocka_unit_test(no_leave),
		cmocka_unit_test(descriptor_is_above_two),
		cmocka_unit_test(exchange),
		cmocka_unit_test(refusals),
		cmocka_unit_test(open_refused),
		cmocka_unit_test(answers_that_are_none),
		cmocka_unit_test(the_agent_dies),
		cmocka_unit_test(silence_for_a_command),
		cmocka_unit_test(a_command_is_given_up),
		cmocka_unit_test(a_copy_keeps_nothing),
		cmocka_unit_test(end_and_status),
	};

	return cmocka_run_group_tests(tests, play_setup, play_teardown);
}
