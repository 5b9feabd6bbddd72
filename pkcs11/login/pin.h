/* SPDX-License-Identifier: Apache-2.0 */
/* The user PIN of a token: verifying and changing it, and what that tells about the tries left. */
#ifndef PKCS11_LOGIN_PIN_H
#define PKCS11_LOGIN_PIN_H

#include "base/deadline.h"
#include "base/secret.h"
#include "pkcs11/ck/ck.h"

struct p11_call;
struct p11_token;

/* VERIFY, once; a failure is told to the person. The caller has begun a sequence. */
MUST enum err p11_pin_verify(struct p11_token *t, const struct secret *pin, struct deadline *dl);
/*
 * The same, typed on the reader's pad. The caller lets go of the token lock while a person types: nobody else touches
 * the card of a pending token.
 */
MUST enum err p11_pin_verify_on_pad(struct p11_token *t, struct deadline *dl);
/*
 * C_SetPIN. old and fresh NULL: both are typed on the reader's pad, and have old_n = fresh_n digits (0: the fewest that
 * a PIN may have).
 */
CK_RV p11_pin_set(struct p11_call *c, CK_UTF8CHAR *old, CK_ULONG old_n, CK_UTF8CHAR *fresh, CK_ULONG fresh_n);

#endif
