/* SPDX-License-Identifier: Apache-2.0 */
/* apdu/agent_link.c against an agent that a table plays, over a real socket. */
/* fake: clock */
#include "test/unit/test.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apdu/agent_link.h"
#include "base/clock.h"
#include "base/fd.h"
#include "test/fake/clock.h"

#define WAIT_MS 10000
#define NOBODY 65534
#define READER "Reader 0"

static char folder[] = "/tmp/quorum11-agent.XXXXXX";
static char path[64];

/* ---- the agent ---- */

enum how {
	ANSWER,         /* with the text */
	THEN_SAY,       /* without a question: the next text at once */
	QUIET,          /* no answer; the next question comes */
	SILENCE,        /* the same, and time passes until the client has had enough */
	END             /* hangs up */
};
struct line {
	enum agent_type question;
	enum how how;
	const char *answer;     /* hex */
};
#define HELLO { AGENT_HELLO, ANSWER, "80 80 01 01" }
#define OPEN { AGENT_OPEN, ANSWER, "80 84 02 3B 80" }
#define OK "80"

static struct play {
	const struct line *lines;
	size_t n, played;
	int listener;
	pthread_t thread;
	bool good, hung_up;             /* it went as the table says; the client ended it */
	struct wr heard;                /* the last question */
} play;

static bool say(int fd, const char *hex)
{
	struct deadline dl = deadline_in(WAIT_MS);
	uint8_t room[512];
	struct wr w;

	WR_ARR(&w, room);
	return agent_msg_send(fd, test_unhex(&w, hex), &dl) == ERR_OK;
}

static bool hear(int fd, enum agent_type question)
{
	struct deadline dl = deadline_in(WAIT_MS);
	enum agent_type type;
	struct rd elements;

	wr_reset(&play.heard);
	return agent_msg_receive(fd, &play.heard, &dl) == ERR_OK &&
	       agent_msg_read(wr_view(&play.heard), &type, &elements) == ERR_OK && type == question;
}

static void play_to(int fd)
{
	struct wr more;
	struct deadline dl;

	for (; play.played < play.n; play.played++) {
		const struct line *l = &play.lines[play.played];

		if (l->how == THEN_SAY ? !say(fd, l->answer) : !hear(fd, l->question))
			return;
		if (l->how == END) {
			play.good = true;
			return;
		}
		if (l->how == SILENCE)
			fake_clock_pass(AGENT_PATIENCE_MS + AGENT_TURN_MS + 60000);
		if (l->how == ANSWER && !say(fd, l->answer))
			return;
	}
	play.good = true;
	dl = deadline_in(WAIT_MS);
	wr_init_heap(&more, AGENT_MESSAGE_MAX);
	play.hung_up = agent_msg_receive(fd, &more, &dl) == ERR_REMOVED;
	wr_free(&more);
}

static void *serve(void *arg)
{
	int fd = accept4(play.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)arg;
	if (fd < 0)
		return NULL;
	play_to(fd);
	(void)close(fd);
	return NULL;
}

static int listen_here(int type)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	assert_true(fd > 2);
	(void)unlink(path);
	memcpy(at.sun_path, path, strlen(path));
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 4), 0);
	return fd;
}

#define PLAY(...) \
	do { \
		static const struct line lines_[] = { __VA_ARGS__ }; \
		play_start(lines_, sizeof(lines_) / sizeof(lines_[0])); \
	} while (0)

static void play_start(const struct line *lines, size_t n)
{
	play = (struct play){ .lines = lines, .n = n };
	wr_init_heap(&play.heard, AGENT_MESSAGE_MAX);
	play.listener = listen_here(SOCK_SEQPACKET);
	assert_int_equal(pthread_create(&play.thread, NULL, serve, NULL), 0);
}

/* Everything was said and heard. */
static void play_stop(void)
{
	assert_int_equal(pthread_join(play.thread, NULL), 0);
	assert_true(play.good);
	(void)close(play.listener);
	wr_free(&play.heard);
}

/* The element of the last question, after play_stop's join: so only while the agent waits for the next one. */
static struct rd heard(enum agent_tag tag)
{
	struct rd elements, val = RD_NONE;
	enum agent_type type;

	assert_int_equal(agent_msg_read(wr_view(&play.heard), &type, &elements), ERR_OK);
	(void)!rd_tlv_find(elements, tag, &val);
	return val;
}

