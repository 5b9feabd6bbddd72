/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slots are readers. A slot keeps its number as long as the module lives; a reader that comes back gets its old slot.
 */
#ifndef PKCS11_SLOT_H
#define PKCS11_SLOT_H

#include "pkcs11/token.h"

struct p11_slot {
	CK_SLOT_ID id;                  /* index */
	struct p11_token token;
	uint32_t seen_events;           /* what C_WaitForSlotEvent last told; module lock */
	bool seen_card;
};
struct p11_slots {
	size_t n;
	struct p11_slot *v[PCSC_READERS_MAX];
	bool listed;                    /* what comes now is news for C_WaitForSlotEvent */
};

void p11_slots_free(struct p11_slots *s);
void p11_slots_abandon(struct p11_slots *s);

struct p11_call;
CK_RV p11_slot_list(CK_BBOOL with_token, CK_SLOT_ID *list, CK_ULONG *n);
CK_RV p11_slot_wait(CK_FLAGS flags, CK_SLOT_ID *id);

#endif
