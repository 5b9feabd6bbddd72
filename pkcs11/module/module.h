/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of the module, its life from C_Initialize to C_Finalize, and how every call enters and leaves.
 *
 * Two kinds of locks. The module lock guards slots, sessions and lifecycle, and is never held across I/O or waits. A
 * token's lock covers one command sequence. A call takes the module lock, references its session, drops it, takes the
 * token's lock and checks again; nobody holds both. After a fork the child is uninitialised and never touches what it
 * inherited.
 */
#ifndef PKCS11_MODULE_MODULE_H
#define PKCS11_MODULE_MODULE_H

#include "base/conf.h"
#include "base/process_lock.h"
#include "pkcs11/module/session_table.h"
#include "pkcs11/module/slot_table.h"

struct p11_module {
	struct process_lock lock;
	struct cond idle;               /* a call ended */
	bool ready;
	atomic_bool closing;
	bool forked;                    /* the state below belongs to our parent */
	unsigned calls;                 /* threads inside */
	int stop_fd;                    /* readable when closing */
	struct conf *conf;              /* constant while ready */
	struct p11_slots slots;
	struct p11_sessions sessions;
};
extern struct p11_module p11_module;

void p11_module_lock(void);
void p11_module_unlock(void);

CK_RV p11_module_start(const CK_C_INITIALIZE_ARGS *args);
CK_RV p11_module_stop(void);

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

#endif
