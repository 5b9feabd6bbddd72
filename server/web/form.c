/* SPDX-License-Identifier: Apache-2.0 */
#include "server/web/form.h"

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

void form_get(struct rd form, const char *name, char *out, size_t size)
{
	struct rd field, value = RD_NONE;
	unsigned seen = 0;

	while (form.n) {
		field = part_next(&form, '&');
		if (!rd_eq_str(part_next(&field, '='), name))
			continue;
		value = field;
		seen++;
	}
	if (seen != 1 || !text_unpercent(value, true, out, size))
		out[0] = '\0';
}

void form_put(struct wr *w, const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	const char *p;

	for (p = text; *p; p++)
		if (strchr(plain, *p))
			wr_u8(w, (uint8_t)*p);
		else
			wr_printf(w, "%%%02X", (unsigned)(uint8_t)*p);
}
