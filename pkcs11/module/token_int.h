/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to pkcs11/module/token*.c: token.c has the connection to a card and who is logged in, token_card.c what is
 * known of the card, token_objects.c its objects.
 */
#ifndef PKCS11_MODULE_TOKEN_INT_H
#define PKCS11_MODULE_TOKEN_INT_H

#include "pkcs11/module/token.h"

/* Is the card gone? Without a service, too: it resets cards when it comes back, and knows nothing of us any more. */
bool p11_is_gone(enum err e);
/* Is it an error of the way to the card, and no answer of the card? */
bool p11_is_of_link(enum err e);
/* Connects, and begins the link; whether the applet is selected is not looked at. */
MUST enum err p11_token_begin_link(struct p11_token *t, struct deadline *dl);
/* The status word of VERIFY without data, which tells whether the applet is there and somebody is logged in. */
uint16_t p11_token_ask_status(struct p11_token *t, enum err *e, struct deadline *dl);
/* Not by us; why is said. */
void p11_token_lose_login(struct p11_token *t, const char *why);

#endif
