/* SPDX-License-Identifier: Apache-2.0 */
/* A login at a card that an agent holds: the agent opens it, or lets us in where it is open already. */
#ifndef PKCS11_LOGIN_AGENT_H
#define PKCS11_LOGIN_AGENT_H

#include "base/secret.h"

struct p11_call;

/*
 * The token is connected to the agent (p11_token_is_by_agent). pin may be NULL. Waits for as long as people need,
 * without the token's lock, as any ceremony. Every failure is said on stderr. Errors are those of a login; ERR_REMOVED:
 * the card or the agent is gone.
 */
MUST enum err p11_login_agent(struct p11_call *c, const struct secret *pin);

#endif
