/* SPDX-License-Identifier: Apache-2.0 */
#include "server/query.h"

#include <string.h>

#include "base/text.h"

static bool decode(const char *in, size_t n, char out[SRV_QUERY_MAX + 1])
{
	struct wr w;
	size_t i;

	wr_init(&w, out, SRV_QUERY_MAX);
	for (i = 0; i < n; i++) {
		if (in[i] == '%') {
			if (n - i < 3 || text_unhex(rd_of(in + i + 1, 2), &w))
				return false;
			i += 2;
		} else {
			wr_u8(&w, in[i] == '+' ? ' ' : (uint8_t)in[i]);
		}
	}
	if (wr_done(&w))
		return false;
	out[w.n] = '\0';
	return !memchr(out, 0, w.n);
}

bool srv_query_text(const char *query, const char *name, char out[SRV_QUERY_MAX + 1])
{
	size_t n, k = strlen(name);

	out[0] = '\0';
	for (; query && *query; query += n + (query[n] == '&')) {
		n = strcspn(query, "&");
		if (n > k && !strncmp(query, name, k) && query[k] == '=')
			return decode(query + k + 1, n - k - 1, out);
	}
	return true;
}

bool srv_query_number(const char *query, const char *name, uint64_t *out)
{
	char text[SRV_QUERY_MAX + 1];
	uint64_t v = 0;
	size_t i;

	if (!srv_query_text(query, name, text))
		return false;
	if (!text[0])
		return true;
	for (i = 0; text[i] >= '0' && text[i] <= '9' && i < 18; i++)
		v = v * 10 + (uint64_t)(text[i] - '0');
	if (text[i])
		return false;
	*out = v;
	return true;
}
