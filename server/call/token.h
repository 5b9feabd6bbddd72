/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operator's bearer token: 32 random bytes as base64url in STATE/token, mode 0600. Read anew for each request, so
 * a new one counts at once.
 */
#ifndef SERVER_CALL_TOKEN_H
#define SERVER_CALL_TOKEN_H

#include "base/secret.h"

/* ERR_CONDITIONS: there is one and replace is false; ERR_IO (errno kept). */
MUST enum err srv_token_make(const char *state, bool replace);
/* ERR_NOT_FOUND, ERR_REFUSED (the file's mode is not private), ERR_IO, ERR_LIMIT. */
MUST enum err srv_token_read(const char *state, struct secret **out);
/* Is it the token? ERR_DENIED: no, or there is none; else as above. Takes a time that depends on lengths only. */
MUST enum err srv_token_verify(const char *state, struct rd token);

#endif