/* ---- its client ---- */

static const struct agent_at here = { .socket = path, .own_only = true, .program = "a program", .reason = "a reason" };
static char why[AGENT_TEXT_MAX];

static struct apdu_link *open_link(void)
{
	struct apdu_link *l = NULL;

	assert_int_equal(agent_open(&here, READER, &l, why, sizeof(why)), ERR_OK);
	assert_non_null(l);
	return l;
}

static enum err transmit(struct apdu_link *l, struct wr *rsp, struct deadline *dl)
{
	return apdu_link_transmit(l, RD_LIT("\x00\x20\x00\x81"), 0, rsp, dl);
}

static enum err try_transmit(struct apdu_link *l)
{
	struct deadline dl = deadline_in(5000);
	uint8_t room[64];
	struct wr rsp;
	enum err e;

	WR_ARR(&rsp, room);
	e = transmit(l, &rsp, &dl);
	if (e)
		assert_int_equal(rsp.n, 0);
	return e;
}

static struct wr progress;

static void note_progress(void *ctx, const char *text)
{
	assert_ptr_equal(ctx, &progress);
	wr_text(&progress, text);
	wr_text(&progress, ";");
}

static enum err login(struct apdu_link *l, const char *pin, struct deadline *dl)
{
	struct secret *s = NULL;
	enum err e;

	if (pin)
		assert_int_equal(secret_new(rd_str(pin), &s), ERR_OK);
	e = agent_login(l, s, NULL, note_progress, &progress, why, sizeof(why), dl);
	secret_free(&s);
	return e;
}

/* ---- the connection ---- */

static void list(void **state)
{
	struct pcsc_readers r;

	(void)state;
	PLAY(HELLO, { AGENT_LIST, ANSWER, "80  A0 14 83 08 52656164657220 30 8B 01 01 8A 04 00000007 84 01 3B"
				   "  A0 0F 83 04 52202031 8B 01 00 8A 04 00000000 84 00" });
	/* Cards that are longer than they say. */
	assert_int_equal(agent_list(&here, &r, why, sizeof(why)), ERR_PROTOCOL);
	play_stop();
	PLAY(HELLO, { AGENT_LIST, ANSWER, "80  A0 16 83 08 52656164657220 30 8B 01 01 8A 04 00000007 84 01 3B"
				   "  A0 11 83 04 52202031 8B 01 00 8A 04 00000000 84 00" });
	assert_int_equal(agent_list(&here, &r, why, sizeof(why)), ERR_OK);
	assert_string_equal(why, "");
	play_stop();
	assert_true(play.hung_up);
	assert_int_equal(r.n, 2);
	assert_string_equal(r.v[0].name, "Reader 0");
	assert_true(r.v[0].has_card);
	assert_int_equal(r.v[0].events, 7);
	assert_string_equal(r.v[1].name, "R  1");
	assert_false(r.v[1].has_card);
}

static void list_of_another_kind(void **state)
{
	static const char *const answers[] = {
		"80 89 01 78", "80 A0 00", "82 89 01 78", "03", "00", "80 FF",
		"80  A0 16 83 08 5265616465722030 8B 01 01 8A 04 00000007 84 01 3B 89 00",
	};
	struct pcsc_readers r;

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct line lines[] = { HELLO, { AGENT_LIST, ANSWER, answers[i] } };

		play_start(lines, 2);
		assert_int_equal(agent_list(&here, &r, why, sizeof(why)), ERR_PROTOCOL);
		assert_int_equal(r.n, 0);
		assert_non_null(strstr(why, path));
		play_stop();
	}
}

