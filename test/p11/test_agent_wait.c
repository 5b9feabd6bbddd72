/* SPDX-License-Identifier: Apache-2.0 */
/* Several programs that wait for the same login at an agent: they have one answer, and people are asked once. */
#include "test/p11/agent.h"

#include <semaphore.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"

static struct deadline never = { .at_ms = UINT64_MAX, .cancel_fd = -1 };

struct waiter {
	struct agent_user user;
	pthread_t thread;
	struct deadline dl;             /* raised: it gives up */
	sem_t heard;                    /* how it stands: the agent has its login */
	unsigned told;                  /* how often it heard that */
	enum err e;
};

static void hear(void *ctx, const char *text)
{
	struct waiter *w = ctx;

	(void)text;
	w->told++;
	(void)sem_post(&w->heard);
}

static void *log_in(void *ctx)
{
	struct waiter *w = ctx;

	w->e = agent_login(hsm_card_link(w->user.card), &(struct agent_login_params){ .progress = hear, .ctx = w },
			   w->user.why, sizeof(w->user.why), &w->dl);
	return NULL;
}

static void wait_begin(struct waiter *w)
{
	*w = (struct waiter){ .dl = never };
	agent_user_come(&w->user);
	w->dl.cancel_fd = fd_event();
	assert_int_equal(sem_init(&w->heard, 0, 0), 0);
	assert_int_equal(pthread_create(&w->thread, NULL, log_in, w), 0);
}

static void wait_heard(struct waiter *w)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	assert_int_equal(sem_timedwait(&w->heard, &until), 0);
}

static enum err wait_end(struct waiter *w)
{
	assert_int_equal(pthread_join(w->thread, NULL), 0);
	agent_user_go(&w->user);
	(void)close(w->dl.cancel_fd);
	(void)sem_destroy(&w->heard);
	return w->e;
}

static void give_up(struct waiter *w)
{
	const uint64_t one = 1;

	assert_int_equal(write(w->dl.cancel_fd, &one, sizeof(one)), sizeof(one));
}

/* Three wait, for people who have said nothing yet. */
static void three_wait(struct waiter w[3])
{
	agent_people = people_new("vendor-shared");
	agent_rig_start(people_conf_text("hold", ""));
	for (int i = 0; i < 3; i++) {
		wait_begin(&w[i]);
		wait_heard(&w[i]);
	}
	people_wait_asked(agent_people);
}

static void test_denied(void **state)
{
	struct waiter w[3];

	(void)state;
	three_wait(w);
	people_let_go();
	for (int i = 0; i < 3; i++) {
		assert_int_equal(wait_end(&w[i]), ERR_DENIED);
		assert_non_null(strstr(w[i].user.why, "denied"));
	}
	assert_int_equal(people_asked(agent_people), 0);
	agent_rig_stop();
}

/* Who asked first gives up: the others wait on, and it is still one request. */
static void test_first_gives_up(void **state)
{
	struct waiter w[3];

	(void)state;
	three_wait(w);
	give_up(&w[0]);
	assert_int_equal(wait_end(&w[0]), ERR_CANCELLED);
	people_let_go();
	assert_int_equal(wait_end(&w[1]), ERR_DENIED);
	assert_int_equal(wait_end(&w[2]), ERR_DENIED);
	assert_int_equal(people_asked(agent_people), 0);
	agent_rig_stop();
}

/* All give up: the request ends, and whoever comes then asks anew. */
static void test_all_give_up(void **state)
{
	struct waiter w[3], later;

	(void)state;
	three_wait(w);
	for (int i = 0; i < 3; i++) {
		give_up(&w[i]);
		assert_int_equal(wait_end(&w[i]), ERR_CANCELLED);
	}
	wait_begin(&later);
	people_wait_asked(agent_people);
	people_let_go();
	assert_int_equal(wait_end(&later), ERR_DENIED);
	agent_rig_stop();
}

/* "agent end" is for all that wait, and waits for none of them. */
static void test_ended(void **state)
{
	struct agent_at at;
	struct waiter w[3];
	char why[200];

	(void)state;
	three_wait(w);
	at = agent_rig_at();
	assert_int_equal(agent_end(&at, NULL, why, sizeof(why)), ERR_OK);
	for (int i = 0; i < 3; i++)
		assert_int_equal(wait_end(&w[i]), ERR_CANCELLED);
	assert_int_equal(people_asked(agent_people), 0);
	/* It was for those only. */
	wait_begin(&w[0]);
	people_wait_asked(agent_people);
	people_let_go();
	assert_int_equal(wait_end(&w[0]), ERR_DENIED);
	agent_rig_stop();
}

/* ---- a PIN pad ---- */

/* Whoever is at the reader's pad presses cancel: that is the answer to all that waited for his PIN. */
static void test_pad(void **state)
{
	struct waiter w[3];

	(void)state;
	(void)rig_card_simple();
	fake_reader_pad(RIG_READER, "");
	fake_reader_pad_hold(RIG_READER);
	agent_rig_start("");
	for (int i = 0; i < 3; i++) {
		wait_begin(&w[i]);
		wait_heard(&w[i]);
	}
	assert_int_equal(fake_held(RIG_READER, PATIENCE_MS), ERR_OK);
	fake_release(RIG_READER);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(wait_end(&w[i]), ERR_CANCELLED);
		/* Nobody was told a second time that a PIN has to be typed. */
		assert_int_equal(w[i].told, 1);
	}
	agent_rig_stop();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		AGENT_TEST(test_denied), AGENT_TEST(test_first_gives_up), AGENT_TEST(test_all_give_up),
		AGENT_TEST(test_ended),  AGENT_TEST(test_pad),
	};

	if (people_is_helper(argc, argv))
		return 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
