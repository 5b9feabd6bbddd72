/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/session.h"

#include <stdlib.h>
#include <string.h>

#include "pkcs11/ck/rv.h"
#include "pkcs11/login/login.h"
#include "pkcs11/module/module.h"

static CK_RV insert(struct p11_slot *slot, unsigned insertion, bool rw, CK_SESSION_HANDLE *out)
{
	struct p11_session *s = calloc(1, sizeof(*s));
	CK_SESSION_HANDLE h;

	if (!s)
		return CKR_HOST_MEMORY;
	s->slot = slot;
	s->insertion = insertion;
	s->rw = rw;
	p11_module_lock();
	h = p11_session_add_locked(&p11_module.sessions, s);
	p11_module_unlock();
	if (!h) {
		free(s);
		return CKR_SESSION_COUNT;
	}
	*out = h;
	return CKR_OK;
}

/* The security officer may have come since we looked, before there was a session that only reads: then it is closed. */
static CK_RV check_so(struct p11_slot *slot, CK_SESSION_HANDLE h)
{
	bool is_there;

	lock_take(&slot->token.lock);
	is_there = slot->token.so_pin;
	lock_give(&slot->token.lock);
	if (!is_there)
		return CKR_OK;
	(void)p11_session_close(h);
	return CKR_SESSION_READ_WRITE_SO_EXISTS;
}

CK_RV p11_session_open(CK_SLOT_ID id, CK_FLAGS flags, CK_SESSION_HANDLE *out)
{
	struct p11_call c;
	unsigned insertion = 0;
	CK_RV rv = p11_call_slot(&c, id);

	if (!rv && !out)
		rv = CKR_ARGUMENTS_BAD;
	if (!rv && !(flags & CKF_SERIAL_SESSION))
		rv = CKR_SESSION_PARALLEL_NOT_SUPPORTED;
	if (!rv && c.token->so_pin && !(flags & CKF_RW_SESSION))
		rv = CKR_SESSION_READ_WRITE_SO_EXISTS;
	if (!rv) {
		rv = p11_rv(p11_token_look(c.token));
		insertion = atomic_load(&c.token->insertion);
	}
	/* The module lock is not taken under a token's: if the card goes away now, the session is born dead. */
	if (c.token) {
		lock_give(&c.token->lock);
		c.token = NULL;
	}
	if (!rv)
		rv = insert(c.slot, insertion, flags & CKF_RW_SESSION, out);
	if (!rv && !(flags & CKF_RW_SESSION))
		rv = check_so(c.slot, *out);
	return p11_call_end(&c, rv);
}

CK_RV p11_session_close(CK_SESSION_HANDLE h)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, h);

	/* A session whose card is gone can be closed like any other. */
	if (!c.session)
		return p11_call_end(&c, rv);
	lock_give(&c.token->lock);
	p11_module_lock();
	p11_session_remove_locked(&p11_module.sessions, c.session);
	p11_module_unlock();
	lock_take(&c.token->lock);
	p11_login_session_closed(c.token, c.session);
	return p11_call_end(&c, CKR_OK);
}

CK_RV p11_session_close_all(CK_SLOT_ID id)
{
	struct p11_call c;
	CK_RV rv = p11_call_slot(&c, id);

	if (rv)
		return p11_call_end(&c, rv);
	lock_give(&c.token->lock);
	p11_module_lock();
	for (size_t i = 0; i < P11_SESSIONS_MAX; i++) {
		struct p11_session *s = p11_module.sessions.v[i];

		if (!s || s->slot != c.slot)
			continue;
		s->refs++;
		p11_session_remove_locked(&p11_module.sessions, s);
		p11_session_unref_locked(s);
	}
	p11_module_unlock();
	lock_take(&c.token->lock);
	p11_login_session_closed(c.token, NULL);
	return p11_call_end(&c, CKR_OK);
}

CK_RV p11_session_info(struct p11_call *c, CK_SESSION_INFO *out)
{
	enum err e = p11_token_check(c->token);
	bool user = c->token->login == P11_OPEN;

	if (!out)
		return CKR_ARGUMENTS_BAD;
	if (!p11_session_is_alive(c->session))
		e = ERR_REMOVED;
	if (e)
		return p11_rv(e);
	memset(out, 0, sizeof(*out));
	out->slotID = c->slot->id;
	out->flags = CKF_SERIAL_SESSION | (c->session->rw ? CKF_RW_SESSION : 0);
	if (c->token->so_pin)
		out->state = CKS_RW_SO_FUNCTIONS;
	else if (c->session->rw)
		out->state = user ? CKS_RW_USER_FUNCTIONS : CKS_RW_PUBLIC_SESSION;
	else
		out->state = user ? CKS_RO_USER_FUNCTIONS : CKS_RO_PUBLIC_SESSION;
	return CKR_OK;
}
