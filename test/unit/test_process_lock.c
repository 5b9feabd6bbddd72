/* SPDX-License-Identifier: Apache-2.0 */
/* A process forks while its threads have locks, one inside the other: no child finds one taken, and no fork hangs. */
#include "test/unit/test.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/process_lock.h"

#define FORKS 100

static struct pair {
	struct process_lock outer, inner;
	unsigned a, b;                  /* equal, but for who has a lock */
	atomic_uint rounds;
	atomic_bool stop;
} pairs[2];

static void one_round(struct pair *p)
{
	process_lock_take(&p->outer);
	if (p->a != p->b)
		abort();
	p->a++;
	process_lock_take(&p->inner);
	p->b++;
	process_lock_give(&p->inner);
	process_lock_give(&p->outer);
}

static void *work(void *ctx)
{
	struct pair *p = ctx;

	while (!atomic_load(&p->stop)) {
		one_round(p);
		atomic_fetch_add(&p->rounds, 1);
	}
	return NULL;
}

static void fork_often(struct pair *p, struct process_lock *first_known)
{
	pthread_t t[2];
	int status;

	(void)alarm(PATIENCE_S);      /* SIGALRM ends who hangs */
	process_lock_take(first_known);
	process_lock_give(first_known);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&t[i], NULL, work, p), 0);
	while (!atomic_load(&p->rounds))
		(void)sched_yield();
	for (size_t i = 0; i < FORKS; i++) {
		const pid_t pid = fork();

		if (pid == 0) {
			(void)alarm(PATIENCE_S);
			one_round(p);
			_exit(0);
		}
		assert_true(pid > 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
	atomic_store(&p->stop, true);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_join(t[i], NULL), 0);
	assert_int_equal(p->b, atomic_load(&p->rounds));
	(void)alarm(0);
}

/* A fork that waited for one lock while it has another would meet a thread that does so the other way round. */
static void test_outer_known_first(void **state)
{
	(void)state;
	fork_often(&pairs[0], &pairs[0].outer);
}

static void test_inner_known_first(void **state)
{
	(void)state;
	fork_often(&pairs[1], &pairs[1].inner);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outer_known_first),
		cmocka_unit_test(test_inner_known_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
