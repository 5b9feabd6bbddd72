/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/query.h"

#include <string.h>

#include "base/text.h"

/* Up to the next sep, which is skipped. */
static struct rd part_next(struct rd *r, char sep)
{
	const uint8_t *at = r->n ? memchr(r->p, sep, r->n) : NULL;
	struct rd part = *r;

	if (!at) {
		*r = RD_NONE;
		return part;
	}
	part.n = (size_t)(at - r->p);
	*r = rd_of(at + 1, r->n - part.n - 1);
	return part;
}

bool srv_query_field(struct rd fields, const char *name, char *out, size_t size)
{
	struct rd field, value = RD_NONE;
	unsigned seen = 0;

	while (fields.n) {
		field = part_next(&fields, '&');
		if (!rd_eq_str(part_next(&field, '='), name))
			continue;
		value = field;
		seen++;
	}
	if (seen <= 1 && text_unpercent(value, true, out, size))
		return true;
	out[0] = '\0';
	return false;
}

bool srv_query_text(const char *query, const char *name, char out[SRV_QUERY_MAX + 1])
{
	return srv_query_field(query ? rd_str(query) : RD_NONE, name, out, SRV_QUERY_MAX + 1);
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
