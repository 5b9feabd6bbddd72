/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/module/session_table.h"

#include <stdlib.h>
#include <string.h>

/* A handle is serial * P11_SESSIONS_MAX + index; the serial begins with 1, so that no handle is 0. */

struct p11_session *p11_session_get_locked(struct p11_sessions *t, CK_SESSION_HANDLE h)
{
	struct p11_session *s = t->v[h % P11_SESSIONS_MAX];

	return s && s->handle == h ? s : NULL;
}

void p11_find_free(struct p11_find *f)
{
	free(f->v);
	*f = (struct p11_find){ .active = false };
}

void p11_session_unref_locked(struct p11_session *s)
{
	if (--s->refs)
		return;
	p11_op_free(&s->sign);
	p11_op_free(&s->verify);
	p11_op_free(&s->digest);
	p11_op_free(&s->encrypt);
	p11_op_free(&s->decrypt);
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
	atomic_fetch_sub(&s->slot->token.read_only, !s->rw);
	s->refs--;
}

bool p11_session_is_alive(const struct p11_session *s)
{
	return s->insertion == atomic_load(&s->slot->token.insertion);
}

void p11_sessions_count_locked(const struct p11_sessions *t, const struct p11_slot *slot, CK_ULONG *all, CK_ULONG *rw)
{
	*all = *rw = 0;
	for (size_t i = 0; i < P11_SESSIONS_MAX; i++) {
		const struct p11_session *s = t->v[i];

		if (!s || s->slot != slot || !p11_session_is_alive(s))
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
		if (s && s->refs == 1 && !p11_session_is_alive(s)) {
			s->refs++;
			p11_session_remove_locked(t, s);
			p11_session_unref_locked(s);
		}
	}
}

CK_SESSION_HANDLE p11_session_add_locked(struct p11_sessions *t, struct p11_session *s)
{
	struct p11_session **place;

	reap_locked(t);
	place = find_place(t);
	if (!place)
		return 0;
	s->handle = ++t->serial * P11_SESSIONS_MAX + (CK_SESSION_HANDLE)(place - t->v);
	s->refs = 1;
	*place = s;
	atomic_fetch_add(&s->slot->token.sessions, 1);
	atomic_fetch_add(&s->slot->token.read_only, !s->rw);
	return s->handle;
}
