/* SPDX-License-Identifier: Apache-2.0 */
/* A mutex and a condition that cannot fail quietly: misuse ends the program (it is our bug). */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

#include <pthread.h>
#include "base/deadline.h"

struct lock { pthread_mutex_t m; };
struct cond { pthread_cond_t c; };

void lock_init(struct lock *l);
/* In the child of a fork: anew, where the thread that forked had taken it. A child cannot give what its parent took. */
void lock_init_child(struct lock *l);
void lock_fini(struct lock *l);
void lock_take(struct lock *l);
bool lock_try(struct lock *l);                                  /* false: somebody has it */
void lock_give(struct lock *l);
void cond_init(struct cond *c);                                /* on the monotonic clock */
void cond_fini(struct cond *c);
void cond_wait(struct cond *c, struct lock *l);
/* ERR_OK when woken (perhaps for nothing), ERR_TIMEOUT after ms. */
MUST enum err cond_wait_ms(struct cond *c, struct lock *l, uint64_t ms);
void cond_wake(struct cond *c);                                /* all */

#endif