static void nobody(void **state)
{
	struct agent_at at = here;
	struct pcsc_readers r;
	struct apdu_link *l = NULL;
	char long_path[200];
	int fd;

	(void)state;
	(void)unlink(path);
	assert_int_equal(agent_list(&here, &r, why, sizeof(why)), ERR_NO_SERVICE);
	assert_non_null(strstr(why, "nobody listens"));
	assert_int_equal(agent_list(&here, &r, NULL, 0), ERR_NO_SERVICE);
	assert_int_equal(agent_open(&here, READER, &l, why, sizeof(why)), ERR_NO_SERVICE);
	assert_null(l);
	/* It was there once. */
	(void)close(listen_here(SOCK_SEQPACKET));
	assert_int_equal(agent_list(&here, &r, why, sizeof(why)), ERR_NO_SERVICE);
	fd = listen_here(SOCK_STREAM);
	assert_int_equal(agent_list(&here, &r, why, sizeof(why)), ERR_PROTOCOL);
	(void)close(fd);
	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = 0;
	at.socket = long_path;
	assert_int_equal(agent_list(&at, &r, why, sizeof(why)), ERR_CONFIG);
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
	struct pcsc_readers r;

	(void)state;
	(void)snprintf(refusal, sizeof(refusal), "81 88 01 %02X 89 03 6E6F21", ERR_CONDITIONS);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct line line = { AGENT_HELLO, ANSWER, rows[i].answer };

		play_start(&line, 1);
		assert_int_equal(agent_list(&here, &r, why, sizeof(why)), rows[i].e);
		assert_non_null(strstr(why, rows[i].why));
		assert_non_null(strstr(why, path));
		play_stop();
	}
}

static void hello_says_who_we_are(void **state)
{
	struct pcsc_readers r;

	(void)state;
	PLAY({ AGENT_HELLO, END, NULL });
	/* As if it had not been there. */
	assert_int_equal(agent_list(&here, &r, why, sizeof(why)), ERR_NO_SERVICE);
	assert_int_equal(pthread_join(play.thread, NULL), 0);
	assert_bytes_equal(heard(AGENT_T_VERSION), RD_LIT("\x01"));
	assert_bytes_equal(heard(AGENT_T_PROGRAM), RD_LIT("a program"));
	assert_bytes_equal(heard(AGENT_T_REASON), RD_LIT("a reason"));
	(void)close(play.listener);
	wr_free(&play.heard);
}

static void silence_at_hello(void **state)
{
	struct pcsc_readers r;

	(void)state;
	PLAY({ AGENT_HELLO, SILENCE, NULL });
	assert_int_equal(agent_list(&here, &r, why, sizeof(why)), ERR_TIMEOUT);
	assert_non_null(strstr(why, "no answer"));
	play_stop();
	assert_true(play.hung_up);
}

/* Somebody else listens at a place that the environment names: root may, and we may. */
static void another_owner(void **state)
{
	struct agent_at anybody = here;
	struct pcsc_readers r;
	int ready[2], status;
	char c;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	(void)unlink(path);
	assert_int_equal(pipe(ready), 0);
	assert_int_equal(chmod(folder, 0777), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int fd, ok = setuid(NOBODY) == 0;

		play = (struct play){ .lines = NULL };
		wr_init_heap(&play.heard, AGENT_MESSAGE_MAX);
		fd = ok ? listen_here(SOCK_SEQPACKET) : -1;
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		for (int i = 0; i < 2 && fd >= 0; i++) {
			int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

			/* The first one leaves without a word. */
			if (i == 0 ? hear(peer, AGENT_HELLO)
				   : !hear(peer, AGENT_HELLO) || !say(peer, "80 80 01 01") || !hear(peer, AGENT_LIST) ||
					     !say(peer, "80"))
				_exit(2);
			(void)close(peer);
		}
		_exit(fd >= 0 ? 0 : 3);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(agent_list(&here, &r, why, sizeof(why)), ERR_REFUSED);
	assert_non_null(strstr(why, "65534"));
	anybody.own_only = false;
	assert_int_equal(agent_list(&anybody, &r, why, sizeof(why)), ERR_OK);
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
	if (geteuid() != 0)
		skip();
	fd = listen_here(SOCK_SEQPACKET);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(chmod(folder, 0755), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct pcsc_readers r;

		_exit(setuid(NOBODY) || agent_list(&here, &r, why, sizeof(why)) != ERR_REFUSED ||
		      !strstr(why, "may not use it"));
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
		if (agent_open(&here, READER, &l, why, sizeof(why)) || fcntl(0, F_GETFD) != -1)
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
	struct deadline dl = deadline_in(5000);
	struct apdu_link *l;
	uint8_t room[64];
	struct wr rsp;

	(void)state;
	PLAY(HELLO, OPEN, { AGENT_SEND, ANSWER, "80 85 04 AA BB 90 00" }, { AGENT_PRESENT, ANSWER, OK },
	     { AGENT_LOGOUT, ANSWER, "80 89 00" });
	l = open_link();
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
	l = open_link();
	assert_string_equal(agent_why(l), "");
	assert_int_equal(try_transmit(l), ERR_ALLOWANCE);
	/* Safe to show. */
	assert_string_equal(agent_why(l), "ove\\x1b!");
	/* A failure that is none. */
	assert_int_equal(apdu_link_present(l), ERR_PROTOCOL);
	/* A refusal is not the end. */
	assert_int_equal(try_transmit(l), ERR_OK);
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
	assert_int_equal(agent_open(&here, READER, &l, why, sizeof(why)), ERR_NO_READER);
	assert_non_null(strstr(why, "no"));
	play_stop();
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		play_start(odd[i], 2);
		assert_int_equal(agent_open(&here, READER, &l, why, sizeof(why)), ERR_PROTOCOL);
		assert_null(l);
		play_stop();
	}
	PLAY(HELLO, { AGENT_OPEN, END, NULL });
	assert_int_equal(agent_open(&here, READER, &l, why, sizeof(why)), ERR_NO_SERVICE);
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
		l = open_link();
		assert_int_equal(try_transmit(l), ERR_PROTOCOL);
		assert_int_equal(try_transmit(l), ERR_REMOVED);
		assert_int_equal(apdu_link_present(l), ERR_REMOVED);
		play_stop();
		assert_true(play.hung_up);
		apdu_link_close(&l, false);
	}
}

