/* SPDX-License-Identifier: Apache-2.0 */
/* apdu/agent_link.c: logins. */
/* fake: clock */
#include "test/unit/agent_play.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"

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
	e = agent_login(l, &(struct agent_login_params){ .pin = s, .progress = note_progress, .ctx = &progress },
			play_why, sizeof(play_why), dl);
	secret_free(&s);
	return e;
}

/* ---- login ---- */

static void login_with_progress(void **state)
{
	struct deadline dl = deadline_in(PATIENCE_MS);
	struct apdu_link *l;

	(void)state;
	PLAY(HELLO, OPEN, { AGENT_LOGIN, ANSWER, "82 89 03 6F6E65" }, { 0, THEN_SAY, "82 89 03 74 0A 6F" },
	     { 0, THEN_SAY, "82" }, { 0, THEN_SAY, OK }, { AGENT_SEND, ANSWER, "80 85 02 90 00" });
	wr_init_heap(&progress, 1000);
	l = play_open();
	assert_int_equal(login(l, NULL, &dl), ERR_OK);
	assert_string_equal(play_why, "");
	assert_string_equal(wr_cstr(&progress), "one;t\\x0ao;");
	assert_int_equal(play_transmit(l), ERR_OK);
	apdu_link_close(&l, false);
	play_stop();
	wr_free(&progress);
}

static void login_says_pin_and_limits(void **state)
{
	struct deadline dl = deadline_in(PATIENCE_MS);
	struct secret *pin;
	struct apdu_link *l;

	(void)state;
	PLAY(HELLO, OPEN, { AGENT_LOGIN, END, NULL });
	l = play_open();
	assert_int_equal(secret_new(RD_LIT("648219"), &pin), ERR_OK);
	assert_int_equal(agent_login(l, &(struct agent_login_params){ .pin = pin, .limits = "sign=1" },
				     play_why, sizeof(play_why), &dl), ERR_REMOVED);
	assert_string_equal(play_why, "the agent is gone");
	secret_free(&pin);
	play_join();
	assert_bytes_equal(play_heard(AGENT_T_PIN), RD_LIT("648219"));
	assert_bytes_equal(play_heard(AGENT_T_LIMITS), RD_LIT("sign=1"));
	apdu_link_close(&l, false);
	play_close();
}

static void login_refused(void **state)
{
	char answer[] = "81 88 01 00 89 02 6E6F";
	const struct line lines[] = { HELLO, OPEN, { AGENT_LOGIN, ANSWER, answer }, { AGENT_LOGIN, ANSWER, OK } };
	struct deadline dl = deadline_in(PATIENCE_MS);
	struct apdu_link *l;

	(void)state;
	(void)snprintf(answer, sizeof(answer), "81 88 01 %02X 89 02 6E6F", ERR_DENIED);
	play_start(lines, 4);
	l = play_open();
	assert_int_equal(login(l, NULL, &dl), ERR_DENIED);
	assert_string_equal(play_why, "no");
	assert_int_equal(login(l, NULL, &dl), ERR_OK);
	apdu_link_close(&l, false);
	play_stop();
}

static void login_answered_by_garbage(void **state)
{
	static const char *const answers[] = { "00", "03", "82 89", "80 89 02" };
	struct deadline dl = deadline_in(PATIENCE_MS);

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct line lines[] = { HELLO, OPEN, { AGENT_LOGIN, ANSWER, answers[i] } };
		struct apdu_link *l;

		play_start(lines, 3);
		l = play_open();
		assert_int_equal(login(l, NULL, &dl), ERR_PROTOCOL);
		assert_string_not_equal(play_why, "");
		play_stop();
		assert_true(play.hung_up);
		assert_int_equal(login(l, NULL, &dl), ERR_REMOVED);
		apdu_link_close(&l, false);
	}
}

