/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit/agent_play.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "test/fake/clock.h"


struct play play;
char play_folder[] = "/tmp/quorum11-agent.XXXXXX";
char play_path[64];
char play_why[AGENT_TEXT_MAX];
const struct agent_at play_at = {
	.socket = play_path, .own_only = true, .program = "a program", .reason = "a reason",
};

bool play_say(int fd, const char *hex)
{
	struct deadline dl = deadline_in(PATIENCE_MS);
	uint8_t room[512];
	struct wr w;

	WR_ARR(&w, room);
	return agent_msg_send(fd, test_unhex(&w, hex), &dl) == ERR_OK;
}

bool play_hear(int fd, enum agent_type question)
{
	struct deadline dl = deadline_in(PATIENCE_MS);
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

		if (l->how == THEN_SAY ? !play_say(fd, l->answer) : !play_hear(fd, l->question))
			return;
		if (l->how == END) {
			play.good = true;
			return;
		}
		if (l->how == SILENCE)
			fake_clock_pass(AGENT_PATIENCE_MS + AGENT_TURN_MS + 2 * PATIENCE_MS);
		if (l->how == ANSWER && !play_say(fd, l->answer))
			return;
	}
	play.good = true;
	dl = deadline_in(PATIENCE_MS);
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

int play_listen(int type)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	assert_true(fd > 2);
	(void)unlink(play_path);
	memcpy(at.sun_path, play_path, strlen(play_path));
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 4), 0);
	return fd;
}

void play_start_by(void *(*serve_it)(void *arg))
{
	wr_init_heap(&play.heard, AGENT_MESSAGE_MAX);
	play.listener = play_listen(SOCK_SEQPACKET);
	assert_int_equal(pthread_create(&play.thread, NULL, serve_it, NULL), 0);
}

void play_start(const struct line *lines, size_t n)
{
	play = (struct play){ .lines = lines, .n = n };
	play_start_by(serve);
}

void play_until(enum agent_type question)
{
	struct deadline all = deadline_in(PATIENCE_MS), slice;
	size_t i = 0;

	while (play.lines[i].question != question)
		i++;
	while (play.played < i) {
		assert_int_equal(deadline_check(&all), ERR_OK);
		slice = deadline_within(&all, 5);
		assert_int_equal(deadline_wait(&slice, -1), ERR_TIMEOUT);
	}
}

void play_join(void)
{
	assert_int_equal(pthread_join(play.thread, NULL), 0);
}

void play_close(void)
{
	(void)close(play.listener);
	wr_free(&play.heard);
}

void play_stop(void)
{
	play_join();
	assert_true(play.good);
	play_close();
}

struct rd play_heard(enum agent_tag tag)
{
	struct rd elements, val;
	enum agent_type type;

	assert_int_equal(agent_msg_read(wr_view(&play.heard), &type, &elements), ERR_OK);
	return rd_tlv_find(elements, tag, &val) ? val : RD_NONE;
}

struct apdu_link *play_open(void)
{
	struct apdu_link *l = NULL;

	assert_int_equal(agent_open(&play_at, READER, &l, play_why, sizeof(play_why)), ERR_OK);
	assert_non_null(l);
	return l;
}

enum err play_transmit(struct apdu_link *l)
{
	struct deadline dl = deadline_in(PATIENCE_MS);
	uint8_t room[64];
	struct wr rsp;
	enum err e;

	WR_ARR(&rsp, room);
	e = apdu_link_transmit(l, RD_LIT("\x00\x20\x00\x81"), 0, &rsp, &dl);
	if (e)
		assert_int_equal(rsp.n, 0);
	return e;
}

int play_setup(void **state)
{
	(void)state;
	if (!mkdtemp(play_folder))
		return -1;
	(void)snprintf(play_path, sizeof(play_path), "%s/agent", play_folder);
	return 0;
}

int play_teardown(void **state)
{
	(void)state;
	(void)unlink(play_path);
	return rmdir(play_folder);
}
