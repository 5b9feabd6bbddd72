/* SPDX-License-Identifier: Apache-2.0 */
#include "base/process_lock.h"

#include <sched.h>
#include <stdlib.h>

static struct lock all_lock;            /* of all */
static struct process_lock *all;

/* Whoever has one may wait for the next: so none is waited for here while another is kept. */
static bool try_all(void)
{
	struct process_lock *p, *taken;

	for (p = all; p && lock_try(&p->l); p = p->next)
		;
	if (!p)
		return true;
	for (taken = all; taken != p; taken = taken->next)
		lock_give(&taken->l);
	return false;
}

static void before_fork(void)
{
	lock_take(&all_lock);
	while (!try_all())
		(void)sched_yield();
}

static void after_fork_parent(void)
{
	for (struct process_lock *p = all; p; p = p->next)
		lock_give(&p->l);
	lock_give(&all_lock);
}

static void after_fork_child(void)
{
	for (struct process_lock *p = all; p; p = p->next)
		lock_init_child(&p->l);
	lock_init_child(&all_lock);
}

static void init_once(void)
{
	lock_init(&all_lock);
	if (pthread_atfork(before_fork, after_fork_parent, after_fork_child))
		abort();
}

static void get_known(struct process_lock *p)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, init_once);
	lock_take(&all_lock);
	if (!atomic_load(&p->known)) {
		lock_init(&p->l);
		p->next = all;
		all = p;
		atomic_store(&p->known, true);
	}
	lock_give(&all_lock);
}

void process_lock_take(struct process_lock *p)
{
	if (!atomic_load(&p->known))
		get_known(p);
	lock_take(&p->l);
}

void process_lock_give(struct process_lock *p)
{
	lock_give(&p->l);
}