/* Cancelled by the first progress, when the answers to that are there already: they are not waited for long. */
static void cancel_login(void *ctx, const char *text)
{
	const int *fd = ctx;

	(void)text;
	play_until(AGENT_CANCEL);
	assert_int_equal(write(*fd, "\1\0\0\0\0\0\0\0", 8), 8);
}

#define ASKED HELLO, OPEN, { AGENT_LOGIN, ANSWER, "82 89 01 78" }

static void login_cancelled(void **state)
{
	char answer[] = "81 88 01 00";
	/* What the agent says of it: that it is so; that it had said yes; nothing, and more progress; garbage. */
	const struct {
		struct line lines[8];
		size_t n;
		enum err after;
	} rows[] = {
		{ { ASKED, { 0, THEN_SAY, answer }, { AGENT_CANCEL, QUIET, NULL },
		    { AGENT_SEND, ANSWER, "80 85 02 90 00" } }, 6, ERR_OK },
		{ { ASKED, { 0, THEN_SAY, OK }, { 0, THEN_SAY, OK }, { AGENT_CANCEL, QUIET, NULL },
		    { AGENT_LOGOUT, QUIET, NULL }, { AGENT_SEND, ANSWER, "80 85 02 90 00" } }, 8, ERR_OK },
		{ { ASKED, { 0, THEN_SAY, "82 89 01 78" }, { AGENT_CANCEL, QUIET, NULL } }, 5, ERR_REMOVED },
		{ { ASKED, { 0, THEN_SAY, "00" }, { AGENT_CANCEL, QUIET, NULL } }, 5, ERR_REMOVED },
		{ { ASKED, { AGENT_CANCEL, END, NULL } }, 4, ERR_REMOVED },
		{ { ASKED, { 0, THEN_SAY, OK }, { AGENT_CANCEL, QUIET, NULL }, { AGENT_LOGOUT, END, NULL } }, 6,
		  ERR_REMOVED },
	};

	(void)state;
	(void)snprintf(answer, sizeof(answer), "81 88 01 %02X", ERR_CANCELLED);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct deadline dl = deadline_in(PATIENCE_MS);
		struct apdu_link *l;

		dl.cancel_fd = fd_event();
		play_start(rows[i].lines, rows[i].n);
		l = play_open();
		assert_int_equal(agent_login(l,
					     &(struct agent_login_params){ .progress = cancel_login,
									   .ctx = &dl.cancel_fd },
					     play_why, sizeof(play_why), &dl), ERR_CANCELLED);
		assert_string_equal(play_why, err_text(ERR_CANCELLED));
		assert_int_equal(play_transmit(l), rows[i].after);
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
	PLAY(HELLO, OPEN, { AGENT_LOGIN, QUIET, NULL }, { AGENT_CANCEL, END, NULL });
	l = play_open();
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
	play.good = play_hear(fd, AGENT_HELLO) && play_say(fd, "80 80 01 01") && play_hear(fd, AGENT_OPEN) &&
		    play_say(fd, "80 84 00") && play_hear(fd, AGENT_LOGIN);
	while (play_say(fd, "82 89 01 78"))
		;
	(void)close(fd);
	return NULL;
}

static void login_talked_to_death(void **state)
{
	struct deadline dl;
	struct apdu_link *l;

	(void)state;
	play = (struct play){ .good = false };
	play_start_by(chatter);
	l = play_open();
	dl = deadline_in(50);
	assert_int_equal(agent_login(l, &(struct agent_login_params){ .pin = NULL },
				     play_why, sizeof(play_why), &dl), ERR_TIMEOUT);
	apdu_link_close(&l, false);
	play_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(login_with_progress),
		cmocka_unit_test(login_says_pin_and_limits),
		cmocka_unit_test(login_refused),
		cmocka_unit_test(login_answered_by_garbage),
		cmocka_unit_test(login_cancelled),
		cmocka_unit_test(login_in_time),
		cmocka_unit_test(login_talked_to_death),
	};

	return cmocka_run_group_tests(tests, play_setup, play_teardown);
}
