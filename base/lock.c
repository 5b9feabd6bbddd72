/* SPDX-License-Identifier: Apache-2.0 */
#include "base/lock.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

static void must(int rc)
{
	if (rc != 0)
		abort();
}

void lock_init(struct lock *l)
{
	pthread_mutexattr_t a;

	must(pthread_mutexattr_init(&a));
	must(pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ERRORCHECK));
	must(pthread_mutex_init(&l->m, &a));
	must(pthread_mutexattr_destroy(&a));
}

void lock_init_child(struct lock *l)
{
#ifdef __SANITIZE_THREAD__
	/* ThreadSanitizer takes the child to have what its parent took, and warns of the order of that and others. */
	__tsan_mutex_pre_unlock(&l->m, 0);
	__tsan_mutex_post_unlock(&l->m, 0);
#endif
	lock_init(l);
}

void lock_fini(struct lock *l)
{
	must(pthread_mutex_destroy(&l->m));
}

void lock_take(struct lock *l)
{
	must(pthread_mutex_lock(&l->m));
}

bool lock_try(struct lock *l)
{
	int rc = pthread_mutex_trylock(&l->m);

	if (rc != EBUSY)
		must(rc);
	return rc == 0;
}

void lock_give(struct lock *l)
{
	must(pthread_mutex_unlock(&l->m));
}

void cond_init(struct cond *c)
{
	pthread_condattr_t a;

	must(pthread_condattr_init(&a));
	must(pthread_condattr_setclock(&a, CLOCK_MONOTONIC));
	must(pthread_cond_init(&c->c, &a));
	must(pthread_condattr_destroy(&a));
}

void cond_fini(struct cond *c)
{
	must(pthread_cond_destroy(&c->c));
}

void cond_wait(struct cond *c, struct lock *l)
{
	must(pthread_cond_wait(&c->c, &l->m));
}

enum err cond_wait_ms(struct cond *c, struct lock *l, uint64_t ms)
{
	struct timespec t;
	int rc;

	/* A year is for ever; more could overflow tv_sec. */
	if (ms > 31536000000u)
		ms = 31536000000u;
	must(clock_gettime(CLOCK_MONOTONIC, &t));
	t.tv_sec += (time_t)(ms / 1000);
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	rc = pthread_cond_timedwait(&c->c, &l->m, &t);
	if (rc == ETIMEDOUT)
		return ERR_TIMEOUT;
	must(rc);
	return ERR_OK;
}

void cond_wake(struct cond *c)
{
	must(pthread_cond_broadcast(&c->c));
}
