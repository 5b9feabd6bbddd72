/* SPDX-License-Identifier: Apache-2.0 */
/* C_Login and C_Logout. */
#ifndef PKCS11_LOGIN_LOGIN_H
#define PKCS11_LOGIN_LOGIN_H

#include "pkcs11/ck/ck.h"

struct p11_call;
struct p11_session;
struct p11_token;

/* May block for as long as people need, then without the token's lock. */
CK_RV p11_login(struct p11_call *c, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG n);
CK_RV p11_logout(struct p11_call *c);

/* s was closed (NULL: all): its ceremony ends, and with the last session the login. */
void p11_login_session_closed(struct p11_token *t, const struct p11_session *s);

#endif
