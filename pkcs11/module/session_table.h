/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions and their handles. The table is guarded by the module lock; what a session does, by its token's lock. */
#ifndef PKCS11_MODULE_SESSION_TABLE_H
#define PKCS11_MODULE_SESSION_TABLE_H

#include "pkcs11/module/op.h"
#include "pkcs11/module/slot_table.h"

#define P11_SESSIONS_MAX 1024

struct p11_find {                       /* a search: the handles that were found, and how many of them were told */
	bool active;
	size_t n, next;
	CK_OBJECT_HANDLE *v;
};
struct p11_session {
	CK_SESSION_HANDLE handle;
	struct p11_slot *slot;
	unsigned insertion;             /* of the token, when it was opened */
	bool rw;
	unsigned refs;                  /* module lock: the table's and the calls' */
	struct p11_op sign, verify, digest, encrypt, decrypt;
	struct p11_find find;
};
struct p11_sessions {
	struct p11_session *v[P11_SESSIONS_MAX];
	CK_SESSION_HANDLE serial;       /* of the last one opened: handles do not come back */
};

void p11_find_free(struct p11_find *f);
/* Is the card in the reader on which it was opened? */
bool p11_session_is_alive(const struct p11_session *s);

/* The caller holds the module lock. */
struct p11_session *p11_session_get_locked(struct p11_sessions *t, CK_SESSION_HANDLE h);
/* Takes s, from malloc, and gives it its handle. 0: no place, although sessions whose card is gone made room. */
CK_SESSION_HANDLE p11_session_add_locked(struct p11_sessions *t, struct p11_session *s);
void p11_session_unref_locked(struct p11_session *s);
/*
 * Out of the table, which drops its reference: the handle is invalid from now on. The caller has a reference of its
 * own.
 */
void p11_session_remove_locked(struct p11_sessions *t, struct p11_session *s);
void p11_sessions_count_locked(const struct p11_sessions *t, const struct p11_slot *slot, CK_ULONG *all, CK_ULONG *rw);

/* Nobody else is inside. */
void p11_sessions_free(struct p11_sessions *t);

#endif
