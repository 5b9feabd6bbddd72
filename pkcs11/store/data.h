/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data objects on the card (reference 7.2, 8.5): a description C9kk, and the data in CDkk, which only the user can
 * read, or in CFkk. The value of a private one is read when it is asked for, and not kept.
 */
#ifndef PKCS11_STORE_DATA_H
#define PKCS11_STORE_DATA_H

#include "base/buf.h"
#include "pkcs11/ck/ck.h"

struct p11_call;
struct p11_object;
struct p11_token;
/* C_CreateObject; the objects are loaded. */
CK_RV p11_data_create(struct p11_call *c, const CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *out);
MUST enum err p11_data_read(struct p11_token *t, const struct p11_object *o, struct wr *value);

#endif
