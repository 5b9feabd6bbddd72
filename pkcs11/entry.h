/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole of an entry: enter, hand over, leave. does is an expression of type CK_RV, evaluated only if the call was
 * let in, and sees it as c.
 */
#ifndef PKCS11_ENTRY_H
#define PKCS11_ENTRY_H

#include "pkcs11/module/call.h"

#define P11_ENTRY(enter, does)                          \
	struct p11_call c;                              \
	CK_RV rv = (enter);                             \
							\
	if (!rv)                                        \
		rv = (does);                            \
	return p11_call_end(&c, rv)

#define IN_MODULE(does)           P11_ENTRY(p11_call_module(&c), does)
#define IN_SLOT(id, does)         P11_ENTRY(p11_call_slot(&c, id), does)
#define IN_SESSION(session, does) P11_ENTRY(p11_call_session(&c, session), does)

#endif
