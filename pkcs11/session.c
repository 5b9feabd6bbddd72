/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/session.h"

#include <stdlib.h>
#include <string.h>

#include "pkcs11/login.h"
#include "pkcs11/module.h"
#include "pkcs11/rv.h"

/* A handle is serial * P11_SESSIONS_MAX + index; the serial begins with 1, so that no handle is 0. */

struct p11_session *p11_session_get_locked(struct p11_sessions *t, CK_SESSION_HANDLE h)
{
	struct p11_session *s = t->v[h % P11_SESSIONS_MAX];

	return s && s->handle == h ? s : NULL;
}

void p11_session_unref_locked(struct p11_session *s)
{
	if (--s->refs)
		return;
	p11_op_end(&s->sign);
	p11_op_end(&s->verify);
	p11_op_end(&s->digest);
	p11_find_free(&s->find);
	free(s);
}

void p11_session_remove_locked(struct p11_sessions *t, struct p11_session *s)
{
	struct p11_session **place = &t->v[s->handle % P11_SESSIONS_MAX];

	if (*place != s)
		return;
	*place = NULL;
	atomic_fetch_sub(&s->slot->token.sessions, 1);
	s->refs--;
}

static bool is_alive(const struct p11_session *s)
{
	return s->insertion == atomic_load(&s->slot->token.insertion);
}

void p11_sessions_count_locked(const struct p11_sessions *t, const struct p11_slot *slot, CK_ULONG *all, CK_ULONG *rw)
{
	*all = *rw = 0;
	for (size_t i = 0; i < P11_SESSIONS_MAX; i++) {
		const struct p11_session *s = t->v[i];

		if (!s || s->slot != slot || !is_alive(s))
			continue;
		(*all)++;
		*rw += s->rw;
	}
}

void p11_sessions_free(struct p11_sessions *t)
{
	for (size_t i = 0; i < P11_SESSIONS_MAX; i++)
		if (t->v[i])
			p11_session_unref_locked(t->v[i]);
	memset(t->v, 0, sizeof(t->v));
}

/* A free place; sessions on cards that are gone make room. */
static struct p11_session **find_place(struct p11_sessions *t)
{
	for (size_t i = 0; i < P11_SESSIONS_MAX; i++)
		if (!t->v[i])
			return &t->v[i];
	return NULL;
}

static void reap_locked(struct p11_sessions *t)
{
	for (size_t i = 0; i < P11_SESSIONS_MAX; i++) {
		struct p11_session *s = t->v[i];

		/* One that a call is using is removed when that call ends. */
		if (s && s->refs == 1 && !is_alive(s)) {
			s->refs++;
			p11_session_remove_locked(t, s);
			p11_session_unref_locked(s);
		}
	}
}

static CK_RV insert(struct p11_slot *slot, unsigned insertion, bool rw, CK_SESSION_HANDLE *out)
{
	struct p11_sessions *t = &p11_module.sessions;
	struct p11_session *s = calloc(1, sizeof(*s)), **place;
	CK_RV rv = CKR_OK;

	if (!s)
		return CKR_HOST_MEMORY;
	p11_module_lock();
	reap_locked(t);
	place = find_place(t);
	if (place) {
		s->handle = ++t->serial * P11_SESSIONS_MAX + (CK_SESSION_HANDLE)(place - t->v);
		s->slot = slot;
		s->insertion = insertion;
		s->rw = rw;
		s->refs = 1;
		*out = s->handle;
		*place = s;
		s = NULL;
		atomic_fetch_add(&slot->token.sessions, 1);
	} else {
		rv = CKR_SESSION_COUNT;
	}
	p11_module_unlock();
	free(s);
	return rv;
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
	if (!is_alive(c->session))
		e = ERR_REMOVED;
	if (e)
		return p11_rv(e);
	memset(out, 0, sizeof(*out));
	out->slotID = c->slot->id;
	out->flags = CKF_SERIAL_SESSION | (c->session->rw ? CKF_RW_SESSION : 0);
	if (c->session->rw)
		out->state = user ? CKS_RW_USER_FUNCTIONS : CKS_RW_PUBLIC_SESSION;
	else
		out->state = user ? CKS_RO_USER_FUNCTIONS : CKS_RO_PUBLIC_SESSION;
	return CKR_OK;
}
