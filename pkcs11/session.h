/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing sessions. These take handles and do their own entering and leaving, but for p11_session_info. */
#ifndef PKCS11_SESSION_H
#define PKCS11_SESSION_H

#include "pkcs11/module/call.h"

CK_RV p11_session_open(CK_SLOT_ID id, CK_FLAGS flags, CK_SESSION_HANDLE *out);
CK_RV p11_session_close(CK_SESSION_HANDLE h);
CK_RV p11_session_close_all(CK_SLOT_ID id);
CK_RV p11_session_info(struct p11_call *c, CK_SESSION_INFO *out);

#endif
