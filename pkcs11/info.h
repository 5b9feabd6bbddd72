/* SPDX-License-Identifier: Apache-2.0 */
/* What the module says about itself, a slot and a token. */
#ifndef PKCS11_INFO_H
#define PKCS11_INFO_H

#include "pkcs11/ck/ck.h"

struct p11_call;
/* interface: its version. */
CK_RV p11_info_module(CK_VERSION interface, CK_INFO *out);
CK_RV p11_info_slot(struct p11_call *c, CK_SLOT_INFO *out);
CK_RV p11_info_token(struct p11_call *c, CK_TOKEN_INFO *out);
CK_RV p11_info_mechanisms(struct p11_call *c, CK_MECHANISM_TYPE *list, CK_ULONG *n);
CK_RV p11_info_mechanism(struct p11_call *c, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *out);

#endif
