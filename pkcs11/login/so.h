/* SPDX-License-Identifier: Apache-2.0 */
/* The security officer: his login, a new PIN for the user, and a card made anew. */
#ifndef PKCS11_LOGIN_SO_H
#define PKCS11_LOGIN_SO_H

#include "base/secret.h"
#include "pkcs11/ck/ck.h"

struct p11_call;
/* C_Login as CKU_SO; takes pin. The card judges the SO-PIN, which is kept until the logout, for C_InitPIN. */
CK_RV p11_so_login(struct p11_call *c, struct secret *pin);
/* C_InitPIN */
CK_RV p11_so_init_pin(struct p11_call *c, CK_UTF8CHAR *pin, CK_ULONG n);
/* C_SetPIN of who is logged in as the security officer: his own. Another old one than he logged in with is not sent. */
CK_RV p11_so_set_pin(struct p11_call *c, struct rd old, struct rd fresh);
/*
 * C_InitToken: erases everything. The user's PIN is a random one afterwards, which nobody knows: C_InitPIN sets it. Not
 * for a card of custodians, whose registration it would take away.
 */
CK_RV p11_so_init_token(struct p11_call *c, CK_UTF8CHAR *pin, CK_ULONG n, const CK_UTF8CHAR *label);

#endif
