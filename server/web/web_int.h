/* SPDX-License-Identifier: Apache-2.0 */
/* What all pages have between them: who is signed in, and who listens. */
#ifndef SERVER_WEB_WEB_INT_H
#define SERVER_WEB_WEB_INT_H

#include "server/web/session.h"
#include "server/web/stream.h"

struct web {
	struct web_sessions sessions;
	struct web_streams streams;
};

#endif
