/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit/test.h"

#include <pthread.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/deadline.h"
#include "base/lock.h"

static void what_is_left(void **state)
{
	struct deadline d = deadline_in(100000), never = deadline_never(), sooner;

	(void)state;
	assert_in_range(deadline_left_ms(&d), 99000, 100000);
	assert_int_equal(deadline_left_ms(&never), UINT64_MAX);
	assert_int_equal(deadline_left_ms(NULL), UINT64_MAX);
	d.cancel_fd = 7;
	sooner = deadline_within(&d, 50);
	assert_true(deadline_left_ms(&sooner) <= 50);
	assert_int_equal(sooner.cancel_fd, 7);
	sooner = deadline_within(&d, 200000);
	assert_int_equal(sooner.at_ms, d.at_ms);
	sooner = deadline_within(NULL, UINT64_MAX);
	assert_int_equal(sooner.at_ms, UINT64_MAX);
	assert_int_equal(sooner.cancel_fd, -1);
	d = deadline_in(0);
	assert_int_equal(deadline_check(&d), ERR_TIMEOUT);
	assert_int_equal(deadline_check(&never), ERR_OK);
	assert_int_equal(deadline_check(NULL), ERR_OK);
}

static void waiting(void **state)
{
	struct deadline d = deadline_in(30);
	int data[2], cancel[2];
	char c;

	(void)state;
	assert_int_equal(pipe(data), 0);
	assert_int_equal(pipe(cancel), 0);
	assert_int_equal(deadline_wait(&d, data[0]), ERR_TIMEOUT);
	assert_true(clock_boot_ms() >= d.at_ms);                       /* not given up before its time */
	assert_int_equal(write(data[1], "x", 1), 1);
	/* What is there is taken even when time is up. */
	assert_int_equal(deadline_wait(&d, data[0]), ERR_OK);
	assert_int_equal(deadline_wait(NULL, data[0]), ERR_OK);
	d = deadline_in(60000);
	d.cancel_fd = cancel[0];
	assert_int_equal(deadline_check(&d), ERR_OK);
	assert_int_equal(deadline_wait(&d, data[0]), ERR_OK);
	assert_int_equal(write(cancel[1], "x", 1), 1);
	assert_int_equal(deadline_check(&d), ERR_CANCELLED);
	assert_int_equal(deadline_wait(&d, data[0]), ERR_CANCELLED);
	assert_int_equal(deadline_wait(&d, -1), ERR_CANCELLED);
	d.cancel_fd = -1;
	(void)close(data[1]);
	assert_int_equal(read(data[0], &c, 1), 1);
	assert_int_equal(deadline_wait(&d, data[0]), ERR_OK);           /* end of file is readable */
	(void)close(data[0]);
	assert_int_equal(deadline_wait(&d, data[0]), ERR_IO);
	(void)close(cancel[0]);
	(void)close(cancel[1]);
}

struct shared {
	struct lock lock;
	struct cond cond;
	int turn;
};

static void *other(void *arg)
{
	struct shared *s = arg;

	lock_take(&s->lock);
	s->turn = 1;
	cond_wake(&s->cond);
	while (s->turn != 2)
		cond_wait(&s->cond, &s->lock);
	s->turn = 3;
	cond_wake(&s->cond);
	lock_give(&s->lock);
	return NULL;
}

static void conditions(void **state)
{
	struct shared s = { .turn = 0 };
	pthread_t t;
	enum err e = ERR_OK;

	(void)state;
	lock_init(&s.lock);
	cond_init(&s.cond);
	lock_take(&s.lock);
	assert_int_equal(cond_wait_ms(&s.cond, &s.lock, 5), ERR_TIMEOUT);
	assert_int_equal(pthread_create(&t, NULL, other, &s), 0);
	while (!e && s.turn != 1)
		e = cond_wait_ms(&s.cond, &s.lock, UINT64_MAX);
	assert_int_equal(e, ERR_OK);
	s.turn = 2;
	cond_wake(&s.cond);
	while (!e && s.turn != 3)
		e = cond_wait_ms(&s.cond, &s.lock, 60000);
	assert_int_equal(e, ERR_OK);
	lock_give(&s.lock);
	assert_int_equal(pthread_join(t, NULL), 0);
	cond_fini(&s.cond);
	lock_fini(&s.lock);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_left),
		cmocka_unit_test(waiting),
		cmocka_unit_test(conditions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
