/* SPDX-License-Identifier: Apache-2.0 */
/* A Cookie header (RFC 6265 4.2.1). */
#ifndef SERVER_BASE_COOKIE_H
#define SERVER_BASE_COOKIE_H

#include "base/buf.h"

/* The value of the cookie with this name, empty if there is none (header may be NULL); false if it is there twice. */
MUST bool srv_cookie_find(const char *header, const char *name, struct rd *value);

#endif
