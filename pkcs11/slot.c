/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/slot.h"

#include <string.h>

#include "pkcs11/ck/rv.h"
#include "pkcs11/module/module.h"
#include "pkcs11/module/readers.h"
#include "pkcs11/module/slot_find.h"

static const struct apdu_reader *reader_of(const struct apdu_readers *now, const struct p11_slot *s)
{
	for (size_t i = 0; i < now->n; i++)
		if (rd_eq_str(rd_str(now->v[i].name), s->token.reader))
			return &now->v[i];
	return NULL;
}

/* Not of a device or token: these calls have none (PKCS#11 2.40 5.5). */
static CK_RV rv_of(enum err e)
{
	return !e ? CKR_OK : e == ERR_NOMEM ? CKR_HOST_MEMORY : CKR_FUNCTION_FAILED;
}

static bool has_token(struct p11_slot *s, const struct apdu_readers *now)
{
	enum err e;

	lock_take(&s->token.lock);
	e = p11_token_see(&s->token, reader_of(now, s));
	lock_give(&s->token.lock);
	return !e;
}

CK_RV p11_slot_list(CK_BBOOL with_token, CK_SLOT_ID *list, CK_ULONG *n)
{
	struct p11_slot *v[APDU_READERS_MAX];
	CK_SLOT_ID found[APDU_READERS_MAX];
	struct apdu_readers now;
	size_t count, k = 0;
	enum err e;
	CK_RV rv;

	if (!n)
		return CKR_ARGUMENTS_BAD;
	/* What is asked for after its length fits: readers that came show when the length is asked for again (5.5). */
	e = p11_slots_find(&now, !list);
	if (e)
		return rv_of(e);
	p11_module_lock();
	count = p11_slots_copy_locked(&p11_module.slots, v);
	p11_module_unlock();
	for (size_t i = 0; i < count; i++)
		if (!with_token || has_token(v[i], &now))
			found[k++] = v[i]->id;
	if (p11_out(k, list, n, &rv) && k)
		memcpy(list, found, k * sizeof(found[0]));
	return rv;
}

/* The next slot whose reader changed since this was last told; notes it as told. */
static bool next_event(const struct apdu_readers *now, CK_SLOT_ID *id)
{
	bool found = false;

	p11_module_lock();
	for (size_t i = 0; !found && i < p11_module.slots.n; i++) {
		struct p11_slot *s = p11_module.slots.v[i];
		const struct apdu_reader *r = reader_of(now, s);
		uint32_t events = r ? r->events : 0;
		bool card = r && r->has_card;

		if (events == s->seen_events && card == s->seen_card)
			continue;
		s->seen_events = events;
		s->seen_card = card;
		*id = s->id;
		found = true;
	}
	p11_module_unlock();
	return found;
}

CK_RV p11_slot_wait(CK_FLAGS flags, CK_SLOT_ID *id)
{
	struct deadline dl = { UINT64_MAX, p11_module.stop_fd };
	struct apdu_readers now;
	enum err e;

	if (!id)
		return CKR_ARGUMENTS_BAD;
	e = p11_slots_find(&now, true);
	while (!e && !next_event(&now, id)) {
		if (flags & CKF_DONT_BLOCK)
			return CKR_NO_EVENT;
		e = p11_readers_wait(p11_module.conf, &now, &dl);
		if (!e)
			e = p11_slots_find(&now, true);
	}
	/* C_Finalize while we waited (PKCS#11 2.40 5.5). */
	return e == ERR_CANCELLED ? CKR_CRYPTOKI_NOT_INITIALIZED : rv_of(e);
}
