/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Server-sent events (HTML 9.2): which request has changed, and how it stands. Pages fetch the rest themselves, so that
 * what they show goes one way only.
 */
#ifndef SERVER_WEB_STREAM_H
#define SERVER_WEB_STREAM_H

#include "server/srv/srv.h"

#define WEB_STREAMS_MAX 128
#define WEB_HEARTBEAT_MS 15000
#define WEB_STREAM_MS (60 * 60 * 1000)  /* then the browser asks again, and shows again who it is */

struct web_streams {
	struct srv_call *list;
	size_t n;
	uint64_t beat_ms;               /* when the next heartbeat is due */
};
/* The call becomes a stream, or is refused (503): too many. */
void web_streams_add(struct web_streams *l, struct srv_call *call, uint64_t now_ms);
uint64_t web_streams_tick(struct srv *s, struct web_streams *l, uint64_t now_ms);
void web_streams_end(struct web_streams *l);

#endif
