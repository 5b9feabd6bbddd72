/* SPDX-License-Identifier: Apache-2.0 */
/* Which readers and cards there are, as slots and tokens, and what changes. Called inside a p11_call. */
#ifndef PKCS11_SLOT_H
#define PKCS11_SLOT_H

#include "pkcs11/module/call.h"

CK_RV p11_slot_list(CK_BBOOL with_token, CK_SLOT_ID *list, CK_ULONG *n);
CK_RV p11_slot_wait(CK_FLAGS flags, CK_SLOT_ID *id);

#endif
