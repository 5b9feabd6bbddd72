/* SPDX-License-Identifier: Apache-2.0 */
#include "server/query.h"

#include <string.h>

#include "base/text.h"

bool srv_query_text(const char *query, const char *name, char out[SRV_QUERY_MAX + 1])
{
	size_t n, k = strlen(name);

	out[0] = '\0';
	for (; query && *query; query += n + (query[n] == '&')) {
		n = strcspn(query, "&");
		if (n > k && !strncmp(query, name, k) && query[k] == '=')
			return text_unpercent(rd_of(query + k + 1, n - k - 1), true, out, SRV_QUERY_MAX + 1);
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