static void the_agent_dies(void **state)
{
	static const struct line lines[] = { HELLO, OPEN, { AGENT_SEND, END, NULL } };
	struct deadline dl = deadline_in(5000);
	struct apdu_link *l;

	(void)state;
	play_start(lines, 3);           /* with a question */
	l = open_link();
	assert_int_equal(try_transmit(l), ERR_REMOVED);
	assert_int_equal(try_transmit(l), ERR_REMOVED);
	assert_int_equal(agent_logout(l), ERR_REMOVED);
	assert_int_equal(login(l, NULL, &dl), ERR_REMOVED);
	assert_string_equal(why, "the agent is gone");
	apdu_link_close(&l, false);
	play_stop();

	PLAY(HELLO, OPEN, { AGENT_SEND, ANSWER, "80 85 02 90 00" }, { AGENT_PRESENT, END, NULL });
	l = open_link();                /* without one */
	assert_int_equal(try_transmit(l), ERR_OK);
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
	l = open_link();
	assert_int_equal(try_transmit(l), ERR_TIMEOUT);
	assert_int_equal(try_transmit(l), ERR_REMOVED);
	play_stop();
	assert_true(play.hung_up);
	apdu_link_close(&l, false);
}

static void a_command_is_given_up(void **state)
{
	struct deadline dl = deadline_in(5000);
	struct apdu_link *l;
	uint8_t room[8];
	struct wr rsp;
	int status;
	pid_t pid;

	(void)state;
	PLAY(HELLO, OPEN, { AGENT_SEND, ANSWER, "80 85 02 90 00" });
	l = open_link();
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
	assert_int_equal(try_transmit(l), ERR_OK);
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
	l = open_link();
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

/* ---- login ---- */

static void login_with_progress(void **state)
{
	struct deadline dl = deadline_in(5000);
	struct apdu_link *l;

	(void)state;
	PLAY(HELLO, OPEN, { AGENT_LOGIN, ANSWER, "82 89 03 6F6E65" }, { 0, THEN_SAY, "82 89 03 74 0A 6F" },
	     { 0, THEN_SAY, "82" }, { 0, THEN_SAY, OK }, { AGENT_SEND, ANSWER, "80 85 02 90 00" });
	wr_init_heap(&progress, 1000);
	l = open_link();
	assert_int_equal(login(l, NULL, &dl), ERR_OK);
	assert_string_equal(why, "");
	assert_string_equal(wr_cstr(&progress), "one;t\\x0ao;");
	assert_int_equal(try_transmit(l), ERR_OK);
	apdu_link_close(&l, false);
	play_stop();
	wr_free(&progress);
}

static void login_says_pin_and_limits(void **state)
{
	struct deadline dl = deadline_in(5000);
	struct secret *pin;
	struct apdu_link *l;

	(void)state;
	PLAY(HELLO, OPEN, { AGENT_LOGIN, END, NULL });
	l = open_link();
	assert_int_equal(secret_new(RD_LIT("648219"), &pin), ERR_OK);
	assert_int_equal(agent_login(l, pin, "sign=1", NULL, NULL, why, sizeof(why), &dl), ERR_REMOVED);
	assert_string_equal(why, "the agent is gone");
	secret_free(&pin);
	assert_int_equal(pthread_join(play.thread, NULL), 0);
	assert_bytes_equal(heard(AGENT_T_PIN), RD_LIT("648219"));
	assert_bytes_equal(heard(AGENT_T_LIMITS), RD_LIT("sign=1"));
	apdu_link_close(&l, false);
	(void)close(play.listener);
	wr_free(&play.heard);
}

static void login_refused(void **state)
{
	char answer[] = "81 88 01 00 89 02 6E6F";
	const struct line lines[] = { HELLO, OPEN, { AGENT_LOGIN, ANSWER, answer }, { AGENT_LOGIN, ANSWER, OK } };
	struct deadline dl = deadline_in(5000);
	struct apdu_link *l;

	(void)state;
	(void)snprintf(answer, sizeof(answer), "81 88 01 %02X 89 02 6E6F", ERR_DENIED);
	play_start(lines, 4);
	l = open_link();
	assert_int_equal(login(l, NULL, &dl), ERR_DENIED);
	assert_string_equal(why, "no");
	assert_int_equal(login(l, NULL, &dl), ERR_OK);
	apdu_link_close(&l, false);
	play_stop();
}

static void login_answered_by_garbage(void **state)
{
	static const char *const answers[] = { "00", "03", "82 89", "80 89 02" };
	struct deadline dl = deadline_in(5000);

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct line lines[] = { HELLO, OPEN, { AGENT_LOGIN, ANSWER, answers[i] } };
		struct apdu_link *l;

		play_start(lines, 3);
		l = open_link();
		assert_int_equal(login(l, NULL, &dl), ERR_PROTOCOL);
		assert_string_not_equal(why, "");
		play_stop();
		assert_true(play.hung_up);
		assert_int_equal(login(l, NULL, &dl), ERR_REMOVED);
		apdu_link_close(&l, false);
	}
}

