/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slots are readers. A slot keeps its number as long as the module lives, and in the children of forks: they go on with
 * the numbers that they know. A reader that comes back gets its old slot. The table is guarded by the module lock.
 */
#ifndef PKCS11_MODULE_SLOT_TABLE_H
#define PKCS11_MODULE_SLOT_TABLE_H

#include "pkcs11/module/token.h"

struct p11_slot {
	CK_SLOT_ID id;                  /* index */
	struct p11_token token;
	uint32_t seen_events;           /* what C_WaitForSlotEvent last told; module lock */
	bool seen_card;
};
struct p11_slots {
	size_t n;
	struct p11_slot *v[APDU_READERS_MAX];
	bool listed;                    /* what comes now is news for C_WaitForSlotEvent */
};

/* The caller holds the module lock. */
/* A slot for this reader, unless it has one. conf is borrowed, for its token. ERR_LIMIT, ERR_NOMEM. */
MUST enum err p11_slots_add_locked(struct p11_slots *s, const struct conf *conf, const struct apdu_reader *r);
/*
 * How many there are, and where. Slots live until C_Finalize, which waits for every call: what was copied stays good
 * without the lock, and only the count can grow.
 */
size_t p11_slots_copy_locked(const struct p11_slots *s, struct p11_slot *v[APDU_READERS_MAX]);

/* Nobody else is inside. */
void p11_slots_free(struct p11_slots *s);
/*
 * Child of a fork: the same readers under the same numbers, and nothing else of what the parent had. Where one of its
 * threads was inside a call (consistent: none was), that is left as it is. conf as above.
 */
void p11_slots_abandon(struct p11_slots *s, const struct conf *conf, bool consistent);

#endif
