/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/login/cooldown.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/process_lock.h"

#define CARDS_MAX 16            /* the oldest gives way */

static struct entry {
	char device_id[CHR_MAX + 1];
	enum err e;
	uint64_t until_ms;
} entries[CARDS_MAX];
static size_t next;

static struct process_lock lock;

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
	process_lock_take(&lock);
	x = find(device_id);
	if (x && x->until_ms > now) {
		e = x->e;
		*seconds = (unsigned)((x->until_ms - now + 999) / 1000);
	}
	process_lock_give(&lock);
	return e;
}

void p11_cooldown_note(const char *device_id, enum err e, unsigned seconds)
{
	struct entry *x;

	if (e != ERR_DENIED && e != ERR_EXPIRED)
		return;
	process_lock_take(&lock);
	x = find(device_id);
	if (!x) {
		x = &entries[next];
		next = (next + 1) % CARDS_MAX;
	}
	(void)snprintf(x->device_id, sizeof(x->device_id), "%s", device_id);
	x->e = e;
	x->until_ms = clock_boot_ms() + (uint64_t)seconds * 1000;
	process_lock_give(&lock);
}