/* Cancelled by the first progress. */
static void cancel_login(void *ctx, const char *text)
{
	const int *fd = ctx;

	(void)text;
	assert_int_equal(write(*fd, "\1\0\0\0\0\0\0\0", 8), 8);
}

static void login_cancelled(void **state)
{
	char answer[] = "81 88 01 00";
	/* What the agent says of it: that it is so; that it had said yes; nothing, and more progress; garbage. */
	const struct {
		struct line lines[6];
		size_t n;
		enum err after;
	} rows[] = {
		{ { HELLO, OPEN, { AGENT_LOGIN, ANSWER, "82 89 01 78" }, { AGENT_CANCEL, ANSWER, answer },
		    { AGENT_SEND, ANSWER, "80 85 02 90 00" } }, 5, ERR_OK },
		{ { HELLO, OPEN, { AGENT_LOGIN, ANSWER, "82 89 01 78" }, { AGENT_CANCEL, ANSWER, OK },
		    { AGENT_LOGOUT, ANSWER, OK }, { AGENT_SEND, ANSWER, "80 85 02 90 00" } }, 6, ERR_OK },
		{ { HELLO, OPEN, { AGENT_LOGIN, ANSWER, "82 89 01 78" }, { AGENT_CANCEL, ANSWER, "82 89 01 78" } }, 4,
		  ERR_REMOVED },
		{ { HELLO, OPEN, { AGENT_LOGIN, ANSWER, "82 89 01 78" }, { AGENT_CANCEL, ANSWER, "00" } }, 4,
		  ERR_REMOVED },
		{ { HELLO, OPEN, { AGENT_LOGIN, ANSWER, "82 89 01 78" }, { AGENT_CANCEL, END, NULL } }, 4,
		  ERR_REMOVED },
		{ { HELLO, OPEN, { AGENT_LOGIN, ANSWER, "82 89 01 78" }, { AGENT_CANCEL, ANSWER, OK },
		    { AGENT_LOGOUT, END, NULL } }, 5, ERR_REMOVED },
	};

	(void)state;
	(void)snprintf(answer, sizeof(answer), "81 88 01 %02X", ERR_CANCELLED);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct deadline dl = deadline_in(60000);
		uint64_t began = clock_boot_ms();
		struct apdu_link *l;

		dl.cancel_fd = fd_event();
		play_start(rows[i].lines, rows[i].n);
		l = open_link();
		assert_int_equal(agent_login(l, NULL, NULL, cancel_login, &dl.cancel_fd, why, sizeof(why), &dl),
				 ERR_CANCELLED);
		assert_string_equal(why, err_text(ERR_CANCELLED));
		assert_in_range(clock_boot_ms() - began, 0, 1000);
		assert_int_equal(try_transmit(l), rows[i].after);
		apdu_link_close(&l, false);
		play_stop();
		(void)close(dl.cancel_fd);
	}
}

