/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of the module, and its life from C_Initialize to C_Finalize. The module lock guards slots, sessions and
 * lifecycle, and is never held across I/O or waits. After a fork the child is uninitialised and never touches what it
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

/*
 * A call of this thread begins, and the module lock is taken. false: not initialised, or C_Finalize has begun. Its end,
 * either way, is leave: for one that entered with the lock taken, which that gives up.
 */
MUST bool p11_module_enter(void);
void p11_module_leave(bool entered);

#endif
