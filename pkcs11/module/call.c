/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/module/call.h"

#include "base/log.h"
#include "pkcs11/module/ceremony.h"
#include "pkcs11/module/module.h"
#include "pkcs11/module/slot_find.h"

static CK_RV enter(struct p11_call *c)
{
	*c = (struct p11_call){ .entered = p11_module_enter() };
	return c->entered ? CKR_OK : CKR_CRYPTOKI_NOT_INITIALIZED;
}

CK_RV p11_call_module(struct p11_call *c)
{
	CK_RV rv = enter(c);

	p11_module_unlock();
	return rv;
}

static void take_token(struct p11_call *c)
{
	lock_take(&c->slot->token.lock);
	c->token = &c->slot->token;
}

static void find_slots_unlocked(void)
{
	struct apdu_readers now;

	p11_module_unlock();
	if (p11_slots_find(&now, true))
		log_line(LOG_P11, LOG_WARN, "a slot is asked for before the list, which cannot be had");
	p11_module_lock();
}

CK_RV p11_call_slot(struct p11_call *c, CK_SLOT_ID id)
{
	CK_RV rv = enter(c);

	/* A program may know the number already: from its settings, or from before a fork. */
	if (!rv && !p11_module.slots.listed)
		find_slots_unlocked();
	if (!rv && id >= p11_module.slots.n)
		rv = CKR_SLOT_ID_INVALID;
	if (!rv) {
		c->slot = p11_module.slots.v[id];
		p11_sessions_count_locked(&p11_module.sessions, c->slot, &c->sessions, &c->rw_sessions);
	}
	p11_module_unlock();
	if (!rv)
		take_token(c);
	return rv;
}

CK_RV p11_call_session(struct p11_call *c, CK_SESSION_HANDLE h)
{
	CK_RV rv = enter(c);

	if (!rv) {
		c->session = p11_session_get_locked(&p11_module.sessions, h);
		if (c->session)
			c->session->refs++;
		else
			rv = CKR_SESSION_HANDLE_INVALID;
	}
	p11_module_unlock();
	if (rv)
		return rv;

	c->slot = c->session->slot;
	take_token(c);
	/* Check again: while we waited for the lock the card may have gone. */
	return p11_session_is_alive(c->session) ? CKR_OK : CKR_DEVICE_REMOVED;
}

CK_RV p11_call_end(struct p11_call *c, CK_RV rv)
{
	if (c->token)
		lock_give(&c->token->lock);
	if (c->entered)
		p11_module_lock();
	if (c->session) {
		/* Its card is gone: so is the session (PKCS#11 2.40 5.5, removal closes all sessions). */
		if (!p11_session_is_alive(c->session))
			p11_session_remove_locked(&p11_module.sessions, c->session);
		p11_session_unref_locked(c->session);
	}
	p11_module_leave(c->entered);
	return rv;
}

CK_RV p11_call_refuse(CK_RV with)
{
	struct p11_call c;
	CK_RV rv = p11_call_module(&c);

	return p11_call_end(&c, rv ? rv : with);
}

enum err p11_call_ceremony(struct p11_call *c, bool is_login)
{
	/* C_Finalize sets closing before it looks for ceremonies to cancel. */
	return p11_module.closing ? ERR_CANCELLED : p11_ceremony_start(c->token, c->session, is_login);
}
