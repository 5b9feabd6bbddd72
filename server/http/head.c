/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/head.h"

#include <microhttpd.h>
#include <strings.h>

/*
 * Headers of which there is one at most: of two, each program on the way could believe another one, and take for the
 * next request what is the body of this one (RFC 9112 6.3 and 11.2).
 */
static const char *const single[] = {
	"Content-Length", "Transfer-Encoding", "Host", "Authorization", "Content-Type", "Cookie", "X-Quorum11-Request",
};
#define SINGLES (sizeof(single) / sizeof(single[0]))

static enum MHD_Result count_header(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	size_t *seen = cls, i;

	(void)kind;
	(void)value;
	for (i = 0; i < SINGLES; i++)
		seen[i] += !strcasecmp(single[i], name);
	return MHD_YES;
}

bool srv_http_head_is_ambiguous(struct MHD_Connection *mhd)
{
	size_t seen[SINGLES] = { 0 }, i;
	bool twice = false;

	(void)MHD_get_connection_values(mhd, MHD_HEADER_KIND, count_header, seen);
	for (i = 0; i < SINGLES; i++)
		twice |= seen[i] > 1;
	return twice || (seen[0] && seen[1]);
}
