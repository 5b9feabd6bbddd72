/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A lock of the whole process, in static memory, for a few instructions at a time: it needs no beginning, a fork waits
 * until nobody has it, and the child finds it free. Locks may be taken one inside the other, in an order of their
 * users' own.
 */
#ifndef BASE_PROCESS_LOCK_H
#define BASE_PROCESS_LOCK_H

#include <stdatomic.h>

#include "base/lock.h"

struct process_lock {
	struct lock l;
	atomic_bool known;              /* to the fork, and l is one */
	struct process_lock *next;
};
void process_lock_take(struct process_lock *p);
void process_lock_give(struct process_lock *p);

#endif
