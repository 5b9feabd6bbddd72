/* SPDX-License-Identifier: Apache-2.0 */
/* A login with n of m, with or without a PIN besides. The only file of this room that sees login/. */
#ifndef PKCS11_LOGIN_PEOPLE_H
#define PKCS11_LOGIN_PEOPLE_H

#include "base/secret.h"

struct p11_call;
struct p11_token;

/*
 * The card is held exclusively, people are asked, and the card itself says whether it is open; pin: given before and
 * after, NULL: needs none. Waits for as long as people need, without the token's lock. Every failure is said on stderr,
 * and leaves the card closed. Errors are those of a login.
 */
MUST enum err p11_login_people(struct p11_call *c, const struct secret *pin);
/* May this program have people asked, as [login] programs says? ERR_POLICY, which is said. */
MUST enum err p11_login_may_ask(const struct p11_token *t, const char *program);
/* A login that fails is always said on stderr; here what nobody further down has said. Returns e. */
enum err p11_login_cannot(const struct p11_token *t, enum err e);
#define P11_FOUND_OPEN "card %s was found open; it is closed first"

#endif