static void login_in_time(void **state)
{
	struct deadline dl;
	struct apdu_link *l;

	(void)state;
	PLAY(HELLO, OPEN, { AGENT_LOGIN, QUIET, NULL }, { AGENT_CANCEL, ANSWER, "81 88 01 01" });
	l = open_link();
	dl = deadline_in(30);
	assert_int_equal(login(l, NULL, &dl), ERR_TIMEOUT);
	apdu_link_close(&l, false);
	play_stop();
}

/* An agent that never stops talking cannot keep a login from its end. */
static void *chatter(void *arg)
{
	int fd = accept4(play.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)arg;
	play.good = hear(fd, AGENT_HELLO) && say(fd, "80 80 01 01") && hear(fd, AGENT_OPEN) && say(fd, "80 84 00") &&
		    hear(fd, AGENT_LOGIN);
	while (say(fd, "82 89 01 78"))
		;
	(void)close(fd);
	return NULL;
}

static void login_talked_to_death(void **state)
{
	struct deadline dl;
	struct apdu_link *l;

	(void)state;
	play = (struct play){ .listener = listen_here(SOCK_SEQPACKET) };
	wr_init_heap(&play.heard, AGENT_MESSAGE_MAX);
	assert_int_equal(pthread_create(&play.thread, NULL, chatter, NULL), 0);
	l = open_link();
	dl = deadline_in(50);
	assert_int_equal(agent_login(l, NULL, NULL, NULL, NULL, why, sizeof(why), &dl), ERR_TIMEOUT);
	apdu_link_close(&l, false);
	play_stop();
}

/* ---- all of it ---- */

static void end_and_status(void **state)
{
	char answer[] = "81 88 01 00 89 02 6E6F";
	const struct line lines[] = { HELLO, { AGENT_END, ANSWER, answer } };
	struct wr json;

	(void)state;
	PLAY(HELLO, { AGENT_END, ANSWER, OK });
	assert_int_equal(agent_end(&here, READER, why, sizeof(why)), ERR_OK);
	assert_int_equal(pthread_join(play.thread, NULL), 0);
	assert_bytes_equal(heard(AGENT_T_READER), rd_str(READER));
	(void)close(play.listener);
	wr_free(&play.heard);

	(void)snprintf(answer, sizeof(answer), "81 88 01 %02X 89 02 6E6F", ERR_REFUSED);
	play_start(lines, 2);
	assert_int_equal(agent_end(&here, NULL, why, sizeof(why)), ERR_REFUSED);
	assert_non_null(strstr(why, "no"));
	play_stop();

	wr_init_heap(&json, 1000);
	PLAY(HELLO, { AGENT_STATUS, ANSWER, "80 89 02 7B7D" });
	assert_int_equal(agent_status(&here, &json, why, sizeof(why)), ERR_OK);
	assert_string_equal(wr_cstr(&json), "{}");
	play_stop();
	wr_reset(&json);
	PLAY(HELLO, { AGENT_STATUS, ANSWER, OK });
	assert_int_equal(agent_status(&here, &json, why, sizeof(why)), ERR_PROTOCOL);
	assert_int_equal(json.n, 0);
	play_stop();
	wr_free(&json);
}

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/agent", folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list),
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
		cmocka_unit_test(login_with_progress),
		cmocka_unit_test(login_says_pin_and_limits),
		cmocka_unit_test(login_refused),
		cmocka_unit_test(login_answered_by_garbage),
		cmocka_unit_test(login_cancelled),
		cmocka_unit_test(login_in_time),
		cmocka_unit_test(login_talked_to_death),
		cmocka_unit_test(end_and_status),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
