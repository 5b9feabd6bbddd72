/* SPDX-License-Identifier: Apache-2.0 */
/* A search: the handles that matched when it began. */
#ifndef PKCS11_STORE_FIND_H
#define PKCS11_STORE_FIND_H

#include "base/err.h"
#include "pkcs11/ck/ck.h"

struct p11_token;
struct p11_object;
/* Not destroyed, and not hidden from who has not logged in. */
bool p11_find_is_visible(const struct p11_token *t, const struct p11_object *o);

struct p11_call;
/*
 * The object behind a handle, for a call that copies, changes or destroys it: visible, and what the card has.
 * CKR_OBJECT_HANDLE_INVALID.
 */
CK_RV p11_find_object(struct p11_call *c, CK_OBJECT_HANDLE h, struct p11_object **out);
CK_RV p11_find_begin(struct p11_call *c, const CK_ATTRIBUTE *t, CK_ULONG n);
CK_RV p11_find_next(struct p11_call *c, CK_OBJECT_HANDLE *out, CK_ULONG max, CK_ULONG *n);
CK_RV p11_find_end(struct p11_call *c);
CK_RV p11_find_attributes(struct p11_call *c, CK_OBJECT_HANDLE h, CK_ATTRIBUTE *t, CK_ULONG n);
CK_RV p11_find_size(struct p11_call *c, CK_OBJECT_HANDLE h, CK_ULONG *size);

#endif
