/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/login/cooldown.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/lock.h"

#define CARDS_MAX 16            /* the oldest gives way */

static struct entry {
	char device_id[CHR_MAX + 1];
	enum err e;
	uint64_t until_ms;
} entries[CARDS_MAX];
static size_t next;

static struct lock lock;

static void before_fork(void)
{
	lock_take(&lock);
}

static void after_fork_parent(void)
{
	lock_give(&lock);
}

static void after_fork_child(void)
{
	lock_init(&lock);
}

static void init_once(void)
{
	lock_init(&lock);
	/* Without memory for it a child could find the lock taken; it would have none for its login either. */
	(void)pthread_atfork(before_fork, after_fork_parent, after_fork_child);
}

static void take(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, init_once);
	lock_take(&lock);
}

static struct entry *find(const char *device_id)
{
	for (size_t i = 0; i < CARDS_MAX; i++)
		if (entries[i].e && strcmp(entries[i].device_id, device_id) == 0)
			return &entries[i];
	return NULL;
}

enum err p11_cooldown_check(const char *device_id, unsigned *seconds)
{
	uint64_t now = clock_boot_ms();
	const struct entry *x;
	enum err e = ERR_OK;

	*seconds = 0;
	take();
	x = find(device_id);
	if (x && x->until_ms > now) {
		e = x->e;
		*seconds = (unsigned)((x->until_ms - now + 999) / 1000);
	}
	lock_give(&lock);
	return e;
}

void p11_cooldown_note(const char *device_id, enum err e, unsigned seconds)
{
	struct entry *x;

	if (e != ERR_DENIED && e != ERR_EXPIRED)
		return;
	take();
	x = find(device_id);
	if (!x) {
		x = &entries[next];
		next = (next + 1) % CARDS_MAX;
	}
	(void)snprintf(x->device_id, sizeof(x->device_id), "%s", device_id);
	x->e = e;
	x->until_ms = clock_boot_ms() + (uint64_t)seconds * 1000;
	lock_give(&lock);
}
