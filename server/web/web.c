/* SPDX-License-Identifier: Apache-2.0 */
#include "server/web/web.h"

#include <stdlib.h>

#include "server/web/web_int.h"

enum err web_new(struct web **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? ERR_OK : ERR_NOMEM;
}

void web_free(struct web **w)
{
	if (!*w)
		return;
	web_sessions_end(&(*w)->sessions);
	web_streams_end(&(*w)->streams);
	free(*w);
	*w = NULL;
}

uint64_t web_tick(struct srv *s, uint64_t now_ms)
{
	return web_streams_tick(s, &s->web->streams, now_ms);
}

void web_stop(struct srv *s)
{
	web_streams_end(&s->web->streams);
}
