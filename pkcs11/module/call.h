/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How every call enters and leaves. It takes the module lock, references its session, drops it, takes the token's lock,
 * which covers one command sequence, and checks again; nobody holds both.
 */
#ifndef PKCS11_MODULE_CALL_H
#define PKCS11_MODULE_CALL_H

#include "pkcs11/module/session_table.h"
#include "pkcs11/module/slot_table.h"

struct p11_call {
	struct p11_slot *slot;
	struct p11_token *token;        /* its lock is held */
	struct p11_session *session;
	CK_ULONG sessions, rw_sessions; /* of the slot, when the call entered */
	bool entered;
};
/* Only the lifecycle is checked. Each is ended by p11_call_end, whatever it returned. */
CK_RV p11_call_module(struct p11_call *c);
CK_RV p11_call_slot(struct p11_call *c, CK_SLOT_ID id);
CK_RV p11_call_session(struct p11_call *c, CK_SESSION_HANDLE h);
/* A whole call that does nothing: with, where the module is initialised. */
CK_RV p11_call_refuse(CK_RV with);
/* Returns rv. */
CK_RV p11_call_end(struct p11_call *c, CK_RV rv);
/* p11_ceremony_start for its session. ERR_CANCELLED: C_Finalize has begun. */
MUST enum err p11_call_ceremony(struct p11_call *c, bool is_login);

#endif
